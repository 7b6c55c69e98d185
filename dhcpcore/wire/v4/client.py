"""DHCPv4 as a client and a relay speak it: requests to bytes, answers to values.  For probes and pretend clients."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from dhcpcore.errors import MalformedMessage
from dhcpcore.wire.addresses import format_ipv4
from dhcpcore.wire.v4.message import COOKIE, NOWHERE, MessageType, Opt
from dhcpcore.wire.v4.tlv import encode_options, scan

_FIXED = struct.Struct("!4B I 2H 4s 4s 4s 4s 16s 192x 4s")
_REQUEST, _ANSWER, _ETHERNET = 1, 2, 1
_BROADCAST_FLAG = 0x8000
_UDP = 17
#: Relays and old clients drop what is shorter.  RFC 1542 2.1.
_OCTETS_MIN = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: the address (``yiaddr``), who it is, for how long, and when to renew."""

    kind: int
    transaction: int
    address: bytes
    server: bytes
    lease_s: int
    renew_s: int


def request(kind: MessageType, transaction: int, hardware: bytes, options: Iterable[tuple[int, bytes]], *,
            address: bytes = NOWHERE, relay: bytes = NOWHERE, broadcast: bool = False) -> bytes:
    """A message of an Ethernet client, as it leaves the client or, with ``relay``, its relay.  RFC 2131 4.1, 4.3."""
    fixed = _FIXED.pack(_REQUEST, _ETHERNET, len(hardware), 1 if relay != NOWHERE else 0, transaction, 0,
                        _BROADCAST_FLAG if broadcast else 0, address, NOWHERE, NOWHERE, relay,
                        hardware.ljust(16, b"\0"), COOKIE)
    body = encode_options([(Opt.MESSAGE_TYPE, bytes([kind])), *options])
    return (fixed + body + b"\xff").ljust(_OCTETS_MIN, b"\0")


def discover(transaction: int, hardware: bytes) -> bytes:
    """A DISCOVER that asks for a broadcast answer."""
    return request(MessageType.DISCOVER, transaction, hardware, [(Opt.PARAMETER_REQUEST_LIST, b"\x01\x03\x06")],
                   broadcast=True)


def read_offer(packet: bytes, transaction: int, client_port: int) -> tuple[str, str] | None:
    """Server and offered address of an IPv4 packet that is an OFFER of our transaction; None for any other."""
    header = (packet[0] & 15) * 4 if packet else 0
    if len(packet) < header + 8 or packet[0] >> 4 != 4 or packet[9] != _UDP:
        return None
    if struct.unpack_from("!H", packet, header + 2)[0] != client_port:
        return None
    answer = read_answer(packet[header + 8:])
    if answer is None or (answer.kind, answer.transaction) != (MessageType.OFFER, transaction):
        return None
    server = packet[12:16] if answer.server == NOWHERE else answer.server
    return format_ipv4(server), format_ipv4(answer.address)


def read_answer(message: bytes) -> Answer | None:
    """An OFFER, ACK or NAK; None for anything else, however broken."""
    if len(message) <= _FIXED.size:
        return None
    fields = _FIXED.unpack_from(message)
    try:
        options = scan(message, _FIXED.size, len(message))
    except MalformedMessage:
        return None
    kind = options.get(Opt.MESSAGE_TYPE, b"")
    if fields[0] != _ANSWER or fields[-1] != COOKIE or len(kind) != 1:
        return None
    server = options.get(Opt.SERVER_ID, b"")
    lease_s = int.from_bytes(options.get(Opt.LEASE_TIME, b"")[:4], "big")
    renew_s = int.from_bytes(options.get(Opt.RENEWAL_TIME, b"")[:4], "big") or lease_s // 2
    return Answer(kind[0], fields[4], fields[8], server if len(server) == 4 else NOWHERE, lease_s, renew_s)
