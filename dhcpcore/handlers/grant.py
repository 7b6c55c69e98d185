"""REQUEST in its four states: SELECTING, INIT-REBOOT, RENEWING and REBINDING.  RFC 2131 4.3.2."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.lease.allocation import Allocator
from dhcpcore.lease.model import Lease, LeaseKey, State
from dhcpcore.lease.transitions import is_active
from dhcpcore.pipeline import binding
from dhcpcore.pipeline.bundle import Response4, TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import CannotRespond, Refuse
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.snapshot import Subnet
from dhcpcore.wire.v4.message import NOWHERE, MessageType, Opt

_ACK = int(MessageType.ACK)


class Grant(Handler):
    """Grants what is free and permitted, refuses what is not, and leaves to other servers what they may know."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.REQUEST,))

    def __init__(self, allocator: Allocator) -> None:
        self._allocator = allocator

    def handle(self, bundle: TransactionBundle) -> None:
        """Sets ``key``, ``before``, ``pool``, ``subnet`` and the response; or raises ``Refuse``, ``CannotRespond``."""
        request = bundle.request
        selecting = Opt.SERVER_ID in request.options
        address = request.options.get(Opt.REQUESTED_ADDRESS)
        if request.ciaddr != NOWHERE and (address is None or not selecting):
            address = request.ciaddr  # Also of clients that name the server while they renew, against the table.
        elif address is None or len(address) != 4:
            raise Refuse(Reason.NAK_NO_ADDRESS) if selecting else CannotRespond(Reason.NO_CLIENT_ADDRESS)
        subnet = bundle.link.subnet_of(address)
        if subnet is None:
            raise self._not_ours(bundle, Reason.NAK_WRONG_NETWORK, speak=selecting)
        key = binding.key_of(subnet, address)
        row = self._row(bundle, key)
        known = row is not None and row.client == bundle.client
        self._check_assignment(bundle, key)
        place = binding.permission_in(bundle, subnet, key)
        if place is None:
            raise self._not_ours(bundle, Reason.NAK_NOT_PERMITTED, speak=selecting or known)
        if not binding.is_free(bundle, row, reclaim=self._allocator.reclaim):
            assert row is not None
            raise Refuse(Reason.NAK_DECLINED if row.state == State.DECLINED else Reason.NAK_TAKEN)
        active = known and row is not None and is_active(row, bundle.now)
        if not active and self._allocator.held_for_other(key, bundle.client):
            raise Refuse(Reason.NAK_TAKEN)
        adopted = not selecting and not known
        if adopted:
            self._check_adopt(bundle, subnet, key)
        bundle.key, bundle.before = key, row
        bundle.subnet, bundle.pool = place
        response = Response4(_ACK)
        response.yiaddr = address
        response.ciaddr = request.ciaddr
        bundle.responses.append(response)
        bundle.reason = Reason.ACK_ADOPTED if adopted else Reason.ACK_RENEWED if active else Reason.ACK_NEW

    def _row(self, bundle: TransactionBundle, key: LeaseKey) -> Lease | None:
        """The address's row; what the offer saw will do, since the commit is guarded by its version."""
        for row in bundle.facts.by_client.get(bundle.client, ()):
            if row[:4] == key:
                return row
        if key not in bundle.facts.by_key:
            hold = self._allocator.hold_of(bundle.client)
            if hold is not None and hold.key == key and not bundle.rounds:
                return hold.before
        return binding.row_of(bundle, key)

    def _check_assignment(self, bundle: TransactionBundle, key: LeaseKey) -> None:
        """An assignment takes effect at the next REQUEST: another address is refused while the assigned one is free."""
        if bundle.assignment is None:
            return
        assigned = binding.assigned_here(bundle)
        if not assigned or any(key == own for own, _ in assigned):
            return
        for own, _ in assigned:
            free = binding.is_free(bundle, binding.row_of(bundle, own), reclaim=self._allocator.reclaim)
            if free and not self._allocator.held_for_other(own, bundle.client):
                if binding.runs_out(bundle, key):
                    return
                raise Refuse(Reason.NAK_MOVED)
            bundle.trace.append((Step.ASSIGNMENT_BLOCKED, own[2]))

    def _not_ours(self, bundle: TransactionBundle, reason: Reason, *, speak: bool) -> Refuse | CannotRespond:
        """NAK where we are asked, know the client or are the authority of the link; else another server may know it."""
        if speak or bundle.subnet.authoritative:
            return Refuse(reason)
        for row in bundle.facts.by_client.get(bundle.client, ()):
            if is_active(row, bundle.now):
                return Refuse(reason)
        return CannotRespond(Reason.UNKNOWN_CLIENT if bundle.link.subnets else Reason.NO_SUBNET)

    def _check_adopt(self, bundle: TransactionBundle, subnet: Subnet, key: LeaseKey) -> None:
        """A lease that this database does not know: a new or restored one, or another server's."""
        adopt = subnet.adopt
        if adopt == "free" or (adopt == "reserved" and any(key == own for own, _ in binding.assigned_here(bundle))):
            bundle.trace.append((Step.ADOPTED, key[2]))
            return
        if subnet.authoritative:
            raise Refuse(Reason.NAK_UNKNOWN_CLIENT)
        raise CannotRespond(Reason.UNKNOWN_CLIENT)
