"""Leaves full pools and subnets alone.  The counters were read with the batch; the commit has the last word."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.lease.model import State
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import CannotRespond, Refuse
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.scopes import CLASS, POOL, SUBNET, Scope, scopes_of
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import MessageType


class LimitLeases(Handler):
    """Before ``Offer``: looks which pools a new client must not enter; who is counted there already may stay."""

    message_types: ClassVar[frozenset[int] | None] = frozenset(
        (MessageType.DISCOVER, MessageType.REQUEST, MessageType.BOOTP)
    )

    def __init__(self) -> None:
        self._scopes: dict[int, list[Scope]] = {}  #: By subnet.

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where a subnet or pool has a limit."""
        scopes = scopes_of(snapshot)
        for subnet in snapshot.subnets if scopes else ():
            keys = {(SUBNET, subnet.subnet_id), *((POOL, pool.pool_id) for pool in subnet.pools)}
            if listed := [scope for scope in scopes if scope.key in keys]:
                self._scopes[subnet.subnet_id] = listed
        return bool(scopes)

    def pre(self, bundle: TransactionBundle) -> None:
        """The counters are one more look-up of the batch."""
        for subnet in bundle.link.subnets:
            bundle.wants.counts.update(scope.key for scope in self._scopes.get(subnet.subnet_id, ()))

    def handle(self, bundle: TransactionBundle) -> None:
        """Sets ``full``."""
        counts = bundle.facts.counts
        rows = bundle.facts.by_client.get(bundle.client, ())
        full = set()
        for subnet in bundle.link.subnets:
            for scope in self._scopes.get(subnet.subnet_id, ()):
                if counts.get(scope.key, 0) < scope.limit:
                    continue
                if any(row.state == State.LEASED and scope.covers(row.key) for row in rows):
                    continue
                full.add(scope.key)
                if scope.key[0] == SUBNET:
                    full.update((POOL, pool.pool_id) for pool in subnet.pools)
        bundle.full = frozenset(full) if full else None


class CheckLimit(Handler):
    """After ``Offer`` and ``Grant``: an assigned address counts as well as any other."""

    message_types: ClassVar[frozenset[int] | None] = LimitLeases.message_types

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where a subnet, pool or class has a limit."""
        classes = snapshot.classes
        return bool(scopes_of(snapshot)) or (classes is not None and bool(classes.limits))

    def handle(self, bundle: TransactionBundle) -> None:
        """What is full for the client is not given to it."""
        full = bundle.full
        if full is None:
            return
        pool, subnet = bundle.pool, bundle.subnet.subnet_id
        keys = [((CLASS, subnet), "Its class"), ((SUBNET, subnet), "Its subnet")]
        if pool is not None:
            keys.append(((POOL, pool.pool_id), "Its pool"))
        for key, what in keys:
            if key in full:
                bundle.trace.append((Step.LIMIT, what))
                if bundle.request.message_type == MessageType.REQUEST:
                    raise Refuse(Reason.NAK_LIMIT)
                raise CannotRespond(Reason.LIMIT_REACHED)
