"""Which subnets and pools may have only so many leases, and which of them an address counts for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dhcpcore.topology.kinds import KIND_ADDRESS4, KIND_ADDRESS6

if TYPE_CHECKING:
    from dhcpcore.topology.snapshot import Snapshot

#: ``(kind, id)`` of what has a limit.  The numbers are stored.
ScopeKey = tuple[int, int]
SUBNET, POOL = 1, 2
#: A subnet that is full for clients of a class; never stored.
CLASS = 3


class Scope(NamedTuple):
    """The addresses from ``first`` to ``last`` of a space may have ``limit`` leases."""

    key: ScopeKey
    space: int
    kind: int  #: A ``lease.model.KIND_*``.
    first: bytes
    last: bytes
    limit: int

    def covers(self, key: tuple[int, int, bytes, int]) -> bool:
        """Whether a lease of that key counts."""
        return key[0] == self.space and key[1] == self.kind and self.first <= key[2] <= self.last


def scopes_of(snapshot: Snapshot) -> tuple[Scope, ...]:
    """Every subnet and pool that has a limit, in the order in which their counters are locked."""
    found = []
    for subnet in snapshot.subnets:
        kind = KIND_ADDRESS4 if subnet.family == 4 else KIND_ADDRESS6
        if subnet.policy.max_leases:
            key = (SUBNET, subnet.subnet_id)
            found.append(Scope(key, subnet.space, kind, subnet.prefix, subnet.last, subnet.policy.max_leases))
        found += [
            Scope((POOL, pool.pool_id), subnet.space, pool.kind, pool.first, pool.last, pool.max_leases)
            for pool in subnet.pools
            if pool.max_leases
        ]
    return tuple(sorted(found))
