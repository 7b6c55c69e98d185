"""Clients that follow RFC 2131 figure 5, and what each of them believes to hold.

They retransmit, renew, rebind, give back, find conflicts, are switched off and come back with what they remember, are
carried to another link, and get a new identity when they are installed anew.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from dhcpcore.lease.model import KIND_ADDRESS4, LeaseKey
from tests.interop.packets import ACK, DECLINE, DISCOVER, INFORM, NAK, NOWHERE, OFFER, RELEASE, REQUEST, Message, text
from tests.simulation.judge import Judge
from tests.simulation.network import Link, Network
from tests.simulation.world import World

#: RFC 2131 4.1: 4 s, 8 s, 16 s, each more or less one; then the client begins anew.
_WAITS_S = (4.0, 8.0, 16.0)
#: How long a client that gave its address back stays away: longer than any datagram is under way, since nothing in a
#: late RELEASE tells it from a new one.
AWAY_S = 30.0
#: RFC 2131 3.1 5: ten seconds at least, after a DECLINE.
_AFTER_DECLINE_S = 12.0
_FOREVER_S = 0xFFFF_FFFF
_BROADCAST_FLAG = 0x8000


class State(enum.Enum):
    """RFC 2131 figure 5."""

    OFF = "OFF"
    INIT = "INIT"
    SELECTING = "SELECTING"
    REQUESTING = "REQUESTING"
    REBOOTING = "REBOOTING"
    BOUND = "BOUND"
    RENEWING = "RENEWING"
    REBINDING = "REBINDING"


@dataclass(frozen=True, slots=True)
class Held:
    """A promise that was heard."""

    key: LeaseKey
    link: Link
    until: float
    rebind_at: float
    renew_at: float
    server: bytes


class Client:
    """One client; ``lease`` is what it may use, or may come back to."""

    def __init__(
        self, world: World, network: Network, judge: Judge, name: str, hw: bytes, link: Link, hostname: str
    ) -> None:
        self.world = world
        self.network = network
        self.judge = judge
        self.name = name
        self.hw = hw
        self.client_id: bytes | None = None
        self.link = link
        self.hostname = hostname
        self.state = State.OFF
        self.lease: Held | None = None
        self.lease_time_s: int | None = None  #: What it asks for.
        self.vendor = b""  #: What it says in option 60.
        self.does_without = False  #: Whether it can do without IPv4.
        self.rapid = False  #: Whether it takes an ACK for its DISCOVER.
        self.bound_at = 0.0
        self._installed = 0
        self._xid = 0
        self._asked_at = 0.0
        self._asked = NOWHERE
        self._server = NOWHERE
        self._tries = 0
        self._turn = 0  #: Timers of earlier turns mean nothing any more.

    @property
    def identity(self) -> bytes:
        """The key that the server knows it by.  RFC 2131 4.2."""
        return b"\x01" + self.client_id if self.client_id else b"\x00\x01" + self.hw

    @property
    def configured(self) -> bytes | None:
        """The address that the client's network card has now."""
        if self.lease is None or self.lease.link is not self.link or self.lease.until <= self.world.now:
            return None
        return self.lease.key[2] if self.state in (State.BOUND, State.RENEWING, State.REBINDING) else None

    def begin(self) -> None:
        """Switched on: with an address in mind, or without."""
        if self.lease is not None and self.lease.until <= self.world.now:
            self._forget()
        if self.lease is not None:
            self._reboot(self.lease.key[2])
        else:
            self._discover()

    # ---- What people do with it. ----

    def switch_off(self, seconds: float) -> None:
        """It vanishes without a word, and comes back later."""
        self._enter(State.OFF)
        self.world.later(seconds, self._if(self._turn, self.begin))

    def give_back(self) -> None:
        """RFC 2131 4.4.6."""
        lease = self.lease
        if lease is None or self.configured is None:
            return
        message = self._message(RELEASE, {54: lease.server}, ciaddr=lease.key[2])
        self.network.unicast(self, message, lease.server)
        self._forget()
        self.switch_off(AWAY_S)

    def move(self, link: Link) -> None:
        """Carried to another link, where it asks for the address that it has."""
        self.link = link
        self.switch_off(1.0)

    def install_anew(self) -> None:
        """Another system on the same hardware: it remembers nothing and has another identity."""
        self._forget()
        self._installed += 1
        self.client_id = bytes((0,)) + self.name.encode() + bytes((self._installed,))
        self.switch_off(AWAY_S)

    def forget_all(self) -> None:
        """Its memory of the lease is lost; it is the same client."""
        self._forget()
        self.switch_off(AWAY_S)

    def inform(self) -> None:
        """RFC 2131 4.4.3."""
        if self.configured is not None:
            self._xid += 1
            self.network.broadcast(self, self._message(INFORM, {55: b"\x01\x03\x06"}, ciaddr=self.configured))

    # ---- What it hears. ----

    def hear(self, message: Message) -> None:
        """An answer reached the network card."""
        if message.xid != self._xid:
            return
        kind = message.kind
        if self.state == State.SELECTING and kind == OFFER and (wait := message.seconds(108)) is not None:
            self._enter(State.INIT)  # RFC 8925 3.2.
            self.world.later(wait, self._if(self._turn, self._discover))
        elif self.state == State.SELECTING and kind == OFFER:
            self._request(message)
        elif self.state == State.SELECTING and kind == ACK and self.rapid and 80 in message.options:
            self._asked = message.yiaddr
            self._bind(message)  # RFC 4039 3.2.
        elif kind in (ACK, NAK) and self.state in (
            State.REQUESTING, State.REBOOTING, State.RENEWING, State.REBINDING
        ):  # fmt: skip
            if kind == NAK:
                self._refused()
            elif message.yiaddr == self._asked and message.seconds(51) is not None:
                self._bind(message)

    def _refused(self) -> None:
        self.world.note(f"{self.name} is refused {text(self._asked)}")
        self._forget()
        self._enter(State.INIT)
        self.world.later(self.world.dice.uniform(0.01, 1.0), self._if(self._turn, self._discover))

    def _bind(self, message: Message) -> None:
        world = self.world
        lifetime = message.seconds(51)
        assert lifetime is not None
        begin = self._asked_at
        key = (self.link.space, KIND_ADDRESS4, message.yiaddr, 32)
        held = Held(
            key, self.link, begin + lifetime, begin + (message.seconds(59) or lifetime * 7 // 8),
            begin + (message.seconds(58) or lifetime // 2), message.options.get(54, NOWHERE),
        )  # fmt: skip
        fresh = self.state in (State.REQUESTING, State.REBOOTING, State.SELECTING)
        if held.until <= world.now:
            return
        world.note(f"{self.name} holds {text(message.yiaddr)} for {lifetime} s")
        self._hold(held)
        if fresh and message.yiaddr in self.link.squatters:
            self._decline(held)
            return
        if self.state not in (State.RENEWING, State.REBINDING):
            self.bound_at = world.now
        self._enter(State.BOUND)
        if lifetime != _FOREVER_S:
            world.later(max(0.0, held.renew_at - world.now), self._if(self._turn, self._renew))

    def _decline(self, held: Held) -> None:
        """RFC 2131 4.4.4 and table 5."""
        self.network.broadcast(self, self._message(DECLINE, {50: held.key[2], 54: held.server}))
        self._forget()
        self._enter(State.INIT)
        self.world.later(_AFTER_DECLINE_S, self._if(self._turn, self._discover))

    # ---- What it says. ----

    def _discover(self) -> None:
        self._enter(State.SELECTING)
        self._xid += 1
        self._tries = 0
        wishes = {55: b"\x01\x03\x06\x0f" + (b"\x6c" if self.does_without else b"")}
        if self.lease_time_s is not None:
            wishes[51] = self.lease_time_s.to_bytes(4, "big")
        if self.rapid:
            wishes[80] = b""
        self._say(DISCOVER, wishes)

    def _request(self, offer: Message) -> None:
        """RFC 2131 4.3.2, SELECTING: the xid of the OFFER."""
        self._enter(State.REQUESTING)
        self._tries = 0
        self._asked = offer.yiaddr
        self._server = offer.options.get(54, NOWHERE)
        self._say(REQUEST, {50: self._asked, 54: self._server})

    def _reboot(self, address: bytes) -> None:
        """RFC 2131 4.3.2, INIT-REBOOT."""
        self._enter(State.REBOOTING)
        self._xid += 1
        self._tries = 0
        self._asked = address
        self._say(REQUEST, {50: address})

    def _renew(self) -> None:
        """RFC 2131 4.4.5: unicast until T2, then broadcast, at half of the time that is left each time."""
        lease, world = self.lease, self.world
        if lease is None or lease.until <= world.now:
            self._forget()
            self._discover()
            return
        rebinding = lease.rebind_at <= world.now
        self._enter(State.REBINDING if rebinding else State.RENEWING)
        self._xid += 1
        self._asked = lease.key[2]
        self._asked_at = world.now
        message = self._message(REQUEST, {}, ciaddr=self._asked)
        if rebinding:
            self.network.broadcast(self, message)
        else:
            self.network.unicast(self, message, lease.server)
        end = lease.until if rebinding else lease.rebind_at
        self.world.later(max(5.0, (end - world.now) / 2), self._if(self._turn, self._renew))

    def _say(self, kind: int, options: dict[int, bytes]) -> None:
        """Broadcast, and again until the patience is over."""
        self._asked_at = self.world.now
        self.network.broadcast(self, self._message(kind, options))
        turn, tries = self._turn, self._tries
        self._tries += 1
        if tries < len(_WAITS_S):
            wait = _WAITS_S[tries] + self.world.dice.uniform(-1, 1)
            self.world.later(wait, self._if(turn, self._say), kind, options)
        else:
            self.world.later(self.world.dice.uniform(1, 20), self._if(turn, self._give_up))

    def _give_up(self) -> None:
        """Nobody answers.  A client that reboots may go on with what it has (RFC 2131 3.2); this one does."""
        if self.state == State.REBOOTING and self.lease is not None and self.lease.until > self.world.now:
            self._enter(State.BOUND)
            self.world.later(max(0.0, self.lease.renew_at - self.world.now), self._if(self._turn, self._renew))
        else:
            self._discover()

    def _message(self, kind: int, options: dict[int, bytes], ciaddr: bytes = NOWHERE) -> Message:
        said = {53: bytes((kind,)), **options, 12: self.hostname.encode()}
        if self.client_id is not None:
            said[61] = self.client_id
        if self.vendor:
            said[60] = self.vendor
        flags = _BROADCAST_FLAG if self.hw[5] % 2 else 0
        return Message(xid=self._xid, flags=flags, ciaddr=ciaddr, chaddr=self.hw, options=said)

    # ---- What it remembers. ----

    def _enter(self, state: State) -> None:
        self.state = state
        self._turn += 1

    def _if(self, turn: int, action):  # type: ignore[no-untyped-def]
        """The action, unless the client has gone on to something else by then."""

        def act(*arguments: object) -> None:
            if self._turn == turn:
                action(*arguments)

        return act

    def _hold(self, held: Held) -> None:
        self._forget()
        self.lease = held
        self.judge.holds(self.identity, held.key, held.until, self.name)

    def _forget(self) -> None:
        if self.lease is not None:
            self.judge.leaves(self.identity, self.lease.key)
        self.lease = None
