"""Candidates of a pool by a hash: where in a pool a client begins to look, and pools too large to look through."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dhcpcore.lease.facts import Page, PageRow
from dhcpcore.lease.model import Lease, LeaseKey
from dhcpcore.topology.snapshot import Pool

#: A number from 0 up to below its argument, at random.
Draw = Callable[[int], int]
#: Candidates that may be excluded ones before the pool counts as exhausted for once.
_TRIES = 64


@dataclass(frozen=True, slots=True)
class Found:
    """An address to try.  ``virgin``: no row was there when its page was loaded."""

    key: LeaseKey
    virgin: bool


def place_of(client: bytes, size: int, draw: Draw | None) -> int:
    """Where in a pool of ``size`` the search for a client begins: drawn, or a hash of the client."""
    if draw is not None:
        return draw(size)
    return int.from_bytes(hashlib.blake2b(client, digest_size=16).digest(), "big") % size


def sequence() -> Draw:
    """Numbers that look random and are the same ones at each start, for where nobody gave true ones."""
    count = 0

    def draw(below: int) -> int:
        nonlocal count
        count += 1
        return place_of(count.to_bytes(8, "big"), below, None)

    return draw


def covers(space: int, pool: Pool, key: LeaseKey) -> bool:
    """Whether the lease of that key is one of the pool's."""
    return key[0] == space and key[1] == pool.kind and key[3] == pool.plen and pool.covers(key[2])


class SparseView:
    """The view of a pool too large for bits: candidates by a hash of client and attempt; the store knows the free."""

    __slots__ = ("_attempts", "_base", "_step", "pages", "pool", "size", "space")

    def __init__(self, pool: Pool, space: int, grace_s: int) -> None:
        self.pool = pool
        self.space = space
        self._base = int.from_bytes(pool.first, "big")
        self._step = 1 << (len(pool.first) * 8 - pool.plen)
        self.size = (int.from_bytes(pool.last, "big") - self._base) // self._step + 1
        self.pages = 0
        self._attempts = 0

    def find(
        self, now: float, share: tuple[int, int], client: bytes, draw: Draw | None = None, *, reclaim: bool = True
    ) -> Found | tuple[Page, ...] | None:
        """A candidate that differs with each call; in a pool this sparse a few calls always meet a free one."""
        for _ in range(_TRIES):
            self._attempts += 1
            offset = place_of(client + self._attempts.to_bytes(8, "big"), self.size, None)
            address = (self._base + offset * self._step).to_bytes(len(self.pool.first), "big")
            if self.pool.gives(address):
                return Found((self.space, self.pool.kind, address, self.pool.plen), False)
        return None

    def ahead(self, now: float) -> tuple[Page, ...]:
        """There are no pages."""
        return ()

    def used(self, now: float, *, roughly: bool = False) -> float | tuple[Page, ...]:
        """So large a pool is never full."""
        return 0.0

    def unloaded(self) -> Page | None:
        """There are no pages."""
        return None

    def load(self, number: int, rows: Iterable[PageRow], now: float) -> None:
        """There are no pages."""

    def note(self, row: Lease, now: float) -> None:
        """Nothing is kept."""

    def hold(self, address: bytes) -> None:
        """Two clients meet on one address too seldom to keep count."""

    def release(self, address: bytes, *, virgin: bool, used: bool) -> None:
        """Nothing is kept."""

    def doubt(self, address: bytes) -> None:
        """Nothing is kept."""

    def renew(self, pool: Pool, grace_s: int) -> None:
        """A new revision."""
        self.pool = pool

    def covers(self, key: LeaseKey) -> bool:
        """Whether the lease of that key is one of the pool's."""
        return covers(self.space, self.pool, key)
