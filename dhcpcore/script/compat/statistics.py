"""What statistics callbacks are handed: one tuple a packet."""

from __future__ import annotations

from typing import NamedTuple

from dhcpcore.script.compat.ipv4 import IPv4
from dhcpcore.script.compat.mac import MAC


class Address(NamedTuple):
    """Where a packet came from."""

    ip: IPv4 | None
    port: int


class Statistics(NamedTuple):
    """One packet and what became of it."""

    source_address: Address
    mac: MAC | None
    ip: IPv4 | None
    subnet: str | None
    serial: int | None
    method: str | None
    processing_time: float
    processed: bool
    port: int
