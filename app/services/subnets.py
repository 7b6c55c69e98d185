"""Subnets and their pools with what is used of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.services.appliance import Appliance
from dhcpcore.errors import NotFound
from dhcpcore.lease.model import KIND_ADDRESS4
from dhcpcore.store import queries
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.queries import Span
from dhcpcore.topology.fields import format_span
from dhcpcore.topology.snapshot import Pool, Snapshot, Subnet
from dhcpcore.topology.spans import last_of
from dhcpcore.wire.addresses import format_address, format_prefix

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: Pages poll every other second; nobody sees the difference.
_MOMENT_S = 1.0
#: How long a page waits for fresh numbers before it shows those of the last count.
_PATIENCE_S = 0.05


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool: ``size`` addresses (or prefixes), of which some are held and some on probation after a DECLINE."""

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
        held = queries.held_by_subnet(connection, now)
        views = tuple(_view(connection, subnet, held.get(subnet.subnet_id, 0), now) for subnet in snapshot.subnets)
    faults = tuple(f"{one.place}: {one.fault}" for one in snapshot.quarantined)
    return Overview(snapshot.revision, views, sum(held.values()), faults)


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


def find(snapshot: Snapshot, named: str) -> Subnet:
    """The subnet of that name, prefix or number; refused with the names that there are."""
    for subnet in snapshot.subnets:
        if named in {subnet.name, format_prefix(subnet.prefix, subnet.plen), str(subnet.subnet_id)}:
            return subnet
    raise NotFound(f"There is no subnet {named}; there {_listed(subnet.name for subnet in snapshot.subnets)}.")


def _listed(known: Iterable[str]) -> str:
    shown = list(known)
    if not shown:
        return "is none at all yet: lessor apply FILE"
    more = f" and {len(shown) - 20} more" if len(shown) > 20 else ""
    return f"are {', '.join(shown[:20])}{more}"


def _view(connection: Connection, subnet: Subnet, held: int, now: float) -> SubnetView:
    return SubnetView(
        id=subnet.subnet_id, name=subnet.name, prefix=format_prefix(subnet.prefix, subnet.plen), family=subnet.family,
        interface=subnet.interface, shared_network=subnet.shared_network,
        relays=tuple(format_address(relay) for relay in subnet.relays),
        pools=tuple(_pool(connection, subnet.space, pool, now) for pool in subnet.pools), held=held)


def _pool(connection: Connection, space: int, pool: Pool, now: float) -> PoolView:
    uses = [queries.use_of(connection, Span(space, pool.kind, first, last), now) for first, last in pool.ranges]
    return PoolView(first=format_address(pool.first), last=format_address(pool.last), size=pool.capacity,
                    held=sum(use.held for use in uses), declined=sum(use.declined for use in uses), guard=pool.guard,
                    excluded=tuple(map(format_span, pool.excluded)))


class RememberedOverview:
    """The overview for many readers: counted anew when it is older than a moment, or than ten times its own cost.

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
                self._good_until = ended + max(_MOMENT_S, 10 * (ended - began))
