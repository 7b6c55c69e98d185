"""Hardware addresses as scripts handle them: text with any separators, number and sequence of octets at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from dhcpcore.script.compat.octets import Octets

_NOT_HEX = re.compile("[^0-9A-Fa-f]")


class MAC(Octets):
    """A hardware address of six octets; equal to its text in any form, its number and any sequence of its octets."""

    __slots__ = ()

    def __init__(self, address: Any) -> None:
        """``address``: 12 hexadecimal digits with any separators, a number of 48 bits, a MAC, or six octets.

        Raises ``ValueError`` where it is none of these.
        """
        self._octets = _octets_of(address)

    def __str__(self) -> str:
        return bytes(self._octets).hex(":")


def _octets_of(address: Any) -> tuple[int, ...]:
    if isinstance(address, bytes) and len(address) == 6:
        return tuple(address)
    if isinstance(address, MAC):
        return address._octets  # noqa: SLF001 - Of the same module.
    if isinstance(address, str):
        digits = _NOT_HEX.sub("", address)
        if len(digits) == 12:
            return tuple(bytes.fromhex(digits))
    elif isinstance(address, int) and not isinstance(address, bool):
        if 0 <= address < 1 << 48:
            return tuple(address.to_bytes(6, "big"))
    elif isinstance(address, Iterable):
        numbers = list(address)
        if len(numbers) == 6 and all(isinstance(number, int) and 0 <= number <= 255 for number in numbers):
            return tuple(numbers)
    raise ValueError(f"{address!r} is no hardware address of six octets.")
