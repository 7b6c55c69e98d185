"""What people ask of leases and history: lists in key order with cursors, one lease, who held what when.

Every list is paged by the key of the last row that was shown, never by an offset: a page deep in ten million leases
costs what the first one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, or_, select, tuple_

from dhcpcore.lease.model import KIND_ADDRESS4, KIND_ADDRESS6, KIND_PREFIX6, Lease, LeaseKey, State
from dhcpcore.store.schema import engine, history, lease, quarantine

#: No list is longer than this; the next page follows by cursor.
PAGE_MAX = 1000

_KEY = tuple_(lease.c.space, lease.c.kind, lease.c.address, lease.c.plen)
_LEASE_COLUMNS = tuple(lease.c[name] for name in Lease._fields)


@dataclass(frozen=True, slots=True)
class LeaseFilter:
    """Which leases; what is None does not filter.

    ``address`` is looked for in ``spaces``, so that the primary key finds it.  ``active_at`` keeps those held at that
    time, ``text`` those whose host name contains it, ``identities`` those whose client identity or hardware address is
    one of them.
    """

    subnet: int | None = None
    kind: int | None = None
    address: bytes | None = None
    spaces: tuple[int, ...] = (0,)
    active_at: float | None = None
    text: str | None = None
    identities: tuple[bytes, ...] = ()


class Holding(NamedTuple):
    """One interval of the history: who had an address, from when to when."""

    space: int
    kind: int
    address: bytes
    plen: int
    version: int
    client: bytes
    hw: bytes
    subnet: int
    hostname: str
    relay: bytes
    agent: bytes
    opened_at: int
    closed_at: int | None  #: None: still open, or not yet swept; then it ends with the lease.
    reason: int | None


_HOLDING_COLUMNS = tuple(history.c[name] for name in Holding._fields)


class Span(NamedTuple):
    """A range of addresses or prefixes, such as a pool's."""

    space: int
    kind: int
    first: bytes
    last: bytes


class Use(NamedTuple):
    """What a range is used for: held by clients, and set aside after a DECLINE."""

    held: int
    declined: int


class Quarantine(NamedTuple):
    """One row that could not be used or stored, and why."""

    id: int
    at: int
    place: str
    fault: str


class EngineRow(NamedTuple):
    """One engine that shares the database, as it last told of itself."""

    id: int
    name: str
    seen_at: int


def leases(connection: Connection, wanted: LeaseFilter, after: LeaseKey | None, limit: int) -> list[Lease]:
    """Up to ``limit`` leases in key order, beginning behind ``after``."""
    assert 1 <= limit <= PAGE_MAX
    query = _filtered(select(*_LEASE_COLUMNS), wanted)
    if after is not None:
        query = query.where(tuple_(*after) < _KEY)
    query = query.order_by(lease.c.space, lease.c.kind, lease.c.address, lease.c.plen).limit(limit)
    return [Lease(*row) for row in connection.execute(query)]


def declined(connection: Connection, addresses: Sequence[bytes], spaces: Sequence[int], now: float) -> set[bytes]:
    """Those of the addresses that are on probation after a DECLINE."""
    assert len(addresses) <= PAGE_MAX
    query = select(lease.c.address).where(
        lease.c.space.in_(spaces),
        lease.c.kind.in_((KIND_ADDRESS4, KIND_ADDRESS6)),
        lease.c.address.in_(addresses),
        lease.c.state == State.DECLINED,
        lease.c.expires > now,
    )
    return {address for (address,) in connection.execute(query)}


def leases_at(connection: Connection, address: bytes, space: int = 0) -> list[Lease]:
    """The rows of one address: one, or for IPv6 one a prefix length."""
    query = select(*_LEASE_COLUMNS).where(_at(lease, (space,), address)).order_by(lease.c.plen)
    return [Lease(*row) for row in connection.execute(query.limit(PAGE_MAX))]


