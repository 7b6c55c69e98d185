"""Port 4011: what comes in there goes through the engine, and the answer leaves there."""

from __future__ import annotations

import logging
import selectors
import socket
from pathlib import Path
from typing import Any

import pytest

from dhcpcore.engine import Engine
from dhcpcore.lease.facts import Facts, Outcome, Wants
from dhcpcore.net import pxe
from dhcpcore.net.clock import Clock
from dhcpcore.topology.links import Interface
from dhcpcore.topology.snapshot import Boot, Snapshot, Subnet
from tests.packets4 import ACK, REQUEST, client, ip, read, request

T0 = 1_700_000_000.0
LOOPBACK = Subnet(1, 4, 0, ip("127.0.0.0"), 8, "here", proxy=True, boot=Boot(file=b"boot/pxe.0"))
BOOTING = {60: b"PXEClient", 55: b"\x2b"}


class NoRows:
    def fetch(self, wants: Wants, facts: Facts, revision: int, *, assigned: bool) -> None:
        facts.by_client.update({who: [] for who in wants.clients})

    def commit(self, changes: Any, now: float) -> Outcome:
        raise AssertionError("a boot server commits nothing")


def served(ready: bool, interface: int, engine: Engine) -> bytes | None:
    """The answer to a machine on loopback, taken from what was to be sent: it would go to port 68."""
    udp = pxe.open_port(0)
    assert udp is not None
    clock = Clock(lambda: T0, lambda: T0, lambda: 0.0)
    if ready:
        clock.measure()
    engine.set_interfaces({interface: Interface(interface, "lo", (ip("127.0.0.1"),))})
    udp.set_interfaces(engine.interfaces)
    sent: list[Any] = []
    udp.send = lambda answers: sent.extend(answers) or 0  # type: ignore[method-assign, func-returns-value]
    server = pxe.PxeServer(udp, engine, NoRows(), clock)
    with selectors.DefaultSelector() as selector, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as machine:
        server.register(selector)
        port = udp._udp.getsockname()[1]
        machine.sendto(request(REQUEST, client(1), 7, ciaddr="127.0.0.1", options=BOOTING), ("127.0.0.1", port))
        for key, mask in selector.select(5):
            key.data.handle(key, mask)
    server.close()
    return sent[0].payload if sent else None


def loopback() -> int:
    return socket.if_nametoindex("lo")


def test_a_machine_is_told_its_file() -> None:
    engine = Engine(strict=True)
    engine.install(Snapshot(1, (LOOPBACK,)))
    payload = served(True, loopback(), engine)
    assert payload is not None
    assert (read(payload).kind, read(payload).file) == (ACK, b"boot/pxe.0")


@pytest.mark.parametrize(
    ("ready", "interface", "reason"), [(False, 0, "NOT-READY"), (True, 99, "OTHER-INTERFACE")]
)
def test_a_server_that_is_not_ready_and_an_interface_that_is_not_served_answer_nothing(
    ready: bool, interface: int, reason: str
) -> None:
    engine = Engine(strict=True)
    engine.install(Snapshot(1, (LOOPBACK,)))
    assert served(ready, interface or loopback(), engine) is None
    assert [key[1].code for key, count in engine.counters.datagrams.items() if count] == [reason]


def test_a_port_that_is_taken_is_said_and_no_more(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other, caplog.at_level(logging.WARNING):
        other.bind(("0.0.0.0", 0))
        assert pxe.open_port(other.getsockname()[1]) is None
    assert "NO-PXE-PORT" in caplog.text
