"""Moments: times that people write, and answers that many readers share for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

from dhcpcore.errors import InvalidValue

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """One answer for all who ask within ``seconds``; one thread finds it, the others wait for it."""

    def __init__(self, find: Callable[[], Value], seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._find = find
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._found: tuple[float, Value] | None = None

    def get(self) -> Value:
        """The answer, at most ``seconds`` old."""
        with self._lock:
            if self._found is None or self._clock() >= self._found[0]:
                value = self._find()
                self._found = self._clock() + self._seconds, value
            return self._found[1]


def seconds_of(at: datetime | None) -> float | None:
    """A time in seconds since 1970, local where it names no zone; the calendar's own ends have none everywhere."""
    if at is None:
        return None
    try:
        return at.timestamp()
    except (OverflowError, ValueError):
        raise InvalidValue(f"{at} is beyond all history.") from None
