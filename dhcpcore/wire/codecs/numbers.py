"""Numbers, booleans, and options that say something by being there."""

from __future__ import annotations

from dataclasses import dataclass

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.codecs.base import Codec, Description, Value, cut_off, wrong
from dhcpcore.wire.quoting import quoted


@dataclass(frozen=True, slots=True)
class Integer(Codec):
    """A whole number of ``octets`` octets in network order.

    ``least`` and ``most`` are what an RFC allows to be sent, and bind what is written, not what is received.
    """

    octets: int
    signed: bool = False
    least: int | None = None
    most: int | None = None
    example: int = 1

    def bounds(self) -> tuple[int, int]:
        """The smallest and the largest number that may be written."""
        bits = 8 * self.octets - self.signed
        low = -(1 << bits) if self.signed else 0
        high = (1 << bits) - 1
        return low if self.least is None else self.least, high if self.most is None else self.most

    def encode(self, value: object) -> bytes:
        # YAML's true is an int to Python, and no number to its writer.
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong(value, f"a whole number such as {self.example}")
        low, high = self.bounds()
        if not low <= value <= high:
            raise InvalidValue(f"{quoted(value)} is out of range: write a number from {low} to {high}")
        return value.to_bytes(self.octets, "big", signed=self.signed)

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        octets = cut_off(data, at, self.octets, end)
        return int.from_bytes(octets, "big", signed=self.signed), at + self.octets

    def describe(self) -> Description:
        low, high = self.bounds()
        return {"type": "integer", "minimum": low, "maximum": high, "example": self.example}


@dataclass(frozen=True, slots=True)
class Boolean(Codec):
    """One octet, 1 or 0."""

    def encode(self, value: object) -> bytes:
        if not isinstance(value, bool):
            raise wrong(value, "true or false")
        return b"\1" if value else b"\0"

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        octet = cut_off(data, at, 1, end)[0]
        if octet > 1:
            raise MalformedMessage(f"a boolean of {octet}", at)
        return octet == 1, at + 1

    def describe(self) -> Description:
        return {"type": "boolean", "example": True}


@dataclass(frozen=True, slots=True)
class Presence(Codec):
    """No octets at all: the option says what it says by being there; the plain form is ``true``."""

    def encode(self, value: object) -> bytes:
        if value is not True:
            raise wrong(value, "true; leave the option out where it shall not be sent")
        return b""

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        return True, at

    def describe(self) -> Description:
        return {"type": "boolean", "const": True, "example": True}


@dataclass(frozen=True, slots=True)
class Marker(Codec):
    """PAD and END, which have neither length nor value, RFC 2132 3.1 and 3.2: nobody writes them."""

    def encode(self, value: object) -> bytes:
        raise InvalidValue("this code marks padding or the end of the options: leave it out")

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        raise MalformedMessage("a marker has no value", at)

    def describe(self) -> Description:
        return {"type": "null", "example": None}


U8 = Integer(1)
U16 = Integer(2)
U32 = Integer(4, example=3600)
U64 = Integer(8)
BOOLEAN = Boolean()
PRESENCE = Presence()
MARKER = Marker()
