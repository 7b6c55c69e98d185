"""The site's script as handlers see it: its rules, and the questions that transactions have for it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from dhcpcore.lease.facts import Facts
from dhcpcore.lease.model import LeaseKey
from dhcpcore.pipeline.bundle import Response4, TransactionBundle
from dhcpcore.pipeline.questions import Given, Matter, Question, Said, Shown
from dhcpcore.topology.policy import Flood
from dhcpcore.wire.v4.message import NOWHERE, MessageType, Opt, Request4

#: Where a bundle's ``handler_data`` keeps its ``Dialogue``.
DIALOGUE = "script"


@dataclass(slots=True)
class Dialogue:
    """What was asked and said about one transaction."""

    number: int
    admitted: Said | None = None
    edited: Said | None = None
    shown: Shown | None = None  #: What ``edited`` is about.
    asked: int = 0  #: Times that the answer was shown.
    key: LeaseKey | None = None  #: What ``shown`` gives.
    facts: Facts | None = None  #: The rows that ``shown`` was decided on: the commit is guarded by their versions.


@dataclass(frozen=True, slots=True)
class Rules:
    """What conf.py's hooks and parameters mean to the engine; staticDHCPd's names stand in the script's manual."""

    filters: bool = False
    looks_up: bool = False  #: There is a database of its own, or handleUnknownMAC.
    edits: bool = False
    folder: bool = False  #: A whole staticDHCPd configuration: its rules hold where there is no pool.
    local: bool = True
    relays: bool = True
    relays_allowed: frozenset[bytes] = frozenset()
    rapid_commit: bool = False
    authoritative: bool = False
    nak_renewals: bool = False
    unauthorized_s: int = 60
    client_port: int = 68
    flood: Flood | None = None

    @property
    def admits(self) -> bool:
        """Whether they decide who is served, or what is given: and not only what an answer says."""
        return self.filters or self.looks_up or self.folder or self.nak_renewals

    @property
    def guards(self) -> bool:
        """Whether a packet may end before anything is looked up."""
        return self.admits or not (self.local and self.relays) or bool(self.relays_allowed) or self.flood is not None


@dataclass(slots=True)
class Script:
    """The site's script, as the engine knows it: its rules, and the numbers of its transactions."""

    rules: Rules
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def dialogue(self, bundle: TransactionBundle) -> Dialogue:
        """The transaction's, which begins with the first handler that asks for it."""
        data = bundle.handler_data
        if data is None:
            data = bundle.handler_data = {}
        found = data.get(DIALOGUE)
        if found is None:
            found = data[DIALOGUE] = Dialogue(next(self.numbers))
        return found

    def question(
        self, bundle: TransactionBundle, matter: Matter, known: tuple[Given, ...] = (), shown: Shown | None = None
    ) -> Question:
        """The question that the bundle stands for."""
        datagram = bundle.datagram
        return Question(
            self.dialogue(bundle).number, matter, datagram.data, method_of(bundle.request, datagram.source),
            datagram.source, datagram.at or 67,
            bundle.server_id, known, shown,
        )  # fmt: skip


_METHODS = {
    MessageType.DISCOVER: "DISCOVER",
    MessageType.DECLINE: "DECLINE",
    MessageType.RELEASE: "RELEASE",
    MessageType.INFORM: "INFORM",
    MessageType.LEASEQUERY: "LEASEQUERY",
}
_NO_SOURCE = (NOWHERE, b"\xff\xff\xff\xff")


def method_of(request: Request4, source: bytes) -> str:
    """The message's method, by staticDHCPd's names.  RFC 2131 4.3.2 tells the four REQUESTs apart."""
    if request.message_type != MessageType.REQUEST:
        return _METHODS.get(MessageType(request.message_type), "")
    if request.ciaddr == NOWHERE:
        return "REQUEST:SELECTING" if Opt.SERVER_ID in request.options else "REQUEST:INIT-REBOOT"
    return "REQUEST:REBIND" if source in _NO_SOURCE else "REQUEST:RENEW"


def shown(response: Response4) -> Shown:
    """The answer as it stands."""
    pairs = dict(response.pairs)
    if response.lifetime_s >= 0:
        pairs[Opt.LEASE_TIME] = response.lifetime_s.to_bytes(4, "big")
        pairs[Opt.RENEWAL_TIME] = response.renew_s.to_bytes(4, "big")
        pairs[Opt.REBINDING_TIME] = response.rebind_s.to_bytes(4, "big")
    for code, value in (response.overrides or {}).items():
        if value is None:
            pairs.pop(code, None)
        else:
            pairs[code] = value
    return Shown(
        response.message_type, response.yiaddr, response.ciaddr, response.siaddr, response.sname, response.file,
        response.broadcast, tuple(pairs.items()),
    )  # fmt: skip


def recall(bundle: TransactionBundle) -> bool:
    """Put the rows that its answer was decided on among the batch's; whether there are any, and all that it needs."""
    assert bundle.handler_data is not None
    dialogue: Dialogue | None = bundle.handler_data.get(DIALOGUE)
    if dialogue is None or dialogue.facts is None:
        return False
    before, dialogue.facts = dialogue.facts, None
    if bundle.snapshot.identifier_kinds or before.counts or bundle.probed or bundle.retries:
        return False
    rows = before.by_client.get(bundle.client)
    if rows is None:
        return False
    facts = bundle.facts
    facts.by_client.setdefault(bundle.client, list(rows))
    key = dialogue.key
    if key is not None and key in before.by_key:
        facts.by_key.setdefault(key, before.by_key[key])
    return True
