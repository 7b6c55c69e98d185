"""Leasequeries that no index answers: the lease table is gone through once for all of them, a slice between batches.

A query by remote-id (RFC 6148) is taken from its datagram and answered when the table's end is reached.  The engine
holds what is searched for; who reads the rows hands them over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dhcpcore.lease.model import KIND_ADDRESS4, Lease, LeaseKey
from dhcpcore.lease.query import REMOTE_ID, Query, said_by_relay
from dhcpcore.lease.telling import lifetimes_of, reply
from dhcpcore.pipeline.bundle import Outgoing, Route
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import Request4

#: Queries that may wait; a requestor asks again, so that one more is not answered.
WAITING_MAX = 64
#: Addresses of one remote-id that are remembered: what one answer can list, and more.
_FOUND_MAX = 256


@dataclass(slots=True)
class Search:
    """One query by remote-id, and the rows found for it so far."""

    request: Request4
    query: Query
    server_id: bytes
    route: Route
    space: int
    vpn: bytes = b""  #: Whose space that is, as the query said it.
    found: list[Lease] = field(default_factory=list)


class Searches:
    """The queries that wait for the next pass over the table, and those of the pass under way."""

    def __init__(self) -> None:
        self._waiting: list[Search] = []
        self._running: dict[bytes, list[Search]] = {}
        self.after: LeaseKey | None = None  #: Where the pass under way goes on; None: at the table's beginning.

    @property
    def full(self) -> bool:
        """Whether no more may wait."""
        return len(self._waiting) >= WAITING_MAX

    def add(self, search: Search) -> None:
        """Search for it in the next pass; who asks the same again, before that, is answered once."""
        for waiting in self._waiting:
            if (waiting.query, waiting.route) == (search.query, search.route):
                waiting.request = search.request
                return
        self._waiting.append(search)

    def begin(self) -> bool:
        """Whether there is anything to search for: the pass under way, or a new one for all that wait."""
        if not self._running:
            waiting, self._waiting = self._waiting, []
            for search in waiting:
                self._running.setdefault(search.query.value, []).append(search)
        return bool(self._running)

    def look(self, rows: Sequence[Lease], following: LeaseKey | None) -> bool:
        """Look at the next rows; whether they were the last ones."""
        running = self._running
        for row in rows:
            if row.kind == KIND_ADDRESS4 and row.agent:
                for search in running.get(said_by_relay(row.agent, REMOTE_ID) or b"", ()):
                    if search.space == row.space and len(search.found) < _FOUND_MAX:
                        search.found.append(row)
        self.after = following
        return following is None

    def answers(self, now: float, snapshot: Snapshot) -> list[Outgoing]:
        """The answers of a pass that has come to its end; whoever is no longer admitted gets none."""
        lifetimes = lifetimes_of(snapshot)
        searches = [search for same in self._running.values() for search in same]
        self._running = {}
        return [
            Outgoing(
                reply(
                    search.request, search.query, search.found, now=now, server_id=search.server_id, known=False,
                    lifetimes=lifetimes, vpn=search.vpn,
                )[1],
                search.route,
            )
            for search in searches
            if snapshot.leasequery.admits(search.request.giaddr)
        ]  # fmt: skip
