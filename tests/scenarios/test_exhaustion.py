"""The last address of a pool: given out, and not one more; taken back, and not lost."""

from collections.abc import Callable

import pytest

from dhcpcore.lease.facts import Wants
from tests.packets4 import ACK, client
from tests.playbook import OFFICE, World, assignment, pool, subnet

Make = Callable[..., World]


def office(world: Make, last: str = "192.0.2.104", **fields: object) -> World:
    return world(subnet(OFFICE, pool("192.0.2.100", last), lifetime=3600), **fields)


def test_every_address_is_given_and_then_none(world: Make) -> None:
    w = office(world)
    assert [w.lease(client(n)).yiaddr[-1] for n in range(5)] == ["0", "1", "2", "3", "4"]
    assert w.discover(client(9)) is None
    assert w.reason == "POOL-EXHAUSTED"


def test_offers_count_until_their_time_is_over(world: Make) -> None:
    w = office(world, offer_hold_s=60)
    for n in range(5):
        w.discover(client(n))
    assert w.discover(client(9)) is None
    w.pass_(60)
    assert [w.lease(client(10 + n)).yiaddr[-1] for n in range(5)] == ["0", "1", "2", "3", "4"]


def test_who_has_one_is_served_from_a_full_pool(world: Make) -> None:
    w = office(world)
    for n in range(5):
        w.lease(client(n))
    assert w.lease(client(3)).yiaddr == "192.0.2.103"
    w.pass_(1800)
    assert w.renew(client(3), "192.0.2.103").kind == ACK


@pytest.mark.parametrize("restarts", [False, True])
def test_one_given_back_is_one_to_give(world: Make, restarts: bool) -> None:
    w = office(world)
    for n in range(5):
        w.lease(client(n))
    w.discover(client(9))
    w.release(client(2), "192.0.2.102")
    if restarts:
        w.restart()
    w.pass_(29)
    assert w.discover(client(9)) is None
    w.pass_(1)
    assert w.lease(client(9)).yiaddr == "192.0.2.102"
    assert w.discover(client(10)) is None


def test_without_grace_it_is_to_be_had_at_once(world: Make) -> None:
    w = office(world, reclaim_grace_s=0)
    for n in range(5):
        w.lease(client(n))
    assert w.discover(client(9)) is None
    w.release(client(2), "192.0.2.102")
    assert w.lease(client(9)).yiaddr == "192.0.2.102"


def test_all_ended_at_once_are_all_to_be_had(world: Make) -> None:
    w = office(world)
    for n in range(5):
        w.lease(client(n))
    w.pass_(3630)
    assert len({w.lease(client(10 + n)).yiaddr for n in range(5)}) == 5
    assert w.discover(client(99)) is None


def test_a_pool_of_many_pages_is_given_to_the_last_address(world: Make) -> None:
    home = subnet("10.0.0.0/16", pool("10.0.0.1", "10.0.9.0"), lifetime=3600, relays=["192.0.2.9"])
    w = world(home)
    w.fill("10.0.0.1", 2300, home)
    assert [w.lease(client(n), via="192.0.2.9").yiaddr for n in range(4)] == [f"10.0.8.{253 + n}" for n in range(3)] + [
        "10.0.9.0"
    ]
    assert w.discover(client(9999), via="192.0.2.9") is None
    assert w.reason == "POOL-EXHAUSTED"
    w.restart()
    assert w.discover(client(9999), via="192.0.2.9") is None
    assert w.reason == "POOL-EXHAUSTED"
    w.release(client(2), "10.0.8.255")
    w.pass_(31)
    assert w.discover(client(9999), via="192.0.2.9").yiaddr == "10.0.8.255"


def test_pages_that_are_full_are_stepped_over_in_few_rounds(world: Make) -> None:
    """A restart in front of a pool whose first pages are all taken: nobody is left without an answer for long."""
    home = subnet("10.0.0.0/16", pool("10.0.0.1", "10.0.127.255"), lifetime=3600, relays=["192.0.2.9"])
    w = world(home)
    w.fill("10.0.0.1", 15 * 1024, home)
    assert w.discover(client(1), via="192.0.2.9") is None
    assert w.reason == "TOO-MANY-LOOKUPS"
    assert w.discover(client(1), via="192.0.2.9").yiaddr == "10.0.60.1"


