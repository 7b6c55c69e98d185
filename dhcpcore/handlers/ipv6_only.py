"""Clients that can do without IPv4 are told to, where the network has IPv6 enough.  RFC 8925."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.pipeline import binding
from dhcpcore.pipeline.bundle import Response4, TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import Respond
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.snapshot import Pool, Snapshot, Subnet
from dhcpcore.wire.v4.message import MessageType, Opt


class OfferNoAddress(Handler):
    """Answers their DISCOVER with no address and the time to wait: none is searched, held or leased."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.DISCOVER,))

    def wanted(self, snapshot: Snapshot) -> bool:
        """Off unless a subnet or pool says so."""
        return _configured(snapshot)

    def handle(self, bundle: TransactionBundle) -> None:
        """An OFFER has a lease time, even one of no address.  RFC 2131 4.3.1 table 3."""
        wait_s = _wait_s(bundle)
        if not wait_s:
            return
        response = Response4(MessageType.OFFER)
        response.broadcast = True  # There is no address that it could be sent to.
        response.lifetime_s = wait_s
        response.renew_s, response.rebind_s = wait_s // 2, wait_s * 7 // 8
        response.lead(Opt.IPV6_ONLY_PREFERRED, wait_s.to_bytes(4, "big"))
        if Opt.AUTO_CONFIGURE in bundle.request.options:
            response.lead(Opt.AUTO_CONFIGURE, b"\0")  # It shall not make up an address either.  RFC 8925 3.3.1.
        bundle.responses.append(response)
        bundle.trace.append((Step.IPV6_ONLY, wait_s))
        raise Respond(Reason.OFFER_DO_WITHOUT)


class SayIpv6Only(Handler):
    """Who holds a lease already and asks has it extended, and hears at the same time that it can do without."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.REQUEST,))

    def wanted(self, snapshot: Snapshot) -> bool:
        """Off unless a subnet or pool says so."""
        return _configured(snapshot)

    def handle(self, bundle: TransactionBundle) -> None:
        """Added to the ACK, which stays one.  RFC 8925 3.3."""
        if wait_s := _wait_s(bundle):
            bundle.responses[0].lead(Opt.IPV6_ONLY_PREFERRED, wait_s.to_bytes(4, "big"))


def _configured(snapshot: Snapshot) -> bool:
    return any(subnet.ipv6_only_s or any(pool.ipv6_only_s for pool in subnet.pools) for subnet in snapshot.subnets)


def _wait_s(bundle: TransactionBundle) -> int:
    """What the pool that would serve the client says, else its subnet; 0 where the client does not ask."""
    if Opt.IPV6_ONLY_PREFERRED not in bundle.request.options.get(Opt.PARAMETER_REQUEST_LIST, b""):
        return 0  # RFC 8925 3.3: to those that ask only.
    subnet, pool = _place(bundle) if bundle.pool is None else (bundle.subnet, bundle.pool)
    if pool is not None and pool.ipv6_only_s is not None:
        return pool.ipv6_only_s
    return subnet.ipv6_only_s if subnet is not None else 0


def _place(bundle: TransactionBundle) -> tuple[Subnet | None, Pool | None]:
    """Whence the client would be served, as far as that can be told before an address is looked for."""
    for key, subnet in binding.assigned_here(bundle):
        return subnet, binding.pool_of(subnet, key[2])
    first = bundle.subnet
    others = (other for other in bundle.link.subnets if other.subnet_id != first.subnet_id)
    serving = [subnet for subnet in (first, *others) if binding.admitted(bundle, subnet)]
    pools = ((subnet, pool) for subnet in serving for pool in subnet.pools if binding.admits(bundle, pool))
    return next(pools, (serving[0] if serving else None, None))
