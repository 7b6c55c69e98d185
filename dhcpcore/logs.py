"""The log of a process: standard library loggers, lines for people or one JSON object a line, on standard error.

Modules only ever call ``logging.getLogger(__name__)``; what is set up here decides how a record looks.  Called once at
the start of each process.  The engine also keeps its newest lines in a ring, for who cannot read its standard error.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections import deque
from dataclasses import dataclass
from typing import IO

import structlog
from structlog.typing import Processor

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
#: A longer message is cut: a hostile client must not fill the disk with one packet.
MESSAGE_MAX = 4000
#: The same trouble is told so often within so many seconds; a database that is away is met with every batch.
OFTEN = 20
WITHIN_S = 10.0
#: Lines that the engine keeps, and letters of each: at most some megabytes, however much goes wrong.
KEPT_LINES = 2000
KEPT_LETTERS = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """One kept line; one with a traceback has several rows of text."""

    id: int
    logged_at: float
    level: str
    logger: str
    text: str


@dataclass(frozen=True, slots=True)
class Tail:
    """Lines, the oldest first; ``last`` is where the next question goes on, ``lost`` how many fell out before."""

    lines: tuple[Line, ...]
    last: int
    lost: int


class Ring:
    """The newest lines of a process.  Numbers go up by one from ``first``: a restarted process begins higher."""

    def __init__(self, first: int = 1, size: int = KEPT_LINES) -> None:
        self._lines: deque[Line] = deque(maxlen=size)
        self._first = first
        self._next = first

    def keep(self, record: logging.LogRecord) -> None:
        """Take a record; the oldest line goes where there is no more room."""
        text = printable(record.getMessage()[:KEPT_LETTERS])
        if rest := _rows(_traceback(record)):
            text = f"{text[:KEPT_LETTERS // 2]}\n{rest[-(KEPT_LETTERS // 2):]}"  # The end of a traceback says most.
        level = "error" if record.levelno >= logging.ERROR else record.levelname.lower()
        self._lines.append(Line(self._next, record.created, level, record.name, text[:KEPT_LETTERS]))
        self._next += 1

    def tail(self, limit: int, after: int | None = None, level: str = "debug", find: str | None = None) -> Tail:
        """The newest lines of at least ``level`` that hold ``find``; with ``after``, those that follow that number.

        A number that was not given out yet is of a process whose clock was ahead: it counts as none.
        """
        kept, least, sought = tuple(self._lines), LEVELS[level], (find or "").casefold()
        following = after is not None and after < self._next
        if following and after is not None:
            kept = kept[max(0, after + 1 - kept[0].id):] if kept else ()
        wanted = [line for line in kept if _severity(line) >= least
                  and (not sought or sought in line.text.casefold() or sought in line.logger.casefold())]
        if not following:
            return Tail(tuple(wanted[-limit:]), self._next - 1, 0)
        shown = tuple(wanted[:limit])
        last = shown[-1].id if len(wanted) > limit else self._next - 1
        fallen = (kept[0].id if kept else self._next) - (after or 0) - 1
        return Tail(shown, last, fallen if (after or 0) >= self._first else 0)


def _severity(line: Line) -> int:
    return LEVELS.get(line.level, logging.INFO)


class Seldom(logging.Filter):
    """Lets the first ``OFTEN`` records of one place in the code through every ``WITHIN_S`` seconds, then says how many
    were held back.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is told."""
        place = (record.pathname, record.lineno)
        now = record.created
        since, count = self._told.get(place, (now, 0))
        if abs(now - since) >= WITHIN_S:  # The wall clock may be set back.
            if count > OFTEN:
                record.msg, record.args = f"{record.getMessage()} ({count - OFTEN} more like this were not logged.)", ()
            since, count = now, 0
        self._told[place] = (since, count + 1)
        return count < OFTEN


class _Kept(logging.Handler):
    """Keeps records in a ring."""

    def __init__(self, ring: Ring) -> None:
        super().__init__()
        self._ring = ring

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._ring.keep(record)
        except Exception:  # noqa: BLE001 - as every handler: a record that cannot be told must not end its teller.
            self.handleError(record)


class Outlets(logging.Handler):
    """Where records go: each outlet takes those of at least its level, and what is held back is so from all of them."""

    def __init__(self, console: logging.Handler, kept: logging.Handler | None, plain: logging.Formatter) -> None:
        """``plain`` formats for outlets that are no terminal."""
        super().__init__()
        self._console = console
        self._plain = plain
        self._kept = kept
        self._outlets = [console] if kept is None else [console, kept]
        self.addFilter(Seldom())

    def emit(self, record: logging.LogRecord) -> None:
        for outlet in self._outlets:
            if record.levelno >= outlet.level:
                outlet.handle(record)

    def add(self, outlet: logging.Handler, level: int) -> None:
        """Have it take every record of at least ``level``, in the log's form."""
        outlet.setLevel(level)
        outlet.setFormatter(self._plain)
        self._outlets.append(outlet)
        self._heed_levels()

    def console(self, level: int) -> None:
        """Another least level of what is written to the stream; what is kept is never less than that."""
        self._console.setLevel(level)
        if self._kept is not None:
            self._kept.setLevel(min(level, self._kept.level))
        self._heed_levels()

    def close(self) -> None:
        """Close them all."""
        for outlet in self._outlets:
            outlet.close()
        super().close()

    def _heed_levels(self) -> None:
        logging.getLogger().setLevel(min(outlet.level for outlet in self._outlets))


