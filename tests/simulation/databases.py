"""Where the simulated engines keep their leases: in memory, or in a real database through connections of their own."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any, Protocol

import psycopg

from dhcpcore.lease.model import Lease, LeaseKey
from dhcpcore.store import migrate
from dhcpcore.store.database import SQLITE, Database
from dhcpcore.store.leases import Assignments, LeaseStore
from tests.simulation.judge import Books
from tests.simulation.memory import POISON, Interval, MemoryRows, MemoryStore

_COLUMNS = ", ".join(Lease._fields)
_ON_KEY = "space = {0} AND kind = {0} AND address = {0} AND plen = {0}"
#: A rule that the schema does not have: the database refuses a row for a reason that nobody thought of.
_REFUSALS = {
    "sqlite": [
        f"CREATE TRIGGER refuse_{when.lower()} BEFORE {when} ON lease WHEN NEW.hostname = '{POISON}' "
        "BEGIN SELECT RAISE(ABORT, 'it breaks a rule of the table'); END"
        for when in ("INSERT", "UPDATE")
    ],
    "postgresql": [f"ALTER TABLE lease ADD CONSTRAINT no_poison CHECK (hostname <> '{POISON}')"],
}


class Shelf(Protocol):
    """A database for one world."""

    @property
    def books(self) -> Books:
        """What it holds, seen from its own side."""
        ...

    def open(self, assignments: Assignments) -> LeaseStore:
        """A connection for one life of an engine."""
        ...


class InMemory:
    """Fast: for many seeds."""

    def __init__(self) -> None:
        self._rows = MemoryRows()

    @property
    def books(self) -> Books:
        return self._rows

    def open(self, assignments: Assignments) -> LeaseStore:
        return MemoryStore(self._rows, assignments)


class InDatabase:
    """The real store on a real database; the judge reads it by the database's own driver."""

    def __init__(self, url: str) -> None:
        migrate.upgrade(url)
        self._database = Database(url)
        with self._database.writer() as connection:
            for statement in _REFUSALS[self._database.dialect]:
                connection.exec_driver_sql(statement)
        self._books = _Reader(self._database)
        self._stores: list[LeaseStore] = []

    @property
    def books(self) -> Books:
        return self._books

    def open(self, assignments: Assignments) -> LeaseStore:
        store = LeaseStore(self._database, assignments)
        self._stores.append(store)
        return store

    def close(self) -> None:
        """Close every connection."""
        for store in self._stores:
            store.close()
        self._books.close()
        self._database.dispose()


class _Reader:
    """Rows and history over a connection that no engine uses."""

    def __init__(self, database: Database) -> None:
        self._mark = "?" if database.dialect == SQLITE else "%s"
        self._connection: Any = (
            sqlite3.connect(str(database.path), isolation_level=None)
            if database.dialect == SQLITE
            else psycopg.connect(database.url.render_as_string(hide_password=False), autocommit=True)
        )

    def row_of(self, key: LeaseKey) -> Lease | None:
        rows = self._rows(f"SELECT {_COLUMNS} FROM lease WHERE {_ON_KEY.format(self._mark)}", key)
        return Lease._make(rows[0]) if rows else None

    def history_of(self, key: LeaseKey) -> list[Interval]:
        statement = (
            "SELECT version, client, opened_at, closed_at, reason FROM history "
            f"WHERE {_ON_KEY.format(self._mark)} ORDER BY version"
        )
        return [Interval(*row) for row in self._rows(statement, key)]

    def all_rows(self) -> list[Lease]:
        return [Lease._make(row) for row in self._rows(f"SELECT {_COLUMNS} FROM lease ORDER BY space, address")]

    def quarantined(self) -> list[dict[str, Any]]:
        """Rows that were set aside."""
        rows = self._rows('SELECT "row" FROM quarantine ORDER BY id')
        return [row if isinstance(row, dict) else json.loads(row) for (row,) in rows]

    def close(self) -> None:
        self._connection.close()

    def _rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return list(self._connection.execute(statement, values).fetchall())
