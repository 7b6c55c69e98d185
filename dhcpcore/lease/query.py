"""Leasequery: what is asked, by what, and which rows it is about.  RFC 4388 6.2, RFC 6148 3, RFC 6926 6.2 and 7.2.

A query names one thing: an address, a hardware address, a client identifier, or a remote-id, relay-id in option 82;
in bulk, naming nothing asks for all, and two times narrow down to what changed between them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from dhcpcore.errors import MalformedMessage
from dhcpcore.lease.model import KIND_ADDRESS4, Lease, State
from dhcpcore.lease.transitions import is_active
from dhcpcore.wire.v4.message import NOWHERE, Opt, Request4
from dhcpcore.wire.v4.tlv import scan_suboptions

#: Sub-options of option 82 that a query may be by.  RFC 3046 3.2, RFC 6925 3.
REMOTE_ID, RELAY_ID = 2, 12
#: By which a query names a VPN, and the global one, which is where queries are answered from.  RFC 6607 3.2, 3.5.
_VSS, _GLOBAL = 151, b"\xff"
#: As for a client of its own: too long a key for the database's index.
_CLIENT_ID_MAX = 255


class Ambiguous(MalformedMessage):
    """A query that names two things."""


class By(enum.Enum):
    """What a query names."""

    ADDRESS = "address"
    HARDWARE = "hardware address"
    CLIENT_ID = "client identifier"
    REMOTE_ID = "remote-id"
    RELAY_ID = "relay-id"
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked.  The times, of RFC 6926, are seconds since 1970; None: no limit."""

    by: By
    value: bytes = b""
    since: int | None = None
    until: int | None = None

    @property
    def clients(self) -> tuple[bytes, ...]:
        """The keys by which the client's rows are found, where an index holds them.

        By hardware address that is who is known by it, and who sends a client identifier made of it (RFC 2132 9.14).
        """
        if self.by is By.CLIENT_ID:
            return (b"\x01" + self.value,)
        return (b"\x00" + self.value, b"\x01" + self.value) if self.by is By.HARDWARE else ()

    def is_about(self, row: Lease, now: float) -> bool:
        """Whether the row is one of those that are asked for."""
        if row.kind != KIND_ADDRESS4 or not self._names(row):
            return False
        if self.since is None and self.until is None:
            return True
        return (self.since or 0) <= changed_at(row, now) <= (0xFFFF_FFFF if self.until is None else self.until)

    def _names(self, row: Lease) -> bool:
        match self.by:
            case By.ADDRESS:
                return row.address == self.value
            case By.HARDWARE:
                return row.hw == self.value and row.client in self.clients
            case By.CLIENT_ID:
                return row.client in self.clients
            case By.REMOTE_ID:
                return said_by_relay(row.agent, REMOTE_ID) == self.value
            case By.RELAY_ID:
                return said_by_relay(row.agent, RELAY_ID) == self.value
        return True


def read(request: Request4) -> Query:
    """The query in a message; ``MalformedMessage`` where it names two things, or one that cannot be.

    Also where it names a VPN: the same addresses elsewhere are others, and would be told for those that are meant.
    """
    options = request.options
    vpns = [options.get(Opt.VSS)]
    named: list[tuple[By, bytes]] = []
    if request.ciaddr != NOWHERE:
        named.append((By.ADDRESS, request.ciaddr))
    if len(request.hw) > 1:
        named.append((By.HARDWARE, request.hw))
    if client_id := options.get(Opt.CLIENT_ID):
        named.append((By.CLIENT_ID, client_id))
    if agent := options.get(Opt.AGENT_OPTIONS):
        said = scan_suboptions(agent)
        vpns.append(said.get(_VSS))
        named += [(by, said[code]) for by, code in ((By.REMOTE_ID, REMOTE_ID), (By.RELAY_ID, RELAY_ID)) if code in said]
    if any(vpn not in {None, _GLOBAL} for vpn in vpns):
        raise MalformedMessage("the query is about a VPN: only those about none are answered", 240)
    if len(named) > 1:
        raise Ambiguous(f"the query is by {' and by '.join(by.value for by, _ in named)}: one is right", 240)
    by, value = named[0] if named else (By.EVERYTHING, b"")
    if by is By.CLIENT_ID and len(value) > _CLIENT_ID_MAX:
        raise MalformedMessage(f"the client identifier has {len(value)} octets", 240)
    since, until = _time(options, Opt.QUERY_START_TIME), _time(options, Opt.QUERY_END_TIME)
    if since is not None and until is not None and since > until:
        raise MalformedMessage("query-start-time is later than query-end-time", 240)
    return Query(by, value, since, until)


def _time(options: dict[int, bytes], code: int) -> int | None:
    payload = options.get(code)
    if payload is None:
        return None
    if len(payload) != 4:
        raise MalformedMessage(f"option {code} is not four octets long", 240)
    return int.from_bytes(payload, "big")


def said_by_relay(agent: bytes, code: int) -> bytes | None:
    """A sub-option of option 82 as a lease keeps it."""
    if not agent:
        return None
    try:
        return scan_suboptions(agent).get(code)
    except MalformedMessage:
        return None


def changed_at(row: Lease, now: float) -> int:
    """When the row last changed: its client was heard, or the lease ended, by itself or before its time."""
    if row.state == State.DECLINED or is_active(row, now):
        return row.cltt
    return row.expires
