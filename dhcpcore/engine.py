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
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from dhcpcore.batch import Batch
from dhcpcore.builtin import FACTORIES, builtin
from dhcpcore.builtin6 import builtin6
from dhcpcore.errors import MalformedMessage
from dhcpcore.handlers.reply import Reply, Reply6
from dhcpcore.handlers.scripted import ScriptRoutes
from dhcpcore.hooks.registry import Registry
from dhcpcore.lease.allocation import Allocator, Candidate
from dhcpcore.lease.facts import Facts, Page, Wants
from dhcpcore.lease.model import Change, Lease, LeaseKey, State, make
from dhcpcore.lease.nonces import Nonces
from dhcpcore.lease.offered import Offered
from dhcpcore.lease.sparse import Draw
from dhcpcore.lease.transitions import expire, is_recovering
from dhcpcore.pipeline.bundle import Datagram, Outgoing, TransactionBundle
from dhcpcore.pipeline.bundle6 import LEASEQUERY6, MESSAGES6
from dhcpcore.pipeline.callouts import Callouts
from dhcpcore.pipeline.finished import Probe, Traced
from dhcpcore.pipeline.handler import MESSAGES, Handler, Plan
from dhcpcore.pipeline.instances import Instances
from dhcpcore.pipeline.leaving import Leaving
from dhcpcore.pipeline.questions import Question, Said
from dhcpcore.pipeline.scripted import DIALOGUE, Script
from dhcpcore.pipeline.searches import Searches
from dhcpcore.pipeline.signals import Ask, CannotRespond, Suspend
from dhcpcore.pipeline.suspended import RESUME, UNREAD, WAITED, Suspended
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.counters import Counters
from dhcpcore.stats.manners import Manners
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.links import Interface, Links
from dhcpcore.topology.snapshot import EMPTY, Snapshot
from dhcpcore.wire.v4.lenient import decode_leniently
from dhcpcore.wire.v4.message import MessageType, Request4, decode, unread

_log = logging.getLogger(__name__)

#: Transactions whose trace is kept in memory until it is written or pushed out.
TRACES_MAX = 8192

#: The offer, if there was one, has become a lease; or the client took another address.
_GRANTED = frozenset((Reason.ACK_NEW, Reason.ACK_RENEWED, Reason.ACK_ADOPTED, Reason.BOOTP_REPLY))


