"""The interface of a codec, and the shapes that are made of other shapes: lists, records, counted values.

A codec turns the plain form of a value, as a YAML or JSON document has it, into the octets of an option's payload and
back.  ``encode`` raises ``InvalidValue``, ``decode`` raises ``MalformedMessage``; what ``decode`` gives, ``encode``
takes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.addresses import parse_hex
from dhcpcore.wire.quoting import quoted

if TYPE_CHECKING:
    from dhcpcore.wire.options import OptionSpace

#: A value in its plain form: str, int, float, bool, list or dict of such.
Value: TypeAlias = Any
#: What a form or the manual must know of a codec, in the words of JSON Schema, with ``example`` always there.
Description: TypeAlias = dict[str, Any]

#: Finds the space of options that a codec encapsulates, by its name; one without definitions is empty.
SpaceLookup: TypeAlias = "Callable[[str], OptionSpace]"

#: The longest payload: DHCPv6 counts with 16 bits, RFC 9915 21.1; a DHCPv4 message is shorter anyway.
PAYLOAD_OCTETS_MAX = 65_535


class Codec(ABC):
    """One shape of a payload, shared by many rows of the option tables."""

    __slots__ = ()

    @abstractmethod
    def encode(self, value: object) -> bytes:
        """The octets of a plain value; ``InvalidValue`` says what would be right."""

    @abstractmethod
    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        """The value that starts at ``at``, and where it ends; looks at nothing from ``end`` on."""

    @abstractmethod
    def describe(self) -> Description:
        """The shape for forms and the manual."""

    def decode(self, data: bytes) -> Value:
        """The plain value of a whole payload; octets left over are malformed."""
        return self.whole(data, 0, len(data))

    def whole(self, data: bytes, at: int, end: int) -> Value:
        """The value that fills ``data[at:end]`` exactly."""
        value, stop = self.take(data, at, end)
        if stop != end:
            raise MalformedMessage(f"{end - stop} octets more than the value has", stop)
        return value

    def bound(self, lookup: SpaceLookup) -> Codec:
        """The same shape, finding the options that it encapsulates by ``lookup``."""
        return self


def wrong(value: object, expected: str) -> InvalidValue:
    """The error for a value of the wrong kind."""
    return InvalidValue(f"{quoted(value)} is not {expected}")


def hex_form(value: object) -> bytes | None:
    """The octets of ``{hex: …}``, the form that says a value octet by octet; None for any other value."""
    if not isinstance(value, Mapping) or len(value) != 1 or "hex" not in value:
        return None
    text = value["hex"]
    if not isinstance(text, str):
        raise wrong(text, "hex in quotes such as {hex: '0102ff'}")
    return parse_hex(text)


def cut_off(data: bytes, at: int, count: int, end: int) -> bytes:
    """``count`` octets from ``at``; malformed when they reach past ``end``."""
    if at + count > end:
        raise MalformedMessage(f"{count} octets expected, {max(end - at, 0)} there", at)
    return data[at : at + count]


@dataclass(frozen=True, slots=True)
class ListOf(Codec):
    """One value after the other to the end of the payload; ``multiple`` is 2 for options that hold pairs."""

    item: Codec
    count_min: int = 1
    multiple: int = 1

    def encode(self, value: object) -> bytes:
        if not isinstance(value, list | tuple):
            raise wrong(value, f"a list such as {self._example()}")
        if len(value) < self.count_min:
            raise InvalidValue(f"the list has {len(value)} items, at least {self.count_min} are needed")
        if len(value) % self.multiple:
            raise InvalidValue(f"the list has {len(value)} items, a multiple of {self.multiple} is needed")
        return encode_items(self.item, value)

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        values = []
        start = at
        while at < end:
            value, stop = self.item.take(data, at, end)
            assert stop > at, "an item of a list must have octets of its own"
            values.append(value)
            at = stop
        if len(values) < self.count_min or len(values) % self.multiple:
            raise MalformedMessage(f"a list of {len(values)} items, {self._expected()}", start)
        return values, at

    def _expected(self) -> str:
        return f"at least {self.count_min} in multiples of {self.multiple} are needed"

    def _example(self) -> list[Value]:
        return [self.item.describe()["example"]] * max(1, self.multiple)

    def describe(self) -> Description:
        described: Description = {"type": "array", "items": self.item.describe(), "minItems": self.count_min}
        if self.multiple > 1:
            described["multipleOfItems"] = self.multiple
        described["example"] = self._example()
        return described

    def bound(self, lookup: SpaceLookup) -> Codec:
        item = self.item.bound(lookup)
        return self if item is self.item else replace(self, item=item)


def encode_items(item: Codec, values: list[object] | tuple[object, ...]) -> bytes:
    """The items' octets in order; a wrong one is named by its place, counted from 1, and the sum is bounded."""
    parts = []
    size = 0
    for number, value in enumerate(values, 1):
        try:
            part = item.encode(value)
        except InvalidValue as error:
            raise InvalidValue(f"item {number}: {error}") from None
        size += len(part)
        if size > PAYLOAD_OCTETS_MAX:
            raise InvalidValue(f"item {number}: the list is longer than {PAYLOAD_OCTETS_MAX} octets")
        parts.append(part)
    return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Record(Codec):
    """Named fields one after the other; the plain form is a mapping, and a list in the fields' order is read as well.

    With ``as_list`` the list is the form that decoding gives, for values that are written as lists everywhere.
    """

    fields: tuple[tuple[str, Codec], ...]
    as_list: bool = False

    def encode(self, value: object) -> bytes:
        parts = []
        for (name, codec), part in zip(self.fields, self._ordered(value), strict=True):
            try:
                parts.append(codec.encode(part))
            except InvalidValue as error:
                raise InvalidValue(f"{name}: {error}") from None
        return b"".join(parts)

    def _ordered(self, value: object) -> list[object]:
        names = [name for name, _codec in self.fields]
        if isinstance(value, Mapping):
            unknown = [str(key) for key in value if key not in names]
            missing = [name for name in names if name not in value]
            if unknown or missing:
                wanting = f"{', '.join(missing)} missing; " if missing else ""
                surplus = f"{quoted(', '.join(unknown))} unknown; " if unknown else ""
                raise InvalidValue(f"{wanting}{surplus}the fields are {', '.join(names)}")
            return [value[name] for name in names]
        if isinstance(value, list | tuple):
            if len(value) != len(names):
                raise InvalidValue(f"{len(value)} values for the {len(names)} fields {', '.join(names)}")
            return list(value)
        kind = "a list" if self.as_list else "a mapping"
        raise wrong(value, f"{kind} of {', '.join(names)} such as {self._example()}")

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        values = []
        for _name, codec in self.fields:
            value, at = codec.take(data, at, end)
            values.append(value)
        if self.as_list:
            return values, at
        return {name: value for (name, _codec), value in zip(self.fields, values, strict=True)}, at

    def _example(self) -> Value:
        examples = {name: codec.describe()["example"] for name, codec in self.fields}
        return list(examples.values()) if self.as_list else examples

    def describe(self) -> Description:
        fields = {name: codec.describe() for name, codec in self.fields}
        if self.as_list:
            return {"type": "array", "prefixItems": list(fields.values()), "example": self._example()}
        return {
            "type": "object",
            "properties": fields,
            "required": list(fields),
            "additionalProperties": False,
            "example": self._example(),
        }

    def bound(self, lookup: SpaceLookup) -> Codec:
        fields = tuple([(name, codec.bound(lookup)) for name, codec in self.fields])
        same = all(new is old for (_name, new), (_same, old) in zip(fields, self.fields, strict=True))
        return self if same else replace(self, fields=fields)


@dataclass(frozen=True, slots=True)
class Counted(Codec):
    """A value behind its own length of one or two octets."""

    inner: Codec
    length_octets: int = 1

    def encode(self, value: object) -> bytes:
        body = self.inner.encode(value)
        most = (1 << 8 * self.length_octets) - 1
        if len(body) > most:
            raise InvalidValue(f"the value has {len(body)} octets, at most {most} can be counted here")
        return len(body).to_bytes(self.length_octets, "big") + body

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        count = int.from_bytes(cut_off(data, at, self.length_octets, end), "big")
        at += self.length_octets
        if at + count > end:
            raise MalformedMessage(f"{count} octets announced, {end - at} there", at)
        return self.inner.whole(data, at, at + count), at + count

    def describe(self) -> Description:
        return self.inner.describe()

    def bound(self, lookup: SpaceLookup) -> Codec:
        inner = self.inner.bound(lookup)
        return self if inner is self.inner else replace(self, inner=inner)
