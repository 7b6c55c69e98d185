"""Leases as a simulation sees them: the table as it is, and over it what the simulation wrote.  Nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from dhcpcore.lease.facts import Outcome
from dhcpcore.lease.model import Change, Lease, LeaseKey
from dhcpcore.store.database import SQLITE, Database
from dhcpcore.store.leases import Assignments, LeaseStore, Rows
from dhcpcore.store.leases_postgresql import PostgresqlRows
from dhcpcore.store.leases_sqlite import SqliteRows


class Overlay:
    """Reads rows of ``database``; keeps what is committed for itself."""

    def __init__(self, database: Database) -> None:
        self._rows = SqliteRows(database) if database.dialect == SQLITE else PostgresqlRows(database)
        self._written: dict[LeaseKey, Lease] = {}

    def by_client(self, clients: Sequence[bytes]) -> list[Lease]:
        """Rows of these clients."""
        wanted = set(clients)
        kept = [row for row in self._rows.by_client(clients) if row.key not in self._written]
        return kept + [row for row in self._written.values() if row.client in wanted]

    def by_key(self, keys: Sequence[LeaseKey]) -> list[Lease]:
        """Rows of these addresses."""
        stored = [key for key in keys if key not in self._written]
        return (self._rows.by_key(stored) if stored else []) + [
            self._written[key] for key in keys if key in self._written
        ]

    def page(self, space: int, kind: int, plen: int, first: bytes, last: bytes) -> list[tuple[bytes, int, int]]:
        """Address, state and end of every row of a range."""
        found = {row[0]: row for row in self._rows.page(space, kind, plen, first, last)}
        for row in self._written.values():
            if (row.space, row.kind, row.plen) == (space, kind, plen) and first <= row.address <= last:
                found[row.address] = (row.address, row.state, row.expires)
        return list(found.values())

    def commit(self, changes: Sequence[Change]) -> Outcome:
        """Every change is won: nobody else writes here."""
        self._written.update({change.after.key: change.after for change in changes})
        return Outcome(frozenset(), ())

    def counts(self) -> list[Any]:
        """Kind, id and value of every counter, as the engine last stored them."""
        return self._rows.counts()

    def ask(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """The rows of a statement that reads."""
        return self._rows.ask(sql, parameters)

    def close(self) -> None:
        """Give the connection back."""
        self._rows.close()


class SimulatedStore(LeaseStore):
    """A store for one engine of a simulation, over the leases of a database and the assignments of any."""

    def __init__(self, database: Database, assignments: Assignments) -> None:
        self._overlay = Overlay(database)
        self._rows = cast("Rows", self._overlay)  # What only a server does is not there.
        self._assignments = assignments
        self._quarantined = set()
        self._limits = None

    def commit(self, changes: Sequence[Change], now: float) -> Outcome:
        """Keep the changes for the rest of the simulation; limits are as the database counts them."""
        del now
        return self._overlay.commit(changes)
