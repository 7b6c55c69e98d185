"""Ends what runs for too long in the packet loop's thread: by a timer of the process and an exception.

The timer goes on until the block is left, so that who catches the first exception meets the next one.  Code that keeps
the interpreter for itself, such as a regular expression that never ends, cannot be ended so; systemd's watchdog does.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

from dhcpcore.hooks.registry import Overrun

#: Who has caught so many of them is stopped at its next line, wherever that is: in what catches them, too.
_BY_FORCE = 4


class limited:  # noqa: N801 - Read as what it does.
    """``Overrun`` is raised where the block takes longer, in Python code and in system calls that wait."""

    __slots__ = ("_caught", "_former", "_seconds")
    now: limited | None = None  #: The block that runs; there is one timer in a process.

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._caught = 0
        self._former: Any = None

    def __enter__(self) -> None:
        limited.now = self
        signal.setitimer(signal.ITIMER_REAL, self._seconds, self._seconds)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        limited.now = None
        if self._caught >= _BY_FORCE:
            sys.settrace(self._former)

    def over(self, frame: FrameType | None) -> None:
        """The time is over, once more."""
        self._caught += 1
        if self._caught >= _BY_FORCE:
            if self._caught == _BY_FORCE:
                self._former = sys.gettrace()
            while frame is not None and not _is_ours(frame):
                frame.f_trace = _stop
                frame = frame.f_back
            sys.settrace(_stop)
        raise Overrun("it took too long")


def install() -> None:
    """Once, in the main thread."""
    signal.signal(signal.SIGALRM, _over)


def _over(_number: int, frame: FrameType | None) -> None:
    """Where the block has just been left, or is not entered yet, there is nobody to be stopped."""
    if limited.now is not None and not (frame is not None and frame.f_code.co_filename == __file__):
        limited.now.over(frame)


def _is_ours(frame: FrameType) -> bool:
    """Whether it is the one that called: what is below it is the server's."""
    return str(frame.f_globals.get("__name__")).startswith("dhcpcore.")


def _stop(_frame: FrameType, event: str, _argument: object) -> Any:
    if event == "line":
        raise Overrun("it took too long, and caught what told it so")
    return _stop