def configure(level: str, form: str, stream: IO[str] | None = None, ring: Ring | None = None) -> Outlets:
    """Send every record of at least ``level`` to ``stream`` (default: standard error) as ``text`` or ``json``.

    What is written is kept in ``ring`` as well.  What comes back takes further outlets.
    """
    stream = stream or sys.stderr
    console = logging.StreamHandler(stream)
    console.setFormatter(_formatter(form, colors=stream.isatty()))
    kept = None if ring is None else _Kept(ring)
    for outlet in (console, kept):
        if outlet is not None:
            outlet.setLevel(LEVELS[level])
    outlets = Outlets(console, kept, _formatter(form, colors=False))
    root = logging.getLogger()
    root.handlers[:] = [outlets]
    root.setLevel(LEVELS[level])
    for chatty in ("alembic", "asyncio", "pyroute2"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    logging.getLogger("alembic").setLevel(max(LEVELS[level], logging.WARNING))  # It tells of every look at the version.
    return outlets


def _formatter(form: str, *, colors: bool) -> logging.Formatter:
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _one_line,
        _with_traceback,
    ]
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if form == "json":
        last += [structlog.processors.JSONRenderer()]
    else:
        last += [_indented, structlog.dev.ConsoleRenderer(
            colors=colors, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback)]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last)


def _one_line(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Control characters (a client's host name may hold them) are shown, not sent to the terminal."""
    event["event"] = printable(str(event["event"])[:MESSAGE_MAX])
    return event


def _with_traceback(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """A traceback is a field of its own, without what variables hold: passwords and secrets are among it."""
    event.pop("exc_info", None)
    if told := _traceback(event["_record"]):
        event["exception"] = _rows(told)
    return event


def _indented(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """No row of a traceback, whose end may be a client's words, looks like a line of the log."""
    if "exception" in event:
        event["exception"] = "\n".join(f"  {row}" for row in str(event["exception"]).split("\n"))
    return event


def _traceback(record: logging.LogRecord) -> str:
    """Of a record; one of another process brings it as text.  Empty: it has none."""
    if record.exc_info and record.exc_info[0] is not None:
        return "".join(traceback.format_exception(*record.exc_info)).rstrip()
    return record.exc_text or ""


def _rows(told: str) -> str:
    return "\n".join(map(printable, told.split("\n")))


def printable(text: str) -> str:
    """Without control characters: they are shown instead."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
