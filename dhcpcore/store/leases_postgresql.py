"""The PostgreSQL half of the lease store: one statement a commit, which writes leases and history of the rows it won.

The statement takes columns as arrays (``unnest``) in the order of the key, and locks the rows that are there before it
inserts new ones, so that two engines never wait for each other crosswise; it is its own transaction: one round trip,
one sync.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, SmallInteger, Text
from sqlalchemy.exc import SQLAlchemyError

from dhcpcore.errors import Deadlocked, OutcomeUnknown, StoreError, StoreUnavailable
from dhcpcore.lease.facts import Outcome
from dhcpcore.lease.model import Change, Lease, LeaseKey
from dhcpcore.store.database import Database
from dhcpcore.store.lease_rows import Renewals, grouped, leases, renewals, shown
from dhcpcore.store.others import ROWS, Heard, Others
from dhcpcore.store.postgresql_arrays import PACK, Array, register
from dhcpcore.store.schema import history, lease
from dhcpcore.store.traces import BLOCK_COLUMNS, Aside, Block

if TYPE_CHECKING:
    from dhcpcore.engine import Traced

#: Milliseconds that a statement of the packet path may take: after 4 s its answers are too old anyway.
_STATEMENT_MS = 3000
#: The planner guesses from a table's statistics, and a young table has none: a plan made then, and kept, reads all
#: of the table later.  So nothing here leaves it a choice: rows are found by look-ups in the primary key, then by ctid.
#: The update itself names the version once more: where it waited for another's lock, only its own conditions are looked
#: at again, and a ctid alone is not (before PostgreSQL 15.15, 16.11 and 17.7): the other's write would be lost.
_SESSION = (
    f"SET statement_timeout = {_STATEMENT_MS}",
    "SET enable_seqscan = off",
    "SET enable_bitmapscan = off",
    "SET plan_cache_mode = force_generic_plan",
    "SET jit = off",
)
#: What the server says of one row: a value, a constraint, an index entry too long, a trigger of the site's own.
_REFUSALS = (
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.errors.ProgramLimitExceeded,
    psycopg.errors.RaiseException,
)
#: The server ended the transaction for another one's sake; a distributed one says so in the second way.
_SACRIFICED = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
_TYPES = {SmallInteger: "int2", Integer: "int4", BigInteger: "int8", LargeBinary: "bytea", Text: "text"}


def _type(column: Column[Any]) -> str:
    return _TYPES[type(column.type)]


_COLUMNS = [column.name for column in lease.c]
_LIST = ", ".join(_COLUMNS)
_ON_KEY = " AND ".join(f"{{0}}.{name} = {{1}}.{name}" for name in ("space", "kind", "address", "plen"))
_BY_CLIENT = f"SELECT {_LIST} FROM lease WHERE client = ANY(%b)"
_BY_KEY = f"SELECT {_LIST} FROM lease WHERE space = %s AND kind = %s AND plen = %s AND address = ANY(%b)"
_PAGE = (
    "SELECT address, state, expires FROM lease "
    "WHERE space = %s AND kind = %s AND plen = %s AND address BETWEEN %s AND %s"
)
_AFTER = (
    f"SELECT {_LIST} FROM lease WHERE (space, kind, address, plen) > (%s, %s, %s, %s) "
    "ORDER BY space, kind, address, plen LIMIT %s"
)
_EXTRA = (("before", "int8"), ("opens", "bool"), ("closes", "int8"), ("closed_at", "int8"), ("reason", "int2"))
_ELEMENTS = (*map(_type, lease.c), *(kind for _, kind in _EXTRA))
_PACKERS = tuple(PACK[element] for element in _ELEMENTS)
_OCTETS, _INT8 = PACK["bytea"], PACK["int8"]
_ARRAYS = ", ".join(f"%b::{element}[]" for element in _ELEMENTS)
_NAMES = ", ".join([*_COLUMNS, *(name for name, _ in _EXTRA)])
_SET = ", ".join(f"{name} = c.{name}" for name in _COLUMNS[4:])
_HISTORY = ", ".join(column.name for column in list(history.c)[:12])
#: ``won`` reads the updates first: those that count lock the rows that are there, too, before they insert any.
_COMMIT = f"""
WITH c AS MATERIALIZED (SELECT * FROM unnest({_ARRAYS}) AS t({_NAMES})),
i AS (INSERT INTO lease ({_LIST}) SELECT {_LIST} FROM c WHERE before = 0
      ON CONFLICT DO NOTHING RETURNING space, kind, address, plen),
