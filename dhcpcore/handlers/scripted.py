"""What the site's script decides: whether a packet goes on, what its client gets, and what its answer says.

In the plan only where there is a script.  ``ScriptRules`` is the parameters' word, before anything is looked up;
``ScriptAdmits`` asks the first question, where a hook or a database of the script's is on the packet's way;
``ScriptEdits`` shows it the answer.  What it gives is an assignment like any other:
the lease is committed all the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from dhcpcore.lease.model import Assignment, Identifier
from dhcpcore.lease.transitions import is_active
from dhcpcore.pipeline.binding import assigned_here, key_of
from dhcpcore.pipeline.bundle import OWN_MARK, Outgoing, Response4, Route, TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.questions import Given, Matter, Said, Shown, Word
from dhcpcore.pipeline.scripted import Dialogue, Rules, Script, method_of, shown
from dhcpcore.pipeline.signals import Ask, CannotRespond, NeedsRows, Refuse
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.manners import Manners
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.snapshot import Lifetimes, Link, Snapshot, Subnet
from dhcpcore.wire.addresses import network_of
from dhcpcore.wire.v4.aligned import aligned
from dhcpcore.wire.v4.message import BROADCAST, NOWHERE, MessageType, Opt

_OF_CLIENTS = frozenset(
    (MessageType.DISCOVER, MessageType.REQUEST, MessageType.DECLINE, MessageType.RELEASE, MessageType.INFORM)
)
_ANSWERED = frozenset((MessageType.DISCOVER, MessageType.REQUEST, MessageType.INFORM))
#: Options of a Definition that are sent unasked; its others only to who asks for them.
_UNASKED = frozenset((1, 3, 6, 15))
#: What no script sets in an answer: its layout, who it is from, and what is echoed as it came.
_OURS = frozenset((52, 53, 54, 55, 61, 82))
_TIMES = frozenset((Opt.LEASE_TIME, Opt.RENEWAL_TIME, Opt.REBINDING_TIME))
_LET_THROUGH = f"{OWN_MARK}let through"
_CLIENT_PORT = 68
#: Times that the script is shown an answer which turned out otherwise meanwhile.
_SHOWN_MAX = 3
#: Places that a script's definitions make of the links: subnet, lease time and mask.
_PLACES_MAX = 4096
_SILENT = {
    Word.DROP: Reason.SCRIPT_DROPPED,
    Word.BLOCK: Reason.SCRIPT_BLOCKED,
    Word.FAILED: Reason.SCRIPT_FAILED,
    Word.OVERRUN: Reason.SCRIPT_OVERRUN,
    Word.AWAY: Reason.SCRIPT_AWAY,
}


class _Scripted(Handler):
    def __init__(self, script: Script | None, manners: Manners) -> None:
        self._script = script or Script(Rules())
        self._there = script is not None
        self._manners = manners

    def _block(self, bundle: TransactionBundle) -> CannotRespond:
        """Leave the client unanswered for a time, beginning now."""
        seconds = self._script.rules.unauthorized_s
        if seconds > 0:
            self._manners.suspend(bundle.request.hw, "script", bundle.subnet.subnet_id, bundle.now, seconds)
        return CannotRespond(Reason.SCRIPT_BLOCKED)


class ScriptRules(_Scripted):
    """Relay policy, blocklist and flood counter, in this order; each packet meets them once."""

    message_types: ClassVar[frozenset[int] | None] = _OF_CLIENTS

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where the script says anything of whom it serves."""
        return self._there and self._script.rules.guards

    def pre(self, bundle: TransactionBundle) -> None:
        """A packet that was suspended for a while comes by a second time."""
        marks = bundle.marks
        if marks is not None and _LET_THROUGH in marks:
            return
        bundle.marks = {_LET_THROUGH, *(marks or ())}
        rules, request = self._script.rules, bundle.request
        if request.giaddr == NOWHERE:
            if not rules.local and not bundle.datagram.at:  # Who boots asks its boot server by itself.
                raise CannotRespond(Reason.SCRIPT_RELAY)
        elif not rules.relays or (rules.relays_allowed and request.giaddr not in rules.relays_allowed):
            raise CannotRespond(Reason.SCRIPT_RELAY)
        if self._manners.is_suspended(request.hw, bundle.now):
            raise CannotRespond(Reason.SUSPENDED)
        if rules.flood is not None and bundle.snapshot.flood is None:
            reason = self._manners.judge(rules.flood, request.hw, bundle.subnet.subnet_id, bundle.now)
            if reason is not None:
                raise CannotRespond(reason)
        if rules.folder:
            options = request.options
            if request.message_type == MessageType.DECLINE and Opt.REQUESTED_ADDRESS not in options:
                raise self._block(bundle)
            if request.message_type in _GIVE_BACK and Opt.SERVER_ID not in options:
                raise self._block(bundle)


