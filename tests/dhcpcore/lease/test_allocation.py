"""Offers under way: one a client, one an address, withdrawn in time, bounded, and carried over into a new revision."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhcpcore.lease import allocation
from dhcpcore.lease.allocation import Allocator, Candidate
from dhcpcore.lease.facts import Page
from dhcpcore.lease.model import Lease, LeaseKey, State
from dhcpcore.topology.snapshot import Pool, Snapshot, Subnet

NOW = 1_000_000
HOLD = 60


def ip(last: int, third: int = 2) -> bytes:
    return bytes((192, 0, third, last))


def key(last: int, third: int = 2) -> LeaseKey:
    return (0, 4, ip(last, third), 32)


def pool(first: int, last: int, pool_id: int = 1) -> Pool:
    return Pool(pool_id, 4, ip(first), ip(last), 32)


def snapshot(*pools: Pool, subnet_id: int = 1, space: int = 0) -> Snapshot:
    return Snapshot(1, (Subnet(subnet_id, 4, space, ip(0), 24, "office", pools=pools),), offer_hold_s=HOLD)


@pytest.fixture
def allocator() -> Allocator:
    made = Allocator()
    made.install(snapshot(pool(100, 109)))
    return made


def search(allocator: Allocator, client: bytes = b"a", now: float = NOW) -> Candidate | None:
    assert allocator.snapshot is not None
    home = allocator.snapshot.subnets[0]
    for _ in range(5):
        found = allocator.search([(home, one) for one in home.pools], client, now)
        if found is None or isinstance(found, Candidate):
            return found
        for page in found:
            allocator.load((page.pool, page.number), (), now)
    raise AssertionError("pages without end")


def offer(allocator: Allocator, client: bytes, now: float = NOW) -> int:
    """Search and hold, as an offer does; the last octet."""
    found = search(allocator, client, now)
    assert found is not None
    allocator.hold(found.key, client, found.pool.pool_id, None, found.virgin, now)
    return found.key[2][3]


def lease(last: int, expires: int = NOW + 3600) -> Lease:
    return Lease(0, 4, ip(last), 32, b"c", b"", State.LEASED, expires, NOW, 1, 1, 1, "", b"", b"")


def test_an_offer_is_its_clients_and_nobody_elses(allocator: Allocator) -> None:
    assert offer(allocator, b"a") == 100
    assert allocator.held_for_other(key(100), b"b")
    assert not allocator.held_for_other(key(100), b"a")
    assert not allocator.held_for_other(key(101), b"b")
    hold = allocator.hold_of(b"a")
    assert hold is not None
    assert (hold.key, hold.until) == (key(100), NOW + HOLD)
    assert allocator.hold_of(b"b") is None


def test_a_second_offer_to_a_client_withdraws_its_first(allocator: Allocator) -> None:
    offer(allocator, b"a")
    allocator.hold(key(105), b"a", 1, None, virgin=True, now=NOW)
    assert allocator.holds == 1
    assert not allocator.held_for_other(key(100), b"b")
    assert offer(allocator, b"b") == 100


def test_the_same_offer_again_lasts_from_now(allocator: Allocator) -> None:
    offer(allocator, b"a")
    allocator.hold(key(100), b"a", 1, None, virgin=False, now=NOW + 50)
    allocator.expire(NOW + HOLD + 1)
    assert allocator.held_for_other(key(100), b"b")
    allocator.expire(NOW + HOLD + 50)
    assert offer(allocator, b"b", NOW + HOLD + 50) == 100


def test_an_offer_that_became_a_lease_does_not_go_back(allocator: Allocator) -> None:
    offer(allocator, b"a")
    allocator.drop(b"a", granted=key(100))
    allocator.note_row(lease(100), NOW)
    assert offer(allocator, b"b") == 101


def test_an_offer_whose_client_took_another_address_does(allocator: Allocator) -> None:
    offer(allocator, b"a")
    allocator.drop(b"a", granted=key(105))
    assert offer(allocator, b"b") == 100


def test_dropping_what_is_not_there_is_nothing(allocator: Allocator) -> None:
    allocator.drop(b"a")
    allocator.drop(b"a", granted=key(100))
    assert allocator.holds == 0


def test_offers_end_in_their_time_and_not_before(allocator: Allocator) -> None:
    offer(allocator, b"a")
    offer(allocator, b"b", NOW + 30)
    allocator.expire(NOW + HOLD - 0.1)
    assert allocator.holds == 2
    allocator.expire(NOW + HOLD)
    assert (allocator.holds, allocator.hold_of(b"a")) == (1, None)


def test_beyond_the_limit_the_oldest_offer_is_withdrawn(allocator: Allocator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocation, "HOLDS_MAX", 3)
    for client in (b"a", b"b", b"c"):
        offer(allocator, client)
    allocator.hold(key(100), b"a", 1, None, virgin=True, now=NOW)
    offer(allocator, b"d")
    assert (allocator.holds, allocator.hold_of(b"b")) == (3, None)
    assert offer(allocator, b"e") == 101


def test_a_candidate_that_was_not_offered_is_given_back(allocator: Allocator) -> None:
    found = search(allocator)
    assert found is not None
    allocator.give_back(found)
    assert offer(allocator, b"b") == 100


def test_a_candidate_that_somebody_else_was_offered_meanwhile_is_not(allocator: Allocator) -> None:
    found = search(allocator)
    assert found is not None
    allocator.hold(found.key, b"b", 1, None, virgin=True, now=NOW)
    allocator.give_back(found)
    assert offer(allocator, b"c") == 101


def test_the_pools_are_searched_in_their_order() -> None:
    allocator = Allocator()
    allocator.install(snapshot(pool(200, 200, 2), pool(100, 100, 1)))
    assert [offer(allocator, bytes([n])) for n in range(2)] == [200, 100]
    assert search(allocator) is None


def test_a_row_of_no_present_pool_or_subnet_is_passed_over(allocator: Allocator) -> None:
    allocator.note_row(lease(50), NOW)
    allocator.note_row(lease(100)._replace(subnet=99), NOW)
    allocator.note(99, lease(100), NOW)
    allocator.load((99, 0), (), NOW)
    allocator.doubt(key(50))
    assert offer(allocator, b"a") == 100


def test_idle_time_asks_for_one_page_a_pool() -> None:
    allocator = Allocator()
    allocator.install(snapshot(pool(100, 100, 1), pool(101, 101, 2), pool(102, 102, 3)))
    pages = allocator.unloaded(2)
    assert [page.pool for page in pages] == [1, 2]
    assert all(isinstance(page, Page) for page in pages)
    for page in pages:
        allocator.load((page.pool, page.number), (), NOW)
    assert [page.pool for page in allocator.unloaded(2)] == [3]


class TestNewRevision:
    def test_an_offer_of_a_pool_that_stays_is_kept(self, allocator: Allocator) -> None:
        offer(allocator, b"a")
        allocator.install(snapshot(pool(100, 109)))
        assert offer(allocator, b"b") == 101

    @pytest.mark.parametrize("pools", [(), (pool(101, 109),), (pool(10, 20, 2),)])
    def test_an_offer_whose_pool_is_gone_is_withdrawn(self, allocator: Allocator, pools: tuple[Pool, ...]) -> None:
        offer(allocator, b"a")
        allocator.install(snapshot(*pools))
        assert (allocator.holds, allocator.hold_of(b"a")) == (0, None)

    def test_an_offer_follows_its_address_into_another_pool(self, allocator: Allocator) -> None:
        offer(allocator, b"a")
        allocator.install(snapshot(pool(90, 120, 2)))
        hold = allocator.hold_of(b"a")
        assert hold is not None
        assert hold.pool == 2
        taken = [offer(allocator, bytes([n])) for n in range(11)]
        assert taken == [*range(90, 100), 101]
        allocator.drop(b"a")
        assert offer(allocator, b"z") in {100, 102}

    def test_an_offer_of_the_same_address_in_another_space_is_withdrawn(self, allocator: Allocator) -> None:
        offer(allocator, b"a")
        allocator.install(snapshot(pool(100, 109), space=5))
        assert allocator.holds == 0
        found = search(allocator)
        assert found is not None
        assert found.key == (5, 4, ip(100), 32)

    def test_an_offer_outside_every_pool_is_kept(self, allocator: Allocator) -> None:
        allocator.hold(key(10), b"a", 0, None, virgin=False, now=NOW)
        allocator.install(snapshot(pool(100, 109)))
        assert allocator.held_for_other(key(10), b"b")

    def test_and_keeps_its_address_out_of_a_new_pool(self, allocator: Allocator) -> None:
        allocator.hold(key(10), b"a", 0, None, virgin=False, now=NOW)
        allocator.install(snapshot(pool(10, 11)))
        assert offer(allocator, b"b") == 11
        assert search(allocator) is None
        allocator.drop(b"a")
        assert offer(allocator, b"c", NOW + 2) == 10

    def test_a_candidate_of_the_old_revision_does_no_harm(self, allocator: Allocator) -> None:
        found = search(allocator)
        assert found is not None
        allocator.install(snapshot(pool(200, 209, 2)))
        allocator.give_back(found)
        allocator.install(snapshot(pool(101, 101)))
        allocator.give_back(found)
        assert offer(allocator, b"b") == 101
        assert search(allocator) is None

    def test_a_new_length_of_the_hold_is_in_force(self, allocator: Allocator) -> None:
        from dataclasses import replace

        allocator.install(replace(snapshot(pool(100, 109)), offer_hold_s=5))
        offer(allocator, b"a")
        allocator.expire(NOW + 5)
        assert allocator.holds == 0


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["offer", "wish", "grant", "drop", "pass", "install", "shrink", "grow", "doubt"]),
        st.integers(0, 5),
    ),
    max_size=50,
)


@settings(max_examples=200)
@given(steps=STEPS)
def test_whatever_happens_no_two_clients_hold_one_address_and_none_is_lost(  # noqa: C901 - A branch a step.
    steps: list[tuple[str, int]],
) -> None:
    allocator = Allocator()
    bounds = (100, 103)
    allocator.install(snapshot(pool(*bounds)))
    rows: dict[int, Lease] = {}
    now: float = NOW

    def find(client: bytes) -> Candidate | None:
        home = allocator.snapshot.subnets[0]  # type: ignore[union-attr]
        for _ in range(6):
            found = allocator.search([(home, one) for one in home.pools], client, now)
            if found is None:
                return None
            if isinstance(found, Candidate):
                row = rows.get(found.key[2][3])
                if row is None or row.expires + 30 <= now:
                    return found
                allocator.note(found.pool.pool_id, row, now)
                continue
            for page in found:
                taken = [(row.address, row.state, row.expires, False) for row in rows.values()]
                allocator.load(
                    (page.pool, page.number),
                    [_page_row(*one) for one in taken if page.first <= one[0] <= page.last],
                    now,
                )
        raise AssertionError("a search without end")

    for what, number in steps:
        client = bytes([number])
        if what == "offer":
            found = find(client)
            if found is not None:
                assert not allocator.held_for_other(found.key, client)
                allocator.hold(found.key, client, found.pool.pool_id, None, found.virgin, now)
        elif what == "wish":
            wish = key(bounds[0] + number % (bounds[1] - bounds[0] + 1))
            row = rows.get(wish[2][3])
            if (row is None or row.expires + 30 <= now) and not allocator.held_for_other(wish, client):
                allocator.hold(wish, client, 1, row, row is None, now)
        elif what == "grant" and (hold := allocator.hold_of(client)) is not None:
            rows[hold.key[2][3]] = lease(hold.key[2][3], int(now) + 40)
            allocator.drop(client, granted=hold.key)
            allocator.note_row(rows[hold.key[2][3]], now)
        elif what == "drop":
            allocator.drop(client)
        elif what == "pass":
            now += number * 17
            allocator.expire(now)
        elif what in {"install", "shrink", "grow"}:
            low, high = bounds
            bounds = {"install": bounds, "shrink": (min(low + 1, high), high), "grow": (low - 1, high + 1)}[what]
            allocator.install(snapshot(pool(*bounds)))
        elif what == "doubt":
            allocator.doubt(key(bounds[0] + number % (bounds[1] - bounds[0] + 1)))
        held = [hold.key for hold in allocator._by_client.values()]
        assert len(set(held)) == len(held) == allocator.holds
        assert all(bounds[0] <= one[2][3] <= bounds[1] for one in held)
    now += 2
    free = {
        last
        for last in range(bounds[0], bounds[1] + 1)
        if not allocator.held_for_other(key(last), b"") and (last not in rows or rows[last].expires + 30 <= now)
    }
    got = set()
    while (found := find(b"last")) is not None:
        got.add(found.key[2][3])
        allocator.hold(found.key, b"last" + found.key[2], found.pool.pool_id, None, found.virgin, now)
    assert got == free


def _page_row(address: bytes, state: int, expires: int, assigned: bool) -> object:
    from dhcpcore.lease.facts import PageRow

    return PageRow(address, state, expires, assigned)
