"""What a transaction of DHCPv6 has beside what both families have: message, relays, identity associations, answer.

Its kind of message is that of the wire above ``KIND6``, so that one plan has the steps of both families.
"""

from __future__ import annotations

from typing import Any, cast

from dhcpcore.lease.model import KIND_ADDRESS6, KIND_PREFIX6, Change, Lease, LeaseKey
from dhcpcore.pipeline.bundle import Datagram, TransactionBundle
from dhcpcore.pipeline.signals import NeedsRows
from dhcpcore.topology.links import Links
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.kinds import KIND6
from dhcpcore.wire.v4.message import unread
from dhcpcore.wire.v6.message import (
    Association,
    Leased,
    MessageType6,
    Opt6,
    Pair,
    Received6,
    Relay6,
    Status,
    first,
    hardware_of,
    status,
)

#: What is answered, or acted upon.
MESSAGES6 = tuple(
    KIND6 + kind
    for kind in (
        MessageType6.SOLICIT, MessageType6.REQUEST, MessageType6.CONFIRM, MessageType6.RENEW, MessageType6.REBIND,
        MessageType6.RELEASE, MessageType6.DECLINE, MessageType6.INFORMATION_REQUEST,
    )
)  # fmt: skip
CLIENTS6 = frozenset(MESSAGES6)

#: What a client key begins with: temporary addresses have identity associations of their own numbers.
_TAGS = {int(Opt6.IA_NA): b"\x02", int(Opt6.IA_PD): b"\x02", int(Opt6.IA_TA): b"\x03"}
_NO_IAID = bytes(4)


class Response6:
    """An answer while handlers fill it: options in the order of the wire, then identity associations."""

    __slots__ = ("associations", "kind", "options")

    def __init__(self, kind: int) -> None:
        self.kind = kind
        self.options: list[Pair] = []
        self.associations: list[Association] = []

    def get(self, code: int) -> bytes | None:
        """The first option of this code."""
        return first(self.options, code)

    def put(self, code: int, payload: bytes) -> None:
        """The option in place of those of its code, where the first of them stands; else behind all."""
        place = next((at for at, pair in enumerate(self.options) if pair[0] == code), len(self.options))
        kept = [pair for pair in self.options if pair[0] != code]
        self.options = [*kept[:place], (code, payload), *kept[place:]]

    def drop(self, code: int) -> None:
        """Leave the options of this code out."""
        self.options = [pair for pair in self.options if pair[0] != code]

    def answer(self, association: Association) -> None:
        """The identity association in place of one of the same name."""
        for at, one in enumerate(self.associations):
            if one.name == association.name:
                self.associations[at] = association
                return
        self.associations.append(association)

    def of(self, name: tuple[int, bytes]) -> Association | None:
        """What it says of an identity association."""
        return next((one for one in self.associations if one.name == name), None)

    def copy(self) -> Response6:
        """Another one that says the same."""
        made = Response6(self.kind)
        made.options, made.associations = list(self.options), list(self.associations)
        return made


