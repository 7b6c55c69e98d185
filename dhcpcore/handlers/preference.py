"""Which server clients of DHCPv6 prefer, where several advertise themselves.  RFC 8415 21.8."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.bundle6 import six
from dhcpcore.pipeline.handler import Handler
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.kinds import KIND6
from dhcpcore.wire.v6.message import MessageType6, Opt6


class Preference(Handler):
    """Says the subnet's preference."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((KIND6 + MessageType6.SOLICIT,))

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where a subnet has one."""
        return any(subnet.preference is not None for subnet in snapshot.subnets)

    def handle(self, bundle: TransactionBundle) -> None:
        """In the Advertise."""
        if bundle.subnet.preference is not None:
            six(bundle).answers[0].put(Opt6.PREFERENCE, bytes((bundle.subnet.preference,)))