class ScriptAsks(_Scripted):
    """The first question of where nobody has an assignment: then it waits for no row."""

    message_types: ClassVar[frozenset[int] | None] = _OF_CLIENTS

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where there is a question, and no assignment that it would be about."""
        rules = self._script.rules
        asks = rules.filters or rules.looks_up
        return self._there and asks and not rules.nak_renewals and not snapshot.identifier_kinds

    def resumes(self) -> bool:
        """Its answer is there."""
        return True

    def pre(self, bundle: TransactionBundle) -> None:
        """After whatever keeps a packet from its answer without a look at the database."""
        admitted = self._script.dialogue(bundle).admitted
        if admitted is None:
            bundle.trace.append((Step.SCRIPT_ASKED, "filter and look-up"))
            raise Ask(self._script.question(bundle, Matter.ADMIT))
        if admitted.given is not None:  # Its row, in the same round trip as the client's own.
            subnet = bundle.link.subnet_of(admitted.given.address) or bundle.subnet
            bundle.wants.leases.add(key_of(subnet, admitted.given.address))


_GIVE_BACK = frozenset((MessageType.DECLINE, MessageType.RELEASE))


class ScriptAdmits(_Scripted):
    """filterPacket, the look-up, handleUnknownMAC and filterRetrievedDefinitions: one question."""

    message_types: ClassVar[frozenset[int] | None] = _OF_CLIENTS

    def __init__(self, script: Script | None, manners: Manners) -> None:
        super().__init__(script, manners)
        self._places: dict[tuple[tuple[int, ...], Given], tuple[Link, Subnet]] = {}

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where the script says who is served, or what is given: an answer's address, too."""
        return self._there and (self._script.rules.admits or self._script.rules.edits)

    def handle(self, bundle: TransactionBundle) -> None:
        """Where neither a hook nor a database is on the way, the packet goes by."""
        rules = self._script.rules
        dialogue = self._script.dialogue(bundle)
        said = dialogue.admitted
        if said is None:
            if rules.nak_renewals and bundle.request.message_type == MessageType.REQUEST:
                self._nak_renewals(bundle)
            known = () if bundle.assignment is None else _known(bundle)
            if rules.filters or (not known and rules.looks_up):
                bundle.trace.append((Step.SCRIPT_ASKED, "filter and look-up"))
                raise Ask(self._script.question(bundle, Matter.ADMIT, known))
        elif said.word != Word.GO:
            if said.word == Word.BLOCK:
                raise self._block(bundle)
            raise CannotRespond(_SILENT[Word(said.word)])
        if rules.folder and bundle.request.message_type == MessageType.INFORM and bundle.request.ciaddr == NOWHERE:
            raise self._block(bundle)
        if said is not None and said.given is not None:
            self._give(bundle, said.given)
        elif bundle.assignment is None:
            self._unknown(bundle)

    def _nak_renewals(self, bundle: TransactionBundle) -> None:
        method = method_of(bundle.request, bundle.datagram.source)
        if method == "REQUEST:RENEW" or (method == "REQUEST:REBIND" and self._script.rules.authoritative):
            raise Refuse(Reason.NAK_RENEWALS)

    def _give(self, bundle: TransactionBundle, given: Given) -> None:
        """An assignment of this one address, in its subnet or in one that the definition itself describes."""
        address = given.address
        home = bundle.link.subnet_of(address)
        members = tuple(subnet.subnet_id for subnet in bundle.link.subnets)
        key = (members, given._replace(options=(), hostname=""))
        place = self._places.get(key)
        if place is None:
            if len(self._places) >= _PLACES_MAX:
                self._places.clear()
            place = self._places[key] = self._place(bundle.link, home, given)
        bundle.link, subnet = place
        bundle.home = bundle.subnet = subnet
        bundle.trace.append((Step.SCRIPT_GIVES, address, given.subnet, given.serial))
        bundle.assignment = Assignment(
            0, subnet.subnet_id, int(Identifier.HW_ADDRESS), bundle.request.hw, (key_of(subnet, address),),
            given.hostname, given.options, always_send=_UNASKED & {code for code, _ in given.options},
        )  # fmt: skip
        if (
            self._script.rules.folder
            and bundle.request.ciaddr not in (NOWHERE, address)
            and method_of(bundle.request, bundle.datagram.source) == "REQUEST:REBIND"
        ):
            raise CannotRespond(Reason.UNKNOWN_CLIENT)  # Another server may know it.

    def _place(self, link: Link, home: Subnet | None, given: Given) -> tuple[Link, Subnet]:
        rules = self._script.rules
        if home is None:
            plen = int.from_bytes(given.mask, "big").bit_count() if given.mask else 32
            home = Subnet(0, 4, 0, network_of(given.address, plen), plen, given.subnet)
        lease_s = given.lease_time
        subnet = replace(
            home,
            lifetimes=Lifetimes(default_s=lease_s, min_s=lease_s, max_s=lease_s),
            pools=(),
            adopt="reserved",
            authoritative=home.authoritative or rules.authoritative,
            rapid_commit=home.rapid_commit or rules.rapid_commit,
        )
        others = tuple(replace(one, pools=()) for one in link.subnets if one.subnet_id != subnet.subnet_id)
        return Link(link.name, (subnet, *others)), subnet

    def _unknown(self, bundle: TransactionBundle) -> None:
        """A client that nobody knows, by staticDHCPd's rules; where there is a pool, Lessor may have an address."""
        rules, kind = self._script.rules, bundle.request.message_type
        if any(subnet.pools for subnet in bundle.link.subnets):
            return
        if not rules.folder:
            if not bundle.link.subnets and kind not in _ABOUT_A_LEASE:
                raise CannotRespond(Reason.NO_SUBNET)
            return
        if kind == MessageType.INFORM:
            raise self._block(bundle)
        if kind == MessageType.DISCOVER:
            if rules.authoritative or bundle.subnet.authoritative:
                raise Refuse(Reason.NAK_UNKNOWN_CLIENT)
            raise self._block(bundle)
        if kind == MessageType.REQUEST:
            if method_of(bundle.request, bundle.datagram.source) == "REQUEST:REBIND":
                raise CannotRespond(Reason.UNKNOWN_CLIENT)
            if rules.authoritative and not bundle.subnet.authoritative:
                bundle.subnet = replace(bundle.subnet, authoritative=True)


