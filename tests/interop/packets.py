"""A small DHCPv4 decoder and encoder of the tests' own: it shares no line with the server that it judges."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM = range(1, 9)
NAMES = ("?", "DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE", "INFORM")
MAGIC = b"\x63\x82\x53\x63"
BROADCAST_FLAG = 0x8000
NOWHERE = b"\0\0\0\0"
ETHER_IPV4, ETHER_ARP, ETHER_VLAN = 0x0800, 0x0806, 0x8100
SERVER_PORT, CLIENT_PORT = 67, 68
HEADER = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s")
SMALLEST_MESSAGE = 300  # BOOTP's size: some relays drop anything shorter.


class NotDhcp(ValueError):
    """The bytes are not a DHCPv4 message."""


@dataclass(frozen=True, slots=True)
class Message:
    """One DHCPv4 message, RFC 2131 section 2; options are joined as RFC 3396 says."""

    op: int = 1
    htype: int = 1
    xid: int = 0
    hops: int = 0
    secs: int = 0
    flags: int = 0
    ciaddr: bytes = NOWHERE
    yiaddr: bytes = NOWHERE
    siaddr: bytes = NOWHERE
    giaddr: bytes = NOWHERE
    chaddr: bytes = b""
    options: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def kind(self) -> int:
        """Give the message type of option 53, or 0 for a BOOTP packet."""
        value = self.options.get(53, b"\0")
        return value[0] if value else 0

    @property
    def name(self) -> str:
        """Give the RFC's word for the message type."""
        return NAMES[self.kind] if self.kind < len(NAMES) else str(self.kind)

    @property
    def client(self) -> bytes:
        """Give what makes a client one client: its identifier, else its hardware address (RFC 2131 4.2)."""
        identifier = self.options.get(61)
        return b"id:" + identifier if identifier else b"hw:" + bytes([self.htype]) + self.chaddr

    def seconds(self, code: int) -> int | None:
        """Give a 32-bit option such as the lease time, or None when it is absent."""
        value = self.options.get(code)
        return int.from_bytes(value, "big") if value else None

    def addresses(self, code: int) -> tuple[str, ...]:
        """Give the addresses listed in an option."""
        value = self.options.get(code, b"")
        return tuple(text(value[at : at + 4]) for at in range(0, len(value), 4))


@dataclass(frozen=True, slots=True)
class Packet:
    """One DHCPv4 message as it was on the wire, with the addresses that carried it."""

    seen_at: float
    ether_source: bytes
    ether_target: bytes
    source: bytes
    target: bytes
    source_port: int
    target_port: int
    message: Message

    def __str__(self) -> str:
        m = self.message
        return (
            f"{self.seen_at:.6f} {m.name:8} xid={m.xid:08x} {text(self.source)}>{text(self.target)} "
            f"hw={m.chaddr.hex(':')} ciaddr={text(m.ciaddr)} yiaddr={text(m.yiaddr)} giaddr={text(m.giaddr)}"
        )


def text(address: bytes) -> str:
    """Write four bytes as people write an IPv4 address."""
    return str(ipaddress.IPv4Address(address))


def packed(address: str) -> bytes:
    """Read an IPv4 address as people write it."""
    return ipaddress.IPv4Address(address).packed


def decode(data: bytes) -> Message:
    """Read a DHCPv4 message, with options in the file and sname fields where option 52 says so (RFC 2131 4.1)."""
    if len(data) < HEADER.size + 4 or data[HEADER.size : HEADER.size + 4] != MAGIC:
        raise NotDhcp(f"{len(data)} bytes without a DHCP header")
    op, htype, hlen, hops, xid, secs, flags, ci, yi, si, gi, hardware, sname, file = HEADER.unpack_from(data)
    options: dict[int, bytes] = {}
    read_options(data[HEADER.size + 4 :], options)
    overload = options.get(52, b"\0")[0]
    if overload & 1:
        read_options(file, options)
    if overload & 2:
        read_options(sname, options)
    return Message(op, htype, xid, hops, secs, flags, ci, yi, si, gi, hardware[: min(hlen, 16)], options)


def read_options(data: bytes, options: dict[int, bytes]) -> None:
    """Add the options of one field; a repeated code continues the former value (RFC 3396 section 7)."""
    at = 0
    while at < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        if at + 2 > len(data) or at + 2 + data[at + 1] > len(data):
            raise NotDhcp(f"option {data[at]} runs over the end of its field")
        options[data[at]] = options.get(data[at], b"") + data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]


def encode(message: Message) -> bytes:
    """Write a message as a client or relay would."""
    head = HEADER.pack(
        message.op, message.htype, len(message.chaddr), message.hops, message.xid, message.secs, message.flags,
        message.ciaddr, message.yiaddr, message.siaddr, message.giaddr, message.chaddr, b"", b"",
    )  # fmt: skip
    body = b"".join(bytes([code, len(value)]) + value for code, value in message.options.items())
    return (head + MAGIC + body + b"\xff").ljust(SMALLEST_MESSAGE, b"\0")


def checksum(data: bytes) -> int:
    """Compute the internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return int(~total & 0xFFFF)


def frame(
    payload: bytes, ether_source: bytes, ether_target: bytes, source: bytes, target: bytes, *,
    ports: tuple[int, int] = (CLIENT_PORT, SERVER_PORT),
) -> bytes:  # fmt: skip
    """Wrap a payload in UDP, IPv4 and Ethernet."""
    length = 8 + len(payload)
    pseudo = source + target + struct.pack("!BBH", 0, 17, length)
    udp = struct.pack("!HHHH", *ports, length, 0)
    udp = struct.pack("!HHHH", *ports, length, checksum(pseudo + udp + payload) or 0xFFFF)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + length, 0, 0, 64, 17, 0, source, target)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return ether_target + ether_source + struct.pack("!H", ETHER_IPV4) + ip + udp + payload


def dissect(raw: bytes, seen_at: float) -> list[Packet]:
    """Read an Ethernet frame: the DHCPv4 messages that it carries, none or one.

    Or several: a virtual link hands readers of frames uncut what its sender gave to the system in one piece for the
    network card to cut (UDP segmentation offload).
    """
    at = 12
    kind = int.from_bytes(raw[at : at + 2], "big")
    while kind == ETHER_VLAN:
        at += 4
        kind = int.from_bytes(raw[at : at + 2], "big")
    ip = raw[at + 2 :]
    if kind != ETHER_IPV4 or len(ip) < 28 or ip[9] != 17:
        return []
    udp = ip[(ip[0] & 15) * 4 : int.from_bytes(ip[2:4], "big")]
    if len(udp) < 8:
        return []
    ports = struct.unpack_from("!HH", udp)
    if not {SERVER_PORT, CLIENT_PORT} & set(ports):
        return []
    try:
        messages = [decode(piece) for piece in pieces(udp[8:])]
    except NotDhcp:
        return []
    return [Packet(seen_at, raw[6:12], raw[:6], ip[12:16], ip[16:20], *ports, message) for message in messages]


def pieces(data: bytes) -> list[bytes]:
    """Cut what was sent in one piece: into as many parts of one length as there are that all begin a message."""
    for count in range(len(data) // (HEADER.size + len(MAGIC)), 1, -1):
        size, rest = divmod(len(data), count)
        begins = range(0, len(data), size)
        if not rest and all(data.startswith(MAGIC, at + HEADER.size) for at in begins):
            return [data[at : at + size] for at in begins]
    return [data]
