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

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, collate, func, or_, select, tuple_

from dhcpcore.lease.model import Lease, LeaseKey
from dhcpcore.store.database import SQLITE
from dhcpcore.store.queries import KEY, LEASE_COLUMNS, PAGE_MAX, LeaseFilter, filtered, key_at
from dhcpcore.store.schema import lease

#: Rows that a page may read: some 120 ms of SQLite.
ROWS_MAX = 1_250_000
#: How long it is believed that there are no more: what comes in between costs a page some milliseconds.
_BELIEVED_S = 20.0
#: Rows of either end of the addresses that are looked at first, see ``_bound``; and where too few of them are wanted,
#: so many times as many.
_ENDS, _WIDER = 2000, 16
#: A bound is good where so many times the rows of a page were found: then it leaves one row of so many to be looked at.
_GOOD = 4

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


class Room:
    """Whether a list's leases are few enough for a page to look at each.

    That all leases together are so is remembered for ``_BELIEVED_S``: to count them takes a quarter of a page's time.
    """

    def __init__(self) -> None:
        self._until = 0.0

    def too_many(self, connection: Connection, wanted: LeaseFilter, now: float) -> bool:
        """Whether a page would have to read more than ``ROWS_MAX`` rows."""
        if wanted.address is not None or (wanted.span is None and now < self._until):
            return False
        many = key_at(connection, ROWS_MAX + 1, wanted.span) is not None
        if not many and wanted.span is None:
            self._until = now + _BELIEVED_S
        return many


def ordered(
    connection: Connection, wanted: LeaseFilter, order: Order, after: Behind | None, limit: int, *, descending: bool
) -> tuple[list[Lease], Behind | None]:
    """Up to ``limit`` leases behind ``after``, rows of one value by their key, and where to go on; None at the end.

    Not where a ``Room`` says that they are too many.
    """
    assert 1 <= limit <= PAGE_MAX
    fold = _fold(connection, order)

    def narrowed(query: Select[Any]) -> Select[Any]:
        query = filtered(connection, query, wanted)
        return query if after is None else query.where(_behind(order, fold, after, descending=descending))

    bound = None if wanted.address is not None else _bound(connection, wanted, order, narrowed, limit, descending)
    limits: list[ColumnElement[bool]] = []
    if bound is not None:
        here, there = fold(lease.c[order.column]), fold(_bind("bound", bound))
        limits.append(here >= there if descending else here <= there)
        if order.absent is not None:
            limits.append(lease.c[order.column] != order.absent)
    query = select(*LEASE_COLUMNS)
    # What is asked first is asked of every row.  To compare a number takes a third of the time that looking for a part
    # of a name does; but names of one beginning are found side by side, and no bound of theirs parts them.
    query = narrowed(query).where(*limits) if order.kind is str else narrowed(query.where(*limits))
    query = query.order_by(*_terms(order, fold, descending)).limit(limit)
    rows = [Lease(*row) for row in connection.execute(query)]
    if len(rows) < limit:
        return rows, None
    return rows, Behind(getattr(rows[-1], order.column), rows[-1].key)


Narrowed = Callable[[Select[Any]], Select[Any]]


def _bound(connection: Connection, wanted: LeaseFilter, order: Order, narrowed: Narrowed, limit: int, descending: bool,
           ) -> Value | None:
    """A value that the page's last row cannot be behind, from a look at the first and last addresses; None: not known.

    ``limit`` rows that are wanted are enough for one, whichever they are.  With it nearly every row is passed by after
    one comparison; without it each is asked whether it is wanted, and where the values rise or fall with the addresses,
    each pushes another one out of the page.
    """
    values: list[Value] = []
    for ends in (_ENDS, _WIDER * _ENDS):
        low = key_at(connection, ends, wanted.span)
        high = key_at(connection, ends, wanted.span, descending=True)
        if low is None or high is None or low >= high:  # They are so few that a bound saves nothing.
            return None
        values = [value for edge, backwards in ((low, False), (high, True)) for value in _best(
            connection, order, narrowed, edge, _GOOD * limit, backwards=backwards, descending=descending)]
        if len(values) >= _GOOD * limit or len(values) * _WIDER < limit:
            break
    if len(values) < limit:
        return None
    compared: Callable[[Any], Any] = str.lower if order.kind is str else lambda value: value
    value: Value = sorted(values, key=compared, reverse=descending)[limit - 1]
    return value


def _best(connection: Connection, order: Order, narrowed: Narrowed, edge: LeaseKey, limit: int, *, backwards: bool,
          descending: bool) -> list[Value]:
    """The first values of the order among the rows up to ``edge``, or from there on."""
    column = lease.c[order.column]
    value = _fold(connection, order)(column)
    query = select(column).where(tuple_(*edge) <= KEY if backwards else tuple_(*edge) >= KEY)
    if order.absent is not None:
        query = query.where(column != order.absent)
    query = narrowed(query).order_by(value.desc() if descending else value).limit(limit)
    return list(connection.execute(query).scalars())


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
