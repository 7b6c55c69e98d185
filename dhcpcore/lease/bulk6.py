"""Leasequery of DHCPv6 by TCP, one requestor's connection without its socket.  RFC 5460.

Framed as DHCPv4's is: queries come in a stream and are answered one after the other.  A LEASEQUERY-REPLY has the first
client, a LEASEQUERY-DATA each of the others, a LEASEQUERY-DONE ends it; where there is none, or only a status to be
told, the reply is all.  What a slice of the table has of one client is told together.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from dhcpcore.errors import MalformedMessage
from dhcpcore.lease.bulk import MESSAGE_OCTETS_MAX, QUERIES_MAX
from dhcpcore.lease.facts import Facts, Wants
from dhcpcore.lease.model import KIND_ADDRESS6, Lease, LeaseKey
from dhcpcore.lease.query6 import Asked6, Refusal, Scope, by_client, read
from dhcpcore.lease.telling import NO_HISTORY, Holdings, lifetimes_of
from dhcpcore.lease.telling6 import client_data, done, first, further, refused
from dhcpcore.topology.links import Links
from dhcpcore.topology.snapshot import EMPTY, Snapshot
from dhcpcore.wire.v4.leasequery import framed, unframed
from dhcpcore.wire.v6.message import Message6, MessageType6, Opt6, Status, decode_message

#: Before all rows of DHCPv6 in the table's order: those of IPv4 in space 0 need not be gone through.
_START: LeaseKey = (0, KIND_ADDRESS6, b"", 0)


class Session6:
    """What one requestor sent, and what it is still to be sent; used as ``bulk.Session`` is."""

    #: Nobody asks to be told of changes, or begins TLS, in these messages: that would be RFC 7653.
    stream = None

    def __init__(self, server_id: bytes, links: Callable[[], Links]) -> None:
        self._server_id = server_id
        self._links = links
        self._stream = bytearray()
        self._asked: deque[Asked6] = deque()
        self.out = bytearray()
        self.closing = False  #: Nothing more is heard; what is in ``out`` is sent first.
        self.after: LeaseKey | None = None  #: Where the query under way goes on in the table.
        self.told = 0  #: Clients told of so far, by all queries.
        self.demands_tls = False  #: Whether the definitions demand what these messages do not have.
        self._begun = False  #: Whether the query under way has had its LEASEQUERY-REPLY.
        self._snapshot = EMPTY
        self._scope: Scope | Refusal | None = None

    @property
    def asked(self) -> Asked6 | None:
        """The query that is being answered."""
        return self._asked[0] if self._asked else None

    @property
    def full(self) -> bool:
        """Whether no more is to be read for now."""
        return len(self._asked) >= QUERIES_MAX

    def receive(self, data: bytes, now: float) -> None:
        """Octets of the stream; what cannot be understood, or is no LEASEQUERY, ends it."""
        self._stream += data
        while not self.closing and not self.full and len(self._stream) >= 2:
            if int.from_bytes(self._stream[:2], "big") > MESSAGE_OCTETS_MAX:
                self.closing = True
                return
            octets = unframed(self._stream)
            if octets is None:
                return
            try:
                self._take(decode_message(octets))
            except MalformedMessage:
                self.closing = True  # Whose answer it would be cannot be told.

    def _take(self, request: Message6) -> None:
        named = request.get(Opt6.SERVER_ID)
        if request.kind != MessageType6.LEASEQUERY or (named is not None and named != self._server_id):
            self.closing = True
            return
        if self.demands_tls:
            self._tell(first(request, self._server_id, refused(_NO_TLS)))
            self.closing = True
            return
        query = read(request, tcp=True)
        if isinstance(query, Refusal):
            self._tell(first(request, self._server_id, refused(query)))
            return
        self._asked.append(Asked6(request, query))

    def begin(self, snapshot: Snapshot) -> bool:
        """What the query under way is about, by these definitions; whether of anything."""
        asked = self.asked
        assert asked is not None
        if snapshot is not self._snapshot or self._scope is None:
            self._snapshot = snapshot
            self._scope = asked.query.scope(self._links())
        return isinstance(self._scope, Scope)

    @property
    def place(self) -> LeaseKey | None:
        """Behind which row of the table the query under way goes on."""
        return self.after or _START

    def wants(self, facts: Facts, now: float) -> Wants | None:
        """The rows that answer the query under way, where an index finds them; None: the table is gone through."""
        asked, scope = self.asked, self._scope
        assert asked is not None
        assert isinstance(scope, Scope)
        return None if asked.query.walks else asked.query.wants(scope, facts, now)

    def found(self, facts: Facts, now: float) -> list[Lease]:
        """The rows, when all that it wants have been read."""
        asked, scope = self.asked, self._scope
        assert asked is not None
        assert isinstance(scope, Scope)
        return asked.query.rows(scope, facts, now, self._links())

    def unclear(self, rows: Sequence[Lease], now: float) -> list[Lease]:
        """Nothing that the history would have to tell is asked for."""
        return []

    def tell(
        self, rows: Sequence[Lease], following: LeaseKey | None, now: float, snapshot: Snapshot,
        held: Holdings = NO_HISTORY,
    ) -> None:  # fmt: skip
        """The next rows; ``following`` None: they were the last ones."""
        asked = self.asked
        assert asked is not None
        request, query = asked
        self.begin(snapshot)
        scope = self._scope
        if not isinstance(scope, Scope):
            self._finish(now, scope)
            return
        about = [row for row in rows if query.is_about(row, scope, now)] if query.walks else rows
        lifetimes = lifetimes_of(snapshot)
        for (duid, _), leases in by_client(about, self._links()).items():
            data = client_data(duid, leases, now, lifetimes)
            self._tell(further(request, data) if self._begun else first(request, self._server_id, data))
            self._begun = True
            self.told += 1
        self.after = following
        if following is None:
            self._finish(now)

    def _finish(self, now: float, refusal: Refusal | None = None) -> None:
        """The query under way is answered; what was not read for its sake is."""
        self._end(self._asked.popleft().request, refusal)
        self.after, self._scope = None, None
        self.receive(b"", now)

    def _end(self, request: Message6, refusal: Refusal | None) -> None:
        begun, self._begun = self._begun, False
        if begun:
            self._tell(done(request, refusal))
        else:
            self._tell(first(request, self._server_id, *(() if refusal is None else (refused(refusal),))))

    def refuse(self, now: float, text: str) -> None:
        """Its requestor may not ask any more: what is under way ends, and so does the connection."""
        while self._asked:
            self._end(self._asked.popleft().request, Refusal(Status.NOT_ALLOWED, text))
        self.closing = True

    def _tell(self, message: bytes) -> None:
        self.out += framed(message)


_NO_TLS = Refusal(Status.NOT_ALLOWED, "the definitions demand TLS, which DHCPv6's leasequery does not have here")
