"""The schema's version: brings a database to this program's, and refuses one that it does not know.

The SQLite file is copied beside itself before anything is changed; on PostgreSQL an advisory lock keeps two migrations
apart (on SQLite the write lock does).  Everything happens in one transaction: a failed migration leaves nothing behind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from dhcpcore.errors import StoreError
from dhcpcore.places import data_dir
from dhcpcore.store.database import POSTGRESQL, SQLITE, Database, Limits, shown

#: Any number that nobody else in the same PostgreSQL server's database uses for an advisory lock: "lessor" in ASCII.
_ADVISORY_LOCK = 0x6C65_7373_6F72
#: A migration of ten million rows may take its time; another migration is waited for as long.
_PATIENT = Limits(connect_s=10, statement_s=3600.0, lock_s=60.0)


@dataclass(frozen=True, slots=True)
class Migrated:
    """What an upgrade did: versions before (None: an empty database) and after, and the copy of the file, if any."""

    before: str | None
    after: str
    backup: Path | None


def head() -> str:
    """The schema version that this program works with."""
    newest = _scripts().get_current_head()
    assert newest is not None, "the migrations folder is empty"
    return newest


def current(url: str) -> str | None:
    """The database's schema version; None where nothing was ever migrated."""
    database = Database(url)
    try:
        if database.missing:
            return None
        with database.reader() as connection:
            return _version(connection)
    finally:
        database.dispose()


def require_current(url: str) -> None:
    """Refuse to work on a database of another version, in words that say what to do."""
    version = current(url)
    if version == head():
        return
    if version is None:
        raise StoreError("The database has no tables yet: run `lessor migrate`.")
    _require_known(version)
    raise StoreError(f"The database has schema version {version}, this program needs {head()}: run `lessor migrate`.")


def upgrade(url: str, target: str = "head") -> Migrated:
    """Bring the database to ``target`` (a version, or ``head``)."""
    return _move(url, command.upgrade, target)


def downgrade(url: str, target: str) -> Migrated:
    """Take the database back to ``target`` (a version, or ``base`` for none); what the older version lacks is lost."""
    return _move(url, command.downgrade, target)


def _move(url: str, step: Callable[[Config, str], None], target: str) -> Migrated:
    database = Database(url, _PATIENT)
    try:
        if database.path is not None and not database.path.parent.is_dir():
            raise StoreError(f"{database.path}: its folder does not exist; make it, or name another database_url.")
        with database.reader() as connection:
            before = _version(connection)
        if before is not None:
            _require_known(before)
        wanted = head() if target == "head" else target
        if before == wanted:
            return Migrated(before, wanted, None)
        backup = _back_up(database, f"{before}") if database.dialect == SQLITE and before is not None else None
        with database.writer() as connection:
            if database.dialect == POSTGRESQL:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
            config = _config()
            config.attributes["connection"] = connection
            step(config, target)
            after = _version(connection)
        return Migrated(before, after or "base", backup)
    finally:
        database.dispose()


def _require_known(version: str) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if version not in known:
        raise StoreError(
            f"The database has schema version {version}, which this program does not know (it knows up to {head()}): "
            "a newer version made it. Install that version again, or restore a backup made before it; nothing was "
            "changed."
        )


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(data_dir("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _back_up(database: Database, version: str) -> Path:
    """A copy of the SQLite file beside it, as readable as the file itself; an older copy of that version goes."""
    path = database.path
    assert path is not None
    copy = path.with_name(f"{path.name}.before-{version}")
    copy.unlink(missing_ok=True)
    copy.touch(mode=path.stat().st_mode & 0o777)
    source, target = sqlite3.connect(path), sqlite3.connect(copy)
    try:
        source.backup(target)
    except sqlite3.Error as error:
        copy.unlink(missing_ok=True)
        raise StoreError(f"{shown(database)} could not be copied to {copy} ({error}); nothing was changed.") from error
    finally:
        source.close()
        target.close()
    return copy
