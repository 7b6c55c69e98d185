"""How long a lease lasts, and when the client renews and rebinds.  RFC 2131 4.3.1, 4.4.5."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.lease.allocation import Allocator
from dhcpcore.pipeline.binding import is_random, runs_out
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import NeedsRows
from dhcpcore.pipeline.trace import Step
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import MessageType, Opt

#: Rounds of reading pages of a pool to know how full it is; one that is larger is judged by what is known of it.
_ROUNDS_OF_COUNTING = 2


class LeaseTimes(Handler):
    """Sets the response's times: what the client asked for, within the limits of its class, pool or subnet."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.DISCOVER, MessageType.REQUEST))

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


class AdaptTimes(Handler):
    """Other lease times for made-up hardware addresses, and short ones while a pool runs low."""

    message_types: ClassVar[frozenset[int] | None] = LeaseTimes.message_types

    def __init__(self, allocator: Allocator) -> None:
        self._allocator = allocator

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where a subnet says so."""
        return any(one.policy.adaptive_threshold or one.policy.random_lifetimes for one in snapshot.subnets)

    def handle(self, bundle: TransactionBundle) -> None:
        """After ``LeaseTimes``."""
        response, policy, pool = bundle.responses[0], bundle.subnet.policy, bundle.pool
        lifetimes = bundle.subnet.lifetimes if pool is None or pool.lifetimes is None else pool.lifetimes
        if policy.random_lifetimes is not None and bundle.assignment is None and is_random(bundle.request.hw):
            lifetimes = policy.random_lifetimes
            asked = bundle.request.options.get(Opt.LEASE_TIME)
            granted = lifetimes.granted(int.from_bytes(asked, "big") if asked is not None and len(asked) == 4 else None)
            response.lifetime_s = granted
            response.renew_s, response.rebind_s = lifetimes.timers(granted)
        if policy.adaptive_threshold and pool is not None and response.lifetime_s > lifetimes.min_s:
            used = self._allocator.used(pool.pool_id, bundle.now)
            if not isinstance(used, float):
                if bundle.rounds < _ROUNDS_OF_COUNTING:
                    bundle.wants.pages.update(used)
                    raise NeedsRows
                used = self._allocator.used(pool.pool_id, bundle.now, roughly=True)
            if isinstance(used, float) and used * 100 >= policy.adaptive_threshold:
                bundle.trace.append((Step.ADAPTED, int(used * 100), lifetimes.min_s))
                response.lifetime_s = lifetimes.min_s
                response.renew_s, response.rebind_s = lifetimes.timers(lifetimes.min_s)


class RunOut(Handler):
    """A lease that is in the way of an assignment that waits is not extended: answers promise what is left of it."""

    message_types: ClassVar[frozenset[int] | None] = LeaseTimes.message_types

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where assignments keep addresses."""
        return snapshot.has_assigned_addresses

    def handle(self, bundle: TransactionBundle) -> None:
        """After all that sets times."""
        key = bundle.key
        if key is None or (bundle.assignment is None and not bundle.facts.assigned.get(key)):
            return  # Nothing is in anybody's way.
        before, response = bundle.before, bundle.responses[0]
        if before is None or before.client != bundle.client or not runs_out(bundle, key):
            return
        left = before.expires - int(bundle.now)
        if left < response.lifetime_s:
            response.renew_s = response.renew_s * left // response.lifetime_s
            response.rebind_s = response.rebind_s * left // response.lifetime_s
            response.lifetime_s = left
        bundle.trace.append((Step.LEASE_RUNS_OUT, key[2], left))
