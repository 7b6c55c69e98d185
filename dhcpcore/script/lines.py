"""What a script prints and logs, in the engine's log: so many lines a second, and how many more there were."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

#: Lines a second that a script may log or print; the others are counted.
LINES_MAX = 200
_LINE_MAX = 4096
_LETTERS_MAX = 8000
_traceback = logging.Formatter().formatException


def packed(record: logging.LogRecord) -> list[Any]:
    """A record as it goes over the pipe: level, logger, text, traceback (empty: none), and its place in the code."""
    told = _traceback(record.exc_info) if record.exc_info and record.exc_info[0] is not None else ""
    return [record.levelno, record.name, record.getMessage()[:_LETTERS_MAX], told[-_LETTERS_MAX:], record.pathname,
            record.lineno]  # fmt: skip


def unpacked(said: list[Any], name: str = "") -> None:
    """Log what came over the pipe, as ``name`` where one is given; a traceback stays apart from the text."""
    level, named, text, told, pathname, line = said
    logger = logging.getLogger(name or str(named))
    if logger.isEnabledFor(int(level)):
        record = logger.makeRecord(logger.name, int(level), str(pathname), int(line), "%s", (str(text),), None)
        record.exc_text = str(told) or None
        logger.handle(record)


class Lines:
    """The log's end of it.  ``clock`` tells seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.left_out = 0  #: Since the start.
        self._clock = clock
        self._second = self._count = self._dropped = 0

    def logged(self, said: list[Any]) -> None:
        """One line of its log, as it was packed."""
        if self._room():
            self._count += 1
            unpacked(said)
        else:
            self.drop(1)

    def printed(self, data: bytes) -> bytes:
        """Lines of its output; what of them is not whole yet.

        What there is no room for is counted at once: who prints without end would have the engine do nothing else.
        """
        *lines, rest = data.split(b"\n", self._room())
        if more := rest.count(b"\n"):
            self.drop(more)
            rest = rest.rpartition(b"\n")[2]
        if len(rest) > _LINE_MAX:
            lines.append(rest)
            rest = b""
        self._count += len(lines)
        for line in lines:
            log.info("SCRIPT-OUTPUT: %s", line[:_LINE_MAX].decode("utf-8", "replace"))
        return rest

    def drop(self, count: int) -> None:
        """So many were left out."""
        self._dropped += count
        self.left_out += count

    def _room(self) -> int:
        """How many may still be logged in this second."""
        second = int(self._clock())
        if second != self._second:
            if self._dropped:
                log.warning("SCRIPT-OUTPUT: %d more lines of the script were left out.", self._dropped)
            self._second, self._count, self._dropped = second, 0, 0
        return max(0, LINES_MAX - self._count)
