"""Client identities between the store's octets and what people type and read."""

from __future__ import annotations

from dataclasses import dataclass

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.addresses import format_hardware, format_hex, parse_address, parse_hex
from dhcpcore.wire.v4.tlv import scan_suboptions
from dhcpcore.wire.v6 import message as v6
from dhcpcore.wire.v6.options import DHCP6_OPTIONS

#: First octet of a client key: known by hardware address, by client identifier, by DUID and IAID (of temporary ones).
_BY_HARDWARE, _BY_CLIENT_ID, _BY_DUID, _BY_DUID_TEMPORARY = 0, 1, 2, 3
_ETHERNET = b"\x01"
#: What a relay tells of the client's line, by the code in option 82.  RFC 3046 3.1, 3.2, RFC 3993.
_RELAY_SAYS = {1: "Circuit", 2: "Remote end", 6: "Subscriber"}


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody typed into a search: an address, the octets of an identity, or part of a host name.

    ``identities`` are the keys and hardware columns that ``octets`` may stand for.
    """

    address: bytes | None = None
    octets: bytes | None = None
    identities: tuple[bytes, ...] = ()
    text: str | None = None


def sought(typed: str) -> Sought:
    """What ``typed`` means: addresses and hardware addresses by their look, a host name otherwise."""
    typed = typed.strip()
    if not typed:
        raise InvalidValue("Nothing was asked for; name an address, a hardware address, a client identifier or a host.")
    if "\0" in typed:
        raise InvalidValue("No name has a zero octet in it.")
    try:
        return Sought(address=parse_address(typed))
    except InvalidValue:
        pass
    if any(mark in typed for mark in ":-. ") or typed.lower().startswith("0x"):
        try:
            octets = parse_hex(typed)
            return Sought(octets=octets, identities=identities(octets))
        except InvalidValue:
            pass
    return Sought(text=typed)


def identities(octets: bytes) -> tuple[bytes, ...]:
    """Every key and hardware column that these octets may stand for.

    People write a hardware address without its type, and a client identifier with or without its own.
    """
    typed = _ETHERNET + octets
    by_client_id = bytes([_BY_CLIENT_ID])
    return (bytes([_BY_HARDWARE]) + typed, by_client_id + octets, by_client_id + typed, typed, octets)


def hardware_text(hw: bytes) -> str:
    """The hardware address of a lease's ``hw`` column: Ethernet's without its type, any other with it in front."""
    if not hw:
        return ""
    return format_hardware(hw[1:]) if hw[:1] == _ETHERNET else f"type {hw[0]} {format_hardware(hw[1:])}"


def hardware_of(datagram: bytes) -> bytes:
    """Type and hardware address of a DHCPv4 message as the ``hw`` column has them; empty where there is none."""
    if len(datagram) < 44 or not 1 <= datagram[2] <= 16:
        return b""
    return datagram[1:2] + datagram[28:28 + datagram[2]]


def hardware_of6(datagram: bytes) -> bytes:
    """The same of a DHCPv6 message: as its relay saw it, or as the DUID was made of it."""
    try:
        found = v6.decode(datagram)
    except MalformedMessage:
        return b""
    return v6.hardware_of(found.message.get(v6.Opt6.CLIENT_ID) or b"", found.relays)


def client_text(client: bytes) -> str:
    """A client key in words: what the client is known by."""
    kind, rest = client[0] if client else -1, client[1:]
    if kind == _BY_HARDWARE:
        return f"hardware {hardware_text(rest)}"
    if kind == _BY_CLIENT_ID:
        return f"client-id {format_hex(rest, ':')}"
    if kind == _BY_DUID:
        return f"iaid {rest[:4].hex()} duid {format_hex(rest[4:], ':')}"
    if kind == _BY_DUID_TEMPORARY:
        return f"temporary iaid {rest[:4].hex()} duid {format_hex(rest[4:], ':')}"
    return f"unknown {client.hex()}"


def relay_words(agent: str, is_ipv6: bool = False) -> tuple[tuple[str, str], ...]:
    """What a lease's relay told, each by its name: as text where it is one, else as hex; whole where malformed."""
    octets = parse_hex(agent)
    try:
        if is_ipv6:
            return tuple((f"Relay's {DHCP6_OPTIONS.row(code).name}", _text(said)) for code, said in v6.scan(octets))
        told = scan_suboptions(octets)
    except MalformedMessage:
        return (("Relay's words", agent),)
    return tuple((_RELAY_SAYS.get(code, f"Relay's sub-option {code}"), _text(said)) for code, said in told.items())


def _text(payload: bytes) -> str:
    shown = payload.decode("ascii", "replace")
    return shown if shown.isprintable() and shown.isascii() and shown.strip() else format_hex(payload, ":")
