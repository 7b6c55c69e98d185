"""The configured handlers of one engine: made of the rows of a snapshot, called, limited and counted.

What one raises becomes what its model says (``api``); anything else is logged, and the message is not answered.  One
that goes on failing, or takes longer than it may, is switched off and shown.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any, NamedTuple

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
from dhcpcore.pipeline.instance import Apartness, Instance
from dhcpcore.pipeline.making import MAKING_S, is_same, made_built_in, made_of, phases_of, said_of
from dhcpcore.pipeline.scopes import selects
from dhcpcore.pipeline.signals import CannotRespond, Refuse, Signal
from dhcpcore.pipeline.trace import Step
from dhcpcore.pipeline.transaction import Transaction
from dhcpcore.pipeline.transaction6 import transaction_of
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


class _Aside(NamedTuple):
    """One that cannot be made, and why; ``is_slow``: it is not tried again while its row stays as it is."""

    row: HandlerRow
    said: str
    is_slow: bool


class _State:
    """What is kept of one message: who had to do with it."""

    __slots__ = ("is_done", "met", "refusal", "transaction")

    def __init__(self, bundle: TransactionBundle) -> None:
        self.transaction = transaction_of(bundle)
        self.met: dict[Instance, None] = {}
        self.is_done = False  #: Whether ``post`` was called.
        self.refusal: Refuse | None = None  #: Of the first phase.


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
        self._factories = factories
        self._apart = apart
        self._simulated = simulated
        self._clock = clock
        self._limit: Limit = limit or (lambda _: nullcontext())
        self._all: tuple[Instance, ...] = ()
        self._live: tuple[Instance, ...] = ()  #: Those that DHCPv4's messages meet,
        self._live6: tuple[Instance, ...] = ()  #: and DHCPv6's.
        self.quarantined: tuple[Quarantined, ...] = ()
        self._aside: tuple[_Aside, ...] = ()
        #: Handlers that were switched off, in words, until somebody has taken them.
        self.events: list[str] = []

    def install(self, rows: Iterable[HandlerRow]) -> None:
        """Make the handlers of a snapshot; one whose row is the same goes on as it is, with what it remembers.

        One that could not be made is tried again, unless that took too long: everybody would wait once more.
        """
        former = {one.row.name: one for one in self._all}
        slow = {one.row.name: one for one in self._aside if one.is_slow}
        made: list[Instance] = []
        aside: list[_Aside] = []
        for row in rows:
            present, refused = former.get(row.name), slow.get(row.name)
            if present is not None and is_same(row, present.row):
                present.row = row
                made.append(present)
                continue
            if refused is not None and is_same(row, refused.row):
                aside.append(refused)
                continue
            try:
                made.append(self._made(row))
            except BaseException as error:  # noqa: BLE001 - Whatever a package raises, the others serve.
                said = said_of(error)
                aside.append(_Aside(row, said, isinstance(error, Overrun)))
                log.error("QUARANTINED: handler %s is not used: %s", row.name, said)  # noqa: TRY400 - It says it all.
        for one in self._all:
            if one not in made:
                self._let_go(one)
        self._all, self._aside = tuple(made), tuple(aside)
        self.quarantined = tuple(Quarantined(f"handler {one.row.name}", one.said) for one in aside)
        self._settle()

    def _made(self, row: HandlerRow) -> Instance:
        factory = self._factories.get(row.type)
        if factory is None:
            raise LookupError(
                f"type: there is no handler type {row.type!r} here: install its package beside Lessor, and start the "
                "engine again"
            )
        if row.isolated:
            if self._apart is None:
                raise LookupError("isolated: nothing here starts processes")
            apart = self._apart.begin(row)
            return Instance(row, dict.fromkeys(apart.phases), apart)
        with self._limit(MAKING_S):
            if row.model is not None:
                made = made_built_in(factory, row)
            else:
                made = made_of(factory, row.name, row.fields, simulated=self._simulated)
            return Instance(row, phases_of(made), families=frozenset(made.families))

    def _let_go(self, one: Instance) -> None:
        if one.apart is not None and self._apart is not None:
            self._apart.end(one.apart)

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
        aside = [Instance(one.row, {}).as_document() | {"disabled": one.said} for one in self._aside]
        return [*(one.as_document() for one in self._all), *aside]

    def pre(self, bundle: TransactionBundle) -> None:
        """The first phase; once a message, also where it is suspended and comes again."""
        if bundle.handler_data is None:
            bundle.handler_data = {}
        if _KEY in bundle.handler_data:
            return
        state = bundle.handler_data[_KEY] = _State(bundle)
        for phase in ("analyse_pre", "pre"):
            for one in self._met(bundle):
                if phase in one.phases and selects(one.row.scope, bundle):
                    state.met[one] = None
                    try:
                        self._call(one, phase, state.transaction, bundle)
                    except Refuse as signal:
                        state.refusal = signal
                        return

    def refuse(self, bundle: TransactionBundle) -> None:
        """Refuse what was found to be refused in the first phase."""
        refusal = self._state(bundle).refusal
        if refusal is not None:
            raise refusal

    def handle(self, bundle: TransactionBundle) -> None:
        """The second phase, where the transaction has been decided, or decided again."""
        state = self._state(bundle)
        transaction = state.transaction
        transaction.begin()
        had = bool(bundle.responses)
        names = []
        for one in self._met(bundle):
            if not selects(one.row.scope, bundle):
                continue
            state.met[one] = None
            if "handle" not in one.phases:
                continue
            names.append(one.row.name)
            self._call(one, "handle", transaction, bundle)
            if transaction.settle():
                one.changed += 1
            if had and not bundle.responses:
                raise self._stop(one, bundle, Reason.HANDLER_DROPPED)
        if names:
            bundle.trace.append((Step.HANDLERS, ", ".join(names)))

    def post(self, bundle: TransactionBundle) -> bool:
        """The third phase: all that the answer promises is committed.  Whether its octets have to be made anew.

        Where a handler stops it, nothing is left to be sent and the reason says so.
        """
        state = None if bundle.handler_data is None else bundle.handler_data.get(_KEY)
        if state is None or state.is_done:
            return False
        state.is_done = True
        had = bool(bundle.responses)
        is_changed = False
        for one in self._met(bundle):
            if one not in state.met or "post" not in one.phases:
                continue
            try:
                self._call(one, "post", state.transaction, bundle)
                if state.transaction.settle():
                    is_changed = True
                    one.changed += 1
                if had and not bundle.responses:
                    raise self._stop(one, bundle, Reason.HANDLER_DROPPED)
            except (CannotRespond, Refuse) as signal:
                bundle.outgoing = []
                if isinstance(signal, Refuse) and isinstance(bundle, TransactionBundle6):
                    refuse6(bundle)  # A status is no news of leases: it may be said after the commit.
                    bundle.reason = signal.reason
                    return True
                bundle.reason = Reason.HANDLER_DROPPED if isinstance(signal, Refuse) else signal.reason
                return False
        return is_changed

    def done(self, bundle: TransactionBundle) -> None:
        """The transaction has ended."""
        data = bundle.handler_data
        state = None if data is None else data.pop(_KEY, None)
        if state is not None:
            for one in self._met(bundle):
                if "analyse_post" in one.phases and (one in state.met or selects(one.row.scope, bundle)):
                    self._call(one, "analyse_post", state.transaction, bundle)

    def _state(self, bundle: TransactionBundle) -> _State:
        if bundle.handler_data is None:
            bundle.handler_data = {}
        state: _State | None = bundle.handler_data.get(_KEY)
        if state is None:
            state = bundle.handler_data[_KEY] = _State(bundle)
        return state

    def _call(self, one: Instance, phase: str, transaction: Transaction, bundle: TransactionBundle) -> None:
        is_analysis = phase.startswith("analyse")
        one.calls += 1
        began = self._clock()
        signal: Signal | None = None
        try:
            if one.is_built_in:
                one.phases[phase](transaction)
            elif one.apart is not None:
                one.apart.call(phase, transaction, bundle)
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
        except Away:  # It is not the handler's failure, as long as its process comes back.
            one.errors += 1
            self._look_after(one)
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
            one.stopped += 1
            bundle.trace.append((Step.STOPPED_BY_HANDLER, one.row.name))
            raise signal

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
        one.stopped += 1
        bundle.trace.append((Step.STOPPED_BY_HANDLER, one.row.name))
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
        self._let_go(one)
        log.error("%s", told)
        self.events.append(told)

    def _settle(self) -> None:
        live = [one for one in self._all if not one.disabled]
        self._live, self._live6 = (tuple(one for one in live if family in one.families) for family in (4, 6))
