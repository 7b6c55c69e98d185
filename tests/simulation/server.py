"""One engine's process: the real Engine, clock, chores and batch cycle, with simulated sockets.

``wake`` is what the loop does when something is to be heard; ``tick`` is its round of chores.  A crash at any arrow
takes the engine, its memory and what its sockets had received; a restart begins with nothing but the database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from dhcpcore.engine import Datagram, Engine, Outgoing
from dhcpcore.errors import LessorError, StoreError
from dhcpcore.lease.model import Change, Close, Lease, LeaseKey
from dhcpcore.lease.transitions import end, is_active
from dhcpcore.net import cycle
from dhcpcore.net.chores import Chores
from dhcpcore.net.clock import Clock
from dhcpcore.net.loop import BATCH_MAX
from dhcpcore.stats.reasons import Reason
from dhcpcore.store.leases import LeaseStore
from dhcpcore.topology.links import Interface
from tests.simulation.administrator import Administrator
from tests.simulation.arrows import Arrows
from tests.simulation.judge import Judge
from tests.simulation.machines import DatabaseServer, Machine
from tests.simulation.network import ATTACHED, UPLINK, Network
from tests.simulation.plan import Weather
from tests.simulation.world import Crash, World

#: Datagrams that the socket's buffer holds while the engine is busy.
_BUFFER = 2000
_RESTART_S = (0.2, 2.0, 20.0)
_CHORES = ("keep_time", "follow_definitions", "fill_hints", "sweep")


class SimulatedChores(Chores):
    """The real chores without a machine's clock in them."""

    def busy(self) -> bool:
        return False


class Server:
    """A server that may be up or down."""

    def __init__(
        self,
        world: World,
        number: int,
        machine: Machine,
        database: DatabaseServer,
        network: Network,
        administrator: Administrator,
        open_store: Callable[[], LeaseStore],
        weather: Callable[[], Weather],
        judge: Judge,
    ) -> None:
        self.world = world
        self.name = f"engine{number}"
        self.address = bytes((10, 0, 0, 2 + number))
        self.uplink = bytes((10, 250, 0, 2 + number))
        self.machine = machine
        self.engine: Engine | None = None
        self.clock: Clock
        self.arrows: Arrows
        self.now = 0.0  #: Of the batch under way, in database time.
        self._database = database
        self._network = network
        self._administrator = administrator
        self._open_store = open_store
        self._weather = weather
        self._judge = judge
        self._inbox: list[Datagram] = []
        self._busy = False
        self._life = 0
        self._chores: SimulatedChores
        self._due: dict[str, float] = {}

    def start(self) -> None:
        """Begin a life."""
        world = self.world
        self._life += 1
        self._busy = False
        self._inbox.clear()
        engine = self.engine = Engine(strict=True, draw=world.dice.randrange)
        engine.set_interfaces(
            {
                ATTACHED: Interface(ATTACHED, "lan", (self.address,)),
                UPLINK: Interface(UPLINK, "up", (self.uplink,)),
            }
        )
        self.clock = Clock(self._database.now, self.machine.wall, world.monotonic)
        self.arrows = Arrows(
            world, self.name, self._open_store(), self._database, self._weather, self._committed
        )
        nothing = cast("Any", None)
        store = cast("Any", self.arrows)
        self._chores = SimulatedChores(
            engine, nothing, store, self._administrator, self.clock, self._send, b"", self.name, nothing
        )
        self._due = dict.fromkeys(_CHORES, 0.0)
        self._judge.began(self)
        world.note(f"{self.name} starts")
        self._tick(self._life)

    def receive(self, datagram: Datagram) -> None:
        """A datagram arrives at the socket; it wakes the loop a moment later, when others may have arrived."""
        if self.engine is None or len(self._inbox) >= _BUFFER:
            return
        self._inbox.append(datagram)
        self.world.later(self.world.dice.choice((0.0, 0.001, 0.02)), self._wake, self._life)

    def release(self, row: Lease) -> None:
        """An administrator ends a lease, as ``lessor lease release`` does."""
        if self.engine is None or self._busy:
            return
        self._guarded(self._release, row)

    def confirm_clock(self) -> None:
        """An administrator has looked at the clock."""
        if self.engine is None:
            return
        if self._busy:
            self.world.later(0.1, self.confirm_clock)
            return
        try:
            self.clock.confirm()
        except StoreError:
            self.world.later(5.0, self.confirm_clock)
        else:
            self.engine.allocator.reclaim = True

    def set_share(self, index: int, count: int) -> None:
        """What ``beat`` learns from the database."""
        if self.engine is not None:
            self.engine.allocator.share = (index, count)
            self.clock.alone = count <= 1

    def _wake(self, life: int) -> None:
        if life == self._life and self.engine is not None and not self._busy:
            self._guarded(self._serve)

    def _tick(self, life: int) -> None:
        if life != self._life or self.engine is None:
            return
        if not self._busy:
            self._guarded(self._do_chores)
        self.world.later(1.0, self._tick, life)

    def _guarded(self, work: Callable[..., None], *arguments: Any) -> None:
        """Run in the loop's thread; a crash in it ends this life."""
        life = self._life
        self._busy = True
        try:
            work(*arguments)
        except Crash:
            self.engine = None
            self.arrows.close()
            self._inbox.clear()
            self.world.later(self.world.dice.choice(_RESTART_S), self.start)
            return
        self._busy = False
        engine = self.engine
        assert engine is not None
        if self._inbox or engine.due:
            self.world.later(0.0, self._wake, life)
        elif (timer := engine.timer()) is not None:
            self.world.later(max(0.0005, timer - self.clock.now()), self._wake, life)

    def _serve(self) -> None:
        """As ``Loop`` does it."""
        engine = self.engine
        assert engine is not None
        self.now = now = self.clock.now()
        datagrams = [datagram._replace(received_at=now) for datagram in self._inbox[:BATCH_MAX]]
        del self._inbox[:BATCH_MAX]
        self._judge.received(self, datagrams)
        batch = engine.open(datagrams, now)
        if not self.clock.ready:
            batch.abandon(Reason.NOT_READY)
        else:
            cycle.run(batch, self.arrows, engine.snapshot, self._send, self.world.monotonic)
        self._judge.finished(self)
        for probe in engine.take_probes():
            if self._network.user_of(probe.key):
                self.world.later(0.05, self._probe_answered, self._life, probe.key)

    def _do_chores(self) -> None:
        for name in _CHORES:
            if self._due[name] <= self.world.now:
                self.now = self.clock.now()
                self._judge.received(self, ())
                try:
                    pause = getattr(self._chores, name)()
                except LessorError:
                    pause = 5.0
                self._due[name] = self.world.now + pause
                self._judge.finished(self)

    def _release(self, row: Lease) -> None:
        engine = self.engine
        assert engine is not None
        self.now = self.clock.now()
        if not is_active(row, self.now):
            return
        self._judge.received(self, (), revoked=row.key)
        batch = engine.open_changes([end(row, int(self.now), Close.REVOKED)], self.now)
        cycle.run(batch, self.arrows, engine.snapshot, self._send, self.world.monotonic)
        self._judge.finished(self)

    def _committed(self, changes: Sequence[Change]) -> None:
        self._judge.committed(self, changes)

    def _send(self, answers: list[Outgoing]) -> None:
        for answer in answers:
            self.arrows.pass_by("before send")
            self._judge.sending(self, answer)
            self._network.answer(answer)

    def _probe_answered(self, life: int, key: LeaseKey) -> None:
        if life == self._life and self.engine is not None:
            self.engine.probe_answered(key)
            self._wake(life)
