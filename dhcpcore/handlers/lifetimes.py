"""How long a lease lasts, and when the client renews and rebinds.  RFC 2131 4.3.1, 4.4.5."""

from __future__ import annotations

from dhcpcore.lease.model import INFINITE_LIFETIME_S
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.topology.snapshot import Lifetimes
from dhcpcore.wire.v4.message import MessageType, Opt


class LeaseTimes(Handler):
    """Sets the response's times: what the client asked for, within the limits of its pool or subnet."""

    message_types = frozenset((MessageType.DISCOVER, MessageType.REQUEST))

    def handle(self, bundle: TransactionBundle) -> None:
        """T1 and T2 as configured, else 0.5 and 0.875 of the lease time."""
        response = bundle.responses[0]
        pool = bundle.pool
        lifetimes = bundle.subnet.lifetimes
        if pool is not None and pool.lifetimes is not None:
            lifetimes = pool.lifetimes
        asked = bundle.request.options.get(Opt.LEASE_TIME)
        granted = lifetimes.granted(int.from_bytes(asked, "big") if asked is not None and len(asked) == 4 else None)
        response.lifetime_s = granted
        response.renew_s, response.rebind_s = timers(lifetimes, granted)


def timers(lifetimes: Lifetimes, granted_s: int) -> tuple[int, int]:
    """T1 and T2, always T1 < T2 < lease time: configured ones that do not fit a short lease are replaced."""
    if granted_s == INFINITE_LIFETIME_S:
        return INFINITE_LIFETIME_S, INFINITE_LIFETIME_S
    renew = lifetimes.renew_s if lifetimes.renew_s is not None else granted_s // 2
    rebind = lifetimes.rebind_s if lifetimes.rebind_s is not None else granted_s * 7 // 8
    if not renew < rebind < granted_s:
        return granted_s // 2, granted_s * 7 // 8
    return renew, rebind
