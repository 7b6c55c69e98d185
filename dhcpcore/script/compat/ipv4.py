"""IPv4 addresses as scripts handle them: dotted quad, number and sequence of octets at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dhcpcore.script.compat.octets import Octets


class IPv4(Octets):
    """An address; equal to its text, its number and any sequence of its octets."""

    __slots__ = ()

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

    def __lt__(self, other: Any) -> bool:
        return self._octets < octets_of(other)

    def __le__(self, other: Any) -> bool:
        return self._octets <= octets_of(other)

    def __gt__(self, other: Any) -> bool:
        return self._octets > octets_of(other)

    def __ge__(self, other: Any) -> bool:
        return self._octets >= octets_of(other)

    def __str__(self) -> str:
        return ".".join(map(str, self._octets))


def octets_of(address: Any) -> tuple[int, ...]:
    """The four octets of whatever stands for an address; ``ValueError`` where nothing does."""
    if isinstance(address, IPv4):
        return address._octets  # noqa: SLF001 - Of the same module.
    if isinstance(address, bytes) and len(address) == 4:
        return tuple(address)
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


def _checked(numbers: list[Any], said: Any) -> tuple[int, ...]:
    if not all(isinstance(number, int) and 0 <= number <= 255 for number in numbers):
        raise ValueError(f"{said!r} is no IPv4 address.")
    return tuple(numbers)
