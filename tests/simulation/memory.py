"""A store in memory with the real one's face and the database's rules: guarded rows, history of what was won.

``LeaseStore`` itself puts facts together; only its half that speaks to a database is replaced.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import create_mock_engine
from sqlalchemy.schema import CreateTable

from dhcpcore.lease.facts import Outcome
from dhcpcore.lease.model import Change, Lease, LeaseKey
from dhcpcore.store.leases import Assignments, LeaseStore
from dhcpcore.store.schema import class_count, lease, lease_class, lease_count

#: A host name that both databases of the simulation refuse: the row that is wrong for a reason nobody thought of.
POISON = "poison"
_DIALECT = create_mock_engine("sqlite://", lambda *_: None).dialect
_COUNTED = (lease, lease_class, lease_count, class_count)
_TABLES = [str(CreateTable(table).compile(dialect=_DIALECT)) for table in _COUNTED]
_COPY = f"INSERT OR REPLACE INTO lease ({', '.join(Lease._fields)}) VALUES ({', '.join('?' * len(Lease._fields))})"


@dataclass(slots=True)
class Interval:
    """A row of history."""

    version: int
    client: bytes
    opened_at: int
    closed_at: int | None = None
    reason: int | None = None


@dataclass(slots=True)
class MemoryRows:
    """The tables ``lease`` and ``history``, shared by all engines of a world."""

    rows: dict[LeaseKey, Lease] = field(default_factory=dict)
    history: dict[LeaseKey, list[Interval]] = field(default_factory=dict)
    _clients: dict[bytes, set[LeaseKey]] = field(default_factory=dict)
    _counters: sqlite3.Connection | None = None  #: From the first limit on: what statements that count read.

    def by_client(self, clients: Sequence[bytes]) -> list[Lease]:
        return [self.rows[key] for client in sorted(clients) for key in sorted(self._clients.get(client, ()))]

    def by_key(self, keys: Sequence[LeaseKey]) -> list[Lease]:
        return [self.rows[key] for key in sorted(keys) if key in self.rows]

    def page(self, space: int, kind: int, plen: int, first: bytes, last: bytes) -> list[tuple[bytes, int, int]]:
        return [
            (row.address, row.state, row.expires)
            for row in self.rows.values()
            if (row.space, row.kind, row.plen) == (space, kind, plen) and first <= row.address <= last
        ]

    def after(self, key: LeaseKey, limit: int) -> list[Lease]:
        return [self.rows[one] for one in sorted(one for one in self.rows if one > key)[:limit]]

    def commit(self, changes: Sequence[Change], now: float) -> Outcome:
        lost: list[LeaseKey] = []
        refused: list[tuple[Change, str]] = []
        for change in changes:
            before, after, opens, closing = change
            key = after.key
            if self._version(key) != (before.version if before is not None else 0):
                lost.append(key)
                continue
            if after.hostname == POISON or not 1 <= after.state <= 4 or after.version < 1:
                refused.append((change, "it breaks a rule of the table"))
                continue
            if before is not None:
                told = f"version {before.version} is of two rows: {before} and {self.rows[key]}"
                assert before == self.rows[key], told
                self._clients[before.client].discard(key)
            self.rows[key] = after
            if self._counters is not None:
                self._counters.execute(_COPY, after)
            self._clients.setdefault(after.client, set()).add(key)
            intervals = self.history.setdefault(key, [])
            if closing is not None:
                for interval in intervals:
                    if interval.version == closing.opened and interval.closed_at is None:
                        interval.closed_at, interval.reason = closing.at, int(closing.reason)
            if opens:
                intervals.append(Interval(after.opened, after.client, after.cltt))
        return Outcome(frozenset(lost), tuple(refused))

    def close(self) -> None:
        """Nothing to give back."""

    @contextmanager
    def counting(self) -> Iterator[MemoryRows]:
        """One at a time, and nothing goes wrong within."""
        self.ask("SELECT 1", ())
        yield self

    def ask(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """What limits ask is SQL, and answered by SQL: counters, and a copy of the leases."""
        if self._counters is None:
            self._counters = sqlite3.connect(":memory:", isolation_level=None)
            for statement in _TABLES:
                self._counters.execute(statement)
            self._counters.executemany(_COPY, self.rows.values())
        return self._counters.execute(sql, parameters).fetchall()

    lock = ask

    def counts(self) -> list[Any]:
        """Kind, id and value of every counter."""
        return self.ask("SELECT kind, scope, held FROM lease_count", ())

    def write(self, change: Change) -> str | None:
        """Store one change, as those that count do it."""
        outcome = self.commit((change,), 0)
        return outcome.refused[0][1] if outcome.refused else None if outcome.lost else ""

    def quarantine(self, row: Lease, place: str, fault: str, now: int) -> None:
        """Nobody looks."""

    def _version(self, key: LeaseKey) -> int:
        row = self.rows.get(key)
        return row.version if row is not None else 0

    # What the judges read; a database's own driver does the same in ``databases``.

    def row_of(self, key: LeaseKey) -> Lease | None:
        """One row."""
        return self.rows.get(key)

    def history_of(self, key: LeaseKey) -> list[Interval]:
        """The holdings of an address, by version."""
        return self.history.get(key, [])

    def all_rows(self) -> list[Lease]:
        """Every row."""
        return [self.rows[key] for key in sorted(self.rows)]


class MemoryStore(LeaseStore):
    """One engine's window on the shared rows."""

    def __init__(self, rows: MemoryRows, assignments: Assignments) -> None:
        self._rows = rows
        self._assignments = assignments
        self._quarantined = set()
        self._limits = None
