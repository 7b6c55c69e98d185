"""The schema's version: which one a database has, which one this program needs.

Read without the migration tool, which only those who move a database have to wait for.
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import Connection, inspect, text

from dhcpcore.errors import StoreError
from dhcpcore.places import data_dir
from dhcpcore.store.database import Database


@cache
def known() -> tuple[str, ...]:
    """Every version that this program knows, oldest first: a migration's file begins with its version."""
    return tuple(sorted(path.name.partition("_")[0] for path in data_dir("migrations").glob("versions/[0-9]*.py")))


def head() -> str:
    """The schema version that this program works with."""
    return known()[-1]


def current(url: str) -> str | None:
    """The database's schema version; None where nothing was ever migrated."""
    database = Database(url)
    try:
        if database.missing:
            return None
        with database.reader() as connection:
            return version_of(connection)
    finally:
        database.dispose()


def version_of(connection: Connection) -> str | None:
    """The version that the migration tool has noted in this database; None where there is no such note."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version


def require_current(url: str) -> None:
    """Refuse to work on a database of another version, in words that say what to do."""
    version = current(url)
    if version == head():
        return
    if version is None:
        raise StoreError("The database has no tables yet: run `lessor migrate`.")
    require_known(version)
    raise StoreError(f"The database has schema version {version}, this program needs {head()}: run `lessor migrate`.")


def require_known(version: str) -> None:
    """Refuse a database that a newer program has changed."""
    if version not in known():
        raise StoreError(
            f"The database has schema version {version}, which this program does not know (it knows up to {head()}): "
            "a newer version made it. Install that version again, or restore a backup made before it; nothing was "
            "changed."
        )
