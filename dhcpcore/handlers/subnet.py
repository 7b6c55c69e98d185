"""Which link the packet is of: relay, a selection that it says, address in use, or the interface it came in on."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.identifiers import SubOption, sub_options
from dhcpcore.pipeline.signals import CannotRespond
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.links import NO_PLACE
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import BROADCAST, NOWHERE, MessageType, Opt


class SelectSubnet(Handler):
    """Sets ``link`` and ``subnet``, or ends the transaction with NO-SUBNET.  RFC 2131 4.3.1, RFC 1542 4.1.1."""

    def __init__(self, *, anywhere: bool = False) -> None:
        """``anywhere``: a client of no subnet goes on, for the site's script may have an address for it."""
        self._anywhere = anywhere

    def pre(self, bundle: TransactionBundle) -> None:
        """A relay's link selection decides; then option 118, where it is believed; then a relay's giaddr; then, for
        unicast, the address the client uses; then the interface.  RFC 3527 3, RFC 3011 2.
        """
        request = bundle.request
        datagram = bundle.datagram
        giaddr = request.giaddr
        step: tuple[object, ...]
        if giaddr != NOWHERE and (agent := request.options.get(Opt.AGENT_OPTIONS)) and _LINK_SELECTION in agent:
            asked = None if bundle.snapshot.compatibility.ignore_link_selection else _selected(agent)
            option = Opt.AGENT_OPTIONS
        else:
            asked = None
        if asked is None and bundle.snapshot.subnet_selection:
            asked = request.options.get(Opt.SUBNET_SELECTION)
            option = Opt.SUBNET_SELECTION
        if asked is not None and len(asked) == 4:
            place = bundle.links.for_relay(asked)
            step = (Step.LINK_BY_SELECTION, asked, option)
        elif giaddr != NOWHERE:
            place = bundle.links.for_relay(giaddr)
            step = (Step.LINK_BY_RELAY, giaddr)
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
            if request.message_type not in _ABOUT_A_LEASE and not self._anywhere:
                raise CannotRespond(Reason.NO_SUBNET)
            place = NO_PLACE  # The client may hold a lease of a subnet that was deleted: it is told so, or ends it.
        bundle.link, bundle.home = place
        bundle.subnet = bundle.home
        bundle.trace.append((*step, bundle.subnet.subnet_id))


class EchoSelection(Handler):
    """Returns the option 118 that was believed.  RFC 3011 2."""

    message_types: ClassVar[frozenset[int] | None] = frozenset(
        (MessageType.DISCOVER, MessageType.REQUEST, MessageType.INFORM)
    )

    def wanted(self, snapshot: Snapshot) -> bool:
        """Off unless clients may choose their subnet."""
        return snapshot.subnet_selection

    def answered(self, bundle: TransactionBundle) -> None:
        """Also where a relay's link selection went before it: the client did not ask for another."""
        asked = bundle.request.options.get(Opt.SUBNET_SELECTION)
        if asked is not None and len(asked) == 4:
            bundle.responses[0].lead(Opt.SUBNET_SELECTION, asked)


#: Code and length of the sub-option: option 82 is taken to pieces only where they are somewhere in it.
_LINK_SELECTION = bytes((SubOption.LINK_SELECTION, 4))


def _selected(agent: bytes) -> bytes | None:
    """The address of the link that the relay means.  RFC 3527 3."""
    asked = sub_options(agent).get(SubOption.LINK_SELECTION)
    return asked if asked is not None and len(asked) == 4 else None


_ABOUT_A_LEASE = frozenset((MessageType.REQUEST, MessageType.RELEASE, MessageType.DECLINE))
