"""Backup and restore while the engine works, in one format for both databases."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dhcpcore.errors import Refused
from dhcpcore.store import backup_file, dump, migrate, queries, schema_version
from dhcpcore.store.backup_file import Contents, Progress
from dhcpcore.store.database import Database, Limits
from dhcpcore.version import __version__

#: Ten million rows take minutes; the packet path has its own, short limits.
_PATIENT = Limits(connect_s=10, statement_s=6 * 3600.0, lock_s=60.0)
#: An engine tells of itself at least every ten seconds; one heard within this may still be granting leases.
_ENGINE_ALIVE_S = 30
#: What may be left out: large, and not needed to serve.
LEFT_OUT = ("history", "trace", "audit")

ADOPT_NOTE = (
    "Leases that were granted after this backup are unknown to the restored database. Clients that renew such a lease "
    "are answered with NAK or silence and lose their address. To let them keep it, set adopt: free on the subnets "
    "(lessor export > FILE, add it, lessor apply FILE) for as long as the longest lease time, then take it out again."
)


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was written."""

    path: Path
    size: int
    rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that was put back."""

    schema: str
    made_at: int
    rows: dict[str, int]
    note: str = ADOPT_NOTE


def make(url: str, path: Path, *, without: Iterable[str] = (), force: bool = False,
         progress: Progress = lambda *_: None, clock: Callable[[], float] = time.time) -> Made:
    """Write a backup of the database to ``path``, readable by its owner alone; an existing file only by ``force``."""
    wrong = sorted(set(without) - set(LEFT_OUT))
    if wrong:
        raise Refused(f"{wrong[0]} cannot be left out of a backup; what can is {', '.join(LEFT_OUT)}.")
    try:
        if path.exists() and not force:
            raise Refused(f"{path} exists already. Name another file, or say --force to replace it.")
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}.") from None
    schema_version.require_current(url)
    database = Database(url, _PATIENT)
    partial = path.with_name(f".{path.name}.partial")
    try:
        header = dump.header_for(schema_version.head(), __version__, int(clock()), database, without)
        with _new_file(partial) as target, database.reader() as connection:
            rows = dump.write(connection, header, target, progress)
            target.flush()
            os.fsync(target.fileno())
        partial.replace(path)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror or error}.") from None
    finally:
        partial.unlink(missing_ok=True)
        database.dispose()
    return Made(path, path.stat().st_size, rows)


def check(path: Path, progress: Progress = lambda *_: None) -> Contents:
    """Read a backup to its end; refused unless it is whole."""
    return backup_file.verify(path, progress)


def restore(url: str, path: Path, *, replace: bool = False, progress: Progress = lambda *_: None) -> Restored:
    """Put a backup into the database, whole or not at all.

    The file is read to its end first.  A database that holds anything is refused unless ``replace`` is said, and one
    that an engine is working on always.
    """
    contents = backup_file.verify(path, lambda *_: None)
    if contents.header.schema != schema_version.head() and schema_version.current(url) is not None:
        versions = f"schema version {contents.header.schema} and the database {schema_version.current(url)}"
        raise Refused(f"{path} has {versions}. "
                      "Restore into a new, empty database: it is brought to the present version afterwards.")
    if schema_version.current(url) is None:
        migrate.upgrade(url, contents.header.schema)
    database = Database(url, _PATIENT)
    try:
        with database.reader() as connection:
            alive = [row.name for row in queries.engines(connection) if database.now() - row.seen_at < _ENGINE_ALIVE_S]
            if alive:
                raise Refused(f"The engine {alive[0]} is working on this database. Stop it, wait {_ENGINE_ALIVE_S} s, "
                              "and restore again.")
            filled = dump.filled_tables(connection)
        if filled and not replace:
            raise Refused(f"The database is not empty (it has rows in {', '.join(filled)}). "
                          "Say --replace to delete everything in it first, or name another database.")
        with database.writer() as connection:
            dump.clear(connection)
            dump.load(connection, path, contents, progress)
            dump.after_load(connection, database.dialect)
    finally:
        database.dispose()
    migrate.upgrade(url)
    return Restored(contents.header.schema, contents.header.made_at, contents.rows)


def _new_file(path: Path) -> IO[bytes]:
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
