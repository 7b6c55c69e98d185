"""The log as a conf.py wants it: a file of its own beside the engine's log, begun anew each day, and a severity.

The engine writes the file, as all that is logged comes together there; as the account that it becomes, so that a script
can have no file written that this account could not write.
"""

from __future__ import annotations

import logging
import os
import pwd
import time
from logging.handlers import TimedRotatingFileHandler, WatchedFileHandler
from pathlib import Path
from typing import IO

from dhcpcore.errors import SettingsError
from dhcpcore.logs import Outlets
from dhcpcore.script.parameters import Loaded
from dhcpcore.script.reporting import LogFile, console_severity_of, log_file_of
from dhcpcore.settings import Settings

log = logging.getLogger(__name__)


def heed(loaded: Loaded, folder: Path, settings: Settings, outlets: Outlets) -> None:
    """Log as the script says, once privileges are given up; ``SettingsError`` where it says what makes no sense.

    The setting ``log.level`` goes before LOG_CONSOLE_SEVERITY.  A file that cannot be written is said, and the server
    serves without it.
    """
    severity = console_severity_of(loaded)
    if severity is not None and "level" not in settings.log.model_fields_set:
        outlets.console(severity)
    said = log_file_of(loaded, folder)
    if said is None:
        return
    try:
        outlet = _opened(said)
    except OSError as error:
        name = _own_name()
        log.error(  # noqa: TRY400 - The sentence says it all.
            "SCRIPT: LOG_FILE: %s cannot be written by %s, whom the engine runs as (%s); make a folder for it that is "
            "%s's, such as: install -d -o %s %s", said.path, name, error.strerror, name, name, said.path.parent,
        )  # fmt: skip
        return
    except ValueError:  # NUL, or letters that no file system has.
        raise SettingsError(f"script: LOG_FILE is {str(said.path)!r:.80}; right is the path of a file") from None
    outlets.add(outlet, said.severity)
    log.info("What is logged is in %s, too.", said.path)


def _opened(said: LogFile) -> logging.Handler:
    if said.path.exists() and not said.path.is_file():  # To open a pipe would wait for its reader.
        raise SettingsError(f"script: LOG_FILE: {said.path} is no file; name one, or the engine's own log will do")
    return _Growing(said.path) if said.days is None else _Daily(said.path, said.days)


class _Telling(logging.Handler):
    """Says once that its file is not written, in the other outlets, and once that it is again."""

    _path: Path
    _is_failing = _has_failed = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - The library's name.
        self._has_failed = True

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record, and tell where that has begun to fail."""
        self._has_failed = False
        told = bool(super().handle(record))
        if self._has_failed != self._is_failing:
            self._is_failing = self._has_failed
            if self._is_failing:
                log.error("SCRIPT: LOG_FILE: %s is not written: what is missing there is in the engine's log.",
                          self._path)  # fmt: skip
            else:
                log.info("SCRIPT: LOG_FILE: %s is written again.", self._path)
        return told


class _Growing(_Telling, WatchedFileHandler):
    """One file; begun anew where another program (logrotate) has moved it away."""

    def __init__(self, path: Path) -> None:
        WatchedFileHandler.__init__(self, path, encoding="utf-8")
        self._path = path


class _Daily(_Telling, TimedRotatingFileHandler):
    """One file a day; the one of yesterday has its date at its end."""

    def __init__(self, path: Path, days: int) -> None:
        TimedRotatingFileHandler.__init__(self, path, when="midnight", backupCount=days, encoding="utf-8", utc=True)
        self._path = path

    def doRollover(self) -> None:  # noqa: N802 - The library's name.
        """Begin a new file; where the folder does not allow it the old one goes on for another day."""
        try:
            super().doRollover()
        except OSError as error:
            self.stream: IO[str] | None = self._open()  # type: ignore[assignment,unused-ignore]
            self.rolloverAt = self.computeRollover(int(time.time()))
            log.warning("SCRIPT: LOG_FILE: %s goes on, as no new file can be begun: %s.", self._path, error.strerror)


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
