"""One row an option: all that the appliance knows of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dhcpcore.errors import InvalidValue
from dhcpcore.wire.codecs.base import PAYLOAD_OCTETS_MAX, Codec, Description, SpaceLookup, Value, hex_form
from dhcpcore.wire.codecs.text import Binary

_ANY_OCTETS = Binary(octets_min=0)


@dataclass(frozen=True, slots=True)
class OptionRow:
    """A row of an option table.

    ``settable`` says whether the administrator may give it a value: not the protocol's own options, which the server
    computes, nor what only clients and relays say.  ``requestable`` says whether it is sent only to a client that asks.
    """

    code: int
    name: str
    codec: Codec
    rfc: str
    doc: str
    #: Names of the message types in which it may appear; empty for options inside other options.
    messages: frozenset[str] = frozenset()
    settable: bool = True
    requestable: bool = True
    encapsulates: str | None = None
    #: DHCPv6: whether a message may carry it several times.
    repeats: bool = False
    #: False for well-known codes that IANA has not assigned to this use.
    registered: bool = True
    example: Value = None

    def encode(self, value: object) -> bytes:
        """The payload for a plain value, or for ``{hex: …}`` whatever the type is."""
        raw = hex_form(value)
        octets = self.codec.encode(value) if raw is None else raw
        if len(octets) > PAYLOAD_OCTETS_MAX:
            raise InvalidValue(f"the value has {len(octets)} octets, at most {PAYLOAD_OCTETS_MAX} can be sent")
        return octets

    def decode(self, data: bytes) -> Value:
        """The plain value of a payload."""
        return self.codec.decode(data)

    def describe(self) -> Description:
        """The codec's description, with this row's own example where it has one."""
        described = self.codec.describe()
        if self.example is not None:
            described["example"] = self.example
        return described

    def bound(self, lookup: SpaceLookup) -> OptionRow:
        """The same row, finding encapsulated options by ``lookup``."""
        codec = self.codec.bound(lookup)
        return self if codec is self.codec else replace(self, codec=codec)


def opaque_row(code: int) -> OptionRow:
    """The row of a code that no table has: octets that pass through."""
    return OptionRow(code, f"option-{code}", _ANY_OCTETS, "", "An option that this server does not know.")
