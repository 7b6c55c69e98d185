"""Many simulated DHCPv4 clients: RFC 2131 figure 5 as a state machine, with its retransmissions, in pure Python.

They measure how long each answer took, and what each client was told; a fleet runs in a thread of its own.
"""

from __future__ import annotations

import heapq
import random
import select
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

from tests.interop.packets import (
    ACK,
    BROADCAST_FLAG,
    DISCOVER,
    NAK,
    NOWHERE,
    OFFER,
    RELEASE,
    REQUEST,
    Message,
)
from tests.interop.transports import Transport

FIRST_TIMEOUT_S = 4.0  # RFC 2131 4.1: 4, 8, 16, 32, 64 seconds, each more or less one.
LAST_TIMEOUT_S = 64.0
REQUESTS_BEFORE_RESTART = 4
LAST_ANSWERS_S = 0.2  # How long a fleet that has fallen silent still listens, so that no answer to it goes uncounted.
ASKED_OPTIONS = bytes([1, 3, 6, 15, 28, 51, 58, 59])


class State(Enum):
    """RFC 2131 4.4."""

    INIT = "INIT"
    SELECTING = "SELECTING"
    REQUESTING = "REQUESTING"
    BOUND = "BOUND"
    RENEWING = "RENEWING"
    REBINDING = "REBINDING"
    REBOOTING = "REBOOTING"


@dataclass(frozen=True, slots=True)
class Habits:
    """How the clients of a fleet live. Times are seconds, each drawn anew between its two ends."""

    starts_per_s: float = 50.0
    retransmit_pace: float = 1.0  # 0.1 makes all retransmissions ten times as quick as RFC 2131 asks.
    renew_after_s: tuple[float, float] | None = None  # None: at T1, as the server says.
    hold_s: tuple[float, float] | None = None  # None: for ever.
    release_share: float = 0.5  # The other ones vanish without a word.
    return_share: float = 0.5  # How many come back, with their old address in mind; the others are new clients.
    pause_s: tuple[float, float] = (0.2, 1.0)
    broadcast_share: float = 0.5  # How many ask for broadcast answers.
    identifier_share: float = 0.5  # How many send option 61.


@dataclass(slots=True)
class Client:
    """One client and what it holds."""

    hardware: bytes
    identifier: bytes | None
    flags: int
    state: State = State.INIT
    xid: int = 0
    address: bytes = NOWHERE
    server: bytes | None = None
    attempts: int = 0
    first_sent_at: float = 0.0
    due: float = 0.0
    rebind_at: float = 0.0
    ends_at: float = 0.0
    leaves_at: float = float("inf")


@dataclass(slots=True)
class Findings:
    """What a fleet has seen; read it when the fleet has stopped, or for the growing counts."""

    sent: Counter[str] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)
    waits_s: list[tuple[float, float, str]] = field(default_factory=list)  # when, how long, in which state
    faults: list[str] = field(default_factory=list)

    def slowest_s(self, since: float = 0.0) -> float:
        """Give the longest wait for an answer."""
        return max((wait for at, wait, _ in self.waits_s if at >= since), default=0.0)


