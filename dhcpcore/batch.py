"""One batch on its way: the datagrams of one drain through fetch, decide, commit and settle.

Its transactions run side by side until each is answered, suspended or ended by name; what they change is committed
together, and only what was won is answered (``engine`` has the picture).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from dhcpcore.lease.allocation import Candidate
from dhcpcore.lease.facts import Facts, Outcome, Wants
from dhcpcore.lease.marked import Marked
from dhcpcore.lease.model import Change, LeaseKey, State
from dhcpcore.pipeline.bundle import Outgoing, Response4, TransactionBundle
from dhcpcore.pipeline.callouts import Callouts
from dhcpcore.pipeline.leaving import Leaving
from dhcpcore.pipeline.ledger import Ledger
from dhcpcore.pipeline.scripted import recall
from dhcpcore.pipeline.signals import Ask, CannotRespond, Contended, NeedsRows, Refuse, Respond, Suspend
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.wire.v4.message import MessageType, Opt
from dhcpcore.wire.v4.tlv import encode_options

if TYPE_CHECKING:
    from dhcpcore.engine import Engine

#: Rounds of further rows that one transaction may ask for.
ROUNDS_MAX = 3
#: Times that one transaction is decided again because other writers were first.
RETRIES_MAX = 3

#: What a definition that could not be read would perhaps have allowed: better no word than a wrong one.
_OF_DEFINITIONS = frozenset((Reason.NAK_WRONG_NETWORK, Reason.NAK_NOT_PERMITTED))
_DECLINED = int(State.DECLINED)


class Batch:
    """The datagrams of one drain on their way through fetch, decide, commit and settle."""

    __slots__ = (
        "_contended", "_engine", "_gate", "_ready", "_reply", "_waiting", "facts", "ledger", "now", "pending", "wants",
    )  # fmt: skip

    def __init__(self, engine: Engine, now: float) -> None:
        self._engine = engine
        self._reply: Callable[[TransactionBundle], None] = engine.reply.post
        self._gate: Leaving | Callouts | None = engine.gate
        self.now = now
        self.wants = Wants()
        self.facts = Facts()
        self.ledger = Ledger(self.facts)
        self.pending: list[TransactionBundle] = []
        self._waiting: list[TransactionBundle] = []
        self._contended: list[TransactionBundle] = []
        self._ready: list[Outgoing] = []

    def adopt(self, bundle: TransactionBundle) -> None:
        """Take in a transaction that was suspended: it begins anew, on fresh rows and the present definitions."""
        engine = self._engine
        bundle.wants = self.wants
        bundle.facts = self.facts
        steps = engine.plan.pre.get(bundle.request.message_type)
        if steps is None:
            bundle.reason = Reason.BOOTP  # Of the messages that are answered, only these can be switched off.
            engine.finish(bundle)
        elif engine.prepare(bundle, steps):
            self._await(bundle)

    def rejoin(self, bundle: TransactionBundle, left: tuple[Callable[[TransactionBundle], None], ...]) -> None:
        """Take in a transaction that what it asked has answered, while the definitions are the same: all that its
        packet told holds.  Where the script was shown its answer, it is decided again on the rows that this was decided
        on: should they have changed meanwhile, the commit says so, and it is decided on fresh ones.

        ``left``: of its first phase, from the step that asked on, where it was one of those.
        """
        bundle.wants, bundle.facts, bundle.now = self.wants, self.facts, self.now
        bundle.rounds = 0
        engine = self._engine
        rest = engine.plan.rest[bundle.request.message_type]
        if len(left) > len(rest):  # It has not come so far.
            rest = left
        else:
            bundle.reset()
            if recall(bundle):
                self.pending.append(bundle)
                return
        if engine.prepare(bundle, rest):
            self._await(bundle)

    def _await(self, bundle: TransactionBundle) -> None:
        """Its rows, and those of what was probed or proposed for it before it waited: they may be others' by now."""
        leases = self.wants.leases
        leases.update(bundle.probed or ())
        if isinstance(bundle.candidate, Candidate):
            leases.add(bundle.candidate.key)
        self.pending.append(bundle)

    def decide(self) -> None:
        """Run every pending transaction on the facts; what needs more rows is pending again, with ``wants`` filled."""
        engine = self._engine
        facts = self.facts
        if facts.pages:
            for page, rows in facts.pages.items():
                engine.allocator.load(page, rows, self.now)
            facts.pages.clear()
        pending = self.pending
        self.pending = []
        self.wants = wants = Wants()
        steps, reply, gate = engine.plan.decide, self._reply, self._gate
        ledger = self.ledger
        for bundle in pending:
            bundle.wants = wants
            bundle.facts = facts
            bundle.ledger = ledger
            try:
                for step in steps[bundle.request.message_type]:
                    step(bundle)
                reply(bundle)
            except NeedsRows:
                self._again(bundle)
                continue
            except Refuse as signal:
                self._refuse(bundle, signal.reason)
            except (CannotRespond, Respond) as signal:
                if self._ends_later(bundle, signal):
                    continue
            except (Suspend, Ask) as signal:
                self._record_conflicts(bundle)
                engine.suspend(bundle, signal)
                continue
            except Contended:
                self._contended.append(bundle)
                continue
            except Exception:
                if engine.strict:
                    raise
                engine.fault(bundle)
                continue
            if bundle.depends:
                self._waiting.append(bundle)
            elif gate is None or gate.may_leave(bundle):
                self._ready += bundle.outgoing
                engine.finish(bundle)

    def ready(self) -> list[Outgoing]:
        """Answers that may leave now."""
        ready, self._ready = self._ready, []
        return ready

    def changes(self) -> list[Change]:
        """What to commit, in the order of the key: two engines never wait for each other crosswise."""
        ledger = self.ledger
        changes = [change for _, change in sorted(ledger.changes.items())]  # No two have one key.
        return Marked(changes, ledger.classes) if ledger.classes else changes

    def settle(self, outcome: Outcome) -> None:
        """Release what was won; what was lost is pending again with fresh wants, and so is what could not join."""
        engine = self._engine
        gate = self._gate
        changes = self.ledger.changes
        engine.counters.rows_committed += len(changes) - len(outcome.lost) - len(outcome.over)
        lost, over = outcome.lost, outcome.over
        for key, (_, after, opens, closing) in changes.items():
            if (lost and key in lost) or (over and key in over):
                engine.allocator.doubt(key)
            elif opens or closing is not None or after.state == _DECLINED:
                engine.allocator.note_row(after, self.now)
        if gate is not None:
            gate.settled(changes, outcome)
        waiting = self._waiting
        self._waiting = []
        self.ledger = Ledger(self.facts)
        if not lost and not outcome.refused and not over:
            for bundle in waiting:
                if gate is None or gate.may_leave(bundle, changes):
                    self._ready += bundle.outgoing
                    engine.finish(bundle)
        else:
            self._sort_out(waiting, outcome, changes)
        contended, self._contended = self._contended, []
        for bundle in contended:
            self._retry(bundle)

    def let_go(self, bundle: TransactionBundle) -> None:
        """Its answer leaves, if it has one left, and it ends."""
        self._ready += bundle.outgoing
        self._engine.finish(bundle)

    def leave(self, bundle: TransactionBundle, changes: Mapping[LeaseKey, Change]) -> None:
        """What it depended on is committed."""
        gate = self._gate
        if gate is None or gate.may_leave(bundle, changes):
            self.let_go(bundle)

    def _sort_out(
        self, waiting: list[TransactionBundle], outcome: Outcome, changes: Mapping[LeaseKey, Change]
    ) -> None:
        engine = self._engine
        refused = {change.after.key for change, _ in outcome.refused}
        bad = outcome.lost | refused | outcome.over
        granted = {key for key, change in changes.items() if change.opens and key not in bad}
        for key in bad:
            self.facts.by_key.pop(key, None)
            self.facts.assigned.pop(key, None)
        for bundle in waiting:
            if any(key in refused for key in bundle.depends):
                # What was refused stays out of the hint: the next client must not run into it as well.
                bundle.depends = [key for key in bundle.depends if key not in refused]
                engine.allocator.drop(bundle.client, granted=bundle.key)
                self._close(bundle, Reason.ROW_REFUSED)
            elif any(key in outcome.lost for key in bundle.depends):
                self._retry(bundle, granted)
            elif any(key in outcome.over for key in bundle.depends):
                if bundle.request.message_type != MessageType.REQUEST:
                    self._close(bundle, Reason.LIMIT_REACHED)  # Rapid commit, BOOTP: no NAK answers those.
                    continue
                bundle.outgoing = []
                self._refuse(bundle, Reason.NAK_LIMIT)
                self.leave(bundle, {})
            else:
                self.leave(bundle, changes)

    def unknown(self) -> None:
        """The outcome of the commit is not known: decide all of it again on the rows as they turn out to be."""
        waiting = self._waiting + self._contended
        self._waiting = []
        self._contended = []
        for key in self.ledger.changes:
            self._engine.allocator.doubt(key)
        self.facts.by_key.clear()
        self.facts.by_client.clear()
        self.ledger = Ledger(self.facts)
        for bundle in waiting:
            self._retry(bundle)

    def abandon(self, reason: Reason) -> None:
        """End everything that has not been answered yet."""
        if self._gate is not None:
            self._gate.settled({}, Outcome())
        for bundle in (*self.pending, *self._waiting, *self._contended):
            self._close(bundle, reason)
        self.pending = []
        self._waiting = []
        self._contended = []
        self.ledger = Ledger(self.facts)
        self.wants = Wants()

    def _close(self, bundle: TransactionBundle, reason: Reason) -> None:
        for key in bundle.depends:
            self._engine.allocator.doubt(key)
        bundle.outgoing = []
        bundle.reason = reason
        self._engine.finish(bundle)

    def _again(self, bundle: TransactionBundle) -> None:
        bundle.rounds += 1
        if bundle.rounds > ROUNDS_MAX:
            self._record_conflicts(bundle)
            self._close(bundle, Reason.TOO_MANY_LOOKUPS)
            return
        bundle.reset()
        bundle.trace.append((Step.NEEDS_ROWS, bundle.rounds))
        self.pending.append(bundle)

    def _retry(self, bundle: TransactionBundle, granted: Container[LeaseKey] = ()) -> None:
        """``granted``: what of its rows was stored opens a holding that it may not come to after all."""
        bundle.retries += 1
        if bundle.retries > RETRIES_MAX:
            self._close(bundle, Reason.LOST_RACE)
            return
        keys = bundle.depends
        bundle.reverted = (*bundle.reverted, *(key for key in keys if key in granted))
        bundle.reset()
        bundle.rounds = 1  # What an offer saw is not trusted a second time.
        bundle.trace.append((Step.RETRIED, bundle.retries))
        self.pending.append(bundle)
        self.facts.by_client.pop(bundle.client, None)
        self.wants.clients.add(bundle.client)
        for key in keys:
            self.facts.by_key.pop(key, None)
            self.wants.leases.add(key)

    def _refuse(self, bundle: TransactionBundle, reason: Reason) -> None:
        """A NAK with the reason in words.  RFC 2131 4.3.1 table 3: no address, no lease time, server identifier.

        The client begins anew (RFC 2131 3.1 4): what it was offered is not offered again unseen.
        """
        if reason in _OF_DEFINITIONS and bundle.snapshot.quarantined:
            bundle.depends = []
            self._end(bundle, CannotRespond(Reason.QUARANTINED))
            return
        self._engine.allocator.drop(bundle.client)
        response = Response4(MessageType.NAK)
        response.pairs = ((int(Opt.MESSAGE), reason.code.encode()),)
        response.body = encode_options(response.pairs)
        bundle.responses = [response]
        bundle.depends = []
        bundle.reason = reason
        self._reply(bundle)

    def _ends_later(self, bundle: TransactionBundle, signal: CannotRespond | Respond) -> bool:
        """Whether it waits after all: for a commit, or for a handler of its answer, which grants nothing."""
        try:
            self._end(bundle, signal)
        except Ask as ask:
            self._engine.suspend(bundle, ask)
            return True
        if bundle.depends:
            self._waiting.append(bundle)
        return bool(bundle.depends)

    def _end(self, bundle: TransactionBundle, signal: CannotRespond | Respond) -> None:
        """Nothing is granted: the answer is what a handler put there, or what one makes of the silence, or none."""
        bundle.reason = signal.reason
        self._record_conflicts(bundle)
        if isinstance(signal, CannotRespond):
            bundle.responses, bundle.outgoing = [], []
            for step in self._engine.plan.silent[bundle.request.message_type]:
                step(bundle)
        if bundle.responses:
            try:
                for step in self._engine.plan.answered[bundle.request.message_type]:
                    step(bundle)
            except CannotRespond as last:
                bundle.responses, bundle.reason = [], last.reason
            except Refuse:  # The answer grants nothing: there is nothing to be refused.
                bundle.responses, bundle.reason = [], Reason.HANDLER_DROPPED
        self._reply(bundle)

    def _record_conflicts(self, bundle: TransactionBundle) -> None:
        """An answered probe is recorded at once, whatever becomes of the client.

        Where the address is in the hands of an earlier transaction of this batch, its next probe will tell again.
        """
        if bundle.probed:
            with suppress(Contended):
                for step in self._engine.plan.post[bundle.request.message_type][:1]:
                    step(bundle)
