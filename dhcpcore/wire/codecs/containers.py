"""Options that hold options: encapsulated spaces, identity associations, vendors' blocks.

What is inside is looked up in the spaces that the codec was bound to when the tables were joined.  The tables are
bound level by level (``options.ENCAPSULATION_LEVELS_MAX``), so a payload can nest no deeper than that; what lies
deeper stays hex.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.addresses import parse_hex
from dhcpcore.wire.codecs.base import Codec, Counted, Description, Record, SpaceLookup, Value, cut_off, hex_form, wrong
from dhcpcore.wire.codecs.numbers import U32
from dhcpcore.wire.quoting import quoted

if TYPE_CHECKING:
    from dhcpcore.wire.options import OptionSpace


def _unbound(space: str) -> OptionSpace:
    raise AssertionError(f"the codec of {space} was not bound to its tables")


@dataclass(frozen=True, slots=True)
class SubOptions(Codec):
    """Options of ``space`` inside an option, each with a code and a length of ``code_octets`` octets.

    With one octet a code stands once and the plain form is a mapping of names to values; with two (DHCPv6) options
    repeat and have an order, so the form is a list of mappings of one name each, and a mapping is read too.  Hex is
    always read.  ``opaque`` is for payloads that only their vendor knows: what cannot be read decodes to ``{hex: …}``,
    and an END octet at the end is kept as ``end: true``, RFC 2132 8.4.  ``vendors`` are spaces of well-known
    vendors by a short name: ``{pxe: {…}}`` is written with its names, and reads back by codes, for only option 60 tells
    whose it is.
    """

    space: str
    code_octets: int = 1
    opaque: bool = False
    example: Value = field(default="0104c0000201", hash=False)
    lookup: SpaceLookup = field(default=_unbound, repr=False, compare=False)
    vendors: tuple[tuple[str, str], ...] = ()

    def bound(self, lookup: SpaceLookup) -> Codec:
        return replace(self, lookup=lookup)

    def encode(self, value: object) -> bytes:
        for vendor, space in self.vendors:
            if isinstance(value, Mapping) and value.keys() == {vendor}:
                return replace(self, space=space, vendors=()).encode(value[vendor])
        raw = parse_hex(value) if isinstance(value, str) else hex_form(value)
        if raw is not None:
            return raw
        ended = b""
        seen = set()
        parts = []
        for name, inner in self._pairs(value):
            if self.opaque and name == "end":
                ended = b"\xff" if inner is True else b""
                continue
            code, octets = self._encode_one(name, inner)
            if code in seen and self.code_octets == 1:
                raise InvalidValue(f"{name}: the code {code} is there twice")
            seen.add(code)
            if len(octets) >= 1 << 8 * self.code_octets:
                raise InvalidValue(f"{name}: {len(octets)} octets are too long for an option inside an option")
            parts.append(
                code.to_bytes(self.code_octets, "big") + len(octets).to_bytes(self.code_octets, "big") + octets
            )
        return b"".join(parts) + ended

    def _pairs(self, value: object) -> Iterator[tuple[object, object]]:
        if isinstance(value, Mapping):
            yield from value.items()
            return
        if self.code_octets == 1 or not isinstance(value, list | tuple):
            raise wrong(value, f"a mapping of options such as {self._example()}, or hex")
        for number, item in enumerate(value, 1):
            if not isinstance(item, Mapping) or len(item) != 1:
                raise InvalidValue(f"item {number}: {quoted(item)} is not one option such as {self._example()}")
            yield from item.items()

    def _encode_one(self, name: object, value: object) -> tuple[int, bytes]:
        if not isinstance(name, str | int) or isinstance(name, bool):
            raise wrong(name, "the name or the code of an option")
        try:
            return self.lookup(self.space).encode(name, value)
        except InvalidValue as error:
            raise InvalidValue(f"{name}: {error}") from None

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        try:
            return self._take(data, at, end), end
        except MalformedMessage:
            if self.opaque:
                return {"hex": data[at:end].hex()}, end
            raise

    def _take(self, data: bytes, at: int, end: int) -> Value:
        space = self.lookup(self.space)
        start = at
        pairs: list[tuple[str, Value]] = []
        width = self.code_octets
        while at < end:
            if self.opaque and end - at == 1 and data[at] == 255:
                pairs.append(("end", True))
                break
            head = cut_off(data, at, 2 * width, end)
            code, size = int.from_bytes(head[:width], "big"), int.from_bytes(head[width:], "big")
            at += 2 * width
            if at + size > end:
                raise MalformedMessage(f"option {code} inside an option: {size} octets announced, {end - at} there", at)
            row = space.row(code)
            pairs.append((row.name, row.codec.whole(data, at, at + size)))
            at += size
        if width == 2:
            return [{name: value} for name, value in pairs]
        named = dict(pairs)
        # A code that stands twice has no place in a mapping; nothing is lost as hex.
        return named if len(named) == len(pairs) else {"hex": data[start:end].hex()}

    def _example(self) -> Value:
        return self.example

    def describe(self) -> Description:
        kind = "object" if self.code_octets == 1 else "array"
        return {"type": [kind, "string"], "encapsulates": self.space, "example": self.example}


@dataclass(frozen=True, slots=True)
class OptionalTail(Codec):
    """A record whose last field may be missing; it is then missing from the mapping too."""

    head: Record
    name: str
    tail: Codec

    def encode(self, value: object) -> bytes:
        if isinstance(value, Mapping) and self.name in value:
            return Record((*self.head.fields, (self.name, self.tail))).encode(value)
        return self.head.encode(value)

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        value, at = self.head.take(data, at, end)
        if at < end:
            value[self.name], at = self.tail.take(data, at, end)
        return value, at

    def describe(self) -> Description:
        described = self.head.describe()
        described["properties"] = {**described["properties"], self.name: self.tail.describe()}
        return described

    def bound(self, lookup: SpaceLookup) -> Codec:
        return replace(self, tail=self.tail.bound(lookup))


def with_options(*fields: tuple[str, Codec], space: str = "dhcp6") -> Codec:
    """DHCPv6 fields that options may follow, as in the identity associations, RFC 9915 21.4."""
    return OptionalTail(Record(fields), "options", SubOptions(space, 2, example=[{"option-65001": "0102ff"}]))


@dataclass(frozen=True, slots=True)
class VendorOptions(Codec):
    """An enterprise number and the options of its space ``vendor-NUMBER``, RFC 3925 4 and RFC 9915 21.17."""

    code_octets: int
    lookup: SpaceLookup = field(default=_unbound, repr=False, compare=False)

    def bound(self, lookup: SpaceLookup) -> Codec:
        return replace(self, lookup=lookup)

    def _options(self, enterprise: int) -> Codec:
        space = SubOptions(f"vendor-{enterprise}", self.code_octets, opaque=True, lookup=self.lookup)
        return Counted(space) if self.code_octets == 1 else space

    def encode(self, value: object) -> bytes:
        if not isinstance(value, Mapping) or set(value) != {"enterprise", "options"}:
            raise wrong(value, f"a mapping of enterprise and options such as {self._example()}")
        try:
            number = U32.encode(value["enterprise"])
        except InvalidValue as error:
            raise InvalidValue(f"enterprise: {error}") from None
        try:
            return number + self._options(int.from_bytes(number, "big")).encode(value["options"])
        except InvalidValue as error:
            raise InvalidValue(f"options: {error}") from None

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        number = int.from_bytes(cut_off(data, at, 4, end), "big")
        options, stop = self._options(number).take(data, at + 4, end)
        return {"enterprise": number, "options": options}, stop

    def _example(self) -> Value:
        options = {"option-1": "0102ff"}
        return {"enterprise": 4491, "options": options if self.code_octets == 1 else [options]}

    def describe(self) -> Description:
        return {
            "type": "object",
            "properties": {
                "enterprise": U32.describe(),
                "options": SubOptions("vendor-NUMBER", self.code_octets).describe(),
            },
            "required": ["enterprise", "options"],
            "additionalProperties": False,
            "example": self._example(),
        }
