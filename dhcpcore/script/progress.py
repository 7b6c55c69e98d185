"""What the script host is doing at this moment, in memory that the engine can see whatever becomes of the host.

A host that hangs or dies cannot say what it was at: the engine reads it here, and knows whose fault it was.
"""

from __future__ import annotations

import enum
import mmap
import os
import struct
from typing import NamedTuple

_LAYOUT = struct.Struct("=QQd")
SIZE = _LAYOUT.size


class Doing(enum.IntEnum):
    """What it is at; each has its time budget."""

    NOTHING = 0
    BEGINNING = 1
    HOOK = 2
    TICK = 3
    STATISTICS = 4
    WEB = 5
    REINITIALISING = 6


class State(NamedTuple):
    """What, about which transaction or call, and since when by the monotonic clock."""

    doing: Doing
    number: int
    since: float


class Progress:
    """The shared memory; ``descriptor`` is handed to the child."""

    def __init__(self, descriptor: int | None = None) -> None:
        self.descriptor = descriptor if descriptor is not None else os.memfd_create("lessor-script")
        if descriptor is None:
            os.ftruncate(self.descriptor, mmap.PAGESIZE)
        self._memory = mmap.mmap(self.descriptor, mmap.PAGESIZE)

    def write(self, doing: int, number: int, since: float) -> None:
        """Say what is begun."""
        _LAYOUT.pack_into(self._memory, 0, doing, number, since)

    def done(self) -> None:
        """Nothing is under way."""
        _LAYOUT.pack_into(self._memory, 0, 0, 0, 0.0)

    def read(self) -> State:
        """What is under way; nonsense that a script wrote there reads as nothing."""
        doing, number, since = _LAYOUT.unpack_from(self._memory, 0)
        return State(Doing(doing), number, since) if doing in _KNOWN else State(Doing.NOTHING, 0, 0.0)

    def close(self) -> None:
        """Let the memory go."""
        self._memory.close()
        os.close(self.descriptor)


_KNOWN = frozenset(int(one) for one in Doing)
