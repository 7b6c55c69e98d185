"""Subnets and their pools with what is used of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.services import declared
from app.services.access import Principal
from app.services.appliance import Appliance
from app.services.changes import NOBODY_LOSES, Consent, Difference, differences, make, merged, refuse_keys
from app.services.declared import LISTS, DeclaredSubnet
from app.services.definitions import Applied
from app.services.lists import Page, paged
from dhcpcore.errors import NotFound
from dhcpcore.lease.model import KIND_ADDRESS4
from dhcpcore.store import between, queries
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.queries import Span
from dhcpcore.store.topology_edits import Wish
from dhcpcore.topology.fields import format_span
from dhcpcore.topology.snapshot import Pool, Snapshot, Subnet
from dhcpcore.topology.spans import last_of
from dhcpcore.wire.addresses import format_address, format_prefix, parse_prefix

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: Pages poll every other second; nobody sees the difference.
_MOMENT_S = 1.0
#: Counting takes at most a fiftieth of a process's time: on a core that the engine shares, more is taken from clients.
_REST = 50
#: How long a page waits for fresh numbers before it shows those of the last count.
_PATIENCE_S = 0.05
#: Excluded ranges of a pool that are shown.
_EXCLUDED_SHOWN = 20


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool: ``size`` addresses (or prefixes), of which some are held and some on probation after a DECLINE."""

    id: int
    first: str
    last: str
    size: int
    held: int
    declined: int
    guard: str | None
    excluded: tuple[str, ...] = ()  #: Addresses and ranges of it that are given to nobody.

    @property
    def free(self) -> int:
        """What may still be given out."""
        return max(0, self.size - self.held - self.declined)


@dataclass(frozen=True, slots=True)
class SubnetView:
    """A subnet with its pools; ``held`` counts leases outside the pools (assignments) as well."""

    id: int
    name: str
    prefix: str
    family: int
    interface: str | None
    shared_network: str | None
    relays: tuple[str, ...]
    pools: tuple[PoolView, ...]
    held: int

    @property
    def size(self) -> int:
        """Addresses in all its pools."""
        return sum(pool.size for pool in self.pools)

    @property
    def in_use(self) -> int:
        """Addresses of its pools that are held or on probation."""
        return sum(pool.held + pool.declined for pool in self.pools)

    @property
    def nearly_full(self) -> bool:
        """Whether one of its pools has less than a tenth left."""
        return any(pool.free * 10 < pool.size for pool in self.pools)


@dataclass(frozen=True, slots=True)
class Overview:
    """Every subnet at one moment, and what an administrator must look at."""

    revision: int
    subnets: tuple[SubnetView, ...]
    held: int
    quarantined: tuple[str, ...]


def overview(appliance: Appliance) -> Overview:
    """Every subnet with its use."""
    snapshot = Definitions(appliance.database).snapshot()
    now = appliance.database.now()
    with appliance.database.reader() as connection:
        outside = queries.held_outside(connection, [_span(subnet, pool) for subnet in snapshot.subnets
                                                    for pool in subnet.pools], now)
        views = tuple(_view(connection, subnet, outside.pop(subnet.subnet_id, 0), now) for subnet in snapshot.subnets)
    faults = tuple(f"{one.place}: {one.fault}" for one in snapshot.quarantined)
    held = sum(view.held for view in views) + sum(outside.values())  # The rest is of subnets that are no more.
    return Overview(snapshot.revision, views, held, faults)


def names(appliance: Appliance) -> dict[int, str]:
    """The name of each subnet by its number."""
    return {subnet.subnet_id: subnet.name for subnet in Definitions(appliance.database).snapshot().subnets}


def spaces(appliance: Appliance) -> tuple[int, ...]:
    """Every lease space in use: the common one, and those that subnets name."""
    named = {subnet.space for subnet in Definitions(appliance.database).snapshot().subnets}
    return tuple(sorted({0, *named}))


def number(appliance: Appliance, named: str) -> int:
    """The subnet of that name, prefix or number."""
    return find(Definitions(appliance.database).snapshot(), named).subnet_id


