"""How long a lease lasts, and when the client renews and rebinds.  RFC 2131 4.3.1, 4.4.5."""

from __future__ import annotations

from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.wire.v4.message import MessageType, Opt


class LeaseTimes(Handler):
    """Sets the response's times: what the client asked for, within the limits of its class, pool or subnet."""

    message_types = frozenset((MessageType.DISCOVER, MessageType.REQUEST))

    def handle(self, bundle: TransactionBundle) -> None:
        """T1 and T2 as configured, else 0.5 and 0.875 of the lease time."""
        response = bundle.responses[0]
        pool = bundle.pool
        lifetimes = bundle.subnet.lifetimes
        if pool is not None and pool.lifetimes is not None:
            lifetimes = pool.lifetimes
        for one in bundle.client_classes:
            if one.lifetimes is not None:
                lifetimes = one.lifetimes
                break
        asked = bundle.request.options.get(Opt.LEASE_TIME)
        if asked is None or len(asked) != 4:
            response.lifetime_s, response.renew_s, response.rebind_s = lifetimes.usual
            return
        granted = lifetimes.granted(int.from_bytes(asked, "big"))
        response.lifetime_s = granted
        response.renew_s, response.rebind_s = lifetimes.timers(granted)