_ABOUT_A_LEASE = frozenset((MessageType.REQUEST, MessageType.RELEASE, MessageType.DECLINE))


def _known(bundle: TransactionBundle) -> tuple[Given, ...]:
    """The client's assignment of this link, as a Definition."""
    assignment = bundle.assignment
    assert assignment is not None
    return tuple(
        Given(key[2], subnet.lifetimes.default_s, subnet.name, 0, assignment.hostname, b"", assignment.options)
        for key, subnet in assigned_here(bundle)[:1]
    )


class ScriptEdits(_Scripted):
    """loadDHCPPacket: the last word on an answer that gives something, before it is recorded."""

    message_types: ClassVar[frozenset[int] | None] = _ANSWERED

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where there is loadDHCPPacket."""
        return self._there and self._script.rules.edits

    def answered(self, bundle: TransactionBundle) -> None:
        """Where the address or the kind of the answer has become another one meanwhile, it is shown again."""
        response = bundle.responses[0]
        if bundle.key is None and bundle.request.message_type != MessageType.INFORM:
            return  # It gives nothing.
        dialogue = self._script.dialogue(bundle)
        said, about = dialogue.edited, dialogue.shown
        if said is None or about is None or not _agrees(response, said, about):
            dialogue.asked += 1
            if dialogue.asked > _SHOWN_MAX:
                raise CannotRespond(Reason.LOST_RACE)
            bundle.trace.append((Step.SCRIPT_ASKED, "answer"))
            dialogue.facts, dialogue.key = bundle.facts, bundle.key
            raise Ask(self._script.question(bundle, Matter.ANSWER, self._definition(bundle, dialogue), shown(response)))
        if said.word != Word.GO:
            raise CannotRespond(_SILENT[Word(said.word)])
        kind = said.options.get(Opt.MESSAGE_TYPE)
        if kind is not None and kind[0] == MessageType.NAK:
            raise Refuse(Reason.NAK_SCRIPT)
        address = said.fields.get("yiaddr", response.yiaddr)
        if address != response.yiaddr and bundle.key is not None:
            self._move(bundle, dialogue, address)
        if kind is not None and kind[0] == MessageType.ACK and response.message_type == MessageType.OFFER:
            response.message_type = MessageType.ACK
            before = bundle.before
            renewed = before is not None and before.client == bundle.client and is_active(before, bundle.now)
            bundle.reason = Reason.ACK_RENEWED if renewed else Reason.ACK_NEW
        if said.fields or said.options:
            bundle.trace.append((Step.SCRIPT_CHANGED, ", ".join((*said.fields, *map(str, said.options)))))
            _apply(response, said)

    def _definition(self, bundle: TransactionBundle, dialogue: Dialogue) -> tuple[Given, ...]:
        """What the client gets: by the script's word, by assignment, or as it stands in the answer."""
        admitted = dialogue.admitted
        if admitted is not None and admitted.given is not None:
            return (admitted.given,)
        if bundle.assignment is not None and (known := _known(bundle)):
            return known
        response = bundle.responses[0]
        return (Given(response.yiaddr, max(response.lifetime_s, 0), bundle.subnet.name, 0, "", b"", response.pairs),)

    def _move(self, bundle: TransactionBundle, dialogue: Dialogue, address: bytes) -> None:
        """The script chose another address: it is given that one, if it is free, as if looked up."""
        (given,) = self._definition(bundle, dialogue)
        options = tuple(pair for pair in given.options if pair[0] not in _TIMES)
        dialogue.admitted = Said(dialogue.number, Word.GO, given._replace(address=address, options=options))
        bundle.wants.leases.add(key_of(bundle.link.subnet_of(address) or bundle.subnet, address))
        raise NeedsRows