class TransactionBundle6(TransactionBundle):
    """One transaction of DHCPv6.

    ``request`` is a stand-in that has what parts for both families look at: the kind and the hardware address.
    """

    __slots__ = (
        "allow_unicast", "changes", "duid", "message", "rejections", "relay_options", "relays", "status", "taken",
        "tcp",
    )  # fmt: skip

    def __init__(
        self, datagram: Datagram, received: Received6, snapshot: Snapshot, links: Links, now: float
    ) -> None:
        stand_in = unread(b"")
        stand_in.message_type = KIND6 + received.message.kind
        stand_in.data, stand_in.xid = datagram.data, received.message.xid
        super().__init__(datagram, stand_in, snapshot, links, now)
        self.message = received.message
        self.relays = received.relays
        self.duid = received.message.get(Opt6.CLIENT_ID) or b""
        stand_in.hw = hardware_of(self.duid, received.relays)
        # Who sends no DUID is found by the address that it sent from.
        self.client = _TAGS[Opt6.IA_NA] + _NO_IAID + (self.duid or self.peer)
        self.tcp = False
        self.allow_unicast = False  #: Whether clients may send to this server's own address.
        self.rejections = False  #: Whether a SOLICIT is answered at once, too, where that is a refusal.
        self.relay_options: list[list[Pair]] | None = None  #: What each relay gets back.
        self.status: tuple[int, str] | None = None  #: Of the refusal that ``Refuse`` asks for.
        self.changes: list[Change] = []  #: What is to be recorded.
        self.taken: list[LeaseKey] = []  #: What was to be given to the client, and is another's.

    @property
    def answers(self) -> list[Response6]:
        """The responses, by their own type."""
        return cast("list[Response6]", self.responses)

    def respond(self, *answers: Response6) -> None:
        """These are the responses."""
        self.responses = cast("Any", [*answers])

    @property
    def kind(self) -> int:
        """The message's type on the wire."""
        return self.message.kind

    @property
    def peer(self) -> bytes:
        """The client's address on its link."""
        return self.relays[0].peer if self.relays else self.datagram.source

    @property
    def by_multicast(self) -> bool:
        """Whether it was sent to all servers, by the client or by the relay closest to here."""
        return self.datagram.destination[:1] == b"\xff"

    def reset(self) -> None:
        """Forget what was decided."""
        super().reset()
        self.relay_options = None
        self.taken, self.changes = [], []
        self.handled_options = None

    def key_of(self, association: Association) -> bytes:
        """The client as the owner of an identity association: IAID and DUID."""
        return _TAGS[association.code] + association.iaid + self.duid

    def lease_key(self, association: Association, leased: Leased) -> LeaseKey:
        """The row that an address or prefix is."""
        kind = KIND_PREFIX6 if association.code == Opt6.IA_PD else KIND_ADDRESS6
        return self.subnet.space, kind, leased.address, leased.plen

    def row(self, key: LeaseKey) -> Lease | None:
        """The row of an address or prefix, wanted first where it was not fetched."""
        try:
            return self.facts.by_key[key]
        except KeyError:
            self.wants.leases.add(key)
            raise NeedsRows from None

    def rows_of(self, association: Association) -> list[Lease]:
        """What the client has, or had, by an identity association: addresses, or prefixes."""
        kind = KIND_PREFIX6 if association.code == Opt6.IA_PD else KIND_ADDRESS6
        return [row for row in self.facts.by_client.get(self.key_of(association), ()) if row.kind == kind]


def six(bundle: TransactionBundle) -> TransactionBundle6:
    """The bundle of a transaction that is known to be of DHCPv6."""
    assert isinstance(bundle, TransactionBundle6)
    return bundle


def begin_answer(bundle: TransactionBundle6, kind: int) -> Response6:
    """An answer with what all of them say: who it is from, and for.  RFC 8415 18.3."""
    response = Response6(kind)
    response.put(Opt6.SERVER_ID, bundle.server_id)
    if bundle.duid:
        response.put(Opt6.CLIENT_ID, bundle.duid)
    return response


def refuse6(bundle: TransactionBundle6) -> None:
    """The answer is a status and nothing else."""
    code, text = bundle.status or (Status.UNSPEC_FAIL, "")
    response = begin_answer(bundle, MessageType6.REPLY)
    response.put(Opt6.STATUS_CODE, status(code, text))
    bundle.respond(response)


def unhandled(bundle: TransactionBundle6) -> list[Association]:
    """Identity associations of the message that nobody has answered."""
    handled = bundle.handled_options or ()
    return [one for one in bundle.message.associations if one not in handled]


def mark_handled(bundle: TransactionBundle6, one: object) -> None:
    """Somebody has answered it; an equal one is marked with it."""
    if bundle.handled_options is None:
        bundle.handled_options = []
    bundle.handled_options.append(one)


def returned(relay: Relay6) -> list[Pair]:
    """What a relay gets back as it came: Interface-Id, port, and what it asks for.  RFC 8415 21.18, 8357, 4994."""
    asked = relay.get(Opt6.ERO) or b""
    codes = {int.from_bytes(asked[at : at + 2], "big") for at in range(0, len(asked) - 1, 2)}
    codes = (codes | {Opt6.INTERFACE_ID, Opt6.RELAY_PORT}) - {Opt6.RELAY_MSG, Opt6.ERO}
    return [pair for pair in relay.options if pair[0] in codes]
