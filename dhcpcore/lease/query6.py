"""Leasequery of DHCPv6: what is asked, and which rows answer it.  RFC 5007 4.1.2, RFC 5460 5.

A query names an address, a client by its DUID, or, by TCP alone, a link, or what a relay said of itself or its line.
A link address beside it narrows it down to that link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from dhcpcore.errors import MalformedMessage
from dhcpcore.lease.facts import Facts, Wants
from dhcpcore.lease.model import KIND_ADDRESS4, KIND_ADDRESS6, KIND_PREFIX6, Lease, LeaseKey
from dhcpcore.lease.owner import owner_of, stem_of
from dhcpcore.lease.query import DEFAULT_SPACE, By
from dhcpcore.lease.transitions import is_active
from dhcpcore.topology.links import Links
from dhcpcore.wire.addresses import network_of
from dhcpcore.wire.v6.message import NOWHERE, Message6, Opt6, Status, first, scan

#: Type and address of the link, before the query's own options.
_HEADER = 17
#: What each type is by, the option that names it, and how long that is.  RFC 5007 4.1.2.1, RFC 5460 5.3.
_TYPES = {
    1: (By.ADDRESS, Opt6.IAADDR, range(24, 0x10000)),
    2: (By.CLIENT_ID, Opt6.CLIENT_ID, range(3, 131)),
    3: (By.RELAY_ID, Opt6.RELAY_ID, range(3, 131)),
    4: (By.LINK, None, range(0)),
    5: (By.REMOTE_ID, Opt6.REMOTE_ID, range(5, 0x10000)),
}
#: What one datagram can answer.  RFC 5460 5.3: the others are for TCP alone.
_BY_UDP = frozenset((By.ADDRESS, By.CLIENT_ID))
#: A prefix that somebody has may be of any length.
_LENGTHS = range(1, 129)


#: The row of an address or prefix.
Find = Callable[[LeaseKey], Lease | None]


class Refusal(NamedTuple):
    """Why a query has no answer but this status."""

    status: Status
    text: str


@dataclass(frozen=True, slots=True)
class Query6:
    """What is asked; ``link`` is unspecified where it is about any."""

    by: By
    value: bytes
    link: bytes = NOWHERE

    def scope(self, links: Links) -> Scope | Refusal:
        """Where the leases are that it is about, by these definitions."""
        if self.link != NOWHERE:
            place = links.for_relay(self.link)
            if place is None:
                return Refusal(Status.NOT_CONFIGURED, "no subnet is of this link")
            return Scope(place[1].space, frozenset(subnet.subnet_id for subnet in place[0].subnets))
        place = links.for_address(self.value) if self.by is By.ADDRESS else None
        return Scope(DEFAULT_SPACE if place is None else place[1].space)

    @property
    def walks(self) -> bool:
        """Whether no index finds the rows: the table is gone through."""
        return self.by not in _BY_UDP

    def wants(self, scope: Scope, facts: Facts, now: float, find: Find | None = None) -> Wants:
        """The rows that are still to be read, where an index finds them; ``find``: an address's row as committed."""
        wants = Wants()
        duid: bytes | None = self.value
        if self.by is By.ADDRESS:
            keys = self._keys(scope)
            if any(key not in facts.by_key for key in keys):
                wants.leases.update(keys)
                return wants
            duid = _duid_of(self._holder(scope, find or facts.by_key.get, now))
        if duid is not None and stem_of(duid) not in facts.by_client:
            wants.duids = frozenset((duid,))
        return wants

    def rows(
        self, scope: Scope, facts: Facts, now: float, links: Links, find: Find | None = None
    ) -> list[Lease]:
        """Those that answer it, when all of them have been read: of an address all that its client has on its link."""
        duid: bytes | None = self.value
        holder = None
        if self.by is By.ADDRESS:
            holder = self._holder(scope, find or facts.by_key.get, now)
            duid = _duid_of(holder)
        rows = [] if duid is None else facts.by_client.get(stem_of(duid), [])
        found = [row for row in rows if scope.holds(row) and is_active(row, now)]
        if holder is None:
            return found
        link = link_of(holder, links)
        return [row for row in found if link_of(row, links) == link]

    def is_about(self, row: Lease, scope: Scope, now: float) -> bool:
        """Whether a row of the table is one of those that are asked for."""
        if row.kind == KIND_ADDRESS4 or not is_active(row, now) or not scope.holds(row):
            return False
        match self.by:
            case By.RELAY_ID:
                return _said(row.agent, Opt6.RELAY_ID) == self.value
            case By.REMOTE_ID:
                return _said(row.agent, Opt6.REMOTE_ID) == self.value
        return self.by is By.LINK

    def _keys(self, scope: Scope) -> list[LeaseKey]:
        """The address itself, and every prefix that has it, the longest first.  RFC 5007 4.1.2.1."""
        prefixes = ((scope.space, KIND_PREFIX6, network_of(self.value, plen), plen) for plen in reversed(_LENGTHS))
        return [(scope.space, KIND_ADDRESS6, self.value, 128), *prefixes]

    def _holder(self, scope: Scope, find: Find, now: float) -> Lease | None:
        rows = (find(key) for key in self._keys(scope))
        return next((row for row in rows if row is not None and is_active(row, now) and scope.holds(row)), None)


