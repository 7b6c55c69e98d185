"""DHCPv6 messages: bytes to a message behind its relays, an answer to bytes.  RFC 8415 8, 9, 21; RFC 9915.

``decode`` is lenient: what the RFC asks of clients beyond the format is for the engine to say.  ``encode`` is strict:
what it writes, any client may hold the server to.  Options are pairs of code and octets in the order of the wire.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.addresses import network_of
from dhcpcore.wire.v6.options import DHCP6_OPTIONS

#: Relays that a message may have come through.  RFC 8415 7.6 says 8; RFC 3315 said 32, and relays of then are in use.
HOP_COUNT_LIMIT = 32
#: Options of one message or option, and identity associations of a message: far more than any client has a use for.
OPTIONS_MAX = 512
ASSOCIATIONS_MAX = 64
#: What a UDP datagram carries.
DATAGRAM_MAX = 65_507
INFINITY: Final = 0xFFFF_FFFF
NOWHERE: Final = bytes(16)

#: Octets of a DUID: a type of two and an identifier of up to 128.  RFC 8415 11.1.
_DUID = range(3, 131)
_OPTION = struct.Struct("!HH")
_RELAY_HEADER = 34
_U32 = struct.Struct("!I")
_TIMES = struct.Struct("!III")

Pair = tuple[int, bytes]
Pairs = tuple[Pair, ...]


class MessageType6(enum.IntEnum):
    """RFC 8415 7.3, RFC 5007 4.1.1, RFC 5460 5.2."""

    SOLICIT = 1
    ADVERTISE = 2
    REQUEST = 3
    CONFIRM = 4
    RENEW = 5
    REBIND = 6
    REPLY = 7
    RELEASE = 8
    DECLINE = 9
    RECONFIGURE = 10
    INFORMATION_REQUEST = 11
    RELAY_FORW = 12
    RELAY_REPL = 13
    LEASEQUERY = 14
    LEASEQUERY_REPLY = 15
    LEASEQUERY_DONE = 16
    LEASEQUERY_DATA = 17


def type_name6(kind: int) -> str:
    """The name of a message type, as the option table has it; unknown ones show their number."""
    return MessageType6(kind).name.replace("_", "-") if kind in _KNOWN_TYPES else f"TYPE-{kind}"


_KNOWN_TYPES = frozenset(MessageType6)
_RELAYS = (MessageType6.RELAY_FORW, MessageType6.RELAY_REPL)


class Opt6:
    """Codes that the protocol itself reads or writes; all others are rows of the option table."""

    CLIENT_ID: Final = 1
    SERVER_ID: Final = 2
    IA_NA: Final = 3
    IA_TA: Final = 4
    IAADDR: Final = 5
    ORO: Final = 6
    PREFERENCE: Final = 7
    ELAPSED_TIME: Final = 8
    RELAY_MSG: Final = 9
    UNICAST: Final = 12
    STATUS_CODE: Final = 13
    RAPID_COMMIT: Final = 14
    INTERFACE_ID: Final = 18
    IA_PD: Final = 25
    IAPREFIX: Final = 26
    REMOTE_ID: Final = 37
    SUBSCRIBER_ID: Final = 38
    ERO: Final = 43
    LQ_QUERY: Final = 44
    CLIENT_DATA: Final = 45
    CLT_TIME: Final = 46
    LQ_RELAY_DATA: Final = 47
    LQ_CLIENT_LINK: Final = 48
    LINK_LAYER: Final = 79
    RELAY_PORT: Final = 135


class Status(enum.IntEnum):
    """Option 13.  RFC 8415 21.13, RFC 5007 4.1.3, RFC 5460 5.3."""

    SUCCESS = 0
    UNSPEC_FAIL = 1
    NO_ADDRS_AVAIL = 2
    NO_BINDING = 3
    NOT_ON_LINK = 4
    USE_MULTICAST = 5
    NO_PREFIX_AVAIL = 6
    UNKNOWN_QUERY_TYPE = 7
    MALFORMED_QUERY = 8
    NOT_CONFIGURED = 9
    NOT_ALLOWED = 10
    QUERY_TERMINATED = 11


#: Options that hold addresses, or prefixes, of one identity association.
ASSOCIATIONS = (Opt6.IA_NA, Opt6.IA_TA, Opt6.IA_PD)


class Leased(NamedTuple):
    """An address (option 5) or prefix (option 26) of an identity association; times in seconds.  RFC 8415 21.6, 21.22.

    ``plen`` is 128 for an address.
    """

    address: bytes
    plen: int
    preferred: int
    valid: int
    options: Pairs = ()

    @property
    def key(self) -> tuple[bytes, int]:
        """What it is about, whatever its times."""
        return self.address, self.plen


class Association(NamedTuple):
    """An identity association: option 3, 4 or 25, its IAID (four octets) and what is in it.  RFC 8415 21.4 to 21.21.

    ``options`` has what is neither address nor prefix nor status.
    """

    code: int
    iaid: bytes
    t1: int = 0
    t2: int = 0
    leased: tuple[Leased, ...] = ()
    status: tuple[int, str] | None = None
    options: Pairs = ()

    @property
    def name(self) -> tuple[int, bytes]:
        """Which one it is of its client's."""
        return self.code, self.iaid


