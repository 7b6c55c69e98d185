"""Active leasequery: one requestor is told what changes, as soon as it is committed, until it leaves.  RFC 7724.

What changed is remembered by its key alone and read from SQL when it is told: nothing is told before its commit, an
address that changes often waits once, and what is told is always how things are (RFC 7724 6).  Who gives a
query-start-time is told first, or meanwhile, what changed since then: the catch-up, one walk through the lease table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from dhcpcore.lease.model import KIND_ADDRESS4, Lease, LeaseKey
from dhcpcore.lease.query import Asked, spaces_of
from dhcpcore.lease.telling import NO_HISTORY, Holdings, Status, in_bulk, lifetimes_of, said, unclear
from dhcpcore.topology.snapshot import EMPTY, Snapshot
from dhcpcore.wire.v4.leasequery import framed
from dhcpcore.wire.v4.message import MessageType

#: Addresses that changed and are told in one go.
TOLD_MAX = 512
#: Addresses that changed and wait to be told, some 6 MB; a requestor that is behind by more is cut off.
DUE_MAX = 32_768


class Stream:
    """What one requestor has asked for, and which addresses it is still to be told of."""

    def __init__(self, asked: Asked, server_id: bytes) -> None:
        self.asked = asked
        self.admitted = False
        self.catching_up = asked.query.since is not None
        self.after: LeaseKey | None = None  #: Where the catch-up goes on in the table.
        self.due: dict[LeaseKey, None] = {}  #: What changed, the longest waiting first.
        self.told = 0
        self._server_id: bytes | None = server_id  #: None once an answer had it.
        self._snapshot = EMPTY
        self._spaces: Mapping[int, bytes] = {}

    def spaces(self, snapshot: Snapshot) -> Mapping[int, bytes]:
        """The lease spaces that it is told of, by these definitions."""
        if snapshot is not self._snapshot:
            self._snapshot = snapshot
            self._spaces = spaces_of(self.asked.query.vpn, snapshot)
        return self._spaces

    def note(self, keys: Iterable[LeaseKey], snapshot: Snapshot) -> bool:
        """These rows may have changed; whether it is not too many that wait."""
        spaces = self.spaces(snapshot)
        due = self.due
        for key in keys:
            if key[1] == KIND_ADDRESS4 and key[0] in spaces:
                due[key] = None
        return len(due) <= DUE_MAX

    def next_due(self) -> list[LeaseKey]:
        """The rows to be read next; they are due until they are told."""
        return list(islice(self.due, TOLD_MAX))

    def unclear(self, rows: Iterable[Lease], snapshot: Snapshot, now: float) -> list[Lease]:
        """Those of the rows that the history has to be asked about."""
        return unclear(self.asked, rows, self.spaces(snapshot), now)

    def tell(
        self, keys: Iterable[LeaseKey], rows: Iterable[Lease], now: float, snapshot: Snapshot,
        held: Holdings = NO_HISTORY,
    ) -> bytes:  # fmt: skip
        """What was due, as it is now."""
        for key in keys:
            self.due.pop(key, None)
        return self._told(rows, now, snapshot, held)

    def catch_up(
        self, rows: Sequence[Lease], following: LeaseKey | None, now: float, snapshot: Snapshot,
        held: Holdings = NO_HISTORY,
    ) -> bytes:  # fmt: skip
        """Of the next rows of the table those that changed; ``following`` None: they were the last ones."""
        query = self.asked.query
        changed = [row for row in rows if query.is_about(row, now, (known := held.get(row.key)) and known.began)]
        out = self._told(changed, now, snapshot, held)
        self.after = following
        if following is None:
            self.catching_up = False
            out += self.status(now, Status.CATCH_UP_COMPLETE)
        return out

    def status(self, now: float, status: Status, text: str = "") -> bytes:
        """How the query goes on, or why it ends."""
        server_id, self._server_id = self._server_id, None
        return framed(said(MessageType.LEASEQUERYSTATUS, self.asked.request.xid, server_id, now, status, text))

    def _told(self, rows: Iterable[Lease], now: float, snapshot: Snapshot, held: Holdings) -> bytes:
        spaces, lifetimes = self.spaces(snapshot), lifetimes_of(snapshot)
        out = bytearray()
        for row in rows:
            if row.kind != KIND_ADDRESS4 or (vpn := spaces.get(row.space)) is None:
                continue
            server_id, self._server_id = self._server_id, None
            out += framed(
                in_bulk(
                    self.asked.request, row, now=now, server_id=server_id, lifetimes=lifetimes,
                    held=held.get(row.key), vpn=vpn,
                )
            )  # fmt: skip
            self.told += 1
        return bytes(out)


def refusal(kind: MessageType, xid: bytes, now: float, status: Status, text: str) -> bytes:
    """Why there will be no stream."""
    return said(kind, xid, None, now, status, text)
