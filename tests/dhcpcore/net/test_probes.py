"""Probes: what is asked, whose answers count, and that a flood of others' changes nothing."""

from __future__ import annotations

import socket
import struct
from typing import Any

import pytest

from dhcpcore.engine import Probe
from dhcpcore.lease.model import LeaseKey
from dhcpcore.net import probes
from dhcpcore.net.probes import ArpProber, IcmpProber
from dhcpcore.topology.links import Interface
from tests.packets4 import ip

OURS = b"\2\0\0\0\0\1"


def key(address: str) -> LeaseKey:
    return (0, 4, ip(address), 32)


class Raw:
    """A raw socket: what was sent, and what it will hear."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Any]] = []
        self.heard: list[bytes] = []
        self.bound: list[Any] = []
        self.broken = False

    def sendto(self, data: bytes, to: Any) -> None:
        if self.broken:
            raise OSError("no route")
        self.sent.append((data, to))

    def recv(self, limit: int) -> bytes:
        if not self.heard:
            raise BlockingIOError
        return self.heard.pop(0)

    def recvfrom(self, limit: int) -> tuple[bytes, Any]:
        return self.recv(limit), None

    def bind(self, to: Any) -> None:
        self.bound.append(to)


@pytest.fixture
def raw() -> Raw:
    return Raw()


class TestIcmp:
    def prober(self, raw: Raw) -> IcmpProber:
        return IcmpProber(raw)  # type: ignore[arg-type]

    def reply(self, source: str, echo: bytes, kind: int = 0) -> bytes:
        header = b"\x45" + bytes(8) + b"\1" + bytes(2) + ip(source) + ip("192.0.2.1")
        return header + bytes((kind, 0, 0, 0)) + echo[4:]

    def test_an_echo_request_is_sent_and_its_reply_counts_once(self, raw: Raw) -> None:
        prober = self.prober(raw)
        prober.send([Probe(key("192.0.2.100"), 2)])
        ((echo, to),) = raw.sent
        assert (echo[0], to) == (8, ("192.0.2.100", 0))
        assert sum(struct.unpack("!4H", echo)) % 0xFFFF == 0
        raw.heard = [self.reply("192.0.2.100", echo)] * 2
        assert prober.answers() == [key("192.0.2.100")]

    @pytest.mark.parametrize("what", ["other source", "other id", "unreachable", "short", "nothing", "options cut"])
    def test_nothing_else_counts(self, raw: Raw, what: str) -> None:
        prober = self.prober(raw)
        prober.send([Probe(key("192.0.2.100"), 2)])
        echo = raw.sent[0][0]
        other = echo[:4] + bytes((echo[4] ^ 1,)) + echo[5:]
        raw.heard = {
            "other source": [self.reply("192.0.2.101", echo)],
            "other id": [self.reply("192.0.2.100", other)],
            "unreachable": [self.reply("192.0.2.100", echo, 3)],
            "short": [self.reply("192.0.2.100", echo)[:24], b"\x45"],
            "nothing": [],
            "options cut": [b"\x4f" + self.reply("192.0.2.100", echo)[1:]],
        }[what]
        assert prober.answers() == []

    def test_an_empty_packet_is_no_fault(self, raw: Raw) -> None:
        prober = self.prober(raw)
        raw.heard = [b""]
        assert prober.answers() == []

    def test_what_cannot_be_sent_counts_as_unanswered(self, raw: Raw) -> None:
        raw.broken = True
        self.prober(raw).send([Probe(key("192.0.2.100"), 2)])

    def test_a_flood_is_read_a_piece_at_a_time(self, raw: Raw) -> None:
        raw.heard = [bytes(40)] * 1000
        self.prober(raw).answers()
        assert len(raw.heard) == 1000 - probes._READS_MAX

    def test_only_so_many_are_waited_for(self, raw: Raw) -> None:
        prober = self.prober(raw)
        prober.send([Probe((0, 4, n.to_bytes(4, "big"), 32), 0) for n in range(1, 2000)])
        assert len(prober._pending._keys) == probes._PENDING_MAX


INTERFACES = {2: Interface(2, "eth0", (ip("192.0.2.1"),), OURS), 3: Interface(3, "tun0", (ip("10.0.0.1"),))}


class TestArp:
    def prober(self, raw: Raw) -> ArpProber:
        made = ArpProber(raw)  # type: ignore[arg-type]
        made.set_interfaces(INTERFACES)
        return made

    def reply(self, address: str, operation: int = 2) -> bytes:
        return struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + b"\2" * 6 + ip(address) + OURS + bytes(4)

    def test_a_probe_asks_without_giving_an_address(self, raw: Raw) -> None:
        """RFC 5227 2.1.1: the sender's address is zero, so that no cache is polluted."""
        self.prober(raw).send([Probe(key("192.0.2.100"), 2)])
        ((request, to),) = raw.sent
        assert request == struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + OURS + bytes(4) + bytes(6) + ip("192.0.2.100")
        assert (to[0], to[1], to[4]) == ("eth0", 0x0806, b"\xff" * 6)

    def test_its_reply_counts_once(self, raw: Raw) -> None:
        prober = self.prober(raw)
        prober.send([Probe(key("192.0.2.100"), 2)])
        raw.heard = [self.reply("192.0.2.100")] * 2
        assert prober.answers() == [key("192.0.2.100")]

    @pytest.mark.parametrize("heard", [b"", bytes(10), bytes(64)], ids=["empty", "short", "zeros"])
    def test_nothing_else_counts(self, raw: Raw, heard: bytes) -> None:
        prober = self.prober(raw)
        prober.send([Probe(key("192.0.2.100"), 2)])
        raw.heard = [heard, self.reply("192.0.2.101"), self.reply("192.0.2.100", 1)]
        assert prober.answers() == []

    @pytest.mark.parametrize("interface", [0, 3, 99])
    def test_a_relayed_client_and_an_interface_without_hardware_are_not_for_arp(self, raw: Raw, interface: int) -> None:
        self.prober(raw).send([Probe(key("192.0.2.100"), interface)])
        assert raw.sent == []

    def test_it_hears_nothing_before_its_first_probe(self, raw: Raw) -> None:
        prober = self.prober(raw)
        assert raw.bound == []
        prober.send([Probe(key("192.0.2.100"), 2)])
        prober.send([Probe(key("192.0.2.101"), 2)])
        assert len(raw.bound) == 1


@pytest.fixture
def unprivileged(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(socket, "socket", refuse)


def test_without_the_privilege_there_is_no_prober(unprivileged: None) -> None:
    assert IcmpProber.open() is None
    assert ArpProber.open() is None
