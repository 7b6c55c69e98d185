"""The client's static assignment: of this link, or one that counts everywhere."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.lease.model import Assignment, Identifier
from dhcpcore.pipeline.binding import assigned_here
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.identifiers import IDENTIFIER_OCTETS_MAX, of_port
from dhcpcore.pipeline.signals import NeedsRows
from dhcpcore.pipeline.stashed import stashed
from dhcpcore.pipeline.subjects import subject_of, with_agent
from dhcpcore.pipeline.trace import Step
from dhcpcore.topology.everywhere import EVERYWHERE_ID
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import NOWHERE, MessageType

_ASKING = frozenset(
    (MessageType.DISCOVER, MessageType.REQUEST, MessageType.INFORM, MessageType.BOOTP,
     MessageType.PXE_DISCOVER, MessageType.PXE_REQUEST)
)  # fmt: skip
#: Kinds that the client names itself; what others say takes more looking.
_OF_THE_CLIENT = frozenset((Identifier.CLIENT_ID, Identifier.DUID, Identifier.HW_ADDRESS))


class MakeKey(Handler):
    """Works out what the expression of the client's subnet makes of the packet."""

    message_types: ClassVar[frozenset[int] | None] = _ASKING

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where an assignment is known by such a value, and an expression makes one."""
        return Identifier.FLEX in snapshot.identifier_kinds and any(
            subnet.assignment_key is not None for subnet in snapshot.subnets
        )

    def pre(self, bundle: TransactionBundle) -> None:
        """Sets ``assignment_key``, and wants its assignments."""
        expression = bundle.home.assignment_key
        if expression is None:
            return
        value: bytes = expression.evaluate(bundle.subject or subject_of(bundle))
        if 0 < len(value) <= IDENTIFIER_OCTETS_MAX:
            bundle.assignment_key = value
            bundle.wants.identifiers.add((Identifier.FLEX, value))


class FindAssignment(Handler):
    """Sets ``assignment``: one of this link before one that counts everywhere, and of those the most specific."""

    message_types: ClassVar[frozenset[int] | None] = _ASKING

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where no assignment is enabled, there is none to be found."""
        return bool(snapshot.identifier_kinds)

    def handle(self, bundle: TransactionBundle) -> None:
        """Look through what was fetched for the client's identifiers, most specific first."""
        kinds = bundle.snapshot.identifier_kinds
        by_identifier = bundle.facts.by_identifier
        own = bundle.identifiers
        if not kinds <= _OF_THE_CLIENT:
            own = [*_made(bundle, kinds), *own, *_port_of_lease(bundle, kinds)]
        everywhere: Assignment | None = None
        for identifier in own:
            for assignment in by_identifier.get(identifier, ()):
                if any(assignment.subnet == subnet.subnet_id for subnet in bundle.link.subnets):
                    _found(bundle, assignment)
                    return
                if assignment.subnet == EVERYWHERE_ID and everywhere is None:
                    everywhere = assignment
        if everywhere is not None:
            _found(bundle, everywhere)


def _found(bundle: TransactionBundle, assignment: Assignment) -> None:
    bundle.assignment = assignment
    keys = assigned_here(bundle)
    for key, _ in keys:
        bundle.trace.append((Step.ASSIGNMENT, assignment.assignment_id, key[2]))
    if not keys and assignment.subnet == EVERYWHERE_ID:
        bundle.trace.append((Step.ASSIGNMENT_EVERYWHERE, assignment.assignment_id))


def _made(bundle: TransactionBundle, kinds: frozenset[int]) -> list[tuple[int, bytes]]:
    """What the subnet's expression makes of the packet: the administrator's own identifier, so it comes first."""
    value = bundle.assignment_key
    expression = bundle.home.assignment_key
    if (
        expression is not None and expression.reads_agent and bundle.request.giaddr == NOWHERE
        and Identifier.FLEX in kinds and (agent := stashed(bundle))
    ):  # fmt: skip
        value = expression.evaluate(with_agent(bundle, agent))
        identifier = (Identifier.FLEX, value)
        if 0 < len(value) <= IDENTIFIER_OCTETS_MAX and identifier not in bundle.facts.by_identifier:
            bundle.wants.identifiers.add(identifier)
            raise NeedsRows
    return [(Identifier.FLEX, value)] if value else []


def _port_of_lease(bundle: TransactionBundle, kinds: frozenset[int]) -> list[tuple[int, bytes]]:
    """A renewal by-passes the relay: its port is the one that the lease was granted on.  RFC 2131 4.4.5."""
    if bundle.request.giaddr != NOWHERE:
        return []
    facts = bundle.facts
    found = of_port(stashed(bundle), kinds)
    if unknown := [identifier for identifier in found if identifier not in facts.by_identifier]:
        bundle.wants.identifiers.update(unknown)
        raise NeedsRows
    return found
