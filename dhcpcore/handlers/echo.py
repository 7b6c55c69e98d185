"""Where clients must not hear their client identifier again: old ones drop an answer that has one.

RFC 2131 forbade what RFC 6842 demands; `echo_client_id: false` is for clients of the years between.
"""

from __future__ import annotations

from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import MessageType, Opt


class WithoutClientId(Handler):
    """Takes option 61 out of the answers of the subnets that say so; a refusal loses it where it is made."""

    message_types = frozenset((MessageType.DISCOVER, MessageType.REQUEST, MessageType.INFORM))

    def wanted(self, snapshot: Snapshot) -> bool:
        """Off unless a subnet says so."""
        return any(not subnet.echo_client_id for subnet in snapshot.subnets)

    def handle(self, bundle: TransactionBundle) -> None:
        """Whatever else was changed in the answer stays so."""
        if not bundle.subnet.echo_client_id and Opt.CLIENT_ID in bundle.request.options:
            response = bundle.responses[0]
            response.overrides = {**(response.overrides or {}), Opt.CLIENT_ID: None}
