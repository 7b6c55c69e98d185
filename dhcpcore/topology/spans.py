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
