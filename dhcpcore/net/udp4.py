"""DHCPv4 sockets: one for everything that comes in and most that goes out, one for frames to clients without address.

The UDP socket is bound to all addresses; ``IP_PKTINFO`` tells the interface and our address for each datagram, so
interfaces that come later need no new socket and no privilege.
"""

from __future__ import annotations

import errno
import logging
import socket
import struct
from collections.abc import Iterable, Mapping, Sequence

from dhcpcore.errors import SettingsError
from dhcpcore.net.vlan_tags import Tag, tagged
from dhcpcore.pipeline.bundle import Datagram, Outgoing, Route
from dhcpcore.topology.links import Interface

log = logging.getLogger(__name__)

#: Room for bursts while a commit is under way: some 10,000 datagrams.
RECEIVE_BUFFER = 8 << 20
#: A DHCP message over Ethernet is at most 1,472 octets; larger ones arrive cut and are malformed.
_DATAGRAM_MAX = 4096
_SO_RCVBUFFORCE = 33
_ETH_P_IP = 0x0800
_PKTINFO = struct.Struct("=I4s4s")
_ANCILLARY = socket.CMSG_SPACE(_PKTINFO.size)
_IP_PKTINFO = getattr(socket, "IP_PKTINFO", 8)
#: UDP_SEGMENT of Linux 4.18, not in Python's module, its argument, and how many datagrams and octets one call takes.
_UDP_SEGMENT = 103
_SEGMENT = struct.Struct("=H")
_SEGMENTS_MAX = 64
_SEGMENTS_OCTETS = 65_507
#: An older system, a link without checksum offload, or one whose packets are too short.
_NO_SEGMENTS = frozenset((errno.EINVAL, errno.EIO, errno.ENOPROTOOPT, errno.EOPNOTSUPP))
_IP = struct.Struct("!BBHHHBBH4s4s")
_UDP = struct.Struct("!HHHH")
_ANY = "0.0.0.0"  # noqa: S104 - A DHCP server hears broadcasts only there.
_BROADCAST, _NOBODY = b"\xff\xff\xff\xff", bytes(4)
_EVERYBODY = b"\xff" * 6


