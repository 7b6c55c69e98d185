"""Rapid commit: who offers it gets its lease at once, with two messages instead of four.  RFC 4039, RFC 8415 18.3.1."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.lease.transitions import is_active
from dhcpcore.pipeline.bundle import NO_RAPID_COMMIT, TransactionBundle
from dhcpcore.pipeline.bundle6 import six
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.kinds import KIND6
from dhcpcore.wire.v4.message import MessageType, Opt
from dhcpcore.wire.v6.message import MessageType6, Opt6


class RapidCommit(Handler):
    """Makes the offer that was decided upon an ACK; its row is committed before it leaves, as any other's."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.DISCOVER,))

    def __init__(self, *, scripted: bool = False) -> None:
        """``scripted``: the site's script has places of its own that allow it."""
        self._scripted = scripted

    def wanted(self, snapshot: Snapshot) -> bool:
        """Off unless a subnet allows it."""
        return snapshot.rapid_commit4 or self._scripted

    def handle(self, bundle: TransactionBundle) -> None:
        """The ACK must say option 80, and an OFFER must not.  RFC 4039 3.1."""
        if Opt.RAPID_COMMIT not in bundle.request.options or not bundle.subnet.rapid_commit:
            return
        if bundle.marks is not None and NO_RAPID_COMMIT in bundle.marks:
            return
        response = bundle.responses[0]
        response.message_type = MessageType.ACK
        response.lead(Opt.RAPID_COMMIT, b"")
        before = bundle.before
        renewed = before is not None and before.client == bundle.client and is_active(before, bundle.now)
        bundle.reason = Reason.ACK_RENEWED if renewed else Reason.ACK_NEW
        bundle.trace.append((Step.RAPID_COMMIT,))


class RapidCommit6(Handler):
    """Makes the Advertise that was decided upon a Reply."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((KIND6 + MessageType6.SOLICIT,))

    def wanted(self, snapshot: Snapshot) -> bool:
        """Off unless a subnet allows it."""
        return any(subnet.rapid_commit and subnet.family == 6 for subnet in snapshot.subnets)

    def answered(self, bundle: TransactionBundle) -> None:
        """Not where an identity association is refused, unless that is wanted: another server may have more."""
        mine = six(bundle)
        if mine.message.get(Opt6.RAPID_COMMIT) is None or not bundle.subnet.rapid_commit or not bundle.responses:
            return
        response = mine.answers[0]
        if response.kind != MessageType6.ADVERTISE or (bundle.marks is not None and NO_RAPID_COMMIT in bundle.marks):
            return
        if not mine.rejections:
            if not response.associations:
                return
            for one in response.associations:
                if one.status is not None and one.status[0]:
                    return
        response.kind = MessageType6.REPLY
        for answer in mine.answers:
            answer.drop(Opt6.PREFERENCE)
            answer.options.insert(0, (Opt6.RAPID_COMMIT, b""))
        bundle.trace.append((Step.RAPID_COMMIT,))
