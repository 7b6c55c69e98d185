"""The transaction of DHCPv6 as handlers of packages see it: DHCPKit's bundle.

It is the one of ``transaction``, with message and answer of the other family, relays one inside the other, and
identity associations, which handlers answer: what they give is committed before the Reply leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dhcpcore.errors import InvalidValue
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.bundle6 import (
    Response6,
    TransactionBundle6,
    mark_handled,
    returned,
    unhandled,
)
from dhcpcore.pipeline.messages_list import MessagesList
from dhcpcore.pipeline.transaction import RESPONSES_MAX, Option, Relay, RelayAnswer, Transaction, link_address_of
from dhcpcore.pipeline.views6 import Answer6, IdentityAssociation, Query6, code_of6, meant, shown
from dhcpcore.wire.addresses import format_address, is_of_many_links
from dhcpcore.wire.v6.message import ASSOCIATIONS, NOWHERE, Opt6, read_association, type_name6


class Transaction6(Transaction):
    """One message and its answers."""

    __slots__ = ("_answers6", "_more6", "_query6")

    family = 6

    def __init__(self, bundle: TransactionBundle6) -> None:
        self._query6 = Query6(bundle)
        super().__init__(bundle)

    @property
    def _mine(self) -> TransactionBundle6:
        assert isinstance(self._bundle, TransactionBundle6)
        return self._bundle

    def begin(self) -> None:
        """What was decided is forgotten: the transaction is decided again."""
        super().begin()
        self._answers6: dict[int, Answer6] = {}
        self._more6: Iterator[Answer6] = iter(())

    @property
    def request(self) -> Query6:  # type: ignore[override]
        """The client's message."""
        return self._query6

    @property  # type: ignore[override]
    def response(self) -> Answer6 | None:
        """The answer, or None where there is none (yet); None set here: the message is not answered."""
        answers = self._mine.answers
        return self._view6(answers[0]) if answers else None

    @response.setter
    def response(self, answer: Answer6 | None) -> None:
        self._more6 = iter(())
        self._put6(answer)

    @property  # type: ignore[override]
    def responses(self) -> MessagesList[Answer6]:
        """All answers, the first one and those that follow it; may be set."""
        listed = [self._view6(one) for one in self._mine.answers]
        return MessagesList(listed[0], [*listed[1:]]) if listed else MessagesList()

    @responses.setter  # type: ignore[override]
    def responses(self, answers: MessagesList[Answer6] | Iterable[Answer6]) -> None:
        drawn = iter(answers)
        self._put6(next(drawn, None))
        self._more6 = drawn

    def another(self) -> Answer6 | None:  # type: ignore[override]
        """A copy of the answer, to be changed and put behind it among ``responses``."""
        answers = self._mine.answers
        return Answer6(answers[0].copy()) if answers else None

    @property
    def relays(self) -> tuple[Relay, ...]:
        """The relays on the way in, the one closest to the client first; the last is the server's own layer."""
        if self._relays is None:
            self._relays = _relays(self._mine)
        return self._relays

    incoming_relay_messages = relays

    @property
    def outgoing_relay_messages(self) -> tuple[RelayAnswer, ...] | None:
        """What each relay gets back, in the same order, the server's own layer last; None where there is no answer."""
        if not self._bundle.responses:
            return None
        if self._outgoing is None:
            own = RelayAnswer(self.relays[-1].options)
            self._outgoing = (*(RelayAnswer(dict(returned(relay))) for relay in self._mine.relays), own)
        return self._outgoing

    @property
    def link_address(self) -> str:
        """The first address of more than one link among those of the relays; over TCP who asks; else ``::``."""
        if self._mine.tcp:
            return format_address(self._bundle.datagram.source)
        return link_address_of(relay.link_address for relay in self.relays)

    @property
    def received_over_multicast(self) -> bool:
        """Whether it was sent to all servers."""
        return self._mine.by_multicast

    @property
    def received_over_tcp(self) -> bool:  # type: ignore[override]
        """Whether it came by TCP."""
        return self._mine.tcp

    @property
    def address(self) -> str | None:
        """The first address or prefix that the answer gives; None where there is none."""
        response = self.response
        held = [] if response is None else [one for each in response.associations for one in each.held if one.valid]
        return held[0].address if held else None

    @property
    def allow_unicast(self) -> bool:
        """Whether the client may send to this server alone; a handler may say so in ``pre``."""
        return self._mine.allow_unicast

    @allow_unicast.setter
    def allow_unicast(self, allowed: bool) -> None:
        self._mine.allow_unicast = allowed

    @property
    def rapid_commit_rejections(self) -> bool:
        """Whether a Solicit with rapid commit gets its Reply at once, too, where something is refused in it."""
        return self._mine.rejections

    @rapid_commit_rejections.setter
    def rapid_commit_rejections(self, wanted: bool) -> None:
        self._mine.rejections = wanted

    def mark_handled(self, option: Option | IdentityAssociation) -> None:
        """Somebody has answered it; an equal one is marked with it."""
        if isinstance(option, IdentityAssociation):
            found = [one for one in self._mine.message.associations if shown(one) == option]
        elif option.code in ASSOCIATIONS:
            found = [read_association(option.code, option.payload)]
        else:
            super().mark_handled(option)
            return
        for one in found:
            mark_handled(self._mine, one)

    def get_unhandled_options(self, codes: int | Iterable[int]) -> list[Option]:
        """Options of the message with one of these codes that nobody has answered yet."""
        wanted = (codes,) if isinstance(codes, int) else tuple(codes)
        handled = self._bundle.handled_options or ()
        left = unhandled(self._mine)
        found = []
        for code, payload in self._mine.message.options:
            if code in ASSOCIATIONS:
                is_left = read_association(code, payload) in left
            else:
                is_left = Option(code, payload) not in handled
            if code in wanted and is_left:
                found.append(Option(code, payload))
        return found

    def get_unhandled_associations(self, *codes: int) -> list[IdentityAssociation]:
        """Identity associations of these codes, or of all, that nobody has answered yet."""
        return [shown(one) for one in unhandled(self._mine) if not codes or one.code in codes]

    def answer(self, association: IdentityAssociation) -> None:
        """Give this to the client, or refuse it: the identity association of its code and IAID is handled by it.

        What it holds with a valid lifetime becomes leases, where the answer is a Reply; with one of 0 it is taken back.
        """
        one = meant(association)
        response = self.response
        if response is None:
            return
        asked = [each for each in self._mine.message.associations if each.name == one.name]
        if not asked:
            raise InvalidValue(f"the client has asked for no identity association {association.iaid} of {one.code}")
        response.response.answer(one)
        response.changed = True
        for each in asked:
            mark_handled(self._mine, each)

    @property
    def requested_options(self) -> tuple[int, ...] | None:  # type: ignore[override]
        """Codes that the client asks for, in its order; None where it does not say (it is then told everything)."""
        asked = self._mine.message.get(Opt6.ORO)
        if asked is None:
            return None
        return tuple(int.from_bytes(asked[at : at + 2], "big") for at in range(0, len(asked) - 1, 2))

    def wants(self, option: int | str) -> bool:
        """Whether the client asks for the option, or asks for none and so for all."""
        requested = self.requested_options
        return requested is None or code_of6(option) in requested

    def settle(self) -> bool:
        """Put into the bundle what handlers have changed; whether the answer's octets have to be made anew."""
        self.draw()
        changed = self._return_to_relay()
        for answer in self._answers6.values():
            changed |= answer.changed
            answer.changed = False
        return changed

    def draw(self) -> None:
        """Have the answers made that come behind the first one."""
        mine = self._mine
        for answer in self._more6:
            mine.respond(*mine.answers, answer.response)
            self._answers6[id(answer.response)] = answer
            answer.changed = True
            if len(mine.responses) >= RESPONSES_MAX:
                break
        self._more6 = iter(())

    def _return_to_relay(self) -> bool:
        if self._outgoing is None:
            return False
        before = self._mine.relay_options or [returned(relay) for relay in self._mine.relays]
        after = [list(one.options.items()) for one in self._outgoing[:-1]]
        self._mine.relay_options = after
        return before != after

    def _put6(self, answer: Answer6 | None) -> None:
        self._mine.respond(*(() if answer is None else (answer.response,)))
        if answer is not None:
            self._answers6[id(answer.response)] = answer
            answer.changed = True

    def _view6(self, response: Response6) -> Answer6:
        found = self._answers6.get(id(response))
        if found is None:
            found = self._answers6[id(response)] = Answer6(response)
        return found

    def __str__(self) -> str:
        response = self.response
        told = f"{type_name6(self._mine.kind)} from {self._mine.duid.hex()}"
        told += f"{' over TCP' if self._mine.tcp else ''} at {self.relays[0].peer_address}"
        if self._mine.relays:
            told += f" via {'LDRA' if self.link_address == '::' else self.link_address}"
        told += f" -> {response.type if response is not None else 'no answer'}"
        return f"{told} with marks {', '.join(map(repr, sorted(self.marks)))}" if self.marks else told


def transaction_of(bundle: TransactionBundle) -> Transaction:
    """The transaction of a bundle, by its family."""
    return Transaction6(bundle) if isinstance(bundle, TransactionBundle6) else Transaction(bundle)


def _relays(bundle: TransactionBundle6) -> tuple[Relay, ...]:
    datagram = bundle.datagram
    interface = bundle.links.interfaces.get(datagram.interface)
    here = () if interface is None else interface.addresses
    link = next((one for one in here if is_of_many_links(one)), NOWHERE)
    options = {} if interface is None else {int(Opt6.INTERFACE_ID): interface.name.encode()}
    own = Relay(format_address(link), format_address(datagram.source), options, is_own=True)
    said = [
        Relay(format_address(one.link), format_address(one.peer), dict(reversed(one.options))) for one in bundle.relays
    ]
    return (*said, own)
