"""The callouts by hook point, in the order of their libraries, and how they are called.

A callout that raises is logged, the status is then DROP, and those after it are called all the same; what it returns
changes nothing.  One that goes on failing, or takes longer than it may, is switched off and shown.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from dhcpcore.errors import InvalidValue, LessorError
from dhcpcore.hooks.awaited import Call, Waits
from dhcpcore.hooks.handle import CalloutHandle, Status, Told
from dhcpcore.hooks.parking import ParkingLot
from dhcpcore.hooks.points import POINTS, command_point

log = logging.getLogger(__name__)

#: Failures in a row after which a callout is not called any more.
FAILURES_MAX = 10
#: Seconds that one call may take; it is ended there, and counts as a failure.  Who waits for others parks the packet.
BUDGET_S = 0.025
#: Calls that overran after which a callout is not called any more: each of them kept every client waiting.
OVERRUNS_MAX = 3
#: They count within so many seconds: a machine that stands still for a moment now and then switches off nobody.
OVERRUNS_WITHIN_S = 600.0


class Overrun(BaseException):
    """A callout took longer than ``BUDGET_S``.

    No ``Exception``: who waits for a server in a loop with ``except Exception`` is ended all the same.
    """


class Away(LessorError):
    """The process of the callout's library is being started again: nobody was called."""


Function = Callable[[CalloutHandle], int | None]
Limit = Callable[[float], AbstractContextManager[None]]


def _unlimited(_seconds: float) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(slots=True, eq=False)
class Callout:
    """One function at one hook point, and what became of its calls.  Seconds are of the wall clock."""

    library: int
    library_name: str
    hook: str
    function: Function
    limit: Limit
    budget_s: float
    calls: int = 0
    errors: int = 0
    overruns: int = 0
    overran_at: deque[float] = field(default_factory=lambda: deque(maxlen=OVERRUNS_MAX))
    in_a_row: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    stopped: int = 0  #: Calls that left another status than CONTINUE.
    disabled: str = ""  #: Why it is not called any more.

    @property
    def name(self) -> str:
        """Library and function, as logs tell it."""
        return f"{self.library_name}.{getattr(self.function, '__name__', 'callout')}"

    def as_document(self) -> dict[str, Any]:
        """For people."""
        return {
            "library": self.library_name, "hook": self.hook, "function": getattr(self.function, "__name__", "callout"),
            "calls": self.calls, "errors": self.errors, "overruns": self.overruns, "stopped": self.stopped,
            "mean_us": round(self.seconds / self.calls * 1e6, 1) if self.calls else 0.0,
            "slowest_us": round(self.slowest * 1e6, 1), "disabled": self.disabled,
        }  # fmt: skip


def overruns_too_often(times: deque[float]) -> bool:
    """Whether what overran at these times, the last one just now, is switched off."""
    return len(times) == OVERRUNS_MAX and times[-1] - times[0] <= OVERRUNS_WITHIN_S


