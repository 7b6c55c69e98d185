"""What scripts may do with an address of either kind: it is a sequence of its octets, a number, and bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Octets:
    """An address of fixed length; equal to whatever its own kind can be made of, where that makes the same octets."""

    __slots__ = ("_octets",)

    _octets: tuple[int, ...]

    def __init__(self, address: Any) -> None:
        """Raises ``ValueError`` where ``address`` stands for none."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        if isinstance(other, type(self)):
            return self._octets == other._octets
        if not other and other != 0:
            return False
        try:
            return self._octets == type(self)(other)._octets
        except ValueError:
            return False

    def __hash__(self) -> int:
        return hash(self._octets)

    def __getitem__(self, index: Any) -> Any:
        return self._octets[index]

    def __iter__(self) -> Iterator[int]:
        return iter(self._octets)

    def __len__(self) -> int:
        return len(self._octets)

    def __bool__(self) -> bool:
        return any(self._octets)

    def __int__(self) -> int:
        return int.from_bytes(bytes(self._octets), "big")

    def __bytes__(self) -> bytes:
        return bytes(self._octets)

    def __repr__(self) -> str:
        return f"{type(self).__name__}('{self}')"