class Fleet:
    """A number of clients over one transport."""

    def __init__(self, transport: Transport, size: int, habits: Habits | None = None, seed: int = 1) -> None:
        self.transport = transport
        self.habits = habits or Habits()
        self.findings = Findings()
        self._random = random.Random(seed)
        self._seed = seed
        self._born = 0
        self._size = size
        self._by_xid: dict[int, Client] = {}
        self._timers: list[tuple[float, int, Client]] = []
        self._timer_number = 0
        self._running = self._talking = True
        self._fault: BaseException | None = None
        self.clients: list[Client] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> Fleet:
        """Let the clients appear, as many a second as their habits say."""
        now = time.time()
        for number in range(self._size):
            client = self._new_client()
            self.clients.append(client)
            self._wake(client, now + number / self.habits.starts_per_s)
        self._thread.start()
        return self

    def stop(self) -> Findings:
        """Stop, without a word to the server, and give the findings."""
        self._talking = False
        if self._thread.is_alive():
            time.sleep(LAST_ANSWERS_S)
            self._running = False
            self._thread.join()
        self.transport.close()
        fault, self._fault = self._fault, None
        if fault:
            raise fault
        return self.findings

    def bound(self) -> list[Client]:
        """Give the clients that hold an address."""
        return [c for c in self.clients if c.state in (State.BOUND, State.RENEWING, State.REBINDING)]

    # The loop.

    def _run(self) -> None:
        try:
            poll = select.poll()
            poll.register(self.transport.fileno(), select.POLLIN)
            while self._running:
                next_due = self._timers[0][0] if self._timers and self._talking else time.time() + 0.05
                poll.poll(max(0.0, min(50.0, (next_due - time.time()) * 1000)))
                for reply in self.transport.receive():
                    self._heard(reply, time.time())
                while self._talking and self._timers and self._timers[0][0] <= time.time():
                    due, _, client = heapq.heappop(self._timers)
                    if client.due == due:
                        self._act(client, time.time())
        except BaseException as fault:  # noqa: BLE001 - the test that stops the fleet raises it.
            self._fault = fault

    def _wake(self, client: Client, at: float) -> None:
        client.due = at
        self._timer_number += 1
        heapq.heappush(self._timers, (at, self._timer_number, client))

    def _between(self, ends: tuple[float, float]) -> float:
        return self._random.uniform(*ends)

    # What a client does.

    def _new_client(self) -> Client:
        self._born += 1
        hardware = bytes([0x02, 0x10, self._seed & 0xFF]) + self._born.to_bytes(3, "big")
        identifier = b"\x01" + hardware if self._random.random() < self.habits.identifier_share else None
        flags = BROADCAST_FLAG if self._random.random() < self.habits.broadcast_share else 0
        return Client(hardware, identifier, flags)

    def _become(self, client: Client, state: State, now: float) -> None:
        self._by_xid.pop(client.xid, None)
        client.state, client.attempts, client.first_sent_at = state, 0, now
        client.xid = self._random.getrandbits(32)
        self._by_xid[client.xid] = client

    def _act(self, client: Client, now: float) -> None:
        """Do what is due: a new exchange, a retransmission, a renewal or a farewell."""
        if now >= client.leaves_at:
            self._farewell(client, now)
        elif client.state is State.INIT:
            self._become(client, State.REBOOTING if client.address != NOWHERE else State.SELECTING, now)
            self._transmit(client, now)
        elif client.state is State.BOUND:
            self._become(client, State.REBINDING if self.transport.relayed else State.RENEWING, now)
            self._transmit(client, now)
        elif client.state in (State.RENEWING, State.REBINDING) and now >= client.ends_at:
            self._restart(client, now)
        elif client.state is State.RENEWING and now >= client.rebind_at:
            self._become(client, State.REBINDING, now)
            self._transmit(client, now)
        elif client.state in (State.REQUESTING, State.REBOOTING) and client.attempts >= REQUESTS_BEFORE_RESTART:
            self._restart(client, now)
        else:
            self._transmit(client, now)

    def _transmit(self, client: Client, now: float) -> None:
        state = client.state
        options = {53: bytes([DISCOVER if state is State.SELECTING else REQUEST])}
        if client.identifier:
            options[61] = client.identifier
        if state is State.REQUESTING and client.server:
            options[54] = client.server
        holds = state in (State.RENEWING, State.REBINDING)
        if not holds and client.address != NOWHERE:
            options[50] = client.address
        options[55] = ASKED_OPTIONS
        message = Message(
            xid=client.xid, chaddr=client.hardware, flags=client.flags, options=options,
            secs=min(0xFFFF, int(now - client.first_sent_at)), ciaddr=client.address if holds else NOWHERE,
        )  # fmt: skip
        unicast = client.server if state is State.RENEWING else None
        self.transport.send(message, client.address if holds else NOWHERE, unicast)
        self.findings.sent[message.name] += 1
        timeout = min(LAST_TIMEOUT_S, FIRST_TIMEOUT_S * 2**client.attempts) + self._random.uniform(-1, 1)
        client.attempts += 1
        limit = client.rebind_at if state is State.RENEWING else client.ends_at if holds else float("inf")
        self._wake(client, min(now + timeout * self.habits.retransmit_pace, max(limit, now + 0.01), client.leaves_at))

    def _farewell(self, client: Client, now: float) -> None:
        """Release the address or vanish; then come back as the same client or as another one."""
        self.transport.leave(client.address)
        if self._random.random() < self.habits.release_share:
            options = {53: bytes([RELEASE]), 54: client.server or NOWHERE}
            if client.identifier:
                options[61] = client.identifier
            xid = self._random.getrandbits(32)
            release = Message(xid=xid, chaddr=client.hardware, ciaddr=client.address, options=options)
            self.transport.send(release, client.address, client.server)
            self.findings.sent["RELEASE"] += 1
        if self._random.random() >= self.habits.return_share:
            new = self._new_client()
            client.hardware, client.identifier, client.flags = new.hardware, new.identifier, new.flags
            client.address = NOWHERE
        self._by_xid.pop(client.xid, None)
        client.state, client.leaves_at = State.INIT, float("inf")
        self._wake(client, now + self._between(self.habits.pause_s))

    def _restart(self, client: Client, now: float) -> None:
        self.transport.leave(client.address)
        self._by_xid.pop(client.xid, None)
        client.state, client.address, client.server, client.leaves_at = State.INIT, NOWHERE, None, float("inf")
        self._wake(client, now + self._between(self.habits.pause_s))

    # What a client hears.

    def _heard(self, reply: Message, now: float) -> None:
        client = self._by_xid.get(reply.xid)
        self.findings.received[reply.name] += 1
        if client is None or not self._talking:
            return
        if reply.chaddr != client.hardware:
            self.findings.faults.append(f"an answer to {client.hardware.hex(':')} names {reply.chaddr.hex(':')}")
            return
        waiting = client.state in (State.REQUESTING, State.RENEWING, State.REBINDING, State.REBOOTING)
        if reply.kind == OFFER and client.state is State.SELECTING:
            self._answered(client, now)
            client.address, client.server = reply.yiaddr, reply.options.get(54)
            self._check_terms(reply)
            xid = client.xid
            self._become(client, State.REQUESTING, now)
            self._by_xid.pop(client.xid)
            client.xid = xid  # RFC 2131 4.4.1: the REQUEST has the xid of the OFFER.
            self._by_xid[xid] = client
            self._transmit(client, now)
        elif reply.kind == ACK and waiting:
            self._bind(client, reply, now)
        elif reply.kind == NAK and waiting:
            self._answered(client, now)
            self._restart(client, now)

    def _bind(self, client: Client, reply: Message, now: float) -> None:
        self._answered(client, now)
        self._check_terms(reply)
        if reply.yiaddr != client.address:
            self.findings.faults.append(f"ACK of {reply.yiaddr.hex()} to a REQUEST of {client.address.hex()}")
        lease_s = reply.seconds(51) or 1
        started = client.first_sent_at  # RFC 2131 4.4.1: the lease runs from the sending of the REQUEST.
        first = client.state in (State.REQUESTING, State.REBOOTING)
        client.server = reply.options.get(54)
        client.state = State.BOUND
        client.ends_at = started + lease_s
        client.rebind_at = started + (reply.seconds(59) or lease_s * 7 // 8)
        if first:
            self.transport.hold(client.address, client.hardware)
            client.leaves_at = now + self._between(self.habits.hold_s) if self.habits.hold_s else float("inf")
        at_t1 = started + (reply.seconds(58) or lease_s // 2)
        renew = now + self._between(self.habits.renew_after_s) if self.habits.renew_after_s else at_t1
        self._wake(client, min(renew, client.leaves_at))

    def _answered(self, client: Client, now: float) -> None:
        self.findings.waits_s.append((client.first_sent_at, now - client.first_sent_at, client.state.value))

    def _check_terms(self, reply: Message) -> None:
        """RFC 2131 table 3: an OFFER and an ACK to a REQUEST carry address, lease time and server identifier."""
        if reply.yiaddr == NOWHERE or len(reply.options.get(54, b"")) != 4 or not reply.seconds(51):
            self.findings.faults.append(f"{reply.name} without address, server identifier or lease time")