class Scope(NamedTuple):
    """A lease space, and the subnets of a link in it; None: whichever."""

    space: int
    subnets: frozenset[int] | None = None

    def holds(self, row: Lease) -> bool:
        """Whether the row is one of those."""
        return row.space == self.space and (self.subnets is None or row.subnet in self.subnets)


class Asked6(NamedTuple):
    """A query by TCP that is being answered or waits for it."""

    request: Message6
    query: Query6


def read(message: Message6, *, tcp: bool) -> Query6 | Refusal:
    """The query in a LEASEQUERY, or why it is none that is answered so."""
    said = message.get(Opt6.LQ_QUERY)
    if said is None or len(said) < _HEADER:
        return Refusal(Status.MALFORMED_QUERY, "there is no query in it: option 44")
    kind, link = said[0], said[1:_HEADER]
    if kind not in _TYPES:
        return Refusal(Status.UNKNOWN_QUERY_TYPE, f"queries of type {kind} are not known here")
    by, code, lengths = _TYPES[kind]
    if by not in _BY_UDP and not tcp:
        return Refusal(Status.NOT_ALLOWED, f"what is by {by.value} is asked by TCP")
    if code is None:
        if link == NOWHERE:
            return Refusal(Status.MALFORMED_QUERY, "it names no link")
        return Query6(by, link, link)
    try:
        value = first(scan(said, _HEADER), code)
    except MalformedMessage as fault:
        return Refusal(Status.MALFORMED_QUERY, fault.args[0])
    if value is None or len(value) not in lengths:
        return Refusal(Status.MALFORMED_QUERY, f"a query by {by.value} has one in option {code}")
    return Query6(by, value[:16] if by is By.ADDRESS else value, link)


def link_of(row: Lease, links: Links) -> bytes:
    """The address by which the link of a lease can be asked for: where its subnet begins; of one that is no more,
    where the address belongs now, if anywhere.
    """
    link = links.of_subnet(row.subnet)
    if link is None and (place := links.for_address(row.address)) is not None:
        link = place[0]
    return NOWHERE if link is None else next((s.prefix for s in link.subnets if s.family == 6), NOWHERE)


def by_client(rows: Iterable[Lease], links: Links) -> dict[tuple[bytes, bytes], list[Lease]]:
    """The rows by DUID and link: what is told of one client is told together.  RFC 5007 4.1.2.2."""
    found: dict[tuple[bytes, bytes], list[Lease]] = {}
    for row in rows:
        owner = owner_of(row.client)
        if owner is not None:
            found.setdefault((owner.duid, link_of(row, links)), []).append(row)
    return found


def _duid_of(row: Lease | None) -> bytes | None:
    owner = None if row is None else owner_of(row.client)
    return None if owner is None else owner.duid


def _said(agent: bytes, code: int) -> bytes | None:
    """An option of the relay closest to the client, as its lease keeps it."""
    try:
        return first(scan(agent), code)
    except MalformedMessage:
        return None
