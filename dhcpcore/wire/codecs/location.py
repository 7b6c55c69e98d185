"""Where the client is: coordinates (RFC 6225) and civic addresses (RFC 4776)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.codecs.base import Codec, Counted, Description, ListOf, Record, Value, cut_off, wrong
from dhcpcore.wire.codecs.numbers import U8
from dhcpcore.wire.codecs.text import OPAQUE, Ascii
from dhcpcore.wire.quoting import quoted


@dataclass(frozen=True, slots=True)
class _Bits:
    """One row of the layout: ``fraction`` bits behind the binary point make it a fixed-point number with a sign."""

    name: str
    bits: int
    fraction: int = 0
    limit: int = 0


#: RFC 6225 2.2: 128 bits from the left.  Options 123, 144 and DHCPv6's 63 share them.
_LAYOUT = (
    _Bits("latitude_uncertainty", 6),
    _Bits("latitude", 34, 25, 90),
    _Bits("longitude_uncertainty", 6),
    _Bits("longitude", 34, 25, 180),
    _Bits("altitude_type", 4),
    _Bits("altitude_uncertainty", 6),
    _Bits("altitude", 30, 8),
    _Bits("version", 2),
    _Bits("resolution", 3),
    _Bits("datum", 3),
)


@dataclass(frozen=True, slots=True)
class Coordinates(Codec):
    """Latitude, longitude and altitude as fixed-point numbers with their uncertainties; what is left out is 0."""

    version: int = 1

    def encode(self, value: object) -> bytes:
        names = [row.name for row in _LAYOUT]
        if not isinstance(value, Mapping) or any(key not in names for key in value):
            raise wrong(value, f"a mapping of {', '.join(names)}")
        if "latitude" not in value or "longitude" not in value:
            raise InvalidValue("latitude and longitude are needed, in degrees such as 38.89868")
        number = 0
        for row in _LAYOUT:
            default = self.version if row.name == "version" else 0
            number = number << row.bits | self._field(row, value.get(row.name, default))
        return number.to_bytes(16, "big")

    @staticmethod
    def _field(row: _Bits, value: object) -> int:
        if row.fraction:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise InvalidValue(f"{row.name}: {quoted(value)} is not a number")
            limit = row.limit or 1 << row.bits - row.fraction - 1
            if not -limit <= value <= limit:
                raise InvalidValue(
                    f"{row.name}: {quoted(value)} is out of range: write a number from -{limit} to {limit}"
                )
            top = (1 << row.bits - 1) - 1
            return min(round(value * (1 << row.fraction)), top) & (1 << row.bits) - 1
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << row.bits:
            raise InvalidValue(f"{row.name}: {quoted(value)} is not a number from 0 to {(1 << row.bits) - 1}")
        return value

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        number = int.from_bytes(cut_off(data, at, 16, end), "big")
        value: dict[str, Value] = {}
        left = 128
        for row in _LAYOUT:
            left -= row.bits
            field = number >> left & (1 << row.bits) - 1
            if not row.fraction:
                value[row.name] = field
                continue
            signed = field - (1 << row.bits) if field >> row.bits - 1 else field
            value[row.name] = signed / (1 << row.fraction)
            if row.limit and abs(value[row.name]) > row.limit:
                raise MalformedMessage(f"a {row.name} of {value[row.name]} degrees", at)
        return value, at + 16

    def describe(self) -> Description:
        properties = {row.name: {"type": "number" if row.fraction else "integer"} for row in _LAYOUT}
        example = {"latitude": 38.5, "longitude": -77.25, "altitude_type": 1, "altitude": 15}
        return {
            "type": "object",
            "properties": properties,
            "required": ["latitude", "longitude"],
            "additionalProperties": False,
            "example": example,
        }


COORDINATES_V0 = Coordinates(version=0)
COORDINATES = Coordinates(version=1)

#: RFC 4776 3.1: whose place it is, the country, then counted elements of numbered types.
CIVIC_ADDRESS = Record(
    (
        ("what", U8),
        ("country", Ascii(2, "DE")),
        ("elements", ListOf(Record((("type", U8), ("value", Counted(OPAQUE)))), count_min=0)),
    )
)
