"""Leases in other orders than that of their addresses: by their end, by hardware address, by host name.

No index holds these orders, because each one costs the packet path more than a list is worth.  So a page reads every
row that is asked about and keeps the best of them; beyond ``ROWS_MAX`` rows that takes too long, and is not done.  A
page follows the last row of the one before by its value and its key, so that no row is skipped or comes twice,
whatever changes meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, collate, func, or_, select, tuple_

from dhcpcore.lease.model import Lease, LeaseKey
from dhcpcore.store.database import SQLITE
from dhcpcore.store.queries import KEY, LEASE_COLUMNS, PAGE_MAX, LeaseFilter, filtered, key_at
from dhcpcore.store.schema import lease

#: Rows that a page may read: some 150 ms of SQLite.
ROWS_MAX = 1_250_000
#: Rows of either end of the addresses that are looked at first, see ``_bound``.
_ENDS = 2000

Value = int | bytes | str


@dataclass(frozen=True, slots=True)
class Order:
    """A column that leases can be sorted by, and the type of its values.

    ``absent`` is what a row has that has none; such rows come last, whichever way the rest is sorted.
    """

    column: str
    kind: type
    absent: Value | None = None


ORDERS = {
    "expires_at": Order("expires", int),
    "last_seen_at": Order("cltt", int),
    "hw_address": Order("hw", bytes, b""),
    "hostname": Order("hostname", str, ""),
}


class Behind(NamedTuple):
    """Where a list goes on: behind the row of this value and key."""

    value: Value
    key: LeaseKey


def too_many(connection: Connection, wanted: LeaseFilter) -> bool:
    """Whether a page would have to read more than ``ROWS_MAX`` rows."""
    return wanted.address is None and key_at(connection, ROWS_MAX + 1, wanted.span) is not None


def ordered(
    connection: Connection, wanted: LeaseFilter, order: Order, after: Behind | None, limit: int, *, descending: bool
) -> tuple[list[Lease], Behind | None]:
    """Up to ``limit`` leases behind ``after``, rows of one value by their key, and where to go on; None at the end.

    Not where ``too_many`` says so.
    """
    assert 1 <= limit <= PAGE_MAX
    fold = _fold(connection, order)
    query = filtered(connection, select(*LEASE_COLUMNS), wanted)
    if after is not None:
        query = query.where(_behind(order, fold, after, descending=descending))
    bound = None if wanted.address is not None else _bound(connection, wanted, order, query, limit, descending)
    if bound is not None:
        here, there = fold(lease.c[order.column]), fold(_bind("bound", bound))
        query = query.where(here >= there if descending else here <= there)
        if order.absent is not None:
            query = query.where(lease.c[order.column] != order.absent)
    rows = [Lease(*row) for row in connection.execute(query.order_by(*_terms(order, fold, descending)).limit(limit))]
    if len(rows) < limit:
        return rows, None
    return rows, Behind(getattr(rows[-1], order.column), rows[-1].key)


def _bound(
    connection: Connection, wanted: LeaseFilter, order: Order, query: Any, limit: int, descending: bool
) -> Value | None:
    """A value that the page's last row cannot be behind, from a look at the first and last addresses; None: not known.

    Where the values rise or fall with the addresses, every row would push another one out of the page otherwise, which
    takes three times as long.
    """
    found: list[Lease] = []
    fold = _fold(connection, order)
    for backwards in (False, True):
        edge = key_at(connection, _ENDS, wanted.span, descending=backwards)
        if edge is None:
            return None
        part = query.where(tuple_(*edge) <= KEY if backwards else tuple_(*edge) >= KEY)
        found += [Lease(*row) for row in connection.execute(
            part.order_by(*_terms(order, fold, descending)).limit(limit))]
    present = [row for row in found if getattr(row, order.column) != order.absent]
    if len(present) < limit:
        return None
    compared: Callable[[Any], Any] = str.lower if order.kind is str else lambda value: value
    values = sorted((getattr(row, order.column) for row in present), key=compared, reverse=descending)
    value: Value = values[limit - 1]
    return value


Fold = Callable[[ColumnElement[Any]], ColumnElement[Any]]


def _fold(connection: Connection, order: Order) -> Fold:
    """How values are compared: names without their case, octet by octet whatever the database's language."""
    if order.kind is not str:
        return lambda one: one
    if connection.dialect.name == SQLITE:
        return lambda one: collate(one, "NOCASE")
    return lambda one: collate(func.lower(one), "C")


def _bind(name: str, value: Value) -> ColumnElement[Any]:
    return bindparam(name, value, unique=True)


def _terms(order: Order, fold: Fold, descending: bool) -> tuple[ColumnElement[Any], ...]:
    column = lease.c[order.column]
    absent = () if order.absent is None else (column == order.absent,)
    value = fold(column)
    return (*absent, value.desc() if descending else value, lease.c.space, lease.c.kind, lease.c.address, lease.c.plen)


def _behind(order: Order, fold: Fold, after: Behind, *, descending: bool) -> ColumnElement[bool]:
    column = lease.c[order.column]
    here, there = fold(column), fold(_bind("value", after.value))
    further = tuple_(*after.key) < KEY
    if after.value == order.absent:
        return and_(column == order.absent, further)
    # First what nearly every row fails or passes by: it is asked of each.
    near = here <= there if descending else here >= there
    beyond = here < there if descending else here > there
    behind = and_(near, or_(beyond, further))
    return behind if order.absent is None else or_(column == order.absent, behind)
