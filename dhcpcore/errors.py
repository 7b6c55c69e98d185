"""The exception tree of the appliance.

``LessorError`` is the base; what is under it knows neither HTTP nor DHCP codes: one place in the web, one in the
command line and one in the pipeline turn them into an answer.

* ``MalformedMessage``: bytes from the network that cannot be read; raised at one boundary, the opening of a batch.
* ``InvalidValue``: one value that somebody wrote is wrong; says what would be right.
* ``InvalidDocument``: a definitions document is refused; carries every fault with its path.
  ``Conflict`` is of it: right in itself, and in the way of something that is there already.
* ``Refused``: a request is understood and not carried out (conflict, state); ``NotFound``, ``Forbidden`` (a right is
  missing), ``Outdated`` (what was looked at has changed) and ``Busy`` (somebody else is at it) are of it.
* ``StoreError`` and its kin: the database did not do what was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class LessorError(Exception):
    """Base of all errors that are expected to be shown to somebody."""


class MalformedMessage(LessorError):
    """The bytes of a datagram break the format; ``offset`` says where."""

    def __init__(self, reason: str, offset: int = 0) -> None:
        super().__init__(f"{reason} (at octet {offset})")
        self.reason = reason
        self.offset = offset


class InvalidValue(LessorError):
    """A value that somebody wrote is wrong; the text says what it is and what would be right."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a document: where (``subnets[2].pools[0].first``) and what, with the remedy."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class InvalidDocument(LessorError):
    """A definitions document is refused as a whole; every fault is named."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults


class Conflict(InvalidDocument):
    """What was written is right in itself, and collides with what is there; the faults name the other."""


class Refused(LessorError):
    """The request was understood and is not carried out; the text says why and what to do."""


class NotFound(Refused):
    """What was named is not there."""


class Forbidden(Refused):
    """Who asks may not do it; the text names the role that may."""


class Outdated(Refused):
    """What the change was made from is not what is there any longer; the text says so.

    Where it is known, ``present`` is what is there, and ``yours`` what was to take its place.
    """

    def __init__(self, message: str, present: Mapping[str, Any] | None = None, yours: Any = None) -> None:
        super().__init__(message)
        self.present = present
        self.yours = yours


class Busy(Refused):
    """Somebody else's change is under way or was quicker; the same again may go through."""


class SettingsError(LessorError):
    """A process setting is wrong; the text names the setting, its source and the remedy."""


class StoreError(LessorError):
    """The database did not do what was asked of it; nothing was stored."""


class StoreUnavailable(StoreError):
    """The database cannot be reached or did not answer in time; nothing was stored."""


class Deadlocked(StoreUnavailable):
    """The database ended the transaction for another one's sake; nothing was stored, and it may be tried again."""


class OutcomeUnknown(StoreError):
    """The connection was lost during COMMIT: stored or not, nobody knows until the rows are read again."""
