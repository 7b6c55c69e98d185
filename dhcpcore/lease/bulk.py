"""Bulk leasequery, one requestor's connection without its socket: octets in, octets out, rows when they are wanted.

RFC 6926: queries come framed in a stream, each is answered with a message a binding and an end; several may be sent at
once and are answered one after the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from dhcpcore.errors import MalformedMessage
from dhcpcore.lease.facts import Wants
from dhcpcore.lease.model import Lease, LeaseKey
from dhcpcore.lease.query import Ambiguous, Query, read
from dhcpcore.lease.telling import LifetimesOf, Status, done, in_bulk
from dhcpcore.wire.v4.leasequery import framed, unframed
from dhcpcore.wire.v4.message import MessageType, Request4, decode

#: A query is a header and a few options; what announces more is no query.
MESSAGE_OCTETS_MAX = 1500
#: Queries of one connection that wait; the next one is refused in words.
QUERIES_MAX = 8
#: The lease space that is told of: a query has no giaddr that could name another.
_SPACE = 0


class Asked(NamedTuple):
    """A query that is being answered or waits for it."""

    request: Request4
    query: Query


class Session:
    """What one requestor sent, and what it is still to be sent."""

    def __init__(self, server_id: bytes) -> None:
        self._server_id = server_id
        self._stream = bytearray()
        self._asked: deque[Asked] = deque()
        self.out = bytearray()
        self.closing = False  #: Nothing more is heard; what is in ``out`` is sent first.
        self.after: LeaseKey | None = None  #: Where the query under way goes on in the table.
        self.told = 0  #: Bindings told so far, of all queries.
        self._greeted = False  #: Whether an answer to the query under way has our identifier.

    @property
    def asked(self) -> Asked | None:
        """The query that is being answered."""
        return self._asked[0] if self._asked else None

    def receive(self, data: bytes, now: float) -> None:
        """Octets of the stream; what cannot be understood ends it."""
        self._stream += data
        while not self.closing and len(self._stream) >= 2:
            if int.from_bytes(self._stream[:2], "big") > MESSAGE_OCTETS_MAX:
                self.closing = True
                return
            message = unframed(self._stream)
            if message is None:
                return
            try:
                self._take(decode(message), now)
            except MalformedMessage:
                self.closing = True  # Whose answer it would be cannot be told.  RFC 6926 8.2.

    def _take(self, request: Request4, now: float) -> None:
        if request.message_type != MessageType.BULKLEASEQUERY:
            self._end(request, now, Status.MALFORMED_QUERY, "only BULKLEASEQUERY is answered here")
            return
        if len(self._asked) >= QUERIES_MAX:
            self._end(request, now, Status.QUERY_TERMINATED, f"{QUERIES_MAX} queries are waiting already")
            return
        if any(request.data[12:24]):  # ciaddr, yiaddr, siaddr.  RFC 6926 8.2.
            self._end(request, now, Status.MALFORMED_QUERY, "one address is asked for by UDP (LEASEQUERY)")
            return
        try:
            self._asked.append(Asked(request, read(request)))
        except Ambiguous as fault:
            self._end(request, now, Status.NOT_ALLOWED, fault.args[0])  # RFC 6926 8.2.
        except MalformedMessage as fault:
            self._end(request, now, Status.MALFORMED_QUERY, fault.args[0])

    def wants(self) -> Wants | None:
        """The rows that answer the query under way, where an index finds them; None: the table is gone through."""
        asked = self.asked
        assert asked is not None
        clients = asked.query.clients
        return Wants(clients=set(clients)) if clients else None

    def tell(self, rows: Iterable[Lease], following: LeaseKey | None, now: float, lifetimes: LifetimesOf) -> None:
        """The next rows; ``following`` None: they were the last ones."""
        asked = self.asked
        assert asked is not None
        request, query = asked
        for row in rows:
            if row.space == _SPACE and query.is_about(row, now):
                server_id = None if self._greeted else self._server_id
                message = in_bulk(request, row, now=now, server_id=server_id, lifetimes=lifetimes)
                self._greeted = True
                self.out += framed(message)
                self.told += 1
        self.after = following
        if following is None:
            self._asked.popleft()
            greeted, self._greeted = self._greeted, False
            self.out += framed(done(request.xid, None if greeted else self._server_id, now))

    def refuse(self, now: float) -> None:
        """Its requestor may not ask any more: what is under way ends, and so does the connection."""
        while self._asked:
            self._end(self._asked.popleft().request, now, Status.NOT_ALLOWED, "not a requestor any more")
        self.closing = True

    def _end(self, request: Request4, now: float, status: Status, text: str) -> None:
        self.out += framed(done(request.xid, self._server_id, now, status, text))
