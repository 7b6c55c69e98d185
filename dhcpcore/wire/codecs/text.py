"""Strings and octets that mean nothing to the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.addresses import format_hex, parse_hex
from dhcpcore.wire.codecs.base import PAYLOAD_OCTETS_MAX, Codec, Description, Value, hex_form, wrong


@dataclass(frozen=True, slots=True)
class Text(Codec):
    """A string in UTF-8 to the end of the payload.

    NULs at the end are dropped on receipt, RFC 2132 2; a string with other NULs or that is not UTF-8 decodes to
    ``{hex: …}``, so nothing is lost.  With ``opaque`` nothing is dropped and only printable text is shown as text.
    """

    octets_min: int = 1
    octets_max: int = PAYLOAD_OCTETS_MAX
    opaque: bool = False
    example: str = "text"

    def encode(self, value: object) -> bytes:
        octets = hex_form(value)
        if octets is None:
            if not isinstance(value, str):
                raise wrong(value, f"a string such as {self.example!r} (numbers need quotes)")
            if "\0" in value:
                raise wrong(value, "a string without NUL; octets are written as {hex: '…'}")
            try:
                octets = value.encode()
            except UnicodeEncodeError:
                raise wrong(value, "a string of whole characters; octets are written as {hex: '…'}") from None
        if not self.octets_min <= len(octets) <= self.octets_max:
            raise InvalidValue(f"the string has {len(octets)} octets, {self.octets_min} to {self.octets_max} are right")
        return octets

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        octets = data[at:end]
        if not self.octets_min <= len(octets) <= self.octets_max:
            raise MalformedMessage(f"a string of {len(octets)} octets", at)
        return self._shown(octets), end

    def _shown(self, octets: bytes) -> Value:
        kept = octets if self.opaque else octets.rstrip(b"\0")
        # A string of NULs only would be shown as empty, which may be too short to be written again.
        if len(kept) >= self.octets_min and b"\0" not in kept:
            try:
                text = kept.decode()
            except UnicodeDecodeError:
                pass
            else:
                if not self.opaque or text.isprintable():
                    return text
        return {"hex": format_hex(octets)}

    def describe(self) -> Description:
        return {
            "type": "string",
            "minLength": self.octets_min,
            "maxLength": self.octets_max,
            "example": self.example,
        }


@dataclass(frozen=True, slots=True)
class Binary(Codec):
    """Octets in hex to the end of the payload; ``{text: …}`` writes them as UTF-8."""

    octets_min: int = 1
    octets_max: int = PAYLOAD_OCTETS_MAX
    separator: str = ""
    example: str = "0102ff"

    def encode(self, value: object) -> bytes:
        octets = hex_form(value)
        if octets is None:
            if isinstance(value, str):
                octets = parse_hex(value)
            elif isinstance(value, Mapping) and list(value) == ["text"] and isinstance(value["text"], str):
                octets = Text(octets_min=0).encode(value["text"])
            else:
                raise wrong(value, f"hex in quotes such as '{self.example}', or {{text: '…'}}")
        if not self.octets_min <= len(octets) <= self.octets_max:
            raise InvalidValue(f"the value has {len(octets)} octets, {self.octets_min} to {self.octets_max} are right")
        return octets

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        octets = data[at:end]
        if not self.octets_min <= len(octets) <= self.octets_max:
            raise MalformedMessage(f"a value of {len(octets)} octets", at)
        return format_hex(octets, self.separator), end

    def describe(self) -> Description:
        return {
            "type": "string",
            "format": "hex",
            "minLength": self.octets_min,
            "maxLength": self.octets_max,
            "example": self.example,
        }


@dataclass(frozen=True, slots=True)
class Ascii(Codec):
    """A fixed number of upper-case ASCII letters or digits, such as a country code."""

    octets: int
    example: str

    def encode(self, value: object) -> bytes:
        octets = hex_form(value)
        if octets is not None and len(octets) == self.octets:
            return octets
        if not isinstance(value, str) or len(value) != self.octets or not value.isascii() or not value.isalnum():
            raise wrong(value, f"{self.octets} letters such as {self.example!r}")
        return value.encode()

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        stop = at + self.octets
        if stop > end:
            raise MalformedMessage(f"{self.octets} letters expected, {end - at} there", at)
        octets = data[at:stop]
        if octets.isalnum():
            return octets.decode("ascii"), stop
        return {"hex": format_hex(octets)}, stop

    def describe(self) -> Description:
        return {"type": "string", "minLength": self.octets, "maxLength": self.octets, "example": self.example}


@dataclass(frozen=True, slots=True)
class FixedBinary(Codec):
    """A fixed number of octets in hex, inside a record."""

    octets: int
    separator: str = ""
    example: str = "0102ff"

    def encode(self, value: object) -> bytes:
        return Binary(self.octets, self.octets, self.separator, self.example).encode(value)

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        stop = at + self.octets
        if stop > end:
            raise MalformedMessage(f"{self.octets} octets expected, {end - at} there", at)
        return format_hex(data[at:stop], self.separator), stop

    def describe(self) -> Description:
        return Binary(self.octets, self.octets, self.separator, self.example).describe()


TEXT = Text()
#: Octets that are most often text, such as a circuit identifier.
OPAQUE = Text(opaque=True)
BINARY = Binary()
