"""The log of a process: standard library loggers, lines for people or one JSON object a line, on standard error.

Modules only ever call ``logging.getLogger(__name__)``; what is set up here decides how a record looks.  Called once at
the start of each process.
"""

from __future__ import annotations

import logging
import sys
from typing import IO

import structlog
from structlog.typing import Processor

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
#: A longer message is cut: a hostile client must not fill the disk with one packet.
MESSAGE_MAX = 4000
#: The same trouble is told so often within so many seconds; a database that is away is met with every batch.
OFTEN = 20
WITHIN_S = 10.0


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


def configure(level: str, form: str, stream: IO[str] | None = None) -> None:
    """Send every record of at least ``level`` to ``stream`` (default: standard error) as ``text`` or ``json``."""
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _one_line,
    ]
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if form == "json":
        last += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        last += [structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=0)]
    handler = logging.StreamHandler(stream)
    handler.addFilter(Seldom())
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(LEVELS[level])
    for chatty in ("alembic", "asyncio", "pyroute2"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    logging.getLogger("alembic").setLevel(max(LEVELS[level], logging.WARNING))  # It tells of every look at the version.


def _one_line(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Control characters (a client's host name may hold them) are shown, not sent to the terminal."""
    text = str(event["event"])[:MESSAGE_MAX]
    event["event"] = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
    return event