class Engine:
    """One server: its snapshot, interfaces, offers under way, counters and traces."""

    def __init__(self, *, strict: bool = False, draw: Draw | None = None, script: Script | None = None,
                 instances: Instances | None = None, duid: bytes = b"") -> None:  # fmt: skip
        """``strict`` lets a handler's fault through to the caller: tests must see what a server survives.

        ``draw`` gives a random number below its argument, for pools that are allocated at random.  ``script`` is what
        the engine knows of the site's script, where there is one; ``instances`` makes handlers of packages' types, too.
        ``duid`` is who DHCPv6's clients know this server by.
        """
        self.script = script
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
        self.reply: Handler = Reply() if self.script is None else ScriptRoutes(self.script, Reply())
        self.reply6: Handler = Reply6()
        self.duid = duid
        self.callouts: Callouts | None = None
        self.instances = instances or Instances(FACTORIES)
        #: What answers pass on their way out; None where nothing of the site's has to do with them.
        self.gate: Leaving | Callouts | None = None
        self.gate6: Leaving | None = None  #: The same for DHCPv6, which has no callouts.
        self.plan = Plan(self._handlers(), (*MESSAGES, *MESSAGES6, LEASEQUERY6))
        self.waiting = Suspended()

    def _handlers(self) -> tuple[Handler, ...]:
        return builtin(
            self.allocator, self.offered, self.searches, self.nonces, self.manners, self.callouts, self.script,
            self.instances,
        ) + builtin6(self.duid, self.instances)

    @property
    def defined(self) -> bool:
        """Whether any definitions were ever read: without them every lease would seem to be of a deleted subnet."""
        return self.snapshot is not EMPTY

    def hook(self, registry: Registry) -> None:
        """Have these callouts called; before the first ``install``."""
        self.callouts = self.gate = Callouts(registry, self.reply.post)
        registry.answered = self.waiting.heard

    def install(self, snapshot: Snapshot) -> None:
        """Swap in a new revision whole; a batch under way finishes on the one that it began with.

        ``Refused``: a callout at dhcp4_srv_configured does not want it; the former one stays.
        """
        if self.callouts is not None:
            self.callouts.configure(snapshot)
        self.snapshot = snapshot
        self.allocator.install(snapshot)
        self.instances.answered = self.waiting.heard
        self.instances.install(snapshot.handlers)
        self.gate, self.gate6 = self.callouts, None
        if self.instances.any:
            self.gate6 = Leaving(self.instances, None, self.reply6.post, self.suspend)
        if self.instances.any or (self.callouts is not None and self.callouts.waits):
            self.gate = Leaving(self.instances, self.callouts, self.reply.post, self.suspend)
        message_types = (*MESSAGES, MessageType.BOOTP) if snapshot.bootp else MESSAGES
        self.plan = Plan(self._handlers(), (*message_types, *MESSAGES6, LEASEQUERY6), snapshot)
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
        if self.callouts is not None and self.callouts.has("buffer4_receive"):
            for datagram in datagrams:
                self._receive(batch, self.callouts, datagram, read)
            datagrams = ()
        for datagram in datagrams:
            try:
                request = read(datagram.data)
            except MalformedMessage as fault:
                self._broken(batch, datagram, fault, lenient=read is decode)
                continue
            steps = pre.get(request.message_type)
            if steps is None:
                self.unread(datagram, Reason.NOT_A_REQUEST if request.message_type else Reason.BOOTP)
                continue
            bundle = TransactionBundle(datagram, request, snapshot, links, now)
            bundle.wants = wants
            bundle.facts = batch.facts
            if self.prepare(bundle, steps):
                pending.append(bundle)
        if self.callouts is not None and read is decode:
            self._let_go(batch, self.callouts, now)
        if self.waiting and read is decode:
            self._resume(batch, now)
        return batch

    def prepare(self, bundle: TransactionBundle, steps: tuple[Callable[[TransactionBundle], None], ...]) -> bool:
        """Run the first phase; whether the transaction goes on."""
        walk = iter(steps)
        try:
            for step in walk:
                step(bundle)
        except CannotRespond as signal:
            bundle.reason = signal.reason
            self.finish(bundle)
        except Ask as signal:
            assert bundle.handler_data is not None
            bundle.handler_data[RESUME] = steps[-1 - len(tuple(walk)) :]  # From the one that asks.
            self.suspend(bundle, signal)
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

    @property
    def probation_s(self) -> int | None:
        """After how many seconds the sweep ends a probation; None: that needs nobody, its row says when it ends."""
        asks = self.callouts is not None and self.callouts.has("lease4_recover")
        return self.snapshot.probation_s if asks else None

    def open_sweep(self, rows: Iterable[Lease], now: float) -> Batch:
        """Close the holdings among ``rows`` whose end has passed; and end probations, where callouts are asked."""
        callouts, probation_s = self.callouts, self.probation_s
        changes: list[Change] = []
        for row in rows:
            if row.state == State.LEASED and row.expires <= now:
                if callouts is None or callouts.may_expire(row):
                    changes.append(expire(row))
            elif callouts is not None and probation_s is not None and is_recovering(row, now, probation_s):
                changes.append(callouts.recovered(row, self.snapshot, now))
        return self.open_changes(changes, now)

    @property
    def suspended(self) -> int:
        """Transactions that wait for a probe's answer, a time, the script, or a process of the site's."""
        return len(self.waiting)

    def timer(self) -> float | None:
        """When the next suspended transaction is due, or a parked one is given up."""
        times = (self.waiting.timer(), None if self.callouts is None else self.callouts.timer())
        return min((time for time in times if time is not None), default=None)

    def take_probes(self) -> list[Probe]:
        """Probes to send."""
        return self.waiting.take_probes()

    def probe_answered(self, key: LeaseKey) -> None:
        """Somebody uses the address: the transaction that asked is due at once."""
        self.waiting.probe_answered(key)

    def take_questions(self) -> list[Question]:
        """Questions to the script."""
        return self.waiting.take_questions()

    def script_said(self, said: Said) -> None:
        """The script's answer to a question: the transaction that asked is due at once."""
        self.waiting.said(said)

    @property
    def due(self) -> bool:
        """Whether an answer, a probe's or the script's, or a callout made a waiting transaction due."""
        return self.waiting.due or (self.callouts is not None and self.callouts.due)

    def suspend(
        self, bundle: TransactionBundle, signal: Suspend | Ask, changes: Mapping[LeaseKey, Change] | None = None
    ) -> None:
        """Put a transaction aside; ``changes``: on its way out, where these are committed."""
        dropped = self.waiting.put(bundle, signal, changes)
        if dropped is not None:
            dropped.reason = Reason.TOO_MANY_SUSPENDED
            self.finish(dropped)

    def _resume(self, batch: Batch, now: float) -> None:
        for bundle, changes in self.waiting.take_leaving():
            batch.leave(bundle, changes)
        for bundle in self.waiting.take(now, self.snapshot):
            data = bundle.handler_data if bundle.handler_data is not None else {}
            left = data.pop(RESUME, ())
            if UNREAD in data and self.callouts is not None:
                bundle.begin_anew(self.snapshot, self.links, now)
                self._read(batch, self.callouts, bundle, decode, data.pop(UNREAD))
                continue
            asked = DIALOGUE in data or WAITED in data
            if asked and bundle.snapshot is self.snapshot and bundle.links is self.links:
                batch.rejoin(bundle, left)
            else:
                bundle.begin_anew(self.snapshot, self.links, now)
                batch.adopt(bundle)

    def _let_go(self, batch: Batch, callouts: Callouts, now: float) -> None:
        """Answers that callouts had parked leave or are given up; offers of addresses in use are decided again."""
        callouts.expire(now)
        for bundle in callouts.take_let_go():
            batch.leave(bundle, {})
        for bundle, key in callouts.take_in_use():
            self.allocator.drop(bundle.client)
            bundle.probed = {**(bundle.probed or {}), key: True}
            bundle.candidate = None
            bundle.begin_anew(self.snapshot, self.links, now)
            batch.adopt(bundle)

    def _broken(self, batch: Batch, datagram: Datagram, fault: MalformedMessage, *, lenient: bool) -> None:
        request = self._leniently(datagram) if lenient else None
        if request is None:
            self.unread(datagram, Reason.MALFORMED, fault)
            return
        bundle = TransactionBundle(datagram, request, self.snapshot, self.links, batch.now)
        bundle.trace.append((Step.LENIENT, str(fault)))
        batch.adopt(bundle)

    def _leniently(self, datagram: Datagram) -> Request4 | None:
        request = decode_leniently(datagram.data) if self.snapshot.compatibility.lenient_options else None
        return request if request is not None and request.message_type in self.plan.pre else None

    def _receive(
        self, batch: Batch, callouts: Callouts, datagram: Datagram, read: Callable[[bytes], Request4]
    ) -> None:
        """Where somebody is at buffer4_receive: whatever came in is shown before it is read, and may be read there."""
        fault: MalformedMessage | None = None
        try:
            request = read(datagram.data)
        except MalformedMessage as found:
            request, fault = unread(datagram.data), found
        bundle = TransactionBundle(datagram, request, self.snapshot, self.links, batch.now)
        self._read(batch, callouts, bundle, read, fault)

    def _read(
        self, batch: Batch, callouts: Callouts, bundle: TransactionBundle, read: Callable[[bytes], Request4],
        fault: MalformedMessage | None,
    ) -> None:  # fmt: skip
        """What came to the server's own port may wait for a callout, and comes here again."""
        try:
            fault = callouts.receive(bundle, read, fault, may_wait=read is decode)
        except CannotRespond as signal:
            bundle.reason = signal.reason
            self.finish(bundle)
            return
        except Ask as ask:
            assert bundle.handler_data is not None
            bundle.handler_data[UNREAD] = fault
            self.suspend(bundle, ask)
            return
        except Exception:
            if self.strict:
                raise
            self.fault(bundle)
            return
        datagram = bundle.datagram
        if fault is not None and read is decode and (lenient := self._leniently(datagram)) is not None:
            bundle.request = lenient
            bundle.trace.append((Step.LENIENT, str(fault)))
        elif fault is not None:
            callouts.done(bundle)
            self.unread(datagram, Reason.MALFORMED, fault)
            return
        kind = bundle.request.message_type
        if kind in self.plan.pre:
            batch.adopt(bundle)
        else:
            callouts.done(bundle)
            self.unread(datagram, Reason.NOT_A_REQUEST if kind else Reason.BOOTP)

    def unread(
        self, datagram: Datagram, reason: Reason, fault: MalformedMessage | None = None, kind: int = 0
    ) -> None:
        """A datagram has ended that made no transaction: count it and keep its trace."""
        steps: list[tuple[object, ...]] = [(0, str(fault))] if fault else []
        self.counters.datagrams[kind, reason, 0] += 1
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
        if self.gate is not None:
            self.gate.done(bundle)
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


__all__ = ["Datagram", "Engine", "Facts", "Outgoing", "Page", "Probe", "Traced", "Wants"]
