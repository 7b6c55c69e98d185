"""What a conf.py says of who is told what happens: its log's file and severities, and who is mailed of the worst."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
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
_PORT_MAX = 65_535
_TIMEOUT_S_MAX = 60


@dataclass(frozen=True, slots=True)
class LogFile:
    """The log's file: ``days`` is how many files of days before are kept, None that it is one file that grows."""

    path: Path
    days: int | None
    severity: int


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Who is mailed, by which server, and as whom; no ``user``: nobody logs in there."""

    server: str
    port: int
    timeout_s: float
    source: str
    destinations: tuple[str, ...]
    subject: str
    user: str = ""
    password: str = field(default="", repr=False)


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


def letterbox_of(loaded: Loaded) -> Letterbox | None:
    """EMAIL_…, where EMAIL_ENABLED says so; ``SettingsError`` names the parameter that is wrong."""
    if not loaded.get("EMAIL_ENABLED"):
        return None
    to = loaded.get("EMAIL_DESTINATION")
    destinations = [one.strip() for one in to.split(",")] if isinstance(to, str) else to
    if not isinstance(destinations, list) or not destinations:
        destinations = [to]
    port, timeout_s = loaded.get("EMAIL_PORT"), loaded.get("EMAIL_TIMEOUT")
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= _PORT_MAX:
        raise SettingsError(f"script: EMAIL_PORT is {port!r:.80}; right is a whole number from 1 to {_PORT_MAX}")
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, int | float) or not 0 < timeout_s <= _TIMEOUT_S_MAX:
        raise SettingsError(f"script: EMAIL_TIMEOUT is {timeout_s!r:.80}; right is a number of seconds up to "
                            f"{_TIMEOUT_S_MAX}")  # fmt: skip
    user = "" if loaded.get("EMAIL_USER") is None else _line("EMAIL_USER", loaded.get("EMAIL_USER"), "the name")
    return Letterbox(
        server=_line("EMAIL_SERVER", loaded.get("EMAIL_SERVER"), "the name or address of a mail server"),
        port=port, timeout_s=float(timeout_s),
        source=_line("EMAIL_SOURCE", loaded.get("EMAIL_SOURCE"), "an address such as 'dhcp@example.org'"),
        destinations=tuple(_line("EMAIL_DESTINATION", one, "an address such as 'admin@example.org'")
                           for one in destinations),
        subject=_line("EMAIL_SUBJECT", loaded.get("EMAIL_SUBJECT"), "one line of text"),
        user=user,
        password=_line("EMAIL_PASSWORD", loaded.get("EMAIL_PASSWORD"), "EMAIL_USER's") if user else "",
    )  # fmt: skip


def _line(name: str, said: Any, right: str) -> str:
    if not isinstance(said, str) or not said or not said.isprintable():
        shown = "" if "PASSWORD" in name or said is None else f" and is {said!r:.80}"
        raise SettingsError(f"script: EMAIL_ENABLED needs {name}{shown}; right is {right}")
    return said
