"""Calls of the web, the command line and SIGHUP that wait for the script.

One at a time is with the host; between two of them whatever packets ask comes first, so that who calls without end is
served, and stops nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

#: Who calls while so many wait is told so.
CALLS_MAX = 64

Then = Callable[[Any, str | None], None]


@dataclass(slots=True)
class _Call:
    then: Then
    until: float
    message: dict[str, Any]


class Calls:
    """Those that are not answered yet, in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: dict[int, _Call] = {}
        self._number = 0
        self._with_host: int | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, name: str, arguments: Mapping[str, Any], then: Then, until: float) -> None:
        """One more; after ``until`` it is told that there is no answer."""
        if len(self._waiting) >= CALLS_MAX:
            then(None, f"{CALLS_MAX} calls wait for the script already; try again shortly.")
            return
        self._number += 1
        message = {"call": name, "number": self._number, "arguments": dict(arguments)}
        self._waiting[self._number] = _Call(then, until, message)

    def take(self) -> dict[str, Any] | None:
        """The next one to be sent; None while one is with the host, and where there is none."""
        if self._with_host is not None or not self._waiting:
            return None
        self._with_host, call = next(iter(self._waiting.items()))
        return call.message

    def told(self, number: int, result: Any, error: str | None) -> None:
        """Its answer, or why it has none; whoever waits for one that is outdated has been told before."""
        if number == self._with_host:
            self._with_host = None
        self._tell(number, result, error)

    def fail(self, error: str) -> None:
        """The host is gone, and all of them with it."""
        self._with_host = None
        for number in list(self._waiting):
            self._tell(number, None, error)

    def outdate(self, now: float) -> None:
        """Who has waited for too long does not wait any more."""
        for number in [number for number, call in self._waiting.items() if now > call.until]:
            self._tell(number, None, "The script did not answer in time.")

    def _tell(self, number: int, result: Any, error: str | None) -> None:
        call = self._waiting.pop(number, None)
        if call is not None:
            call.then(result, error)
