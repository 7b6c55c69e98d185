"""The SQLite half of the lease store: ``executemany`` in one transaction, row by row where that came out short."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, literal_column, select, tuple_, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert as upsert

from dhcpcore.errors import StoreUnavailable
from dhcpcore.lease.facts import Outcome
from dhcpcore.lease.model import NEVER, Change, Lease, LeaseKey
from dhcpcore.store.checkpoint import PASSIVE, Checkpointer
from dhcpcore.store.database import Database
from dhcpcore.store.lease_rows import grouped, leases, parted, shown, sound_leases
from dhcpcore.store.schema import history, lease, quarantine, trace
from dhcpcore.store.traces import BLOCK_COLUMNS, Aside

if TYPE_CHECKING:
    from dhcpcore.engine import Traced

_DIALECT = sqlite.dialect(paramstyle="qmark")
#: Changes after which the write-ahead log, by then some 8,000 pages, is copied into the file.  A page that many
#: batches changed is copied once: at SQLite's own 1,000 pages a busy server would do little else.
_CHECKPOINT_CHANGES = 3000
#: Look-ups of one statement; more go in several.  SQLite's own limit is 32,766 variables.
_KEYS_MAX = 512
#: Seconds that a transaction of the packet path may take: after 4 s its answers are too old anyway.
_DEADLINE_S = 4.0


def _sql(statement: Any) -> str:
    return str(statement.compile(dialect=_DIALECT))


def _marks(count: int) -> list[Any]:
    return [bindparam(f"k{n}") for n in range(count)]


def _by_client(count: int) -> str:
    return _sql(select(lease).where(lease.c.client.in_(_marks(count))))


def _by_key(count: int) -> str:
    return _sql(
        select(lease).where(
            lease.c.space == bindparam("space"),
            lease.c.kind == bindparam("kind"),
            lease.c.plen == bindparam("plen"),
            lease.c.address.in_(_marks(count)),
        )
    )


_KEY = (
    lease.c.space == bindparam("b_space"),
    lease.c.kind == bindparam("b_kind"),
    lease.c.address == bindparam("b_address"),
    lease.c.plen == bindparam("b_plen"),
    lease.c.version == bindparam("b_version"),
)
_PAGE = _sql(
    select(
        lease.c.address,
        lease.c.state,
        literal_column(f"CASE typeof(expires) WHEN 'integer' THEN expires ELSE {NEVER} END"),
    ).where(
        lease.c.space == bindparam("space"),
        lease.c.kind == bindparam("kind"),
        lease.c.plen == bindparam("plen"),
        lease.c.address.between(bindparam("first"), bindparam("last")),
    )
)
_PK = (lease.c.space, lease.c.kind, lease.c.address, lease.c.plen)
_AFTER = _sql(
    select(lease)
    .where(tuple_(*_PK) > tuple_(*(bindparam(f"after{n}") for n in range(4))))
    .order_by(*_PK)
    .limit(bindparam("rows"))
)
_INSERT = _sql(upsert(lease).on_conflict_do_nothing())
_RENEW = _sql(update(lease).where(*_KEY).values({name: bindparam(name) for name in ("expires", "cltt", "version")}))
_UPDATE = _sql(
    update(lease).where(*_KEY).values({column.name: bindparam(column.name) for column in list(lease.c)[4:]})
)
_OPEN = _sql(
    upsert(history)
    .values({column.name: bindparam(column.name) for column in list(history.c)[:12]})
    .on_conflict_do_nothing()
)
_CLOSE = _sql(
    update(history)
    .where(
        history.c.space == bindparam("b_space"),
        history.c.kind == bindparam("b_kind"),
        history.c.address == bindparam("b_address"),
        history.c.plen == bindparam("b_plen"),
        history.c.version == bindparam("b_version"),
        history.c.closed_at.is_(None),
    )
    .values(closed_at=bindparam("closed_at"), reason=bindparam("reason"))
)
_QUARANTINE = _sql(
    insert(quarantine).values({name: bindparam(name) for name in ("at", "place", "fault", "row")})
)

_TRACE = _sql(insert(trace).values({name: bindparam(name) for name in BLOCK_COLUMNS}))


class SqliteRows:
    """Rows of the lease table over one connection that the engine keeps."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pooled: Any = None
        self._cursor: sqlite3.Cursor | None = None
        self._clients: dict[int, str] = {}
        self._keys: dict[int, str] = {}
        self._aside = Aside()
        assert database.path is not None
        self._checkpointer = Checkpointer(database.path)
        self._changes = 0

    def by_client(self, clients: Sequence[bytes]) -> list[Lease]:
        """Rows of these clients."""
        with self._told() as cursor:
            rows: list[Lease] = []
            for part, count in _parts(clients):
                sql = self._clients.get(count) or self._clients.setdefault(count, _by_client(count))
                rows += sound_leases(cursor.execute(sql, part))
            return rows

    def by_key(self, keys: Sequence[LeaseKey]) -> list[Lease]:
        """Rows of these addresses."""
        with self._told() as cursor:
            rows: list[Lease] = []
            for group, addresses in grouped(keys).items():
                for part, count in _parts(addresses):
                    sql = self._keys.get(count) or self._keys.setdefault(count, _by_key(count))
                    rows += sound_leases(cursor.execute(sql, (*group, *part)))
            return rows

    def page(self, space: int, kind: int, plen: int, first: bytes, last: bytes) -> list[tuple[bytes, int, int]]:
        """Address, state and end of every row of a range."""
        with self._told() as cursor:
            return cursor.execute(_PAGE, (space, kind, plen, first, last)).fetchall()

    def after(self, key: LeaseKey, limit: int) -> list[Lease]:
        """Rows in key order, from the first after ``key``; as they are, whatever they hold."""
        with self._told() as cursor:
            return leases(cursor.execute(_AFTER, (*key, limit, 0)))

    def commit(self, changes: Sequence[Change], now: float) -> Outcome:
        """All rows in one transaction; where some were lost, again row by row, so that the others are kept."""
        self._changes += len(changes)
        with self._told() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                if self._together(cursor, changes):
                    if self._aside.blocks:
                        self._write_traces(cursor)
                    cursor.execute("COMMIT")
                    return _ALL_WON
            except (sqlite3.IntegrityError, sqlite3.DataError, OverflowError):
                self._aside.blocks.clear()  # If it was one of them that was refused, it must not come up again.
            cursor.execute("ROLLBACK")
            cursor.execute("BEGIN IMMEDIATE")
            outcome = self._apart(cursor, changes, int(now))
            cursor.execute("COMMIT")
            return outcome

    def trace(self, engine_id: int, entries: Sequence[Traced]) -> int:
        """Put aside for the next commit."""
        return self._aside.put(engine_id, entries)

    def flush(self, *, at_once: bool = False) -> None:
        """A commit of traces alone, where none of leases came for a second."""
        if self._aside.due(at_once=at_once):
            with self._told() as cursor:
                cursor.execute("BEGIN IMMEDIATE")
                self._write_traces(cursor)
                cursor.execute("COMMIT")

    def checkpoint(self) -> None:
        """Once in so many changes: the write-ahead log into the file, the bulk beside the packets and the rest here."""
        if self._checkpointer.finished():
            with self._told() as cursor:
                cursor.execute(PASSIVE)
        elif self._changes >= _CHECKPOINT_CHANGES:
            self._changes = 0
            self._checkpointer.begin()

    def _write_traces(self, cursor: sqlite3.Cursor) -> None:
        cursor.executemany(_TRACE, self._aside.blocks)
        self._aside.blocks.clear()

    def quarantine(self, row: Lease, place: str, fault: str, now: int) -> None:
        """Show a row that makes no sense."""
        with self._told() as cursor:
            cursor.execute(_QUARANTINE, (now, place, fault, json.dumps(shown(row))))

    def counts(self) -> list[Any]:
        """Kind, id and value of every counter; there are few."""
        with self._told() as cursor:
            return cursor.execute("SELECT kind, scope, held FROM lease_count").fetchall()

    def ask(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """The rows of a statement; ``?`` marks its parameters."""
        with self._told() as cursor:
            return cursor.execute(sql, parameters).fetchall()

    @contextmanager
    def counting(self) -> Iterator[SqliteCounting]:
        """A transaction that holds the write lock from its beginning."""
        with self._told() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            yield SqliteCounting(cursor, self._together)
            cursor.execute("COMMIT")

    def listen(self, heard: object) -> None:
        """Nobody else changes rows: one engine has the file."""

    def hear(self) -> bool:
        """There is nothing to hear."""
        return False

    def close(self) -> None:
        """Give the connection back."""
        self._checkpointer.wait()
        pooled, self._pooled, self._cursor = self._pooled, None, None
        if pooled is not None:
            pooled.close()

    def _together(self, cursor: sqlite3.Cursor, changes: Sequence[Change]) -> bool:
        inserts, renewals, updates, closes, opens = parted(changes)
        # A history row is closed before the next one opens: both may be of one address.
        for sql, rows in ((_INSERT, inserts), (_RENEW, renewals), (_UPDATE, updates)):
            if rows and cursor.executemany(sql, rows).rowcount != len(rows):
                return False
        if closes:
            cursor.executemany(_CLOSE, closes)
        if opens:
            cursor.executemany(_OPEN, opens)
        return True

    def _apart(self, cursor: sqlite3.Cursor, changes: Sequence[Change], now: int) -> Outcome:
        lost: list[LeaseKey] = []
        refused: list[tuple[Change, str]] = []
        for change in changes:
            cursor.execute("SAVEPOINT change")
            try:
                if not self._together(cursor, (change,)):
                    lost.append(change.after.key)
            except (sqlite3.IntegrityError, sqlite3.DataError, OverflowError) as error:
                cursor.execute("ROLLBACK TO change")
                refused.append((change, str(error)))
                cursor.execute(_QUARANTINE, (now, "lease", str(error), json.dumps(shown(change.after))))
            cursor.execute("RELEASE change")
        return Outcome(frozenset(lost), tuple(refused))

    @contextmanager
    def _told(self) -> Iterator[sqlite3.Cursor]:
        """The cursor, with a time limit, and its errors in words.  After any error nothing is left half-done."""
        cursor = self._cursor
        if cursor is None:
            cursor = self._connect()
        deadline = self._pooled.info["deadline"]
        deadline.at = time.monotonic() + _DEADLINE_S
        try:
            yield cursor
        except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
            self._drop()
            raise StoreUnavailable(f"{self._database.path}: {error}; nothing was stored.") from error
        except BaseException:
            self._drop()
            raise
        finally:
            deadline.at = float("inf")

    def _connect(self) -> sqlite3.Cursor:
        try:
            self._pooled = self._database.writer_engine.raw_connection()
        except Exception as error:
            raise StoreUnavailable(f"{self._database.path} cannot be opened: {error}") from error
        driver: sqlite3.Connection = self._pooled.driver_connection
        # The pool may hand out a connection that a writer without durability left at NORMAL.
        driver.execute("PRAGMA synchronous=FULL").close()
        self._pooled.info["synchronous"] = "FULL"
        driver.execute("PRAGMA cache_size=-65536").close()
        driver.text_factory = _text
        self._cursor = driver.cursor()
        return self._cursor

    def _drop(self) -> None:
        """Roll back and begin anew with another connection: an error may have left any state.

        The cursor is closed first: while it lives (the traceback of the error holds it), SQLite would keep the
        connection, its transaction and the write lock.
        """
        cursor, self._cursor = self._cursor, None
        pooled, self._pooled = self._pooled, None
        if cursor is not None:
            with suppress(sqlite3.Error):
                cursor.close()
        if pooled is not None:
            pooled.invalidate()


class SqliteCounting:
    """A transaction that counts, as ``limits`` wants it."""

    def __init__(
        self, cursor: sqlite3.Cursor, together: Callable[[sqlite3.Cursor, Sequence[Change]], bool]
    ) -> None:
        self._cursor = cursor
        self._together = together

    def ask(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """The rows of a statement."""
        return self._cursor.execute(sql, parameters).fetchall()

    lock = ask  # The whole file is locked.

    def write(self, change: Change) -> str | None:
        """Store one change."""
        self._cursor.execute("SAVEPOINT change")
        try:
            stored, fault = self._together(self._cursor, (change,)), ""
        except (sqlite3.IntegrityError, sqlite3.DataError, OverflowError) as error:
            self._cursor.execute("ROLLBACK TO change")
            stored, fault = True, str(error)
        self._cursor.execute("RELEASE change")
        return fault if stored else None


def _parts(keys: Sequence[bytes]) -> Iterator[tuple[list[bytes], int]]:
    """The keys in parts of a power of two, the last one filled up by repetition: few statements to prepare."""
    for start in range(0, len(keys), _KEYS_MAX):
        part = list(keys[start : start + _KEYS_MAX])
        count = 1 << (len(part) - 1).bit_length()
        part += part[:1] * (count - len(part))
        yield part, count


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


_ALL_WON = Outcome()
