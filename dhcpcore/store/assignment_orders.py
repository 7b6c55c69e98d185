"""Assignments in other orders than that of their ids: by address, hardware address, host name, or when last used.

No index holds them all: a page looks at every assignment that is asked about, which is done for ``ROWS_MAX`` of them
and not beyond.  A page follows the last row of the one before by its value and its id, so that no row is skipped or
comes twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from dhcpcore.lease.model import KIND_ADDRESS4, KIND_PREFIX6, Identifier, State
from dhcpcore.store.database import SQLITE

#: Rows that a page may look at: some 160 ms of SQLite in the slowest order.
ROWS_MAX = 150_000

Value = int | bytes | str

#: Its lowest address, or prefix where it has none; one that is without effect has none that a look-up could meet.
#: An assignment's addresses are written in the revision that it is written in, and come and go with it: so their index
#: tells all that is asked for, and no row of theirs is read.
_LOWEST = (
    " LEFT JOIN assignment_address x ON x.assignment_id = a.id AND x.from_revision = a.from_revision "
    f"AND (x.kind = {KIND_ADDRESS4} OR NOT EXISTS (SELECT 1 FROM assignment_address y WHERE y.assignment_id = a.id "
    "AND y.from_revision = a.from_revision AND (y.kind, y.address, y.plen) < (x.kind, x.address, x.plen)))"
)
_LEASE = (
    " LEFT JOIN lease l ON l.space = x.space AND l.kind = x.kind AND l.address = x.address AND l.plen = x.plen "
    f"AND l.state <> {int(State.DECLINED)} AND l.kind <> {KIND_PREFIX6}"
)


@dataclass(frozen=True, slots=True)
class Order:
    """What assignments can be sorted by.  Those without a value come last, whichever way the rest is sorted.

    ``group`` comes before the value, so that addresses of one family stay together.
    """

    value: str
    kind: type
    join: str = ""
    group: str = ""


ORDERS = {
    "address": Order("x.address", bytes, _LOWEST, "x.kind"),
    "hw_address": Order(f"CASE WHEN a.identifier_kind = {int(Identifier.HW_ADDRESS)} THEN a.identifier END", bytes),
    "hostname": Order("NULLIF(lower(a.hostname), ''){collated}", str),
    "last_used_at": Order("l.cltt", int, _LOWEST + _LEASE),
}


class Behind(NamedTuple):
    """Where a list goes on: behind the assignment of that id, whose value that is; None: it has none."""

    group: int
    value: Value | None
    assignment_id: int


def too_many(connection: Connection, subnet_id: int | None) -> bool:
    """Whether a page would have to look at more than ``ROWS_MAX`` rows."""
    home = "" if subnet_id is None else "WHERE subnet_id = :s "
    query = text(f"SELECT 1 FROM assignment {home}LIMIT 1 OFFSET :n")
    parameters = {"n": ROWS_MAX} if subnet_id is None else {"n": ROWS_MAX, "s": subnet_id}
    return connection.execute(query, parameters).first() is not None


def statement(
    connection: Connection, order: Order, conditions: list[str], after: Behind | None, *, descending: bool
) -> tuple[str, dict[str, Any]]:
    """SQL that gives id, group and value of the assignments behind ``after``, and its parameters but ``:limit``."""
    value = order.value.format(collated="" if connection.dialect.name == SQLITE else ' COLLATE "C"')
    beyond, way = ("<", " DESC") if descending else (">", "")
    terms = {**({"g": order.group} if order.group else {}), "v": value}
    parameters: dict[str, Any] = {}
    if after is not None:
        parameters["after"] = after.assignment_id
        if after.value is None:
            conditions = [*conditions, f"{value} IS NULL AND a.id > :after"]
        else:
            parameters |= {"v": after.value} | ({"g": after.group} if order.group else {})
            here, there = ", ".join(terms.values()), ", ".join(f":{name}" for name in terms)
            further = f"({here}) {beyond} ({there}) OR (({here}) = ({there}) AND a.id > :after)"
            conditions = [*conditions, f"({value} IS NULL OR {further})"]
    # Equal ones by their id, whichever way the rest is sorted: as they are read, so that few push out another.
    by = ", ".join(f"{term}{way}" for term in terms.values())
    return (
        f"SELECT a.id, {order.group or 0}, {value} FROM assignment a{order.join} WHERE {' AND '.join(conditions)} "
        f"ORDER BY ({value}) IS NULL, {by}, a.id LIMIT :limit"
    ), parameters
