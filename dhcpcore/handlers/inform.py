"""INFORM: options for a client that has an address by other means.  RFC 2131 4.3.5."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.pipeline.binding import admitted
from dhcpcore.pipeline.bundle import Response4, TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import CannotRespond
from dhcpcore.stats.reasons import Reason
from dhcpcore.wire.v4.message import NOWHERE, MessageType


class Inform(Handler):
    """An ACK without address and lease time, of the subnet that the client's address is of."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.INFORM,))

    def handle(self, bundle: TransactionBundle) -> None:
        """Some clients leave ciaddr empty and send from their address: that will do."""
        request = bundle.request
        address = request.ciaddr
        if address == NOWHERE and request.giaddr == NOWHERE:
            address = bundle.datagram.source
        if address == NOWHERE and request.giaddr == NOWHERE:
            raise CannotRespond(Reason.NO_CLIENT_ADDRESS)
        bundle.subnet = bundle.link.subnet_of(address) or bundle.subnet
        if not admitted(bundle, bundle.subnet):
            raise CannotRespond(Reason.NO_POOL)  # Another subnet's routers would be of no use to it.
        response = Response4(MessageType.ACK)
        response.ciaddr = address
        response.broadcast = address == NOWHERE  # Else its relay would send it to no address.
        bundle.responses.append(response)
        bundle.reason = Reason.ACK_INFORM
