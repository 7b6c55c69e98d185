"""Who asks DHCPv6's leasequery: queries as octets, what answers tell, and a server by TCP that is driven by hand."""

from __future__ import annotations

import selectors
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address

from dhcpcore.lease.model import Change, Lease
from dhcpcore.lease.owner import LASTING, key_of
from dhcpcore.net.bulk import BulkPort, BulkServer
from dhcpcore.net.clock import Clock
from tests.packets6 import (
    LEASEQUERY,
    Answer6,
    Given,
    ip6,
    message,
    option,
    options_of,
    read6,
)
from tests.playbook6 import T0, Client6, World6

BY_ADDRESS, BY_CLIENT, BY_RELAY, BY_LINK, BY_REMOTE = range(1, 6)
ASKS = Client6(0xAA)  #: The requestor's own DUID.
HOST, LOOPBACK = "2001:db8:ffff::2", "::1"  #: Where it asks from: by UDP, and by TCP.
MAY_ASK = {"enabled": True, "requestors": [HOST, LOOPBACK]}


def lq(kind: int, *options: bytes, link: str = "::") -> bytes:
    """Option 44."""
    return option(44, bytes((kind,)) + ip6(link) + b"".join(options))


def query(kind: int, *options: bytes, link: str = "::", who: Client6 = ASKS, xid: bytes = b"\x07\x08\x09") -> bytes:
    return message(LEASEQUERY, who.id, lq(kind, *options, link=link), xid=xid)


@dataclass
class Told:
    """Option 45."""

    duid: bytes
    leased: list[tuple[str, int, int]]  #: As an identity association has them.
    heard: int  #: Seconds since.
    others: list[int]  #: Codes of all that is none of these.


def told_of(answer: Answer6) -> Told | None:
    payload = answer.get(45)
    if payload is None:
        return None
    pairs = options_of(payload)
    leased = Given.read(3, bytes(12) + b"".join(option(*pair) for pair in pairs if pair[0] in (5, 26))).leased
    (duid,), (heard,) = ([octets for code, octets in pairs if code == wanted] for wanted in (1, 46))
    return Told(duid, leased, *struct.unpack("!I", heard), [code for code, _ in pairs if code not in (1, 5, 26, 46)])


def links_of(answer: Answer6) -> list[str]:
    """Option 48."""
    payload = answer.get(48) or b""
    return [str(IPv6Address(payload[at : at + 16])) for at in range(0, len(payload), 16)]


def put(w: World6, *rows: Lease) -> None:
    """These leases are in the database."""
    w.store.commit([Change(None, row, True, None) for row in rows], w.now)


def a_lease(
    w: World6, address: str, who: Client6, *, plen: int = 128, iaid: int = 1, subnet: int = 0, expires: int = 7200,
    state: int = 1, agent: bytes = b"", space: int = 0, kind: int = 0, heard: int = 0,
) -> Lease:  # fmt: skip
    """``subnet`` is the place of its subnet in the definitions; times are counted from the beginning."""
    listed = w.engine.snapshot.subnets
    number = listed[subnet].subnet_id if subnet < len(listed) else 999
    key = key_of(LASTING, who.duid, iaid.to_bytes(4, "big"))
    found = kind or (6 if plen == 128 else 8)
    times = (T0 + expires, T0 + heard)
    return Lease(space, found, ip6(address), plen, key, b"", state, *times, number, 1, 1, "", b"", agent)


class Bulk6:
    """The server by TCP on loopback, on the engine and the database of a world; its loop is turned by hand."""

    def __init__(self, w: World6) -> None:
        self.world = w
        clock = Clock(lambda: w.now, lambda: w.now, lambda: 0.0)
        clock.measure()
        self.port = BulkPort(0, socket.AF_INET6)
        assert self.port.fault is None
        self.selector = selectors.DefaultSelector()
        self.monotonic = 0.0
        self.server = BulkServer(self.port, w.engine, w.store, clock, lambda: None, monotonic=lambda: self.monotonic)
        self.server.register(self.selector)
        self.server.work(busy=False)
        self._requestors: list[socket.socket] = []

    def connect(self) -> socket.socket:
        sock = socket.create_connection(self.port.sock.getsockname()[:2])
        sock.settimeout(5)
        self._requestors.append(sock)
        self.turn()
        return sock

    def turn(self) -> None:
        """What the loop does for ready sockets."""
        for _ in range(3):
            for key, mask in self.selector.select(0.001):
                key.data.handle(key, mask)

    def finish(self, most: int = 200) -> int:
        """Work until there is nothing to do; how many slices it took."""
        for count in range(most):
            self.turn()
            if self.server.work(busy=False) == 1.0:
                return count
        raise AssertionError("there is no end")

    def ask(self, *queries: bytes) -> list[Answer6]:
        """Ask by a new connection, all at once; what is answered to all of them."""
        sock = self.connect()
        sock.sendall(b"".join(framed(one) for one in queries))
        return self.heard(sock)

    def heard(self, sock: socket.socket) -> list[Answer6]:
        """All that is said to it."""
        self.finish()
        sock.setblocking(False)
        stream = b""
        while True:
            try:
                data = sock.recv(1 << 16)
            except BlockingIOError:
                break
            if not data:
                break
            stream += data
        return unframed(stream)

    def close(self) -> None:
        for sock in self._requestors:
            sock.close()
        self.server.close()
        self.selector.close()


def framed(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def unframed(stream: bytes) -> list[Answer6]:
    answers = []
    while stream:
        size = int.from_bytes(stream[:2], "big")
        assert len(stream) >= 2 + size, "cut off"
        answers.append(read6(stream[2 : 2 + size]))
        stream = stream[2 + size :]
    return answers


def kinds(answers: Sequence[Answer6]) -> list[int]:
    return [one.kind for one in answers]

