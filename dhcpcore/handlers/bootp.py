"""BOOTP clients, which say nothing of DHCP: an address by assignment or of a pool, and what to boot.  RFC 951, 1534.

They send one message, get one answer and never renew, so a lease of theirs lasts for ever unless `bootp_lifetime` says
otherwise.  Two handlers are for what comes before and after the choice of an address, which is that of a DISCOVER, and
one for a client that has its address.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from dhcpcore.pipeline.bundle import Response4, TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import CannotRespond, Respond
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.snapshot import Link, Snapshot, Subnet
from dhcpcore.wire.v4.bootp import speaks_options
from dhcpcore.wire.v4.message import NOWHERE, MessageType


class BootpClient(Handler):
    """Whether such a client is served here, and from which pools."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.BOOTP,))

    def __init__(self) -> None:
        self._links: dict[tuple[int, ...], Link] = {}  #: By the subnets of the link: as many as the definitions have.

    def wanted(self, snapshot: Snapshot) -> bool:
        """Off unless a subnet answers them."""
        return snapshot.bootp

    def pre(self, bundle: TransactionBundle) -> None:
        """The link as BOOTP clients see it: without the subnets and pools that are not for them."""
        link = self._link(bundle.link)
        if not link.subnets:
            raise CannotRespond(Reason.BOOTP)
        home = bundle.home
        wanted = bundle.request.sname.lower()
        if wanted and home.boot.server_name and wanted != home.boot.server_name.lower():
            raise CannotRespond(Reason.OTHER_SERVER)  # RFC 951 7.3.
        bundle.link = link
        bundle.home = next((one for one in link.subnets if one.subnet_id == home.subnet_id), link.subnets[0])
        bundle.subnet = bundle.home

    def _link(self, link: Link) -> Link:
        members = tuple(subnet.subnet_id for subnet in link.subnets)
        known = self._links.get(members)
        if known is None:
            subnets = tuple(_as_seen(subnet) for subnet in link.subnets if subnet.bootp != "never")
            known = self._links[members] = Link(link.name, subnets)
        return known


class BootpKnown(Handler):
    """One that has an address is told what to boot, by its classes and its assignment as any other."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.BOOTP,))

    def __init__(self, additional: Handler, options: Handler) -> None:
        self._additional = additional
        self._options = options

    def wanted(self, snapshot: Snapshot) -> bool:
        """Off unless a subnet answers them."""
        return snapshot.bootp

    def handle(self, bundle: TransactionBundle) -> None:
        """Who says its address gets none, and no lease.  RFC 951 7.3: yiaddr only where ciaddr is 0."""
        address = bundle.request.ciaddr
        if address == NOWHERE:
            return
        bundle.subnet = bundle.link.subnet_of(address) or bundle.subnet
        response = Response4(MessageType.BOOTP)
        response.ciaddr = address
        bundle.responses.append(response)
        self._additional.handle(bundle)
        self._options.handle(bundle)
        _complete(bundle, response)
        raise Respond(Reason.BOOTP_KNOWN)


class BootpReply(Handler):
    """Makes the offer that was decided upon a BOOTREPLY, whose lease is committed before it leaves."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.BOOTP,))

    def wanted(self, snapshot: Snapshot) -> bool:
        """Off unless a subnet answers them."""
        return snapshot.bootp

    def handle(self, bundle: TransactionBundle) -> None:
        """After the options were chosen."""
        response = bundle.responses[0]
        response.message_type = MessageType.BOOTP
        response.lifetime_s = bundle.subnet.bootp_lifetime_s
        _complete(bundle, response)
        bundle.reason = Reason.BOOTP_REPLY


def _as_seen(subnet: Subnet) -> Subnet:
    pools = subnet.pools if subnet.bootp == "free" else ()
    return replace(subnet, pools=tuple(pool for pool in pools if pool.bootp))


def _complete(bundle: TransactionBundle, response: Response4) -> None:
    """Boots from us unless told otherwise, the file that it asked for unless another is configured.  RFC 951 7.3."""
    request = bundle.request
    if not (speaks_options(request) or bundle.snapshot.compatibility.bootp_always_options):
        response.pairs = ()
    if response.siaddr == NOWHERE:
        response.siaddr = bundle.server_id
    response.file = response.file or request.file
    response.overrides = {}  # It is encoded in a way of its own.