t AS MATERIALIZED (SELECT c.*, (SELECT l.ctid FROM lease AS l WHERE {_ON_KEY.format("l", "c")} AND l.version = c.before)
      AS place FROM c WHERE c.before > 0),
u AS (UPDATE lease AS l SET {_SET} FROM t AS c WHERE l.ctid = c.place AND l.version = c.before
      RETURNING l.space, l.kind, l.address, l.plen),
won AS MATERIALIZED (SELECT * FROM u UNION ALL SELECT * FROM i),
h AS (INSERT INTO history ({_HISTORY})
      SELECT c.space, c.kind, c.address, c.plen, c.opened, c.client, c.hw, c.subnet, c.hostname, c.relay, c.agent,
        c.cltt
      FROM c JOIN won ON {_ON_KEY.format("c", "won")} WHERE c.opens ON CONFLICT DO NOTHING),
f AS MATERIALIZED (SELECT c.closed_at, c.reason, (SELECT y.ctid FROM history AS y WHERE {_ON_KEY.format("y", "c")}
      AND y.version = c.closes AND y.closed_at IS NULL) AS place
      FROM c JOIN won ON {_ON_KEY.format("c", "won")} WHERE c.closes > 0),
e AS (UPDATE history AS y SET closed_at = f.closed_at, reason = f.reason FROM f WHERE y.ctid = f.place)
SELECT space, kind, address, plen FROM won"""
#: Renewals alone, of one space, kind and length at one time, which is what most batches are: few and narrow arrays.
_RENEW = """
WITH t AS MATERIALIZED (
  SELECT c.expires, c.before, (SELECT l.ctid FROM lease AS l WHERE l.space = %s AND l.kind = %s
    AND l.address = c.address AND l.plen = %s AND l.version = c.before) AS place
  FROM unnest(%b::bytea[], %b::int8[], %b::int8[]) AS c(address, before, expires))
