"""Leaves new clients to other servers for a while: by the seconds that they have asked, or by a pause before offers."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import CannotRespond, Suspend
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import MessageType


class MinSecs(Handler):
    """Ends a DISCOVER whose client has asked for less than `min_secs`.  RFC 2131 2, field secs."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.DISCOVER,))

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where a subnet says so."""
        return any(subnet.policy.min_secs for subnet in snapshot.subnets)

    def pre(self, bundle: TransactionBundle) -> None:
        """Clients that always say 0 get nothing from such a subnet: the manual says so."""
        if bundle.request.secs < bundle.subnet.policy.min_secs:
            raise CannotRespond(Reason.MIN_SECS)


class DelayOffer(Handler):
    """Holds a DISCOVER back for the subnet's `offer_delay_ms`; meanwhile no address is kept for its client."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.DISCOVER,))

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where a subnet says so."""
        return any(subnet.policy.offer_delay_s for subnet in snapshot.subnets)

    def handle(self, bundle: TransactionBundle) -> None:
        """First of all: what is decided later is decided on fresh rows."""
        delay_s = bundle.subnet.policy.offer_delay_s
        until = bundle.datagram.received_at + delay_s
        if bundle.now < until:
            bundle.trace.append((Step.DELAYED, int(delay_s * 1000)))
            raise Suspend(None, until)
