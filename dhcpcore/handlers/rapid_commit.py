"""Rapid commit: a DISCOVER that offers it is acknowledged at once, with two messages instead of four.  RFC 4039."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.lease.transitions import is_active
from dhcpcore.pipeline.bundle import NO_RAPID_COMMIT, TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import MessageType, Opt


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