class ScriptRoutes(Handler):
    """What ``reply`` makes of responses, sent where loadDHCPPacket has the answer go."""

    def __init__(self, script: Script, reply: Handler) -> None:
        self._script = script
        self._reply = reply

    def post(self, bundle: TransactionBundle) -> None:
        """Of the first answer, which the script was shown; a refusal is its own or goes where refusals go.

        A frame goes out where the packet came in.  A client that wants broadcasts gets them, whatever address the
        script says, and an address is looked up by the system, unless the script says whose it is.
        """
        self._reply.post(bundle)
        client_port = self._script.rules.client_port
        if client_port != _CLIENT_PORT:
            bundle.outgoing = [
                Outgoing(payload, route._replace(port=client_port) if route.port == _CLIENT_PORT else route)
                for payload, route in bundle.outgoing
            ]
        if bundle.datagram.at:
            bundle.outgoing = [Outgoing(payload, _proxied(bundle, route)) for payload, route in bundle.outgoing]
        if not self._script.rules.edits:
            return
        said = self._script.dialogue(bundle).edited
        if said is None or said.way is None or not bundle.outgoing:
            return
        if bundle.responses[0].message_type == MessageType.NAK and bundle.reason is not Reason.NAK_SCRIPT:
            return
        way, (payload, route), datagram = said.way, bundle.outgoing[0], bundle.datagram
        if way.address and not bundle.request.broadcast:
            hw = route.hw if way.address == route.address else b""
            route = route._replace(address=way.address, hw=hw, interface=datagram.interface if hw else 0)
        if way.hw:
            route = route._replace(hw=way.hw, interface=datagram.interface)
        if way.port:
            route = route._replace(port=way.port)
        if way.source_port:
            route = route._replace(source_port=way.source_port)
        if way.word or way.tail:
            payload = aligned(payload, way.word, way.tail, bundle.request.limit)
        bundle.trace.append((Step.SCRIPT_ROUTED, route.address, route.port, route.hw))
        bundle.outgoing[0] = Outgoing(payload, route)


def _proxied(bundle: TransactionBundle, route: Route) -> Route:
    """Of what came to the script's own port: back to who sent it, from that port.  PXE 2.1, 2.2.5."""
    datagram = bundle.datagram
    address = next((one for one in (bundle.request.ciaddr, datagram.source) if one not in _NOBODYS), None)
    if address is None:
        return route._replace(port=datagram.port, source_port=datagram.at)
    interface = datagram.interface if datagram.destination == BROADCAST else 0
    return Route(address, datagram.port, interface, datagram.local, source_port=datagram.at)


_NOBODYS = (NOWHERE, BROADCAST)


def _agrees(response: Response4, said: Said, about: Shown) -> bool:
    """Whether what the script said is about this answer, or about the one that it made of it."""
    return response.message_type == about.message_type and response.yiaddr in (
        about.yiaddr, said.fields.get("yiaddr", about.yiaddr)
    )  # fmt: skip


def _apply(response: Response4, said: Said) -> None:
    fields, options = said.fields, said.options
    response.ciaddr = fields.get("ciaddr", response.ciaddr)
    response.siaddr = fields.get("siaddr", response.siaddr)
    response.sname = fields.get("sname", response.sname)
    response.file = fields.get("file", response.file)
    if "broadcast" in fields:
        response.broadcast = fields["broadcast"] == b"\1"
    others = {code: value for code, value in options.items() if code not in _OURS}
    if response.lifetime_s >= 0:
        lease = others.pop(Opt.LEASE_TIME, None)
        if lease is not None:
            response.lifetime_s = int.from_bytes(lease, "big")
            response.renew_s, response.rebind_s = response.lifetime_s // 2, response.lifetime_s * 7 // 8
        for code, name in ((Opt.RENEWAL_TIME, "renew_s"), (Opt.REBINDING_TIME, "rebind_s")):
            if others.get(code) is not None:
                setattr(response, name, int.from_bytes(others.pop(code) or b"", "big"))
    if others:
        response.overrides = {**(response.overrides or {}), **others}
