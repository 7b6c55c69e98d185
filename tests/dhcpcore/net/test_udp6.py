"""DHCPv6's socket on loopback: what comes in goes through the engine, and the answer goes back where it came from."""

from __future__ import annotations

import errno
import logging
import selectors
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from dhcpcore.engine import Engine
from dhcpcore.errors import SettingsError
from dhcpcore.lease.facts import Facts, Outcome, Wants
from dhcpcore.net.clock import Clock
from dhcpcore.net.udp6 import Dhcp6Server, Udp6, _bind_trouble
from dhcpcore.pipeline.bundle import Outgoing, Route
from dhcpcore.topology.links import Interface
from dhcpcore.topology.snapshot import Snapshot, Subnet
from tests.packets6 import INFORMATION_REQUEST, RELAY_REPL, ip6, message, option, read6, relayed

T0 = 1_700_000_000.0
LO = socket.if_nametoindex("lo")
HERE = ip6("::1")
OFFICE = Subnet(1, 6, 0, ip6("2001:db8:1::"), 64, "office", options={23: ip6("2001:db8:1::53")})
DUID = bytes.fromhex("000200000de90a0b0c0d")


class NoRows:
    def fetch(self, wants: Wants, facts: Facts, revision: int, *, assigned: bool) -> None:
        raise AssertionError("nobody's leases are asked for")

    def commit(self, changes: Any, now: float) -> Outcome:
        raise AssertionError("nothing is committed")


@pytest.fixture
def udp() -> Iterator[Udp6]:
    made = Udp6(0)
    made.set_interfaces({LO: Interface(LO, "lo", (HERE,))})
    yield made
    made.close()


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as made:
        made.bind(("::1", 0))
        made.settimeout(5)
        yield made


def port_of(udp: Udp6) -> int:
    return int(udp._udp.getsockname()[1])


def serve(
    udp: Udp6, peer: socket.socket, data: bytes, interfaces: Mapping[int, Interface], *, ready: bool = True
) -> Engine:
    """An engine that was sent this."""
    engine = Engine(strict=True, duid=DUID)
    engine.install(Snapshot(1, (OFFICE,)))
    engine.set_interfaces(interfaces)
    clock = Clock(lambda: T0, lambda: T0, lambda: 0.0)
    if ready:
        clock.measure()
    server = Dhcp6Server(udp, engine, NoRows(), clock)
    with selectors.DefaultSelector() as selector:
        server.register(selector)
        peer.sendto(data, ("::1", port_of(udp)))
        for key, mask in selector.select(5):
            key.data.handle(key, mask)
    return engine


ASKED = relayed(message(INFORMATION_REQUEST), option(18, b"p"), option(135, b"\0\0"), link="2001:db8:1::1")
ALL = {LO: Interface(LO, "lo", (HERE,))}


def test_a_relays_message_is_answered_at_its_own_port(udp: Udp6, peer: socket.socket) -> None:
    engine = serve(udp, peer, ASKED, ALL)
    data = peer.recv(4096)
    assert data[0] == RELAY_REPL
    answer = read6(data)
    assert (answer.get(2), answer.get(23), answer.relays[0][3]) == (
        DUID, ip6("2001:db8:1::53"), [(18, b"p"), (135, b"\0\0")],
    )  # fmt: skip
    assert engine.counters.as_document()["types"] == {"DHCPV6-INFORMATION-REQUEST": {"INFORMED": 1}}
    assert engine.counters.batches == 1


@pytest.mark.parametrize(
    ("interfaces", "ready", "reason"),
    [({}, True, "OTHER-INTERFACE"), (ALL, False, "NOT-READY")],
    ids=["another interface", "not ready"],
)
def test_what_is_not_served_is_counted(
    udp: Udp6, peer: socket.socket, interfaces: Mapping[int, Interface], ready: bool, reason: str
) -> None:
    engine = serve(udp, peer, ASKED, interfaces, ready=ready)
    assert engine.counters.as_document()["reasons"] == {reason: 1}


def test_a_datagram_comes_with_where_it_came_in(udp: Udp6, peer: socket.socket) -> None:
    peer.sendto(b"hello", ("::1", port_of(udp)))
    with selectors.DefaultSelector() as selector:
        selector.register(udp, selectors.EVENT_READ)
        selector.select(5)
    (one,) = udp.drain(10, 7.5)
    assert (one.data, one.source, one.port) == (b"hello", HERE, peer.getsockname()[1])
    assert (one.interface, one.destination, one.local, one.received_at) == (LO, HERE, HERE, 7.5)
    assert udp.drain(10, 8.0) == []


def test_what_the_system_does_not_take_is_counted_and_told(udp: Udp6, caplog: pytest.LogCaptureFixture) -> None:
    lost = Outgoing(b"x", Route(ip6("fe80::1"), 546, 0x7FFF_FFF0, b""))
    assert udp.send([lost]) == 1
    assert "SEND-FAILED" in caplog.text


def test_groups_are_joined_on_each_interface_with_a_link_local_address(
    udp: Udp6, caplog: pytest.LogCaptureFixture
) -> None:
    """On loopback a membership can be had, too; the second time is none, and one that is away is told of."""
    local = Interface(LO, "lo", (ip6("fe80::1"), HERE))
    udp.set_interfaces({LO: local})
    udp.set_interfaces({LO: local})
    assert udp._joined == {LO: "lo"}
    with caplog.at_level(logging.WARNING):
        udp.set_interfaces({0x7FFF_FFF0: Interface(0x7FFF_FFF0, "gone0", (ip6("fe80::1"),))})
    assert udp._joined == {}
    assert "NO-MULTICAST: ff02::1:2 on gone0" in caplog.text


def test_a_port_that_cannot_be_had_is_told_by_its_setting(udp: Udp6) -> None:
    with pytest.raises(SettingsError, match=r"dhcp6\.port: UDP port .* is taken"):
        Udp6(port_of(udp))
    assert "NET_BIND_SERVICE" in _bind_trouble(547, OSError(errno.EACCES, "no"))
    assert "cannot be opened: busy" in _bind_trouble(547, OSError(errno.EIO, "busy"))
