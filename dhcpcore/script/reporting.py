"""What a conf.py says of who is told what happens: its log's file and severities, and who is mailed of the worst."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dhcpcore.errors import SettingsError
from dhcpcore.script.parameters import Loaded

SEVERITIES: Mapping[str, int] = MappingProxyType({
    "DEBUG": logging.DEBUG, "INFO": logging.INFO, "WARN": logging.WARNING, "WARNING": logging.WARNING,
    "ERROR": logging.ERROR, "CRITICAL": logging.CRITICAL,
})  # fmt: skip
#: Days that log files are kept: ten years.
_DAYS_MAX = 3660


@dataclass(frozen=True, slots=True)
class LogFile:
    """The log's file: ``days`` is how many files of days before are kept, None that it is one file that grows."""

    path: Path
    days: int | None
    severity: int


def log_file_of(loaded: Loaded, folder: Path) -> LogFile | None:
    """LOG_FILE, relative to ``folder``, and what belongs to it; ``SettingsError`` names the parameter that is wrong."""
    said = loaded.get("LOG_FILE")
    if said is None or said == "":
        return None
    if not isinstance(said, str):
        raise SettingsError(f"script: LOG_FILE is {said!r:.80}; right is the path of a file, or None")
    days = loaded.get("LOG_FILE_HISTORY")
    if days is not None and (isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= _DAYS_MAX):
        raise SettingsError(f"script: LOG_FILE_HISTORY is {days!r:.80}; right is a number of days from 1 to "
                            f"{_DAYS_MAX}, or None for one file that grows")  # fmt: skip
    return LogFile(folder / said, days, _severity("LOG_FILE_SEVERITY", loaded.get("LOG_FILE_SEVERITY")))


def console_severity_of(loaded: Loaded) -> int | None:
    """LOG_CONSOLE_SEVERITY; None where the script does not say it."""
    said = loaded.said.get("LOG_CONSOLE_SEVERITY")
    return None if said is None else _severity("LOG_CONSOLE_SEVERITY", said)


def _severity(name: str, said: Any) -> int:
    found = SEVERITIES.get(said.upper()) if isinstance(said, str) else None
    if found is None:
        raise SettingsError(f"script: {name} is {said!r:.80}; right is DEBUG, INFO, WARN, ERROR or CRITICAL")
    return found
