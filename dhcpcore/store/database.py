"""One database, whichever of the two it is: connections set up right, units of work, and errors as words.

Two engines a database.  The writer's transactions begin with ``BEGIN IMMEDIATE`` on SQLite: with the driver's own
handling a ``SELECT`` runs outside any transaction, and concurrent read-modify-write loses updates without an error.
The reader's begin plainly, see one state from first statement to last (on PostgreSQL: REPEATABLE READ, read only) and
never hold a lock that a writer waits for.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dhcpcore.errors import OutcomeUnknown, SettingsError, StoreError, StoreUnavailable

SQLITE = "sqlite"
POSTGRESQL = "postgresql"

#: Steps of SQLite's machine between two looks at the clock: about a millisecond.
_SQLITE_STEPS = 50_000
#: The write-ahead log is cut back to this after a checkpoint; a long reader may let it grow beyond.
_JOURNAL_BYTES_MAX = 64 * 1024 * 1024
#: As many pages: whoever commits beyond them makes the checkpoint.  The engine makes its own long before.
_JOURNAL_PAGES_MAX = _JOURNAL_BYTES_MAX // 4096


# The driver looks for a way to adapt each octet string that it is given, and finding none costs as much as a row's
# look-up in an index.  This one hands it back as it is.
sqlite3.register_adapter(bytes, bytes.__bytes__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long anything may take.  ``statement_s`` is a statement's on PostgreSQL and a transaction's on SQLite."""

    connect_s: int = 3
    statement_s: float = 5.0
    lock_s: float = 5.0


@dataclass(slots=True)
class _Deadline:
    """When the running SQLite transaction must end, on the monotonic clock."""

    at: float = float("inf")

    def passed(self) -> int:
        return time.monotonic() > self.at


