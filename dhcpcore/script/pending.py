"""Calls of one process that are not over, in the order in which it takes them: one after the other."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from dhcpcore.hooks.awaited import Call
from dhcpcore.hooks.registry import Away

#: Calls that may wait; more are not made.
CALLS_MAX = 2048
#: A call that has waited for so long for its process comes too late for its client.  RFC 2131 4.1.
AGE_S_MAX = 4.0
#: While the first one has waited for so long, no more are queued: who came last would be answered too late.
BEHIND_S = 2.0


class Pending:
    """Those that the process has been told, and behind them those that it has not."""

    def __init__(self) -> None:
        self.since = 0.0  #: When it came to the call that it is at.
        self.last = 0  #: The number of the last one.
        self._calls: OrderedDict[int, Call] = OrderedDict()
        self._untold: list[int] = []

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def is_busy(self) -> bool:
        """Whether the process is at one."""
        return len(self._calls) > len(self._untold)

    @property
    def untold(self) -> bool:
        """Whether there are any that it has not been told."""
        return bool(self._untold)

    def keeps_up(self, now: float) -> bool:
        """Whether one more would be answered in time."""
        if len(self._calls) >= CALLS_MAX:
            return False
        return not self._calls or now - next(iter(self._calls.values())).since <= BEHIND_S

    def put(self, call: Call, now: float) -> None:
        """One more."""
        call.since = now
        self.last += 1
        call.number = self.last
        self._calls[self.last] = call
        self._untold.append(self.last)

    def tell(self, now: float) -> list[dict[str, Any]]:
        """Those that it has not been told, as they go over the pipe: now it is."""
        if not self.is_busy:
            self.since = now
        numbers, self._untold = self._untold, []
        return [{"call": number, **self._calls[number].message} for number in numbers]

    def over(self, number: Any, now: float) -> Call | None:
        """The call of this number, which is over; None where there is none that it has been told."""
        if not isinstance(number, int) or number not in self._calls or number in self._untold:
            return None
        call = self._calls.pop(number)
        call.took_s, self.since = now - self.since, now
        return call

    def begin_anew(self, now: float, *, is_culprit: bool) -> Call | None:
        """Its process has ended: the next one is told all of it, but for the call that this one was at."""
        culprit = None
        if is_culprit and self.is_busy:
            _, culprit = self._calls.popitem(last=False)
            culprit.took_s = now - self.since
        self._untold = list(self._calls)
        return culprit

    def fail(self, numbers: Sequence[int], why: str) -> None:
        """These are not made."""
        for number in numbers:
            if (call := self._calls.pop(number, None)) is not None:
                call.end(None, Away(why))

    def drop(self, call: Call, why: str) -> None:
        """Nobody waits for it any longer; where the process is at it already, its answer is heard by nobody."""
        if call.number in self._untold:
            self._untold.remove(call.number)
            self.fail((call.number,), why)

    def give_up(self, why: str) -> None:
        """None of them is made."""
        self._untold = []
        self.fail(tuple(self._calls), why)

    def outdate(self, now: float, why: str) -> None:
        """What the process has not been told for so long is not made any more."""
        old = [number for number in self._untold if now - self._calls[number].since > AGE_S_MAX]
        if old:
            self._untold = self._untold[len(old) :]
            self.fail(old, why)
