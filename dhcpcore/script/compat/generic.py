"""Databases of definitions, as scripts import them from ``databases.generic``."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Any

from dhcpcore.script.compat.definition import Definition
from dhcpcore.script.compat.mac import MAC

#: Seconds that a cached definition is believed, and clients that are remembered.
_CACHED_S = 300
_CACHED_MAX = 65_536

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
        self._cached: OrderedDict[MAC, tuple[float, Found]] | None = None
        self._room = threading.BoundedSemaphore(concurrency_limit)
        self._lock = threading.Lock()

    def remember(self) -> None:
        """Switch the cache on: USE_CACHE."""
        self._cached = OrderedDict()

    def _lookupMAC(self, mac: MAC) -> Found:
        raise NotImplementedError

    def lookupMAC(self, mac: MAC) -> Found:
        """From the cache, else by ``_lookupMAC``."""
        if self._cached is None:
            with self._room:
                return self._lookupMAC(mac)
        with self._lock:
            known = self._cached.get(mac)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        with self._room:
            found = self._lookupMAC(mac)
        with self._lock:
            if found:
                self._cached[mac] = (time.monotonic() + _CACHED_S, found)
                if len(self._cached) > _CACHED_MAX:
                    self._cached.popitem(last=False)
            else:
                self._cached.pop(mac, None)
        return found

    def reinitialise(self) -> None:
        """Forget what was read."""
        if self._cached is not None:
            with self._lock:
                self._cached.clear()


__all__ = ["CachingDatabase", "Database", "Definition", "Null"]
