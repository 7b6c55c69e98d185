"""How addresses are given out, as the snapshot has it: what a subnet or pool says beyond ranges, options and lifetimes.

Everything is off unless it is declared; a handler that nothing here concerns is left out of the plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dhcpcore.topology.snapshot import Lifetimes


class Gate(NamedTuple):
    """Whom a pool admits, besides what its class says; a pool that admits everybody has none."""

    admit: str = "all"  #: all | known (has an assignment) | reserved (only by assigned address)
    random_mac: str = "allow"  #: allow | deny | only: hardware addresses that were made up.


class Policy(NamedTuple):
    """What a subnet says of its leases."""

    cache_threshold: int = 0  #: Percent of a lease within which its renewal is answered without a write; 0: none.
    adaptive_threshold: int = 0  #: Percent of a pool in use from which leases last ``min_s``; 0: never.
    one_lease_per_client: bool = False
    random_lifetimes: Lifetimes | None = None  #: Of clients with a made-up hardware address; None: as everybody's.
    min_secs: int = 0  #: DISCOVERs of clients that have asked for less are left to other servers.
    offer_delay_s: float = 0.0
    max_leases: int = 0  #: 0: no limit.


class Flood(NamedTuple):
    """How much a client may send, and what becomes of it beyond; 0: no limit."""

    client_rate: int = 0  #: Packets a second of one hardware address.
    burst: int = 10  #: Packets that it may send at once.
    subnet_rate: int = 0  #: Packets a second of all clients of a subnet.
    suspend_after: int = 0  #: Dropped packets after which a client is suspended.
    declines: int = 0  #: DECLINEs after which a client is suspended.
    suspend_for_s: int = 150


NO_POLICY = Policy()
