"""DNS names as fields and lists, and the Client FQDN options of both families."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.codecs.base import Codec, Description, Value, cut_off, wrong
from dhcpcore.wire.codecs.text import Text
from dhcpcore.wire.names import (
    Labels,
    encode_compressed,
    encode_labels,
    format_labels,
    parse_labels,
    read_compressed,
    read_labels,
    read_partial_labels,
)
from dhcpcore.wire.quoting import quoted


@dataclass(frozen=True, slots=True)
class Name(Codec):
    """One whole name, uncompressed; a dot at the end changes nothing."""

    example: str = "host.example.org"

    def encode(self, value: object) -> bytes:
        return encode_labels(_whole_name(value, self.example))

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        labels, stop = read_labels(data, at, end)
        return format_labels(labels), stop

    def describe(self) -> Description:
        return {"type": "string", "format": "dns-name", "example": self.example}


def _whole_name(value: object, example: str) -> Labels:
    if not isinstance(value, str) or not value:
        raise wrong(value, f"a name such as {example}")
    return parse_labels(value)[0]


@dataclass(frozen=True, slots=True)
class CompressedNames(Codec):
    """A list of names in which a pointer may stand for an ending seen before, RFC 3397 2."""

    example: str = "example.org"

    def encode(self, value: object) -> bytes:
        if not isinstance(value, list | tuple) or not value:
            raise wrong(value, f"a list of names such as [{self.example}]")
        names = []
        for number, name in enumerate(value, 1):
            try:
                names.append(_whole_name(name, self.example))
            except InvalidValue as error:
                raise InvalidValue(f"item {number}: {error}") from None
        return encode_compressed(names)

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        names = []
        start = at
        while at < end:
            labels, at = read_compressed(data, start, at, end)
            names.append(format_labels(labels))
        if not names:
            raise MalformedMessage("an empty list of names", start)
        return names, at

    def describe(self) -> Description:
        item = {"type": "string", "format": "dns-name", "example": self.example}
        return {"type": "array", "items": item, "minItems": 1, "example": [self.example]}


@dataclass(frozen=True, slots=True)
class ClientFqdn(Codec):
    """The Client FQDN option: flags, for DHCPv4 two octets that were once result codes, and a name.

    A dot at the end makes the name absolute; without it, it is partial and the root is left out on the wire,
    RFC 4702 3.1.  Where ``wire_flag`` (E) is not set, the name is plain text, RFC 4702 2.3.1.  DHCPv6 has neither the
    result codes nor that flag, RFC 4704 4.
    """

    wire_flag: int
    result_codes: bool

    def encode(self, value: object) -> bytes:
        if not isinstance(value, Mapping):
            raise wrong(value, f"a mapping such as {self._example()}")
        allowed = set(self._example())
        unknown = [str(key) for key in value if key not in allowed]
        if unknown or "name" not in value:
            raise wrong(dict(value), f"a mapping of {', '.join(self._example())}, of which name is needed")
        numbers = [self._octet(value, "flags", self.wire_flag)]
        if self.result_codes:
            numbers += [self._octet(value, "rcode1", 0), self._octet(value, "rcode2", 0)]
        return bytes(numbers) + self._name_octets(value["name"], numbers[0])

    @staticmethod
    def _octet(value: Mapping[str, object], key: str, default: int) -> int:
        number = value.get(key, default)
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= 255:
            raise InvalidValue(f"{key}: {quoted(number)} is not a number from 0 to 255")
        return number

    def _name_octets(self, name: object, flags: int) -> bytes:
        try:
            if self.wire_flag and not flags & self.wire_flag:
                return Text(octets_min=0, opaque=True).encode(name)
            if not isinstance(name, str):
                raise wrong(name, "a name such as host.example.org.")
            labels, absolute = parse_labels(name)
        except InvalidValue as error:
            raise InvalidValue(f"name: {error}") from None
        return encode_labels(labels, terminated=absolute)

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        head = cut_off(data, at, 3 if self.result_codes else 1, end)
        value: dict[str, Value] = {"flags": head[0]}
        if self.result_codes:
            value |= {"rcode1": head[1], "rcode2": head[2]}
        at += len(head)
        if self.wire_flag and not head[0] & self.wire_flag:
            value["name"], at = Text(octets_min=0, opaque=True).take(data, at, end)
            return value, at
        labels, at, absolute = read_partial_labels(data, at, end)
        value["name"] = format_labels(labels) + "." if absolute and labels else "." if absolute else partial(labels)
        return value, at

    def _example(self) -> dict[str, Value]:
        codes = {"rcode1": 255, "rcode2": 255} if self.result_codes else {}
        return {"flags": self.wire_flag | 1, **codes, "name": "host.example.org."}

    def describe(self) -> Description:
        octet = {"type": "integer", "minimum": 0, "maximum": 255}
        return {
            "type": "object",
            "properties": {
                key: {"type": "string", "format": "dns-name"} if key == "name" else octet for key in self._example()
            },
            "required": ["name"],
            "additionalProperties": False,
            "example": self._example(),
        }


def partial(labels: Labels) -> str:
    """The text of a name without its root, empty for no labels at all."""
    return format_labels(labels) if labels else ""


NAME = Name()
COMPRESSED_NAMES = CompressedNames(example="example.org")
