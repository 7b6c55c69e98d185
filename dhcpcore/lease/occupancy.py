"""Which addresses of a pool are probably free: a hint, page by page, that the committed rows correct.

A ``RangeView`` keeps two bits an address: *free* (no row, not assigned, not held) and *ended* (a row whose holding is
over; reused only when no free one is left, so that a returning client finds its former address).  Pages are loaded when
they are first needed.  A pool too large for bits has a ``sparse.SparseView``.

The pool's allocator says which of its free addresses comes first: the lowest, the first one behind a hash of the
client (the same client then finds the same address again on any engine), or the first one behind a random place.

Several engines share a pool by taking addresses of their own share first (offset modulo number of engines), so that
they seldom race for the same one.

A hint may be wrong in either direction: another engine gave an address back, a database was restored, a clock was set.
So the pages of a pool in which nothing is found are read again, a few a second.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from dhcpcore.lease.facts import PAGE_SIZE, Page, PageRow
from dhcpcore.lease.model import Lease, LeaseKey, State
from dhcpcore.lease.sparse import Draw, Found, SparseView, covers, place_of
from dhcpcore.topology.snapshot import Pool

#: Pools above this many addresses are probed by hash; below it two bits an address cost at most 1 MiB.
RANGE_MAX = 1 << 22
#: Pages asked for in one round: enough to step over a few full ones, few enough to load in a millisecond or two.
_PAGES_A_ROUND = 4
#: Seconds for which a pool that was found exhausted is not searched again, unless an address comes back.
_EXHAUSTED_S = 1.0
#: Later than any time, and earlier.
_NEVER_OPENS = 1 << 62
_NEVER = float("-inf")


@dataclass(slots=True)
class _Bits:
    free: int
    ended: int
    opens: int  #: When the first of its taken addresses will be free for others: a reload may find something then.
    loaded_at: float  #: May lie in the future, where a clock was set back.


class RangeView:
    """The occupancy hint of one pool of up to ``RANGE_MAX`` addresses (or delegated prefixes)."""

    __slots__ = (
        "_barred",
        "_base",
        "_cursor",
        "_exhausted_at",
        "_grace_s",
        "_held",
        "_pages",
        "_reread",
        "_reread_at",
        "_step",
        "pages",
        "pool",
        "size",
        "space",
    )

    def __init__(self, pool: Pool, space: int, grace_s: int) -> None:
        self.pool = pool
        self.space = space
        self._base = int.from_bytes(pool.first, "big")
        self._step = 1 << (len(pool.first) * 8 - pool.plen)
        self.size = (int.from_bytes(pool.last, "big") - self._base) // self._step + 1
        self.pages = -(-self.size // PAGE_SIZE)
        self._grace_s = grace_s
        self._pages: dict[int, _Bits] = {}
        self._barred = self._exclusions()  #: Bits that are never given, by page.
        self._held: set[int] = set()
        self._cursor = 0
        self._exhausted_at = _NEVER
        self._reread = 0
        self._reread_at = _NEVER

    def find(
        self, now: float, share: tuple[int, int], client: bytes, draw: Draw | None = None, *, reclaim: bool = True
    ) -> Found | tuple[Page, ...] | None:
        """An address that is probably free, taken out of the hint; or pages to load first; or None: exhausted.

        ``draw`` gives a random number below its argument; a pool that is allocated at random needs it.
        """
        if 0 <= now - self._exhausted_at < _EXHAUSTED_S:
            return None
        index, count = share
        own = None if count <= 1 else _share_masks(index, count)
        allocator = self.pool.allocator
        start = None if allocator == "lowest" else place_of(client, self.size, draw if allocator == "random" else None)
        wanted = self._scan_free(own) if start is None else self._scan_free_from(start, own)
        if isinstance(wanted, Found) or wanted:
            return wanted
        found = self._scan_ended(own, start) if reclaim else None
        if found:
            return found
        if stale := self._stale(now):
            return stale
        if own is not None:
            theirs = self._scan_free(None) if start is None else self._scan_free_from(start, None)
            if isinstance(theirs, Found):
                return theirs
            found = self._scan_ended(None, start) if reclaim else None
            if found:
                return found
        if not 0 <= now - self._reread_at < _EXHAUSTED_S and not self._is_fresh(now):
            self._reread_at = now
            return self._next_to_reread()
        self._exhausted_at = now
        return None

    def _scan_free(self, own: tuple[int, ...] | None) -> Found | tuple[Page, ...] | None:
        """The lowest free address; where pages before it are unknown, those.  Full pages are stepped over."""
        start = self._cursor if own is None else 0
        number = start
        while number < self.pages:
            bits = self._pages.get(number)
            if bits is None:
                return tuple(
                    self.page(n)
                    for n in range(number, min(number + _PAGES_A_ROUND, self.pages))
                    if n not in self._pages
                )
            free = bits.free if own is None else bits.free & own[(number * PAGE_SIZE) % len(own)]
            if free:
                if own is None:
                    self._cursor = number
                bit = (free & -free).bit_length() - 1
                bits.free &= ~(1 << bit)
                return Found(self._key(number * PAGE_SIZE + bit), True)
            number += 1
        if own is None:
            self._cursor = self.pages
        return None

    def _scan_free_from(self, start: int, own: tuple[int, ...] | None) -> Found | tuple[Page, ...] | None:
        """The first free address behind a place, and round; unknown pages on the way are loaded first.

        At random, any known page will do: where an address is free there, nobody waits for the others.
        """
        patient = self.pool.allocator == "random"
        unknown: list[int] = []
        for number, bits, mask in self._round(start):
            if bits is None:
                unknown.append(number)
                if not patient and len(unknown) == _PAGES_A_ROUND:
                    break
            elif not unknown or patient:
                free = bits.free & mask if own is None else bits.free & mask & own[(number * PAGE_SIZE) % len(own)]
                if free:
                    bit = (free & -free).bit_length() - 1
                    bits.free &= ~(1 << bit)
                    return Found(self._key(number * PAGE_SIZE + bit), True)
        return tuple(self.page(number) for number in dict.fromkeys(unknown[:_PAGES_A_ROUND])) or None

    def _round(self, start: int) -> Iterator[tuple[int, _Bits | None, int]]:
        """Every page once round from a place, with the bits of it that are meant; the first page's low ones last."""
        first, offset = divmod(start, PAGE_SIZE)
        high = (1 << PAGE_SIZE) - (1 << offset)
        yield first, self._pages.get(first), high
        for number in (*range(first + 1, self.pages), *range(first)):
            yield number, self._pages.get(number), -1
        yield first, self._pages.get(first), ~high

    def _scan_ended(self, own: tuple[int, ...] | None, start: int | None) -> Found | None:
        pages = ((number, bits, -1) for number, bits in self._pages.items())
        for number, bits, mask in pages if start is None else self._round(start):
            if bits is None:
                continue
            ended = bits.ended & mask if own is None else bits.ended & mask & own[(number * PAGE_SIZE) % len(own)]
            if ended:
                bit = (ended & -ended).bit_length() - 1
                bits.ended &= ~(1 << bit)
                return Found(self._key(number * PAGE_SIZE + bit), False)
        return None

    def _stale(self, now: float) -> tuple[Page, ...]:
        stale = [n for n, bits in self._pages.items() if bits.opens <= now and bits.loaded_at != now]
        return tuple(self.page(number) for number in stale[:_PAGES_A_ROUND])

    def ahead(self, now: float) -> tuple[Page, ...]:
        """The pages that a search will ask for here, should it come so far."""
        if 0 <= now - self._exhausted_at < _EXHAUSTED_S:
            return ()
        if any(bits.free or bits.ended for bits in self._pages.values()):
            return ()
        unknown = tuple(islice((self.page(n) for n in range(self.pages) if n not in self._pages), _PAGES_A_ROUND))
        if unknown or (stale := self._stale(now)):
            return unknown or stale
        if 0 <= now - self._reread_at < _EXHAUSTED_S or self._is_fresh(now):
            return ()
        self._reread_at = now
        return self._next_to_reread()

    def _is_fresh(self, now: float) -> bool:
        """Whether all of it was read for this very batch."""
        return len(self._pages) == self.pages and all(bits.loaded_at == now for bits in self._pages.values())

    def _next_to_reread(self) -> tuple[Page, ...]:
        first = self._reread
        stop = min(first + _PAGES_A_ROUND, self.pages)
        self._reread = stop % self.pages
        return tuple(self.page(number) for number in range(first, stop))

    def page(self, number: int) -> Page:
        """What to ask the store for."""
        start = number * PAGE_SIZE
        stop = min(start + PAGE_SIZE, self.size) - 1
        pool = self.pool
        return Page(
            pool.pool_id, number, self.space, pool.kind, self._address(start), self._address(stop), pool.plen
        )

    def used(self, now: float, *, roughly: bool = False) -> float | tuple[Page, ...]:
        """The share that is neither free nor ended, 0 to 1; or pages to load first, unless known ones will do."""
        if not roughly and len(self._pages) < self.pages:
            unknown = (number for number in range(self.pages) if number not in self._pages)
            return tuple(self.page(number) for number in islice(unknown, _PAGES_A_ROUND))
        if not roughly and (stale := self._stale(now)):
            return stale
        size = given = 0
        for number, bits in self._pages.items():
            size += min(PAGE_SIZE, self.size - number * PAGE_SIZE) - self._barred.get(number, 0).bit_count()
            given += bits.free.bit_count() + bits.ended.bit_count()
        return (size - given) / size if size else 0.0

    def unloaded(self) -> Page | None:
        """The next page that was never loaded, for filling while there is nothing else to do."""
        if len(self._pages) == self.pages:
            return None
        return next((self.page(number) for number in range(self.pages) if number not in self._pages), None)

    def load(self, number: int, rows: Iterable[PageRow], now: float) -> None:
        """Take in a page as the store has it."""
        length = min(PAGE_SIZE, self.size - number * PAGE_SIZE)
        kept = self._barred.get(number, 0)
        free = (1 << length) - 1 & ~kept
        ended = 0
        opens = _NEVER_OPENS
        start = self._base + number * PAGE_SIZE * self._step
        octets = len(self.pool.first)
        for row in rows:
            if len(row.address) != octets:
                continue  # Somebody wrote it by hand: it sorts among the others and is no address.
            bit = 1 << (int.from_bytes(row.address, "big") - start) // self._step
            free &= ~bit
            if row.assigned:
                kept |= bit
            elif (free_at := self._free_at(row)) <= now:
                ended |= bit
            elif free_at < opens:
                opens = free_at
        ended &= ~kept
        for offset in self._held:
            if offset // PAGE_SIZE == number:
                free &= ~(1 << offset % PAGE_SIZE)
                ended &= ~(1 << offset % PAGE_SIZE)
        self._pages[number] = _Bits(free, ended, opens, now)
        if free and number < self._cursor:
            self._cursor = number
        if free or ended:
            self._exhausted_at = _NEVER

    def note(self, row: Lease, now: float) -> None:
        """Correct the hint by a row that was read or committed."""
        offset = self._offset(row.address)
        bits = self._pages.get(offset // PAGE_SIZE)
        if bits is None:
            return
        bit = 1 << offset % PAGE_SIZE
        bits.free &= ~bit
        bits.ended &= ~bit
        if (free_at := self._free_at(row)) > now:
            bits.opens = min(bits.opens, free_at)
        elif offset not in self._held:
            bits.ended |= bit & ~self._barred.get(offset // PAGE_SIZE, 0)
            self._exhausted_at = _NEVER

    def _free_at(self, row: Lease | PageRow) -> int:
        return row.expires if row.state == State.DECLINED else row.expires + self._grace_s

    def hold(self, address: bytes) -> None:
        """The address is offered to somebody: nobody else is offered it."""
        offset = self._offset(address)
        self._held.add(offset)
        if bits := self._pages.get(offset // PAGE_SIZE):
            bits.free &= ~(1 << offset % PAGE_SIZE)
            bits.ended &= ~(1 << offset % PAGE_SIZE)

    def release(self, address: bytes, *, virgin: bool, used: bool) -> None:
        """The offer is over: ``used`` where a lease came of it, else the address goes back into the hint."""
        offset = self._offset(address)
        self._held.discard(offset)
        bits = self._pages.get(offset // PAGE_SIZE)
        if used or bits is None:
            return
        number = offset // PAGE_SIZE
        bit = 1 << offset % PAGE_SIZE & ~self._barred.get(number, 0)
        if virgin:
            bits.free |= bit
            self._cursor = min(self._cursor, number)
        else:
            bits.ended |= bit
        self._exhausted_at = _NEVER

    def doubt(self, address: bytes) -> None:
        """Load the address's page anew when it is needed."""
        number = self._offset(address) // PAGE_SIZE
        self._pages.pop(number, None)
        self._cursor = min(self._cursor, number)
        self._exhausted_at = _NEVER

    def renew(self, pool: Pool, grace_s: int) -> None:
        """A new revision: load every page anew, assignments may have changed.  The allocator puts its offers back."""
        self.pool = pool
        self._grace_s = grace_s
        self._barred = self._exclusions()
        self._pages.clear()
        self._held.clear()
        self._cursor = 0
        self._exhausted_at = _NEVER

    def covers(self, key: LeaseKey) -> bool:
        """Whether the lease of that key is one of the pool's."""
        return covers(self.space, self.pool, key)

    def _exclusions(self) -> dict[int, int]:
        barred: dict[int, int] = {}
        for first, last in self.pool.excluded:
            low, high = max(0, self._offset(first)), min(self.size - 1, self._offset(last))
            for number in range(low // PAGE_SIZE, high // PAGE_SIZE + 1):
                start = number * PAGE_SIZE
                bits = (1 << min(high - start, PAGE_SIZE - 1) + 1) - (1 << max(low - start, 0))
                barred[number] = barred.get(number, 0) | bits
        return barred

    def _address(self, offset: int) -> bytes:
        return (self._base + offset * self._step).to_bytes(len(self.pool.first), "big")

    def _key(self, offset: int) -> LeaseKey:
        return (self.space, self.pool.kind, self._address(offset), self.pool.plen)

    def _offset(self, address: bytes) -> int:
        return (int.from_bytes(address, "big") - self._base) // self._step


View = RangeView | SparseView


def view_of(pool: Pool, space: int, grace_s: int) -> View:
    """The view that suits the size of the pool."""
    step = 1 << (len(pool.first) * 8 - pool.plen)
    size = (int.from_bytes(pool.last, "big") - int.from_bytes(pool.first, "big")) // step + 1
    return RangeView(pool, space, grace_s) if size <= RANGE_MAX else SparseView(pool, space, grace_s)


@functools.lru_cache(maxsize=64)
def _share_masks(index: int, count: int) -> tuple[int, ...]:
    """For each phase of a page's start (modulo ``count``), the bits of the page that belong to the share ``index``."""
    return tuple(sum(1 << bit for bit in range(PAGE_SIZE) if (phase + bit) % count == index) for phase in range(count))
