"""Values of options as scripts write and read them, to octets and back: one row a form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dhcpcore.script.compat import conversion, rfc
from dhcpcore.script.compat.ipv4 import IPv4
from dhcpcore.script.compat.mac import MAC


class Form:
    """How values of one form are written and read, and of how many octets they may be."""

    def __init__(
        self, write: Callable[[Any], list[int]], read: Callable[[list[int]], Any], step: int, fixed: bool = False
    ) -> None:
        self.write = write
        self.read = read
        self.step = step
        self.fixed = fixed

    def fits(self, octets: Sequence[int]) -> bool:
        """Whether so many octets are a value of this form."""
        return len(octets) == self.step if self.fixed else bool(octets) and len(octets) % self.step == 0


def _byte(value: Any) -> list[int]:
    return [_within(value, 0xFF)]


def _int(value: Any) -> list[int]:
    return conversion.intToList(_within(value, 0xFFFF))


def _long(value: Any) -> list[int]:
    return conversion.longToList(_within(value, 0xFFFF_FFFF))


def _within(value: Any, most: int) -> int:
    if isinstance(value, str) or not hasattr(value, "__int__"):
        raise TypeError(f"{value!r} is no number.")
    number = int(value)
    if not 0 <= number <= most:
        raise ValueError(f"{number} is not within 0 and {most}.")
    return number


def _each(write: Callable[[Any], list[int]]) -> Callable[[Any], list[int]]:
    def write_all(values: Any) -> list[int]:
        if isinstance(values, int):
            values = [values]
        return [octet for value in values for octet in write(value)]

    return write_all


def _text(value: Any) -> list[int]:
    if not isinstance(value, str | bytes):
        raise TypeError(f"{value!r} is no text.")
    return conversion.strToList(value)


def _ips(value: Any) -> list[int]:
    return conversion.ipsToList([value] if isinstance(value, IPv4 | int) else value)


def _none(value: Any) -> list[int]:
    if value:
        raise ValueError("This option has no value: it is set by [].")
    return []


def _octets(value: Any) -> list[int]:
    if isinstance(value, str):
        return conversion.strToList(value)
    raise TypeError(f"{value!r} is no sequence of octets.")


FORMS = {
    "ip": Form(conversion.ipToList, IPv4, 4, fixed=True),
    "ips": Form(_ips, conversion.listToIPs, 4),
    "mac": Form(lambda value: list(MAC(value)), lambda octets: MAC(octets[:6]), 1),
    "byte": Form(_byte, lambda octets: octets[0], 1, fixed=True),
    "bool": Form(lambda value: [int(bool(value))], lambda octets: bool(octets[0]), 1, fixed=True),
    "int": Form(_int, conversion.listToInt, 2, fixed=True),
    "ints": Form(_each(_int), conversion.listToInts, 2),
    "long": Form(_long, conversion.listToLong, 4, fixed=True),
    "text": Form(_text, conversion.listToStr, 1),
    "bytes": Form(_octets, list, 1),
    "none": Form(_none, list, 0, fixed=True),
    "agent": Form(_octets, rfc.rfc3046_decode, 1),
    "enterprises": Form(_octets, rfc.rfc3925_decode, 1),
    "vendors": Form(_octets, rfc.rfc3925_125_decode, 1),
}


def octets_of(form: str, value: Any, *, validate: bool = True) -> list[int]:
    """The octets of a value.  Octets in a sequence, and RFC objects, are taken as they are.

    Raises ``ValueError`` for a value that the option cannot have, ``TypeError`` for one of another kind.
    """
    row = FORMS[form]
    if isinstance(value, rfc.RFC):
        return list(value.getValue())
    plain = isinstance(value, bytes | bytearray) or (
        isinstance(value, list | tuple) and all(isinstance(one, int) and 0 <= one <= 255 for one in value)
    )
    octets = list(value) if plain else row.write(value)
    if validate and not row.fits(octets):
        expected = f"{row.step}" if row.fixed else f"a multiple of {row.step}" if row.step > 1 else "at least one"
        raise ValueError(f"{value!r} makes {len(octets)} octets; the option has {expected}.")
    return octets


def value_of(form: str, octets: Sequence[int]) -> Any:
    """The value that octets stand for; octets that are no value of the form, as they are."""
    row = FORMS[form]
    return row.read(list(octets)) if row.fits(octets) else list(octets)
