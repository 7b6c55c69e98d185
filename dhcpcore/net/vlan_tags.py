"""Tags of VLANs in front of a packet, as a conf.py's DHCP_RESPONSE_INTERFACE_QTAGS names them.  IEEE 802.1Q 9.6."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

from dhcpcore.errors import SettingsError
from dhcpcore.script.parameters import Loaded

_ETH_P_IP, _CUSTOMER, _SERVICE = 0x0800, 0x8100, 0x88A8
_TAG = struct.Struct("!HH")
#: More of them than a switch would add.
_TAGS_MAX = 8


class Tag(NamedTuple):
    """Priority (0 to 7), whether the frame may be dropped first, and the VLAN's number (1 to 4094)."""

    priority: int
    droppable: bool
    vlan: int


def tags_of(loaded: Loaded | None) -> tuple[Tag, ...]:
    """The parameter's tags, the outermost first; ``SettingsError`` where one is none."""
    said = None if loaded is None else loaded.get("DHCP_RESPONSE_INTERFACE_QTAGS")
    if not said:
        return ()
    if isinstance(said, list) and len(said) <= _TAGS_MAX and all(map(_is_tag, said)):
        return tuple(Tag(pcp, bool(dei), vid) for pcp, dei, vid in said)
    raise SettingsError(
        f"script: DHCP_RESPONSE_INTERFACE_QTAGS is {said!r:.200}; right is a list of (priority 0 to 7, True or False, "
        "VLAN 1 to 4094), the outermost first"
    )


def _is_tag(said: Any) -> bool:
    if not isinstance(said, list | tuple) or len(said) != 3:
        return False
    pcp, dei, vid = said
    return type(pcp) is int and 0 <= pcp <= 7 and dei in (True, False) and type(vid) is int and 1 <= vid <= 4094


def tagged(tags: Sequence[Tag], packet: bytes) -> tuple[int, bytes]:
    """The frame's type, and what follows it: an IP packet behind its tags."""
    kinds = [*[_SERVICE] * (len(tags) - 1), _CUSTOMER, _ETH_P_IP]
    front = b"".join(
        _TAG.pack(tag.priority << 13 | tag.droppable << 12 | tag.vlan, following)
        for tag, following in zip(tags, kinds[1:], strict=True)
    )
    return kinds[0], front + packet
