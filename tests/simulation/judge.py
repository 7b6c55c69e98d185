"""The promises, checked after every step of a world.

The judge sees what no server can: which client holds what, which datagrams were given to which engine, what was
committed and what left.  It reads rows and history from the database's own side and shares no line with the engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Protocol

from dhcpcore.engine import Datagram, Outgoing, Traced
from dhcpcore.lease.model import KIND_ADDRESS4, NEVER, Change, Close, Lease, LeaseKey, State
from dhcpcore.stats.reasons import Reason, Verdict
from tests.interop.packets import ACK, DECLINE, DISCOVER, RELEASE, REQUEST, Message, decode, text
from tests.simulation.memory import Interval
from tests.simulation.network import VSS_CONTROL, space_of, suboptions
from tests.simulation.world import Violation, World

if TYPE_CHECKING:
    from tests.simulation.server import Server

_FOREVER_S = 0xFFFF_FFFF
_BOOTP = 0
_SPEAKS = {Verdict.ANSWERED, Verdict.REFUSED}
#: Ways of a batch to end after which a commit may stand that nobody was told of.
_UNTOLD = {
    Reason.LOST_RACE, Reason.BATCH_TOO_OLD, Reason.OUTCOME_UNKNOWN, Reason.DATABASE_UNAVAILABLE, Reason.ROW_REFUSED,
}  # fmt: skip


class Books(Protocol):
    """The database's own view."""

    def row_of(self, key: LeaseKey) -> Lease | None: ...

    def history_of(self, key: LeaseKey) -> list[Interval]: ...

    def all_rows(self) -> list[Lease]: ...


class Limit(NamedTuple):
    """So many leases there may be of the addresses from ``first`` to ``last`` of a space."""

    space: int
    first: bytes
    last: bytes
    most: int

    def covers(self, key: LeaseKey) -> bool:
        """Whether a lease counts."""
        return key[0] == self.space and self.first <= key[2] <= self.last


@dataclass(slots=True)
class _Batch:
    """What one engine's batch has done so far."""

    datagrams: Sequence[Datagram] = ()
    revoked: LeaseKey | None = None
    faults: int = 0
    committed: list[Change] = field(default_factory=list)
    acknowledged: set[tuple[LeaseKey, bytes]] = field(default_factory=set)
    sent: int = 0


@dataclass(slots=True)
class _Life:
    """One engine's process."""

    received: int = 0
    counted: int = 0
    batch: _Batch = field(default_factory=_Batch)


