"""Which addresses a set of definitions can give out, and what is gone when it becomes another: pure interval work."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

#: ``(space, kind, first address, prefix length)``, as ``lease.model`` has it.
Key = tuple[int, int, bytes, int]


class Range(NamedTuple):
    """Leases of one space, kind and prefix length from ``first`` to ``last``, and what they are served by."""

    space: int
    kind: int
    plen: int
    first: bytes
    last: bytes
    label: str


def removed(before: Iterable[Range], after: Iterable[Range]) -> Iterator[Range]:
    """The parts of ``before`` that no range of ``after`` covers, under the labels of ``before``."""
    covers: dict[tuple[int, int, int], list[Range]] = {}
    for one in sorted(after, key=lambda one: one.first):
        covers.setdefault(one[:3], []).append(one)
    for one in before:
        size = len(one.first)
        low, high = int.from_bytes(one.first, "big"), int.from_bytes(one.last, "big")
        for cover in covers.get(one[:3], ()):
            first, last = int.from_bytes(cover.first, "big"), int.from_bytes(cover.last, "big")
            if last < low or first > high:
                continue
            if first > low:
                yield one._replace(first=low.to_bytes(size, "big"), last=(first - 1).to_bytes(size, "big"))
            low = last + 1
            if low > high:
                break
        if low <= high:
            yield one._replace(first=low.to_bytes(size, "big"), last=high.to_bytes(size, "big"))


class Coverage:
    """Finds the range that a lease's key lies in; the ranges do not overlap."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        self._ranges: dict[tuple[int, int, int], list[Range]] = {}
        for one in sorted(ranges, key=lambda one: one.first):
            self._ranges.setdefault(one[:3], []).append(one)
        self._firsts = {where: [one.first for one in listed] for where, listed in self._ranges.items()}

    def find(self, key: Key) -> Range | None:
        """The range that holds ``key``."""
        space, kind, address, plen = key
        where = (space, kind, plen)
        at = bisect_right(self._firsts.get(where, []), address) - 1
        if at < 0:
            return None
        found = self._ranges[where][at]
        return found if address <= found.last else None
