"""The DHCPv4 sockets on loopback, and the frame that goes to a client without an address."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpcore.errors import SettingsError
from dhcpcore.net.udp4 import Udp4, checksum, ip_packet
from dhcpcore.net.vlan_tags import Tag
from dhcpcore.pipeline.bundle import Outgoing, Route
from dhcpcore.topology.links import Interface
from tests.packets4 import ip

LOOPBACK = socket.if_nametoindex("lo")


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def udp() -> Iterator[Udp4]:
    made = Udp4(free_port())
    made.set_interfaces({LOOPBACK: Interface(LOOPBACK, "lo", (ip("127.0.0.1"),))})
    yield made
    made.close()


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(5)
        yield made


def heard(udp: Udp4, count: int, limit: int = 100) -> list:
    import select

    found: list = []
    while len(found) < count and select.select([udp], [], [], 5)[0]:
        found += udp.drain(limit, 1000.5)
    return found


class TestReceive:
    def test_a_datagram_comes_with_where_it_came_in(self, udp: Udp4, peer: socket.socket) -> None:
        peer.sendto(b"hello", ("127.0.0.1", udp.port))
        (one,) = heard(udp, 1)
        assert (one.data, one.source, one.port) == (b"hello", ip("127.0.0.1"), peer.getsockname()[1])
        assert (one.interface, one.destination, one.local) == (LOOPBACK, ip("127.0.0.1"), ip("127.0.0.1"))
        assert one.received_at == 1000.5

    def test_nothing_waiting_is_nothing(self, udp: Udp4) -> None:
        assert udp.drain(100, 0.0) == []

    def test_no_more_are_taken_than_asked_for(self, udp: Udp4, peer: socket.socket) -> None:
        for n in range(5):
            peer.sendto(bytes([n]), ("127.0.0.1", udp.port))
        assert len(heard(udp, 1, limit=2)) == 2
        assert [one.data for one in heard(udp, 3)] == [b"\2", b"\3", b"\4"]

    def test_what_is_too_long_is_cut_and_the_next_is_whole(self, udp: Udp4, peer: socket.socket) -> None:
        peer.sendto(b"x" * 9000, ("127.0.0.1", udp.port))
        peer.sendto(b"", ("127.0.0.1", udp.port))
        peer.sendto(b"next", ("127.0.0.1", udp.port))
        assert [len(one.data) for one in heard(udp, 3)] == [4096, 0, 4]

    def test_an_icmp_error_for_an_answer_loses_nothing(self, udp: Udp4, peer: socket.socket) -> None:
        nobody = free_port()
        udp.send([Outgoing(b"x", Route(ip("127.0.0.1"), nobody, 0, ip("127.0.0.1")))])
        peer.sendto(b"hello", ("127.0.0.1", udp.port))
        assert [one.data for one in heard(udp, 1)] == [b"hello"]


class TestSend:
    @pytest.mark.parametrize("interface", [0, LOOPBACK])
    def test_an_answer_comes_from_the_server_port_and_address(
        self, udp: Udp4, peer: socket.socket, interface: int
    ) -> None:
        route = Route(ip("127.0.0.1"), peer.getsockname()[1], interface, ip("127.0.0.1"))
        assert udp.send([Outgoing(b"one", route), Outgoing(b"two", route)]) == 0
        assert peer.recvfrom(100) == (b"one", ("127.0.0.1", udp.port))
        assert peer.recvfrom(100) == (b"two", ("127.0.0.1", udp.port))

    def test_with_several_addresses_it_names_the_one_that_was_asked(self, udp: Udp4, peer: socket.socket) -> None:
        own = (ip("127.0.0.1"), ip("10.0.0.1"), ip("10.0.0.2"))
        udp.set_interfaces({LOOPBACK: Interface(LOOPBACK, "lo", own)})
        udp.send([Outgoing(b"x", Route(ip("127.0.0.1"), peer.getsockname()[1], 0, ip("127.0.0.3")))])
        assert peer.recvfrom(100)[1] == ("127.0.0.3", udp.port)

    def test_one_that_cannot_be_sent_keeps_no_other(
        self, udp: Udp4, peer: socket.socket, caplog: pytest.LogCaptureFixture
    ) -> None:
        bad = Route(ip("127.0.0.1"), peer.getsockname()[1], 9999, ip("127.0.0.1"))
        good = Route(ip("127.0.0.1"), peer.getsockname()[1], 0, ip("127.0.0.1"))
        assert udp.send([Outgoing(b"bad", bad), Outgoing(b"good", good)]) == 1
        assert peer.recvfrom(100)[0] == b"good"
        assert "SEND-FAILED" in caplog.text

    def test_one_that_is_too_long_is_counted(self, udp: Udp4) -> None:
        route = Route(ip("127.0.0.1"), 9, 0, ip("127.0.0.1"))
        assert udp.send([Outgoing(bytes(70_000), route)]) == 1

    def test_a_frame_for_an_interface_that_is_gone_is_counted(self, udp: Udp4) -> None:
        udp.set_interfaces({})
        assert udp.send([Outgoing(b"x", Route(ip("192.0.2.5"), 68, 777, ip("192.0.2.1"), b"\2" * 6))]) == 1


@pytest.mark.netns
class TestAnotherWay:
    """An answer that comes from another port, or with tags of VLANs."""

    @pytest.fixture
    def wire(self) -> Iterator[socket.socket]:
        """What goes over loopback, with its headers."""
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as made:
            made.bind(("lo", 3))
            made.settimeout(5)
            yield made

    @pytest.fixture
    def other(self) -> Iterator[Udp4]:
        made = Udp4(free_port(), any_port=True, tags=(Tag(5, False, 7),))
        made.set_interfaces({LOOPBACK: Interface(LOOPBACK, "lo", (ip("127.0.0.1"),))})
        yield made
        made.close()

    @pytest.mark.parametrize(("interface", "local"), [(0, "127.0.0.1"), (LOOPBACK, "127.0.0.1"), (0, "0.0.0.0")])
    def test_it_comes_from_the_port_that_it_names(
        self, other: Udp4, peer: socket.socket, interface: int, local: str
    ) -> None:
        route = Route(ip("127.0.0.1"), peer.getsockname()[1], interface, ip(local), source_port=1067)
        assert other.send([Outgoing(b"one", route), Outgoing(b"two", route._replace(source_port=0))]) == 0
        assert peer.recvfrom(100) == (b"one", ("127.0.0.1", 1067))
        assert peer.recvfrom(100) == (b"two", ("127.0.0.1", other.port))

    def test_without_the_privilege_it_comes_from_the_servers_port_and_that_is_said_once(
        self, udp: Udp4, peer: socket.socket, caplog: pytest.LogCaptureFixture
    ) -> None:
        route = Route(ip("127.0.0.1"), peer.getsockname()[1], 0, ip("127.0.0.1"), source_port=1067)
        assert udp.send([Outgoing(b"one", route)] * 2) == 0
        assert peer.recvfrom(100) == (b"one", ("127.0.0.1", udp.port))
        assert caplog.text.count("no answer can come from port 1067") == 1

    def test_what_has_a_socket_beside_leaves_by_that(self, udp: Udp4, other: Udp4, peer: socket.socket) -> None:
        udp.beside(other)
        route = Route(ip("127.0.0.1"), peer.getsockname()[1], 0, ip("127.0.0.1"), source_port=other.port)
        assert udp.send([Outgoing(b"one", route)]) == 0
        assert peer.recvfrom(100) == (b"one", ("127.0.0.1", other.port))

    @pytest.mark.parametrize(
        ("route", "hw"),
        [(Route(ip("192.0.2.9"), 68, LOOPBACK, ip("127.0.0.1"), b"\2" * 6), b"\2" * 6),
         (Route(b"\xff" * 4, 68, LOOPBACK, ip("127.0.0.1")), b"\xff" * 6)],
        ids=["frame", "broadcast"],
    )  # fmt: skip
    def test_frames_and_broadcasts_have_tags(self, other: Udp4, wire: socket.socket, route: Route, hw: bytes) -> None:
        assert other.send([Outgoing(b"tagged", route)]) == 0
        while not (frame := wire.recv(2000)).endswith(b"tagged"):
            pass
        assert frame[:6] == hw
        assert frame[12:20] == bytes.fromhex("8100 a007 0800 4510")
        assert frame[18:] == ip_packet(b"tagged", ip("127.0.0.1"), route.address, other.port, 68)

    @pytest.mark.parametrize(("to", "hw"), [("192.0.2.9", b"\2" * 6), ("255.255.255.255", b"")], ids=["frame", "all"])
    def test_a_frame_comes_from_the_port_that_it_names(
        self, other: Udp4, wire: socket.socket, to: str, hw: bytes
    ) -> None:
        route = Route(ip(to), 68, LOOPBACK, ip("127.0.0.1"), hw, 1067)
        assert other.send([Outgoing(b"from there", route)]) == 0
        while not (frame := wire.recv(2000)).endswith(b"from there"):
            pass
        assert frame[18:] == ip_packet(b"from there", ip("127.0.0.1"), route.address, 1067, 68)


class Refusing:
    """The socket of a system that knows no segments, or of a link that has none."""

    def __init__(self, real: socket.socket, error: int) -> None:
        self._real = real
        self._error = error
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def sendmsg(self, buffers: Sequence[bytes], ancillary: Sequence[Any], *rest: Any) -> int:
        if any(level == socket.IPPROTO_UDP for level, _, _ in ancillary):
            self.asked += 1
            raise OSError(self._error, "refused")
        return self._real.sendmsg(buffers, ancillary, *rest)


class Recording:
    """A socket that takes everything and sends nothing."""

    def __init__(self, real: socket.socket) -> None:
        self._real = real
        self.sent: list[tuple[bytes, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def sendmsg(self, buffers: Sequence[bytes], *_: Any) -> int:
        self.sent.append(tuple(buffers))
        return 0


class TestSegments:
    """Answers of one length over one route leave together and arrive apart."""

    @pytest.mark.parametrize("interface", [0, LOOPBACK])
    @pytest.mark.parametrize("count", [2, 64, 65, 200])
    def test_all_arrive_each_by_itself_and_in_order(
        self, udp: Udp4, peer: socket.socket, interface: int, count: int
    ) -> None:
        route = Route(ip("127.0.0.1"), peer.getsockname()[1], interface, ip("127.0.0.1"))
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        payloads = [struct.pack("!H", number) * 150 for number in range(count)]
        assert udp.send([Outgoing(payload, route) for payload in payloads]) == 0
        assert [peer.recvfrom(2000) for _ in range(count)] == [(p, ("127.0.0.1", udp.port)) for p in payloads]

    def test_they_go_in_one_call_and_not_in_one_each(self, udp: Udp4, peer: socket.socket) -> None:
        refusing = Refusing(udp._udp, errno.ENOBUFS)
        udp._udp = cast("socket.socket", refusing)
        route = Route(ip("127.0.0.1"), peer.getsockname()[1], 0, ip("127.0.0.1"))
        udp.send([Outgoing(b"one", route)])
        assert refusing.asked == 0
        udp.send([Outgoing(b"one", route)] * 50)
        assert refusing.asked == 1

    def test_broadcasts_leave_one_by_one(self, udp: Udp4) -> None:
        """Clients read frames: on a virtual link those in one piece would come to them as one long datagram."""
        taken = Recording(udp._udp)
        udp._udp = cast("socket.socket", taken)
        route = Route(b"\xff\xff\xff\xff", 68, LOOPBACK, ip("127.0.0.1"))
        assert udp.send([Outgoing(b"one", route), Outgoing(b"two", route)]) == 0
        assert taken.sent == [(b"one",), (b"two",)]

    def test_none_leave_together_where_that_is_switched_off(self, peer: socket.socket) -> None:
        udp = Udp4(free_port(), segmentation=False)
        udp.set_interfaces({LOOPBACK: Interface(LOOPBACK, "lo", (ip("127.0.0.1"),))})
        taken = Recording(udp._udp)
        udp._udp = cast("socket.socket", taken)
        route = Route(ip("127.0.0.1"), peer.getsockname()[1], LOOPBACK, ip("127.0.0.1"))
        assert udp.send([Outgoing(b"one", route), Outgoing(b"two", route)]) == 0
        assert taken.sent == [(b"one",), (b"two",)]
        udp.close()

    def test_those_of_another_length_or_route_are_kept_apart(self, udp: Udp4, peer: socket.socket) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            other.settimeout(5)
            to_peer = Route(ip("127.0.0.1"), peer.getsockname()[1], 0, ip("127.0.0.1"))
            to_other = to_peer._replace(port=other.getsockname()[1])
            sent = [(b"one", to_peer), (b"two", to_other), (b"three", to_peer), (b"six", to_peer), (b"", to_peer)]
            assert udp.send([Outgoing(*answer) for answer in (*sent, *sent)]) == 0
            assert sorted(peer.recv(100) for _ in range(8)) == [b""] * 2 + [b"one"] * 2 + [b"six"] * 2 + [b"three"] * 2
            assert [other.recv(100) for _ in range(2)] == [b"two", b"two"]

    @pytest.mark.parametrize("error", [errno.EIO, errno.EINVAL])
    def test_where_there_are_none_each_goes_by_itself_and_it_is_not_tried_again(
        self, udp: Udp4, peer: socket.socket, error: int
    ) -> None:
        refusing = Refusing(udp._udp, error)
        udp._udp = cast("socket.socket", refusing)
        route = Route(ip("127.0.0.1"), peer.getsockname()[1], 0, ip("127.0.0.1"))
        for _ in range(2):
            assert udp.send([Outgoing(b"one", route), Outgoing(b"two", route)]) == 0
        assert [peer.recv(100) for _ in range(4)] == [b"one", b"two", b"one", b"two"]
        assert refusing.asked == 1

    def test_a_full_buffer_says_nothing_of_segments(self, udp: Udp4, peer: socket.socket) -> None:
        refusing = Refusing(udp._udp, errno.EAGAIN)
        udp._udp = cast("socket.socket", refusing)
        route = Route(ip("127.0.0.1"), peer.getsockname()[1], 0, ip("127.0.0.1"))
        for _ in range(2):
            assert udp.send([Outgoing(b"one", route), Outgoing(b"two", route)]) == 0
        assert refusing.asked == 2

    def test_those_that_cannot_be_sent_are_counted_each(
        self, udp: Udp4, peer: socket.socket, caplog: pytest.LogCaptureFixture
    ) -> None:
        bad = Route(ip("127.0.0.1"), peer.getsockname()[1], 9999, ip("127.0.0.1"))
        assert udp.send([Outgoing(b"bad", bad)] * 3) == 3
        assert caplog.text.count("SEND-FAILED") == 3


class TestPort:
    def test_a_port_that_is_taken_is_a_setting_to_change(self, udp: Udp4) -> None:
        with pytest.raises(SettingsError, match=f"dhcp4.port: UDP port {udp.port} is taken by another program"):
            Udp4(udp.port)


def plain_checksum(data: bytes) -> int:
    """RFC 1071, word by word."""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class TestFrame:
    @given(st.binary(max_size=300))
    def test_the_checksum_is_the_internets(self, data: bytes) -> None:
        assert checksum(data) == plain_checksum(data)

    @pytest.mark.parametrize("data", [b"", b"\0", b"\0\0", b"\xff\xff", b"\xff\xff\xff\xff", b"\xff\xff\0\0", b"\xff"])
    def test_at_its_edges_too(self, data: bytes) -> None:
        assert checksum(data) == plain_checksum(data)

    @given(st.binary(max_size=600))
    def test_the_packet_is_whole(self, payload: bytes) -> None:
        packet = ip_packet(payload, ip("192.0.2.1"), ip("192.0.2.100"), 67, 68)
        assert plain_checksum(packet[:20]) == 0
        assert (packet[0], packet[9], int.from_bytes(packet[2:4], "big")) == (0x45, 17, len(packet))
        assert (packet[12:16], packet[16:20]) == (ip("192.0.2.1"), ip("192.0.2.100"))
        source, destination, length, total = struct.unpack("!HHHH", packet[20:28])
        assert (source, destination, length, packet[28:]) == (67, 68, 8 + len(payload), payload)
        assert total != 0, "0 means that there is none"
        assert plain_checksum(packet[12:20] + struct.pack("!HH", 17, length) + packet[20:]) == 0

    @pytest.mark.netns
    def test_a_frame_goes_to_its_hardware_address(self) -> None:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800)) as tap:
            tap.bind(("lo", 0x0800))
            tap.settimeout(5)
            udp = Udp4(free_port())
            try:
                udp.set_interfaces({LOOPBACK: Interface(LOOPBACK, "lo", (ip("127.0.0.1"),))})
                hw = b"\2\0\0\0\0\x63"
                route = Route(ip("192.0.2.100"), 68, LOOPBACK, ip("192.0.2.1"), hw)
                assert udp.send([Outgoing(b"the offer", route)]) == 0
                while True:
                    frame = tap.recv(2000)
                    if frame.endswith(b"the offer"):
                        break
            finally:
                udp.close()
        assert frame[:6] == hw
        assert frame[14:] == ip_packet(b"the offer", ip("192.0.2.1"), ip("192.0.2.100"), udp.port, 68)
