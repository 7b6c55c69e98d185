"""What leaves the pipeline beside answers: the trace of a finished transaction, and a question to the wire."""

from __future__ import annotations

from typing import NamedTuple

from dhcpcore.lease.model import LeaseKey
from dhcpcore.pipeline.bundle import Datagram
from dhcpcore.stats.reasons import Reason


class Traced(NamedTuple):
    """What is kept of a finished transaction; formatted only when somebody looks."""

    datagram: Datagram
    reason: Reason
    revision: int
    steps: list[tuple[object, ...]]
    client: bytes
    answer: bytes  #: Empty where none was sent.


class Probe(NamedTuple):
    """An address to ask the wire about."""

    key: LeaseKey
    interface: int  #: 0: the client is behind a relay, ask by ICMP alone.
