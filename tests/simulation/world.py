"""Simulated time: what happens next, the dice, and what happened last.

``run_until`` may be called from inside an action.  That is how a slow database looks from outside: an engine stands at
an arrow of its batch while clients, network and the other engines go on.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable
from typing import Any

#: When every world begins: some second of 2023, with a fraction, since rounding is where faults hide.
BEGINNING = 1_700_000_000.25
#: Events that a failure shows.
_LOG_LINES = 120


class Violation(AssertionError):
    """A promise of the server's was broken."""


class Crash(BaseException):
    """An engine's process ends here and now; nothing that is left of it may act."""


class World:
    """One run of time."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.dice = random.Random(seed)
        self.now = BEGINNING
        self.steps = 0
        self.check: Callable[[], None] = lambda: None  #: Called after every step.
        self._events: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []
        self._order = itertools.count()
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        self._digest = hashlib.blake2b(digest_size=8)

    def monotonic(self) -> float:
        """A clock that nobody can set."""
        return self.now - BEGINNING + 1000.0

    def later(self, delay_s: float, action: Callable[..., object], *arguments: Any) -> None:
        """Have something happen."""
        heapq.heappush(self._events, (self.now + delay_s, next(self._order), action, arguments))

    def run_until(self, end: float) -> None:
        """Let everything happen that is due by then."""
        while self._events and self._events[0][0] <= end:
            at, _, action, arguments = heapq.heappop(self._events)
            self.now = max(self.now, at)
            self.steps += 1
            action(*arguments)
            self.check()
        self.now = max(self.now, end)

    def pass_time(self, seconds: float) -> None:
        """Somebody waits; everybody else goes on."""
        self.run_until(self.now + seconds)

    def chance(self, probability: float) -> bool:
        """Throw the dice; not at all for what never happens."""
        return probability > 0 and self.dice.random() < probability

    def note(self, text: str) -> None:
        """Remember an event for whoever has to find out what went wrong."""
        line = f"{self.now - BEGINNING:10.3f} {text}"
        self._log.append(line)
        self._digest.update(line.encode())

    @property
    def digest(self) -> str:
        """All events so far, in short: two runs of one seed have the same."""
        return self._digest.hexdigest()

    @property
    def last_events(self) -> str:
        """The latest events, oldest first."""
        return "\n".join(self._log)
