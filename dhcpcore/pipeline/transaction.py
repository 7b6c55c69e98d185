"""The transaction as handlers of packages see it: DHCPKit's bundle, the same for both families.

Messages are the views that callouts have (``views``).  What the server committed, or will, is not changed here: the
client's address, the lease, and the options in which the protocol itself speaks.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from dhcpcore.pipeline.bundle import NO_RAPID_COMMIT, OWN_MARK, Response4, TransactionBundle
from dhcpcore.pipeline.identifiers import SubOption, sub_options
from dhcpcore.pipeline.messages_list import MessagesList
from dhcpcore.pipeline.views import Answer4, Query4, code_of
from dhcpcore.wire.addresses import format_address
from dhcpcore.wire.v4.message import BROADCAST, NOWHERE, Opt, type_name
from dhcpcore.wire.v4.tlv import encode_options

#: Answers to one message; who lets them be made without end is stopped here.
RESPONSES_MAX = 16


class Option(NamedTuple):
    """An option: its code and its octets."""

    code: int
    payload: bytes


class Relay(NamedTuple):
    """What one relay said on the message's way in.  ``options``: what it added, in DHCPv4 sub-options of option 82."""

    link_address: str
    peer_address: str
    options: Mapping[int, bytes]
    is_own: bool = False  #: The server's own layer, which is always the last one.


class RelayAnswer:
    """What one relay gets back; ``options`` may be changed."""

    __slots__ = ("options",)

    def __init__(self, options: Mapping[int, bytes]) -> None:
        self.options = dict(options)


