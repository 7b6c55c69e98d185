"""Moves a database's schema to another version, and refuses one that this program does not know.

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

from dhcpcore.errors import StoreError
from dhcpcore.places import data_dir
from dhcpcore.store.database import POSTGRESQL, SQLITE, Database, Limits, shown
from dhcpcore.store.schema_version import head, require_known, version_of

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
            before = version_of(connection)
        if before is not None:
            require_known(before)
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
            after = version_of(connection)
        return Migrated(before, after or "base", backup)
    finally:
        database.dispose()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(data_dir("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


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
