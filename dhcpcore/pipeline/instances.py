"""The configured handlers of one engine: made of the rows of a snapshot, called, limited and counted.

What one raises becomes what its model says (``api``); anything else is logged, and the message is not answered.  One
that goes on failing, or takes longer than it may, is switched off and shown.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any

from dhcpcore.hooks.awaited import Call
from dhcpcore.hooks.registry import (
    BUDGET_S,
    FAILURES_MAX,
    OVERRUNS_WITHIN_S,
    Away,
    Limit,
    Overrun,
    overruns_too_often,
)
from dhcpcore.pipeline.api import (
    CannotRespondError,
    Factories,
    ForOtherServerError,
    HandlerException,
    ReplyWithStatusError,
    UseMulticastError,
)
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.bundle6 import TransactionBundle6, refuse6
from dhcpcore.pipeline.instance import Apart, Apartness, Instance
from dhcpcore.pipeline.roster import Roster
from dhcpcore.pipeline.scopes import selects
from dhcpcore.pipeline.signals import Ask, CannotRespond, Refuse, Signal
from dhcpcore.pipeline.standing import Kept
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.handler_rows import HandlerRow
from dhcpcore.topology.snapshot import Quarantined
from dhcpcore.wire.kinds import KIND6
from dhcpcore.wire.v4.message import MessageType
from dhcpcore.wire.v6.message import Status

log = logging.getLogger(__name__)

_KEY = "configured handlers"
#: Processes of an isolated handler that may end soon after their beginning, one after the other: some 20 s.
_ENDED_MAX = 5


class Instances:
    """All of them, in their order.

    ``clock`` tells seconds, and ``limit`` is a context that ends what takes longer than so many of them by ``Overrun``.
    ``simulated``: handlers are told that nothing of it is for real.  ``apart`` begins the processes of isolated ones;
    without it, those are set aside.
    """

    def __init__(
        self, factories: Factories, clock: Callable[[], float] = lambda: 0.0, limit: Limit | None = None, *,
        simulated: bool = False, apart: Apartness | None = None,
    ) -> None:  # fmt: skip
        self._apart = apart
        self._clock = clock
        self._limit: Limit = limit or (lambda _: nullcontext())
        self._roster = Roster(factories, self._limit, self._settle, simulated=simulated, apart=apart)
        self._live: tuple[Instance, ...] = ()  #: Those that DHCPv4's messages meet,
        self._live6: tuple[Instance, ...] = ()  #: and DHCPv6's.
        #: Handlers that were switched off, in words, until somebody has taken them.
        self.events: list[str] = []
        #: Whether one has a process of its own, so that messages wait for it.
        self.waits = False
        #: Is told of each call that a transaction waits for when it is over.
        self.answered: Callable[[Call], None] = lambda _: None

    def install(self, rows: Iterable[HandlerRow]) -> None:
        """Make the handlers of a snapshot; one whose row is the same goes on as it is, with what it remembers."""
        self._roster.install(rows)
        self._settle()

    @property
    def quarantined(self) -> tuple[Quarantined, ...]:
        """Those that are set aside, with the reason."""
        return self._roster.quarantined

    @property
    def any(self) -> bool:
        """Whether anybody is there to be called."""
        return bool(self._live or self._live6)

    def has(self, *phases: str) -> bool:
        """Whether anybody has one of these phases."""
        return any(phase in one.phases for one in (*self._live, *self._live6) for phase in phases)

    def _met(self, bundle: TransactionBundle) -> tuple[Instance, ...]:
        """Those that its family's messages meet."""
        return self._live if bundle.request.message_type < KIND6 else self._live6

    def statistics(self) -> list[dict[str, Any]]:
        """Every one with what became of its calls, in their order; then those that are set aside, with the reason."""
        aside = [Instance(one.row, {}).as_document() | {"disabled": one.said} for one in self._roster.aside]
        return [*(one.as_document() for one in self._roster.all), *aside]

    def pre(self, bundle: TransactionBundle) -> None:
        """The first phase; once a message, also where it is suspended and comes again."""
        state = self._state(bundle)
        if state.is_met:
            return
        self._fail_of_disabled(state, bundle)
        for phase in ("analyse_pre", "pre"):
            for one in self._met(bundle):
                if (phase, one) in state.done or phase not in one.phases or not selects(one.row.scope, bundle):
                    continue
                state.met[one] = None
                try:
                    self._call(one, phase, state, bundle)
                except Refuse as signal:
                    state.refusal, state.is_met = signal, True
                    return
                state.done.add((phase, one))
        state.is_met = True

    def refuse(self, bundle: TransactionBundle) -> None:
        """Refuse what was found to be refused in the first phase."""
        refusal = self._state(bundle).refusal
        if refusal is not None:
            raise refusal

    def handle(self, bundle: TransactionBundle) -> None:
        """The second phase, where the transaction has been decided, or decided again.

        Where one is waited for, who was called about this answer is not called again.
        """
        state = self._state(bundle)
        transaction = state.transaction
        transaction.begin()
        had = bool(bundle.responses)
        waits = (self.waits or state.picture is not None) and bundle.request.message_type < KIND6
        apart = self._apart if waits else None
        if apart is not None:
            state.begin(apart, bundle)
        self._fail_of_disabled(state, bundle)
        names = []
        for one in self._met(bundle):
            if not selects(one.row.scope, bundle):
                continue
            state.met[one] = None
            if "handle" not in one.phases:
                continue
            names.append(one.row.name)
            if apart is not None and ("handle", one) in state.done:
                continue
            try:
                self._call(one, "handle", state, bundle)
            except Ask:
                if apart is not None:
                    state.stand(apart, bundle)
                raise
            if transaction.settle():
                one.changed += 1
            if had and not bundle.responses:
                raise self._stop(one, bundle, Reason.HANDLER_DROPPED)
            state.done.add(("handle", one))
        if apart is not None:
            state.stand(apart, bundle)
        if names:
            bundle.trace.append((Step.HANDLERS, ", ".join(names)))

    def post(self, bundle: TransactionBundle) -> bool:
        """The third phase: all that the answer promises is committed.  Whether its octets have to be made anew.

        Where a handler stops it, nothing is left to be sent and the reason says so.
        """
        state: Kept | None = None if bundle.handler_data is None else bundle.handler_data.get(_KEY)
        if state is None or state.is_done:
            return False
        try:
            self._post(state, bundle)
        except (CannotRespond, Refuse) as signal:
            state.is_done = True
            bundle.outgoing = []
            if isinstance(signal, Refuse) and isinstance(bundle, TransactionBundle6):
                refuse6(bundle)  # A status is no news of leases: it may be said after the commit.
                bundle.reason = signal.reason
                return True
            bundle.reason = Reason.HANDLER_DROPPED if isinstance(signal, Refuse) else signal.reason
            return False
        state.is_done = True
        return state.is_changed

    def _post(self, state: Kept, bundle: TransactionBundle) -> None:
        self._fail_of_disabled(state, bundle)
        had = bool(bundle.responses)
        for one in self._met(bundle):
            if one not in state.met or "post" not in one.phases or ("post", one) in state.done:
                continue
            self._call(one, "post", state, bundle)
            if state.transaction.settle():
                state.is_changed = True
                one.changed += 1
            if had and not bundle.responses:
                raise self._stop(one, bundle, Reason.HANDLER_DROPPED)
            state.done.add(("post", one))

    def done(self, bundle: TransactionBundle) -> None:
        """The transaction has ended."""
        data = bundle.handler_data
        state = None if data is None else data.pop(_KEY, None)
        if state is not None:
            for one in self._met(bundle):
                if "analyse_post" in one.phases and (one in state.met or selects(one.row.scope, bundle)):
                    self._call(one, "analyse_post", state, bundle)

    def _state(self, bundle: TransactionBundle) -> Kept:
        if bundle.handler_data is None:
            bundle.handler_data = {}
        state: Kept | None = bundle.handler_data.get(_KEY)
        if state is None:
            state = bundle.handler_data[_KEY] = Kept(bundle)
        return state

    def _call(self, one: Instance, phase: str, state: Kept, bundle: TransactionBundle) -> None:
        if one.apart is not None:
            self._call_apart(one, one.apart, phase, state, bundle)
            return
        transaction = state.transaction
        is_analysis = phase.startswith("analyse")
        one.calls += 1
        began = self._clock()
        signal: Signal | None = None
        try:
            if one.is_built_in:
                one.phases[phase](transaction)
            else:
                with self._limit(BUDGET_S):
                    one.phases[phase](transaction)
                if self._clock() - began > BUDGET_S:  # It has kept to itself that it was ended.
                    raise Overrun  # noqa: TRY301 - The end of both is one.
        except Overrun:
            one.overruns += 1
            one.overran_at.append(began)
            self._failed(one, phase, f"it took longer than {one.budget_s * 1000:.0f} ms")
            signal = CannotRespond(Reason.HANDLER_FAILED)
        except HandlerException as error:
            one.in_a_row.pop(phase, None)
            signal = self._signal(one, error, bundle, is_analysis=is_analysis)
        except BaseException:  # Who calls sys.exit(), or interrupts, in a handler ends the call, not the server.
            log.exception("HANDLER-FAILED: %s raised in %s; %s.", one.row.name, phase,
                          "nothing is changed" if is_analysis else "the message is not answered")  # fmt: skip
            self._failed(one, phase, "it raised")
            signal = CannotRespond(Reason.HANDLER_FAILED)
        else:
            one.in_a_row.pop(phase, None)
        took = self._clock() - began
        one.seconds += took
        one.slowest = max(one.slowest, took)
        if signal is not None and not is_analysis:
            self._stopped(one, bundle)
            raise signal

    def _call_apart(
        self, one: Instance, apart: Apart, phase: str, state: Kept, bundle: TransactionBundle
    ) -> None:
        """Ask its process, and wait; or, where that has answered, do here what it did there.  Who looks is not waited
        for.
        """
        call = state.answered(one, phase)
        signal: Signal | None = None
        try:
            if call is None:
                one.calls += 1
                call = apart.call(phase, state.transaction, bundle, lambda call: self._heard(one, phase, call))
                if phase.startswith("analyse"):
                    return
                if not call.is_over:
                    state.wait(one, phase, call)
                    bundle.trace.append((Step.HANDLER_ASKED, one.row.name, phase))
                    raise Ask(call)  # noqa: TRY301 - It is for the engine.
            if call.fault is not None:
                signal = CannotRespond(Reason.HANDLER_FAILED)
            else:
                apart.take_over(call, state.transaction, bundle)
        except Ask:
            raise
        except HandlerException as error:
            signal = self._signal(one, error, bundle, is_analysis=False)
        except Exception:
            log.exception("HANDLER-FAILED: %s did in %s what cannot be done here; the message is not answered.",
                          one.row.name, phase)  # fmt: skip
            self._failed(one, phase, "it raised")
            signal = CannotRespond(Reason.HANDLER_FAILED)
        if signal is not None:
            self._stopped(one, bundle)
            raise signal

    def _heard(self, one: Instance, phase: str, call: Call) -> None:
        """It is known what became of a call in its process."""
        is_analysis = phase.startswith("analyse")
        one.seconds += call.took_s
        one.slowest = max(one.slowest, call.took_s)
        fault = call.fault
        if fault is None:
            one.in_a_row.pop(phase, None)
            error = one.apart.signal(call) if is_analysis and one.apart is not None else None
            if error is not None and not isinstance(error, ForOtherServerError):
                log.error("HANDLER-FAILED: %s raised %s while it only looks: nothing is changed.", one.row.name, error)
        elif one.disabled:
            one.errors += 1
        elif isinstance(fault, Overrun):
            one.overruns += 1
            one.overran_at.append(self._clock())
            self._failed(one, phase, f"it took longer than {one.budget_s * 1000:.0f} ms")
        elif isinstance(fault, Away):  # It is not the handler's failure, as long as its process comes back.
            one.errors += 1
            self._look_after(one)
        else:
            log.error("HANDLER-FAILED: %s raised in %s; %s.\n%s", one.row.name, phase,
                      "nothing is changed" if is_analysis else "the message is not answered", fault)  # fmt: skip
            self._failed(one, phase, "it raised")
        if not is_analysis:
            self.answered(call)

    def _fail_of_disabled(self, state: Kept, bundle: TransactionBundle) -> None:
        """The message of which one was switched off ends as those did of which it was not yet."""
        one = state.failed_of_disabled()
        if one is not None:
            self._stopped(one, bundle)
            raise CannotRespond(Reason.HANDLER_FAILED)

    def _stopped(self, one: Instance, bundle: TransactionBundle) -> None:
        one.stopped += 1
        bundle.trace.append((Step.STOPPED_BY_HANDLER, one.row.name))

    def _signal(
        self, one: Instance, error: HandlerException, bundle: TransactionBundle, *, is_analysis: bool
    ) -> CannotRespond | Refuse:
        """What the model makes of an exception."""
        if isinstance(error, ForOtherServerError):
            log.debug("%s left a message of %s to another server.", one.row.name, bundle.request.hw[1:].hex(":"))
            return CannotRespond(Reason.OTHER_SERVER)
        if is_analysis:
            log.error("HANDLER-FAILED: %s raised %s while it only looks: nothing is changed.", one.row.name, error)
        elif isinstance(bundle, TransactionBundle6) and not isinstance(error, CannotRespondError):
            return self._status(one, error, bundle)
        elif isinstance(error, CannotRespondError):
            log.warning("HANDLER-DROPPED: %s left a message of %s unanswered: %s", one.row.name,
                        bundle.request.hw[1:].hex(":"), str(error) or "it says no more")  # fmt: skip
        elif isinstance(error, ReplyWithStatusError) and bundle.request.message_type == MessageType.REQUEST:
            return Refuse(Reason.NAK_HANDLER)
        return CannotRespond(Reason.HANDLER_DROPPED)

    def _status(
        self, one: Instance, error: HandlerException, bundle: TransactionBundle6
    ) -> CannotRespond | Refuse:
        """The same of those that DHCPv6 has an answer for."""
        if isinstance(error, ReplyWithStatusError):
            bundle.status = (error.status_code, error.status_message)
            return Refuse(Reason.STATUS_HANDLER)
        if isinstance(error, UseMulticastError) and not bundle.by_multicast:
            bundle.status = (int(Status.USE_MULTICAST), str(error))
            return Refuse(Reason.STATUS_USE_MULTICAST)
        why = "it wants multicast, and that was multicast" if isinstance(error, UseMulticastError) else error
        log.error("HANDLER-DROPPED: %s left a message of %s unanswered: %s", one.row.name, bundle.duid.hex(":"), why)
        return CannotRespond(Reason.HANDLER_DROPPED)

    def _stop(self, one: Instance, bundle: TransactionBundle, reason: Reason) -> CannotRespond:
        self._stopped(one, bundle)
        return CannotRespond(reason)

    def _failed(self, one: Instance, phase: str, why: str) -> None:
        one.errors += 1
        failures = one.in_a_row[phase] = one.in_a_row.get(phase, 0) + 1
        if failures >= FAILURES_MAX or overruns_too_often(one.overran_at):
            times = f"{failures} times in a row"
            if failures < len(one.overran_at):
                times = f"{len(one.overran_at)} times within {OVERRUNS_WITHIN_S / 60:.0f} minutes"
            self._disable(one, f"{why} in {phase}, {times}")
        else:
            self._look_after(one)

    def _look_after(self, one: Instance) -> None:
        """Whether an isolated one has had its chances."""
        if one.apart is not None and one.apart.failures >= _ENDED_MAX:
            self._disable(one, f"its process ended soon after its beginning, {_ENDED_MAX} times in a row")

    def _disable(self, one: Instance, why: str) -> None:
        one.disabled = why
        told = f"HANDLER-DISABLED: {one.row.name} is not called any more: {why}."
        self._settle()
        self._roster.let_go(one)
        log.error("%s", told)
        self.events.append(told)

    def _settle(self) -> None:
        live = [one for one in self._roster.all if not one.disabled]
        self._live, self._live6 = (tuple(one for one in live if family in one.families) for family in (4, 6))
        self.waits = any(one.apart is not None for one in live)