class Transaction:
    """One message and its answer."""

    __slots__ = ("_answers", "_bundle", "_more", "_outgoing", "_query", "_relays")

    #: 4 or 6.
    family = 4
    #: DHCPv4 has no multicast of its own, and no TCP but for bulk queries, which no handler meets.
    received_over_tcp = False

    def __init__(self, bundle: TransactionBundle) -> None:
        self._bundle = bundle
        self._query = Query4(bundle)
        self._relays: tuple[Relay, ...] | None = None
        self.begin()

    def begin(self) -> None:
        """What was decided is forgotten: the transaction is decided again."""
        self._answers: dict[int, Answer4] = {}
        self._more: Iterator[Answer4] = iter(())
        self._outgoing: tuple[RelayAnswer, ...] | None = None

    @property
    def request(self) -> Query4:
        """The client's message."""
        return self._query

    @property
    def now(self) -> float:
        """Seconds since 1970, as the engine knows the time."""
        return self._bundle.now

    @property
    def response(self) -> Answer4 | None:
        """The answer, or None where there is none (yet); None set here: the message is not answered."""
        return self._view(self._bundle.responses[0]) if self._bundle.responses else None

    @response.setter
    def response(self, answer: Answer4 | None) -> None:
        self._more = iter(())
        self._put(answer)

    @property
    def responses(self) -> MessagesList[Answer4]:
        """All answers, the first one and those that follow it; may be set."""
        listed = [self._view(one) for one in self._bundle.responses]
        return MessagesList(listed[0], [*listed[1:]]) if listed else MessagesList()

    @responses.setter
    def responses(self, answers: MessagesList[Answer4] | Iterable[Answer4]) -> None:
        drawn = iter(answers)
        self._put(next(drawn, None))
        self._more = drawn

    def another(self) -> Answer4 | None:
        """A copy of the answer, to be changed and put behind it among ``responses``."""
        return Answer4(self._bundle.responses[0].copy()) if self._bundle.responses else None

    @property
    def relays(self) -> tuple[Relay, ...]:
        """The relays on the way in, the one closest to the client first; the last is the server's own layer."""
        if self._relays is None:
            self._relays = _relays(self._bundle)
        return self._relays

    incoming_relay_messages = relays

    @property
    def outgoing_relay_messages(self) -> tuple[RelayAnswer, ...] | None:
        """What each relay gets back, in the same order; None where there is no answer.

        DHCPv4 returns to a relay what it said (RFC 3046 2.2), unless that is changed here.
        """
        if not self._bundle.responses:
            return None
        if self._outgoing is None:
            self._outgoing = tuple(RelayAnswer(relay.options) for relay in self.relays)
        return self._outgoing

    @property
    def link_address(self) -> str:
        """The first address in use among those of the links that the message came over; else the unspecified one."""
        return link_address_of(relay.link_address for relay in self.relays)

    @property
    def received_over_multicast(self) -> bool:
        """Whether it was sent to everybody on the link."""
        return self._bundle.datagram.destination == BROADCAST

    @property
    def subnet(self) -> Any:
        """The subnet that the client is served from, with ``subnet_id``, ``name`` and so on; read it only."""
        return self._bundle.subnet

    @property
    def classes(self) -> frozenset[str]:
        """The classes that the client is known to be of by now."""
        subject = self._bundle.subject
        return frozenset() if subject is None else frozenset(subject.classes)

    @property
    def client(self) -> str:
        """Who it is, in hex, as logs tell it; empty before that is known."""
        return self._bundle.client.hex(":")

    @property
    def address(self) -> str | None:
        """The address that is offered or granted; None where there is none."""
        return None if self._bundle.key is None else format_address(self._bundle.key[2])

    @property
    def marks(self) -> frozenset[str]:
        """Marks that handlers have put on it."""
        return frozenset(mark for mark in self._bundle.marks or () if not mark.startswith(OWN_MARK))

    def add_mark(self, mark: str) -> None:
        """For handlers after this one, and for those whose scope has the mark."""
        self._bundle.marks = {*(self._bundle.marks or ()), mark.strip().lstrip(OWN_MARK)}

    @property
    def allow_rapid_commit(self) -> bool:
        """Whether a client that offers it may get its lease in two messages; a handler may only say no, in ``pre``."""
        return self._bundle.subnet.rapid_commit and NO_RAPID_COMMIT not in (self._bundle.marks or ())

    @allow_rapid_commit.setter
    def allow_rapid_commit(self, allowed: bool) -> None:
        if not allowed:
            self._bundle.marks = {*(self._bundle.marks or ()), NO_RAPID_COMMIT}

    @property
    def handler_data(self) -> dict[Hashable, Any]:
        """What a handler keeps of this transaction from phase to phase, by a key of its own: itself, best."""
        if self._bundle.handler_data is None:
            self._bundle.handler_data = {}
        return self._bundle.handler_data

    @property
    def handled_options(self) -> list[Option]:
        """Options of the message that some handler has answered."""
        if self._bundle.handled_options is None:
            self._bundle.handled_options = []
        return self._bundle.handled_options

    def mark_handled(self, option: Option) -> None:
        """Somebody has answered it; an equal one is marked with it."""
        self.handled_options.append(option)

    def get_unhandled_options(self, codes: int | Iterable[int]) -> list[Option]:
        """Options of the message with one of these codes that nobody has answered yet."""
        wanted = (codes,) if isinstance(codes, int) else tuple(codes)
        handled = self._bundle.handled_options or ()
        present = (Option(code, payload) for code, payload in self._bundle.request.options.items() if code in wanted)
        return [option for option in present if option not in handled]

    @property
    def requested_options(self) -> bytes | None:
        """Codes that the client asks for, in its order; None where it does not say (it is then told everything)."""
        return self._bundle.request.options.get(Opt.PARAMETER_REQUEST_LIST)

    def wants(self, option: int | str) -> bool:
        """Whether the client asks for the option, or asks for none and so for all."""
        requested = self.requested_options
        return requested is None or code_of(option) in requested

    def settle(self) -> bool:
        """Put into the bundle what handlers have changed; whether the answer's octets have to be made anew."""
        self.draw()
        changed = self._return_to_relay()
        for answer in self._answers.values():
            changed |= answer.changed
            answer.changed = False
        return changed

    def draw(self) -> None:
        """Have the answers made that come behind the first one."""
        bundle = self._bundle
        for answer in self._more:
            bundle.responses.append(answer.response)
            self._answers[id(answer.response)] = answer
            answer.changed = True
            if len(bundle.responses) >= RESPONSES_MAX:
                break
        self._more = iter(())

    def _return_to_relay(self) -> bool:
        if self._outgoing is None or self._bundle.request.giaddr == NOWHERE or not self._bundle.responses:
            return False
        after, before = self._outgoing[0].options, self._relays[0].options if self._relays else {}
        if after == before:
            return False
        response = self._bundle.responses[0]
        agent = encode_options(tuple((code, payload) for code, payload in after.items()))
        response.overrides = {**(response.overrides or {}), int(Opt.AGENT_OPTIONS): agent}
        return True

    def _put(self, answer: Answer4 | None) -> None:
        self._bundle.responses = [] if answer is None else [answer.response]
        if answer is not None:
            self._answers[id(answer.response)] = answer
            answer.changed = True

    def _view(self, response: Response4) -> Answer4:
        found = self._answers.get(id(response))
        if found is None:
            found = self._answers[id(response)] = Answer4(response)
        return found

    def __str__(self) -> str:
        request, response = self._bundle.request, self.response
        told = f"{type_name(request.message_type)} from {request.hw[1:].hex(':')} at {self._query.remote}"
        if request.giaddr != NOWHERE:
            told += f" via {self._query.giaddr}"
        told += f" -> {response.type if response is not None else 'no answer'}"
        return f"{told} with marks {', '.join(map(repr, sorted(self.marks)))}" if self.marks else told


def link_address_of(addresses: Iterable[str]) -> str:
    """The first address of a chain of relays that is not unspecified, of the loopback or of one link alone."""
    unspecified = "::"
    for text in addresses:
        if text == "0.0.0.0":  # noqa: S104 - It is compared, not listened at.
            unspecified = text
        elif text not in {"::", "::1"} and not text.startswith(("fe8", "fe9", "fea", "feb", "127.", "169.254.")):
            return text
    return unspecified


def _relays(bundle: TransactionBundle) -> tuple[Relay, ...]:
    request, datagram = bundle.request, bundle.datagram
    client = request.hw[1:].hex(":")
    own = Relay(format_address(datagram.local or NOWHERE), format_address(datagram.source), {}, is_own=True)
    if request.giaddr == NOWHERE:
        return (own._replace(peer_address=client),)
    said = sub_options(request.options.get(Opt.AGENT_OPTIONS, b""))
    selected = said.get(SubOption.LINK_SELECTION, b"")  # RFC 3527 3.
    link = selected if len(selected) == 4 else request.giaddr
    return (Relay(format_address(link), client, said), own)
