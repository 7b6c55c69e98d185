"""The client's static assignment on this link, if it has one."""

from __future__ import annotations

from dhcpcore.pipeline.binding import assigned_here
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.identifiers import identifiers, of_port
from dhcpcore.pipeline.signals import NeedsRows
from dhcpcore.pipeline.stashed import stashed
from dhcpcore.pipeline.trace import Step
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import NOWHERE, MessageType


class FindAssignment(Handler):
    """Sets ``assignment``: the most specific identifier that has one in this link wins."""

    message_types = frozenset(
        (MessageType.DISCOVER, MessageType.REQUEST, MessageType.INFORM, MessageType.BOOTP,
         MessageType.PXE_DISCOVER, MessageType.PXE_REQUEST)
    )  # fmt: skip

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where no assignment is enabled, there is none to be found."""
        return bool(snapshot.identifier_kinds)

    def handle(self, bundle: TransactionBundle) -> None:
        """Look through what was fetched for the client's identifiers, most specific first."""
        kinds = bundle.snapshot.identifier_kinds
        by_identifier = bundle.facts.by_identifier
        for identifier in identifiers(bundle.request, kinds) + _port_of_lease(bundle, kinds):
            for assignment in by_identifier.get(identifier, ()):
                if any(assignment.subnet == subnet.subnet_id for subnet in bundle.link.subnets):
                    bundle.assignment = assignment
                    for key, _ in assigned_here(bundle):
                        bundle.trace.append((Step.ASSIGNMENT, assignment.assignment_id, key[2]))
                    return


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
