"""The loop: waits for datagrams, commands and times, and drives the engine with them.

One thread.  A batch is whatever is waiting, up to ``BATCH_MAX``; between two batches runs at most one chore whose time
has come, bounded to a few milliseconds.  Nothing but a socket or a due time wakes it.
"""

from __future__ import annotations

import logging
import selectors
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from dhcpcore.control import ControlServer
from dhcpcore.engine import Engine, Outgoing, Probe
from dhcpcore.errors import LessorError
from dhcpcore.lease.model import LeaseKey
from dhcpcore.net import cycle
from dhcpcore.net.clock import Clock
from dhcpcore.net.interfaces import Changes
from dhcpcore.net.udp4 import Udp4
from dhcpcore.pipeline.bundle import Datagram
from dhcpcore.stats.reasons import Reason

log = logging.getLogger(__name__)

#: Datagrams of one batch: enough for group commit to pay, few enough for a commit to stay below 10 ms.
BATCH_MAX = 256
#: Longest sleep; a chore is never later than this.
_SLEEP_S = 1.0
#: Until a chore that failed is tried again.
_AFTER_FAILURE_S = 5.0


class Asked(Protocol):
    """What transactions ask the site's code in another process, and wait for; a ``Listener`` too."""

    def after(self, now: float) -> None:
        """A batch has ended: ask what its transactions want to know, and tell of those that ended."""


class Prober(Protocol):
    """Sends probes and hears their answers."""

    def fileno(self) -> int: ...

    def send(self, probes: list[Probe]) -> None: ...

    def answers(self) -> list[LeaseKey]: ...


class Listener(Protocol):
    """Sockets of its own, which the loop's selector watches with the listener as ``key.data``."""

    def register(self, selector: selectors.BaseSelector) -> None: ...

    def handle(self, key: selectors.SelectorKey, mask: int) -> None: ...

    def close(self) -> None: ...


@dataclass(slots=True)
class Chore:
    """Something that is done between batches; it says in how many seconds it wants to be done again."""

    name: str
    run: Callable[[], float]
    due: float = 0.0


