"""SQLite's checkpoints, beside the packets: what the write-ahead log holds is copied into the database file.

A checkpoint in the packet loop is a stall: it writes every page that was touched since the last one, and syncs the
file.  So a thread of the lowest priority does it, over a connection of its own, which neither waits for the writer nor
makes it wait.  While the engine goes on writing, such a checkpoint never reaches the log's end, and only one that does
lets the log begin anew: the little that is left is then the engine's own (``SqliteRows.checkpoint``).
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

log = logging.getLogger(__name__)

#: Copies what is in the log now, and waits for nobody: https://sqlite.org/c3ref/wal_checkpoint_v2.html
PASSIVE = "PRAGMA wal_checkpoint(PASSIVE)"
_LOWEST_PRIORITY = 19


class Checkpointer:
    """At most one checkpoint at a time, in a thread that ends with it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Start a checkpoint, unless one is under way."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._copy, name="checkpoint", daemon=True)
            self._thread.start()

    def finished(self) -> bool:
        """Whether the checkpoint that was begun is over; told once."""
        if self._thread is None or self._thread.is_alive():
            return False
        self._thread = None
        return True

    def wait(self) -> None:
        """Until no checkpoint is under way."""
        if self._thread is not None:
            self._thread.join()

    def _copy(self) -> None:
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST_PRIORITY)
            with closing(sqlite3.connect(self._path)) as connection:
                connection.execute(PASSIVE).close()
        except (OSError, sqlite3.Error) as error:
            # Nothing is lost: the log keeps everything, and the next checkpoint begins where this one ended.
            log.warning("CHECKPOINT-FAILED: %s: %s; the write-ahead log grows until one succeeds.", self._path, error)
