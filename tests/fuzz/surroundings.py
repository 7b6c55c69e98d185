"""What the fuzzed engine serves: links, pools and assignments enough that a packet can get anywhere in the code."""

from __future__ import annotations

import random
from types import MappingProxyType
from typing import Any

from dhcpcore.engine import Engine
from dhcpcore.lease.model import KIND_ADDRESS4, Assignment, Identifier, LeaseKey
from dhcpcore.topology.links import Interface
from dhcpcore.topology.snapshot import Boot, Leasequery, Lifetimes, Pool, Snapshot, Subnet
from tests.fuzz.corpus import AGENTS, CLIENT_IDS, SERVERS

ATTACHED, UPLINK, ABSENT = 2, 3, 9


def _subnet(number: int, network: bytes, pools: tuple[Pool, ...], **more: Any) -> Subnet:
    options = MappingProxyType({3: network[:3] + b"\x01", 6: bytes(8), 15: b"example.org", 121: bytes(range(40))})
    plen = 16 if number == 1 else 24
    return Subnet(number, 4, 0, network, plen, f"s{number}", pools=pools, options=options, **more)


def _pool(number: int, first: str, last: str, guard: str | None = None) -> Pool:
    ends = (bytes(map(int, text.split("."))) for text in (first, last))
    return Pool(number, KIND_ADDRESS4, *ends, 32, (guard,) if guard else ())


_SUBNETS = (
    _subnet(
        1, b"\x0a\x00\x00\x00", (_pool(1, "10.0.0.20", "10.0.40.250"),), interface="lan", authoritative=True,
        adopt="free", boot=Boot(b"\x0a\x00\x00\x06", b"boothost", b"boot/pxe.0"),
        lifetimes=Lifetimes(300, 60, 3600, 100, 200),
    ),
    _subnet(2, b"\x0a\x01\x00\x00", (_pool(2, "10.1.0.20", "10.1.0.63"), _pool(3, "10.1.0.64", "10.1.0.250", "known")),
            relays=(b"\xac\x10\x00\x01",), shared_network="campus", adopt="reserved"),
    _subnet(3, b"\x0a\x64\x00\x00", (_pool(4, "10.100.0.20", "10.100.0.250"),), shared_network="campus"),
    _subnet(5, b"\x0a\x03\x00\x00", (), proxy=True, boot=Boot(b"\x0a\x00\x00\x06", b"", b"boot/pxe.0")),
    _subnet(4, b"\x0a\x02\x00\x00", (_pool(5, "10.2.0.20", "10.2.0.22"),), lifetimes=Lifetimes(0xFFFF_FFFF)),
)  # fmt: skip


def _key(address: str) -> LeaseKey:
    return (0, KIND_ADDRESS4, bytes(map(int, address.split("."))), 32)


class Assigned:
    """Assignments by every kind of identifier, as the definitions' store answers them."""

    def __init__(self) -> None:
        known: list[tuple[Identifier, bytes, int, tuple[str, ...], tuple[tuple[int, bytes], ...]]] = [
            (Identifier.HW_ADDRESS, b"\x01\x02\x00\x00\x00\x00\x05", 1, ("10.0.0.10",),
             ((12, b"fixed"), (15, b"a.example"))),
            (Identifier.HW_ADDRESS, b"\x01\x02\x00\x00\x00\x00\x07", 2, ("10.1.0.30", "10.1.0.31"), ()),
            (Identifier.CLIENT_ID, CLIENT_IDS[0], 1, ("10.0.0.25",), ((224, b"y" * 1200),)),
            (Identifier.CLIENT_ID, CLIENT_IDS[3], 2, (), ()),
            (Identifier.DUID, CLIENT_IDS[1][5:], 3, ("10.100.0.99",), ()),
            (Identifier.CIRCUIT_ID, AGENTS[0][2:], 2, ("10.1.0.40",), ()),
            (Identifier.REMOTE_ID, b"\x00\x06\x02\x00\x00\x00\x00\x01", 4, ("10.2.0.21",), ()),
        ]  # fmt: skip
        self._rows = [
            Assignment(number, subnet, kind, identifier, tuple(map(_key, addresses)), f"host-{number}", options)
            for number, (kind, identifier, subnet, addresses, options) in enumerate(known, 1)
        ]

    def assignments_by_identifier(self, keys, revision):  # type: ignore[no-untyped-def]
        return {
            key: found
            for key in keys
            if (found := tuple(one for one in self._rows if (one.identifier_kind, one.identifier) == key))
        }

    def assignments_by_address(self, keys, revision):  # type: ignore[no-untyped-def]
        return {key: found for key in keys if (found := tuple(one for one in self._rows if key in one.addresses))}

    def assigned_in(self, space, kind, plen, first, last, revision):  # type: ignore[no-untyped-def]
        return [key[2] for one in self._rows for key in one.addresses if first <= key[2] <= last]


def install(engine: Engine, dice: random.Random, revision: int) -> None:
    """A revision of the definitions: some subnets may be missing, pools guarded or shrunk, the probe on."""
    subnets = tuple(subnet for subnet in _SUBNETS if dice.random() < 0.95)
    engine.install(
        Snapshot(
            revision,
            subnets,
            identifier_kinds=frozenset(Identifier) if dice.random() < 0.7 else frozenset(),
            has_assigned_addresses=dice.random() < 0.7,
            offer_hold_s=dice.choice((5, 60)),
            reclaim_grace_s=dice.choice((0, 30)),
            probation_s=600,
            probe=dice.random() < 0.3,
            leasequery=Leasequery(dice.random() < 0.8, ((b"\x0a\x00\x00\x00", 8), (b"\xac\x10\x00\x01", 32))),
        )
    )
    addresses = (SERVERS[0],) if dice.random() < 0.9 else ()
    engine.set_interfaces(
        {
            ATTACHED: Interface(ATTACHED, "lan", addresses, b"\x02\0\0\0\0\xfe"),
            UPLINK: Interface(UPLINK, "up", (SERVERS[1], bytes(16))),
        }
    )
    engine.allocator.share = dice.choice(((0, 1), (0, 1), (1, 3)))
    engine.allocator.reclaim = dice.random() < 0.8
