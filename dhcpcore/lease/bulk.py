"""Leasequery by TCP, one requestor's connection without its socket: octets in, octets out, rows when they are wanted.

RFC 6926: queries come framed in a stream, each is answered with a message a binding and an end; several may be sent at
once and are answered one after the other.  RFC 7724: or one active query, which has the connection for itself and is
answered (``active.Stream``) until somebody closes it.  A DHCPTLS before all else asks that what follows be encrypted:
whoever has the socket decides that, and hands in what was said once it is clear again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from dhcpcore.errors import MalformedMessage
from dhcpcore.lease.active import Stream, refusal
from dhcpcore.lease.configured import Range, merged, ranges_of
from dhcpcore.lease.facts import Facts, Wants
from dhcpcore.lease.model import Lease, LeaseKey
from dhcpcore.lease.query import Ambiguous, Asked, By, read, spaces_of
from dhcpcore.lease.telling import NO_HISTORY, Holdings, Status, done, in_bulk, lifetimes_of, never_held, said, unclear
from dhcpcore.topology.snapshot import EMPTY, Snapshot
from dhcpcore.wire.v4.leasequery import framed, unframed
from dhcpcore.wire.v4.message import MessageType, Request4, decode

#: A query is a header and a few options; what announces more is no query.
MESSAGE_OCTETS_MAX = 1500
#: Queries of one connection that wait; what follows them is not read.  RFC 6926 8.4.
QUERIES_MAX = 8
#: Answers of one slice.
TOLD_MAX = 512


class Session:
    """What one requestor sent, and what it is still to be sent."""

    def __init__(self, server_id: bytes) -> None:
        self._server_id = server_id
        self._stream = bytearray()
        self._asked: deque[Asked] = deque()
        self.out = bytearray()
        self.closing = False  #: Nothing more is heard; what is in ``out`` is sent first.
        self.after: LeaseKey | None = None  #: Where the query under way goes on in the table.
        self.told = 0  #: Addresses told of so far, by all queries.
        self.stream: Stream | None = None  #: The active query; whether it is admitted, the server decides.
        self.tls_asked: Request4 | None = None  #: A DHCPTLS, behind which nothing is read until it is answered.
        self.demands_tls = False  #: Whether nothing but a DHCPTLS is heard, as things stand.
        self._heard = False  #: Whether anything was asked on this connection.
        self._greeted = False  #: Whether an answer to the query under way has our identifier.
        self._snapshot = EMPTY
        self._spaces: Mapping[int, bytes] = {}
        self._ranges: tuple[Range, ...] = ()

    @property
    def asked(self) -> Asked | None:
        """The query that is being answered."""
        return self._asked[0] if self._asked else None

    @property
    def full(self) -> bool:
        """Whether no more is to be read for now."""
        return len(self._asked) >= QUERIES_MAX

    def receive(self, data: bytes, now: float) -> None:
        """Octets of the stream; what cannot be understood ends it."""
        self._stream += data
        while not self.closing and not self.full and self.tls_asked is None and len(self._stream) >= 2:
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
        kind = request.message_type
        first, self._heard = not self._heard, True
        if kind == MessageType.TLS:
            if first:
                self.tls_asked = request  # Its options are ignored.  RFC 7724 8.1.
            else:
                self._refuse_tls(request, now, "a DHCPTLS is the first message of its connection")
            return
        if self.demands_tls:
            self._demand_tls(request, now)
            return
        if kind == MessageType.ACTIVELEASEQUERY:
            self._begin_stream(request, now)
            return
        if kind != MessageType.BULKLEASEQUERY:
            self.closing = True  # RFC 7724 8.1.1.
            return
        if self.stream is not None:
            self._end(request, now, Status.NOT_ALLOWED, "an active query has this connection: ask by another")
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

    def begin_tls(self, now: float) -> bytes:
        """Grant it; what came behind the request, which is no message but of TLS already.

        What ``out`` has then goes out as it is; all that follows it is to be encrypted.  RFC 7724 8.1.
        """
        assert self.tls_asked is not None
        self.out += framed(said(MessageType.TLS, self.tls_asked.xid, None, now, Status.SUCCESS))
        self.tls_asked, self.demands_tls = None, False
        behind = bytes(self._stream)
        self._stream.clear()
        return behind

    def refuse_tls(self, now: float, text: str) -> None:
        """The connection goes on as it is, where whoever asked wants that.  RFC 7724 8.1."""
        request, self.tls_asked = self.tls_asked, None
        assert request is not None
        self._heard = False
        self._refuse_tls(request, now, text)
        self.receive(b"", now)

    def _refuse_tls(self, request: Request4, now: float, text: str) -> None:
        self.out += framed(refusal(MessageType.TLS, request.xid, now, Status.TLS_CONNECTION_REFUSED, text))

    def _demand_tls(self, request: Request4, now: float) -> None:
        text = "this server demands TLS: begin with a DHCPTLS"
        if request.message_type == MessageType.ACTIVELEASEQUERY:
            self.out += framed(refusal(MessageType.LEASEQUERYSTATUS, request.xid, now, Status.NOT_ALLOWED, text))
        elif request.message_type == MessageType.BULKLEASEQUERY:
            self._end(request, now, Status.NOT_ALLOWED, text)
        self.closing = True

    def _begin_stream(self, request: Request4, now: float) -> None:
        """An active query is about everything, and the only one of its connection.  RFC 7724 7.3, 8.2 and 8.3."""
        status, text = Status.MALFORMED_QUERY, "an active query names no address, no client and no end"
        try:
            query = read(request)
        except MalformedMessage as fault:
            text = fault.args[0]
        else:
            if self._asked or self.stream is not None:
                status, text = Status.NOT_ALLOWED, "an active query has its connection for itself"
            elif query.by is By.EVERYTHING and query.until is None and not any(request.data[12:24]):
                self.stream = Stream(Asked(request, query), self._server_id)
                return
        while self._asked:
            other = self._asked.popleft().request
            self._end(other, now, Status.QUERY_TERMINATED, "an active query was sent before its end")
        self.out += framed(refusal(MessageType.LEASEQUERYSTATUS, request.xid, now, status, text))
        self.closing = True

    def end_stream(self, now: float, status: Status, text: str) -> None:
        """The active query ends, and so does the connection.  RFC 7724 8.4."""
        if self.stream is not None:
            self.out += self.stream.status(now, status, text)
            self.stream = None
        self.closing = True

    @property
    def place(self) -> LeaseKey | None:
        """Behind which row of the table the query under way goes on; None: it begins."""
        return self.after

    def wants(self, facts: Facts, now: float) -> Wants | None:
        """The rows that answer the query under way, where an index finds them, and that are not among ``facts`` yet.

        None: the table is gone through.
        """
        asked = self.asked
        assert asked is not None
        clients = asked.query.clients
        return Wants(clients={one for one in clients if one not in facts.by_client}) if clients else None

    def found(self, facts: Facts, now: float) -> list[Lease]:
        """The rows, when all that it wants have been read."""
        return [row for rows in facts.by_client.values() for row in rows]

    def begin(self, snapshot: Snapshot) -> bool:
        """Of which spaces the query under way is told, by these definitions; whether of any."""
        asked = self.asked
        assert asked is not None
        if snapshot is not self._snapshot or not self._spaces:
            query = asked.query
            self._snapshot = snapshot
            self._spaces = spaces_of(query.vpn, snapshot)
            everything = query.by is By.EVERYTHING and not query.timed
            self._ranges = ranges_of(snapshot, self._spaces) if everything else ()
        return bool(self._spaces)

    def unclear(self, rows: Sequence[Lease], now: float) -> list[Lease]:
        """Those of the rows of which only the history tells what is asked: since when, or who ended it."""
        asked = self.asked
        assert asked is not None
        return unclear(asked, rows, self._spaces, now)

    def tell(
        self, rows: Sequence[Lease], following: LeaseKey | None, now: float, snapshot: Snapshot,
        held: Holdings = NO_HISTORY,
    ) -> None:  # fmt: skip
        """The next rows; ``following`` None: they were the last ones."""
        asked = self.asked
        assert asked is not None
        request, query = asked
        if not self.begin(snapshot):
            self._finish(now, "no subnet is of this VPN")
            return
        told: Sequence[Lease | LeaseKey] = rows
        if self._ranges:
            told, following = merged(self._ranges, rows, self.after, TOLD_MAX, all_rows=following is None)
        lifetimes = lifetimes_of(snapshot)
        for one in told:
            vpn = self._spaces.get(one[0])
            if vpn is None:
                continue
            server_id = None if self._greeted else self._server_id
            if not isinstance(one, Lease):
                message = never_held(request, one[2], now=now, server_id=server_id, vpn=vpn)
            elif query.is_about(one, now, (holding := held.get(one.key)) and holding.began):
                message = in_bulk(
                    request, one, now=now, server_id=server_id, lifetimes=lifetimes, held=holding, vpn=vpn
                )
            else:
                continue
            self._greeted = True
            self.out += framed(message)
            self.told += 1
        self.after = following
        if following is None:
            self._finish(now)

    def _finish(self, now: float, text: str = "") -> None:
        """The query under way is answered; what was not read for its sake is."""
        request = self._asked.popleft().request
        greeted, self._greeted = self._greeted, False
        self.after, self._spaces = None, {}
        self.out += framed(done(request.xid, None if greeted else self._server_id, now, text=text))
        self.receive(b"", now)

    def refuse(self, now: float, text: str) -> None:
        """Its requestor may not ask any more: what is under way ends, and so does the connection."""
        self.end_stream(now, Status.NOT_ALLOWED, text)
        while self._asked:
            self._end(self._asked.popleft().request, now, Status.NOT_ALLOWED, text)
        self.closing = True

    def _end(self, request: Request4, now: float, status: Status, text: str) -> None:
        self.out += framed(done(request.xid, self._server_id, now, status, text))