class Message6(NamedTuple):
    """A message between client and server; ``xid`` has three octets.  RFC 8415 8."""

    kind: int
    xid: bytes
    options: Pairs
    associations: tuple[Association, ...] = ()  #: Those of ``options``, read.

    def get(self, code: int) -> bytes | None:
        """The first option of this code."""
        return first(self.options, code)


class Relay6(NamedTuple):
    """What one relay put around a message; ``options`` without the message.  RFC 8415 9."""

    hops: int
    link: bytes
    peer: bytes
    options: Pairs

    def get(self, code: int) -> bytes | None:
        """The first option of this code."""
        return first(self.options, code)


class Received6(NamedTuple):
    """A datagram's message, and the relays that it came through, the one closest to the client first."""

    message: Message6
    relays: tuple[Relay6, ...] = ()


def first(options: Iterable[Pair], code: int) -> bytes | None:
    """The octets of the first option of a code."""
    return next((payload for found, payload in options if found == code), None)


def hardware_of(duid: bytes, relays: tuple[Relay6, ...]) -> bytes:
    """Hardware type, one octet, and address: as the first relay saw it (RFC 6939), else as the DUID was made of it."""
    said = relays[0].get(Opt6.LINK_LAYER) if relays else None
    if said is None and duid[:2] in (b"\0\1", b"\0\3"):  # RFC 8415 11.2, 11.4.
        said = duid[2:4] + duid[8 if duid[1] == 1 else 4 :]
    return said[1:] if said is not None and len(said) > 2 and said[0] == 0 and len(said) <= 22 else b""


def decode(data: bytes) -> Received6:
    """The message of a datagram; ``MalformedMessage`` where the octets break the format, and nothing else."""
    relays: list[Relay6] = []
    while data and data[0] in _RELAYS:
        if data[0] != MessageType6.RELAY_FORW:
            raise MalformedMessage("a relay-reply is for relays", 0)
        if len(relays) == HOP_COUNT_LIMIT:
            raise MalformedMessage(f"more than {HOP_COUNT_LIMIT} relays", 0)
        if len(data) < _RELAY_HEADER:
            raise MalformedMessage("the message is shorter than a relay's header", len(data))
        options = scan(data, _RELAY_HEADER)
        inner = first(options, Opt6.RELAY_MSG)
        if not inner:
            raise MalformedMessage("a relay-forward holds no message", _RELAY_HEADER)
        others = tuple(pair for pair in options if pair[0] != Opt6.RELAY_MSG)
        relays.append(Relay6(data[1], data[2:18], data[18:34], others))
        data = inner
    return Received6(decode_message(data), tuple(reversed(relays)))


def decode_message(data: bytes) -> Message6:
    """A message between client and server, without relays; ``MalformedMessage`` where the octets break the format."""
    if len(data) < 4:
        raise MalformedMessage("the message is shorter than its header", len(data))
    options = scan(data, 4)
    for code, payload in options:
        if code in (Opt6.CLIENT_ID, Opt6.SERVER_ID) and len(payload) not in _DUID:
            raise MalformedMessage(f"the DUID in option {code} has {len(payload)} octets", 4)
        if (code == Opt6.ORO and len(payload) % 2) or (code == Opt6.ELAPSED_TIME and len(payload) != 2):
            raise MalformedMessage(f"option {code} has {len(payload)} octets", 4)
    associations = [read_association(code, payload) for code, payload in options if code in ASSOCIATIONS]
    if len(associations) > ASSOCIATIONS_MAX:
        raise MalformedMessage(f"more than {ASSOCIATIONS_MAX} identity associations", 4)
    return Message6(data[0], data[1:4], options, tuple(associations))


def scan(data: bytes, at: int = 0) -> Pairs:
    """The options from ``at`` to the end.  RFC 8415 21.1."""
    found: list[Pair] = []
    end = len(data)
    while at < end:
        if at + 4 > end:
            raise MalformedMessage("an option has no length", at)
        code, octets = _OPTION.unpack_from(data, at)
        at += 4
        if at + octets > end:
            raise MalformedMessage(f"option {code} announces {octets} octets, {end - at} there", at)
        if len(found) == OPTIONS_MAX:
            raise MalformedMessage(f"more than {OPTIONS_MAX} options", at)
        found.append((code, data[at : at + octets]))
        at += octets
    return tuple(found)


def read_association(code: int, payload: bytes) -> Association:
    """An identity association of its octets."""
    head = 4 if code == Opt6.IA_TA else 12
    if len(payload) < head:
        raise MalformedMessage(f"option {code} is shorter than its header", len(payload))
    t1 = t2 = 0
    if code != Opt6.IA_TA:
        _, t1, t2 = _TIMES.unpack_from(payload)
    leased: list[Leased] = []
    others: list[Pair] = []
    status = None
    wanted = Opt6.IAPREFIX if code == Opt6.IA_PD else Opt6.IAADDR
    for inner, octets in scan(payload, head):
        if inner == wanted:
            leased.append(_leased(inner, octets))
        elif inner == Opt6.STATUS_CODE:
            status = read_status(octets)
        else:
            others.append((inner, octets))
    return Association(code, payload[:4], t1, t2, tuple(leased), status, tuple(others))


