"""The sans-IO face of the server: open, decide, settle, timers.

No socket, clock, random generator or SQL in here: datagrams, facts and ``now`` come in; wants, changes and answers go
out.  The same object runs in the server, the simulator and the tests.  One batch:

    batch = engine.open(datagrams, now)        # decode; link and identity; which rows it will need
    store.fetch(batch.wants, batch.facts)      # one round trip
    batch.decide()                             # answers and changes; or more wants; or suspended
    outcome = store.commit(batch.changes())    # one transaction, guarded by each row's version
    batch.settle(outcome)                      # what may be sent now; or wants, to decide again

``batch.ready()`` yields the answers that may leave at any point: offers and refusals at once, grants after settle.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from dhcpcore.builtin import builtin
from dhcpcore.errors import MalformedMessage
from dhcpcore.handlers.reply import Reply
from dhcpcore.hooks.registry import Registry
from dhcpcore.lease.allocation import Allocator, Candidate
from dhcpcore.lease.facts import Facts, Marked, Outcome, Page, Wants
from dhcpcore.lease.model import Change, Lease, LeaseKey, State, make
from dhcpcore.lease.nonces import Nonces
from dhcpcore.lease.offered import Offered
from dhcpcore.lease.sparse import Draw
from dhcpcore.lease.transitions import expire
from dhcpcore.pipeline.bundle import Datagram, Outgoing, Response4, TransactionBundle
from dhcpcore.pipeline.callouts import Callouts
from dhcpcore.pipeline.finished import Probe, Traced
from dhcpcore.pipeline.handler import MESSAGES, Handler, Plan
from dhcpcore.pipeline.ledger import Ledger
from dhcpcore.pipeline.searches import Searches
from dhcpcore.pipeline.signals import CannotRespond, Contended, NeedsRows, Refuse, Respond, Suspend
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.counters import Counters
from dhcpcore.stats.manners import Manners
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.links import Interface, Links
from dhcpcore.topology.snapshot import EMPTY, Snapshot
from dhcpcore.wire.v4.lenient import decode_leniently
from dhcpcore.wire.v4.message import MessageType, Opt, Request4, decode
from dhcpcore.wire.v4.tlv import encode_options

_log = logging.getLogger(__name__)

#: Rounds of further rows that one transaction may ask for.
ROUNDS_MAX = 3
#: Times that one transaction is decided again because other writers were first.
RETRIES_MAX = 3
#: Transactions that may wait for an event or a time; the oldest is dropped by name.
SUSPENDED_MAX = 1024
#: Transactions whose trace is kept in memory until it is written or pushed out.
TRACES_MAX = 8192

#: The offer, if there was one, has become a lease; or the client took another address.
_GRANTED = frozenset((Reason.ACK_NEW, Reason.ACK_RENEWED, Reason.ACK_ADOPTED, Reason.BOOTP_REPLY))
#: What a definition that could not be read would perhaps have allowed: better no word than a wrong one.
_OF_DEFINITIONS = frozenset((Reason.NAK_WRONG_NETWORK, Reason.NAK_NOT_PERMITTED))


class Engine:
    """One server: its snapshot, interfaces, offers under way, counters and traces."""

    def __init__(self, *, strict: bool = False, draw: Draw | None = None) -> None:
        """``strict`` lets a handler's fault through to the caller: tests must see what a server survives.

        ``draw`` gives a random number below its argument, for pools that are allocated at random.
        """
        self.allocator = Allocator(draw)
        self.offered = Offered()
        self.searches = Searches()
        self.nonces = Nonces()
        self.manners = Manners()
        self.counters = Counters()
        self.traces: deque[Traced] = deque(maxlen=TRACES_MAX)
        self.traced = 0  #: How many were ever kept.
        self.snapshot = EMPTY
        self.interfaces: Mapping[int, Interface] = {}
        self.links = Links(EMPTY, {})
        self.strict = strict
        self.reply = Reply()
        self.callouts: Callouts | None = None
        self.plan = Plan(self._handlers(), MESSAGES)
        self._suspended: OrderedDict[int, tuple[TransactionBundle, LeaseKey | None, float]] = OrderedDict()
        self._probes: list[Probe] = []
        self._answered: set[LeaseKey] = set()

    def _handlers(self) -> tuple[Handler, ...]:
        return builtin(self.allocator, self.offered, self.searches, self.nonces, self.manners, self.callouts)

    @property
    def defined(self) -> bool:
        """Whether any definitions were ever read: without them every lease would seem to be of a deleted subnet."""
        return self.snapshot is not EMPTY

    def hook(self, registry: Registry) -> None:
        """Have these callouts called; before the first ``install``."""
        self.callouts = Callouts(registry, self.reply.post)

    def install(self, snapshot: Snapshot) -> None:
        """Swap in a new revision whole; a batch under way finishes on the one that it began with.

        ``Refused``: a callout at dhcp4_srv_configured does not want it; the former one stays.
        """
        if self.callouts is not None:
            self.callouts.configure(snapshot)
        self.snapshot = snapshot
        self.allocator.install(snapshot)
        message_types = (*MESSAGES, MessageType.BOOTP) if snapshot.bootp else MESSAGES
        self.plan = Plan(self._handlers(), message_types, snapshot)
        self.links = Links(snapshot, self.interfaces)

    def set_interfaces(self, interfaces: Mapping[int, Interface]) -> None:
        """Interfaces came, went or changed addresses."""
        self.interfaces = dict(interfaces)
        self.links = Links(self.snapshot, self.interfaces)

    def open(self, datagrams: Sequence[Datagram], now: float, read: Callable[[bytes], Request4] = decode) -> Batch:
        """Begin a batch with these datagrams and with the suspended transactions that are due.

        ``read`` is another one for what came in at another port: nothing is resumed then, as it would leave there.
        """
        batch = Batch(self, now)
        wants = batch.wants
        pending = batch.pending
        snapshot, links, pre = self.snapshot, self.links, self.plan.pre
        self.allocator.expire(now)
        for datagram in datagrams:
            try:
                request = read(datagram.data)
            except MalformedMessage as fault:
                self._broken(batch, datagram, fault, lenient=read is decode)
                continue
            steps = pre.get(request.message_type)
            if steps is None:
                self._unread(datagram, Reason.NOT_A_REQUEST if request.message_type else Reason.BOOTP)
                continue
            bundle = TransactionBundle(datagram, request, snapshot, links, now)
            bundle.wants = wants
            bundle.facts = batch.facts
            if self.prepare(bundle, steps):
                pending.append(bundle)
        if self.callouts is not None and read is decode:
            self._let_go(batch, self.callouts, now)
        if self._suspended and read is decode:
            self._resume(batch, now)
        return batch

    def prepare(self, bundle: TransactionBundle, steps: Iterable[Callable[[TransactionBundle], None]]) -> bool:
        """Run the first phase; whether the transaction goes on."""
        try:
            for step in steps:
                step(bundle)
        except CannotRespond as signal:
            bundle.reason = signal.reason
            self.finish(bundle)
        except Exception:
            if self.strict:
                raise
            self.fault(bundle)
        else:
            return True
        return False

    def open_changes(self, changes: Iterable[Change], now: float) -> Batch:
        """A batch of changes that no datagram asked for: an administrator's release, the sweep."""
        batch = Batch(self, now)
        for change in changes:
            batch.ledger.put(change)
        return batch

    def open_sweep(self, rows: Iterable[Lease], now: float) -> Batch:
        """Close the holdings among ``rows`` whose end has passed."""
        ended = (row for row in rows if row.state == State.LEASED and row.expires <= now)
        callouts = self.callouts
        if callouts is not None and callouts.has("lease4_expire"):
            ended = (row for row in ended if callouts.may_expire(row))
        return self.open_changes((expire(row) for row in ended), now)

    @property
    def suspended(self) -> int:
        """Transactions that wait for a probe's answer or a time."""
        return len(self._suspended)

    def timer(self) -> float | None:
        """When the next suspended transaction is due, or a parked one is given up."""
        times = [until for _, _, until in self._suspended.values()]
        if self.callouts is not None and (parked := self.callouts.timer()) is not None:
            times.append(parked)
        return min(times, default=None)

    def take_probes(self) -> list[Probe]:
        """Probes to send."""
        probes, self._probes = self._probes, []
        return probes

    def probe_answered(self, key: LeaseKey) -> None:
        """Somebody uses the address: the transaction that asked is due at once."""
        if any(waiting == key for _, waiting, _ in self._suspended.values()):
            self._answered.add(key)

    @property
    def due(self) -> bool:
        """Whether a probe's answer or a callout made a waiting transaction due."""
        return bool(self._answered) or (self.callouts is not None and self.callouts.due)

    def suspend(self, bundle: TransactionBundle, key: LeaseKey | None, until: float) -> None:
        """Put a transaction aside."""
        if len(self._suspended) >= SUSPENDED_MAX:
            _, (oldest, _, _) = self._suspended.popitem(last=False)
            oldest.reason = Reason.TOO_MANY_SUSPENDED
            self.finish(oldest)
        self._suspended[id(bundle)] = (bundle, key, until)
        if key is None:
            return
        on_link = bundle.request.giaddr == b"\0\0\0\0"
        self._probes.append(Probe(key, bundle.datagram.interface if on_link else 0))

    def _resume(self, batch: Batch, now: float) -> None:
        answered, self._answered = self._answered, set()
        due = [
            (number, bundle, key)
            for number, (bundle, key, until) in self._suspended.items()
            if until <= now or key in answered
        ]
        for number, bundle, key in due:
            del self._suspended[number]
            if key is not None:
                bundle.probed = {**(bundle.probed or {}), key: key in answered}
            if key in answered or bundle.snapshot is not self.snapshot:
                bundle.candidate = None  # In use, or of a pool that may be no more.
            bundle.begin_anew(self.snapshot, self.links, now)
            batch.adopt(bundle)

    def _let_go(self, batch: Batch, callouts: Callouts, now: float) -> None:
        """Answers that callouts had parked leave or are given up; offers of addresses in use are decided again."""
        callouts.expire(now)
        for bundle in callouts.take_let_go():
            batch.let_go(bundle)
        for bundle, key in callouts.take_in_use():
            self.allocator.drop(bundle.client)
            bundle.probed = {**(bundle.probed or {}), key: True}
            bundle.candidate = None
            bundle.begin_anew(self.snapshot, self.links, now)
            batch.adopt(bundle)

    def _broken(self, batch: Batch, datagram: Datagram, fault: MalformedMessage, *, lenient: bool) -> None:
        lenient = lenient and self.snapshot.compatibility.lenient_options
        request = decode_leniently(datagram.data) if lenient else None
        if request is None or request.message_type not in self.plan.pre:
            self._unread(datagram, Reason.MALFORMED, fault)
            return
        bundle = TransactionBundle(datagram, request, self.snapshot, self.links, batch.now)
        bundle.trace.append((Step.LENIENT, str(fault)))
        batch.adopt(bundle)

    def _unread(self, datagram: Datagram, reason: Reason, fault: MalformedMessage | None = None) -> None:
        steps: list[tuple[object, ...]] = [(0, str(fault))] if fault else []
        self.counters.datagrams[0, reason, 0] += 1
        self.traces.append(Traced(datagram, reason, self.snapshot.revision, steps, b"", b""))
        self.traced += 1

    def finish(self, bundle: TransactionBundle) -> None:
        """A transaction has ended: count it and keep its trace."""
        reason = bundle.reason
        assert reason is not None
        candidate = bundle.candidate
        if isinstance(candidate, Candidate):
            self.allocator.give_back(candidate)
        if reason in _GRANTED:
            # Not before: a client whose commit failed asks again, and its address is still on offer to it alone.
            self.allocator.drop(bundle.client, granted=bundle.key)
        subnet = getattr(bundle, "subnet", None)
        self.counters.datagrams[bundle.request.message_type, reason, subnet.subnet_id if subnet is not None else 0] += 1
        outgoing = bundle.outgoing
        answer = outgoing[0].payload if outgoing else b""
        if self.callouts is not None:
            self.callouts.done(bundle)
        self.traced += 1
        client = bundle.client or b"\0" + bundle.request.hw  # One that ended before is found by its hardware address.
        self.traces.append(
            make(Traced, (bundle.datagram, reason, bundle.snapshot.revision, bundle.trace, client, answer))
        )

    def fault(self, bundle: TransactionBundle) -> None:
        """A handler failed: the one place where the server survives a fault of its own."""
        _log.exception("A handler failed on a packet of %s; the packet is not answered.", bundle.client.hex(":"))
        bundle.reason = Reason.INTERNAL_ERROR
        bundle.outgoing = []
        self.finish(bundle)


