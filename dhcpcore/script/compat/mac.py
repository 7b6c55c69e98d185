"""Hardware addresses as scripts handle them: text with any separators, number and sequence of octets at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

_NOT_HEX = re.compile("[^0-9A-Fa-f]")


class MAC:
    """A hardware address of six octets; equal to its text in any form, its number and any sequence of its octets."""

    __slots__ = ("_octets",)

    def __init__(self, address: Any) -> None:
        """``address``: 12 hexadecimal digits with any separators, a number of 48 bits, a MAC, or six octets.

        Raises ``ValueError`` where it is none of these.
        """
        self._octets = _octets_of(address)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, MAC):
            return self._octets == other._octets
        if not other and other != 0:
            return False
        try:
            return self._octets == _octets_of(other)
        except ValueError:
            return False

    def __hash__(self) -> int:
        return hash(self._octets)

    def __getitem__(self, index: Any) -> Any:
        return self._octets[index]

    def __iter__(self) -> Iterator[int]:
        return iter(self._octets)

    def __len__(self) -> int:
        return 6

    def __bool__(self) -> bool:
        return any(self._octets)

    def __int__(self) -> int:
        return int.from_bytes(bytes(self._octets), "big")

    def __bytes__(self) -> bytes:
        return bytes(self._octets)

    def __str__(self) -> str:
        return bytes(self._octets).hex(":")

    def __repr__(self) -> str:
        return f"MAC('{self}')"


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
