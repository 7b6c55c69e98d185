"""What an assignment could know the sender of a packet by, and what a relay says of it."""

from __future__ import annotations

import enum

from dhcpcore.lease.model import Identifier
from dhcpcore.wire.v4.message import NOWHERE, Opt, Request4

#: No assignment knows its client by more octets than this.
IDENTIFIER_OCTETS_MAX = 255
#: As plain numbers, which are looked up three times as fast.
_HW_ADDRESS, _CLIENT_ID, _DUID = int(Identifier.HW_ADDRESS), int(Identifier.CLIENT_ID), int(Identifier.DUID)
_CIRCUIT_ID, _REMOTE_ID = int(Identifier.CIRCUIT_ID), int(Identifier.REMOTE_ID)


class SubOption(enum.IntEnum):
    """Sub-options of option 82 that the server acts upon; all others are passed through."""

    CIRCUIT_ID = 1
    REMOTE_ID = 2
    LINK_SELECTION = 5  #: RFC 3527.
    RELAY_FLAGS = 10  #: RFC 5010.
    SERVER_OVERRIDE = 11  #: RFC 5107.
    VSS = 151  #: RFC 6607.
    VSS_CONTROL = 152


def identifiers(request: Request4, kinds: frozenset[int]) -> list[tuple[int, bytes]]:
    """The sender's identifiers of these kinds, most specific first: its own names, its hardware, the port it is on."""
    options, hw = request.options, request.hw
    found: list[tuple[int, bytes]] = []
    if client_id := options.get(Opt.CLIENT_ID):
        if _CLIENT_ID in kinds:
            found.append((_CLIENT_ID, client_id))
        if _DUID in kinds and client_id[0] == 255 and len(client_id) > 5:
            found.append((_DUID, client_id[5:]))  # Type 255, IAID, DUID.  RFC 4361 6.1.
    if _HW_ADDRESS in kinds and len(hw) > 1:
        found.append((_HW_ADDRESS, hw))
    # Only a relay's word counts: a client could name any port.  RFC 3046 2.1.
    if (agent := options.get(Opt.AGENT_OPTIONS)) and request.giaddr != NOWHERE:
        found += of_port(agent, kinds)
    return found


def of_port(agent: bytes, kinds: frozenset[int]) -> list[tuple[int, bytes]]:
    """What option 82 says of the port that the client is on.  RFC 3046 2.0."""
    if not agent or not (_CIRCUIT_ID in kinds or _REMOTE_ID in kinds):
        return []
    said = sub_options(agent)
    codes = ((_CIRCUIT_ID, 1), (_REMOTE_ID, 2))
    return [(kind, said[code]) for kind, code in codes if kind in kinds and code in said]


def sub_options(agent: bytes) -> dict[int, bytes]:
    """The sub-options of option 82; what is cut off at its end is left out.  RFC 3046 2.0."""
    found: dict[int, bytes] = {}
    offset = 0
    while offset + 2 <= len(agent):
        code, length = agent[offset], agent[offset + 1]
        payload = agent[offset + 2 : offset + 2 + length]
        if len(payload) == length:
            found.setdefault(code, payload)
        offset += 2 + length
    return found


def without(agent: bytes, code: int) -> bytes:
    """Option 82 without one sub-option, every other octet as it came."""
    kept = []
    offset = 0
    while offset + 2 <= len(agent):
        end = offset + 2 + agent[offset + 1]
        if agent[offset] != code or end > len(agent):
            kept.append(agent[offset:end])
        offset = end
    return b"".join((*kept, agent[offset:]))
