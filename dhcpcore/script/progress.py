"""What the script host is doing at this moment, in memory that the engine can see whatever becomes of the host.

A host that hangs or dies cannot say what it was at: the engine reads it here, and knows whose fault it was.  Each
thread in which the script is called has a place of its own, its lane; the first eight octets say when somebody last
looked after them all, by the monotonic clock.
"""

from __future__ import annotations

import enum
import mmap
import os
import struct
from typing import NamedTuple

_BEAT = struct.Struct("=d")
_LAYOUT = struct.Struct("=QQd")
#: Threads in which the script may be called at once: those in which it hangs are in nobody's way while there are more.
LANES_MAX = 32
SIZE = _BEAT.size + LANES_MAX * _LAYOUT.size
_FIRST = _BEAT.size
_LANE = _LAYOUT.size
_IDLE = bytes(8)


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
    """What, about which transaction or call, since when by the monotonic clock, and in which lane."""

    doing: Doing
    number: int
    since: float
    lane: int = 0


class Progress:
    """The shared memory; ``descriptor`` is handed to the child."""

    def __init__(self, descriptor: int | None = None) -> None:
        self.descriptor = descriptor if descriptor is not None else os.memfd_create("lessor-script")
        if descriptor is None:
            os.ftruncate(self.descriptor, mmap.PAGESIZE)
        self._memory = mmap.mmap(self.descriptor, mmap.PAGESIZE)

    def write(self, doing: int, number: int, since: float, lane: int = 0) -> None:
        """Say what is begun."""
        _LAYOUT.pack_into(self._memory, _FIRST + lane * _LANE, doing, number, since)

    def done(self, lane: int = 0) -> None:
        """Nothing is under way there."""
        at = _FIRST + lane * _LANE
        self._memory[at : at + 8] = _IDLE

    def read(self, lane: int = 0) -> State:
        """What is under way; nonsense that a script wrote there reads as nothing."""
        doing, number, since = _LAYOUT.unpack_from(self._memory, _FIRST + lane * _LANE)
        return State(Doing(doing), number, since, lane) if doing in _KNOWN else State(Doing.NOTHING, 0, 0.0, lane)

    def busy(self) -> list[State]:
        """All that is under way."""
        found = enumerate(_LAYOUT.iter_unpack(self._memory[_FIRST:SIZE]))
        return [State(Doing(doing), number, since, lane) for lane, (doing, number, since) in found
                if doing and doing in _KNOWN]  # fmt: skip

    def beat(self, now: float) -> None:
        """Somebody looks after the lanes: no call keeps the interpreter for itself."""
        _BEAT.pack_into(self._memory, 0, now)

    @property
    def beaten(self) -> float:
        """When somebody last did."""
        return float(_BEAT.unpack_from(self._memory, 0)[0])

    def close(self) -> None:
        """Let the memory go."""
        self._memory.close()
        os.close(self.descriptor)


_KNOWN = frozenset(int(one) for one in Doing)
