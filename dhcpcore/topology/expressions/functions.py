"""The functions of expressions: one row each, with what they take and give.

What cannot be worked out gives the empty string, as in Kea, and never an error: the text was checked when it was read,
and the rest is a packet's own doing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from dhcpcore.topology.expressions.subject import Subject
from dhcpcore.wire.addresses import format_address

Octets = Callable[[Subject], bytes]
Truth = Callable[[Subject], bool]

#: Octets of any value on the way: what would be longer is cut, so that no nesting of functions makes it explode.
VALUE_OCTETS_MAX = 65_535

#: Kinds of argument: an expression of either type, or something that stands in the text itself.
STRING, CONDITION = "a string", "true or false"
INTEGER, LENGTH, LITERAL, PATTERN, NUMBER = "an integer", "an integer or all", "a text", "a pattern", "a number"
ALL = "all"


class Function(NamedTuple):
    """A row: what it takes, by name and kind; what it gives; and what makes its closure of the arguments' ones."""

    takes: tuple[tuple[str, str], ...]
    gives: str
    make: Callable[..., Callable[[Subject], Any]]
    narrows: bool = False  #: The result of a reading has fewer values than the reading: it is remembered by.
    octets: int = 0  #: Of a number that it reads.
    signed: bool = False


def substring(value: bytes, start: int, length: int | str) -> bytes:
    """Octets from ``start``; a negative one counts from the end, a negative length goes towards the beginning."""
    size = len(value)
    if not -size <= start < size:
        return b""
    begin = start if start >= 0 else size + start
    if isinstance(length, str):
        return value[begin:]
    return value[begin : begin + length] if length >= 0 else value[max(0, begin + length) : begin]


def split(value: bytes, delimiters: bytes, field: int) -> bytes:
    """The field of that number, from 1, between octets that are any of the delimiters."""
    if not delimiters:
        return value
    start = number = 0
    for at, octet in enumerate(value):
        if octet in delimiters:
            number += 1
            if number == field:
                return value[start:at]
            start = at + 1
    return value[start:] if number + 1 == field else b""


def hexstring(value: bytes, separator: bytes) -> bytes:
    """Two hexadecimal digits an octet, with the separator between them."""
    most = VALUE_OCTETS_MAX // (2 + len(separator))
    return separator.join(b"%02x" % octet for octet in value[:most])


def address_text(value: bytes) -> bytes:
    """An address as people write it."""
    return format_address(value).encode() if len(value) in {4, 16} else b""


def number_text(value: bytes, octets: int, *, signed: bool) -> bytes:
    """A number in decimal digits; of another length than ``octets``, nothing."""
    return str(int.from_bytes(value, "big", signed=signed)).encode() if len(value) == octets else b""


def _substring(value: Octets, start: int, length: int | str) -> Octets:
    if start == 0 and isinstance(length, int) and length >= 0:
        return lambda subject: value(subject)[:length]
    return lambda subject: substring(value(subject), start, length)


def _concat(one: Octets, other: Octets) -> Octets:
    return lambda subject: (one(subject) + other(subject))[:VALUE_OCTETS_MAX]


def _split(value: Octets, delimiters: Octets, field: int) -> Octets:
    return lambda subject: split(value(subject), delimiters(subject), field)


def _ifelse(condition: Truth, one: Octets, other: Octets) -> Octets:
    return lambda subject: one(subject) if condition(subject) else other(subject)


def _hexstring(value: Octets, separator: Octets) -> Octets:
    return lambda subject: hexstring(value(subject), separator(subject))


def _match(matches: Callable[[bytes], bool], value: Octets) -> Truth:
    return lambda subject: matches(value(subject))


def _member(name: str) -> Truth:
    return lambda subject: name in subject.classes


def _number(octets: int, *, signed: bool) -> Function:
    return Function(
        (("value", NUMBER),), STRING,
        lambda value: lambda subject: number_text(value(subject), octets, signed=signed),
        octets=octets, signed=signed,
    )  # fmt: skip


FUNCTIONS: Mapping[str, Function] = {
    "substring": Function(
        (("value", STRING), ("start", INTEGER), ("length", LENGTH)), STRING, _substring, narrows=True
    ),
    "concat": Function((("first", STRING), ("second", STRING)), STRING, _concat),
    "split": Function((("value", STRING), ("delimiters", STRING), ("field", INTEGER)), STRING, _split, narrows=True),
    "ifelse": Function((("condition", CONDITION), ("then", STRING), ("else", STRING)), STRING, _ifelse),
    "hexstring": Function((("value", STRING), ("separator", STRING)), STRING, _hexstring),
    "lcase": Function((("value", STRING),), STRING, lambda value: lambda subject: value(subject).lower()),
    "ucase": Function((("value", STRING),), STRING, lambda value: lambda subject: value(subject).upper()),
    "match": Function((("pattern", PATTERN), ("value", STRING)), CONDITION, _match),
    "member": Function((("class", LITERAL),), CONDITION, _member),
    "addrtotext": Function((("value", STRING),), STRING, lambda value: lambda subject: address_text(value(subject))),
    "int8totext": _number(1, signed=True),
    "int16totext": _number(2, signed=True),
    "int32totext": _number(4, signed=True),
    "uint8totext": _number(1, signed=False),
    "uint16totext": _number(2, signed=False),
    "uint32totext": _number(4, signed=False),
}
