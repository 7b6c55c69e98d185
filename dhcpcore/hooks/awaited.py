"""One call of code that has a process of its own: the transaction waits for it as it waits for the site's script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Call:
    """What is told and what becomes of it: an answer or a fault, once.  ``heard`` is called with it then.

    ``message`` is what goes over the pipe, ``given`` the part of it that tells the transaction.
    """

    __slots__ = ("answer", "fault", "given", "heard", "message", "number", "since", "took_s")

    def __init__(self, message: dict[str, Any], given: Any, heard: Callable[[Call], None]) -> None:
        self.message = message
        self.given = given
        self.heard = heard
        self.number = 0  #: That of its process.
        self.since = 0.0  #: When it was put into the queue.
        self.took_s = 0.0  #: Seconds that its process was at it.
        self.answer: dict[str, Any] | None = None
        self.fault: BaseException | None = None

    @property
    def is_over(self) -> bool:
        """Whether it is known what became of it."""
        return self.answer is not None or self.fault is not None

    def end(self, answer: dict[str, Any] | None, fault: BaseException | None = None) -> None:
        """That is known now."""
        self.answer, self.fault = answer, fault
        self.heard(self)


class Waits(Exception):
    """Nothing goes on until this call is over."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call