def _leased(code: int, payload: bytes) -> Leased:
    head = 25 if code == Opt6.IAPREFIX else 24
    if len(payload) < head:
        raise MalformedMessage(f"option {code} is shorter than its header", len(payload))
    options = scan(payload, head)
    if code == Opt6.IAADDR:
        address, (preferred, valid), plen = payload[:16], struct.unpack_from("!II", payload, 16), 128
    else:
        (preferred, valid), plen, address = struct.unpack_from("!II", payload), payload[8], payload[9:25]
        if plen > 128:
            raise MalformedMessage(f"a prefix length of {plen}", 8)
        address = network_of(address, plen)  # What is behind the prefix is ignored.  RFC 8415 21.22.
    return Leased(address, plen, preferred, valid, options)


def read_status(payload: bytes) -> tuple[int, str]:
    """Code and text of option 13."""
    if len(payload) < 2:
        raise MalformedMessage("a status code has no code", len(payload))
    return int.from_bytes(payload[:2], "big"), payload[2:].decode("utf-8", "replace")


def status(code: int, text: str = "") -> bytes:
    """The octets of option 13."""
    return code.to_bytes(2, "big") + text.encode()


def encode_options(options: Iterable[Pair]) -> bytes:
    """Options as octets; ``InvalidValue`` for one that has more than its length can count."""
    parts = []
    for code, payload in options:
        if len(payload) > 0xFFFF:
            raise InvalidValue(f"option {code} has {len(payload)} octets, at most 65535 can be sent")
        parts.append(_OPTION.pack(code, len(payload)) + payload)
    return b"".join(parts)


def pack_association(one: Association) -> bytes:
    """The payload of an identity association."""
    head = one.iaid if one.code == Opt6.IA_TA else one.iaid + _U32.pack(one.t1) + _U32.pack(one.t2)
    pairs: list[Pair] = []
    for leased in one.leased:
        times = _U32.pack(leased.preferred) + _U32.pack(leased.valid)
        inner = encode_options(leased.options)
        if one.code == Opt6.IA_PD:
            pairs.append((Opt6.IAPREFIX, times + bytes((leased.plen,)) + leased.address + inner))
        else:
            pairs.append((Opt6.IAADDR, leased.address + times + inner))
    pairs += one.options
    if one.status is not None:
        pairs.append((Opt6.STATUS_CODE, status(*one.status)))
    return head + encode_options(pairs)


def encode(kind: int, xid: bytes, options: Iterable[Pair], associations: Iterable[Association] = ()) -> bytes:
    """A message between client and server; ``InvalidValue`` where it would not be one.

    The associations come behind the options.
    """
    pairs, listed = tuple(options), tuple(associations)
    check(kind, xid, pairs, listed)
    return bytes((kind,)) + xid + encode_options((*pairs, *((one.code, pack_association(one)) for one in listed)))


def check(kind: int, xid: bytes, options: Pairs, associations: tuple[Association, ...]) -> None:
    """Refuse what no server may send: an option where it must not be, or twice; two associations alike."""
    if len(xid) != 3:
        raise InvalidValue(f"a transaction id of {len(xid)} octets: it has three")
    seen: set[int] = set()
    for code, _ in options:
        if code in ASSOCIATIONS:
            raise InvalidValue(f"option {code} is an identity association: it is not given as octets")
        check_place(code, kind)
        if code in seen and not DHCP6_OPTIONS.row(code).repeats:
            raise InvalidValue(f"option {code} stands twice")
        seen.add(code)
    if len({one.name for one in associations}) < len(associations):
        raise InvalidValue("two identity associations of one kind have the same IAID")
    for one in associations:
        for leased in one.leased:
            if leased.preferred > leased.valid:
                raise InvalidValue(f"preferred for {leased.preferred} s and valid for {leased.valid} s")
        if one.t1 > one.t2 > 0:
            raise InvalidValue(f"T1 {one.t1} s comes after T2 {one.t2} s")


def check_place(code: int, kind: int) -> None:
    """Refuse an option that does not belong into such a message; of those that the table lacks nothing is known."""
    row = DHCP6_OPTIONS.by_code.get(code)
    if row is not None and row.messages and type_name6(kind) not in row.messages:
        raise InvalidValue(f"option {code} ({row.name}) does not belong into a message of type {type_name6(kind)}")


def wrap(message: bytes, relays: Iterable[Relay6]) -> bytes:
    """The answer to a message on its way back through these relays, the one closest to the client first.

    Each is given what ``options`` says, which is what it wants returned.  RFC 8415 19.3.
    """
    for relay in relays:
        inside = encode_options((*relay.options, (Opt6.RELAY_MSG, message)))
        message = bytes((MessageType6.RELAY_REPL, relay.hops)) + relay.link + relay.peer + inside
    return message
