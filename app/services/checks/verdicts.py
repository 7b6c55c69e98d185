"""What a check says, and of whom."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

from app.services.facts import Machine
from dhcpcore.settings import Settings
from dhcpcore.store.database import Database


class Severity(IntEnum):
    """How bad it is; ``BROKEN`` means that something promised does not work now."""

    OK = 0
    NOTE = 1
    WARNING = 2
    BROKEN = 3


class Verdict(NamedTuple):
    """One thing found, in a sentence, and what to do about it."""

    severity: Severity
    message: str
    remedy: str = ""


@dataclass(slots=True)
class Patient:
    """What is examined.

    ``status`` is the running engine's own words, None where it is away, and ``fault`` then says why; ``database`` is
    set by its check once it can be used.
    """

    settings: Settings
    machine: Machine
    status: dict[str, Any] | None = None
    database: Database | None = None
    fault: str = ""
    clock: Callable[[], float] = field(default=time.time)


def ok(message: str) -> Verdict:
    """All is well."""
    return Verdict(Severity.OK, message)


def note(message: str, remedy: str = "") -> Verdict:
    """Worth knowing."""
    return Verdict(Severity.NOTE, message, remedy)


def warning(message: str, remedy: str = "") -> Verdict:
    """It works, and may not go on to."""
    return Verdict(Severity.WARNING, message, remedy)


def broken(message: str, remedy: str = "") -> Verdict:
    """It does not work."""
    return Verdict(Severity.BROKEN, message, remedy)