UPDATE lease AS l SET expires = t.expires, cltt = %s, version = l.version + 1
FROM t WHERE l.ctid = t.place AND l.version = t.before RETURNING l.address"""
#: A transaction of its own that waits for no disk.
_TRACE = (
    f"INSERT INTO trace ({', '.join(BLOCK_COLUMNS)}) SELECT %s, %s, %s, %s, %s "
    "FROM (SELECT set_config('synchronous_commit', 'off', true)) AS here"
)
#: With a block of traces, which then needs no sync of its own.
_TRACED = f"x AS (INSERT INTO trace ({', '.join(BLOCK_COLUMNS)}) VALUES (%s, %s, %s, %s, %s)), "
#: With the names of the rows for engines that listen.  What nobody reads of is not run, so the end reads of it.
_NAMED = f"n AS MATERIALIZED (SELECT count(pg_notify('{ROWS}', p)) AS named FROM unnest(%s::text[]) AS p), "
_NAMING = {_COMMIT: _COMMIT + ", n", _RENEW: _RENEW.replace("FROM t WHERE", "FROM t, n WHERE")}
#: The statement of a commit: of renewals or not, with a block of traces or not, named or not.
_STATEMENTS = {
    (renews, traced, named): "WITH "
    + traced * _TRACED
    + named * _NAMED
    + (_NAMING[statement] if named else statement).strip().removeprefix("WITH ")
    for renews, statement in ((False, _COMMIT), (True, _RENEW))
    for traced in (False, True)
    for named in (False, True)
}
_NO_CLOSING = (0, 0, 0)
_QUARANTINE = 'INSERT INTO quarantine (at, place, fault, "row") VALUES (%s, %s, %s, %s)'


class PostgresqlRows:
    """Rows of the lease table over one connection that the engine keeps; each statement is a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pooled: Any = None
        self._cursor: psycopg.Cursor[Any] | None = None
        self._aside = Aside()
        self._others = Others()

    def by_client(self, clients: Sequence[bytes]) -> list[Lease]:
        """Rows of these clients."""
        with self._told() as cursor:
            return leases(cursor.execute(_BY_CLIENT, (_OCTETS(clients),), prepare=True))

    def by_key(self, keys: Sequence[LeaseKey]) -> list[Lease]:
        """Rows of these addresses."""
        with self._told() as cursor:
            rows: list[Lease] = []
            for group, addresses in grouped(keys).items():
                rows += leases(cursor.execute(_BY_KEY, (*group, _OCTETS(addresses)), prepare=True))
            return rows

    def page(self, space: int, kind: int, plen: int, first: bytes, last: bytes) -> list[tuple[bytes, int, int]]:
        """Address, state and end of every row of a range."""
        with self._told() as cursor:
            return cursor.execute(_PAGE, (space, kind, plen, first, last), prepare=True).fetchall()

    def after(self, key: LeaseKey, limit: int) -> list[Lease]:
        """Rows in key order, from the first after ``key``."""
        with self._told() as cursor:
            return leases(cursor.execute(_AFTER, (*key, limit), prepare=True))

    def commit(self, changes: Sequence[Change], now: float) -> Outcome:
        """One statement; where the server refuses a row in it, halves, so that only that row is set aside."""
        lost: set[LeaseKey] = set()
        refused: list[tuple[Change, str]] = []
        # Taken out first: if it is this that the server refuses, it must not come up again.
        trace = self._aside.blocks.popleft() if self._aside.blocks else ()
        with self._told(committing=True) as cursor:
            self._commit(cursor, changes, lost, refused, trace)
            for change, fault in refused:
                cursor.execute(_QUARANTINE, (int(now), "lease", fault, json.dumps(shown(change.after))))
        if not lost and not refused:
            return _ALL_WON
        return Outcome(frozenset(lost), tuple(refused))

    def _commit(
        self,
        cursor: psycopg.Cursor[Any],
        changes: Sequence[Change],
        lost: set[LeaseKey],
        refused: list[tuple[Change, str]],
        trace: Block | tuple[()] = (),
    ) -> None:
        try:
            renewed = renewals(changes)
            names = self._others.named(changes) if self._others.listened else None
            statement = _STATEMENTS[renewed is not None, bool(trace), bool(names)]
            first = (*trace, names) if names else trace
            second = _arrays(changes) if renewed is None else _packed(renewed)
            cursor.execute(statement, (*first, *second), prepare=True)
            won = cursor.fetchall()
        except _REFUSALS as error:
            if trace:
                self._commit(cursor, changes, lost, refused)
                return
            if len(changes) == 1:
                refused.append((changes[0], str(error).strip()))
                return
            middle = len(changes) // 2
            self._commit(cursor, changes[:middle], lost, refused)
            self._commit(cursor, changes[middle:], lost, refused)
            return
        if len(won) < len(changes):
            kept = set(won) if renewed is None else {(*renewed[:2], row[0], renewed.plen) for row in won}
            lost.update(change.after.key for change in changes if change.after.key not in kept)

    def trace(self, engine_id: int, entries: Sequence[Traced]) -> int:
        """Put aside for the next commit."""
        return self._aside.put(engine_id, entries)

    def flush(self, *, at_once: bool = False) -> None:
        """A commit of traces alone, where none of leases came for a second."""
        if self._aside.due(at_once=at_once):
            with self._told() as cursor:
                while self._aside.blocks:
                    cursor.execute(_TRACE, self._aside.blocks.popleft(), prepare=True)

    def checkpoint(self) -> None:
        """The server makes its own."""

    def quarantine(self, row: Lease, place: str, fault: str, now: int) -> None:
        """Show a row that makes no sense."""
        with self._told() as cursor:
            cursor.execute(_QUARANTINE, (now, place, fault, json.dumps(shown(row))))

    def counts(self) -> list[Any]:
        """Kind, id and value of every counter; there are few."""
        with self._told() as cursor:
            return cursor.execute("SELECT kind, scope, held FROM lease_count", prepare=True).fetchall()

    def ask(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """The rows of a statement; ``?`` marks its parameters."""
        with self._told() as cursor:
            return cursor.execute(sql.replace("?", "%s"), parameters, prepare=True).fetchall()

    def listen(self, heard: Heard | None) -> None:
        """Hand over the keys of rows that other engines change, with each ``hear``, or do so no more."""
        self._others.heard = heard
        if heard is None and self._cursor is not None:
            with suppress(StoreError), self._told() as cursor:  # Where the connection is lost, it is over anyway.
                self._others.leave(cursor.connection)

    def hear(self) -> bool:
        """Hand over what came; whether rows may have been missed until now."""
        with self._told() as cursor:
            return self._others.hear(cursor.connection)

    @contextmanager
    def counting(self) -> Iterator[PostgresqlCounting]:
        """A transaction in which counters are locked before leases are written."""
        with self._told(committing=True) as cursor, cursor.connection.transaction():
            yield PostgresqlCounting(cursor, self._commit)

    def close(self) -> None:
        """Give the connection back."""
        self._drop()

    @contextmanager
    def _told(self, *, committing: bool = False) -> Iterator[psycopg.Cursor[Any]]:
        """The cursor, and its errors in words.

        Where the connection broke while a commit was under way, nobody knows whether it was stored.  A server that
        answers with an error (time limit, deadlock, no space, shutting down) has stored nothing.
        """
        cursor = self._cursor
        if cursor is None or cursor.connection.broken:
            cursor = self._connect()
        try:
            yield cursor
        except psycopg.Error as error:
            broken = cursor.connection.broken
            words = str(error).strip()
            self._drop()
            if broken:
                self._database.renew()
            if broken and committing:
                raise OutcomeUnknown(f"The connection to PostgreSQL was lost during COMMIT: {words}") from error
            refusal = Deadlocked if isinstance(error, _SACRIFICED) else StoreUnavailable
            raise refusal(f"PostgreSQL: {words}; nothing was stored.") from error
        except BaseException:
            self._drop()
            raise

    def _connect(self) -> psycopg.Cursor[Any]:
        self._drop()
        try:
            self._pooled = self._database.writer_engine.raw_connection()
            connection: psycopg.Connection[Any] = self._pooled.driver_connection
            connection.autocommit = True
            register(connection)
            for statement in _SESSION:
                connection.execute(statement)
            self._others.join(connection)
        except (psycopg.Error, SQLAlchemyError) as error:
            self._drop()
            raise StoreUnavailable(f"PostgreSQL cannot be reached: {str(error).strip()}") from error
        self._cursor = connection.cursor(binary=True)
        return self._cursor

    def _drop(self) -> None:
        pooled, self._pooled, self._cursor = self._pooled, None, None
        if pooled is not None:
            pooled.invalidate()


class PostgresqlCounting:
    """A transaction that counts, as ``limits`` wants it."""

    def __init__(self, cursor: psycopg.Cursor[Any], commit: Callable[..., None]) -> None:
        self._cursor = cursor
        self._commit = commit

    def ask(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """The rows of a statement."""
        found = self._cursor.execute(sql.replace("?", "%s"), parameters)
        return found.fetchall() if found.description else []

    def lock(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """The rows of a statement, which nobody else changes before the end."""
        return self.ask(f"{sql} FOR UPDATE", parameters)

    def write(self, change: Change) -> str | None:
        """Store one change."""
        lost: set[LeaseKey] = set()
        refused: list[tuple[Change, str]] = []
        try:
            with self._cursor.connection.transaction():
                self._commit(self._cursor, (change,), lost, refused)
                if refused:
                    raise psycopg.Rollback
        except psycopg.errors.InFailedSqlTransaction:
            pass
        return refused[0][1] if refused else None if lost else ""


def _packed(renewed: Renewals) -> tuple[Any, ...]:
    """The parameters of ``_RENEW``."""
    space, kind, plen, addresses, befores, ends, cltt = renewed
    return space, kind, plen, _OCTETS(addresses), _INT8(befores), _INT8(ends), cltt


def _arrays(changes: Sequence[Change]) -> list[Array]:
    """One array a column of the statement."""
    before = [change.before.version if change.before is not None else 0 for change in changes]
    opens = [change.opens for change in changes]
    closings = [change.closing or _NO_CLOSING for change in changes]
    columns = (*zip(*(change.after for change in changes), strict=True), before, opens, *zip(*closings, strict=True))
    return [pack(column) for pack, column in zip(_PACKERS, columns, strict=True)]


_ALL_WON = Outcome()
