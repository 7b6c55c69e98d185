"""What the clients of a class may have and send together.

The counters were read with the batch; the commit has the last word.  A lease counts for the classes that its client was
of when it was granted, until it ends; one that nothing was counted for counts from its next renewal on.
"""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.lease.model import State
from dhcpcore.pipeline.bundle import OWN_MARK, TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import CannotRespond, NeedsRows
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.manners import Manners
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.classes import Classes
from dhcpcore.topology.scopes import CLASS, POOL, ScopeKey, scopes_of
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import MessageType

_TAKING = frozenset((MessageType.DISCOVER, MessageType.REQUEST, MessageType.BOOTP))


def _limits_leases(snapshot: Snapshot) -> bool:
    classes = snapshot.classes
    return classes is not None and any(limit.leases or limit.per_subnet for limit in classes.limits.values())


def _limited(bundle: TransactionBundle) -> tuple[Classes, tuple[str, ...]]:
    """The classes, and those with a limit that the client is of as far as is known."""
    classes, subject = bundle.snapshot.classes, bundle.subject
    assert classes is not None
    assert subject is not None
    return classes, classes.limited(subject.classes)


def _counted(bundle: TransactionBundle) -> tuple[Classes, tuple[str, ...]]:
    """The classes, and those with a limit of leases that the client is of as far as is known."""
    classes, names = _limited(bundle)
    return classes, tuple(name for name in names if any(classes.limit_of(name)[:2]))


class LimitClassRate(Handler):
    """Counts a packet once for each class with a rate; where the packet tells the class, before any look-up."""

    def __init__(self, manners: Manners) -> None:
        self._manners = manners

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where a class has a rate."""
        return snapshot.classes is not None and any(limit.rate for limit in snapshot.classes.limits.values())

    def pre(self, bundle: TransactionBundle) -> None:
        """The classes that the packet tells."""
        self._judge(bundle)

    def handle(self, bundle: TransactionBundle) -> None:
        """Those that the assignment tells."""
        self._judge(bundle)

    def _judge(self, bundle: TransactionBundle) -> None:
        classes, names = _limited(bundle)
        for name in names:
            rate, mark = classes.limit_of(name).rate, f"{OWN_MARK}rate {name}"
            if not rate or (bundle.marks is not None and mark in bundle.marks):
                continue
            bundle.marks = {mark, *(bundle.marks or ())}
            if not self._manners.class_admits(name, rate, bundle.now):
                bundle.trace.append((Step.CLASS_RATE, name))
                raise CannotRespond(Reason.RATE_LIMITED)


class LimitClasses(Handler):
    """After ``LimitLeases``: adds the subnets that are full for the client's classes; who is counted there may stay."""

    message_types: ClassVar[frozenset[int] | None] = _TAKING

    def __init__(self) -> None:
        self._alone = True

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where a class has a limit of leases."""
        self._alone = not scopes_of(snapshot)
        return _limits_leases(snapshot)

    def pre(self, bundle: TransactionBundle) -> None:
        """The counters are one more look-up of the batch."""
        bundle.wants.classes.update(_counted(bundle)[1])

    def handle(self, bundle: TransactionBundle) -> None:
        """Sets ``full``; classes that the assignment gave are looked up now."""
        classes, names = _counted(bundle)
        counts = bundle.facts.class_counts
        if unknown := [name for name in names if (name, 0) not in counts]:
            bundle.wants.classes.update(unknown)
            raise NeedsRows
        full: set[ScopeKey] = set()
        for name in names:
            limit = classes.limit_of(name)
            in_all = bool(limit.leases) and counts[name, 0] >= limit.leases
            for subnet in bundle.link.subnets:
                here = bool(limit.per_subnet) and counts.get((name, subnet.subnet_id), 0) >= limit.per_subnet
                if not (in_all or here) or self._stays(bundle, subnet.subnet_id, anywhere=not here):
                    continue
                bundle.trace.append((Step.CLASS_FULL, name, subnet.subnet_id if here and not in_all else 0))
                full.add((CLASS, subnet.subnet_id))
                full.update((POOL, pool.pool_id) for pool in subnet.pools)
        if self._alone:
            bundle.full = frozenset(full) if full else None
        elif full:
            bundle.full = frozenset(full | (bundle.full or set()))

    @staticmethod
    def _stays(bundle: TransactionBundle, subnet_id: int, *, anywhere: bool) -> bool:
        """Whether the client has a lease of the subnet, or of the link, whose place it keeps when it moves."""
        for row in bundle.facts.by_client.get(bundle.client, ()):
            if row.state == State.LEASED:
                home = bundle.link.subnet_of(row.address)
                if home is not None and home.space == row.space and (anywhere or home.subnet_id == subnet_id):
                    return True
        return False


class CountClasses(Handler):
    """After what records a lease: says which limited classes it is to count for."""

    message_types: ClassVar[frozenset[int] | None] = _TAKING

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where a class has a limit of leases."""
        return _limits_leases(snapshot)

    def post(self, bundle: TransactionBundle) -> None:
        """A renewal that changes nothing of it says nothing: it is written as quickly as any."""
        key = bundle.key
        change = None if key is None else bundle.ledger.changes.get(key)
        if key is None or change is None or change.after.state != State.LEASED or change.after.client != bundle.client:
            return
        names = _counted(bundle)[1]
        before = change.before
        if before is not None and before.state == State.LEASED and before.client == bundle.client:
            recorded = bundle.facts.classed.get(key, frozenset())
            if recorded and not change.opens:
                return
            names = tuple(sorted(recorded)) or names
        if names or key in bundle.ledger.classes:
            bundle.ledger.mark(key, names)
