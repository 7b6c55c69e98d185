"""Renewals without a write: within the first part of a lease the answer promises what the row says, and no more."""

from collections.abc import Callable

import pytest

from dhcpcore.topology.policy import Policy
from tests.packets4 import ACK, client
from tests.playbook import OFFICE, T0, World, pool, subnet, traces

Make = Callable[..., World]
A = client(1)
ADDRESS = "192.0.2.100"


def cached(world: Make, percent: int = 25, lifetime: int = 1000, **fields: object) -> World:
    policy = Policy(cache_threshold=percent)
    return world(subnet(OFFICE, pool(ADDRESS, "192.0.2.109"), lifetime=lifetime, policy=policy), **fields)


def commits(w: World) -> int:
    return len(w.store.commits)


def test_an_early_renewal_is_answered_with_the_time_that_is_left_and_nothing_is_written(world: Make) -> None:
    w = cached(world)
    w.lease(A)
    before, row = commits(w), w.row(ADDRESS)
    w.pass_(249)
    ack = w.renew(A, ADDRESS)
    assert (ack.kind, ack.number(51)) == (ACK, 751)
    assert (ack.number(58), ack.number(59)) == (375, 657)
    assert (commits(w), w.row(ADDRESS)) == (before, row)
    assert w.reason == "ACK-RENEWED"
    assert "Its lease is young and was not written again: 751 s of it are left." in list(traces(w))


def test_a_later_one_is_written(world: Make) -> None:
    w = cached(world)
    w.lease(A)
    before = commits(w)
    w.pass_(250)
    assert w.renew(A, ADDRESS).number(51) == 1000
    assert commits(w) == before + 1
    assert w.row(ADDRESS).expires == T0 + 1250


def test_without_a_threshold_every_renewal_is_written(world: Make) -> None:
    w = cached(world, 0)
    w.lease(A)
    w.pass_(1)
    assert w.renew(A, ADDRESS).number(51) == 1000
    assert w.row(ADDRESS).expires == T0 + 1001


def test_early_renewals_do_not_add_up_to_a_longer_lease(world: Make) -> None:
    """The threshold counts from the last write, not from the last answer."""
    w = cached(world)
    w.lease(A)
    for _ in range(4):
        w.pass_(60)
        w.renew(A, ADDRESS)
    assert w.row(ADDRESS).expires == T0 + 1000
    w.pass_(60)
    assert w.renew(A, ADDRESS).number(51) == 1000


@pytest.mark.parametrize("again", ["select", "reboot", "rebind"])
def test_it_is_the_same_in_every_state_of_the_client(world: Make, again: str) -> None:
    w = cached(world)
    w.lease(A)
    before = commits(w)
    w.pass_(100)
    ack = w.select(A, w.discover(A)) if again == "select" else getattr(w, again)(A, ADDRESS)
    assert (ack.number(51), commits(w)) == (900, before)


def test_what_changes_the_row_is_written(world: Make) -> None:
    w = cached(world)
    w.lease(A)
    before = commits(w)
    w.pass_(10)
    assert w.renew(A, ADDRESS, options={12: b"new-name"}).number(51) == 1000
    assert commits(w) == before + 1
    assert w.row(ADDRESS).hostname == "new-name"


def test_another_relay_is_written(world: Make) -> None:
    w = cached(world)
    w.lease(A, via="192.0.2.2")
    w.pass_(10)
    assert w.rebind(A, ADDRESS, via="192.0.2.2", agent=b"\x01\x01x").number(51) == 1000
    assert len(w.history(ADDRESS)) == 2


def test_an_endless_lease_is_written_once(world: Make) -> None:
    w = cached(world, lifetime=0xFFFF_FFFF)
    w.lease(A)
    before = commits(w)
    w.pass_(10_000_000)
    ack = w.renew(A, ADDRESS)
    assert (ack.number(51), commits(w)) == (0xFFFF_FFFF, before)


def test_an_ended_lease_is_written(world: Make) -> None:
    w = cached(world, 100)
    w.lease(A)
    w.pass_(1000)
    assert w.renew(A, ADDRESS).number(51) == 1000
    assert w.row(ADDRESS).expires == T0 + 2000


def test_a_released_lease_is_written(world: Make) -> None:
    w = cached(world)
    w.lease(A)
    w.pass_(10)
    w.release(A, ADDRESS)
    assert w.lease(A).number(51) == 1000


def test_a_second_renewal_in_the_batch_of_the_grant_waits_for_its_commit(world: Make) -> None:
    w = cached(world)
    offer = w.discover(A)
    first = w.packet(3, A, requested=offer.yiaddr, server=offer.address(54))
    second = w.packet(3, A, requested=offer.yiaddr, server=offer.address(54))
    assert [answer.kind for answer in w.send(first, second)] == [ACK, ACK]
    assert commits(w) == 1
