"""Pretend clients: they arrive, renew, leave and come back.  No socket and no clock: time and dice are arguments.

Each speaks through a relay of its subnet.  The relay asks to be answered at the port it sent from (RFC 8357), so an
ordinary user can be one.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from dhcpcore.wire.v4.client import Answer, request
from dhcpcore.wire.v4.message import NOWHERE, MessageType, Opt
from dhcpcore.wire.v4.tlv import encode_options

#: Relay agent sub-options: circuit id (RFC 3046 3.1) and relay source port (RFC 8357 4).
_CIRCUIT_ID, _SOURCE_PORT = 1, 19
_ASKED_FOR = b"\x01\x03\x06\x0f\x1c"
#: An answer comes in milliseconds; a client waits about as long as RFC 2131 4.1 says, and not for ever.
_PATIENCE_S = 3.0
_PATIENCE_S_MAX = 30.0
#: One visit in so many ends with a RELEASE; the others just leave, and their lease ends by itself.
_POLITE = 0.6


class Doing(Enum):
    """What a client is at."""

    AWAY = "away"
    SEEKING = "seeking"
    ASKING = "asking"
    BOUND = "bound"
    RENEWING = "renewing"


@dataclass(slots=True)
class Client:
    """One pretend client; ``due`` is when it does something by itself."""

    name: str
    hardware: bytes
    relay: bytes
    circuit: bytes
    doing: Doing = Doing.AWAY
    due: float = 0.0
    transaction: int = 0
    address: bytes = NOWHERE
    server: bytes = NOWHERE
    ends: float = 0.0
    leaves: float = 0.0
    tries: int = 0


@dataclass(slots=True)
class Crowd:
    """Clients that wake one after the other.  ``messages`` counts what they sent."""

    clients: list[Client]
    dice: random.Random
    stay_s: tuple[float, float] = (60.0, 600.0)
    away_s: tuple[float, float] = (10.0, 120.0)
    messages: int = 0
    _queue: list[tuple[float, int]] = field(default_factory=list)
    _by_transaction: dict[int, Client] = field(default_factory=dict)

    def begin(self, now: float, within_s: float) -> None:
        """Have everybody arrive some time within ``within_s``."""
        for number, client in enumerate(self.clients):
            client.due = now + self.dice.uniform(0, within_s)
            heapq.heappush(self._queue, (client.due, number))

    def next_due(self) -> float:
        """When somebody does something next."""
        return self._queue[0][0] if self._queue else float("inf")

    def act(self, now: float, most: int) -> Iterator[tuple[bytes, bytes]]:
        """What up to ``most`` clients send now: (relay, message)."""
        while self._queue and self._queue[0][0] <= now and most > 0:
            due, number = heapq.heappop(self._queue)
            client = self.clients[number]
            if due != client.due:
                continue  # An answer came in between and set another time.
            message = self._wake(client, now)
            heapq.heappush(self._queue, (client.due, number))
            if message is not None:
                self.messages += 1
                most -= 1
                yield client.relay, message

    def hear(self, answer: Answer, now: float) -> tuple[bytes, bytes] | None:
        """What the client that ``answer`` is for sends at once, if anything."""
        client = self._by_transaction.get(answer.transaction)
        if client is None:
            return None
        if answer.kind == MessageType.OFFER and client.doing == Doing.SEEKING:
            client.doing, client.address, client.server = Doing.ASKING, answer.address, answer.server
            self._again(client, now + _PATIENCE_S)
            self.messages += 1
            return client.relay, self._say(client, MessageType.REQUEST, [
                (Opt.REQUESTED_ADDRESS, client.address), (Opt.SERVER_ID, client.server)])
        if answer.kind == MessageType.ACK and client.doing in {Doing.ASKING, Doing.RENEWING}:
            client.doing, client.address, client.tries = Doing.BOUND, answer.address, 0
            client.server = client.server if answer.server == NOWHERE else answer.server
            client.ends = now + answer.lease_s
            # Not all at the same moment: a tenth earlier or later.
            self._again(client, min(client.leaves, now + answer.renew_s * self.dice.uniform(0.9, 1.1)))
        elif answer.kind == MessageType.NAK and client.doing in {Doing.ASKING, Doing.RENEWING}:
            client.doing, client.address = Doing.AWAY, NOWHERE
            self._again(client, now + 1)
        return None

    def count(self, *doing: Doing) -> int:
        """How many are at one of these."""
        return sum(client.doing in doing for client in self.clients)

    def farewell(self) -> Iterator[tuple[bytes, bytes]]:
        """The RELEASE of everybody who still holds an address."""
        for client in self.clients:
            if client.doing in {Doing.BOUND, Doing.RENEWING}:
                yield client.relay, self._release(client)

    def _wake(self, client: Client, now: float) -> bytes | None:
        if client.doing in {Doing.BOUND, Doing.RENEWING} and now >= client.leaves:
            said = self._release(client) if self.dice.random() < _POLITE else None
            client.doing, client.due = Doing.AWAY, now + self.dice.uniform(*self.away_s)
            return said
        if client.doing in {Doing.BOUND, Doing.RENEWING} and now < client.ends:
            client.doing = Doing.RENEWING
            client.due = min(client.leaves, now + max(_PATIENCE_S, (client.ends - now) / 2))
            # As rebinding clients do, over the relay: a pretend address cannot be answered.  RFC 2131 4.4.5.
            return self._new(client, MessageType.REQUEST, [], address=client.address)
        if client.doing == Doing.AWAY:
            client.tries, client.leaves = 0, now + self.dice.uniform(*self.stay_s)
        client.tries += 1
        client.doing = Doing.SEEKING
        client.due = now + min(_PATIENCE_S_MAX, _PATIENCE_S * 2 ** min(client.tries, 4)) * self.dice.uniform(0.8, 1.2)
        wish = [(Opt.REQUESTED_ADDRESS, client.address)] if client.address != NOWHERE else []
        return self._new(client, MessageType.DISCOVER, wish)

    def _release(self, client: Client) -> bytes:
        return self._new(client, MessageType.RELEASE, [(Opt.SERVER_ID, client.server)], address=client.address)

    def _new(self, client: Client, kind: MessageType, options: Sequence[tuple[int, bytes]],
             address: bytes = NOWHERE) -> bytes:
        self._by_transaction.pop(client.transaction, None)
        client.transaction = self.dice.getrandbits(32)
        self._by_transaction[client.transaction] = client
        return self._say(client, kind, options, address)

    def _say(self, client: Client, kind: MessageType, options: Sequence[tuple[int, bytes]],
             address: bytes = NOWHERE) -> bytes:
        about = [] if kind == MessageType.RELEASE else [
            (Opt.HOST_NAME, client.name.encode()), (Opt.PARAMETER_REQUEST_LIST, _ASKED_FOR)]
        agent = encode_options([(_CIRCUIT_ID, client.circuit), (_SOURCE_PORT, b"")])
        return request(kind, client.transaction, client.hardware, [*options, *about, (Opt.AGENT_OPTIONS, agent)],
                       address=address, relay=client.relay)

    def _again(self, client: Client, due: float) -> None:
        client.due = due
        heapq.heappush(self._queue, (due, self.clients.index(client)))
