"""RELEASE and DECLINE: the client gives its address back, or found it in use.  RFC 2131 4.3.3, 4.3.4; RFC 8415 18.3.7.

Both count only where identity, address and server identifier match the row: anybody can send one.
"""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.lease.model import Close, Lease
from dhcpcore.lease.transitions import decline, end, is_active
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.bundle6 import mark_handled, six
from dhcpcore.pipeline.callouts import Callouts, probation_s
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import CannotRespond
from dhcpcore.stats.reasons import Reason
from dhcpcore.wire.kinds import KIND6
from dhcpcore.wire.v4.message import MessageType, Opt
from dhcpcore.wire.v6.message import MessageType6, Opt6


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


class GiveBack6(Handler):
    """Both of DHCPv6: a client speaks of several leases at once, and is answered.  RFC 8415 18.3.7, 18.3.8."""

    message_types: ClassVar[frozenset[int] | None] = frozenset(
        (KIND6 + MessageType6.RELEASE, KIND6 + MessageType6.DECLINE)
    )

    def handle(self, bundle: TransactionBundle) -> None:
        """Identity associations of which it had something are handled; prefixes are not declined."""
        mine = six(bundle)
        declines = mine.kind == MessageType6.DECLINE
        now = int(bundle.now)
        for one in mine.message.associations:
            if declines and one.code == Opt6.IA_PD:
                mark_handled(mine, one)
                continue
            named = {leased.key for leased in one.leased}
            rows = [row for row in mine.rows_of(one) if is_active(row, now) and (row.address, row.plen) in named]
            for row in rows:
                bundle.wait_turn(row.address)
                mine.changes.append(
                    decline(row, now, bundle.snapshot.probation_s) if declines else end(row, now, Close.RELEASED)
                )
            if rows:
                mark_handled(mine, one)
