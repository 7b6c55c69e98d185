"""Databases of definitions, as scripts import them from ``databases.generic``."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from dhcpcore.script.compat.caching import Cache, Remembered
from dhcpcore.script.compat.definition import Definition
from dhcpcore.script.compat.mac import MAC

_log = logging.getLogger("conf")

#: What a look-up may answer: one Definition, several in a collection, or nothing.
Found = Any


class Database:
    """A source of definitions."""

    def lookupMAC(self, mac: MAC) -> Found:
        """What is defined for a client: a Definition, a collection of them, or None."""
        raise NotImplementedError

    def reinitialise(self) -> None:
        """Forget what was read, and read it again."""


class Null(Database):
    """Knows nobody."""

    def lookupMAC(self, mac: MAC) -> Found:
        return None


class CachingDatabase(Database):
    """A database that remembers what ``_lookupMAC`` found; at most ``concurrency_limit`` threads are in it at once."""

    def __init__(self, concurrency_limit: int = 2147483647) -> None:
        self._cache: Cache | None = None
        self._room = threading.BoundedSemaphore(concurrency_limit)

    def remember(self, cache: Cache) -> None:
        """Switch the cache on: USE_CACHE."""
        self._cache = cache

    def _lookupMAC(self, mac: MAC) -> Found:
        raise NotImplementedError

    def lookupMAC(self, mac: MAC) -> Found:
        """From the cache, else by ``_lookupMAC``; where that fails, what was known will do, however old."""
        cache = self._cache
        if cache is None:
            with self._room:
                return self._lookupMAC(mac)
        known, now = cache.get(str(mac)), time.time()
        if known is not None and 0 <= now - known.at < cache.believed_s:
            return known.found
        try:
            with self._room:
                found = self._lookupMAC(mac)
        except Exception as error:
            if known is None:
                raise
            _log.warning("%s is answered from what was known: %s", mac, error)
            return known.found
        if found:
            cache.put(str(mac), Remembered(now, found))
        else:
            cache.forget(str(mac))
        return found

    def reinitialise(self) -> None:
        """Forget what was read."""
        if self._cache is not None:
            self._cache.clear()


__all__ = ["CachingDatabase", "Database", "Definition", "Null"]
