"""IPv4 addresses as scripts handle them: dotted quad, number and sequence of octets at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


class IPv4:
    """An address; equal to its text, its number and any sequence of its octets."""

    __slots__ = ("_octets",)

    def __init__(self, address: Any) -> None:
        """``address``: a dotted quad, a number of 32 bits, bytes, an IPv4, or four numbers or more.

        Raises ``ValueError`` where it is none of these.
        """
        self._octets = octets_of(address)

    @classmethod
    def parseSubnet(cls, subnet: str) -> tuple[str, int | str]:
        """``"10.0.0.0/8"`` taken apart: the address, and the prefix length as a number or the mask as text."""
        address, _, prefix = subnet.partition("/")
        return address.strip(), int(prefix) if prefix.strip().isdigit() else prefix.strip()

    def isSubnetMember(self, address: Any, prefix: Any) -> bool:
        """Whether this address is of the subnet of ``address``; ``prefix`` is a length or a mask."""
        if isinstance(prefix, int) or (isinstance(prefix, str) and prefix.isdigit()):
            length = int(prefix)
            if not 0 <= length <= 32:
                raise ValueError(f"A prefix length is a number from 0 to 32, not {length}.")
            mask = (0xFFFF_FFFF << (32 - length)) & 0xFFFF_FFFF
        else:
            mask = int(IPv4(prefix))
        return int(self) & mask == int(IPv4(address)) & mask

    def __eq__(self, other: object) -> bool:
        if isinstance(other, IPv4):
            return self._octets == other._octets
        if not other and other != 0:
            return False
        try:
            return self._octets == octets_of(other)
        except ValueError:
            return False

    def __hash__(self) -> int:
        return hash(self._octets)

    def __lt__(self, other: Any) -> bool:
        return self._octets < octets_of(other)

    def __le__(self, other: Any) -> bool:
        return self._octets <= octets_of(other)

    def __gt__(self, other: Any) -> bool:
        return self._octets > octets_of(other)

    def __ge__(self, other: Any) -> bool:
        return self._octets >= octets_of(other)

    def __getitem__(self, index: Any) -> Any:
        return self._octets[index]

    def __iter__(self) -> Iterator[int]:
        return iter(self._octets)

    def __len__(self) -> int:
        return 4

    def __bool__(self) -> bool:
        return any(self._octets)

    def __int__(self) -> int:
        return int.from_bytes(bytes(self._octets), "big")

    def __bytes__(self) -> bytes:
        return bytes(self._octets)

    def __str__(self) -> str:
        return ".".join(map(str, self._octets))

    def __repr__(self) -> str:
        return f"IPv4('{self}')"


def octets_of(address: Any) -> tuple[int, int, int, int]:
    """The four octets of whatever stands for an address; ``ValueError`` where nothing does."""
    if isinstance(address, IPv4):
        return address._octets  # noqa: SLF001 - Of the same module.
    if isinstance(address, bytes) and len(address) == 4:
        first, second, third, fourth = address
        return first, second, third, fourth
    if isinstance(address, str):
        parts = address.split(".")
        if len(parts) != 4 or not all(part.strip().isdigit() for part in parts):
            raise ValueError(f"{address!r} is no IPv4 address.")
        return _checked([int(part) for part in parts], address)
    if isinstance(address, bool):
        raise ValueError(f"{address!r} is no IPv4 address.")  # noqa: TRY004 - One error for every wrong address.
    if isinstance(address, int):
        if not 0 <= address <= 0xFFFF_FFFF:
            raise ValueError(f"{address} is no number of 32 bits.")
        return _checked(list(address.to_bytes(4, "big")), address)
    if isinstance(address, Iterable):
        numbers = list(address)
        if len(numbers) >= 4:
            return _checked(numbers[:4], address)
    raise ValueError(f"{address!r} is no IPv4 address.")


def _checked(numbers: list[Any], said: Any) -> tuple[int, int, int, int]:
    if not all(isinstance(number, int) and 0 <= number <= 255 for number in numbers):
        raise ValueError(f"{said!r} is no IPv4 address.")
    first, second, third, fourth = numbers
    return first, second, third, fourth
