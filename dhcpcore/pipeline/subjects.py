"""What expressions look at, made of a transaction: its packet, how it came, and what its relay said."""

from __future__ import annotations

from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.topology.expressions.subject import Subject
from dhcpcore.wire.v4.message import Opt


def subject_of(bundle: TransactionBundle) -> Subject:
    """The packet of a transaction as expressions see it."""
    return Subject(bundle.request, bundle.datagram, bundle.links.interfaces)


def with_agent(bundle: TransactionBundle, agent: bytes) -> Subject:
    """The same, with what a relay said earlier, as option 82."""
    subject = subject_of(bundle)
    subject.options = {**subject.options, Opt.AGENT_OPTIONS: agent}
    return subject
