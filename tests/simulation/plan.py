"""What kind of world a seed makes: its size, and how bad its network, its databases, its people and its clocks are.

Every seed switches some troubles off altogether and turns others up: a world of every trouble at once rarely gets
anywhere, and a fault that needs two of them hides behind the third.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, fields, replace


@dataclass(frozen=True, slots=True)
class Weather:
    """Chances of trouble.  All zero is a calm day."""

    loss: float = 0.0  #: Of a datagram, on each hop.
    duplicate: float = 0.0
    delay_s_max: float = 0.01  #: Datagrams overtake each other within it.
    crash: float = 0.0  #: Of an engine, at each arrow of a batch.
    unavailable: float = 0.0  #: Of an outage of the database that begins at this arrow.
    unknown: float = 0.0  #: Of a connection lost during COMMIT.
    slow: float = 0.0  #: Of seconds that pass at an arrow, in which everybody else goes on.
    poison: float = 0.0  #: Of a client whose host name the database refuses.


@dataclass(frozen=True, slots=True)
class Plan:
    """One world."""

    engines: int = 1
    relayed_links: int = 1
    clients: int = 12
    liars: int = 0
    squatters: int = 0  #: Hosts that use an address of a pool and speak no DHCP.
    pool_size: int = 12
    lifetime_s: int = 120
    duration_s: float = 1200.0
    change_every_s: float = 0.0  #: How often the administrator changes something; 0: never.
    release_by_hand: bool = False
    restless: float = 0.02  #: Chance a second that a client does something else than wait.
    one_machine: bool = False  #: The database's clock is the engines' own.
    clock_steps: bool = False
    probe: bool = False
    assignments: bool = False
    policies: bool = False  #: Whether subnets and pools say how addresses are given out.
    weather: Weather = field(default_factory=Weather)
    rapid: bool = False  #: Subnets grant on a DISCOVER that asks for it, and half of the clients do.
    booters: int = 0  #: Clients that speak BOOTP.
    classes: bool = False  #: Whether clients are of classes, by what they send and by the port that they are on.
    class_limit: int = 0  #: Leases that the clients of a class may have together; 0: any number.
    vpns: int = 0  #: Links of other VPNs, each of which has the addresses of the first relayed link.
    limits: bool = False  #: Whether subnets and pools may have so many leases only.
    ipv6_only: bool = False  #: Whether clients that can do without IPv4 shall, and some can.


#: Chance that a trouble exists in a world at all, and its worst rate.
_TROUBLES: dict[str, tuple[float, float]] = {
    "loss": (0.6, 0.3),
    "duplicate": (0.6, 0.3),
    "crash": (0.5, 0.01),
    "unavailable": (0.4, 0.004),
    "unknown": (0.4, 0.04),
    "slow": (0.5, 0.05),
    "poison": (0.2, 0.2),
}


def plan_of(seed: int) -> Plan:
    """The world of this seed."""
    dice = random.Random(seed * 2 + 1)
    rates = {
        name: dice.uniform(0, worst) if dice.random() < chance else 0.0 for name, (chance, worst) in _TROUBLES.items()
    }
    assert rates.keys() <= {one.name for one in fields(Weather)}
    clients = dice.randint(3, 30)
    steps = dice.random() < 0.25
    if steps:
        rates["crash"] = 0.0  # An engine that starts while the clock is wrong cannot know that it is.
    plan = Plan(
        engines=dice.choice((1, 1, 2, 2, 3)),
        relayed_links=dice.choice((0, 1, 1, 2)),
        clients=clients,
        liars=dice.choice((0, 0, 1, 3)),
        squatters=dice.choice((0, 0, 0, 2)),
        pool_size=max(2, int(clients * dice.uniform(0.3, 2.0))),
        lifetime_s=dice.choice((40, 90, 120, 300)),
        duration_s=dice.choice((600.0, 900.0, 1500.0)),
        change_every_s=dice.choice((0.0, 0.0, 40.0, 120.0)),
        release_by_hand=dice.random() < 0.3,
        restless=dice.choice((0.005, 0.02, 0.05)),
        one_machine=dice.random() < 0.5,
        clock_steps=steps,
        probe=dice.random() < 0.25,
        assignments=dice.random() < 0.4,
        policies=dice.random() < 0.5,
        weather=Weather(delay_s_max=dice.choice((0.002, 0.05, 0.5, 3.0)), **rates),
        rapid=dice.random() < 0.4,
        booters=dice.choice((0, 0, 1, 3)),
        classes=dice.random() < 0.5,
        ipv6_only=dice.random() < 0.25,
        class_limit=dice.choice((0, 0, 3)),
        vpns=dice.choice((0, 0, 0, 1, 2)),
        limits=dice.random() < 0.25,
    )
    return plan if plan.classes else replace(plan, class_limit=0)
