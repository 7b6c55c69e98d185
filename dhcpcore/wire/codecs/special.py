"""Shapes that one option each has: classless routes, SIP servers, user class, PCP server lists."""

from __future__ import annotations

from dataclasses import dataclass

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.addresses import parse_ipv4
from dhcpcore.wire.codecs.addresses import ADDRESS4, PREFIX4_SHORT
from dhcpcore.wire.codecs.base import Codec, Counted, Description, ListOf, Record, Value, cut_off, hex_form, wrong
from dhcpcore.wire.codecs.names import NAME
from dhcpcore.wire.codecs.text import OPAQUE, Text

#: RFC 3442: each route is the short form of its destination and a router; written as a list of pairs.
CLASSLESS_ROUTES = ListOf(Record((("destination", PREFIX4_SHORT), ("router", ADDRESS4)), as_list=True))

#: RFC 7291 3: several PCP servers, each a counted list of its addresses.
ADDRESS_LISTS4 = ListOf(Counted(ListOf(ADDRESS4)))


@dataclass(frozen=True, slots=True)
class SipServers(Codec):
    """An octet that says names (0) or addresses (1), then the list, RFC 3361 3; never a mixture."""

    def encode(self, value: object) -> bytes:
        if not isinstance(value, list | tuple) or not value or not all(isinstance(item, str) for item in value):
            raise wrong(value, "a list of addresses or of names such as [192.0.2.1]")
        are_addresses = {self._is_address(item) for item in value}
        if len(are_addresses) > 1:
            raise wrong(value, "a list of addresses only, or of names only")
        if are_addresses == {True}:
            return b"\1" + ListOf(ADDRESS4).encode(value)
        return b"\0" + ListOf(NAME).encode(value)

    @staticmethod
    def _is_address(text: str) -> bool:
        try:
            parse_ipv4(text)
        except InvalidValue:
            return False
        return True

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        kind = cut_off(data, at, 1, end)[0]
        if kind == 1:
            return ListOf(ADDRESS4).take(data, at + 1, end)
        if kind:
            raise MalformedMessage(f"an encoding octet of {kind}", at)
        names, stop = ListOf(NAME).take(data, at + 1, end)
        # A name that looks like an address keeps its last dot, by which it is told apart when it is written again.
        return [name + "." if self._is_address(name) else name for name in names], stop

    def describe(self) -> Description:
        return {"type": "array", "items": {"type": "string"}, "minItems": 1, "example": ["192.0.2.1"]}


@dataclass(frozen=True, slots=True)
class UserClass4(Codec):
    """RFC 3004: a list of counted classes.  Many clients send bare text instead: that is a single string here."""

    def encode(self, value: object) -> bytes:
        if isinstance(value, str) or hex_form(value) is not None:
            return OPAQUE.encode(value)
        return _USER_CLASSES.encode(value)

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        try:
            return _USER_CLASSES.take(data, at, end)
        except MalformedMessage:
            return OPAQUE.take(data, at, end)

    def describe(self) -> Description:
        return _USER_CLASSES.describe()


@dataclass(frozen=True, slots=True)
class Numbered(Codec):
    """A list behind the number of its items, in one octet: PXE's boot servers."""

    item: Codec

    def encode(self, value: object) -> bytes:
        octets = ListOf(self.item).encode(value)
        assert isinstance(value, list | tuple)
        if len(value) > 255:
            raise InvalidValue(f"the list has {len(value)} items, at most 255 can be counted here")
        return bytes((len(value),)) + octets

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        count = cut_off(data, at, 1, end)[0]
        at += 1
        values = []
        for _number in range(count):
            value, at = self.item.take(data, at, end)
            values.append(value)
        return values, at

    def describe(self) -> Description:
        return ListOf(self.item).describe()


_USER_CLASSES = ListOf(Counted(Text(opaque=True, example="accounting")))
USER_CLASS4 = UserClass4()
SIP_SERVERS4 = SipServers()
