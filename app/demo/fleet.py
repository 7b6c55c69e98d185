"""Sends and receives for the crowd: one loopback socket a relay, and a limit on how fast it all goes."""

from __future__ import annotations

import random
import select
import socket
import time
from collections.abc import Iterable

from app.demo.clients import Client, Crowd
from dhcpcore.errors import Refused
from dhcpcore.wire.addresses import format_ipv4
from dhcpcore.wire.v4.client import read_answer

#: Messages a second, so that the demonstration never loads the machine it runs on.
RATE_MAX = 40
_ROUND_S = 0.05
_NAMES = ("alder", "aspen", "beech", "birch", "cedar", "cherry", "cypress", "elder", "elm", "fir", "hazel", "holly",
          "juniper", "larch", "laurel", "linden", "maple", "oak", "olive", "pine", "poplar", "rowan", "spruce",
          "walnut", "willow", "yew")
_KINDS = ("laptop", "phone", "printer", "camera", "tablet", "desk", "scanner", "screen")


class Fleet:
    """Pretend clients at the server's door.  ``step`` is called again and again and never waits long."""

    def __init__(self, server_port: int, relays: Iterable[tuple[bytes, int]], seed: int | None = None) -> None:
        """``relays`` are loopback addresses, each with its number of clients."""
        dice = random.Random(seed)  # noqa: S311 - pretend clients keep no secret
        self._server = ("127.0.0.1", server_port)
        self._sockets: dict[bytes, socket.socket] = {}
        clients: list[Client] = []
        for relay, count in relays:
            self._sockets[relay] = _open(relay)
            clients += [_client(len(clients) + number, relay, number, dice) for number in range(count)]
        self.crowd = Crowd(clients, dice)
        self.received = 0
        self._allowance = 0.0
        self._last = time.monotonic()

    def begin(self, within_s: float = 30.0) -> None:
        """Let the clients arrive."""
        self.crowd.begin(time.monotonic(), within_s)

    def step(self) -> None:
        """Send what is due, within the rate, and hear what is said for one short while."""
        now = time.monotonic()
        self._allowance = min(RATE_MAX, self._allowance + (now - self._last) * RATE_MAX)
        self._last = now
        for relay, message in self.crowd.act(now, int(self._allowance)):
            self._allowance -= 1
            self._send(relay, message)
        ready, _, _ = select.select(list(self._sockets.values()), [], [], _ROUND_S)
        for sock in ready:
            self._hear(sock)

    def close(self) -> None:
        """Everybody says good-bye, and the sockets close."""
        for relay, message in self.crowd.farewell():
            self._send(relay, message)
        for sock in self._sockets.values():
            sock.close()

    def _hear(self, sock: socket.socket) -> None:
        for _ in range(RATE_MAX):
            try:
                message = sock.recv(4096)
            except OSError:  # Nothing more, or word that the server's port is closed: it is away, and is asked again.
                return
            answer = read_answer(message)
            if answer is None:
                continue
            self.received += 1
            said = self.crowd.hear(answer, time.monotonic())
            if said is not None:
                self._send(*said)

    def _send(self, relay: bytes, message: bytes) -> None:
        try:
            self._sockets[relay].sendto(message, self._server)
        except OSError:
            return  # As above: the clients try again by themselves.


def _open(relay: bytes) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.bind((format_ipv4(relay), 0))
    except OSError as error:
        sock.close()
        raise Refused(f"The pretend relay {format_ipv4(relay)} cannot be opened ({error.strerror}): the loopback "
                      "interface of this machine is not as usual.") from None
    sock.setblocking(False)
    return sock


def _client(number: int, relay: bytes, port: int, dice: random.Random) -> Client:
    name = f"{dice.choice(_NAMES)}-{dice.choice(_KINDS)}-{number + 1}"
    # A locally administered address, so that no real maker's is pretended.
    hardware = b"\x02\x00\x5e" + bytes([relay[3]]) + number.to_bytes(2, "big")
    return Client(name, hardware, relay, f"switch-{relay[3]}/port-{port % 48 + 1}".encode())
