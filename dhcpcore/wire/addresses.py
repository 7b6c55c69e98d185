"""Addresses, prefixes, hardware addresses, DUIDs and hex: text to octets and back, as small pure functions.

Inside the appliance an address is ``bytes`` in network order; text exists only at the edges.  Every ``parse_…`` raises
``InvalidValue`` with a sentence that shows a right value; every ``format_…`` gives the one canonical spelling, which
its ``parse_…`` reads back to the same octets.
"""

from __future__ import annotations

import re
from struct import Struct

from dhcpcore.errors import InvalidValue
from dhcpcore.wire.quoting import quoted

#: RFC 9915 11.1: a two-octet type and at most 128 octets of identifier, of which at least one.
DUID_OCTETS_MIN = 3
DUID_OCTETS_MAX = 130
#: The longest hardware address in use is InfiniBand's, RFC 4391 9.1.1.
HARDWARE_OCTETS_MAX = 20

_OCTETS = {str(number): number for number in range(256)}
_GROUPS = Struct("!8H").unpack
_IPV6_LETTERS = re.compile(r"[0-9A-Fa-f:]+")
_HEX_RUN = re.compile(r"[0-9A-Fa-f]*")
_HEX_PARTS = re.compile(r"[0-9A-Fa-f]{1,2}([:\- ])[0-9A-Fa-f]{1,2}(?:\1[0-9A-Fa-f]{1,2})*")
_HEX_QUADS = re.compile(r"[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4})+")


def parse_ipv4(text: str) -> bytes:
    """Four octets of a dotted address; no leading zeros, no short forms."""
    try:
        address = bytes([_OCTETS[part] for part in text.split(".")])
    except KeyError:
        address = b""
    if len(address) != 4:
        raise InvalidValue(f"{quoted(text)} is not an IPv4 address such as 192.0.2.1")
    return address


def format_ipv4(address: bytes) -> str:
    return "%d.%d.%d.%d" % (*address,)  # noqa: UP031 - Twice as quick as an f-string of four indexings.


def parse_ipv6(text: str) -> bytes:
    """Sixteen octets of an address as RFC 4291 2.2 writes it, the dotted tail included; no zone."""
    address = _ipv6_octets(text)
    if address is None:
        raise InvalidValue(f"{quoted(text)} is not an IPv6 address such as 2001:db8::1")
    return address


def _ipv6_octets(text: str) -> bytes | None:
    front, colon, dotted = text.rpartition(":")
    if "." in dotted and colon:
        try:
            tail = parse_ipv4(dotted).hex()
        except InvalidValue:
            return None
        text = f"{front}:{tail[:4]}:{tail[4:]}"
    if _IPV6_LETTERS.fullmatch(text) is None:
        return None
    head, gap, rest = text.partition("::")
    before = head.split(":") if head else []
    after = rest.split(":") if rest else []
    missing = 8 - len(before) - len(after)
    if missing < 1 if gap else missing != 0:
        return None
    groups = [*before, *["0"] * missing, *after]
    if not all(0 < len(group) <= 4 for group in groups):
        return None
    return bytes.fromhex("".join([group.rjust(4, "0") for group in groups]))


def format_ipv6(address: bytes) -> str:
    """The spelling of RFC 5952: lower case, the first longest run of two or more zero groups left out."""
    groups = _GROUPS(address)
    best_at, best_count, at = 0, 1, 0
    while at < 8:
        if groups[at]:
            at += 1
            continue
        end = at + 1
        while end < 8 and not groups[end]:
            end += 1
        if end - at > best_count:
            best_at, best_count = at, end - at
        at = end + 1
    words = [f"{group:x}" for group in groups]
    if best_count == 1:
        return ":".join(words)
    return ":".join(words[:best_at]) + "::" + ":".join(words[best_at + best_count :])


