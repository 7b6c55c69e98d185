"""DISCOVER: which address to offer.  RFC 2131 4.3.1."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.lease.allocation import Allocator, Candidate
from dhcpcore.lease.model import KIND_ADDRESS4, Lease, LeaseKey, State
from dhcpcore.lease.offered import Offered
from dhcpcore.lease.transitions import is_active
from dhcpcore.pipeline import binding
from dhcpcore.pipeline.bundle import Response4, TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import CannotRespond, NeedsRows
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.classes import offer_hold_of
from dhcpcore.topology.snapshot import Pool, Subnet
from dhcpcore.wire.v4.message import MessageType, Opt

_OFFER = int(MessageType.OFFER)
_DECLINED = int(State.DECLINED)


class Offer(Handler):
    """In this order: the assigned address, the client's lease or former lease, what it was just offered, what it asks
    for, and the lowest free one of the pools that admit it.
    """

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.DISCOVER, MessageType.BOOTP))

    def __init__(self, allocator: Allocator, offered: Offered) -> None:
        self._allocator = allocator
        self._offered_rows = offered

    def handle(self, bundle: TransactionBundle) -> None:
        """Sets ``key``, ``before``, ``pool``, ``subnet`` and the response, or ends it with the reason there is none."""
        if not (
            self._assigned(bundle)
            or self._own(bundle)
            or self._offered(bundle)
            or self._requested(bundle)
            or self._from_pools(bundle)
        ):
            raise CannotRespond(self._reason(bundle))
        assert bundle.key is not None
        response = Response4(_OFFER)
        response.yiaddr = bundle.key[2]
        bundle.responses.append(response)
        bundle.reason = Reason.OFFER

    def post(self, bundle: TransactionBundle) -> None:
        """Hold the address for the client, unless its own lease does."""
        before = bundle.before
        key = bundle.key
        assert key is not None
        client = bundle.client
        rows = bundle.facts.by_client.get(client, ())
        changes = bundle.ledger.changes
        # A row that is not committed yet has a version that another engine may give to another row.
        if not changes or not (key in changes or any(row.key in changes for row in rows)):
            self._offered_rows.remember(client, key, rows, bundle.now)
        if before is not None and before.client == client and is_active(before, bundle.now):
            return
        # An address that is kept for somebody does not go back among those that were never used.
        virgin = before is None and (bundle.assignment is None or key not in bundle.assignment.addresses)
        pool = bundle.pool.pool_id if bundle.pool is not None else 0
        hold_s = offer_hold_of(bundle.client_classes) if bundle.client_classes else None
        self._allocator.hold(key, client, pool, None if key in changes else before, virgin, bundle.now, hold_s)
        candidate: Candidate | None = bundle.candidate
        if candidate is not None and candidate.key == key:
            bundle.candidate = None  # Else it is given back when the transaction ends.

    def _take(
        self, bundle: TransactionBundle, key: LeaseKey, before: Lease | None, subnet: Subnet, pool: Pool | None
    ) -> bool:
        bundle.key, bundle.before, bundle.subnet, bundle.pool = key, before, subnet, pool
        return True

    def _rejected(self, bundle: TransactionBundle, key: LeaseKey) -> bool:
        """Whether somebody answered this transaction's probe of the address."""
        return bundle.probed is not None and bundle.probed.get(key) is True

    def _assigned(self, bundle: TransactionBundle) -> bool:
        for key, subnet in binding.assigned_here(bundle):
            row = binding.row_of(bundle, key)
            if (
                binding.is_free(bundle, row, reclaim=self._allocator.reclaim)
                and not self._allocator.held_for_other(key, bundle.client)
                and not self._rejected(bundle, key)
            ):
                return self._take(bundle, key, row, subnet, binding.pool_of(subnet, key[2]))
            bundle.trace.append((Step.ASSIGNMENT_BLOCKED, key[2]))
        return False

    def _own(self, bundle: TransactionBundle) -> bool:
        rows = bundle.facts.by_client.get(bundle.client)
        if not rows:
            return False
        now = bundle.now
        if len(rows) > 1:
            rows = sorted(rows, key=lambda row: (is_active(row, now), row.cltt), reverse=True)
        for row in rows:
            if row.kind != KIND_ADDRESS4 or row.state == _DECLINED:
                continue
            key = row.key
            place = binding.permission(bundle, row.address)
            if place is None or binding.key_of(place[0], row.address) != key:
                bundle.trace.append((Step.OWN_LEASE_NOT_PERMITTED, row.address))
            elif not self._allocator.held_for_other(key, bundle.client) and not self._rejected(bundle, key):
                bundle.trace.append((Step.OWN_LEASE, row.address, row.state))
                return self._take(bundle, key, row, *place)
        return False

    def _offered(self, bundle: TransactionBundle) -> bool:
        hold = self._allocator.hold_of(bundle.client)
        if hold is None or hold.until <= bundle.now or self._rejected(bundle, hold.key):
            return False
        place = binding.permission(bundle, hold.key[2])
        if place is None or place[0].space != hold.key[0]:
            return False
        before = hold.before
        if self._allocator.share[1] > 1 or bundle.retries:
            before = binding.row_of(bundle, hold.key)
            if not binding.is_free(bundle, before, reclaim=self._allocator.reclaim):
                # Another engine has granted it since, or was first: to offer it again would end in a NAK.
                bundle.trace.append((Step.CANDIDATE_TAKEN, hold.key[2]))
                self._allocator.drop(bundle.client)
                if before is not None:
                    self._allocator.note(hold.pool, before, bundle.now)
                return False
        bundle.trace.append((Step.OFFER_REPEATED, hold.key[2]))
        return self._take(bundle, hold.key, before, *place)

    def _requested(self, bundle: TransactionBundle) -> bool:
        asked = bundle.request.options.get(Opt.REQUESTED_ADDRESS)
        if asked is None or len(asked) != 4 or bundle.candidate is not None:
            return False
        place = binding.permission(bundle, asked)
        if place is None:
            return False
        key = binding.key_of(place[0], asked)
        if not self._allocator.held_for_other(key, bundle.client) and not self._rejected(bundle, key):
            row = binding.row_of(bundle, key)
            if binding.is_free(bundle, row, reclaim=self._allocator.reclaim):
                bundle.trace.append((Step.REQUESTED, asked))
                return self._take(bundle, key, row, *place)
        bundle.trace.append((Step.REQUESTED_TAKEN, asked))
        return False

    def _from_pools(self, bundle: TransactionBundle) -> bool:
        places = self._places(bundle)
        while places:
            candidate: Candidate | None = bundle.candidate
            if candidate is None:
                found = self._allocator.search(places, bundle.client, bundle.now)
                if found is None:
                    return False
                if not isinstance(found, Candidate):
                    bundle.wants.pages.update(found)
                    raise NeedsRows
                candidate = bundle.candidate = found
            row = bundle.facts.by_key.get(candidate.key)  # Granted earlier in this batch, perhaps.
            if row is None and (not candidate.virgin or self._allocator.share[1] > 1):
                # A hint only: with several engines, or where a row is known, the row itself is looked at first.
                row = binding.row_of(bundle, candidate.key)
            if (
                binding.is_free(bundle, row, reclaim=self._allocator.reclaim)
                and not self._allocator.held_for_other(candidate.key, bundle.client)
                and not self._rejected(bundle, candidate.key)
                and not self._kept(bundle, candidate)
            ):
                bundle.trace.append((Step.FROM_POOL, candidate.pool.pool_id, candidate.key[2]))
                return self._take(bundle, candidate.key, row, candidate.subnet, candidate.pool)
            bundle.trace.append((Step.CANDIDATE_TAKEN, candidate.key[2]))
            if row is not None and not binding.is_free(bundle, row, reclaim=True):
                if self._allocator.share[1] > 1:
                    # Another engine gives addresses out of the same part: what else it took is not tried one by one.
                    self._allocator.doubt(candidate.key)
                else:
                    self._allocator.note(candidate.pool.pool_id, row, bundle.now)
            # Else it stays out of the hint until its page is loaded again: it must not come up twice here.
            bundle.candidate = None
        return False

    def _kept(self, bundle: TransactionBundle, candidate: Candidate) -> bool:
        """Whether an assignment keeps a candidate that no page has vouched for."""
        if candidate.virgin or not bundle.snapshot.has_assigned_addresses:
            return False
        return binding.assigned_to_other(bundle, candidate.key)

    def _places(self, bundle: TransactionBundle) -> list[tuple[Subnet, Pool]]:
        """The pools that admit the client: those of the subnet that the packet points at first."""
        first = bundle.subnet
        places = []
        for subnet in (first, *(other for other in bundle.link.subnets if other.subnet_id != first.subnet_id)):
            if not binding.admitted(bundle, subnet):
                bundle.trace.append((Step.GUARDED_SUBNET, subnet.subnet_id))
                continue
            for pool in subnet.pools:
                if pool.kind != KIND_ADDRESS4:
                    continue
                if binding.admits(bundle, pool):
                    places.append((subnet, pool))
                elif why := binding.refusal(bundle, pool):
                    bundle.trace.append((Step.GATED_POOL, pool.pool_id, why.code))
                else:
                    bundle.trace.append((Step.GUARDED_POOL, pool.pool_id, " or ".join(pool.guard)))
        return places

    def _reason(self, bundle: TransactionBundle) -> Reason:
        if bundle.probed and any(bundle.probed.values()):
            return Reason.PROBE_ANSWERED
        if self._places(bundle):
            return Reason.POOL_EXHAUSTED if self._allocator.reclaim else Reason.CLOCK_SUSPECT
        if binding.assigned_here(bundle):
            return Reason.ASSIGNMENT_CONFLICT
        refusals = (binding.refusal(bundle, pool) for subnet in bundle.link.subnets for pool in subnet.pools)
        return next((reason for reason in refusals if reason is not None), Reason.NO_POOL)
