"""Drops what a client or a subnet sends too much of, and leaves misbehaving clients unanswered for a time."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.pipeline.bundle import OWN_MARK, TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import CannotRespond
from dhcpcore.stats.manners import Manners
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import MessageType

_COUNTED = f"{OWN_MARK}counted"


class LimitRate(Handler):
    """Counts every packet of a known link once, before anything is looked up for it."""

    def __init__(self, manners: Manners) -> None:
        self._manners = manners

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where `flood` says anything."""
        return snapshot.flood is not None

    def pre(self, bundle: TransactionBundle) -> None:
        """A packet that was suspended for a while comes by a second time."""
        flood = bundle.snapshot.flood
        marks = bundle.marks
        if flood is None or (marks is not None and _COUNTED in marks):
            return
        bundle.marks = {_COUNTED, *(marks or ())}
        reason = self._manners.judge(flood, bundle.request.hw, bundle.subnet.subnet_id, bundle.now)
        if reason is not None:
            raise CannotRespond(reason)


class CountDeclines(Handler):
    """After ``Decline``: only what put an address on probation counts."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.DECLINE,))

    def __init__(self, manners: Manners) -> None:
        self._manners = manners

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where `flood` limits DECLINEs."""
        return snapshot.flood is not None and snapshot.flood.declines > 0

    def post(self, bundle: TransactionBundle) -> None:
        """What the client declines from now on, it declines in vain."""
        if bundle.snapshot.flood is not None:
            self._manners.declined(
                bundle.snapshot.flood, bundle.request.hw, bundle.subnet.subnet_id, bundle.now
            )
