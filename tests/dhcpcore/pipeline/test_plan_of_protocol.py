"""What is not configured is in no packet's way: the plan of a plain snapshot has none of the rarer handlers."""

import pytest

from dhcpcore.builtin import builtin
from dhcpcore.lease.allocation import Allocator
from dhcpcore.lease.nonces import Nonces
from dhcpcore.lease.offered import Offered
from dhcpcore.pipeline.handler import Plan
from dhcpcore.pipeline.searches import Searches
from dhcpcore.stats.manners import Manners
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import MessageType
from tests.playbook import OFFICE, pool, subnet

TYPES = tuple(MessageType)
RARER = {
    "SelectVpn", "BootpClient", "BootpKnown", "RecordAtOnce", "OfferNoAddress", "RapidCommit", "BootpReply", "SayIpv6Only",
    "EchoSelection", "EchoVpn", "AutoConfigure",
}  # fmt: skip


def planned(**fields: object) -> set[str]:
    of_snapshot = {key: fields.pop(key) for key in ("subnet_selection",) if key in fields}
    of_pool = {key: fields.pop(key) for key in ("pool_ipv6_only_s",) if key in fields}
    home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109", ipv6_only_s=of_pool.get("pool_ipv6_only_s")), **fields)
    handlers = builtin(Allocator(), Offered(), Searches(), Nonces(), Manners())
    plan = Plan(handlers, TYPES, Snapshot(1, (home,), **of_snapshot))
    return {type(handler).__name__ for handler in plan.handlers}


def test_nothing_configured_no_handler_runs() -> None:
    assert planned().isdisjoint(RARER)


@pytest.mark.parametrize(
    ("fields", "handlers"),
    [
        ({"bootp": "free"}, {"BootpClient", "BootpKnown", "BootpReply", "RecordAtOnce"}),
        ({"rapid_commit": True}, {"RapidCommit", "RecordAtOnce"}),
        ({"ipv6_only_s": 300}, {"OfferNoAddress", "SayIpv6Only"}),
        ({"pool_ipv6_only_s": 300}, {"OfferNoAddress", "SayIpv6Only"}),
        ({"auto_configure": "forbid"}, {"AutoConfigure"}),
        ({"vss": b"\0a"}, {"SelectVpn"}),
        ({"subnet_selection": True}, {"EchoSelection"}),
        ({"vss": b"\0a", "subnet_selection": True}, {"SelectVpn", "EchoVpn", "EchoSelection"}),
    ],
    ids=lambda value: str(value if isinstance(value, dict) else sorted(value)),  # The same in every process.
)
def test_what_is_configured_is_in_the_plan(fields: dict[str, object], handlers: set[str]) -> None:
    assert planned(**fields) & RARER == handlers
