"""Ends what runs for too long in the packet loop's thread: by a timer of the process and an exception."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from dhcpcore.hooks.registry import Overrun


def install() -> None:
    """Once, in the main thread."""
    signal.signal(signal.SIGALRM, _over)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """``Overrun`` is raised where the block takes longer, in Python code and in system calls that wait."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def _over(_number: int, _frame: FrameType | None) -> None:
    raise Overrun("it took too long")
