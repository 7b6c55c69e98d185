"""What people ask of leases and history: lists in key order with cursors, one lease, who held what when.

Every list is paged by the key of the last row that was shown, never by an offset: a page deep in ten million leases
costs what the first one does.  A search that no index helps looks at ``SCAN_MAX`` rows and says where to go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, or_, select, tuple_

from dhcpcore.lease.model import KIND_ADDRESS4, KIND_ADDRESS6, KIND_PREFIX6, Lease, LeaseKey, State
from dhcpcore.store.database import SQLITE
from dhcpcore.store.schema import engine, history, lease, quarantine

#: Rows that one request looks at where no index helps; some thirty milliseconds.
SCAN_MAX = 100_000
#: No list is longer than this; the next page follows by cursor.
PAGE_MAX = 1000

KEY = tuple_(lease.c.space, lease.c.kind, lease.c.address, lease.c.plen)
LEASE_COLUMNS = tuple(lease.c[name] for name in Lease._fields)


@dataclass(frozen=True, slots=True)
class LeaseFilter:
    """Which leases; what is None does not filter.

    ``address`` is looked for in ``spaces``, so that the primary key finds it.  ``active_at`` keeps those held at that
    time, ``expired_at`` those that had ended by then, ``state`` those that are stored as that.  ``text`` keeps those
    whose host name contains it, ``identities`` those whose client identity or hardware address is one of them,
    ``hardware`` those of that hardware address.  ``span`` is where all of them lie, as far as the asker knows:
    less is read.
    """

    subnet: int | None = None
    kind: int | None = None
    address: bytes | None = None
    spaces: tuple[int, ...] = (0,)
    active_at: float | None = None
    text: str | None = None
    identities: tuple[bytes, ...] = ()
    expired_at: float | None = None
    state: int | None = None
    hardware: bytes | None = None
    span: Span | None = None


class Found(NamedTuple):
    """Where a search goes on: behind ``key``, in what ``by_client`` finds by index, or else in the rows themselves."""

    key: LeaseKey | None
    by_client: bool


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
    query = filtered(connection, select(*LEASE_COLUMNS), wanted)
    if after is not None:
        query = query.where(tuple_(*after) < KEY)
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


def holders(connection: Connection, addresses: Sequence[bytes], spaces: Sequence[int]) -> list[Lease]:
    """The rows of some addresses, held or not."""
    assert len(addresses) <= PAGE_MAX
    query = select(*LEASE_COLUMNS).where(
        lease.c.space.in_(spaces), lease.c.kind.in_((KIND_ADDRESS4, KIND_ADDRESS6)), lease.c.address.in_(addresses)
    )
    return [Lease(*row) for row in connection.execute(query)]


def search(
    connection: Connection, wanted: LeaseFilter, after: Found | None, limit: int, *, descending: bool = False
) -> tuple[list[Lease], Found | None]:
    """Up to ``limit`` leases behind ``after`` and where to go on; None where nothing follows.

    In key order; but those whose client identity is one of ``identities``, which an index finds, come before those that
    are told by their hardware address alone.  Fewer than ``limit`` may come, or none, and more follow all the same.
    """
    assert 1 <= limit <= PAGE_MAX
    rows: list[Lease] = []
    if wanted.identities and (after is None or after.by_client):
        rows = _by_client(connection, wanted, after.key if after is not None else None, descending=descending)
        if len(rows) > limit:
            return rows[:limit], Found(rows[limit - 1].key, by_client=True)
        after = None
        if len(rows) == limit:
            return rows, Found(None, by_client=False)
    start = after.key if after is not None else None
    end = None
    if wanted.address is None:
        end = key_at(connection, SCAN_MAX, wanted.span, start, descending=descending)
    query = _behind(filtered(connection, select(*LEASE_COLUMNS), wanted), start, descending=descending)
    if wanted.identities:
        query = query.where(lease.c.client.not_in(wanted.identities))
    if end is not None:
        query = query.where(tuple_(*end) <= KEY if descending else tuple_(*end) >= KEY)
    room = limit - len(rows)
    scanned = [Lease(*row) for row in connection.execute(_ordered(query, descending=descending).limit(room))]
    following = scanned[-1].key if len(scanned) == room else end
    return rows + scanned, None if following is None else Found(following, by_client=False)


def _by_client(
    connection: Connection, wanted: LeaseFilter, after: LeaseKey | None, *, descending: bool
) -> list[Lease]:
    """What the index on clients finds, all of it: a client has few leases.  Sorted here, so that it is the index."""
    query = filtered(connection, select(*LEASE_COLUMNS), replace(wanted, identities=()))
    query = query.where(lease.c.client.in_(wanted.identities)).limit(PAGE_MAX)
    found = sorted((Lease(*row) for row in connection.execute(query)), key=lambda row: row.key, reverse=descending)
    return [row for row in found if after is None or (row.key < after if descending else row.key > after)]


def key_at(
    connection: Connection, number: int, span: Span | None, after: LeaseKey | None = None, *, descending: bool = False
) -> LeaseKey | None:
    """The key of the row of that number, from 1, behind ``after``; None where there are not so many."""
    query: Select[Any] = select(lease.c.space, lease.c.kind, lease.c.address, lease.c.plen)
    query = _behind(query if span is None else query.where(within(span)), after, descending=descending)
    row = connection.execute(_ordered(query, descending=descending).offset(number - 1).limit(1)).first()
    return None if row is None else (row[0], row[1], row[2], row[3])


def _behind(query: Select[Any], after: LeaseKey | None, *, descending: bool) -> Select[Any]:
    if after is None:
        return query
    return query.where(tuple_(*after) > KEY if descending else tuple_(*after) < KEY)


def _ordered(query: Select[Any], *, descending: bool) -> Select[Any]:
    key = (lease.c.space, lease.c.kind, lease.c.address, lease.c.plen)
    return query.order_by(*(column.desc() for column in key) if descending else key)


def leases_at(connection: Connection, address: bytes, space: int = 0) -> list[Lease]:
    """The rows of one address: one, or for IPv6 one a prefix length."""
    query = select(*LEASE_COLUMNS).where(_at(lease, (space,), address)).order_by(lease.c.plen)
    return [Lease(*row) for row in connection.execute(query.limit(PAGE_MAX))]


def leases_between(connection: Connection, span: Span) -> list[Lease]:
    """The rows of a range of at most ``PAGE_MAX`` addresses."""
    return [Lease(*row) for row in connection.execute(select(*LEASE_COLUMNS).where(within(span)).limit(PAGE_MAX))]


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
    return Use(*connection.execute(query.where(within(span))).one())


def held_outside(connection: Connection, spans: Sequence[Span], now: float) -> dict[int, int]:
    """How many leases are held now that lie in none of these ranges, by subnet: assignments, and what was a pool once.

    A table of leases is nearly all pools.  Those are counted where they are: sorting all of it by subnet
    once more would cost twice as much.
    """
    sums: dict[int, int] = {}
    for gap in _gaps(spans):
        query = select(lease.c.subnet, func.count()).where(_active(now), *gap).group_by(lease.c.subnet)
        for subnet, count in connection.execute(query):
            sums[int(subnet)] = sums.get(int(subnet), 0) + int(count)
    return sums


def _gaps(spans: Sequence[Span]) -> Iterator[tuple[ColumnElement[bool], ...]]:
    """What lies between the ranges, in the order of the key, as conditions that its index answers.

    Column by column: SQLite would use only the first one of a comparison of tuples.
    """
    parts: dict[int, dict[int, list[Span]]] = {}
    for span in sorted(spans):
        parts.setdefault(span.space, {}).setdefault(span.kind, []).append(span)
    yield from _beside(lease.c.space, ((space, space) for space in parts))
    for space, kinds in parts.items():
        within = lease.c.space == space
        yield from ((within, *gap) for gap in _beside(lease.c.kind, ((kind, kind) for kind in kinds)))
        for kind, ranges in kinds.items():
            edges = ((span.first, span.last) for span in ranges)
            yield from ((within, lease.c.kind == kind, *gap) for gap in _beside(lease.c.address, edges))


def _beside(column: ColumnElement[Any], edges: Iterable[tuple[Any, Any]]) -> Iterator[tuple[ColumnElement[bool], ...]]:
    low: tuple[ColumnElement[bool], ...] = ()
    for first, last in edges:
        yield (*low, column < first)
        low = (column > last,)
    yield low


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


def within(span: Span) -> ColumnElement[bool]:
    """The condition that a lease lies in a range."""
    return and_(lease.c.space == span.space, lease.c.kind == span.kind, lease.c.address.between(span.first, span.last))


def _at(table: Table, spaces: tuple[int, ...], address: bytes) -> ColumnElement[bool]:
    kinds = (KIND_ADDRESS4,) if len(address) == 4 else (KIND_ADDRESS6, KIND_PREFIX6)
    return and_(table.c.space.in_(spaces), table.c.kind.in_(kinds), table.c.address == address)


def filtered(connection: Connection, query: Select[Any], wanted: LeaseFilter) -> Select[Any]:
    """The query, of the leases alone that are wanted."""
    if wanted.subnet is not None:
        query = query.where(lease.c.subnet == wanted.subnet)
    if wanted.kind is not None:
        query = query.where(lease.c.kind == wanted.kind)
    if wanted.address is not None:
        query = query.where(_at(lease, wanted.spaces, wanted.address))
    if wanted.active_at is not None:
        query = query.where(_active(wanted.active_at))
    if wanted.text is not None:
        query = query.where(_named(connection, wanted.text))
    if wanted.identities:
        query = query.where(or_(lease.c.client.in_(wanted.identities), lease.c.hw.in_(wanted.identities)))
    if wanted.hardware is not None:
        query = query.where(lease.c.hw == wanted.hardware)
    if wanted.expired_at is not None:
        unswept = and_(lease.c.state == int(State.LEASED), lease.c.expires <= wanted.expired_at)
        query = query.where(or_(lease.c.state == int(State.EXPIRED), unswept))
    if wanted.state is not None:
        query = query.where(lease.c.state == wanted.state)
    if wanted.span is not None:
        query = query.where(within(wanted.span))
    return query


def _named(connection: Connection, part: str) -> ColumnElement[bool]:
    """That a host name contains something, in any case.  SQLite's own LIKE takes half as long as one of ``lower``."""
    pattern = "%" + "".join(f"/{letter}" if letter in "/%_" else letter for letter in part) + "%"
    if connection.dialect.name == SQLITE:
        # A sign that is never met costs a tenth of the search.
        return lease.c.hostname.like(pattern, escape="/" if "/" in pattern else None)
    return lease.c.hostname.ilike(pattern, escape="/")