class Loop:
    """Sockets, engine and chores together."""

    def __init__(
        self,
        engine: Engine,
        store: cycle.Store,
        clock: Clock,
        udp: Udp4 | None,
        changes: Changes,
        refresh_interfaces: Callable[[], None],
        control: ControlServer | None,
        probers: tuple[Prober, ...] = (),
    ) -> None:
        self.engine = engine
        self.store = store
        self.clock = clock
        self.udp = udp
        self.chores: list[Chore] = []
        self.stopping = False
        self.asked: list[Asked] = []
        self._changes = changes
        self._refresh_interfaces = refresh_interfaces
        self._reading = Chore("read interfaces", self._read_interfaces, float("inf"))
        self._probers = probers
        self._selector = selectors.DefaultSelector()
        self._alarm, alarm = socket.socketpair()
        self._alarm.setblocking(False)
        alarm.setblocking(False)
        self._ring = alarm
        self._wakes = False
        self._selector.register(self._alarm, selectors.EVENT_READ)
        if udp is not None:
            self._selector.register(udp, selectors.EVENT_READ)
        self._selector.register(changes, selectors.EVENT_READ)
        for prober in probers:
            self._selector.register(prober, selectors.EVENT_READ)
        self._listeners: list[Listener] = []
        if control is not None:
            self.attach(control)

    def run(self) -> None:
        """Until ``stopping``."""
        udp, engine = self.udp, self.engine
        self._do_chores()  # The time and the definitions first: what waits in the socket is answered, not dropped.
        while not self.stopping:
            hear = False
            for key, mask in self._selector.select(self._sleep()):
                if key.fileobj is udp:
                    hear = True
                elif key.data is not None:
                    key.data.handle(key, mask)
                elif key.fileobj is self._alarm:
                    self._alarm.recv(64)
                elif key.fileobj is self._changes:
                    self._changes.drain()
                    self._do(self._reading)
                else:
                    self._hear_probers()
            timer = engine.timer()
            if hear or engine.due or (timer is not None and timer <= self.clock.now()):
                self._serve(hear)
            self._do_next()

    def attach(self, listener: Listener) -> None:
        """Another socket that is looked after between batches."""
        self._listeners.append(listener)
        listener.register(self._selector)

    def wake_on_signals(self) -> None:
        """A signal ends the sleep: its handler has asked for something."""
        self._wakes = True
        signal.set_wakeup_fd(self._ring.fileno(), warn_on_full_buffer=False)

    def close(self) -> None:
        """Close the sockets; what was received and not answered is asked again by its clients."""
        for listener in self._listeners:
            listener.close()
        if self._wakes:
            signal.set_wakeup_fd(-1)
        self._selector.close()
        self._alarm.close()
        self._ring.close()
        self._changes.close()
        if self.udp is not None:
            self.udp.close()

    def _serve(self, hear: bool) -> None:
        now = self.clock.now()
        self.serve(self.udp.drain(BATCH_MAX, now) if hear and self.udp is not None else [], now)

    def serve(self, datagrams: list[Datagram], now: float) -> None:
        """One batch of these, and of the suspended transactions that are due."""
        engine = self.engine
        known = engine.interfaces
        others = [d for d in datagrams if d.interface not in known]
        if others:
            # Counted only: the packets of somebody else's network must not push ours out of the traces.
            engine.counters.datagrams[0, Reason.OTHER_INTERFACE, 0] += len(others)
            datagrams = [d for d in datagrams if d.interface in known]
        batch = engine.open(datagrams, now)
        if not (self.clock.ready and engine.defined):
            batch.abandon(Reason.NOT_READY)
            return
        engine.counters.batches += 1
        try:
            cycle.run(batch, self.store, engine.snapshot, self.send)
        except Exception:
            if engine.strict:
                raise
            log.exception("INTERNAL-ERROR: a batch failed; what it had not answered yet is not answered.")
            batch.abandon(Reason.INTERNAL_ERROR)
        if probes := engine.take_probes():
            for prober in self._probers:
                prober.send(probes)
        for one in self.asked:
            one.after(now)

    def send(self, answers: list[Outgoing]) -> None:
        """Send answers; failures are counted, and logged by the socket."""
        if self.udp is not None and (failed := self.udp.send(answers)):
            self.engine.counters.events["send-failed"] += failed

    def _hear_probers(self) -> None:
        for prober in self._probers:
            for key in prober.answers():
                self.engine.probe_answered(key)

    def _sleep(self) -> float:
        if self.engine.due:
            return 0.0
        until = min(chore.due for chore in (self._reading, *self.chores)) - time.monotonic()
        timer = self.engine.timer()
        if timer is not None:
            until = min(until, timer - self.clock.now())
        return max(0.0, min(until, _SLEEP_S))

    def _read_interfaces(self) -> float:
        """Done at each change, and again where it failed."""
        self._refresh_interfaces()
        return float("inf")

    def _do_chores(self) -> None:
        now = time.monotonic()
        for chore in (self._reading, *self.chores):
            if chore.due <= now:
                self._do(chore)

    def _do_next(self) -> None:
        """The chore that has been due for longest: what has come meanwhile need not wait for the others."""
        first = self._reading
        for chore in self.chores:
            if chore.due < first.due:
                first = chore
        if first.due <= time.monotonic():
            self._do(first)

    def _do(self, chore: Chore) -> None:
        try:
            pause = chore.run()
        except LessorError as error:
            log.error("CHORE-FAILED: %s: %s", chore.name, error)  # noqa: TRY400 - The sentence says it all.
            pause = _AFTER_FAILURE_S
        except Exception:
            if self.engine.strict:
                raise
            log.exception("CHORE-FAILED: %s: a fault of the server, or a row that makes no sense.", chore.name)
            pause = _AFTER_FAILURE_S
        chore.due = time.monotonic() + pause
