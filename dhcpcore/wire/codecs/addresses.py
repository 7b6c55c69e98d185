"""Addresses, prefixes and port sets as fields of options."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.addresses import (
    format_ipv4,
    format_ipv6,
    format_prefix,
    network_of,
    parse_ipv4,
    parse_ipv6,
    parse_prefix,
)
from dhcpcore.wire.codecs.base import Codec, Description, Value, cut_off, wrong
from dhcpcore.wire.quoting import quoted

_PORT_SET = re.compile(r"([0-9]{1,5})/([0-9]{1,2})")


@dataclass(frozen=True, slots=True)
class Address4(Codec):
    """Four octets."""

    example: str = "192.0.2.1"

    def encode(self, value: object) -> bytes:
        if not isinstance(value, str):
            raise wrong(value, f"an IPv4 address such as {self.example}")
        return parse_ipv4(value)

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        return format_ipv4(cut_off(data, at, 4, end)), at + 4

    def describe(self) -> Description:
        return {"type": "string", "format": "ipv4", "example": self.example}


@dataclass(frozen=True, slots=True)
class Address6(Codec):
    """Sixteen octets."""

    def encode(self, value: object) -> bytes:
        if not isinstance(value, str):
            raise wrong(value, "an IPv6 address such as 2001:db8::1")
        return parse_ipv6(value)

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        return format_ipv6(cut_off(data, at, 16, end)), at + 16

    def describe(self) -> Description:
        return {"type": "string", "format": "ipv6", "example": "2001:db8::1"}


@dataclass(frozen=True, slots=True)
class Prefix(Codec):
    """A length octet, then the prefix: whole, or only the octets that the length covers (``short``)."""

    octets: int
    short: bool = False

    def encode(self, value: object) -> bytes:
        if not isinstance(value, str):
            raise wrong(value, f"a prefix such as {self._example()}")
        address, plen = parse_prefix(value)
        if len(address) != self.octets:
            raise wrong(value, f"a prefix such as {self._example()}")
        return bytes((plen,)) + (address[: (plen + 7) // 8] if self.short else address)

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        plen = cut_off(data, at, 1, end)[0]
        if plen > 8 * self.octets:
            raise MalformedMessage(f"a prefix length of {plen}", at)
        used = (plen + 7) // 8 if self.short else self.octets
        address = cut_off(data, at + 1, used, end).ljust(self.octets, b"\0")
        # Bits behind the length say nothing, RFC 3442 and RFC 9915 21.22.
        return format_prefix(network_of(address, plen), plen), at + 1 + used

    def _example(self) -> str:
        return "192.0.2.0/24" if self.octets == 4 else "2001:db8::/32"

    def describe(self) -> Description:
        return {"type": "string", "format": f"ipv{4 if self.octets == 4 else 6}-prefix", "example": self._example()}


@dataclass(frozen=True, slots=True)
class PortSet(Codec):
    """A port set identifier and its length, written ``3/4``; on the wire a length octet and 16 bits, left-aligned."""

    def encode(self, value: object) -> bytes:
        match = _PORT_SET.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise wrong(value, "a port set and its length in quotes such as '3/4'")
        psid, bits = int(match[1]), int(match[2])
        if bits > 16 or psid >= 1 << bits:
            raise InvalidValue(f"{quoted(value)}: the length is at most 16, and the port set must fit into it")
        return bytes((bits,)) + (psid << 16 - bits).to_bytes(2, "big")

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        octets = cut_off(data, at, 3, end)
        bits = octets[0]
        if bits > 16:
            raise MalformedMessage(f"a port set length of {bits}", at)
        return f"{int.from_bytes(octets[1:], 'big') >> 16 - bits}/{bits}", at + 3

    def describe(self) -> Description:
        return {"type": "string", "format": "psid", "example": "3/4"}


ADDRESS4 = Address4()
ADDRESS6 = Address6()
#: How RFC 3442 and, for either family, the softwire options write a prefix.
PREFIX4_SHORT = Prefix(4, short=True)
PREFIX4 = Prefix(4)
PREFIX6_SHORT = Prefix(16, short=True)
PREFIX6 = Prefix(16)
