"""Leasequery for all configured addresses: what pools give out, told once each, whether anybody ever had it or not.

The rows of the lease table come in the order of their key, a slice at a time; between them lie the addresses that
nobody ever had.  RFC 6926 8.2.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Sequence
from operator import itemgetter

from dhcpcore.lease.model import KIND_ADDRESS4, Lease, LeaseKey
from dhcpcore.topology.snapshot import Snapshot

#: Space, and first and last address, of addresses that are given out.
Range = tuple[int, int, int]


def ranges_of(snapshot: Snapshot, spaces: Container[int]) -> tuple[Range, ...]:
    """What the IPv4 pools of these spaces give out, in order and without overlaps."""
    found = sorted(
        (subnet.space, int.from_bytes(first, "big"), int.from_bytes(last, "big"))
        for subnet in snapshot.subnets
        if subnet.family == 4 and subnet.space in spaces
        for pool in subnet.pools
        for first, last in pool.ranges
    )
    joined: list[Range] = []
    for space, first, last in found:
        if joined and joined[-1][0] == space and first <= joined[-1][2]:
            joined[-1] = (space, joined[-1][1], max(last, joined[-1][2]))
        else:
            joined.append((space, first, last))
    return tuple(joined)


def merged(
    ranges: Sequence[Range], rows: Sequence[Lease], after: LeaseKey | None, limit: int, *, all_rows: bool
) -> tuple[list[Lease | LeaseKey], LeaseKey | None]:
    """Of rows and addresses without one the next ``limit`` after ``after``, in order; and where to go on, if anywhere.

    ``rows``: the next ones of the table; ``all_rows``: there are no more behind them.
    """
    found: list[Lease | LeaseKey] = []
    place, following = after or (-1, 0, b"", 0), rows[-1].key if rows and not all_rows else None
    for row in rows:
        if _free(ranges, place, row.key, found, limit):
            return found, found[-1][:4]
        found.append(row)
        place = row.key
        if len(found) == limit:
            return found, place
    if following is None and _free(ranges, place, None, found, limit):
        return found, found[-1][:4]
    return found, following


def _free(
    ranges: Sequence[Range], after: LeaseKey, before: LeaseKey | None, found: list[Lease | LeaseKey], limit: int
) -> bool:  # fmt: skip
    """Add the addresses between two keys; whether there is no room for what follows."""
    space, kind, address, _ = after
    # Behind rows of another kind the space has no more; before the first one, none was told yet.
    begin = int.from_bytes(address, "big") + 1 if kind == KIND_ADDRESS4 else 0 if kind < KIND_ADDRESS4 else 1 << 32
    for of, first, last in ranges[bisect_left(ranges, (space, begin), key=itemgetter(0, 2)) :]:
        for number in range(max(first, begin) if of == space else first, last + 1):
            key = (of, KIND_ADDRESS4, number.to_bytes(4, "big"), 32)
            if before is not None and key >= before:
                return False
            found.append(key)
            if len(found) == limit:
                return True
    return False
