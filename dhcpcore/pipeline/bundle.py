"""The TransactionBundle: everything that belongs to one transaction, from datagram to answer.

Handlers share nothing but this.  It is reset and run again when rows were missing, a probe came back or another engine
was first; what ``pre`` found (link, identity) stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from dhcpcore.lease.facts import Facts, Wants
from dhcpcore.lease.model import Assignment, Change, Lease, LeaseKey
from dhcpcore.pipeline.ledger import Ledger
from dhcpcore.pipeline.signals import Contended
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.classes import ClientClass, Matched
from dhcpcore.topology.expressions.subject import Subject
from dhcpcore.topology.links import Links
from dhcpcore.topology.snapshot import Link, Pool, Snapshot, Subnet
from dhcpcore.wire.v4.message import Request4
from dhcpcore.wire.v4.tlv import encode_options

#: Where a handler that puts another request in its place keeps the one that was read.
AS_IT_CAME = "request as it came"


#: What marks of the server's own begin with: no handler of the site's can put one on, or has it in its scope.
OWN_MARK = "\0"
#: A handler of the site's does not want two messages for this client.
NO_RAPID_COMMIT = f"{OWN_MARK}no rapid commit"


class Datagram(NamedTuple):
    """A datagram as the socket layer received it."""

    data: bytes
    source: bytes  #: Address of the sender.
    port: int  #: Its port.
    interface: int  #: Index of the interface it came in on.
    destination: bytes  #: Address in its IP header; broadcast or multicast, or one of ours.
    local: bytes  #: Our address on that interface, as the system would answer from; empty where there is none.
    received_at: float
    at: int = 0  #: The port that it came to, where that is the script's own and not the server's.


class Route(NamedTuple):
    """Where an answer goes.  ``hw`` not empty: in a frame to that hardware address, for a client without an address."""

    address: bytes
    port: int
    interface: int
    local: bytes
    hw: bytes = b""
    source_port: int = 0  #: The port that it comes from; 0: the server's.


class Outgoing(NamedTuple):
    """An answer ready to be sent."""

    payload: bytes
    route: Route


_OF_ANSWERS = ("body", "broadcast", "ciaddr", "file", "lifetime_s", "message_type", "overrides", "pairs", "rebind_s",
               "renew_s", "siaddr", "sname", "yiaddr")  # fmt: skip


class Response4:
    """A DHCPv4 answer while handlers fill it; ``overrides`` adds an option (bytes) or leaves one out (None)."""

    __slots__ = _OF_ANSWERS

    def __init__(self, message_type: int) -> None:
        self.message_type = message_type
        self.yiaddr = self.ciaddr = self.siaddr = b"\0\0\0\0"
        self.sname = self.file = b""
        self.broadcast = False
        self.lifetime_s = -1  #: -1: the answer grants no lease.
        self.renew_s = self.rebind_s = 0
        self.body = b""  #: Configured options, encoded and cached.
        self.pairs: tuple[tuple[int, bytes], ...] = ()  #: The same, one by one, for answers that are short of room.
        self.overrides: dict[int, bytes | None] | None = None

    def copy(self) -> Response4:
        """Another one that says the same."""
        made = Response4(self.message_type)
        for name in _OF_ANSWERS:
            setattr(made, name, getattr(self, name))
        return made

    def lead(self, code: int, payload: bytes) -> None:
        """Say a short option that the protocol asks for, before the configured ones: it is the last to be left out."""
        pairs = tuple(pair for pair in self.pairs if pair[0] != code)
        if len(pairs) < len(self.pairs):
            self.body = encode_options(pairs)
        self.pairs = ((code, payload), *pairs)
        self.body = encode_options(((code, payload),)) + self.body


class TransactionBundle:
    """One transaction."""

    __slots__ = (
        "assignment",
        "assignment_key",
        "before",
        "candidate",
        "client",
        "client_classes",
        "datagram",
        "depends",
        "facts",
        "full",
        "handled_options",
        "handler_data",
        "home",
        "identifiers",
        "key",
        "ledger",
        "link",
        "links",
        "marks",
        "matched",
        "now",
        "outgoing",
        "pool",
        "probed",
        "reason",
        "request",
        "responses",
        "retries",
        "reverted",
        "rounds",
        "server_id",
        "snapshot",
        "subject",
        "subnet",
        "trace",
        "wants",
    )

    def __init__(self, datagram: Datagram, request: Request4, snapshot: Snapshot, links: Links, now: float) -> None:
        self.datagram = datagram
        self.request = request
        self.snapshot = snapshot
        self.links = links
        self.now = now
        self.wants: Wants
        self.facts: Facts
        self.ledger: Ledger
        self.link: Link
        self.home: Subnet  #: The member of the link that the packet points at.
        self.subnet: Subnet  #: The same at first, then the one that the client is served from.
        self.server_id = b""
        self.client = b""
        self.identifiers: Sequence[tuple[int, bytes]] = ()  #: What an assignment could know the client by.
        self.assignment: Assignment | None = None
        self.assignment_key: bytes | None = None  #: What its subnet's expression makes of the packet.
        self.key: LeaseKey | None = None  #: What is offered or granted.
        self.before: Lease | None = None  #: Its row.
        self.pool: Pool | None = None
        self.full: frozenset[tuple[int, int]] | None = None  #: Kind and id of what has no place for the client.
        self.candidate: Any = None  #: What the allocator proposed in an earlier round.
        self.probed: dict[LeaseKey, bool] | None = None  #: Addresses that were probed, and whether somebody answered.
        self.responses: list[Response4] = []
        self.outgoing: list[Outgoing] = []
        self.depends: list[LeaseKey] = []  #: Rows that must be won before the answer may leave.
        self.reason: Reason | None = None
        self.rounds = 0  #: Times it asked for more rows.
        self.retries = 0  #: Times another writer was first.
        self.reverted: tuple[LeaseKey, ...] = ()  #: What it was granted where another row of it was lost.
        self.trace: list[tuple[Any, ...]] = []
        self.marks: set[str] | None = None
        self.handled_options: list[Any] | None = None
        self.handler_data: dict[Any, Any] | None = None
        self.subject: Subject | None = None  #: The packet as classes see it; None where there are none.
        self.matched: Matched | None = None  #: What the packet alone tells of its classes.
        self.client_classes: tuple[ClientClass, ...] = ()  #: Those that give it something, the first one wins.

    @property
    def response(self) -> Response4 | None:
        """The first response, which is the only one of most transactions."""
        return self.responses[0] if self.responses else None

    def reset(self) -> None:
        """Forget what was decided, keep what the packet is: for another round."""
        self.assignment = self.key = self.before = self.pool = None
        self.subnet = self.home
        self.responses = []
        self.outgoing = []
        self.depends = []
        self.reason = None

    def begin_anew(self, snapshot: Snapshot, links: Links, now: float) -> None:
        """Forget what the packet was by the definitions of then: for those of now, after it was suspended."""
        self.snapshot, self.links, self.now = snapshot, links, now
        if self.handler_data:
            self.request = self.handler_data.pop(AS_IT_CAME, self.request)
        self.subject = self.matched = self.assignment_key = None
        self.client_classes = ()
        self.rounds = 0
        if hasattr(self, "home"):  # Who asked before its link was known has decided nothing.
            self.reset()

    def record(self, *changes: Change) -> None:
        """Put changes into the batch: the answer leaves only when all their rows were won.

        All or none: where one cannot join the batch, ``Contended`` sends the transaction to the next one.
        """
        ledger = self.ledger
        if ledger.changes and ledger.contends(changes):
            raise Contended
        for change in changes:
            self.depends.append(ledger.put(change))

    def rely_on(self, key: LeaseKey) -> None:
        """The answer repeats what an earlier transaction of this batch wrote: it leaves with that row or not at all."""
        self.wait_turn(key[2])
        if key in self.ledger.changes:
            self.depends.append(key)

    def wait_turn(self, address: bytes) -> None:
        """Not before an earlier transaction of the address that waits for the next batch."""
        if any(address == key[2] for key in self.ledger.barred):
            raise Contended
