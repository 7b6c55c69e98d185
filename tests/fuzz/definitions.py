"""Definitions drawn at random from everything that they can say, so that features meet which no test put together."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dhcpcore.topology.build import from_document
from dhcpcore.topology.computed import NOTHING_COMPUTED
from dhcpcore.topology.filters import admission, parse_pattern
from dhcpcore.topology.policy import NO_POLICY, Flood, Gate, Policy
from dhcpcore.topology.snapshot import Boot, Compatibility, Lifetimes, Snapshot, Subnet
from dhcpcore.topology.validate import validate

#: What clients are told apart by, and what they get by it.
_CLASSES: tuple[dict[str, Any], ...] = (
    {
        "name": "windows",
        "test": "option[60].text == 'MSFT 5.0'",
        "options": {"dhcp4": {"domain-name": "windows.example"}},
    },
    {"name": "odd", "test": "substring(pkt4.mac, 5, 1) == 0x05 or option[82].option[1].exists"},
    {"name": "lab", "options": {"dhcp4": {"time-servers": ["10.0.0.9"]}}, "lifetime": 90},
    {"name": "boots", "test": "option[93].exists", "boot": {"file": "class.0"}},
    {
        "name": "stranger",
        "test": "member('UNKNOWN') and option[12].exists",
        "options": {"dhcp4": {"log-servers": ["10.0.0.9"]}},
    },
    {
        "name": "late",
        "test": "member('lab') or member('stranger')",
        "options": {"dhcp4": {"domain-name": "late.example"}},
    },
    {"name": "DROP", "test": "option[124].exists or substring(option[12].hex, 0, 2) == 0xfffe"},
)
_ALL = from_document(validate({"version": 1, "classes": list(_CLASSES)})).classes
_NAMES = ("windows", "odd", "lab", "boots", "stranger", "late", "KNOWN", "UNKNOWN", "VENDOR_CLASS_android-dhcp-13")
_PATTERNS = tuple(
    parse_pattern(one) for one in ("02:00:00:00:00:05", "02:00:00:00:00:*", "02:00:*", {"client_id": "01:*"})
)
#: What is worked out for each packet: an option, what removes another one, and the key of an assignment.
_WORKED_OUT = from_document(
    validate(
        {
            "version": 1,
            "subnets": [
                {
                    "prefix": "10.0.0.0/8",
                    "assignment_key": "concat(relay4[1].hex, pkt4.mac)",
                    "options": {
                        "domain-name": {"expression": "option[12].hex", "if_absent": True},
                        "option-250": {"expression": "concat(pkt4.mac, option[61].hex)"},
                        "root-path": {"expression": "option[60].hex", "remove_when": "option[82].exists"},
                    },
                }
            ],
        }
    )
).subnets[0]
_GATES = (Gate("known"), Gate("reserved"), Gate("all", "deny"), Gate("all", "only"))
#: VPNs, each with a lease space of its own.
_VPNS = (b"", b"", b"\0red", b"\0blue")
#: Codes that an administrator may say, some of which features have to do with as well.
_CODES = (1, 3, 6, 12, 15, 43, 60, 66, 67, 108, 116, 121, 150, 224)


def drawn(dice: random.Random, snapshot: Snapshot) -> Snapshot:
    """The same subnets, pools and identifiers, with features switched on and off."""
    classes = dice.choice((None, _ALL))
    names = _NAMES if classes is not None else ("KNOWN", "UNKNOWN")
    return replace(
        snapshot,
        subnets=tuple(_subnet(dice, subnet, names) for subnet in snapshot.subnets),
        classes=classes,
        admission=_lists(dice, 0.1),
        forcerenew=dice.choice(("never", "authenticated", "plain")),
        subnet_selection=dice.random() < 0.5,
        flood=Flood(2, 3, 100, 2, 2, 20) if dice.random() < 0.1 else None,
        compatibility=Compatibility(*(dice.random() < 0.3 for _ in range(4))),
    )


def _subnet(dice: random.Random, subnet: Subnet, names: Sequence[str]) -> Subnet:
    pools = tuple(
        replace(
            pool,
            guard=pool.guard or _some(dice, names, 0.1),
            additional=_some(dice, names, 0.2) if len(names) > 2 else (),
            bootp=dice.random() < 0.8,
            ipv6_only_s=dice.choice((None, None, 0, 1800)),
            lifetimes=dice.choice((None, None, Lifetimes(600, 60, 900))),
            options=dict.fromkeys(_some_codes(dice), b"pool"),
            allocator=dice.choice(("lowest", "hashed", "random")),
            gate=dice.choice(_GATES) if dice.random() < 0.1 else None,
            excluded=((pool.first, pool.first),) if dice.random() < 0.2 else (),
        )
        for pool in subnet.pools
    )
    vss = dice.choice(_VPNS) if subnet.shared_network is None and subnet.interface is None else b""
    return replace(
        subnet,
        pools=pools,
        space=len(vss),
        boot=dice.choice((subnet.boot, Boot(by_architecture={7: Boot(file=b"efi"), 16: Boot(file=b"http://x/efi")}))),
        options={**subnet.options, **{code: bytes(dice.choice((1, 4, 4, 40, 300))) for code in _some_codes(dice)}},
        always=_some_codes(dice),
        never=_some_codes(dice),
        rapid_commit=dice.random() < 0.5,
        bootp=dice.choice(("never", "reserved", "free", "free")),
        bootp_lifetime_s=dice.choice((0xFFFF_FFFF, 3600)),
        echo_client_id=dice.random() < 0.8,
        ipv6_only_s=dice.choice((0, 0, 0, 300)),
        auto_configure=dice.choice(("ignore", "forbid", "allow")),
        vss=vss,
        guard=_some(dice, names, 0.1),
        additional=_some(dice, names, 0.2) if len(names) > 2 else (),
        admission=_lists(dice, 0.1),
        policy=_policy(dice) if dice.random() < 0.3 else NO_POLICY,
        computed=_WORKED_OUT.computed if dice.random() < 0.2 else NOTHING_COMPUTED,
        assignment_key=_WORKED_OUT.assignment_key if dice.random() < 0.2 else None,
    )


def _policy(dice: random.Random) -> Policy:
    return Policy(
        cache_threshold=dice.choice((0, 25)),
        adaptive_threshold=dice.choice((0, 1, 50)),
        one_lease_per_client=dice.random() < 0.3,
        random_lifetimes=dice.choice((None, Lifetimes(60, 60, 60))),
        min_secs=dice.choice((0, 0, 4)),
        offer_delay_s=dice.choice((0.0, 0.0, 0.1, 2.0)),
    )


def _some(dice: random.Random, names: Sequence[str], chance: float) -> tuple[str, ...]:
    return tuple(dice.sample(names, dice.randint(1, 2))) if dice.random() < chance else ()


def _some_codes(dice: random.Random) -> frozenset[int]:
    return frozenset(dice.sample(_CODES, dice.randint(1, 4))) if dice.random() < 0.4 else frozenset()


def _lists(dice: random.Random, chance: float) -> Any:
    if dice.random() >= chance:
        return None
    return admission(dice.sample(_PATTERNS, dice.randint(0, 2)), dice.sample(_PATTERNS[:2], dice.randint(0, 1)))