class Udp4:
    """Both sockets.  Opened with privilege; used without."""

    def __init__(
        self, port: int, *, segmentation: bool = True, any_port: bool = False, tags: Sequence[Tag] = ()
    ) -> None:
        """``segmentation``: answers of one length to one relay may go to the system in one piece.

        ``any_port``: an answer may come from another port than ours.  ``tags``: of VLANs, for frames and broadcasts.
        """
        self.port = port
        self._beside: dict[int, Udp4] = {}
        self._tags = tags
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._udp.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        try:
            self._udp.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
        except PermissionError:
            self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        try:
            self._udp.bind((_ANY, port))
        except OSError as error:
            self._udp.close()
            raise SettingsError(_bind_trouble(port, error)) from error
        self._frames: socket.socket | None = None
        try:
            self._frames = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, 0)
        except PermissionError:
            log.warning(
                "NO-RAW-FRAMES: without CAP_NET_RAW, clients that cannot hear broadcasts get no first address; "
                "start as root or grant the capability."
            )
        self._packets = _packets() if any_port else None
        self._is_told = False
        self._several = True
        self._segments = segmentation  #: Until the system refuses.
        self._names: Mapping[int, Interface] = {}

    def fileno(self) -> int:
        """For the selector."""
        return self._udp.fileno()

    def set_interfaces(self, interfaces: Mapping[int, Interface]) -> None:
        """Answers name their source address where this machine has more than one."""
        self._names = interfaces
        own = {a for i in interfaces.values() for a in i.addresses if len(a) == 4 and a[0] != 127}
        self._several = len(own) != 1

    def drain(self, limit: int, now: float) -> list[Datagram]:
        """Whatever is waiting, at most ``limit``."""
        datagrams: list[Datagram] = []
        receive, unpack, inet = self._udp.recvmsg, _PKTINFO.unpack, socket.inet_aton
        try:
            for _ in range(limit):
                data, ancillary, _flags, (source, port) = receive(_DATAGRAM_MAX, _ANCILLARY)
                index, local, destination = unpack(ancillary[0][2])
                datagrams.append(Datagram(data, inet(source), port, index, destination, local, now))
        except BlockingIOError:
            pass
        except OSError as error:
            # An ICMP error for an earlier answer is reported here; it says nothing of what is waiting.
            log.debug("The socket reported %s.", error)
        return datagrams

    def send(self, answers: Iterable[Outgoing]) -> int:
        """Send; how many the system did not take.  Answers of one length to one relay go to the system in one piece."""
        alike: dict[tuple[Route, int], list[bytes]] = {}
        for payload, route in answers:
            key = (route, len(payload))
            if key in alike:
                alike[key].append(payload)
            else:
                alike[key] = [payload]
        return sum(self._send_alike(route, size, payloads) for (route, size), payloads in alike.items())

    def _send_alike(self, route: Route, size: int, payloads: list[bytes]) -> int:
        """Answers of one length over one route.

        Broadcasts go one by one: clients without an address read frames, and a virtual link (veth, a guest's) hands
        what went in one piece to such readers uncut, as one long datagram.
        """
        first = 0
        if self._segments and size and not (route.hw or route.source_port) and route.address != _BROADCAST:
            at_once = min(_SEGMENTS_MAX, _SEGMENTS_OCTETS // size)
            while first + 1 < len(payloads) and self._send_segments(route, size, payloads[first : first + at_once]):
                first += at_once
        return sum(not self._send_one(payload, *route) for payload in payloads[first:])

    def _send_segments(self, route: Route, size: int, payloads: list[bytes]) -> bool:
        """One call for all: the system cuts them apart again (UDP segmentation offload).  Whether it took them."""
        address, port, interface, local, _, _ = route
        ancillary = [(socket.IPPROTO_UDP, _UDP_SEGMENT, _SEGMENT.pack(size))]
        if interface or self._several:
            ancillary.append((socket.IPPROTO_IP, _IP_PKTINFO, _pktinfo(interface, local)))
        try:
            self._udp.sendmsg(payloads, ancillary, 0, (socket.inet_ntoa(address), port))
        except OSError as error:
            if error.errno in _NO_SEGMENTS:
                log.debug("Answers are sent one at a time: %s.", error)
                self._segments = False
            return False  # One at a time, each gets its own error.
        return True

    def _send_one(
        self, payload: bytes, address: bytes, port: int, interface: int, local: bytes, hw: bytes, source_port: int
    ) -> bool:
        if source_port:
            if (other := self._beside.get(source_port)) is not None:
                return not other.send((Outgoing(payload, Route(address, port, interface, local, hw)),))
            if self._packets is None and (self._frames is None or not hw):
                self._tell_port(source_port)
                source_port = 0
        try:
            if hw and self._frames is not None:
                self._send_frame(payload, address, port, interface, local, hw, source_port)
            elif self._tags and address == _BROADCAST and self._frames is not None:
                self._send_frame(payload, address, port, interface, local, _EVERYBODY, source_port)
            elif source_port:
                self._send_packet(payload, _BROADCAST if hw else address, port, interface, local, source_port)
            elif hw:
                self._send_by(payload, _BROADCAST, port, interface, local)
            elif interface or self._several:
                self._send_by(payload, address, port, interface, local)
            else:
                self._udp.sendto(payload, (socket.inet_ntoa(address), port))
        except OSError as error:
            log.warning("SEND-FAILED: an answer to %s was not taken: %s.", socket.inet_ntoa(address), error)
            return False
        return True

    def _send_by(self, payload: bytes, address: bytes, port: int, interface: int, local: bytes) -> None:
        ancillary = ((socket.IPPROTO_IP, _IP_PKTINFO, _pktinfo(interface, local)),)
        self._udp.sendmsg((payload,), ancillary, 0, (socket.inet_ntoa(address), port))

    def _send_packet(
        self, payload: bytes, address: bytes, port: int, interface: int, local: bytes, source_port: int
    ) -> None:
        """With headers of our own, which may name another port than ours."""
        assert self._packets is not None
        ancillary = ((socket.IPPROTO_IP, _IP_PKTINFO, _pktinfo(interface, local)),)
        packet = ip_packet(payload, local or _NOBODY, address, source_port, port)
        self._packets.sendmsg((packet,), ancillary, 0, (socket.inet_ntoa(address), 0))

    def _send_frame(
        self, payload: bytes, address: bytes, port: int, interface: int, local: bytes, hw: bytes, source_port: int = 0
    ) -> None:
        """An IP packet in a frame to the client's hardware address: it answers no ARP yet.  RFC 2131 4.1."""
        assert self._frames is not None
        known = self._names.get(interface)
        if known is None:
            raise OSError(errno.ENODEV, "the interface is gone")
        packet = ip_packet(payload, local, address, source_port or self.port, port)
        kind = _ETH_P_IP
        if self._tags:
            kind, packet = tagged(self._tags, packet)
        self._frames.sendto(packet, (known.name, kind, 0, 0, hw))

    def _tell_port(self, source_port: int) -> None:
        if not self._is_told:
            log.warning("NO-RAW-FRAMES: without CAP_NET_RAW no answer can come from port %d; it comes from %d.",
                        source_port, self.port)  # fmt: skip
        self._is_told = True

    def beside(self, other: Udp4) -> None:
        """What comes from the port of another one leaves by its socket."""
        self._beside[other.port] = other

    def close(self) -> None:
        """Close all of them."""
        for one in (self._udp, self._frames, self._packets):
            if one is not None:
                one.close()


def _packets() -> socket.socket | None:
    """A socket for packets with headers of our own; it hears nothing."""
    try:
        made = socket.socket(socket.AF_INET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_RAW)
    except PermissionError:
        return None  # NO-RAW-FRAMES says it.
    made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    return made


def _pktinfo(interface: int, local: bytes) -> bytes:
    return _PKTINFO.pack(interface, local or b"\0\0\0\0", b"\0\0\0\0")


def ip_packet(payload: bytes, source: bytes, destination: bytes, from_port: int, to_port: int) -> bytes:
    """A UDP datagram with both headers and checksums.  RFC 791 3.1, RFC 768."""
    length = 8 + len(payload)
    header = _IP.pack(0x45, 0x10, 20 + length, 0, 0, 64, 17, 0, source, destination)
    header = _IP.pack(0x45, 0x10, 20 + length, 0, 0, 64, 17, checksum(header), source, destination)
    if source == _NOBODY:  # The system fills it in, and nobody could have summed it up.  RFC 768.
        return header + _UDP.pack(from_port, to_port, length, 0) + payload
    pseudo = source + destination + struct.pack("!HH", 17, length)
    udp = _UDP.pack(from_port, to_port, length, 0)
    total = checksum(pseudo + udp + payload) or 0xFFFF
    return header + _UDP.pack(from_port, to_port, length, total) + payload


def checksum(data: bytes) -> int:
    """The Internet checksum.  RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    # The sum of 16-bit words modulo 2^16 - 1 is that of the whole number: one division in C.
    total = int.from_bytes(data, "big") % 0xFFFF
    return 0xFFFF - total if total or not any(data) else 0


def _bind_trouble(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"dhcp4.port: UDP port {port} is taken by another program; stop it (`lessor doctor` names it)"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"dhcp4.port: UDP port {port} needs root or the capability NET_BIND_SERVICE"
    return f"dhcp4.port: UDP port {port} cannot be opened: {error.strerror}"
