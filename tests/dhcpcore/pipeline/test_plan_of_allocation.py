"""What no definition switches on is in no packet's way: allocation's policies run only where they are wanted."""

import pytest

from dhcpcore.builtin import builtin
from dhcpcore.lease.allocation import Allocator
from dhcpcore.lease.nonces import Nonces
from dhcpcore.lease.offered import Offered
from dhcpcore.pipeline.handler import Plan
from dhcpcore.pipeline.searches import Searches
from dhcpcore.stats.manners import Manners
from dhcpcore.topology.policy import Flood, Policy
from dhcpcore.topology.snapshot import Lifetimes, Snapshot
from dhcpcore.wire.v4.message import MessageType
from tests.playbook import OFFICE, pool, subnet

OURS = {"LimitRate", "CountDeclines", "MinSecs", "DelayOffer", "LimitLeases", "CheckLimit", "AdaptTimes", "RunOut"}


def planned(*, max_leases: int = 0, policy: Policy | None = None, **fields: object) -> set[str]:
    home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109", max_leases=max_leases), policy=policy or Policy())
    handlers = builtin(Allocator(), Offered(), Searches(), Nonces(), Manners())
    plan = Plan(handlers, tuple(MessageType), Snapshot(1, (home,), **fields))  # type: ignore[arg-type]
    return {type(handler).__name__ for handler in plan.handlers}


def test_nothing_configured_no_handler_runs() -> None:
    assert planned().isdisjoint(OURS)


@pytest.mark.parametrize(
    ("fields", "handlers"),
    [
        ({"flood": Flood(client_rate=5)}, {"LimitRate"}),
        ({"flood": Flood(declines=5)}, {"LimitRate", "CountDeclines"}),
        ({"policy": Policy(min_secs=3)}, {"MinSecs"}),
        ({"policy": Policy(offer_delay_s=0.5)}, {"DelayOffer"}),
        ({"policy": Policy(max_leases=3)}, {"LimitLeases", "CheckLimit"}),
        ({"max_leases": 3}, {"LimitLeases", "CheckLimit"}),
        ({"policy": Policy(adaptive_threshold=80)}, {"AdaptTimes"}),
        ({"policy": Policy(random_lifetimes=Lifetimes(60))}, {"AdaptTimes"}),
        ({"has_assigned_addresses": True}, {"RunOut"}),
    ],
    ids=lambda value: str(value if isinstance(value, dict) else sorted(value))[:80],  # The same in every process.
)
def test_what_is_configured_is_in_the_plan(fields: dict[str, object], handlers: set[str]) -> None:
    assert planned(**fields) & OURS == handlers  # type: ignore[arg-type]