def parse_address(text: str) -> bytes:
    """Four or sixteen octets, by the look of the text."""
    if ":" in text:
        return parse_ipv6(text)
    try:
        return parse_ipv4(text)
    except InvalidValue:
        raise InvalidValue(f"{quoted(text)} is not an address such as 192.0.2.1 or 2001:db8::1") from None


def format_address(address: bytes) -> str:
    return format_ipv4(address) if len(address) == 4 else format_ipv6(address)


def network_of(address: bytes, plen: int) -> bytes:
    """``address`` with every bit past the first ``plen`` cleared."""
    host_bits = len(address) * 8 - plen
    number = int.from_bytes(address, "big") >> host_bits << host_bits
    return number.to_bytes(len(address), "big")


def parse_prefix(text: str) -> tuple[bytes, int]:
    """``192.0.2.0/24`` or ``2001:db8::/32`` as octets and length; host bits that are not zero are refused."""
    network, slash, digits = text.partition("/")
    address = parse_address(network)
    bits = len(address) * 8
    # The table of octets knows the decimal spellings without sign, space or leading zero.
    plen = _OCTETS.get(digits, bits + 1)
    if not slash or plen > bits:
        raise InvalidValue(f"{quoted(text)} is not a prefix: write the address, a slash and a length from 0 to {bits}")
    if network_of(address, plen) != address:
        right = format_prefix(network_of(address, plen), plen)
        raise InvalidValue(f"{quoted(text)} has bits set behind its length: write {right}")
    return address, plen


def format_prefix(address: bytes, plen: int) -> str:
    return f"{format_address(address)}/{plen}"


def parse_hex(text: str) -> bytes:
    """Octets written in hex: a plain run (``0x`` may lead), pairs with ``:``, ``-`` or spaces between, or dotted fours.

    Between separators one digit may stand for two, as in ``1:2:ff``.
    """
    stripped = text.strip()
    if _HEX_PARTS.fullmatch(stripped):
        return bytes([int(part, 16) for part in re.split("[:\\- ]", stripped)])
    if _HEX_QUADS.fullmatch(stripped):
        return bytes.fromhex(stripped.replace(".", ""))
    run = stripped[2:] if stripped[:2] in {"0x", "0X"} else stripped
    if _HEX_RUN.fullmatch(run) is None:
        raise InvalidValue(f"{quoted(text)} is not hex such as 0102ff or 01:02:ff")
    if len(run) % 2:
        raise InvalidValue(f"{quoted(text)} has an odd number of hex digits: each octet is written with two")
    return bytes.fromhex(run)


def format_hex(octets: bytes, separator: str = "") -> str:
    return octets.hex(separator) if separator else octets.hex()


def parse_hardware(text: str) -> bytes:
    """A hardware address, 1 to 20 octets: ``02:00:00:00:00:01``, with dashes, as ``0200.0000.0001``, or plain."""
    try:
        address = parse_hex(text)
    except InvalidValue:
        address = b""
    if not 0 < len(address) <= HARDWARE_OCTETS_MAX:
        raise InvalidValue(f"{quoted(text)} is not a hardware address such as 02:00:00:00:00:01")
    return address


def format_hardware(address: bytes) -> str:
    return address.hex(":")


def parse_duid(text: str) -> bytes:
    """A DUID, opaque apart from its length, RFC 9915 11.1."""
    try:
        duid = parse_hex(text)
    except InvalidValue:
        duid = b""
    if not DUID_OCTETS_MIN <= len(duid) <= DUID_OCTETS_MAX:
        raise InvalidValue(f"{quoted(text)} is not a DUID of 3 to 130 octets such as 00:03:00:01:02:00:00:00:00:01")
    return duid


def format_duid(duid: bytes) -> str:
    return duid.hex(":")


def is_of_many_links(address: bytes) -> bool:
    """Whether an IPv6 address means one place: it is neither unspecified nor loopback, link-local nor multicast."""
    return (
        len(address) == 16
        and address[:15] != bytes(15)
        and not (address[0] == 0xFE and address[1] & 0xC0 == 0x80)
        and address[0] != 0xFF
    )