class Judge:
    """Raises ``Violation`` in the step that breaks a promise."""

    def __init__(self, world: World, books: Books, skew_s: float) -> None:
        self.reasons: Counter[Reason] = Counter()
        self.acknowledgements = 0
        self.acknowledged_in: Counter[int] = Counter()  #: By lease space.
        self.limits: Callable[[int], Iterable[Limit]] = lambda revision: ()  #: Of a revision of the definitions.
        #: Those that ever were, and the leases that clients use now.
        self.most_ever: Callable[[], Iterable[Limit]] = lambda: ()
        self.in_use: Callable[[], Iterable[LeaseKey]] = lambda: ()
        self._world = world
        self._books = books
        self._skew_s = skew_s  #: How far two engines' times, or one engine's before and after a step, may lie apart.
        self._holders: dict[LeaseKey, dict[bytes, tuple[float, str]]] = {}
        self._touched: set[LeaseKey] = set()
        self._versions: dict[LeaseKey, int] = {}
        self._granted: dict[LeaseKey, list[Lease]] = {}
        self._lives: dict[str, _Life] = {}
        self._taken_at_once: set[bytes] = set()  #: They are given what they did not name, after a probe perhaps.

    # ---- One holder an address. ----

    def holds(self, client: bytes, key: LeaseKey, until: float, name: str) -> None:
        """A client has accepted a promise."""
        self._holders.setdefault(key, {})[client] = (until, name)
        self._touched.add(key)

    def leaves(self, client: bytes, key: LeaseKey) -> None:
        """It gave the address back, was refused it, or cannot know of it any more."""
        self._holders.get(key, {}).pop(client, None)

    def check(self) -> None:
        """After every step: nobody holds what another one holds."""
        while self._touched:
            key = self._touched.pop()
            holders = self._living(key)
            if len(holders) > 1:
                raise Violation(f"{text(key[2])} is held by {', '.join(sorted(holders.values()))}")
            for limit in self.most_ever():
                if limit.covers(key) and (used := sum(map(limit.covers, self.in_use()))) > limit.most:
                    raise Violation(f"{used} use addresses from {text(limit.first)} on, where {limit.most} may")

    def _living(self, key: LeaseKey) -> dict[bytes, str]:
        now = self._world.now
        return {client: name for client, (until, name) in self._holders.get(key, {}).items() if until > now}

    # ---- What an engine does. ----

    def began(self, server: Server) -> None:
        """A process starts."""
        self._lives[server.name] = _Life()

    def received(self, server: Server, datagrams: Sequence[Datagram], revoked: LeaseKey | None = None) -> None:
        """A batch begins with these datagrams, or with none."""
        life = self._lives[server.name]
        life.received += len(datagrams)
        for message in (decode(datagram.data) for datagram in datagrams):
            if message.kind == _BOOTP or (message.kind == DISCOVER and 80 in message.options):
                self._taken_at_once.add(_client_of(message))
        life.batch = _Batch(datagrams, revoked, server.arrows.faults)

    def committed(self, server: Server, changes: Sequence[Change]) -> None:
        """The database has stored these."""
        batch = self._lives[server.name].batch
        batch.committed += changes
        for change in changes:
            key, after = change.after.key, change.after
            if after.version <= self._versions.get(key, 0):
                raise Violation(f"{text(key[2])} has version {after.version} a second time")
            self._versions[key] = after.version
            if after.state == State.LEASED:
                self._granted.setdefault(key, []).append(after)
            if self._books.row_of(key) != after:
                raise Violation(f"{text(key[2])} was said to be committed and is not in the database")
        self._check_limits(server, changes)
        for change in changes:
            self._check_reason(server, change)
            self._check_history(change.after.key)

    def _check_limits(self, server: Server, changes: Sequence[Change]) -> None:
        """Where a place was taken, there are no more leases than the engine's definitions allow."""
        assert server.engine is not None
        taken = [
            change.after.key for change in changes
            if change.after.state == State.LEASED and (change.before is None or change.before.state != State.LEASED)
        ]  # fmt: skip
        limits = [one for one in self.limits(server.engine.snapshot.revision) if any(map(one.covers, taken))]
        if limits:
            leased = [row.key for row in self._books.all_rows() if row.state == State.LEASED]
        for limit in limits:
            held = sum(map(limit.covers, leased))
            if held > limit.most:
                raise Violation(f"{held} leases from {text(limit.first)} on, where {limit.most} may be")

    def sending(self, server: Server, answer: Outgoing) -> None:
        """An answer leaves."""
        batch = self._lives[server.name].batch
        batch.sent += 1
        message = decode(answer.payload)
        lifetime = _FOREVER_S if message.kind == _BOOTP else message.seconds(51)
        if message.kind not in (ACK, _BOOTP) or lifetime is None:
            return
        self.acknowledgements += 1
        if VSS_CONTROL in suboptions(message.options.get(82, b"")):
            raise Violation(f"{text(message.yiaddr)} is of no VPN, and its client asked in one")
        key = (space_of(message), KIND_ADDRESS4, message.yiaddr, 32)
        self.acknowledged_in[key[0]] += 1
        client = _client_of(message)
        until = NEVER if lifetime == _FOREVER_S else int(server.now) + lifetime
        if not any(row.client == client and row.expires >= until for row in self._granted.get(key, ())):
            raise Violation(f"{server.name} acknowledges {text(message.yiaddr)} before its commit")
        others = [name for holder, name in self._living(key).items() if holder != client]
        if others:
            raise Violation(f"{server.name} acknowledges {text(message.yiaddr)}, which {others[0]} holds")
        at = int(server.now)
        if not any(
            interval.client == client
            and interval.opened_at <= at + self._skew_s
            and (interval.closed_at is None or interval.closed_at >= at - self._skew_s)
            for interval in self._books.history_of(key)
        ):
            raise Violation(f"history knows nothing of {text(message.yiaddr)}, acknowledged at {at}")
        batch.acknowledged.add((key, client))

    def finished(self, server: Server) -> None:
        """The batch is over: everything has one reason, and what was said is what was counted."""
        engine = server.engine
        assert engine is not None
        life = self._lives[server.name]
        batch = life.batch
        traces = list(engine.traces)
        engine.traces.clear()
        counted = sum(engine.counters.datagrams.values())
        waiting = engine.suspended
        if counted + waiting != life.received:
            raise Violation(f"{server.name}: of {life.received} datagrams {counted} have a reason and {waiting} wait")
        if counted - life.counted != len(traces):
            raise Violation(f"{server.name} counts {counted - life.counted} datagrams and traces {len(traces)}")
        life.counted = counted
        for trace in traces:
            self.reasons[trace.reason] += 1
            if bool(trace.answer) != (trace.reason.verdict in _SPEAKS):
                how = "" if trace.answer else "not "
                raise Violation(f"{trace.reason.code} was counted, and an answer was {how}sent")
        answered = sum(1 for trace in traces if trace.answer)
        if answered != batch.sent:
            raise Violation(f"{server.name} counts {answered} answers and sent {batch.sent}")
        self._check_told(server, batch, traces)

    def _check_told(self, server: Server, batch: _Batch, traces: list[Traced]) -> None:
        """What was opened in the books was acknowledged, unless a fault came in between."""
        if server.arrows.faults != batch.faults or any(trace.reason in _UNTOLD for trace in traces):
            return
        for change in batch.committed:
            after = change.after
            row = self._books.row_of(after.key)
            if row is None or row.opened != after.opened or row.state != State.LEASED:
                continue  # It was taken back, where another of the rows that were to go with it was lost.
            if change.opens and (after.key, after.client) not in batch.acknowledged:
                raise Violation(f"{text(after.address)} was granted and nobody told")

    # ---- History. ----

    def _check_reason(self, server: Server, change: Change) -> None:
        """A holding ends for the reason that it says."""
        before, after, closing = change.before, change.after, change.closing
        if closing is None:
            return
        assert before is not None
        batch = self._lives[server.name].batch
        now = int(server.now)
        said = {
            Close.RELEASED: lambda: self._said(batch, RELEASE, before),
            Close.DECLINED: lambda: self._said(batch, DECLINE, before) or after.state == State.DECLINED,
            Close.MOVED: lambda: self._asks_for_another(batch, before) or before.client in self._taken_at_once,
            Close.REVOKED: lambda: batch.revoked == before.key,
            Close.RELAY_CHANGED: lambda: change.opens and after.client == before.client,
            Close.EXPIRED: lambda: before.expires <= now or (change.opens and after.subnet != before.subnet),
        }
        if not said[Close(closing.reason)]():
            raise Violation(f"{text(before.address)} ends as {Close(closing.reason).name}, and it was not so")
        if closing.at > before.expires:
            raise Violation(f"the holding of {text(before.address)} ends after its lease")

    def _said(self, batch: _Batch, kind: int, row: Lease) -> bool:
        messages = [decode(datagram.data) for datagram in batch.datagrams]
        return any(
            message.kind == kind
            and _client_of(message) == row.client
            and row.address in (message.ciaddr, message.options.get(50))
            and row.space == space_of(message)
            for message in messages
        )

    def _asks_for_another(self, batch: _Batch, row: Lease) -> bool:
        """Whether the holder asked for another address; it gets neither where another engine was first with that."""
        messages = [decode(datagram.data) for datagram in batch.datagrams]
        return any(
            message.kind == REQUEST
            and _client_of(message) == row.client
            and (space_of(message), message.options.get(50) or message.ciaddr) != (row.space, row.address)
            for message in messages
        )

    def _check_history(self, key: LeaseKey) -> None:
        """Holdings follow each other, and the open one is the row's."""
        row = self._books.row_of(key)
        intervals = sorted(self._books.history_of(key), key=lambda interval: interval.version)
        open_ones = [interval.version for interval in intervals if interval.closed_at is None]
        wanted = [row.opened] if row is not None and row.state == State.LEASED else []
        if open_ones != wanted:
            raise Violation(f"{text(key[2])}: the row is {row}, and open in history are {open_ones}")
        for earlier, later in pairwise(intervals):
            if earlier.closed_at is None or earlier.closed_at > later.opened_at + self._skew_s:
                raise Violation(f"{text(key[2])}: holdings {earlier} and {later} overlap")
        for interval in intervals:
            if interval.closed_at is not None and interval.closed_at < interval.opened_at - self._skew_s:
                raise Violation(f"{text(key[2])}: {interval} ends before it begins")


def _client_of(message: Message) -> bytes:
    """RFC 2131 4.2, RFC 6842."""
    identifier = message.options.get(61)
    return b"\x01" + identifier if identifier else b"\x00" + bytes((message.htype,)) + message.chaddr
