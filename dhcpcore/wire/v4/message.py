"""The BOOTP header and DHCPv4 messages: bytes to a request, a reply to bytes.

``decode`` reads what every packet needs (a handful of slices and one pass over the options) and leaves the rest to
properties that look when asked.  ``encode`` lays a reply out within the size that the client accepts, using the file
and sname fields where the options field is full (RFC 2131 4.1, RFC 2132 9.3).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from typing import Final

from dhcpcore.errors import MalformedMessage
from dhcpcore.wire.v4.tlv import PART_OCTETS_MAX, encode_options, scan

COOKIE = b"\x63\x82\x53\x63"
NOWHERE = b"\0\0\0\0"
BROADCAST = b"\xff\xff\xff\xff"

#: Offsets of the header.  RFC 2131 2.
_SNAME, _FILE, _COOKIE, _OPTIONS = 44, 108, 236, 240
#: Octets of the field for the hardware address.
_CHADDR = 16
#: Octets of IP and UDP header that option 57 counts and we do not.  RFC 2132 9.10.
_IP_UDP = 28
#: What every client accepts: an IP datagram of 576 octets.  RFC 2131 2.
DEFAULT_LIMIT = 576 - _IP_UDP
#: What an Ethernet frame carries, however much a client says it accepts.
_MTU_LIMIT = 1500 - _IP_UDP
#: A BOOTP message has at least 300 octets; some relays and clients drop shorter ones.  RFC 1542 2.1.
_MINIMUM = 300
#: Room for the fields that every option layout ends with: option 52 and the end option.
_CLOSING = 3 + 1


class MessageType(enum.IntEnum):
    """Option 53, and 0 for a BOOTP message that has none.  RFC 2132 9.6."""

    BOOTP = 0
    DISCOVER = 1
    OFFER = 2
    REQUEST = 3
    DECLINE = 4
    ACK = 5
    NAK = 6
    RELEASE = 7
    INFORM = 8
    FORCERENEW = 9  #: RFC 3203 3.
    LEASEQUERY = 10  #: RFC 4388 6.1.
    LEASEUNASSIGNED = 11
    LEASEUNKNOWN = 12
    LEASEACTIVE = 13
    BULKLEASEQUERY = 14  #: RFC 6926 6.2.1.
    LEASEQUERYDONE = 15
    ACTIVELEASEQUERY = 16  #: RFC 7724 5.2.1.
    LEASEQUERYSTATUS = 17
    TLS = 18
    #: On no wire: what a booting machine asks a ProxyDHCP server, told apart from a client's own DISCOVER and REQUEST.
    PXE_DISCOVER = 257
    PXE_REQUEST = 259


def type_name(kind: int) -> str:
    """The name of a message type; unknown ones show their number."""
    return MessageType(kind).name if kind in _KNOWN_TYPES else f"TYPE-{kind}"


_KNOWN_TYPES = frozenset(MessageType)


class Opt:
    """Codes that the protocol itself reads or writes; all others are rows of the option table.

    Plain numbers: they are looked up some forty times a packet, and a member of an enumeration costs thrice as much.
    """

    SUBNET_MASK: Final = 1
    HOST_NAME: Final = 12
    VENDOR_OPTIONS: Final = 43
    REQUESTED_ADDRESS: Final = 50
    LEASE_TIME: Final = 51
    OVERLOAD: Final = 52
    MESSAGE_TYPE: Final = 53
    SERVER_ID: Final = 54
    PARAMETER_REQUEST_LIST: Final = 55
    MESSAGE: Final = 56
    MAX_MESSAGE_SIZE: Final = 57
    RENEWAL_TIME: Final = 58
    REBINDING_TIME: Final = 59
    VENDOR_CLASS_ID: Final = 60
    CLIENT_ID: Final = 61
    RAPID_COMMIT: Final = 80
    CLIENT_FQDN: Final = 81
    AGENT_OPTIONS: Final = 82
    AUTHENTICATION: Final = 90
    CLIENT_UUID: Final = 97
    CLIENT_LAST_TRANSACTION_TIME: Final = 91
    ASSOCIATED_IP: Final = 92
    FORCERENEW_NONCE_CAPABLE: Final = 145
    STATUS_CODE: Final = 151
    BASE_TIME: Final = 152
    START_TIME_OF_STATE: Final = 153
    QUERY_START_TIME: Final = 154
    QUERY_END_TIME: Final = 155
    DHCP_STATE: Final = 156
    DATA_SOURCE: Final = 157
    IPV6_ONLY_PREFERRED: Final = 108
    AUTO_CONFIGURE: Final = 116
    SUBNET_SELECTION: Final = 118
    VSS: Final = 221


class Request4:
    """A message from a client, or from a relay on its behalf: read-only, and parsed only as far as it is asked.

    ``hw`` is the hardware type (one octet) followed by the hardware address; ``options`` maps codes to payloads, joined
    as RFC 3396 says and with overloaded fields read (RFC 2132 9.3).
    """

    __slots__ = ("broadcast", "ciaddr", "data", "giaddr", "hw", "message_type", "options", "xid")

    def __init__(self, data: bytes, options: dict[int, bytes], message_type: int) -> None:
        self.data = data
        self.options = options
        self.message_type = message_type
        self.xid = data[4:8]
        self.broadcast = data[10] >= 0x80  # RFC 2131 2, figure 2.
        self.ciaddr = data[12:16]
        self.giaddr = data[24:28]
        self.hw = data[1:2] + data[28 : 28 + data[2]]

    @property
    def hops(self) -> int:
        """Relays passed so far, as they say."""
        return self.data[3]

    @property
    def secs(self) -> int:
        """Seconds since the client began, as it says."""
        return int.from_bytes(self.data[8:10], "big")

    @property
    def sname(self) -> bytes:
        """The server host name field, without its padding."""
        return self.data[_SNAME:_FILE].split(b"\0", 1)[0]

    @property
    def file(self) -> bytes:
        """The boot file field, without its padding."""
        return self.data[_FILE:_COOKIE].split(b"\0", 1)[0]

    @property
    def limit(self) -> int:
        """Octets of DHCP message that the client accepts.  RFC 2132 9.10."""
        asked = self.options.get(Opt.MAX_MESSAGE_SIZE)
        if asked is None or len(asked) != 2:
            return DEFAULT_LIMIT
        return max(DEFAULT_LIMIT, min(int.from_bytes(asked, "big") - _IP_UDP, _MTU_LIMIT))


def decode(data: bytes) -> Request4:
    """The request in a datagram's payload; ``MalformedMessage`` where the bytes break the format.

    A message without the DHCP cookie, or without option 53, is BOOTP (RFC 1534 2) and has type 0.
    """
    if len(data) < _COOKIE:
        raise MalformedMessage("the message is shorter than the BOOTP header", len(data))
    if data[0] != 1:
        raise MalformedMessage("op is not BOOTREQUEST", 0)
    if data[2] > _CHADDR:
        raise MalformedMessage("hlen is more than the 16 octets of chaddr", 2)
    if data[_COOKIE:_OPTIONS] != COOKIE:
        return Request4(data, {}, MessageType.BOOTP)
    options = scan(data, _OPTIONS, len(data))
    if Opt.OVERLOAD in options:
        options = _unfold(data, options)
    kind = options.get(Opt.MESSAGE_TYPE)
    if kind is None:
        return Request4(data, options, MessageType.BOOTP)
    if len(kind) != 1 or kind == _NO_TYPE:
        raise MalformedMessage("option 53 is not one octet long, or says 0", _OPTIONS)
    return Request4(data, options, kind[0])


def unread(data: bytes) -> Request4:
    """Octets that nobody has read: what there is of a header, and no option."""
    request = Request4(data.ljust(_COOKIE, b"\0"), {}, MessageType.BOOTP)
    request.data = data
    if len(data) < _COOKIE or data[2] > _CHADDR:
        request.hw = b""
    return request


def repack(request: Request4) -> bytes:
    """A message of the same header with its options as they stand; without a whole header, its octets."""
    data = request.data
    if len(data) < _COOKIE:
        return data
    return data[:_COOKIE] + COOKIE + encode_options(tuple(request.options.items())) + b"\xff"


def decode_pxe(data: bytes) -> Request4:
    """The same of what came in at port 4011, where it is another question.  PXE 2.1, 2.2.4."""
    request = decode(data)
    request.message_type |= _AT_PXE_PORT
    return request


#: The types begin with 1: it makes no BOOTP client, which says nothing.  RFC 2132 9.6.
_NO_TYPE = b"\0"
_AT_PXE_PORT = MessageType.PXE_DISCOVER - MessageType.DISCOVER


def _unfold(data: bytes, options: dict[int, bytes]) -> dict[int, bytes]:
    """Options of the file and sname fields, appended in that order.  RFC 3396 5, RFC 2132 9.3."""
    overload = options.pop(Opt.OVERLOAD)
    if len(overload) != 1 or overload[0] not in (1, 2, 3):
        raise MalformedMessage("option 52 is not 1, 2 or 3", _OPTIONS)
    if overload[0] & 1:
        _append(options, scan(data, _FILE, _COOKIE))
    if overload[0] & 2:
        _append(options, scan(data, _SNAME, _FILE))
    options.pop(Opt.OVERLOAD, None)
    return options


def _append(options: dict[int, bytes], more: dict[int, bytes]) -> None:
    for code, payload in more.items():
        options[code] = options.get(code, b"") + payload


def encode(
    request: Request4,
    *,
    yiaddr: bytes,
    ciaddr: bytes,
    siaddr: bytes,
    sname: bytes,
    file: bytes,
    broadcast: bool,
    options: bytes,
    tail: bytes,
) -> bytes | None:
    """A reply whose options fit into the options field, or None where they do not and ``encode_tight`` must choose.

    ``options`` and ``tail`` (the relay's option 82, which must be the last: RFC 3046 2.2) are encoded options.
    """
    data = request.data
    size = _OPTIONS + len(options) + len(tail) + 1
    if size > DEFAULT_LIMIT and size > request.limit:
        return None
    reply = b"".join(
        (
            b"\x02",
            data[1:3],
            b"\0",
            data[4:8],
            b"\0\0\x80\0" if broadcast else b"\0\0\0\0",
            ciaddr,
            yiaddr,
            siaddr,
            data[24:44],
            (sname.ljust(64, b"\0") + file.ljust(128, b"\0") + COOKIE) if sname or file else _BARE,
            options,
            tail,
            b"\xff",
        )
    )
    return reply if size >= _MINIMUM else reply.ljust(_MINIMUM, b"\0")


_BARE = bytes(192) + COOKIE


def header(
    request: Request4, *, yiaddr: bytes, ciaddr: bytes, siaddr: bytes, sname: bytes, file: bytes, broadcast: bool
) -> bytes:
    """The fields of a reply, 236 octets; ``encode`` has them once more, in its one join.  RFC 2131 4.3.1 table 3."""
    data = request.data
    return b"".join(
        (
            b"\x02",
            data[1:3],
            b"\0",
            data[4:8],
            b"\0\0\x80\0" if broadcast else b"\0\0\0\0",
            ciaddr,
            yiaddr,
            siaddr,
            data[24:44],
            sname.ljust(64, b"\0"),
            file.ljust(128, b"\0"),
        )
    )


def _spread(code: int, payload: bytes, fields: Sequence[int]) -> list[bytes] | None:
    """A long option in pieces for the options field, file and sname, which are read in that order; None: no room.

    Who reads it joins its parts in any case, as no length octet counts so many.  RFC 3396 5, 7.
    """
    pieces: list[bytes] = []
    at = 0
    for free in fields:
        piece = b""
        while at < len(payload) and free - len(piece) > _CODE_AND_LENGTH:
            size = min(PART_OCTETS_MAX, len(payload) - at, free - len(piece) - _CODE_AND_LENGTH)
            piece += bytes((code, size)) + payload[at : at + size]
            at += size
        pieces.append(piece)
    return pieces if at == len(payload) else None


_CODE_AND_LENGTH = 2


def encode_tight(
    request: Request4,
    *,
    yiaddr: bytes,
    ciaddr: bytes,
    siaddr: bytes,
    sname: bytes,
    file: bytes,
    broadcast: bool,
    pairs: Iterable[tuple[int, bytes]],
    essential: int,
    tail: bytes,
) -> tuple[bytes, tuple[int, ...]]:
    """A reply that uses file and sname for options where they are free, and the codes that found no room.

    ``pairs`` come in order of importance: what comes last is left out first.  RFC 2131 4.1.  The first of them, of
    ``essential`` octets, are never left out for ``tail``: without room for all of it the answer goes without it.
    """
    dropped: list[int] = []
    room = request.limit - _OPTIONS - len(tail) - _CLOSING
    if room < essential:
        room += len(tail)
        tail = b""
        dropped.append(Opt.AGENT_OPTIONS)  # RFC 3046 2.2.
    fields = [room, 0 if file else 128 - 1, 0 if sname else 64 - 1]  # One octet of each field is its end option.
    parts: list[list[bytes]] = [[], [], []]
    for code, payload in pairs:
        encoded = encode_options(((code, payload),))
        for index, free in enumerate(fields):
            if len(encoded) <= free:
                parts[index].append(encoded)
                fields[index] -= len(encoded)
                break
        else:
            pieces = _spread(code, payload, fields) if len(payload) > PART_OCTETS_MAX else None
            if pieces is None:
                dropped.append(code)
                continue
            for index, piece in enumerate(pieces):
                parts[index].append(piece)
                fields[index] -= len(piece)
    overload = (1 if parts[1] else 0) | (2 if parts[2] else 0)
    if overload:
        parts[0].append(bytes((Opt.OVERLOAD, 1, overload)))
    if parts[1]:
        file = b"".join(parts[1]) + b"\xff"
    if parts[2]:
        sname = b"".join(parts[2]) + b"\xff"
    head = header(
        request, yiaddr=yiaddr, ciaddr=ciaddr, siaddr=siaddr, sname=sname, file=file, broadcast=broadcast
    )  # fmt: skip
    reply = b"".join((head, COOKIE, *parts[0], tail, b"\xff"))
    return reply.ljust(_MINIMUM, b"\0"), tuple(dropped)
