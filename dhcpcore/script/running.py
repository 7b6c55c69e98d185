"""One script host that runs, as the engine has it: its process, what goes to it, and what is known of its state."""

from __future__ import annotations

import contextlib
import os
import selectors
from typing import Any

from dhcpcore.script import frames
from dhcpcore.script.lines import Lines
from dhcpcore.script.process import Process
from dhcpcore.script.progress import State

_READ_MAX = 256 * 1024


class Running:
    """``listener`` is whom the loop's selector tells of its pipes."""

    def __init__(self, process: Process, since: float, listener: object) -> None:
        self.process = process
        self.since = since
        self.decoder = frames.Decoder()
        self.ready = False
        self.alone_since = 0.0  #: When it was asked what may end it.
        self.partial = b""  #: A line of its output that is not whole yet.
        self.late: set[State] = set()  #: Calls that took too long, and have been told.
        self._listener = listener
        self._selector: selectors.BaseSelector | None = None
        self._unsent = bytearray()

    def watch(self, selector: selectors.BaseSelector) -> None:
        """Have the selector watch both pipes."""
        self._selector = selector
        selector.register(self.process.pipe, self._wanted, self._listener)
        selector.register(self.process.output, selectors.EVENT_READ, self._listener)

    def forget(self) -> None:
        """Nobody watches them any more."""
        for end in (self.process.pipe, self.process.output):
            self.forget_one(end)

    def forget_one(self, end: Any) -> None:
        """Nobody watches this one any more."""
        if self._selector is not None:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(end)

    def hear_output(self, lines: Lines) -> None:
        """What the script prints, as whole lines."""
        try:
            data = os.read(self.process.output.fileno(), _READ_MAX)
        except BlockingIOError:
            return
        if data:
            self.partial = lines.printed(self.partial + data)
        else:
            self.forget_one(self.process.output)

    @property
    def waiting(self) -> int:
        """Octets that it has not taken yet."""
        return len(self._unsent)

    def send(self, message: dict[str, Any]) -> None:
        """At once, or when there is room."""
        empty = not self._unsent
        self._unsent += frames.encode(message)
        if empty:
            self.write()

    def write(self) -> None:
        """As much as there is room for."""
        try:
            while self._unsent:
                del self._unsent[: self.process.pipe.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError:
            return  # It is gone: the other direction says so.
        if self._selector is not None:
            with contextlib.suppress(KeyError):
                self._selector.modify(self.process.pipe, self._wanted, self._listener)

    @property
    def _wanted(self) -> int:
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
