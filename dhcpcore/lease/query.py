"""Leasequery: what is asked, by what, and which rows it is about.  RFC 4388 6.2, RFC 6148 3, RFC 6926 6.2 and 7.2.

A query names one thing: an address, a hardware address, a client identifier, or a remote-id, relay-id in option 82;
in bulk, naming nothing asks for all, and two times narrow down to what changed between them.  Beside it a query may
name a VPN, whose addresses it is about (RFC 6607 6).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from dhcpcore.errors import MalformedMessage
from dhcpcore.lease.model import KIND_ADDRESS4, Lease, State
from dhcpcore.lease.transitions import is_active
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import NOWHERE, Opt, Request4
from dhcpcore.wire.v4.tlv import scan_suboptions

#: Sub-options of option 82 that a query may be by.  RFC 3046 3.2, RFC 6925 3.
REMOTE_ID, RELAY_ID = 2, 12
#: The sub-option of 82 that names a VPN; the option itself is ``Opt.VSS``.  RFC 6607 3.2.
_VSS = 151
#: What a query names that is about no VPN (RFC 6607 3.5), and in bulk about all of them (RFC 6926 6.2.9).
DEFAULT_VPN, ALL_VPNS = b"\xff", b"\xfe"
#: The lease space of what is of no VPN.
DEFAULT_SPACE = 0
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
    LINK = "link address"  #: DHCPv6's alone.


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked.  The times, of RFC 6926, are seconds since 1970; None: no limit."""

    by: By
    value: bytes = b""
    since: int | None = None
    until: int | None = None
    vpn: bytes | None = None  #: Type octet and name, as it was said; None: nothing was.

    @property
    def timed(self) -> bool:
        """Whether only what changed at some time is asked for."""
        return self.since is not None or self.until is not None

    @property
    def clients(self) -> tuple[bytes, ...]:
        """The keys by which the client's rows are found, where an index holds them.

        By hardware address that is who is known by it, and who sends a client identifier made of it (RFC 2132 9.14).
        """
        if self.by is By.CLIENT_ID:
            return (b"\x01" + self.value,)
        return (b"\x00" + self.value, b"\x01" + self.value) if self.by is By.HARDWARE else ()

    def is_about(self, row: Lease, now: float, began: int | None = None) -> bool:
        """Whether the row is one of those that are asked for; ``began``: when it came to be held, where that is known.

        Who asks by anything hears of what is held; who asks for everything, of all the rest, too.  RFC 6926 8.2.
        """
        if row.kind != KIND_ADDRESS4 or not self._names(row):
            return False
        if self.by is not By.EVERYTHING and not is_active(row, now):
            return False
        if not self.timed:
            return True
        times = (row.cltt, state_since(row, now, began))
        return any((self.since or 0) <= at <= (0xFFFF_FFFF if self.until is None else self.until) for at in times)

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


class Asked(NamedTuple):
    """A query by TCP that is being answered or waits for it."""

    request: Request4
    query: Query


def read(request: Request4) -> Query:
    """The query in a message; ``MalformedMessage`` where it names two things, or one that cannot be.

    A VPN that option 82 names goes before one of option 221.  RFC 6607 7.3.
    """
    options = request.options
    vpn = options.get(Opt.VSS)
    named: list[tuple[By, bytes]] = []
    if request.ciaddr != NOWHERE:
        named.append((By.ADDRESS, request.ciaddr))
    if len(request.hw) > 1:
        named.append((By.HARDWARE, request.hw))
    if client_id := options.get(Opt.CLIENT_ID):
        named.append((By.CLIENT_ID, client_id))
    if agent := options.get(Opt.AGENT_OPTIONS):
        said = scan_suboptions(agent)
        vpn = said.get(_VSS, vpn)
        named += [(by, said[code]) for by, code in ((By.REMOTE_ID, REMOTE_ID), (By.RELAY_ID, RELAY_ID)) if code in said]
    if vpn is not None and (not vpn or (vpn[0] >= ALL_VPNS[0] and len(vpn) > 1)):
        raise MalformedMessage("the VPN is named by a type octet, and by no more where that is 254 or 255", 240)
    if len(named) > 1:
        raise Ambiguous(f"the query is by {' and by '.join(by.value for by, _ in named)}: one is right", 240)
    by, value = named[0] if named else (By.EVERYTHING, b"")
    if by is By.CLIENT_ID and len(value) > _CLIENT_ID_MAX:
        raise MalformedMessage(f"the client identifier has {len(value)} octets", 240)
    since, until = _time(options, Opt.QUERY_START_TIME), _time(options, Opt.QUERY_END_TIME)
    if since is not None and until is not None and since > until:
        raise MalformedMessage("query-start-time is later than query-end-time", 240)
    return Query(by, value, since, until, vpn)


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


def spaces_of(vpn: bytes | None, snapshot: Snapshot) -> Mapping[int, bytes]:
    """The lease spaces that a query about this VPN is answered from, with what option 221 of the answers says.

    Empty octets: it says nothing.  No space: no subnet is of this VPN, so there is nothing to tell of it.  An answer
    about a VPN names it, whatever the query listed; what a query said comes back as it was said.  RFC 6607 7.1,
    RFC 6926 8.2.
    """
    if vpn is None or vpn == DEFAULT_VPN:
        return {DEFAULT_SPACE: vpn or b""}
    declared = {subnet.vss: subnet.space for subnet in snapshot.subnets if subnet.vss}
    if vpn == ALL_VPNS:
        return {**{space: vss for vss, space in declared.items()}, DEFAULT_SPACE: b""}
    return {declared[vpn]: vpn} if vpn in declared else {}


def state_since(row: Lease, now: float, began: int | None = None) -> int:
    """When the address came into the state that it is in; of one that is held ``began``, else when last heard of."""
    if is_active(row, now):
        return row.cltt if began is None else min(began, row.cltt)
    if row.state == State.DECLINED and row.expires > now:
        return row.cltt
    return row.expires
