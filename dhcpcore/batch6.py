"""A batch of DHCPv6 datagrams on its way: what differs is how a refusal is said, and whose rows are wanted again.

``open6`` begins one, as the engine's ``open`` does for DHCPv4; from then on both are the same.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING

from dhcpcore.batch import Batch
from dhcpcore.errors import MalformedMessage
from dhcpcore.lease.model import LeaseKey
from dhcpcore.pipeline.bundle import Datagram, TransactionBundle
from dhcpcore.pipeline.bundle6 import TransactionBundle6, refuse6, six
from dhcpcore.pipeline.signals import CannotRespond, Respond
from dhcpcore.stats.reasons import Reason
from dhcpcore.wire.kinds import KIND6
from dhcpcore.wire.v6.message import decode

if TYPE_CHECKING:
    from dhcpcore.engine import Engine


class Batch6(Batch):
    """The datagrams of one drain of DHCPv6's socket."""

    def __init__(self, engine: Engine, now: float) -> None:
        super().__init__(engine, now)
        self._reply = engine.reply6.post
        self._gate = engine.gate6

    def _refuse(self, bundle: TransactionBundle, reason: Reason) -> None:
        """A Reply with a status and nothing else."""
        bundle.depends = []
        bundle.reason = reason
        refuse6(six(bundle))
        self._reply(bundle)

    def _end(self, bundle: TransactionBundle, signal: CannotRespond | Respond) -> None:
        bundle.reason = signal.reason
        if isinstance(signal, CannotRespond):
            bundle.responses, bundle.outgoing = [], []
        self._reply(bundle)

    def _retry(self, bundle: TransactionBundle, granted: Container[LeaseKey] = ()) -> None:
        super()._retry(bundle, granted)
        mine = six(bundle)
        for association in mine.message.associations:
            client = mine.key_of(association)
            self.facts.by_client.pop(client, None)
            self.wants.clients.add(client)


def open6(engine: Engine, datagrams: Sequence[Datagram], now: float) -> Batch6:
    """Begin a batch with these datagrams.  DHCPv6 suspends no transaction: none is resumed."""
    batch = Batch6(engine, now)
    pre = engine.plan.pre
    for datagram in datagrams:
        try:
            received = decode(datagram.data)
        except MalformedMessage as fault:
            engine.unread(datagram, Reason.MALFORMED, fault, kind=KIND6)
            continue
        steps = pre.get(KIND6 + received.message.kind)
        if steps is None:
            engine.unread(datagram, Reason.NOT_A_REQUEST, kind=KIND6 + received.message.kind)
            continue
        bundle = TransactionBundle6(datagram, received, engine.snapshot, engine.links, now)
        bundle.wants = batch.wants
        bundle.facts = batch.facts
        if engine.prepare(bundle, steps):
            batch.pending.append(bundle)
    return batch