def span(appliance: Appliance, number: int) -> Span | None:
    """Where the leases of an IPv4 subnet lie; None where that is not known: IPv6 delegates from elsewhere."""
    for subnet in Definitions(appliance.database).snapshot().subnets:
        if subnet.subnet_id == number and subnet.family == 4:
            return Span(subnet.space, KIND_ADDRESS4, subnet.prefix, last_of(subnet.prefix, subnet.plen))
    return None


def _shown(excluded: tuple[tuple[bytes, bytes], ...]) -> tuple[str, ...]:
    """The excluded ranges for people, who read no hundreds of them."""
    some = tuple(map(format_span, excluded[:_EXCLUDED_SHOWN]))
    more = len(excluded) - len(some)
    return (*some, f"and {more} more") if more else some


def find(snapshot: Snapshot, named: str) -> Subnet:
    """The subnet of that name, prefix or number; refused with the names that there are."""
    for subnet in snapshot.subnets:
        if named in {subnet.name, format_prefix(subnet.prefix, subnet.plen), str(subnet.subnet_id)}:
            return subnet
    raise NotFound(f"There is no subnet {named}; there {_listed(subnet.name for subnet in snapshot.subnets)}.")


def _listed(known: Iterable[str]) -> str:
    shown = list(known)
    if not shown:
        return "is none at all yet: lessor subnet add PREFIX"
    more = f" and {len(shown) - 20} more" if len(shown) > 20 else ""
    return f"are {', '.join(shown[:20])}{more}"


def _view(connection: Connection, subnet: Subnet, outside: int, now: float) -> SubnetView:
    pools = tuple(_pool(connection, _span(subnet, pool), pool, now) for pool in subnet.pools)
    return SubnetView(
        id=subnet.subnet_id, name=subnet.name, prefix=format_prefix(subnet.prefix, subnet.plen), family=subnet.family,
        interface=subnet.interface, shared_network=subnet.shared_network,
        relays=tuple(format_address(relay) for relay in subnet.relays),
        pools=pools, held=outside + sum(pool.held for pool in pools))


def _span(subnet: Subnet, pool: Pool) -> Span:
    return Span(subnet.space, pool.kind, pool.first, pool.last)


def _pool(connection: Connection, span: Span, pool: Pool, now: float) -> PoolView:
    parts = (span._replace(first=first, last=last) for first, last in pool.ranges)
    uses = [queries.use_of(connection, part, now) for part in parts]
    return PoolView(id=pool.pool_id, first=format_address(pool.first), last=format_address(pool.last),
                    size=pool.capacity, held=sum(use.held for use in uses),
                    declined=sum(use.declined for use in uses), guard=" or ".join(pool.guard) or None,
                    excluded=_shown(pool.excluded))


#: Keys of a subnet in the document that are changed in a place of their own.
_ELSEWHERE = {"assignments": "is no key here: assignments are added one at a time, or with a document"}
#: What the list can be sorted by.
_SORTS: Mapping[str, Callable[[SubnetView], Any]] = {
    "id": lambda one: one.id, "name": lambda one: one.name, "prefix": lambda one: _prefix_key(one.prefix),
    "held": lambda one: one.held, "use": lambda one: one.in_use / one.size if one.size else 0.0}
SORTS = tuple(_SORTS)


def page(found: Overview, *, find: str | None = None, family: int | None = None, shared_network: str | None = None,
         sort: str = "id", cursor: str | None = None, limit: int = 100) -> Page[SubnetView]:
    """Subnets of an overview, a page at a time; ``find`` is part of a name, a prefix or an interface."""
    wanted = (find or "").lower()
    some = [one for one in found.subnets
            if family in {None, one.family} and shared_network in {None, one.shared_network}
            and any(wanted in (text or "").lower() for text in (one.name, one.prefix, one.interface))]
    return paged(some, _SORTS, sort=sort, cursor=cursor, limit=limit)


def get(appliance: Appliance, number: int) -> DeclaredSubnet:
    """One subnet as it is declared, with its version."""
    return declared.subnet(appliance, number)


def changed_since(appliance: Appliance, view: DeclaredSubnet, version: int) -> tuple[Difference, ...]:
    """What somebody else has changed of a subnet since it was looked at in that version."""
    with appliance.database.reader() as connection:
        seen = between.subnet_at(connection, view.id, version)
    return () if seen is None else differences(seen, view.entry)


