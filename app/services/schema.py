"""The database's tables: made, and brought to this program's version."""

from __future__ import annotations

import contextlib
import os
import stat

from dhcpcore.errors import Refused
from dhcpcore.settings import Settings
from dhcpcore.store import catalogue, migrate, schema_version
from dhcpcore.store.database import Database
from dhcpcore.store.migrate import Migrated
from dhcpcore.topology.installed_types import installed


def upgrade(settings: Settings) -> Migrated:
    """Bring the database to this program's version; the folder of an SQLite file is made where it is missing."""
    path = settings.sqlite_path
    if path is not None:
        make_folder(settings)
    # What is made now is not for others to read: leases say who is where.
    before = os.umask(0o027)
    try:
        moved = migrate.upgrade(settings.database_url)
        _list_handler_types(settings)
        return moved
    finally:
        os.umask(before)


def _list_handler_types(settings: Settings) -> None:
    """Write down which handler types there are, so that others know them with no engine running."""
    database = Database(settings.database_url)
    try:
        catalogue.write(database, (one.type for one in installed()))
    finally:
        database.dispose()


def is_missing(settings: Settings) -> bool:
    """Whether there is no database yet, or one without any table."""
    return schema_version.current(settings.database_url) is None


def make_folder(settings: Settings) -> None:
    """Make ``state_dir``, and the folder of the SQLite file where it is another."""
    path = settings.sqlite_path
    for folder in {settings.state_dir, *([path.parent] if path else [])}:
        try:
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(f"The folder {folder} cannot be made: {error.strerror}. Make it, or set state_dir to one "
                          "that you may write.") from None


def hand_over(settings: Settings, account: tuple[int, int] | None) -> None:
    """Give what root has just made to the account that engine and web run as; None: there is no other.

    No link is followed and no file given that has another name elsewhere: the account may own the folder already.
    """
    path = settings.sqlite_path
    if account is None:
        return
    files = [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm")] if path else []
    for place in (settings.state_dir, *files):
        with contextlib.suppress(FileNotFoundError):
            found = place.lstat()
            alone = stat.S_ISDIR(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_nlink == 1)
            if found.st_uid == 0 and alone:
                os.chown(place, *account, follow_symlinks=False)
