"""Ranges of addresses, and which of them overlap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Span(NamedTuple):
    """The addresses from ``first`` to ``last`` in one space, and what they belong to.

    ``element`` and ``place`` say where a fault of it is told, ``label`` how others call it; of two that overlap, the
    one with the higher ``number`` is to blame.
    """

    space: int
    first: bytes
    last: bytes
    element: str
    place: str
    label: str
    number: int


def last_of(address: bytes, plen: int) -> bytes:
    """The last address of the prefix that begins with ``address``."""
    bits = len(address) * 8
    return (int.from_bytes(address, "big") | ((1 << (bits - plen)) - 1)).to_bytes(len(address), "big")


def overlaps(spans: Iterable[Span]) -> Iterator[tuple[Span, Span]]:
    """Pairs that overlap, the one to blame second; each span that overlaps another is in at least one pair.

    One sweep in order of the first addresses: a span is compared with the one that reaches furthest so far.
    """
    reach: Span | None = None
    for span in sorted(spans, key=lambda one: (one.space, len(one.first), one.first, one.number)):
        if (
            reach is not None
            and reach.space == span.space
            and len(reach.first) == len(span.first)
            and span.first <= reach.last
        ):
            yield (reach, span) if reach.number <= span.number else (span, reach)
            if span.last <= reach.last:
                continue
        reach = span


def ends_of_24(first: bytes, last: bytes) -> list[tuple[bytes, bytes]]:
    """The .0 and .255 of each /24 between two IPv4 addresses, those that follow each other as one range."""
    low, high = int.from_bytes(first, "big"), int.from_bytes(last, "big")
    found = []
    for block in range(low >> 8, (high >> 8) + 2):
        # The last address of the /24 before, and the first of this one.
        one, other = max(low, (block << 8) - 1), min(high, block << 8)
        if one <= other:
            found.append((one.to_bytes(4, "big"), other.to_bytes(4, "big")))
    return found


def joined(ranges: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    """Ranges in order, those that overlap as one."""
    made: list[tuple[bytes, bytes]] = []
    for first, last in sorted(ranges):
        if made and first <= made[-1][1]:
            made[-1] = (made[-1][0], max(last, made[-1][1]))
        else:
            made.append((first, last))
    return tuple(made)
