"""How long history, traces, audit and finished requests are kept, and their pruning in small batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table, bindparam, delete, select, tuple_

from dhcpcore.store.database import Database
from dhcpcore.store.schema import audit, history, quarantine, request, trace

_DAY = 86_400
#: Rows that one step looks at: their deletion stays below 50 ms on SQLite.
ROWS = 500
#: The same of blocks of traces, which may have a megabyte each: SQLite walks through all of it to free it.
BLOCKS = 20


@dataclass(frozen=True, slots=True)
class Rule:
    """One row a table: which column says when a row came to its end, and how many days it is kept after that."""

    table: Table
    ended: Column[Any]  #: Null: not ended yet, kept.
    days: int
    in_order: bool  #: Rows end in the order of their key: behind the first that is kept there is nothing to delete.
    rows: int = ROWS


RULES = (
    Rule(trace, trace.c.last_at, 7, in_order=True, rows=BLOCKS),
    Rule(request, request.c.done_at, 7, in_order=False),
    Rule(quarantine, quarantine.c.at, 90, in_order=True),
    Rule(history, history.c.closed_at, 400, in_order=False),
    Rule(audit, audit.c.at, 800, in_order=True),
)


class Retention:
    """Walks through each table in the order of its key, some rows a step: no index and no long scan is needed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = 0
        self._cursor: tuple[Any, ...] | None = None

    def prune(self, now: float) -> bool:
        """One step; whether the walk through all tables has further to go."""
        rule = RULES[self._turn]
        keys = list(rule.table.primary_key.columns)
        query = select(*keys, rule.ended).order_by(*keys).limit(rule.rows)
        if self._cursor is not None:
            query = query.where(tuple_(*keys) > self._cursor)
        with self._database.reader() as connection:
            rows = [tuple(row) for row in connection.execute(query)]
        before = now - rule.days * _DAY
        names = [f"k_{key.name}" for key in keys]
        old = [dict(zip(names, row, strict=False)) for row in rows if row[-1] is not None and row[-1] < before]
        if old:
            # One by one: for a list or a range of keys both databases read the rest of the table, or all of it.
            one = delete(rule.table).where(*(key == bindparam(name) for key, name in zip(keys, names, strict=True)))
            with self._database.writer(durable=False) as connection:
                connection.execute(one, old)
        if len(rows) == rule.rows and not (rule.in_order and len(old) < len(rows)):
            self._cursor = rows[-1][:-1]
            return True
        self._cursor = None
        self._turn = (self._turn + 1) % len(RULES)
        return self._turn != 0
