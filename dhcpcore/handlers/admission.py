"""Allow and deny lists: who is not served at all."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import CannotRespond
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import MessageType, Opt


class AdmitClient(Handler):
    """The lists of globals, and those of the link's subnets where none of them serves the client.

    A subnet that does not is passed over; a client that was served before the list was may still give its lease back.
    """

    message_types: ClassVar[frozenset[int] | None] = frozenset(
        (MessageType.DISCOVER, MessageType.REQUEST, MessageType.INFORM, MessageType.BOOTP,
         MessageType.PXE_DISCOVER, MessageType.PXE_REQUEST)
    )  # fmt: skip

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where there is a list."""
        return snapshot.admission is not None or any(subnet.admission is not None for subnet in snapshot.subnets)

    def pre(self, bundle: TransactionBundle) -> None:
        """Ends the transaction of a client that nobody serves here."""
        request = bundle.request
        hw, client_id = request.hw[1:], request.options.get(Opt.CLIENT_ID)
        everywhere = bundle.snapshot.admission
        if everywhere is not None:
            if everywhere.denies(hw, client_id):
                raise CannotRespond(Reason.CLIENT_DENIED)
            if everywhere.lacks(hw, client_id):
                raise CannotRespond(Reason.CLIENT_NOT_ALLOWED)
        denied = False
        for subnet in bundle.link.subnets:
            lists = subnet.admission
            if lists is None:
                return
            if lists.denies(hw, client_id):
                denied = True
            elif not lists.lacks(hw, client_id):
                return
        if bundle.link.subnets:
            raise CannotRespond(Reason.CLIENT_DENIED if denied else Reason.CLIENT_NOT_ALLOWED)