class Database:
    """A database by its address: ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/NAME``."""

    def __init__(self, url: str, limits: Limits | None = None) -> None:
        try:
            self.url = make_url(url)
        except ArgumentError as error:
            raise SettingsError(
                "database_url: this is no address of a database; write sqlite:///FILE or postgresql://USER@HOST/NAME"
            ) from error
        self.limits = limits or Limits()
        self.dialect = self.url.get_backend_name()
        if self.dialect == SQLITE:
            if self.path is None:
                raise SettingsError("database_url: an SQLite database in memory would forget every lease; name a file")
            self.writer_engine = self._sqlite("BEGIN IMMEDIATE")
            self.reader_engine = self._sqlite("BEGIN")
        elif self.dialect == POSTGRESQL:
            self.writer_engine = self._postgresql(reader=False)
            self.reader_engine = self._postgresql(reader=True)
        else:
            raise SettingsError(f"database_url: {self.dialect} is not supported; use sqlite or postgresql")

    @property
    def path(self) -> Path | None:
        """The database's file; None on PostgreSQL."""
        name = self.url.database
        in_file = self.dialect == SQLITE and name and name != ":memory:" and "mode=memory" not in name
        return Path(name) if in_file and name else None

    @property
    def missing(self) -> bool:
        """Whether the database is a file that does not exist yet; where nobody may tell us, that is trouble."""
        try:
            return self.path is not None and not self.path.exists()
        except OSError as error:
            raise StoreUnavailable(
                f"{self.path}: the database file cannot be reached: run this as root or as the account that owns it "
                f"(the system says: {error.strerror})."
            ) from None

    @contextmanager
    def reader(self, *, seconds: float | None = None) -> Iterator[Connection]:
        """A read-only transaction that sees one state of the database; ``seconds`` replaces the statement limit."""
        with _told_of_trouble(self), self.reader_engine.connect() as connection, connection.begin():
            self._limit(connection, seconds)
            yield connection

    @contextmanager
    def writer(self, *, durable: bool = True, seconds: float | None = None) -> Iterator[Connection]:
        """A transaction that commits at the end of the block and rolls back when the block raises.

        ``durable=False`` does not wait for the disk: for work that only counts once a later, durable transaction has
        published it (what is committed later is never kept without what was committed before).
        """
        with _told_of_trouble(self), self.writer_engine.connect() as connection:
            if self.dialect == SQLITE:
                _synchronous(connection, "FULL" if durable else "NORMAL")
            transaction = connection.begin()
            try:
                self._limit(connection, seconds)
                if not durable and self.dialect == POSTGRESQL:
                    connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
                yield connection
            except BaseException:
                transaction.rollback()
                raise
            try:
                transaction.commit()
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise OutcomeUnknown(
                        "The connection to the database was lost during COMMIT: whether the change is stored, only "
                        "reading it again can tell."
                    ) from error
                raise

    @contextmanager
    def statement(self) -> Iterator[Any]:
        """A cursor of the driver's for reading, outside any transaction: each statement sees one state by itself.

        For the packet path: no BEGIN, no ROLLBACK, no round trip but the statement's own.
        """
        try:
            with _told_of_trouble(self):
                pooled = self.reader_engine.raw_connection()
        except (sqlite3.Error, psycopg.Error) as error:  # Here SQLAlchemy lets the driver's own through.
            raise StoreUnavailable(f"{shown(self)} does not answer: {str(error).strip()}.") from error
        driver: Any = pooled.driver_connection
        try:
            if self.dialect == SQLITE:
                pooled.info["deadline"].at = time.monotonic() + self.limits.statement_s
            else:
                driver.autocommit = True
            cursor = driver.cursor()
            try:
                yield cursor
            finally:
                cursor.close()
            if self.dialect != SQLITE:
                driver.autocommit = False
        except (sqlite3.Error, psycopg.Error) as error:
            pooled.invalidate()
            if self.dialect != SQLITE and driver.broken:
                self.renew()
            raise StoreUnavailable(f"{shown(self)} does not answer or refuses: {str(error).strip()}.") from error
        except BaseException:
            pooled.invalidate()
            raise
        finally:
            pooled.close()

    def renew(self) -> None:
        """A connection was cut: the server has probably started anew and cut all of them.  New ones are made."""
        self.writer_engine.dispose()
        self.reader_engine.dispose()

    def now(self) -> float:
        """Database time in seconds since 1970.  SQLite's clock is this machine's."""
        if self.dialect == SQLITE:
            return time.time()
        with self.reader() as connection:
            return float(connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())

    def dispose(self) -> None:
        """Close every connection."""
        self.writer_engine.dispose()
        self.reader_engine.dispose()

    def _limit(self, connection: Connection, seconds: float | None) -> None:
        if seconds is None:
            return
        if self.dialect == SQLITE:
            connection.info["deadline"].at = time.monotonic() + seconds
        else:
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")

    def _sqlite(self, begin: str) -> Engine:
        engine = create_engine(self.url, connect_args={"timeout": self.limits.lock_s, "check_same_thread": False})
        limit_s = self.limits.statement_s

        @event.listens_for(engine, "connect")
        def _connected(connection: sqlite3.Connection, record: Any) -> None:
            connection.isolation_level = None  # We say BEGIN ourselves.
            deadline = record.info["deadline"] = _Deadline()
            _write_ahead(connection, self.limits.lock_s)
            for pragma in (
                "synchronous=FULL",  # NORMAL may lose the last commits at power loss: leases already acknowledged.
                "foreign_keys=ON",
                "temp_store=MEMORY",
                f"journal_size_limit={_JOURNAL_BYTES_MAX}",
                f"wal_autocheckpoint={_JOURNAL_PAGES_MAX}",
            ):
                connection.execute(f"PRAGMA {pragma}").close()
            record.info["synchronous"] = "FULL"
            connection.set_progress_handler(deadline.passed, _SQLITE_STEPS)

        @event.listens_for(engine, "begin")
        def _begun(connection: Connection) -> None:
            connection.info["deadline"].at = time.monotonic() + limit_s + self.limits.lock_s
            connection.exec_driver_sql(begin)

        return engine

    def _postgresql(self, *, reader: bool) -> Engine:
        limits = self.limits
        url = self.url.set(drivername="postgresql+psycopg")
        engine = create_engine(
            url,
            isolation_level="REPEATABLE READ" if reader else "READ COMMITTED",
            pool_timeout=limits.connect_s,
            connect_args={
                "connect_timeout": limits.connect_s,
                # A server that vanished without a word is given up after as long as a statement may take.
                "tcp_user_timeout": int(limits.statement_s * 1000),
                "keepalives_idle": 10,
                "keepalives_interval": 2,
                "keepalives_count": 3,
                "application_name": "lessor",
            },
        )
        settings = {
            "statement_timeout": int(limits.statement_s * 1000),
            "lock_timeout": int(limits.lock_s * 1000),
            "idle_in_transaction_session_timeout": 60_000,
            "TimeZone": "'UTC'",
            "default_transaction_read_only": "on" if reader else "off",
        }
        statement = "; ".join(f"SET {name} = {value}" for name, value in settings.items())

        @event.listens_for(engine, "connect")
        def _connected(connection: psycopg.Connection, _record: Any) -> None:
            try:
                autocommit, connection.autocommit = connection.autocommit, True
                connection.execute(statement.encode())
                connection.autocommit = autocommit
            except psycopg.Error:
                connection.close()  # The pool has not taken it yet.
                raise

        return engine


