"""DHCPv6 messages as the tests write and read them: a codec of their own, that shares no code with the server's."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network
from typing import Self

SOLICIT, ADVERTISE, REQUEST, CONFIRM, RENEW, REBIND, REPLY, RELEASE, DECLINE = range(1, 10)
INFORMATION_REQUEST, RELAY_FORW, RELAY_REPL, LEASEQUERY, LEASEQUERY_REPLY = 11, 12, 13, 14, 15
IA_NA, IA_TA, IA_PD = 3, 4, 25

#: What a router sent, and two relays around it: the packet of DHCPKit 1.0's tests of its RelayForwardMessage.
RELAYED_SOLICIT = bytes.fromhex(
    "0c0120010db8ffff00010000000000000001fe800000000000003631c4fffe3cb2f1000900c20c00000000000000000000000000000000"
    "00fe800000000000003631c4fffe3cb2f10009007901f350d60008000200000001000a000300013431c43cb2f1000e00000003000cc43c"
    "b2f1000000000000000000190029c43cb2f10000000000000000001a0019000000000000000000000000000000000000000000000000"
    "00001400000006001000170038001f001900030011005200530010000400000368001200054661322f33002500160000000902002300"
    "0001000a0003000100211c7d486e001200074769302f302f300025001600000009020000000000000a0003000124e9b36e8100"
)


def ip6(text: str) -> bytes:
    return IPv6Address(text).packed


def option(code: int, payload: bytes) -> bytes:
    return struct.pack("!HH", code, len(payload)) + payload


def address(text: str, preferred: int = 0, valid: int = 0, inner: bytes = b"") -> bytes:
    """Option 5."""
    return option(5, ip6(text) + struct.pack("!II", preferred, valid) + inner)


def prefix(text: str, preferred: int = 0, valid: int = 0, inner: bytes = b"") -> bytes:
    """Option 26."""
    network = IPv6Network(text)
    return option(26, struct.pack("!IIB", preferred, valid, network.prefixlen) + network.network_address.packed + inner)


def ia_na(*inner: bytes, iaid: int = 1) -> bytes:
    return option(IA_NA, struct.pack("!III", iaid, 0, 0) + b"".join(inner))


def ia_ta(*inner: bytes, iaid: int = 1) -> bytes:
    return option(IA_TA, struct.pack("!I", iaid) + b"".join(inner))


def ia_pd(*inner: bytes, iaid: int = 1) -> bytes:
    return option(IA_PD, struct.pack("!III", iaid, 0, 0) + b"".join(inner))


def oro(*codes: int) -> bytes:
    return option(6, struct.pack(f"!{len(codes)}H", *codes))


def message(kind: int, *options: bytes, xid: bytes = b"\x01\x02\x03") -> bytes:
    return bytes((kind,)) + xid + b"".join(options)


def relayed(inner: bytes, *options: bytes, link: str = "::", peer: str = "fe80::1", hops: int = 0) -> bytes:
    return bytes((RELAY_FORW, hops)) + ip6(link) + ip6(peer) + b"".join(options) + option(9, inner)


def options_of(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    while data:
        code, size = struct.unpack_from("!HH", data)
        found.append((code, data[4 : 4 + size]))
        assert len(data) >= 4 + size, "cut off"
        data = data[4 + size :]
    return found


@dataclass
class Given:
    """An identity association of an answer."""

    code: int
    iaid: int
    t1: int = 0
    t2: int = 0
    status: int | None = None
    text: str = ""
    #: Text of address or prefix, preferred, valid.
    leased: list[tuple[str, int, int]] = field(default_factory=list)

    @classmethod
    def read(cls, code: int, payload: bytes) -> Self:
        head = 4 if code == IA_TA else 12
        made = cls(code, *struct.unpack_from("!I" if code == IA_TA else "!III", payload))
        for inner, octets in options_of(payload[head:]):
            if inner == 5:
                made.leased.append((str(IPv6Address(octets[:16])), *struct.unpack_from("!II", octets, 16)))
            elif inner == 26:
                preferred, valid, plen = struct.unpack_from("!IIB", octets)
                made.leased.append((f"{IPv6Address(octets[9:25])}/{plen}", preferred, valid))
            elif inner == 13:
                made.status, made.text = int.from_bytes(octets[:2], "big"), octets[2:].decode()
        return made


@dataclass
class Answer6:
    """An answer, taken out of its relays."""

    kind: int
    xid: bytes
    options: list[tuple[int, bytes]]
    relays: list[tuple[int, str, str, list[tuple[int, bytes]]]]  #: Outermost first: hops, link, peer, options.

    def get(self, code: int) -> bytes | None:
        found = [payload for other, payload in self.options if other == code]
        assert len(found) <= 1
        return found[0] if found else None

    @property
    def status(self) -> int | None:
        payload = self.get(13)
        return None if payload is None else int.from_bytes(payload[:2], "big")

    @property
    def associations(self) -> list[Given]:
        return [Given.read(code, payload) for code, payload in self.options if code in (IA_NA, IA_TA, IA_PD)]

    @property
    def one(self) -> Given:
        (only,) = self.associations
        return only

    @property
    def codes(self) -> Sequence[int]:
        return [code for code, _ in self.options]


def read6(data: bytes) -> Answer6:
    relays = []
    while data[0] == RELAY_REPL:
        inner = options_of(data[34:])
        kept: Iterable[tuple[int, bytes]] = (pair for pair in inner if pair[0] != 9)
        relays.append((data[1], str(IPv6Address(data[2:18])), str(IPv6Address(data[18:34])), list(kept)))
        (data,) = (payload for code, payload in inner if code == 9)
    return Answer6(data[0], data[1:4], options_of(data[4:]), relays)
