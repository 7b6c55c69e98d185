"""What a handler is, and the plan that says which ones run for a message.

Three phases: ``pre`` looks at the packet alone and says which rows it will need; ``handle`` decides on the facts and
may be run more than once; ``post`` records what was decided and must not fail.  The model is DHCPKit's.  A transaction
that ``handle`` left without an answer meets ``silent``, which may give one that grants nothing; and whatever the answer
is, unless it is a refusal, ``answered`` says in it what all of them say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.topology.snapshot import EMPTY, Snapshot
from dhcpcore.wire.v4.message import MessageType

#: What is answered, or acted upon; BOOTP is added where a subnet has it.
MESSAGES = (
    MessageType.DISCOVER,
    MessageType.REQUEST,
    MessageType.DECLINE,
    MessageType.RELEASE,
    MessageType.INFORM,
    MessageType.LEASEQUERY,
    MessageType.PXE_DISCOVER,
    MessageType.PXE_REQUEST,
)

#: A query is no client's: who asks has no link, no identity and no lease of its own.
_OF_CLIENTS = frozenset((*range(MessageType.INFORM + 1), MessageType.PXE_DISCOVER, MessageType.PXE_REQUEST))

Step = Callable[[TransactionBundle], None]


class Handler:
    """One concern of the server.  State lives in ``self``; nothing else is shared but the bundle."""

    #: Families and message types that the handler has to do with; None: all that clients send for themselves.
    message_types: ClassVar[frozenset[int] | None] = None

    def wanted(self, snapshot: Snapshot) -> bool:
        """Whether anything in this revision of the definitions concerns it; where nothing does, no packet meets it."""
        return True

    def resumes(self) -> bool:
        """Whether a transaction that was waited for goes on with its ``pre``: what comes before is not done again."""
        return False

    def pre(self, bundle: TransactionBundle) -> None:
        """Look at the packet: choose, want rows, or end it."""

    def handle(self, bundle: TransactionBundle) -> None:
        """Decide on the facts.  May raise any signal; must leave nothing behind outside the bundle when it does."""

    def post(self, bundle: TransactionBundle) -> None:
        """Record the decision and finish the answer."""

    def silent(self, bundle: TransactionBundle) -> None:
        """Nothing was given, for ``bundle.reason``: put a response and another reason there, or leave it."""

    def answered(self, bundle: TransactionBundle) -> None:
        """There is an answer, be it of an address or of none: add what the client hears in any.  Once an answer."""


class Plan:
    """The steps of each phase, by message type: made once per snapshot, so that no packet meets a handler in vain."""

    __slots__ = ("answered", "decide", "handle", "handlers", "post", "pre", "rest", "silent")

    def __init__(self, handlers: Sequence[Handler], message_types: Sequence[int], snapshot: Snapshot = EMPTY) -> None:
        self.handlers = tuple(handler for handler in handlers if handler.wanted(snapshot))
        self.pre = {kind: self._steps("pre", kind) for kind in message_types}
        #: Of the first phase, what is done again where a transaction was waited for.
        resuming = next((n for n, handler in enumerate(self.handlers) if handler.resumes()), 0)
        self.rest = {kind: self._steps("pre", kind, resuming) for kind in message_types}
        self.handle = {kind: self._steps("handle", kind) for kind in message_types}
        self.post = {kind: self._steps("post", kind) for kind in message_types}
        self.answered = {kind: self._steps("answered", kind) for kind in message_types}
        #: All three, one after the other: what most transactions run through.
        self.decide = {kind: self.handle[kind] + self.answered[kind] + self.post[kind] for kind in message_types}
        self.silent = {kind: self._steps("silent", kind) for kind in message_types}

    def _steps(self, phase: str, kind: int, first: int = 0) -> tuple[Step, ...]:
        return tuple(
            getattr(handler, phase)
            for handler in self.handlers[first:]
            if (kind in _OF_CLIENTS if handler.message_types is None else kind in handler.message_types)
            and getattr(type(handler), phase) is not getattr(Handler, phase)
        )
