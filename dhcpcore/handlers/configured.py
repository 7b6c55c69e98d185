"""Where the configured handlers are called: those of the definitions' rows, of built-in types and of packages."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.bundle6 import CLIENTS6
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.instances import Instances
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import MessageType

_OF_CLIENTS = frozenset(
    (MessageType.DISCOVER, MessageType.REQUEST, MessageType.DECLINE, MessageType.RELEASE, MessageType.INFORM,
     MessageType.BOOTP)
)  # fmt: skip


class _Configured(Handler):
    message_types: ClassVar[frozenset[int] | None] = _OF_CLIENTS

    def __init__(self, instances: Instances | None) -> None:
        self._instances = instances

    @property
    def instances(self) -> Instances:
        """There are some: else it is not in the plan."""
        assert self._instances is not None
        return self._instances


class MeetMessage(_Configured):
    """Their first phase: the link and what classes the message alone tells are known."""

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where one has to do with what comes in, or wants to see what becomes of it; or is waited for, later on."""
        return self._instances is not None and (
            self._instances.waits or self._instances.has("analyse_pre", "pre", "analyse_post"))

    def resumes(self) -> bool:
        """Where one has a process of its own: some of it may be done."""
        return self.instances.waits

    def pre(self, bundle: TransactionBundle) -> None:
        """Before anything is looked up."""
        self.instances.pre(bundle)

    def handle(self, bundle: TransactionBundle) -> None:
        """A refusal is for the second phase: the client is known then."""
        self.instances.refuse(bundle)


class MeetAnswer(_Configured):
    """Their second phase: the answer is decided, and nothing is recorded yet."""

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where there is any."""
        return self._instances is not None and self._instances.any

    def answered(self, bundle: TransactionBundle) -> None:
        """Also where there is no answer, as to a RELEASE."""
        self.instances.handle(bundle)


class MeetMessage6(MeetMessage):
    """The same for DHCPv6."""

    message_types: ClassVar[frozenset[int] | None] = CLIENTS6


class MeetAnswer6(MeetAnswer):
    """The same for DHCPv6: what is to be given to the client is for them to say."""

    message_types: ClassVar[frozenset[int] | None] = CLIENTS6
