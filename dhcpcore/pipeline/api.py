"""What a package needs to bring handlers of its own: the model is DHCPKit's, and the same for DHCPv4 and DHCPv6.

A package offers a type of handlers by an entry point of the group ``lessor.handlers``: its name is the type's, and it
leads to a subclass of ``HandlerFactory``.  docs/handlers.md has the manual, docs/tutorial-handler a whole package.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from dhcpcore.pipeline.assigning import NOTHING, Assigned, StaticAssignment
from dhcpcore.pipeline.messages_list import MessagesList
from dhcpcore.pipeline.transaction import Option, Relay, RelayAnswer, Transaction
from dhcpcore.pipeline.transaction6 import Transaction6
from dhcpcore.pipeline.views import Answer4, Query4, code_of
from dhcpcore.pipeline.views6 import Answer6, Held, IdentityAssociation, Query6


class HandlerException(Exception):
    """Base of what a handler raises to say what becomes of a message."""


class CannotRespondError(HandlerException):
    """The message is not answered: HANDLER-DROPPED."""


class ForOtherServerError(CannotRespondError):
    """The message is for another server: not answered, OTHER-SERVER, and nothing to wonder about."""


class UseMulticastError(HandlerException):
    """DHCPv6: the client is told to use multicast; one that did is not answered.  DHCPv4 has no such answer."""


class ReplyWithStatusError(HandlerException):
    """The answer is this refusal: in DHCPv6 a Reply with this status and nothing else.

    DHCPv4 has one, the NAK, and for a REQUEST alone; other messages get no answer.
    """

    def __init__(self, status_code: int = 1, status_message: str = "") -> None:
        super().__init__(status_message)
        self.status_code = status_code
        self.status_message = status_message


class ReplyWithLeasequeryError(ReplyWithStatusError):
    """The same, to a query of DHCPv6."""


class Handler:
    """One concern of the site's.  Its phases are called in this order, each with the transaction.

    ``handle`` may be called again for the same message, where another engine was first: what it keeps outside of the
    transaction, it keeps in ``post``.
    """

    #: Whether its messages are tried in a simulation: then nothing is to be sent, stored or told to anybody.
    simulated: bool = False
    #: Whose messages it meets: 4, 6 or both.
    families: ClassVar[frozenset[int]] = frozenset((4,))

    def __str__(self) -> str:
        return type(self).__name__

    def worker_init(self) -> None:
        """Once in each engine's process, before the first message: connections and the like are made here."""

    def analyse_pre(self, bundle: Transaction) -> None:
        """Look at the message; what is raised is logged, and changes nothing."""

    def pre(self, bundle: Transaction) -> None:
        """The message's link and classes are known, its client is not looked up: mark it, or refuse it."""

    def handle(self, bundle: Transaction) -> None:
        """The answer is there, where there is one: change it, or refuse."""

    def post(self, bundle: Transaction) -> None:
        """What the answer promises is committed, and it is about to leave: record what was done."""

    def analyse_post(self, bundle: Transaction) -> None:
        """Look at what became of the message, answered or not; what is raised is logged, and changes nothing."""


class RelayHandler(Handler):
    """Has to do with what each relay said, and gets back."""

    def handle(self, bundle: Transaction) -> None:
        """Calls ``handle_relay`` for each relay, the one closest to the client first; the server's own is left out."""
        outgoing = bundle.outgoing_relay_messages
        for said, back in zip(bundle.relays, outgoing or (), strict=False):
            if not said.is_own:
                self.handle_relay(bundle, said, back)

    def handle_relay(self, bundle: Transaction, relay_in: Relay, relay_out: RelayAnswer) -> None:
        """One relay."""
        raise NotImplementedError


