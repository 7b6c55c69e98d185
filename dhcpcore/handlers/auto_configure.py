"""Clients without an address are told whether they may make one up (169.254.0.0/16).  RFC 2563."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.pipeline.bundle import Response4, TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import MessageType, Opt

#: No address is chosen for the client, and none will be in a moment (RFC 2563 2.3): what passes by itself, as a probe
#: does, stays silence.
_NOTHING_TO_GIVE = frozenset((
    Reason.NO_POOL, Reason.NOT_ADMITTED, Reason.RANDOM_MAC, Reason.LIMIT_REACHED, Reason.POOL_EXHAUSTED,
    Reason.ASSIGNMENT_CONFLICT,
))  # fmt: skip
_SAID = {"forbid": b"\0", "allow": b"\1"}


class AutoConfigure(Handler):
    """An OFFER of no address with option 116, to a client that sent it and would get no answer."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.DISCOVER,))

    def wanted(self, snapshot: Snapshot) -> bool:
        """Off unless a subnet says more than `ignore`."""
        return any(subnet.auto_configure != "ignore" for subnet in snapshot.subnets)

    def silent(self, bundle: TransactionBundle) -> None:
        """RFC 2563 2.3.  Where the site allows it, 2.3 would have silence: `ignore`; `allow` says the 1 of 2.1."""
        said = _SAID.get(bundle.subnet.auto_configure)
        if said is None or bundle.reason not in _NOTHING_TO_GIVE or Opt.AUTO_CONFIGURE not in bundle.request.options:
            return
        response = Response4(MessageType.OFFER)
        response.broadcast = True  # There is no address that it could be sent to.
        response.lead(Opt.AUTO_CONFIGURE, said)
        bundle.responses = [response]
        bundle.reason = Reason.OFFER_NOTHING
