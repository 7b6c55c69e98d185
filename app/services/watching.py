"""What is watched by many: one thread asks while somebody looks, and all who watch share what it heard.

The engine answers one question at a time between its batches, so that however many watch, and however slowly they read,
it is asked once a second.  A watcher that reads slowly loses the oldest of what there was, not the newest.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from dhcpcore.errors import LessorError

PERIOD_S = 1.0
#: Streams of one process, of whatever kind; each holds one of its threads, and ordinary pages need threads as well.
WATCHERS_MAX = 24
#: A watcher that is further behind has gone away, or its network has.
BEHIND_MAX = 30
#: The thread ends when nobody has asked for so long, so that an appliance nobody looks at does nothing.
LINGER_S = 60.0

_T = TypeVar("_T")


class TooManyWatchers(LessorError):
    """Every stream of this process is taken; ask from time to time instead."""


class Places:
    """The streams of one process, counted over all that can be watched."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """One of them, given back at the end; refused where all are taken."""
        with self._lock:
            if self._taken >= WATCHERS_MAX:
                raise TooManyWatchers(f"{WATCHERS_MAX} pages watch this process already.")
            self._taken += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken -= 1


class Watched(Generic[_T]):
    """One per process and kind.  A subclass says in ``poll`` what is asked, and tells it."""

    def __init__(self, name: str, places: Places) -> None:
        self._name = name
        self._places = places
        self._lock = threading.Lock()
        self._watchers: set[queue.Queue[_T]] = set()
        self._asked_at = 0.0
        self._thread: threading.Thread | None = None

    def poll(self) -> None:
        """Ask once, and tell every watcher."""
        raise NotImplementedError

    @contextmanager
    def watching(self) -> Iterator[queue.Queue[_T]]:
        """A queue of all that comes from now on; refused where too many watch already."""
        mine: queue.Queue[_T] = queue.Queue(BEHIND_MAX)
        with self._places.one():
            with self._lock:
                self._watchers.add(mine)
            try:
                self._wake()
                yield mine
            finally:
                with self._lock:
                    self._watchers.discard(mine)

    def _tell(self, told: _T) -> None:
        """To every watcher; the caller holds the lock."""
        for watcher in self._watchers:
            _put(watcher, told)

    def _wake(self) -> None:
        with self._lock:
            self._asked_at = time.monotonic()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self.poll()
            time.sleep(PERIOD_S)
            with self._lock:
                if not self._watchers and time.monotonic() - self._asked_at > LINGER_S:
                    self._thread = None
                    return


def _put(watcher: queue.Queue[_T], told: _T) -> None:
    while True:
        try:
            watcher.put_nowait(told)
        except queue.Full:
            try:
                watcher.get_nowait()
            except queue.Empty:
                continue
        else:
            return
