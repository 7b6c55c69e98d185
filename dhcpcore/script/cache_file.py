"""A cache in a SQLite file, which outlives the script's process; or in a temporary one, which memory need not hold."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

from dhcpcore.script.cache import BELIEVED_S, packed, unpacked
from dhcpcore.script.compat.caching import Remembered

_log = logging.getLogger("conf")

#: Clients that a file remembers; looked at each so many writes.
ROWS_MAX = 1_000_000
_LOOKED_AT = 10_000
#: Seconds to wait for another process at the same file: a hook has two in all.
_WAIT_S = 0.25
#: The table's name is no other program's: staticDHCPd's own cache may lie in the same file.
_BEGIN = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",  # It does not wait for the disk: what a cut of power takes is asked for again.
    """CREATE TABLE IF NOT EXISTS lessor_cache
        (mac TEXT PRIMARY KEY, site TEXT NOT NULL, at REAL NOT NULL, known TEXT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS lessor_cache_at ON lessor_cache (at)",
)


class CacheFile:
    """A ``Cache``.  An empty ``path`` is a temporary file, gone with this process."""

    believed_s = BELIEVED_S

    def __init__(self, path: str, site: str) -> None:
        """``OSError`` where the file cannot be written, or is none of SQLite's."""
        self._path = path
        self._site = site
        self._lock = threading.Lock()
        self._writes = 0
        try:
            self._connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise OSError(str(error)) from None
        try:
            for statement in _BEGIN:
                self._connection.execute(statement)
            self._connection.execute("DELETE FROM lessor_cache WHERE site <> ?", (site,))
        except sqlite3.Error as error:
            self._connection.close()
            raise OSError(str(error)) from None

    def newest(self, most: int) -> dict[str, Remembered]:
        """What it holds, the oldest first."""
        rows = self._do(lambda: self._connection.execute(
            "SELECT mac, known FROM lessor_cache WHERE site = ? ORDER BY at DESC LIMIT ?", (self._site, most)
        ).fetchall()) or []  # fmt: skip
        found = ((mac, _read(known)) for mac, known in reversed(rows))
        return {mac: known for mac, known in found if known is not None}

    def get(self, mac: str) -> Remembered | None:
        """As ``Cache`` has it."""
        rows = self._do(lambda: self._connection.execute(
            "SELECT known FROM lessor_cache WHERE mac = ? AND site = ?", (mac, self._site)).fetchall())  # fmt: skip
        return _read(rows[0][0]) if rows else None

    def put(self, mac: str, known: Remembered) -> None:
        """What text cannot carry is not remembered."""
        try:
            text = packed(known)
        except (TypeError, ValueError) as error:
            _log.warning("What the database says of %s is not remembered in a file: %s", mac, error)
            return
        self._do(lambda: self._connection.execute(
            "INSERT OR REPLACE INTO lessor_cache VALUES (?, ?, ?, ?)", (mac, self._site, known.at, text)))  # fmt: skip
        self._writes += 1
        if self._writes % _LOOKED_AT == 0:
            self._do(lambda: self._connection.execute(
                "DELETE FROM lessor_cache WHERE at < (SELECT at FROM lessor_cache ORDER BY at DESC LIMIT 1 OFFSET ?)",
                (ROWS_MAX,)))  # fmt: skip

    def forget(self, mac: str) -> None:
        """As ``Cache`` has it."""
        self._do(lambda: self._connection.execute("DELETE FROM lessor_cache WHERE mac = ?", (mac,)))

    def clear(self) -> None:
        """As ``Cache`` has it."""
        self._do(lambda: self._connection.execute("DELETE FROM lessor_cache"))

    def _do(self, what: Callable[[], Any]) -> Any:
        """A file that fails is said, and the database is asked instead."""
        try:
            with self._lock:
                return what()
        except sqlite3.Error as error:
            _log.warning("DISK_CACHE: %s cannot be used at the moment: %s.", self._path or "the temporary file", error)
            return None


def _read(text: str) -> Remembered | None:
    try:
        return unpacked(text)
    except (TypeError, ValueError, IndexError):
        return None
