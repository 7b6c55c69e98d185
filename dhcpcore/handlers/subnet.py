"""Which link the packet is of: relay, a selection that it says, address in use, or the interface it came in on.

In DHCPv6 a relay may say it by its Interface-Id, too.
"""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.bundle6 import CLIENTS6, TransactionBundle6, six
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.identifiers import SubOption, sub_options
from dhcpcore.pipeline.signals import CannotRespond
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.links import NO_PLACE, Place
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.addresses import is_of_many_links
from dhcpcore.wire.v4.message import BROADCAST, NOWHERE, MessageType, Opt
from dhcpcore.wire.v6.message import Opt6


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


class SelectSubnet6(Handler):
    """The same for DHCPv6: the relay closest to the client that names a link decides.  RFC 8415 13.1, 19.1.3."""

    message_types: ClassVar[frozenset[int] | None] = CLIENTS6

    def __init__(self) -> None:
        self._by_interface_id: dict[bytes, bytes] = {}

    def wanted(self, snapshot: Snapshot) -> bool:
        """Always; but which Interface-Ids mean a subnet is looked up once."""
        self._by_interface_id = {
            subnet.interface_id: subnet.prefix
            for subnet in reversed(snapshot.subnets)
            if subnet.interface_id is not None and subnet.family == 6
        }
        return True

    def pre(self, bundle: TransactionBundle) -> None:
        """An Interface-Id that means a subnet, else a link address; of who sends from an address of many links, that;
        else the interface.
        """
        mine = six(bundle)
        found = self._by_relay(mine) if mine.relays else self._attached(mine)
        if found is None:
            raise CannotRespond(Reason.NO_SUBNET)
        (bundle.link, bundle.home), step = found
        bundle.subnet = bundle.home
        bundle.trace.append((*step, bundle.subnet.subnet_id))

    def _by_relay(self, bundle: TransactionBundle6) -> tuple[Place, tuple[object, ...]] | None:
        for relay in bundle.relays:
            said = relay.get(Opt6.INTERFACE_ID)
            prefix = None if said is None else self._by_interface_id.get(said)
            place = None if prefix is None else bundle.links.for_address(prefix)
            if said is not None and place is not None:
                return place, (Step.LINK_BY_INTERFACE_ID, said)
            if is_of_many_links(relay.link):
                place = bundle.links.for_relay(relay.link)
                return None if place is None else (place, (Step.LINK_BY_RELAY, relay.link))
        return self._attached(bundle)  # A lightweight relay names no link: it is on this one.  RFC 6221 5.3.2.

    def _attached(self, bundle: TransactionBundle6) -> tuple[Place, tuple[object, ...]] | None:
        datagram = bundle.datagram
        if not bundle.by_multicast and is_of_many_links(datagram.source) and not bundle.relays:
            place = bundle.links.for_address(datagram.source)
            if place is not None:
                return place, (Step.LINK_BY_ADDRESS, datagram.source)
        place = bundle.links.for_interface(datagram.interface, 6)
        return None if place is None else (place, (Step.LINK_BY_INTERFACE, datagram.interface))


#: Code and length of the sub-option: option 82 is taken to pieces only where they are somewhere in it.
_LINK_SELECTION = bytes((SubOption.LINK_SELECTION, 4))


def _selected(agent: bytes) -> bytes | None:
    """The address of the link that the relay means.  RFC 3527 3."""
    asked = sub_options(agent).get(SubOption.LINK_SELECTION)
    return asked if asked is not None and len(asked) == 4 else None


_ABOUT_A_LEASE = frozenset((MessageType.REQUEST, MessageType.RELEASE, MessageType.DECLINE))
