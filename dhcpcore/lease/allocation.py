"""Offers under way and the search for a free address.

An offer is a soft hold in memory with a time limit (RFC 2131 4.3.1 lets a server reserve what it offers); it waits for
no disk.  The committed row decides: a hint that was wrong is corrected and the next candidate tried.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from dhcpcore.lease.facts import Page, PageRow
from dhcpcore.lease.model import Lease, LeaseKey
from dhcpcore.lease.occupancy import View, view_of
from dhcpcore.lease.sparse import Draw, Found, sequence
from dhcpcore.topology.kinds import OFFER_HOLD_S_MAX
from dhcpcore.topology.snapshot import Pool, Snapshot, Subnet

#: Offers under way at once, all pools together; beyond it the oldest is withdrawn.
HOLDS_MAX = 65_536
#: Pages of pools that are read in one round for one client, before the pools behind are left for the next round.
PAGES_MAX = 64


_NO_VIEWS: tuple[list[bytes], list[View]] = ([], [])


class Hold(NamedTuple):
    """An address promised to a client until ``until``, with the row that was seen (None: no row)."""

    key: LeaseKey
    client: bytes
    pool: int  #: 0 where the address is an assignment's outside every pool.
    before: Lease | None
    virgin: bool
    until: float


class Candidate(NamedTuple):
    """An address to try for a client, and the pool it is of."""

    key: LeaseKey
    subnet: Subnet
    pool: Pool
    virgin: bool


class Allocator:
    """Views of all pools and the offers under way; one an engine."""

    __slots__ = ("_by_client", "_by_key", "_draw", "_ends", "_in_order", "_views", "reclaim", "share", "snapshot")

    def __init__(self, draw: Draw | None = None) -> None:
        """``draw``: random numbers for pools that are allocated at random."""
        self._draw = draw or sequence()
        self._views: dict[int, View] = {}
        #: The views of each space, kind and length by their first address; pools do not overlap.
        self._in_order: dict[tuple[int, int, int], tuple[list[bytes], list[View]]] = {}
        self._by_key: dict[LeaseKey, Hold] = {}
        self._by_client: OrderedDict[bytes, Hold] = OrderedDict()  #: The oldest offer first.
        self._ends: list[tuple[float, bytes]] = []  #: A heap, where offers last for different times.
        self.share = (0, 1)  #: (index of this engine, number of engines).
        self.reclaim = True  #: False while the clock is suspect: no ended lease is given to another client.
        self.snapshot: Snapshot | None = None

    def install(self, snapshot: Snapshot) -> None:
        """Take up a new revision: the views of pools that stayed keep their offers and load their pages anew."""
        views: dict[int, View] = {}
        for subnet in snapshot.subnets:
            for pool in subnet.pools:
                former = self._views.get(pool.pool_id)
                if (
                    former is not None
                    and (former.pool.first, former.pool.last, former.pool.plen, former.space)
                    == (pool.first, pool.last, pool.plen, subnet.space)
                ):  # fmt: skip
                    former.renew(pool, snapshot.reclaim_grace_s)
                    views[pool.pool_id] = former
                else:
                    views[pool.pool_id] = view_of(pool, subnet.space, snapshot.reclaim_grace_s)
        self._views = views
        self._in_order = {}
        for view in sorted(views.values(), key=lambda view: view.pool.first):
            pool = view.pool
            firsts, there = self._in_order.setdefault((view.space, pool.kind, pool.plen), ([], []))
            firsts.append(pool.first)
            there.append(view)
        self.snapshot = snapshot
        for hold in tuple(self._by_client.values()):
            self._house(hold)

    def _house(self, hold: Hold) -> None:
        """An offer under way follows its address into the pools of a new revision; without its pool it is withdrawn."""
        view = self._views.get(hold.pool)
        if view is None or not view.covers(hold.key):
            view = self._covering(hold.key)
            if view is None and hold.pool:
                del self._by_client[hold.client], self._by_key[hold.key]
                return
            hold = hold._replace(pool=view.pool.pool_id if view is not None else 0, virgin=False)
            self._by_client[hold.client] = self._by_key[hold.key] = hold
        if view is not None:
            view.hold(hold.key[2])

    def held_for_other(self, key: LeaseKey, client: bytes) -> bool:
        """Whether the address is on offer to somebody else."""
        hold = self._by_key.get(key)
        return hold is not None and hold.client != client

    def hold_of(self, client: bytes) -> Hold | None:
        """The client's latest offer."""
        return self._by_client.get(client)

    def hold(
        self, key: LeaseKey, client: bytes, pool: int, before: Lease | None, virgin: bool, now: float,
        hold_s: int | None = None,
    ) -> None:  # fmt: skip
        """Promise the address for ``hold_s``, else ``offer_hold_s``; an earlier offer to the client is withdrawn."""
        assert self.snapshot is not None
        former = self._by_client.get(client)
        if former is not None:
            if former.key == key:
                virgin = former.virgin
            else:
                self.drop(client)
        until = now + (self.snapshot.offer_hold_s if hold_s is None else hold_s)
        hold = Hold(key, client, pool, before, virgin, until)
        if hold_s is not None or self._ends:
            self._note_end(until, client)
        self._by_key[key] = hold
        self._by_client[client] = hold
        self._by_client.move_to_end(client)
        if view := self._views.get(pool):
            view.hold(key[2])
        if len(self._by_client) > HOLDS_MAX:
            self.drop(next(iter(self._by_client)))

    def drop(self, client: bytes, granted: LeaseKey | None = None) -> None:
        """The client's offer is over: a lease of ``granted`` came of it, or nothing."""
        hold = self._by_client.pop(client, None)
        if hold is None:
            return
        del self._by_key[hold.key]
        if view := self._views.get(hold.pool):
            view.release(hold.key[2], virgin=hold.virgin, used=hold.key == granted)

    def expire(self, now: float) -> None:
        """Withdraw the offers whose time is over, and those of a time that a clock set back has made the future."""
        if self._ends:
            self._expire_apart(now)
            return
        holds = self._by_client
        hold_s = self.snapshot.offer_hold_s if self.snapshot is not None else 0
        while holds:
            oldest = next(iter(holds.values()))
            if now < oldest.until <= now + hold_s:
                return
            self.drop(oldest.client)

    def _note_end(self, until: float, client: bytes) -> None:
        """Offers do not end in the order in which they were made: keep their ends in order by themselves."""
        if not self._ends:
            self._ends = [(hold.until, hold.client) for hold in self._by_client.values()]
            heapify(self._ends)
        heappush(self._ends, (until, client))

    def _expire_apart(self, now: float) -> None:
        ends = self._ends
        if ends and ends[0][0] > now + OFFER_HOLD_S_MAX:  # The clock was set back.
            for hold in [hold for hold in self._by_client.values() if hold.until > now + OFFER_HOLD_S_MAX]:
                self.drop(hold.client)
        while ends and ends[0][0] <= now:
            until, client = heappop(ends)
            promised = self._by_client.get(client)
            if promised is not None and promised.until == until:
                self.drop(client)

    def search(
        self, places: Sequence[tuple[Subnet, Pool]], client: bytes, now: float
    ) -> Candidate | tuple[Page, ...] | None:
        """The next address worth trying in these pools, in order; or pages to load first; or None: all exhausted."""
        for number, (subnet, pool) in enumerate(places, 1):
            found = self._views[pool.pool_id].find(now, self.share, client, self._draw, reclaim=self.reclaim)
            if isinstance(found, Found):
                return Candidate(found.key, subnet, pool, found.virgin)
            if found is not None:
                # Read together with what the pools behind it will want: a client may not come back often.
                for _, other in places[number:]:
                    found += self._views[other.pool_id].ahead(now)
                    if len(found) > PAGES_MAX:
                        break
                return found
        return None

    def used(self, pool: int, now: float, *, roughly: bool = False) -> float | tuple[Page, ...]:
        """The share of the pool that is in use, on offer or kept, 0 to 1; or pages to load first.

        ``roughly``: by the pages that are known alone.
        """
        view = self._views.get(pool)
        return 0.0 if view is None else view.used(now, roughly=roughly)

    def give_back(self, candidate: Candidate) -> None:
        """A candidate that was searched for and then not offered.  A new revision loads its page anew."""
        view = self._views.get(candidate.pool.pool_id)
        if view is not None and view.pool is candidate.pool and candidate.key not in self._by_key:
            view.release(candidate.key[2], virgin=candidate.virgin, used=False)

    def doubt(self, key: LeaseKey) -> None:
        """A write of the address failed or was overtaken: what the hint says of it is loaded anew when it is needed."""
        if view := self._covering(key):
            view.doubt(key[2])
        hold = self._by_key.get(key)
        if hold is not None and hold.virgin:
            self._by_key[key] = self._by_client[hold.client] = hold._replace(virgin=False)

    def load(self, page: tuple[int, int], rows: Iterable[PageRow], now: float) -> None:
        """Take in a page that the store answered."""
        if view := self._views.get(page[0]):
            view.load(page[1], rows, now)

    def note(self, pool: int, row: Lease, now: float) -> None:
        """Correct the hint by a row that was read or committed."""
        if view := self._views.get(pool):
            view.note(row, now)

    def note_row(self, row: Lease, now: float) -> None:
        """The same, where the caller does not know the pool."""
        if view := self._covering(row.key):
            view.note(row, now)

    def _covering(self, key: LeaseKey) -> View | None:
        """The view of the pool that has the address."""
        space, kind, address, plen = key
        firsts, views = self._in_order.get((space, kind, plen), _NO_VIEWS)
        place = bisect_right(firsts, address)
        return views[place - 1] if place and views[place - 1].covers(key) else None

    def unloaded(self, limit: int) -> tuple[Page, ...]:
        """Pages that were never loaded, at most ``limit``, one a pool: for filling the hint while idle."""
        pages: list[Page] = []
        for view in self._views.values():
            if len(pages) == limit:
                break
            if page := view.unloaded():
                pages.append(page)
        return tuple(pages)

    @property
    def holds(self) -> int:
        """Offers under way."""
        return len(self._by_key)
