"""Which link the packet is of: relay, address in use, or the interface it came in on."""

from __future__ import annotations

from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import CannotRespond
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.links import NO_PLACE
from dhcpcore.wire.v4.message import BROADCAST, NOWHERE, MessageType


class SelectSubnet(Handler):
    """Sets ``link`` and ``subnet``, or ends the transaction with NO-SUBNET.  RFC 2131 4.3.1, RFC 1542 4.1.1."""

    def pre(self, bundle: TransactionBundle) -> None:
        """A relay's giaddr decides; then, for unicast, the address the client uses; then the interface."""
        request = bundle.request
        datagram = bundle.datagram
        giaddr = request.giaddr
        if giaddr != NOWHERE:
            place = bundle.links.for_relay(giaddr)
            step: tuple[int, bytes | int] = (Step.LINK_BY_RELAY, giaddr)
        else:
            place = None
            step = (Step.LINK_BY_ADDRESS, request.ciaddr)
            if request.ciaddr != NOWHERE and datagram.destination != BROADCAST:
                # A renewal is unicast and by-passes the relay: it may come from a link that is not attached here.
                place = bundle.links.for_address(request.ciaddr)
            if place is None:
                place = bundle.links.for_interface(datagram.interface, 4)
                step = (Step.LINK_BY_INTERFACE, datagram.interface)
        if place is None:
            if request.message_type not in _ABOUT_A_LEASE:
                raise CannotRespond(Reason.NO_SUBNET)
            place = NO_PLACE  # The client may hold a lease of a subnet that was deleted: it is told so, or ends it.
        bundle.link, bundle.home = place
        bundle.subnet = bundle.home
        bundle.trace.append((*step, bundle.subnet.subnet_id))


_ABOUT_A_LEASE = frozenset((MessageType.REQUEST, MessageType.RELEASE, MessageType.DECLINE))