class Registry:
    """Which callouts there are, and their calls.

    ``clock`` tells seconds, and ``limit`` is a context that ends what takes longer than so many of them by ``Overrun``.
    """

    def __init__(self, clock: Callable[[], float] = lambda: 0.0, limit: Limit | None = None) -> None:
        self._callouts: dict[str, list[Callout]] = {}
        #: Those that are called, by hook: made when they change, and asked for with every message.
        self._live: dict[str, tuple[Callout, ...]] = {}
        self._lots: dict[str, ParkingLot] = {}
        self._clock = clock
        self._limit: Limit = limit or _unlimited
        #: Callouts that were switched off, in words, until somebody has taken them.
        self.events: list[str] = []
        #: Whether a callout has a process of its own, so that messages wait for it.
        self.waits = False
        #: Is told of each call that a message waits for when it is over.
        self.answered: Callable[[Call], None] = lambda _: None

    def register(self, library: int, library_name: str, hook: str, function: Function) -> None:
        """After those that the library, and the libraries before it, have there.  ``InvalidValue``: no such hook."""
        if hook not in POINTS and not hook.startswith("$"):
            raise InvalidValue(f"{library_name}: there is no hook point {hook!r}; there are {', '.join(POINTS)}.")
        if hook in POINTS and POINTS[hook].absent:
            log.warning("HOOK-NEVER-CALLED: %s is registered at %s, where nothing is ever called: %s.",
                        library_name, hook, POINTS[hook].absent)  # fmt: skip
        callouts = self._callouts.setdefault(hook, [])
        at = next((n for n, one in enumerate(callouts) if one.library > library), len(callouts))
        own_s: float | None = getattr(function, "budget_s", None)  # It sees to it itself.
        limit, budget_s = (self._limit, BUDGET_S) if own_s is None else (_unlimited, own_s)
        callouts.insert(at, Callout(library, library_name, hook, function, limit, budget_s))
        self._settle(hook)

    def deregister(self, library: int, hook: str, function: Function | None = None) -> bool:
        """Take a library's callout (None: all of them) off a hook; whether there was one."""
        before = self._callouts.get(hook, [])
        after = [one for one in before if one.library != library or (function is not None and one.function != function)]
        self._callouts[hook] = after
        self._settle(hook)
        return len(after) < len(before)

    def forget(self, library: int) -> None:
        """Take all of a library's callouts off."""
        for hook in tuple(self._callouts):
            self.deregister(library, hook)

    def has(self, *hooks: str) -> bool:
        """Whether any callout is there to be called."""
        return not self._live.keys().isdisjoint(hooks)

    def callouts(self) -> list[Callout]:
        """All of them; those of one hook in their order."""
        return [one for callouts in self._callouts.values() for one in callouts]

    def commands(self) -> list[str]:
        """Names of the commands that libraries answer."""
        return [hook[1:].replace("_", "-") for hook in self._live if hook.startswith("$")]

    def lot(self, hook: str) -> ParkingLot:
        """The parking lot of a hook."""
        return self._lots.setdefault(hook, ParkingLot())

    def open(self, *, creates: bool = True) -> CalloutHandle:
        """A handle for one packet or command; ``creates``: who is at context_create is called now, not later."""
        handle = CalloutHandle()
        if creates and "context_create" in self._live:
            self.call(handle, "context_create", {})
        return handle

    def close(self, handle: CalloutHandle) -> None:
        """The packet or command is done with."""
        if "context_destroy" in self._live:
            self.tell(handle, "context_destroy", {})
        handle.arguments, handle.contexts = {}, {}

    def call(self, handle: CalloutHandle, hook: str, arguments: dict[str, Any]) -> Status:
        """Call the callouts in order; the status that the last one left.  Arguments are read back from the handle."""
        handle.arguments = arguments
        handle.status = Status.CONTINUE
        handle.hook = hook
        handle.lot = self._lots.get(hook)
        for callout in self._live.get(hook, ()):
            handle.library = callout.library
            self._call(callout, handle)
        return handle.status

    def command(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """The answer of the libraries to a command of their own; the last one's counts."""
        handle = self.open()
        try:
            self.call(handle, command_point(name), {"command": {"command": name, "arguments": dict(arguments)},
                                                    "response": None})
            return handle.arguments.get("response")
        finally:
            self.close(handle)

    def statistics(self) -> list[dict[str, Any]]:
        """Every callout with what became of its calls, in the order of the table of points."""
        order = {hook: number for number, hook in enumerate(POINTS)}
        hooks = sorted(self._callouts, key=lambda hook: (order.get(hook, len(order)), hook))
        return [one.as_document() for hook in hooks for one in self._callouts[hook]]

    def _settle(self, hook: str) -> None:
        live = tuple(one for one in self._callouts[hook] if not one.disabled)
        if live:
            self._live[hook] = live
        else:
            self._live.pop(hook, None)
        self.waits = self.waits or any(_apart(one) is not None for one in live)

    def meet(self, handle: CalloutHandle, hook: str, told: Told) -> Status:
        """Call the callouts that have not been called yet; ``Waits`` for one in a process of its own.

        When its call is over, this is called again.
        """
        handle.arguments, handle.status, handle.hook = told.arguments, told.status, hook
        handle.lot = self._lots.get(hook)
        if told.call is not None and told.called.disabled and _is_its_own(told.call.fault):
            told.call, handle.status = None, Status.DROP
            told.called.stopped += 1
        for callout in self._live.get(hook, ()):
            if callout in told.done:
                continue
            handle.library = callout.library
            apart = _apart(callout)
            if apart is None:
                self._call(callout, handle)
            else:
                self._call_apart(callout, apart, handle, told)
            told.done.add(callout)
            told.status = handle.status
        return handle.status

    def tell(self, handle: CalloutHandle, hook: str, arguments: dict[str, Any]) -> None:
        """The same, of callouts whose answer changes nothing: nobody waits for those in processes of their own."""
        handle.arguments, handle.status, handle.hook = arguments, Status.CONTINUE, hook
        handle.lot = self._lots.get(hook)
        for callout in self._live.get(hook, ()):
            handle.library = callout.library
            apart = _apart(callout)
            if apart is None:
                self._call(callout, handle)
            else:
                callout.calls += 1
                apart.ask(handle, lambda call, callout=callout: self._heard(callout, call))

    def _call_apart(self, callout: Callout, apart: Any, handle: CalloutHandle, told: Told) -> None:
        call = told.call if told.called is callout else None
        told.call = None
        if call is None:
            callout.calls += 1
            call = apart.ask(handle, lambda call: self._heard(callout, call, is_awaited=True))
            if not call.is_over:
                told.called, told.call, told.status = callout, call, handle.status
                raise Waits(call)
        if call.fault is not None:
            handle.status = Status.DROP
        else:
            try:
                self._returned(callout, apart.take_over(call, handle))
            except Exception:
                log.exception("HOOK-FAILED: %s at %s did what cannot be done here; the status is DROP.", callout.name,
                              callout.hook)  # fmt: skip
                handle.status = Status.DROP
                self._failed(callout, "it raised")
        if handle.status is not Status.CONTINUE:
            callout.stopped += 1

    def _heard(self, callout: Callout, call: Call, *, is_awaited: bool = False) -> None:
        """It is known what became of a call in a process of its own."""
        callout.seconds += call.took_s
        callout.slowest = max(callout.slowest, call.took_s)
        fault = call.fault
        if fault is None:
            callout.in_a_row = 0
        elif callout.disabled or isinstance(fault, Away):
            callout.errors += 1  # Not its own failure: it is called again when its process is back.
        elif isinstance(fault, Overrun):
            callout.overruns += 1
            callout.overran_at.append(self._clock())
            self._failed(callout, f"it took longer than {callout.budget_s * 1000:.0f} ms")
        else:
            log.error("HOOK-FAILED: %s at %s raised; the status is DROP.\n%s", callout.name, callout.hook, fault)
            self._failed(callout, "it raised")
        if is_awaited:
            self.answered(call)

    def _returned(self, callout: Callout, returned: int | None) -> None:
        if returned:
            log.error("HOOK-FAILED: %s at %s returned %s.", callout.name, callout.hook, returned)

    def _call(self, callout: Callout, handle: CalloutHandle) -> None:
        callout.calls += 1
        began = self._clock()
        try:
            with callout.limit(callout.budget_s):
                returned = callout.function(handle)
            took = self._clock() - began
            if took > callout.budget_s and callout.limit is not _unlimited:  # It has kept its end to itself.
                raise Overrun  # noqa: TRY301 - The end of both is one.
        except Away:
            took = self._clock() - began
            callout.errors += 1  # It is not the callout's failure: it is called again when its process is back.
            handle.status = Status.DROP
        except Overrun:
            took = self._clock() - began
            callout.overruns += 1
            callout.overran_at.append(began)
            handle.status = Status.DROP
            self._failed(callout, f"it took longer than {callout.budget_s * 1000:.0f} ms")
        except BaseException:  # Who calls sys.exit(), or interrupts, in a callout ends the callout, not the server.
            took = self._clock() - began
            handle.status = Status.DROP
            log.exception("HOOK-FAILED: %s at %s raised; the status is DROP.", callout.name, callout.hook)
            self._failed(callout, "it raised")
        else:
            callout.in_a_row = 0
            self._returned(callout, returned)
        callout.seconds += took
        callout.slowest = max(callout.slowest, took)
        if handle.status is not Status.CONTINUE:
            callout.stopped += 1

    def _failed(self, callout: Callout, why: str) -> None:
        callout.errors += 1
        callout.in_a_row += 1
        if callout.in_a_row >= FAILURES_MAX or overruns_too_often(callout.overran_at):
            times = f"{callout.in_a_row} times in a row"
            if callout.in_a_row < len(callout.overran_at):
                times = f"{len(callout.overran_at)} times within {OVERRUNS_WITHIN_S / 60:.0f} minutes"
            callout.disabled = f"{why}, {times}"
            told = f"HOOK-DISABLED: {callout.name} at {callout.hook} is not called any more: {callout.disabled}."
            self._settle(callout.hook)
            log.error("%s", told)
            self.events.append(told)


def _apart(callout: Callout) -> Any:
    """Its function, where that is called in a process of its own and can be waited for."""
    return callout.function if hasattr(callout.function, "ask") else None


def _is_its_own(fault: BaseException | None) -> bool:
    return fault is not None and not isinstance(fault, Away)