def _write_ahead(connection: sqlite3.Connection, patience_s: float) -> None:
    """Readers that never wait for the writer, nor it for them.  The file keeps the mode; only the first one sets it.

    SQLite does not wait for the lock when it changes the mode, so this does.
    """
    until = time.monotonic() + patience_s
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            if connection.execute("PRAGMA journal_mode=WAL").fetchone() != ("wal",):
                raise StoreUnavailable(
                    "SQLite cannot keep a write-ahead log here: is the file on a network file system?"
                )
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _synchronous(connection: Connection, level: str) -> None:
    """How far a COMMIT of this connection waits for the disk; a pragma has no effect inside a transaction."""
    if connection.info["synchronous"] != level:
        cursor = connection.connection.cursor()
        cursor.execute(f"PRAGMA synchronous={level}")
        cursor.close()
        connection.info["synchronous"] = level


#: What SQLite says, and what it means to whoever reads the log.
_SQLITE_TROUBLE: tuple[tuple[str, type[StoreError], str], ...] = (
    ("database is locked", StoreUnavailable, "another process holds the write lock of the database"),
    ("interrupted", StoreUnavailable, "the statement took longer than its time limit"),
    ("disk is full", StoreUnavailable, "the disk is full: free some space; nothing was stored"),
    ("disk i/o error", StoreUnavailable, "the disk refused to read or write"),
    ("unable to open", StoreUnavailable, "the database file cannot be opened: see its path and its owner"),
    ("readonly database", StoreUnavailable, "the database file may not be written: see its owner and its folder's"),
    ("not a database", StoreUnavailable, "this is no database of Lessor: name another, or restore a backup"),
    ("malformed", StoreUnavailable, "the database is damaged: move it away and restore a backup"),
    ("no such table", StoreError, "the database has no tables of this version: run `lessor migrate`"),
)


@contextmanager
def _told_of_trouble(database: Database) -> Iterator[None]:
    """Turn what a driver raises when the database is away, slow or unfit into ``StoreError``s in words.

    Errors of single rows (integrity, data) pass as they are: whoever wrote the row knows what to do.
    """
    try:
        yield
    except PoolTimeoutError as error:
        raise StoreUnavailable("Every connection to the database is in use.") from error
    except DBAPIError as error:
        _raise(database, error)


def _raise(database: Database, error: DBAPIError) -> NoReturn:
    words = str(error.orig).strip() or type(error.orig).__name__
    if database.dialect == SQLITE:
        for said, kind, meaning in _SQLITE_TROUBLE:
            if said in words.lower():
                raise kind(f"{database.path}: {meaning} (SQLite says: {words}).") from error
        raise error
    if isinstance(error.orig, psycopg.errors.UndefinedTable):
        raise StoreError(
            f"{shown(database)} has no tables of this version: run `lessor migrate` (it says: {words})."
        ) from error
    if error.connection_invalidated or isinstance(error, OperationalError | InterfaceError):
        raise StoreUnavailable(f"{shown(database)} does not answer or refuses: {words}.") from error
    raise error


def shown(database: Database) -> str:
    """The database's address for people: without its password."""
    return database.url.render_as_string(hide_password=True)
