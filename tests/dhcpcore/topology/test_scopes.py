"""What has a limit of leases, and which addresses count for it."""

from dhcpcore.topology.policy import Policy
from dhcpcore.topology.scopes import POOL, SUBNET, scopes_of
from dhcpcore.topology.snapshot import Pool, Snapshot, Subnet

LOW, HIGH = bytes((10, 0, 0, 10)), bytes((10, 0, 0, 19))


def made(subnet: int, pool: int) -> Snapshot:
    ranges = (Pool(7, 4, LOW, HIGH, 32, max_leases=pool), Pool(8, 4, bytes((10, 0, 0, 30)), bytes((10, 0, 0, 39)), 32))
    policy = Policy(max_leases=subnet)
    return Snapshot(1, (Subnet(3, 4, 5, bytes((10, 0, 0, 0)), 24, "office", pools=ranges, policy=policy),))


def test_what_has_no_limit_is_no_scope() -> None:
    assert scopes_of(made(0, 0)) == ()


def test_subnets_come_before_pools_and_each_covers_its_own() -> None:
    subnet, pool = scopes_of(made(5, 2))
    assert ((subnet.key, subnet.limit), (pool.key, pool.limit)) == (((SUBNET, 3), 5), ((POOL, 7), 2))
    assert subnet.covers((5, 4, bytes((10, 0, 0, 255)), 32))
    assert pool.covers((5, 4, HIGH, 32))
    assert not pool.covers((5, 4, bytes((10, 0, 0, 20)), 32))
    assert not subnet.covers((0, 4, HIGH, 32)), "another space"
    assert not subnet.covers((5, 6, HIGH, 32)), "another family"
