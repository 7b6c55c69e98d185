"""Positions of rows in an order that people gave: what stays where it was keeps its row.

Positions are numbers with gaps.  A new row gets one between its neighbours; only where no room is left, or where rows
changed their order, do some get another.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

GAP = 1024


def placed(present: Sequence[int | None]) -> list[int]:
    """Rising positions for rows in their new order; ``present`` are their present ones, None for new rows.

    As many as can be are kept: the longest rising run of the present ones.
    """
    kept = _longest_rising(present)
    positions: list[int] = []
    low = 0
    index = 0
    while index < len(present):
        if index in kept:
            low = present[index] or 0
            positions.append(low)
            index += 1
            continue
        end = index
        while end < len(present) and end not in kept:
            end += 1
        count = end - index
        high = (present[end] or 0) if end < len(present) else low + GAP * (count + 1)
        step = (high - low) // (count + 1)
        if step == 0:
            return [GAP * number for number in range(1, len(present) + 1)]
        positions += [low + step * number for number in range(1, count + 1)]
        low = positions[-1]
        index = end
    return positions


def _longest_rising(present: Sequence[int | None]) -> frozenset[int]:
    """Indexes of a longest strictly rising subsequence of what is there and positive."""
    tails: list[int] = []
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for index, position in enumerate(present):
        if not isinstance(position, int) or position <= 0:
            continue
        at = bisect_left(tails, position)
        before[index] = ends[at - 1] if at else None
        tails[at : at + 1] = [position]
        ends[at : at + 1] = [index]
    kept = set()
    index_or_none: int | None = ends[-1] if ends else None
    while index_or_none is not None:
        kept.add(index_or_none)
        index_or_none = before[index_or_none]
    return frozenset(kept)
