"""What was received and what became of it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from dhcpcore.stats.reasons import Reason
from dhcpcore.wire.kinds import kind_name


class Counters:
    """Every datagram is counted once, with its type, its reason and its subnet (0: none was found)."""

    __slots__ = ("batches", "datagrams", "events", "rows_committed")

    def __init__(self) -> None:
        self.datagrams: defaultdict[tuple[int, Reason, int], int] = defaultdict(int)
        self.batches = 0
        self.rows_committed = 0
        self.events: defaultdict[str, int] = defaultdict(int)  #: Things that are no datagram: sweeps, send errors.

    def by_reason(self) -> dict[Reason, int]:
        """Sums over types and subnets."""
        sums: dict[Reason, int] = {}
        for (_, reason, _), count in self.datagrams.items():
            sums[reason] = sums.get(reason, 0) + count
        return sums

    def as_document(self) -> dict[str, Any]:
        """Plain values for the control channel and REST."""
        types: dict[str, dict[str, int]] = {}
        subnets: dict[str, dict[str, int]] = {}
        for (kind, reason, subnet), count in self.datagrams.items():
            row = types.setdefault(kind_name(kind), {})
            row[reason.code] = row.get(reason.code, 0) + count
            row = subnets.setdefault(str(subnet), {})
            row[reason.code] = row.get(reason.code, 0) + count
        return {
            "received": sum(self.datagrams.values()),
            "reasons": {reason.code: count for reason, count in self.by_reason().items()},
            "types": types,
            "subnets": subnets,
            "batches": self.batches,
            "rows_committed": self.rows_committed,
            "events": dict(self.events),
        }
