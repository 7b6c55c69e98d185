"""Leases of the packet path: one fetch and one guarded commit a batch, the same on both databases.

The statements are written with SQLAlchemy Core, compiled once, and run on a connection of the engine's own.  A change
is stored only where its row's version is the one that was read; history rows are written for rows that were won, in the
same transaction.  A row that the database refuses is set aside in ``quarantine`` and does not take the batch with it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from dhcpcore.errors import Deadlocked
from dhcpcore.lease.facts import Facts, Outcome, PageRow, Wants
from dhcpcore.lease.model import KIND_ADDRESS4, KIND_ADDRESS6, KIND_PREFIX6, Assignment, Change, Lease, LeaseKey
from dhcpcore.lease.owner import stem_of
from dhcpcore.lease.telling import Holdings
from dhcpcore.lease.transitions import is_recovering
from dhcpcore.store import holdings, owned
from dhcpcore.store.database import SQLITE, Database
from dhcpcore.store.leases_postgresql import PostgresqlRows
from dhcpcore.store.leases_sqlite import SqliteRows
from dhcpcore.store.limits import Counting, Limits, held
from dhcpcore.store.others import Heard
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.addresses import format_address

if TYPE_CHECKING:
    from dhcpcore.engine import Traced

log = logging.getLogger(__name__)

#: Rows of one step of the sweep.
SWEEP_ROWS = 512
#: Times that a transaction is tried which the database ended for another one's sake; each takes it a second to see.
ATTEMPTS_MAX = 3
#: Rows that make no sense and are told of.
_QUARANTINED_MAX = 100
#: Octets of an address, and the prefix lengths that it can have.
_SHAPES = {KIND_ADDRESS4: (4, range(32, 33)), KIND_ADDRESS6: (16, range(128, 129)), KIND_PREFIX6: (16, range(129))}


class Assignments(Protocol):
    """Where a batch's assignments come from: the definitions' store, at a revision."""

    def assignments_by_identifier(
        self, keys: Iterable[tuple[int, bytes]], revision: int
    ) -> dict[tuple[int, bytes], tuple[Assignment, ...]]:
        """Enabled assignments of these identifiers."""
        ...

    def assignments_by_address(
        self, keys: Iterable[LeaseKey], revision: int
    ) -> dict[LeaseKey, tuple[Assignment, ...]]:
        """Enabled assignments that keep these addresses."""
        ...

    def assigned_in(self, space: int, kind: int, plen: int, first: bytes, last: bytes, revision: int) -> list[bytes]:
        """Addresses of a range that enabled assignments keep."""
        ...


class Rows(Protocol):
    """What a database's own half does: fetch rows by client, by key and by range; commit guarded changes."""

    def by_client(self, clients: Sequence[bytes]) -> list[Lease]: ...

    def by_key(self, keys: Sequence[LeaseKey]) -> list[Lease]: ...

    def page(self, space: int, kind: int, plen: int, first: bytes, last: bytes) -> list[tuple[bytes, int, int]]: ...

    def after(self, key: LeaseKey, limit: int) -> list[Lease]: ...

    def commit(self, changes: Sequence[Change], now: float) -> Outcome: ...

    def quarantine(self, row: Lease, place: str, fault: str, now: int) -> None: ...

    def trace(self, engine_id: int, entries: Sequence[Traced]) -> int: ...

    def flush(self, *, at_once: bool = False) -> None: ...

    def checkpoint(self) -> None: ...

    def counts(self) -> list[Any]: ...

    def ask(self, sql: str, parameters: Sequence[Any]) -> list[Any]: ...

    def counting(self) -> AbstractContextManager[Counting]: ...

    def listen(self, heard: Heard | None) -> None: ...

    def hear(self) -> bool: ...

    def close(self) -> None: ...