class SimpleOptionHandler(Handler):
    """Sets one option, where the client wants it and the answer does not have it yet."""

    def __init__(self, option: Option, *, append: bool = False, always_send: bool = False) -> None:
        self.option = option
        self.append = append
        self.always_send = always_send

    def handle(self, bundle: Transaction) -> None:
        """``append``: the octets are put behind those that are there (RFC 3396 has no second option of a code)."""
        response, code = bundle.response, self.option.code
        if response is None or not response.may_contain(code) or not (self.always_send or bundle.wants(code)):
            return
        present = response.get_option(code)
        if present is None:
            response.set_option(code, self.option.payload)
        elif self.append:
            response.set_option(code, present + self.option.payload)
        elif (made := self.combine([Option(code, present)])) is not None:
            response.set_option(code, made.payload)

    def combine(self, existing_options: list[Option]) -> Option | None:
        """The option in place of those that are there; None leaves them."""
        return None


class OverwriteOptionHandler(Handler):
    """Sets one option, where the client wants it, in place of what the answer has."""

    def __init__(self, option: Option, *, always_send: bool = False) -> None:
        self.option = option
        self.always_send = always_send

    def handle(self, bundle: Transaction) -> None:
        """Also in place of what handlers before it have set."""
        response, code = bundle.response, self.option.code
        if response is not None and response.may_contain(code) and (self.always_send or bundle.wants(code)):
            response.set_option(code, self.option.payload)


class CopyOptionHandler(Handler):
    """Copies one option of the message into the answer, in place of what that has."""

    def __init__(self, option: int | str, *, always_send: bool = False) -> None:
        self.code = code_of(option)
        self.always_send = always_send

    def handle(self, bundle: Transaction) -> None:
        """Where the message has it."""
        response, payload = bundle.response, bundle.request.get_option(self.code)
        if response is None or payload is None or not response.may_contain(self.code):
            return
        if self.always_send or bundle.wants(self.code):
            response.set_option(self.code, payload)


class CopyRelayOptionHandler(RelayHandler):
    """Returns to each relay one of the options that it added, as it came."""

    def __init__(self, code: int) -> None:
        self.code = code

    def handle_relay(self, bundle: Transaction, relay_in: Relay, relay_out: RelayAnswer) -> None:
        """Where it added that one."""
        if self.code in relay_in.options:
            relay_out.options[self.code] = relay_in.options[self.code]


class StaticAssignmentHandler(StaticAssignment, Handler):
    """Has ``get_assignment`` say which address and prefix each client of DHCPv6 has; a subclass has that one method."""


class NoFields(BaseModel):
    """Of a type that wants to know nothing."""

    model_config = ConfigDict(extra="forbid")


class HandlerFactory:
    """One type of handlers; its docstring is the manual's text, ``Fields`` what a configured one is asked for.

    A model that forbids unknown keys has typing mistakes refused.
    """

    Fields: ClassVar[type[BaseModel]] = NoFields
    #: Whether the handler is made for a simulation; it has the same of its own.
    simulated: bool = False

    def __init__(self, name: str, fields: Any) -> None:
        self.name = name
        self.fields = fields
        self._made: Handler | None = None

    def create(self) -> Handler:
        """The handler of one configured row: ``self.fields`` is an instance of ``Fields``."""
        raise NotImplementedError

    def __call__(self) -> Handler:
        if self._made is None:
            self._made = self.create()
        return self._made


Factories = Mapping[str, type[HandlerFactory]]

__all__ = [
    "NOTHING", "Answer4", "Answer6", "Assigned", "CannotRespondError", "CopyOptionHandler", "CopyRelayOptionHandler",
    "Factories", "ForOtherServerError", "Handler", "HandlerException", "HandlerFactory", "Held", "IdentityAssociation",
    "MessagesList", "NoFields", "Option", "OverwriteOptionHandler", "Query4", "Query6", "Relay", "RelayAnswer",
    "RelayHandler", "ReplyWithLeasequeryError", "ReplyWithStatusError", "SimpleOptionHandler",
    "StaticAssignmentHandler", "Transaction", "Transaction6", "UseMulticastError",
]  # fmt: skip
