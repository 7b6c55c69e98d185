"""Asks the wire whether an address is in use before it is offered.  RFC 2131 2.2, 4.3.1; off unless `probe` is set."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.lease.transitions import is_active
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import Suspend
from dhcpcore.pipeline.trace import Step
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import MessageType

#: Seconds that an echo or ARP reply may take: a client waits one to two for its first OFFER.
PROBE_S = 0.5


class ProbeAddress(Handler):
    """Suspends the transaction until the probe is answered (the address goes on probation) or its time is over."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.DISCOVER, MessageType.BOOTP))

    def wanted(self, snapshot: Snapshot) -> bool:
        """Off unless `probe` is set."""
        return snapshot.probe

    def handle(self, bundle: TransactionBundle) -> None:
        """The client's own present lease is not probed: the client itself would answer."""
        key = bundle.key
        if key is None:
            return
        before = bundle.before
        if before is not None and before.client == bundle.client and is_active(before, bundle.now):
            return
        if bundle.probed is not None and key in bundle.probed:
            bundle.trace.append((Step.PROBE_SILENT, key[2]))
            return
        bundle.trace.append((Step.PROBING, key[2]))
        raise Suspend(key, bundle.now + PROBE_S)
