"""Ten thousand pools: what is told of one address concerns the view of its pool, and no other is looked at."""

from collections import Counter

import pytest

from dhcpcore.lease.allocation import Allocator
from dhcpcore.lease.facts import PageRow
from dhcpcore.lease.model import Lease, LeaseKey, State
from dhcpcore.lease.occupancy import RangeView
from dhcpcore.topology.snapshot import Pool, Snapshot, Subnet

NOW = 1_700_000_000
POOLS = 1000


def address(pool: int, host: int) -> bytes:
    return (0x0A00_0000 + pool * 256 + host).to_bytes(4)


def key(pool: int, host: int, space: int = 0) -> LeaseKey:
    return (space, 4, address(pool, host), 32)


def row(pool: int, host: int, space: int = 0) -> Lease:
    return Lease(
        space, 4, address(pool, host), 32, b"\x01c", b"", State.LEASED, NOW + 60, NOW, pool + 1, 1, 1, "", b"", b""
    )


@pytest.fixture
def allocator() -> Allocator:
    made = Allocator()
    subnets = [
        Subnet(n + 1, 4, 0, address(n, 0), 24, str(n), pools=(Pool(n + 1, 4, address(n, 10), address(n, 20), 32),))
        for n in range(POOLS)
    ]
    other = Subnet(9001, 4, 7, address(0, 0), 24, "vrf", pools=(Pool(9001, 4, address(0, 10), address(0, 20), 32),))
    made.install(Snapshot(1, (*reversed(subnets), other)))
    for page in made.unloaded(POOLS + 1):
        made.load((page.pool, page.number), (), NOW)
    return made


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How often each pool's view was asked whether it has an address."""
    counted: Counter[int] = Counter()
    covers = RangeView.covers

    def counting(self: RangeView, asked: LeaseKey) -> bool:
        counted[self.pool.pool_id] += 1
        return covers(self, asked)

    monkeypatch.setattr(RangeView, "covers", counting)
    return counted


def free(allocator: Allocator, pool_id: int) -> bytes:
    assert allocator.snapshot is not None
    places = [
        (subnet, pool) for subnet in allocator.snapshot.subnets for pool in subnet.pools if pool.pool_id == pool_id
    ]
    found = allocator.search(places, b"\x01other", NOW)
    assert isinstance(found, tuple)
    assert hasattr(found, "key"), found
    return bytes(found.key[2])


@pytest.mark.parametrize("pool", [0, 500, POOLS - 1])
def test_what_was_committed_is_noted_in_its_pool_alone(allocator: Allocator, looked: Counter[int], pool: int) -> None:
    allocator.note_row(row(pool, 10), NOW)
    assert looked == {pool + 1: 1}
    assert free(allocator, pool + 1) == address(pool, 11)
    assert free(allocator, (pool + 1) % POOLS + 1)[3] == 10


def test_another_space_is_another_pool(allocator: Allocator) -> None:
    allocator.note_row(row(0, 10, space=7), NOW)
    assert free(allocator, 1) == address(0, 10)
    assert free(allocator, 9001) == address(0, 11)


def test_what_is_in_doubt_is_loaded_anew_in_its_pool_alone(allocator: Allocator, looked: Counter[int]) -> None:
    allocator.doubt(key(500, 15))
    assert looked == {501: 1}
    (page,) = allocator.unloaded(POOLS)
    assert page.pool == 501
    allocator.load((page.pool, page.number), [PageRow(address(500, 10), State.LEASED, NOW + 60, False)], NOW)
    assert free(allocator, 501) == address(500, 11)


@pytest.mark.parametrize("asked", [key(3, 9), key(3, 21), key(POOLS, 10), key(3, 10, space=1), (0, 6, bytes(16), 128)])
def test_an_address_of_no_pool_changes_nothing(allocator: Allocator, asked: LeaseKey) -> None:
    allocator.doubt(asked)
    assert allocator.unloaded(POOLS) == ()


def test_offers_follow_their_address_into_the_pools_of_a_new_revision(allocator: Allocator) -> None:
    allocator.hold(key(3, 10), b"\x01mine", 4, None, True, NOW)
    merged = Subnet(5001, 4, 0, address(0, 0), 16, "one", pools=(Pool(5001, 4, address(0, 0), address(255, 255), 32),))
    allocator.install(Snapshot(2, (merged,)))
    hold = allocator.hold_of(b"\x01mine")
    assert hold is not None
    assert hold.pool == 5001
