"""The leases of one DUID, by all its identity associations: ranges of the index on clients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dhcpcore.lease.model import Lease
from dhcpcore.lease.owner import ranges_of
from dhcpcore.store.lease_rows import sound_leases

#: Leases of one DUID that are read: far more than a client has, and what one message can tell of.
OWNED_MAX = 1024

_ASK = f"SELECT {', '.join(Lease._fields)} FROM lease WHERE client BETWEEN ? AND ? ORDER BY client LIMIT {OWNED_MAX}"


def of(duid: bytes, ask: Callable[[str, Sequence[Any]], list[Any]]) -> list[Lease]:
    """Its rows, whatever their state."""
    return [row for ends in ranges_of(duid) for row in sound_leases(ask(_ASK, ends))][:OWNED_MAX]
