"""What the loop lets through to the engine, and what it survives."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dhcpcore.engine import Datagram, Engine, Outgoing
from dhcpcore.errors import StoreUnavailable
from dhcpcore.lease.facts import Facts, Outcome, Wants
from dhcpcore.lease.model import Lease, State
from dhcpcore.net.clock import Clock
from dhcpcore.net.loop import Chore, Loop
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.links import Interface
from dhcpcore.topology.snapshot import Pool, Snapshot, Subnet
from tests.packets4 import BROADCAST, DISCOVER, REQUEST, client, ip, request

T0 = 1_700_000_000
ETH0, ETH1 = 2, 3
SERVER = ip("192.0.2.1")
A = client(1)
OFFICE = Subnet(1, 4, 0, ip("192.0.2.0"), 24, "office", pools=(Pool(1, 4, ip("192.0.2.10"), ip("192.0.2.20"), 32),))
ETHERNET = {ETH0: Interface(ETH0, "eth0", (SERVER,))}


class Ear:
    """A socket that has heard some datagrams and keeps what it is told to send."""

    def __init__(self) -> None:
        self.heard: list[Datagram] = []
        self.sent: list[Outgoing] = []
        self._pair = socket.socketpair()

    def fileno(self) -> int:
        return self._pair[0].fileno()

    def drain(self, limit: int = 0, now: float = 0.0) -> list[Datagram]:
        heard, self.heard = self.heard, []
        return heard

    def send(self, answers: list[Outgoing]) -> int:
        self.sent += answers
        return 0

    def close(self) -> None:
        for one in self._pair:
            one.close()


class Store:
    """One lease, of ``A``."""

    def fetch(self, wants: Wants, facts: Facts, revision: int, *, assigned: bool) -> None:
        row = Lease(
            0, 4, ip("192.0.2.10"), 32, A.identity, b"\x01" + A.hw, State.LEASED, T0 + 600, T0, 1, 1, 1, "", b"", b""
        )
        for one in wants.clients:
            facts.by_client[one] = [row] if one == A.identity else []
        for key in wants.leases:
            facts.by_key[key] = row if key == row.key else None
        for page in wants.pages:
            facts.pages[page.pool, page.number] = ()

    def commit(self, changes: Any, now: float) -> Outcome:
        return Outcome()


@pytest.fixture
def loop() -> Iterator[Loop]:
    clock = Clock(lambda: float(T0), lambda: float(T0), lambda: 100.0)
    clock.measure()
    ear: Any = Ear()
    changes: Any = Ear()
    made = Loop(Engine(strict=True), Store(), clock, ear, changes, lambda: None, None)
    yield made
    made.close()


def datagram(kind: int, interface: int = ETH0, ciaddr: str = "0.0.0.0", giaddr: str = "0.0.0.0") -> Datagram:
    to = BROADCAST if ciaddr == giaddr else SERVER
    return Datagram(request(kind, A, 1, ciaddr=ciaddr, giaddr=giaddr), ip(ciaddr), 68, interface, to, SERVER, T0)


def answers(loop: Loop, *datagrams: Datagram) -> list[int]:
    """The message types of what was sent."""
    ear: Any = loop.udp
    ear.heard = list(datagrams)
    ear.sent = []
    loop._serve(hear=True)
    return [answer.payload[242] for answer in ear.sent]


def reasons(loop: Loop) -> list[str]:
    return [reason.code for reason in loop.engine.counters.by_reason()]


def test_before_the_definitions_were_read_nobody_is_told_that_its_lease_is_not_ours(loop: Loop) -> None:
    """A database that stumbles at the start must not cost every client its address."""
    loop.engine.set_interfaces(ETHERNET)
    assert answers(loop, datagram(REQUEST, ciaddr="192.0.2.10")) == []
    assert reasons(loop) == ["NOT-READY"]


def test_once_they_were_read_it_is_answered(loop: Loop) -> None:
    loop.engine.set_interfaces(ETHERNET)
    loop.engine.install(Snapshot(1, (OFFICE,)))
    assert answers(loop, datagram(REQUEST, ciaddr="192.0.2.10")) == [5]


def test_definitions_without_a_subnet_are_definitions_too(loop: Loop) -> None:
    loop.engine.set_interfaces(ETHERNET)
    loop.engine.install(Snapshot(0))
    assert answers(loop, datagram(DISCOVER)) == []
    assert reasons(loop) == ["NO-SUBNET"]


@pytest.mark.parametrize("served", [ETHERNET, {}], ids=["another is served", "the one that is served is gone"])
def test_what_comes_in_on_an_interface_that_is_not_served_is_not_for_us(
    loop: Loop, served: dict[int, Interface]
) -> None:
    loop.engine.set_interfaces(served)
    loop.engine.install(Snapshot(1, (OFFICE,)))
    assert answers(loop, datagram(DISCOVER, ETH1, giaddr="192.0.2.2")) == []
    assert loop.engine.counters.datagrams == {(0, Reason.OTHER_INTERFACE, 0): 1}


def failing(error: Exception) -> Callable[[], float]:
    def run() -> float:
        raise error

    return run


@pytest.mark.parametrize("error", [StoreUnavailable("away"), ValueError("a row that makes no sense")])
def test_a_chore_that_fails_stops_neither_the_others_nor_the_service(loop: Loop, error: Exception) -> None:
    done: list[str] = []
    loop.engine.strict = False
    loop.chores = [Chore("one", failing(error)), Chore("two", lambda: done.append("two") or 1.0)]
    loop._do_chores()
    assert done == ["two"]
    assert all(chore.due > 0 for chore in loop.chores)


def test_what_waits_is_served_between_two_chores(loop: Loop) -> None:
    """All of them before the first packet; then none keeps a client waiting for more than itself."""
    loop.engine.set_interfaces(ETHERNET)
    loop.engine.install(Snapshot(1, (OFFICE,)))
    ear: Any = loop.udp
    ear._pair[1].send(b"something can be read")
    seen: list[tuple[str, int]] = []

    def chore(name: str) -> Callable[[], float]:
        def run() -> float:
            seen.append((name, loop.engine.counters.batches))
            loop.stopping = len(seen) >= 6
            return 0.0

        return run

    loop.chores = [Chore("one", chore("one")), Chore("two", chore("two"))]
    loop.run()
    assert seen == [("one", 0), ("two", 0), ("one", 1), ("two", 2), ("one", 3), ("two", 4)]


def test_where_faults_shall_be_seen_they_are(loop: Loop) -> None:
    loop.chores = [Chore("one", failing(ValueError("a fault")))]
    with pytest.raises(ValueError, match="a fault"):
        loop._do_chores()


def test_interfaces_that_cannot_be_read_are_read_again_later(loop: Loop) -> None:
    """The kernel may refuse a dump, or an interface go while it is read."""
    tries: list[str] = []

    def refresh() -> None:
        tries.append("read")
        if len(tries) == 1:
            raise OSError("Resource temporarily unavailable")

    loop.engine.strict = False
    loop._refresh_interfaces = refresh
    loop._do(loop._reading)
    assert tries == ["read"]
    loop._reading.due = 0.0
    loop._do_chores()
    loop._do_chores()
    assert tries == ["read", "read"], "and only where there is need to"