def test_pages_loaded_while_idle_are_not_waited_for(world: Make) -> None:
    home = subnet("10.0.0.0/16", pool("10.0.0.1", "10.0.127.255"), lifetime=3600, relays=["192.0.2.9"])
    w = world(home)
    w.fill("10.0.0.1", 15 * 1024, home)
    while pages := w.engine.allocator.unloaded(4):
        batch = w.engine.open((), w.now)
        w.store.fetch(Wants(pages=set(pages)), batch.facts, w.revision, assigned=False)
        batch.decide()
    before = w.store.fetches
    assert w.discover(client(1), via="192.0.2.9").yiaddr == "10.0.60.1"
    assert w.store.fetches - before == 1


def test_an_assignment_in_the_pool_makes_it_smaller_by_one(world: Make) -> None:
    w = office(world)
    w.install(assignments=[assignment(w.subnets[0], "192.0.2.102", hw=client(50).hw)])
    assert [w.lease(client(n)).yiaddr[-1] for n in range(4)] == ["0", "1", "3", "4"]
    assert w.discover(client(9)) is None
    assert w.lease(client(50)).yiaddr == "192.0.2.102"


def test_the_owners_unused_offer_of_its_assigned_address_opens_it_to_nobody(world: Make) -> None:
    w = office(world)
    w.install(assignments=[assignment(w.subnets[0], "192.0.2.102", hw=client(50).hw)])
    for n in range(4):
        w.lease(client(n))
    w.discover(client(50))
    w.pass_(61)
    assert w.discover(client(9)) is None
    assert w.reason == "POOL-EXHAUSTED"


def test_an_offer_of_what_was_asked_for_goes_back_when_it_is_over(world: Make) -> None:
    w = office(world)
    w.discover(client(9), requested="192.0.2.103")
    w.pass_(61)
    assert [w.lease(client(n)).yiaddr[-1] for n in range(5)] == ["0", "1", "2", "3", "4"]


def test_a_pool_too_large_for_a_map_is_probed(world: Make) -> None:
    w = world(subnet("10.0.0.0/8", pool("10.0.0.1", "10.255.255.254"), lifetime=3600, relays=["192.0.2.9"]))
    taken = [w.lease(client(n), via="192.0.2.9").yiaddr for n in range(20)]
    assert len(set(taken)) == 20
    w.restart()
    assert w.lease(client(3), via="192.0.2.9").yiaddr == taken[3]


@pytest.mark.parametrize("free", [True, False])
def test_a_link_of_many_full_pools_is_looked_through_whole(world: Make, free: bool) -> None:
    """Pages of all pools are read together: what is free in the last of them is found, and that nothing is, is told."""
    pools = [pool(f"192.0.2.{n}", f"192.0.2.{n + 4}") for n in range(10, 90, 10)]
    house = subnet(OFFICE, *pools)
    w = world(house)
    for n in range(10, 90, 10):
        w.fill(f"192.0.2.{n}", 4 if free and n == 80 else 5, house)
    offer = w.discover(client(99))
    if free:
        assert offer.yiaddr == "192.0.2.84"
    else:
        assert (offer, w.reason) == (None, "POOL-EXHAUSTED")


def test_with_several_engines_a_hint_that_another_has_overtaken_is_read_anew(world: Make) -> None:
    """The other engine gives out all but one: this one does not try them one after the other."""
    w = world(subnet(OFFICE, pool("192.0.2.10", "192.0.2.29")), engines=2)
    assert w.discover(client(99), by=0) is not None
    for n in range(19):
        w.lease(client(n), by=1)
    assert w.discover(client(98), by=0) is None or w.reason == "OFFER"
    assert "TOO-MANY-LOOKUPS" not in w.log