class LeaseStore:
    """The packet path's window on the database; one an engine, used by one thread."""

    #: Whom each commit's changes are handed to, also where it is not known whether they were stored.
    heard: Callable[[Sequence[Change]], None] | None = None

    def __init__(self, database: Database, assignments: Assignments) -> None:
        self._rows: Rows = SqliteRows(database) if database.dialect == SQLITE else PostgresqlRows(database)
        self._assignments = assignments
        self._quarantined: set[LeaseKey] = set()
        self._limits: Limits | None = None

    def follow(self, snapshot: Snapshot) -> None:
        """Keep the limits of this revision from now on."""
        limits = Limits(snapshot)
        self._limits = limits or None

    def fetch(  # noqa: C901 - A line for each way that rows are found.
        self, wants: Wants, facts: Facts, revision: int, *, assigned: bool
    ) -> None:
        """Put the wanted rows into ``facts``.  ``assigned``: also who the clients' addresses are assigned to."""
        rows = self._rows
        assigned_keys = set(wants.assigned)
        if wants.clients:
            by_client = facts.by_client
            for client in wants.clients:
                by_client[client] = []
            for row in rows.by_client(list(wants.clients)):
                by_client[row[4]].append(row)
                if assigned:
                    assigned_keys.add(row.key)
        if wants.duids:
            facts.by_client.update((stem_of(duid), owned.of(duid, rows.ask)) for duid in wants.duids)
        if wants.leases:
            by_key = facts.by_key
            for key in wants.leases:
                by_key[key] = None
            for row in rows.by_key(list(wants.leases)):
                by_key[row.key] = row
        if wants.identifiers:
            facts.by_identifier.update(dict.fromkeys(wants.identifiers, ()))
            facts.by_identifier.update(self._assignments.assignments_by_identifier(wants.identifiers, revision))
        if assigned_keys:
            facts.assigned.update(dict.fromkeys(assigned_keys, ()))
            facts.assigned.update(self._assignments.assignments_by_address(assigned_keys, revision))
        for page in wants.pages:
            span = (page.space, page.kind, page.plen, page.first, page.last)
            found = [PageRow(address, state, expires, False) for address, state, expires in rows.page(*span)]
            if assigned:
                found += [PageRow(a, 0, 0, True) for a in self._assignments.assigned_in(*span, revision)]
            facts.pages[page.pool, page.number] = tuple(found)
        if wants.counts:
            facts.counts.update(held(rows.counts()))
        if wants.classes:
            facts.class_counts.update({(name, 0): 0 for name in wants.classes})
            if self._limits is not None:
                self._limits.fetch(rows, wants.classes, facts)

    def commit(self, changes: Sequence[Change], now: float) -> Outcome:
        """Store every change whose row is still as it was read; say which were not.

        Raises ``StoreUnavailable`` (nothing stored) or ``OutcomeUnknown`` (fetch again and decide again).
        """
        for attempt in range(1, ATTEMPTS_MAX):
            try:
                return self._commit(changes, now)
            except Deadlocked as fault:
                log.warning("DEADLOCK: a commit was ended, attempt %d: %s", attempt, fault)
        return self._commit(changes, now)

    def _commit(self, changes: Sequence[Change], now: float) -> Outcome:
        heard = self.heard
        if heard is None:
            return self._stored(changes, now)
        try:
            return self._stored(changes, now)
        finally:
            heard(changes)

    def _stored(self, changes: Sequence[Change], now: float) -> Outcome:
        limits = self._limits
        if limits is None or not limits.counted(changes):
            return self._rows.commit(changes, now)
        with self._rows.counting() as transaction:
            outcome = limits.commit(transaction, changes, int(now))
        for change, fault in outcome.refused:
            self._rows.quarantine(change.after, "lease", fault, int(now))
        return outcome

    def trace(self, engine_id: int, entries: Sequence[Traced]) -> int:
        """Store traces, at the latest with ``flush``; how many octets they take.

        They go with the next commit: one of their own would keep that waiting for the disk (and clear SQLite's cache).
        """
        return self._rows.trace(engine_id, entries)

    def flush(self, *, at_once: bool = False) -> None:
        """Store what ``trace`` put aside and no commit has taken along for a second, or ``at_once``."""
        self._rows.flush(at_once=at_once)

    def checkpoint(self) -> None:
        """Keep the database's log short; a call does a bounded piece of work."""
        self._rows.checkpoint()

    def lease(self, key: LeaseKey) -> Lease | None:
        """One row."""
        return next(iter(self._rows.by_key([key])), None)

    def rows(self, after: LeaseKey | None) -> tuple[list[Lease], LeaseKey | None]:
        """The next ``SWEEP_ROWS`` rows in key order, if they make sense, and where to go on; None: that was all."""
        rows = self._rows.after(after or (-1, 0, b"", 0), SWEEP_ROWS)
        return [row for row in rows if fault_of(row) is None], rows[-1].key if len(rows) == SWEEP_ROWS else None

    def holdings(self, rows: Iterable[Lease]) -> Holdings:
        """What the history says of the last holding of each of these rows."""
        return holdings.of(rows, self._rows.ask)

    def listen(self, heard: Heard | None) -> None:
        """Hand over the keys of rows that other engines on this database change, with each ``hear``; None: no more."""
        self._rows.listen(heard)

    def hear(self) -> bool:
        """Hand over what other engines changed; whether rows may have been missed, for it has just begun to listen.

        Raises ``StoreUnavailable``.
        """
        return self._rows.hear()

    def sweep(
        self, after: LeaseKey | None, now: float, limit: int = SWEEP_ROWS, probation_s: int | None = None
    ) -> tuple[list[Lease], LeaseKey | None]:
        """Of the next ``limit`` rows in key order those that ended unswept; and where to go on (None: afresh).

        ``probation_s``: those, too, whose probation of so many seconds is over, but not by their row.
        """
        rows = self._rows.after(after or (-1, 0, b"", 0), limit)
        following = rows[-1].key if len(rows) == limit else None
        ended = []
        for row in rows:
            if fault := fault_of(row):
                self._set_aside(row, fault, now)
            elif (row.state == 1 and row.expires <= now) or (
                probation_s is not None and is_recovering(row, now, probation_s)
            ):
                ended.append(row)
        return ended, following

    def recount(self, now: float) -> None:
        """Put counters right that nobody committed to for a minute: full by mistake, nothing would be committed."""
        if self._limits is not None:
            with self._rows.counting() as transaction:
                self._limits.recount(transaction, int(now))

    def _set_aside(self, row: Lease, fault: str, now: float) -> None:
        """Show a row that somebody broke by hand, once; it is left as it is."""
        if row.key in self._quarantined or len(self._quarantined) >= _QUARANTINED_MAX:
            return
        self._quarantined.add(row.key)
        address: Any = row.address
        where = format_address(address) if isinstance(address, bytes) and len(address) in {4, 16} else repr(address)
        log.error("QUARANTINED: the lease row of %s makes no sense: %s: %s.", where, fault, row)
        self._rows.quarantine(row, f"lease {where}", fault, int(now))

    def close(self) -> None:
        """Give the connection back."""
        self._rows.close()


def fault_of(row: Lease) -> str | None:
    """What is wrong with a row that the engine did not write so; None with nearly all."""
    try:  # SQLite keeps a text in a column of numbers.
        row.state | row.expires | row.cltt | row.subnet | row.version | row.opened
        row.address + row.client + row.hw + row.relay + row.agent
        octets, lengths = _SHAPES[row.kind]
    except (TypeError, KeyError):
        return "a value of another type, or a kind that is none"
    if len(row.address) != octets or row.plen not in lengths:
        return f"{len(row.address)} octets and prefix length {row.plen} are no address of kind {row.kind}"
    return None if 1 <= row.state <= 4 else f"{row.state} is no state"
