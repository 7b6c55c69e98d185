"""One configured handler, made: in this process, or in one of its own; and what became of its calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from dhcpcore.hooks.awaited import Call
from dhcpcore.hooks.registry import BUDGET_S, OVERRUNS_MAX
from dhcpcore.pipeline.api import HandlerException
from dhcpcore.pipeline.bundle import Response4, TransactionBundle
from dhcpcore.pipeline.transaction import Transaction
from dhcpcore.topology.handler_rows import HandlerRow
from dhcpcore.topology.handler_types import BUILT_IN_FIELDS


class Apart(Protocol):
    """A handler in a process of its own, which is another one when that has ended."""

    @property
    def phases(self) -> frozenset[str]:
        """Those that its class has."""

    @property
    def budget_s(self) -> float:
        """Seconds that a call may take."""

    @property
    def started(self) -> int:
        """Processes so far."""

    @property
    def failures(self) -> int:
        """Processes that ended soon after their beginning, one after the other."""

    def call(
        self, phase: str, transaction: Transaction, bundle: TransactionBundle, heard: Callable[[Call], None]
    ) -> Call:
        """Have it called there with the others of this batch.  Where nobody can be, that is known at once: ``Away``."""

    def take_over(self, call: Call, transaction: Transaction, bundle: TransactionBundle) -> None:
        """Do here what it did there; raises what it raised to say what becomes of the message."""

    def signal(self, call: Call) -> HandlerException | None:
        """That alone."""


class Apartness(Protocol):
    """Begins and ends such processes."""

    def begin(self, row: HandlerRow, made: Callable[[BaseException | None], None]) -> Any:
        """An ``Apart``, which nobody waits for; ``made`` is told, once, that it is there, or what keeps it from it."""

    def end(self, one: Any) -> None:
        """It is not called any more."""

    def picture(self, transaction: Transaction, bundle: TransactionBundle) -> dict[str, Any]:
        """All that a handler is given, as plain values."""

    def standing(
        self, transaction: Transaction, bundle: TransactionBundle, first: Sequence[Response4]
    ) -> dict[str, Any]:
        """The same as handlers have left it, where ``first`` are the answers that they began with."""

    def restore(self, transaction: Transaction, picture: dict[str, Any], standing: dict[str, Any]) -> None:
        """Make of what ``picture`` is of once more what it was when ``standing`` was taken."""


class Instance:
    """One configured handler, and what became of its calls.  Seconds are of the wall clock."""

    __slots__ = ("apart", "budget_s", "calls", "changed", "disabled", "errors", "families", "in_a_row", "is_built_in",
                 "overran_at", "overruns", "phases", "row", "seconds", "slowest", "stopped")  # fmt: skip

    def __init__(
        self, row: HandlerRow, phases: Mapping[str, Callable[[Transaction], None] | None], apart: Apart | None = None,
        families: frozenset[int] = frozenset((4,)),
    ) -> None:  # fmt: skip
        self.row = row
        self.families = families
        self.is_built_in = row.type in BUILT_IN_FIELDS
        #: What it has in each phase; a phase that its class does not have is not called.  None where it is ``apart``.
        self.phases: Mapping[str, Any] = phases
        self.apart = apart
        self.budget_s = BUDGET_S if apart is None else apart.budget_s
        self.calls = self.errors = self.overruns = 0
        self.overran_at: deque[float] = deque(maxlen=OVERRUNS_MAX)
        self.in_a_row: dict[str, int] = {}  #: Failures since a call went well, by phase.
        self.stopped = 0  #: Messages that it left unanswered, or refused.
        self.changed = 0  #: Answers that it changed.
        self.seconds = self.slowest = 0.0
        self.disabled = ""  #: Why it is not called any more.

    def as_document(self) -> dict[str, Any]:
        """For people."""
        return {
            "name": self.row.name, "type": self.row.type, "calls": self.calls, "changed": self.changed,
            "stopped": self.stopped, "errors": self.errors, "overruns": self.overruns,
            "mean_us": round(self.seconds / self.calls * 1e6, 1) if self.calls else 0.0,
            "slowest_us": round(self.slowest * 1e6, 1), "disabled": self.disabled, "isolated": self.row.isolated,
            "restarts": 0 if self.apart is None else self.apart.started - 1,
        }  # fmt: skip