class Batch:
    """The datagrams of one drain on their way through fetch, decide, commit and settle."""

    __slots__ = ("_contended", "_engine", "_ready", "_waiting", "facts", "ledger", "now", "pending", "wants")

    def __init__(self, engine: Engine, now: float) -> None:
        self._engine = engine
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
            self.wants.leases.update(bundle.probed or ())
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
        steps, reply, callouts = engine.plan.decide, engine.reply.post, engine.callouts
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
                self._end(bundle, signal)
                if bundle.depends:
                    self._waiting.append(bundle)
                    continue
            except Suspend as signal:
                self._record_conflicts(bundle)
                engine.suspend(bundle, signal.key, signal.until)
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
            elif callouts is None or callouts.may_leave(bundle):
                self._ready += bundle.outgoing
                engine.finish(bundle)

    def ready(self) -> list[Outgoing]:
        """Answers that may leave now."""
        ready, self._ready = self._ready, []
        return ready

    def changes(self) -> list[Change]:
        """What to commit, in the order of the key: two engines never wait for each other crosswise."""
        ledger = self.ledger
        changes = sorted(ledger.changes.values(), key=_key)
        return Marked(changes, ledger.classes) if ledger.classes else changes

    def settle(self, outcome: Outcome) -> None:
        """Release what was won; what was lost is pending again with fresh wants, and so is what could not join."""
        engine = self._engine
        callouts = engine.callouts
        changes = self.ledger.changes
        engine.counters.rows_committed += len(changes) - len(outcome.lost) - len(outcome.over)
        for key, change in changes.items():
            if key in outcome.lost or key in outcome.over:
                engine.allocator.doubt(key)
            elif change.opens or change.closing is not None or change.after.state == State.DECLINED:
                engine.allocator.note_row(change.after, self.now)
        waiting = self._waiting
        self._waiting = []
        self.ledger = Ledger(self.facts)
        if not outcome.lost and not outcome.refused and not outcome.over:
            for bundle in waiting:
                if callouts is None or callouts.may_leave(bundle, changes):
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

    def _leave(self, bundle: TransactionBundle, changes: Mapping[LeaseKey, Change]) -> None:
        """What it depended on is committed."""
        callouts = self._engine.callouts
        if callouts is None or callouts.may_leave(bundle, changes):
            self.let_go(bundle)

    def _sort_out(
        self, waiting: list[TransactionBundle], outcome: Outcome, changes: Mapping[LeaseKey, Change]
    ) -> None:
        engine = self._engine
        refused = {change.after.key for change, _ in outcome.refused}
        for key in outcome.lost | refused | outcome.over:
            self.facts.by_key.pop(key, None)
            self.facts.assigned.pop(key, None)
        for bundle in waiting:
            if any(key in refused for key in bundle.depends):
                # What was refused stays out of the hint: the next client must not run into it as well.
                bundle.depends = [key for key in bundle.depends if key not in refused]
                engine.allocator.drop(bundle.client, granted=bundle.key)
                self._close(bundle, Reason.ROW_REFUSED)
            elif any(key in outcome.lost for key in bundle.depends):
                self._retry(bundle)
            elif any(key in outcome.over for key in bundle.depends):
                if bundle.request.message_type != MessageType.REQUEST:
                    self._close(bundle, Reason.LIMIT_REACHED)  # Rapid commit, BOOTP: no NAK answers those.
                    continue
                bundle.outgoing = []
                self._refuse(bundle, Reason.NAK_LIMIT)
                self._leave(bundle, {})
            else:
                self._leave(bundle, changes)

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

    def _retry(self, bundle: TransactionBundle) -> None:
        bundle.retries += 1
        if bundle.retries > RETRIES_MAX:
            self._close(bundle, Reason.LOST_RACE)
            return
        keys = bundle.depends
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
        self._engine.reply.post(bundle)

    def _end(self, bundle: TransactionBundle, signal: CannotRespond | Respond) -> None:
        """Nothing is granted: the answer is what a handler put there, or what one makes of the silence, or none."""
        bundle.reason = signal.reason
        self._record_conflicts(bundle)
        if isinstance(signal, CannotRespond):
            bundle.responses, bundle.outgoing = [], []
            for step in self._engine.plan.silent[bundle.request.message_type]:
                step(bundle)
        if bundle.responses:
            for step in self._engine.plan.answered[bundle.request.message_type]:
                step(bundle)
        self._engine.reply.post(bundle)

    def _record_conflicts(self, bundle: TransactionBundle) -> None:
        """An answered probe is recorded at once, whatever becomes of the client.

        Where the address is in the hands of an earlier transaction of this batch, its next probe will tell again.
        """
        if bundle.probed:
            with suppress(Contended):
                for step in self._engine.plan.post[bundle.request.message_type][:1]:
                    step(bundle)


def _key(change: Change) -> tuple[int, int, bytes, int]:
    return change.after.key


__all__ = ["Batch", "Datagram", "Engine", "Facts", "Outgoing", "Page", "Probe", "Traced", "Wants"]
