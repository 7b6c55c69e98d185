"""The packet that hooks are handed: a request at first, and the same object transformed into its answer later."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, Self

from dhcpcore.script.compat.ipv4 import IPv4
from dhcpcore.script.compat.mac import MAC
from dhcpcore.script.compat.values import octets_of, value_of
from dhcpcore.script.compat.words import BY_CODE, FIELDS, Field, word_of
from dhcpcore.wire.v4.message import COOKIE
from dhcpcore.wire.v4.tlv import encode_options

FLAGBIT_BROADCAST = 0x8000

_NAMES = ("DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE", "INFORM", "FORCERENEW", "LEASEQUERY",
          "LEASEUNASSIGNED", "LEASEUNKNOWN", "LEASEACTIVE")  # fmt: skip
#: What a client says of itself: in no answer.
_OF_REQUESTS = frozenset((22, 43, 50, 52, 55, 57, 60, 61, 93, 94, 97, 118, 124, 125))
#: Sent whatever the client asked for.
_ALWAYS = frozenset((1, 3, 6, 15, 51, 53, 54, 58, 59))
_TYPE, _LEASE_TIME, _SERVER, _REQUESTED, _RELAY = 53, 51, 54, 55, 82
_OFFER = 2
_PIECES = frozenset(("_header", "_options", "_requested", "_selected", "_set"))
_HEADER = 236


class DHCPPacket:
    """A DHCP packet.  Options go by their words or numbers, fields of the header by their names."""

    word_align = False
    word_size = 4
    terminal_pad = False
    response_mac: Any = None
    response_ip: Any = None
    response_port: int | None = None
    response_source_port: int | None = None

    _header: bytearray
    _options: dict[int, Any]
    _requested: frozenset[int] | None
    _selected: set[int] | None
    _set: set[int]  #: Options that a script set: they go on into the answer.

    def __init__(self, data: bytes, options: Mapping[int, bytes]) -> None:
        """``data``: the datagram; ``options``: its options by number, joined.

        Taken to pieces when somebody looks: most hooks look at little.
        """
        self._source = data, options
        self._answer: tuple[int, Mapping[str, bytes], Mapping[int, bytes]] | None = None
        self._meta: dict[Any, Any] | None = None

    def __getattr__(self, name: str) -> Any:
        if name not in _PIECES or "_source" not in vars(self):
            raise AttributeError(f"A DHCPPacket has no {name}.")
        data, options = self._source
        requested = options.get(_REQUESTED)
        self._header = bytearray(data[:_HEADER])
        self._options = dict(options)
        self._requested = frozenset(requested) if requested is not None else None
        self._selected = None if requested is None else {*requested, *_ALWAYS}
        self._set = set()
        if self._answer is not None:
            self._become(*self._answer)
        return vars(self)[name]

    @property
    def meta(self) -> dict[Any, Any]:
        """A dictionary for scripts: the server never looks at it."""
        if self._meta is None:
            self._meta = {}
        return self._meta

    # Options and fields.

    def getOption(self, option: int | str, convert: bool = False) -> Any:
        """The octets of an option or field, as a list; with ``convert`` its value; None where it is not there."""
        field = FIELDS.get(option) if isinstance(option, str) else None
        if field is not None:
            octets = list(self._field(field))
            return _value_of_field(field, octets) if convert else octets
        word = word_of(option)
        found = self._options.get(word.code)
        if found is None:
            return None
        if convert:
            return value_of(word.form, found)
        if not isinstance(found, list):
            found = self._options[word.code] = list(found)
        return found

    def setOption(
        self, option: int | str, value: Any, validate: bool = True, force_selection: bool = False
    ) -> None:
        """Set an option or a field of the header.

        ``force_selection``: it is sent although the client did not ask for it.  Raises ``LookupError`` for an option
        that there is not, ``ValueError`` and ``TypeError`` for a value that it cannot have.
        """
        field = FIELDS.get(option) if isinstance(option, str) else None
        if field is not None:
            self._set_field(field, value)
            return
        word = word_of(option)
        self._options[word.code] = octets_of(word.form, value, validate=validate)
        self._set.add(word.code)
        if force_selection and self._selected is not None:
            self._selected.add(word.code)

    def deleteOption(self, option: int | str) -> bool:
        """Take an option away, or put zeros into a field; whether it was there."""
        field = FIELDS.get(option) if isinstance(option, str) else None
        if field is not None:
            self._header[field.offset : field.offset + field.octets] = bytes(field.octets)
            return True
        code = word_of(option).code
        self._set.discard(code)
        return self._options.pop(code, None) is not None

    def isOption(self, option: int | str) -> bool:
        """Whether the packet has it; fields of the header it always has."""
        return (isinstance(option, str) and option in FIELDS) or word_of(option).code in self._options

    def extractIPOrNone(self, option: int | str) -> IPv4 | None:
        """The address that an option or field holds; None where there is none, or 0.0.0.0."""
        octets = self.getOption(option)
        if octets is None or len(octets) < 4 or not any(octets[:4]):
            return None
        return IPv4(octets)

    def _field(self, field: Field) -> bytes:
        return bytes(self._header[field.offset : field.offset + field.octets])

    def _set_field(self, field: Field, value: Any) -> None:
        octets = octets_of(field.form, value, validate=field.form not in {"text", "mac"})
        if len(octets) > field.octets:
            raise ValueError(f"{field.name} has room for {field.octets} octets, not for {len(octets)}.")
        self._header[field.offset : field.offset + field.octets] = bytes(octets).ljust(field.octets, b"\0")

    # What the client asked for.

    def getSelectedOptions(self, translate: bool = False) -> list[Any] | None:
        """The options that may be sent, by number or by word; None where the client gave no list: all of them."""
        if self._selected is None:
            return None
        chosen = sorted(self._selected)
        return [BY_CODE[code].name if code in BY_CODE else code for code in chosen] if translate else list(chosen)

    def setSelectedOptions(
        self, added: Iterable[int | str] | None = None, removed: Iterable[int | str] | None = None
    ) -> None:
        """Allow options to be sent, or forbid it."""
        if self._selected is None:
            self._selected = set(BY_CODE)
        self._selected |= {word_of(option).code for option in added or ()}
        self._selected -= {word_of(option).code for option in removed or ()}

    def isSelectedOption(self, option: int | str) -> bool:
        """Whether the option may be sent."""
        return self._selected is None or word_of(option).code in self._selected

    def isRequestedOption(self, option: int | str) -> bool:
        """Whether the client asked for it."""
        return self._requested is not None and word_of(option).code in self._requested

    # Hardware address and flags.

    def getHardwareAddress(self) -> MAC:
        """The client's."""
        return MAC(self._header[28:34])

    def setHardwareAddress(self, mac: Any) -> None:
        """Another one."""
        self._set_field(FIELDS["chaddr"], list(MAC(mac)))

    def getFlag(self, flag: int) -> bool:
        """Whether a bit of the flags is set."""
        return bool(int.from_bytes(self._header[10:12], "big") & flag)

    def setFlag(self, flag: int, value: bool) -> None:
        """Set or clear a bit of the flags."""
        flags = int.from_bytes(self._header[10:12], "big")
        self._header[10:12] = (flags | flag if value else flags & ~flag).to_bytes(2, "big")

    # Message types.

    def _type(self) -> int:
        kind = self._options.get(_TYPE)
        return kind[0] if kind is not None and len(kind) == 1 else 0

    def getDHCPMessageTypeName(self) -> str:
        """The name of its type, ``DHCP_DISCOVER`` and so on."""
        kind = self._type()
        return f"DHCP_{_NAMES[kind - 1]}" if 1 <= kind <= len(_NAMES) else f"Unknown ({kind})"

    def isDHCPDiscoverPacket(self) -> bool:
        return self._type() == 1

    def isDHCPOfferPacket(self) -> bool:
        return self._type() == 2

    def isDHCPRequestPacket(self) -> bool:
        return self._type() == 3

    def isDHCPDeclinePacket(self) -> bool:
        return self._type() == 4

    def isDHCPAckPacket(self) -> bool:
        return self._type() == 5

    def isDHCPNakPacket(self) -> bool:
        return self._type() == 6

    def isDHCPReleasePacket(self) -> bool:
        return self._type() == 7

    def isDHCPInformPacket(self) -> bool:
        return self._type() == 8

    def isDHCPLeaseQueryPacket(self) -> bool:
        return self._type() == 10

    def isDHCPLeaseUnassignedPacket(self) -> bool:
        return self._type() == 11

    def isDHCPLeaseUnknownPacket(self) -> bool:
        return self._type() == 12

    def isDHCPLeaseActivePacket(self) -> bool:
        return self._type() == 13

    def transformToDHCPOfferPacket(self) -> None:
        self._transform(2)
        self.deleteOption("ciaddr")

    def transformToDHCPAckPacket(self) -> None:
        self._transform(5)

    def transformToDHCPNakPacket(self) -> None:
        """A refusal: without address, lease time and boot fields."""
        self._transform(6)
        for name in ("ciaddr", "yiaddr", "siaddr", "sname", "file"):
            self.deleteOption(name)
        self.deleteOption(_LEASE_TIME)

    def transformToDHCPLeaseUnassignedPacket(self) -> None:
        self._transform(11)

    def transformToDHCPLeaseUnknownPacket(self) -> None:
        self._transform(12)

    def transformToDHCPLeaseActivePacket(self) -> None:
        self._transform(13)

    def _transform(self, kind: int) -> None:
        self._header[0] = 2
        self._header[2] = 6
        self._header[8:10] = b"\0\0"
        for code in _OF_REQUESTS:
            self._options.pop(code, None)
        self._set -= _OF_REQUESTS
        self._options[_TYPE] = [kind]

    # The server's own: how a request becomes its answer, and what a script made of that.

    def becomeAnswer(self, kind: int, fields: Mapping[str, bytes], options: Mapping[int, bytes]) -> None:
        """Make it the answer that the server has decided on.

        Of the request nothing goes on but what scripts set, and the relay's option 82.
        """
        self._answer = kind, fields, options
        if "_options" in vars(self):
            self._become(kind, fields, options)

    def _become(self, kind: int, fields: Mapping[str, bytes], options: Mapping[int, bytes]) -> None:
        kept = {code: value for code, value in self._options.items() if code in self._set or code == _RELAY}
        self._options = kept
        self._transform(kind)
        if self._type() == _OFFER:
            self.deleteOption("ciaddr")
        for name, octets in fields.items():
            self._set_field(FIELDS[name], octets)
        self._options.update(options)
        if self._selected is not None:
            self._selected |= options.keys()

    def changesTo(
        self, fields: Mapping[str, bytes], options: Mapping[int, bytes]
    ) -> tuple[dict[str, bytes], dict[int, bytes | None]]:
        """What of the server's answer a script changed: fields, and options that are sent (None: taken away)."""
        if "_options" not in vars(self):
            return {}, {}  # Nobody looked.
        now: dict[str, bytes] = {}
        for name, octets in fields.items():
            found = self._field(FIELDS[name])
            if found != octets.ljust(len(found), b"\0"):
                now[name] = found.rstrip(b"\0") if name in {"sname", "file"} else found
        said: dict[int, bytes | None] = {
            code: bytes(value)
            for code, value in self._options.items()
            if (self._selected is None or code in self._selected) and code != _RELAY
        }
        changed = {code: value for code, value in said.items() if options.get(code) != value}
        changed |= dict.fromkeys(options.keys() - said.keys())
        return now, changed

    # The whole.

    def copy(self) -> Self:
        """Another packet like this one, that shares nothing with it and has a ``meta`` of its own."""
        return copy.deepcopy(self)

    def encodePacket(self) -> bytes:
        """Its octets.  The server lays out what it sends itself, within what the client takes."""
        first = [code for code in (_TYPE, _SERVER, _LEASE_TIME) if code in self._options]
        rest = sorted(code for code in self._options if code not in first)
        pairs = [(code, bytes(self._options[code])) for code in (*first, *rest) if self.isSelectedOption(code)]
        return bytes(self._header) + COOKIE + encode_options(pairs) + b"\xff"

    def __str__(self) -> str:
        fields = [f"{name}: {_value_of_field(field, list(self._field(field)))}" for name, field in FIELDS.items()]
        options = []
        for code in sorted(self._options):
            word = word_of(code)
            options.append(f"[{code}] {word.name}: {value_of(word.form, self._options[code])}")
        return "\n".join((self.getDHCPMessageTypeName(), *fields, *options))


def _value_of_field(field: Field, octets: list[int]) -> Any:
    if field.form == "text":
        return bytes(octets).split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
    return value_of(field.form, octets)