def add(appliance: Appliance, entry: Mapping[str, Any], *, by: Principal, consent: Consent = NOBODY_LOSES,
        ) -> tuple[DeclaredSubnet, Applied | None]:
    """Add a subnet with its pools, written as in the document; one that says the same already is given as it is."""
    refuse_keys(entry, _ELSEWHERE)
    keys, applied = make(appliance, [Wish("subnet", entry)], by=by, consent=consent,
                         note=f"subnet {entry.get('name') or entry.get('prefix')} added"[:200])
    return get(appliance, int(keys[0])), applied


def replace(appliance: Appliance, number: int, entry: Mapping[str, Any], *, by: Principal,
            version: int | None = None, consent: Consent = NOBODY_LOSES) -> tuple[DeclaredSubnet, Applied | None]:
    """Give a subnet another form; it keeps its number and its assignments.

    Its pools stay where the entry has no ``pools`` (or ``prefix_pools``), and are those of the entry where it has.
    ``version``: only where it is still that one.
    """
    refuse_keys(entry, _ELSEWHERE)
    before = get(appliance, number)
    _, applied = make(appliance, [Wish("subnet", entry, number, since=version)], by=by, consent=consent,
                      note=f"subnet {before.name} changed")
    return get(appliance, number), applied


def change(appliance: Appliance, number: int, patch: Mapping[str, Any], *, by: Principal,
           version: int | None = None, consent: Consent = NOBODY_LOSES) -> tuple[DeclaredSubnet, Applied | None]:
    """Change what a merge patch names and keep the rest."""
    entry = merged(get(appliance, number).entry, {key: value for key, value in patch.items() if key not in LISTS})
    entry |= {key: patch[key] if patch[key] is not None else [] for key in LISTS if key in patch}
    return replace(appliance, number, entry, by=by, version=version, consent=consent)


def remove(appliance: Appliance, number: int, *, by: Principal, version: int | None = None,
           consent: Consent = NOBODY_LOSES) -> tuple[DeclaredSubnet, Applied]:
    """Remove a subnet with its pools and assignments; gives what it was."""
    before = get(appliance, number)
    _, applied = make(appliance, [Wish("subnet", None, number, since=version)], by=by, consent=consent,
                      note=f"subnet {before.name} removed")
    assert applied is not None
    return before, applied


def _prefix_key(prefix: str) -> tuple[int, bytes, int]:
    octets, plen = parse_prefix(prefix)
    return len(octets), octets, plen


class RememberedOverview:
    """The overview for many readers: counted anew when it is older than a moment, or than fifty times its own cost.

    Counting a million leases takes most of a second, and nobody is to wait for it: who asks meanwhile gets what was
    counted last.  Only a new revision of the definitions, or nothing counted yet, makes everybody wait.
    """

    def __init__(self, appliance: Appliance, clock: Callable[[], float] = time.monotonic) -> None:
        self._appliance = appliance
        self._clock = clock
        self._lock = threading.Lock()
        self._found: Overview | None = None
        self._fault: BaseException | None = None
        self._good_until = float("-inf")
        self._counting: threading.Thread | None = None

    def get(self) -> Overview:
        """The overview, fresh wherever counting is quick."""
        revision = Definitions(self._appliance.database).revision()
        while True:
            with self._lock:
                found = self._found
                is_right = found is not None and found.revision >= revision
                if found is not None and is_right and self._clock() < self._good_until:
                    return found
                counting = self._counting = self._counting or self._begin()
            counting.join(_PATIENCE_S if is_right else None)
            with self._lock:
                if self._fault is not None:
                    raise self._fault
                if is_right or (self._found is not None and self._found.revision >= revision):
                    assert self._found is not None
                    return self._found

    def _begin(self) -> threading.Thread:
        thread = threading.Thread(target=self._count, name="overview", daemon=True)
        thread.start()
        return thread

    def _count(self) -> None:
        began, fault, found = self._clock(), None, None
        try:
            found = overview(self._appliance)
        except Exception as error:  # noqa: BLE001 - raised again in whoever asked
            fault = error
        ended = self._clock()
        with self._lock:
            self._found, self._fault, self._counting = found or self._found, fault, None
            if found is not None:
                self._good_until = ended + max(_MOMENT_S, _REST * (ended - began))
