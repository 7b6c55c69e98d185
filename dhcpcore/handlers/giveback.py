"""RELEASE and DECLINE: the client gives its address back, or found it in use.  RFC 2131 4.3.3, 4.3.4.

Both count only where identity, address and server identifier match the row: anybody can send one.
"""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.lease.model import Close, Lease
from dhcpcore.lease.transitions import decline, end, is_active
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.callouts import Callouts, probation_s
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import CannotRespond
from dhcpcore.stats.reasons import Reason
from dhcpcore.wire.v4.message import MessageType, Opt


class Release(Handler):
    """Ends the lease; the row stays, so that the client finds its address again."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.RELEASE,))

    def handle(self, bundle: TransactionBundle) -> None:
        """The address is ciaddr.  RFC 2131 4.4.6."""
        bundle.before = _held(bundle, bundle.request.ciaddr)
        bundle.reason = Reason.RELEASED

    def post(self, bundle: TransactionBundle) -> None:
        """One row."""
        assert bundle.before is not None
        bundle.record(end(bundle.before, int(bundle.now), Close.RELEASED))


class Decline(Handler):
    """Puts the address on probation: nobody is offered it for a while, not even whom it is assigned to: no loop."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.DECLINE,))

    def __init__(self, callouts: Callouts | None = None) -> None:
        self._callouts = callouts

    def handle(self, bundle: TransactionBundle) -> None:
        """The address is option 50.  RFC 2131 4.4.1 table 5."""
        bundle.before = _held(bundle, bundle.request.options.get(Opt.REQUESTED_ADDRESS, b""))
        bundle.reason = Reason.DECLINED

    def post(self, bundle: TransactionBundle) -> None:
        """One row."""
        assert bundle.before is not None
        bundle.record(decline(bundle.before, int(bundle.now), probation_s(bundle.snapshot, self._callouts)))


def _held(bundle: TransactionBundle, address: bytes) -> Lease:
    """The client's present lease of the address; of this link's space, where the link has the address at all."""
    bundle.wait_turn(address)
    home = bundle.link.subnet_of(address)
    for row in bundle.facts.by_client.get(bundle.client, ()):
        if row.address == address and is_active(row, bundle.now) and (home is None or home.space == row.space):
            return row
    raise CannotRespond(Reason.NO_BINDING)
