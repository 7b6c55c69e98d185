"""DHCPv6 messages that a client sends to this server alone: what nobody has allowed is told to use multicast."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.bundle6 import six
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import Refuse
from dhcpcore.stats.reasons import Reason
from dhcpcore.wire.kinds import KIND6
from dhcpcore.wire.v6.message import MessageType6, Status

_KINDS = (MessageType6.REQUEST, MessageType6.RENEW, MessageType6.RELEASE, MessageType6.DECLINE)


class RejectUnicast(Handler):
    """UseMulticast, unless a handler has allowed it or a relay has passed it on.  RFC 8415 18.4."""

    message_types: ClassVar[frozenset[int] | None] = frozenset(KIND6 + kind for kind in _KINDS)

    def handle(self, bundle: TransactionBundle) -> None:
        """Handlers have met the message by now."""
        mine = six(bundle)
        if not (mine.by_multicast or mine.relays or mine.tcp or mine.allow_unicast):
            mine.status = (int(Status.USE_MULTICAST), "send to all servers, ff02::1:2")
            raise Refuse(Reason.STATUS_USE_MULTICAST)
