"""Which classes the client is of: by its packet, by what is known of it, and by what it is served from.

In the plan only where something is said of classes.  RFC 2131 leaves all of it to the administrator.
"""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import CannotRespond, Refuse
from dhcpcore.pipeline.stashed import stashed
from dhcpcore.pipeline.subjects import subject_of, with_agent
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.class_names import DROP, KNOWN, REJECT, UNKNOWN
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import NOWHERE, MessageType

#: Messages whose sender is looked up among the assignments.
_ASKING = frozenset(
    (MessageType.DISCOVER, MessageType.REQUEST, MessageType.INFORM, MessageType.BOOTP,
     MessageType.PXE_DISCOVER, MessageType.PXE_REQUEST)
)  # fmt: skip
#: That the client has an assignment, or none, is told by itself.
_PLAIN = frozenset((KNOWN, UNKNOWN))


class MatchClasses(Handler):
    """The classes that the packet alone tells; whoever is of DROP is not answered, whatever it says."""

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where nobody says a word of classes, there are none."""
        return snapshot.classes is not None

    def pre(self, bundle: TransactionBundle) -> None:
        """Sets ``subject`` and ``matched``."""
        classes = bundle.snapshot.classes
        assert classes is not None
        bundle.subject = subject = subject_of(bundle)
        bundle.matched = matched = classes.match(subject)
        names, _given, told = matched
        subject.classes = names
        if told:
            bundle.trace.append((Step.CLASSES, told))
        if DROP in names and not (classes.reads_agent and _bypasses_relay(bundle)):
            raise CannotRespond(Reason.CLASS_DROP)


class MatchPort(Handler):
    """The classes of a client whose message by-passes its relay, by what that said when the lease was granted."""

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where a class looks at what a relay says."""
        return snapshot.classes is not None and snapshot.classes.reads_agent

    def handle(self, bundle: TransactionBundle) -> None:
        """Before ``FindAssignment``.  RFC 2131 4.4.5: a renewal is unicast."""
        if bundle.request.giaddr != NOWHERE or not _bypasses_relay(bundle):
            return
        classes = bundle.snapshot.classes
        assert classes is not None
        if agent := stashed(bundle):
            bundle.subject = subject = with_agent(bundle, agent)
            bundle.matched = matched = classes.match(subject)
            subject.classes = matched.names
            bundle.trace.append((Step.CLASSES_STASHED, matched.told))
        assert bundle.matched is not None
        if DROP in bundle.matched.names:
            raise CannotRespond(Reason.CLASS_DROP)


def _bypasses_relay(bundle: TransactionBundle) -> bool:
    request = bundle.request
    return request.giaddr == NOWHERE and request.ciaddr != NOWHERE


class MatchKnown(Handler):
    """The classes that depend on the client's assignment, or are given by it; and what all of them give."""

    message_types: ClassVar[frozenset[int] | None] = _ASKING

    def wanted(self, snapshot: Snapshot) -> bool:
        """As for the others."""
        return snapshot.classes is not None

    def handle(self, bundle: TransactionBundle) -> None:
        """Sets ``client_classes``.  Each round begins with what the packet told."""
        subject, matched, assignment = bundle.subject, bundle.matched, bundle.assignment
        assert subject is not None
        assert matched is not None
        subject.classes = matched.names
        given = None if assignment is None else assignment.classes
        classes = bundle.snapshot.classes
        assert classes is not None
        if given or classes.asks_known:
            before, matched = matched, classes.match_known(subject, matched, given)
            if not matched.names - before.names <= _PLAIN:
                bundle.trace.append((Step.CLASSES_KNOWN, ", ".join(sorted(matched.names - before.names))))
            if DROP in matched.names:
                raise CannotRespond(Reason.CLASS_DROP)
        bundle.client_classes = matched.given


class RejectClients(Handler):
    """Whoever is of REJECT gets nothing, and is told so where it asks for an address; it may still give one back."""

    message_types: ClassVar[frozenset[int] | None] = _ASKING

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where that class is declared."""
        return snapshot.classes is not None and snapshot.classes.rejects

    def handle(self, bundle: TransactionBundle) -> None:
        """After ``MatchKnown``."""
        subject = bundle.subject
        assert subject is not None
        if REJECT in subject.classes:
            if bundle.request.message_type == MessageType.REQUEST:
                raise Refuse(Reason.NAK_CLASS)
            raise CannotRespond(Reason.CLASS_REJECT)


class MatchAdditional(Handler):
    """The classes that the pool and the subnet list for those they serve: too late for the choice of an address."""

    message_types: ClassVar[frozenset[int] | None] = _ASKING

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where some subnet or pool lists any."""
        return any(subnet.additional or any(pool.additional for pool in subnet.pools) for subnet in snapshot.subnets)

    def handle(self, bundle: TransactionBundle) -> None:
        """Adds to ``client_classes``, behind those that were there."""
        pool = bundle.pool
        names = (*(() if pool is None else pool.additional), *bundle.subnet.additional)
        if not names:
            return
        classes, subject = bundle.snapshot.classes, bundle.subject
        assert classes is not None
        assert subject is not None
        before, there = subject.classes, bundle.client_classes
        found = classes.match_additional(subject, names)
        bundle.client_classes = (*there, *(one for one in found if one not in there))
        if subject.classes is not before:
            bundle.trace.append((Step.CLASSES_ADDITIONAL, ", ".join(sorted(subject.classes - before))))