def holdings(
    connection: Connection,
    *,
    address: bytes | None = None,
    identities: tuple[bytes, ...] = (),
    at: float | None = None,
    before: tuple[int, int] | None = None,
    space: int = 0,
    limit: int,
) -> list[Holding]:
    """Up to ``limit`` intervals, latest first, of one address or of one client.

    ``at`` keeps only those that cover that time; ``before`` is the (opened_at, version) of the last one shown.  By
    hardware address the whole history is read: no index of the hot table is spent on it.
    """
    assert address is not None or identities
    assert 1 <= limit <= PAGE_MAX
    query = select(*_HOLDING_COLUMNS)
    if address is not None:
        query = query.where(_at(history, (space,), address))
    if identities:
        query = query.where(or_(history.c.client.in_(identities), history.c.hw.in_(identities)))
    if at is not None:
        query = query.where(history.c.opened_at <= at, or_(history.c.closed_at.is_(None), history.c.closed_at > at))
    if before is not None:
        query = query.where(tuple_(history.c.opened_at, history.c.version) < tuple_(*before))
    query = query.order_by(history.c.opened_at.desc(), history.c.version.desc()).limit(limit)
    return [Holding(*row) for row in connection.execute(query)]


def use_of(connection: Connection, span: Span, now: float) -> Use:
    """How many addresses of a range are held and how many are on probation."""
    declined = and_(lease.c.state == int(State.DECLINED), lease.c.expires > now)
    query = select(func.count().filter(_active(now)), func.count().filter(declined)).select_from(lease)
    place = and_(lease.c.space == span.space, lease.c.kind == span.kind, lease.c.address.between(span.first, span.last))
    return Use(*connection.execute(query.where(place)).one())


def held_by_subnet(connection: Connection, now: float) -> dict[int, int]:
    """How many leases of each subnet are held now; those outside its pools (assignments) count as well."""
    query = select(lease.c.subnet, func.count()).where(_active(now)).group_by(lease.c.subnet)
    return {int(subnet): int(count) for subnet, count in connection.execute(query)}


def quarantined(connection: Connection, limit: int) -> list[Quarantine]:
    """The latest quarantined rows."""
    columns = tuple(quarantine.c[name] for name in Quarantine._fields)
    query = select(*columns).order_by(quarantine.c.id.desc()).limit(limit)
    return [Quarantine(*row) for row in connection.execute(query)]


def engines(connection: Connection) -> Sequence[EngineRow]:
    """Every engine that ever shared this database."""
    columns = tuple(engine.c[name] for name in EngineRow._fields)
    return [EngineRow(*row) for row in connection.execute(select(*columns).order_by(engine.c.id).limit(PAGE_MAX))]


def _active(now: float) -> ColumnElement[bool]:
    return and_(lease.c.state == int(State.LEASED), lease.c.expires > now)


def _at(table: Table, spaces: tuple[int, ...], address: bytes) -> ColumnElement[bool]:
    kinds = (KIND_ADDRESS4,) if len(address) == 4 else (KIND_ADDRESS6, KIND_PREFIX6)
    return and_(table.c.space.in_(spaces), table.c.kind.in_(kinds), table.c.address == address)


def _filtered(query: Select[Any], wanted: LeaseFilter) -> Select[Any]:
    if wanted.subnet is not None:
        query = query.where(lease.c.subnet == wanted.subnet)
    if wanted.kind is not None:
        query = query.where(lease.c.kind == wanted.kind)
    if wanted.address is not None:
        query = query.where(_at(lease, wanted.spaces, wanted.address))
    if wanted.active_at is not None:
        query = query.where(_active(wanted.active_at))
    if wanted.text is not None:
        query = query.where(func.lower(lease.c.hostname).contains(wanted.text.lower(), autoescape=True))
    if wanted.identities:
        query = query.where(or_(lease.c.client.in_(wanted.identities), lease.c.hw.in_(wanted.identities)))
    return query
