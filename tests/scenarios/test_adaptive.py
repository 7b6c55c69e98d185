"""Short leases while a pool runs low; ends that were promised stand."""

from collections.abc import Callable

from dhcpcore.topology.policy import Policy
from tests.packets4 import client
from tests.playbook import OFFICE, T0, Lifetimes, World, assignment, pool, subnet

Make = Callable[..., World]


def low(world: Make, threshold: int = 50, **fields: object) -> World:
    times = Lifetimes(3600, 600, 7200)
    house = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), lifetimes=times,
                   policy=Policy(adaptive_threshold=threshold))  # fmt: skip
    return world(house, **fields)


def test_leases_are_short_from_the_threshold_on(world: Make) -> None:
    w = low(world)
    assert [w.lease(client(n)).number(51) for n in range(6)] == [3600] * 4 + [600] * 2


def test_offers_say_so_already_and_timers_follow(world: Make) -> None:
    w = low(world, 10)
    offer = w.discover(client(1))
    assert [offer.number(code) for code in (51, 58, 59)] == [600, 300, 525]


def test_without_a_threshold_they_are_not(world: Make) -> None:
    w = low(world, 0)
    assert {w.lease(client(n)).number(51) for n in range(10)} == {3600}


def test_who_asks_for_less_gets_less(world: Make) -> None:
    w = low(world, 10)
    assert w.lease(client(1), lease_time=7000).number(51) == 600


def test_when_it_has_room_again_leases_are_long_again(world: Make) -> None:
    w = low(world)
    for n in range(6):
        w.lease(client(n))
    for n in range(4):
        w.release(client(n), f"192.0.2.{100 + n}")
    w.pass_(60)
    assert w.lease(client(50)).number(51) == 3600


def test_an_end_that_was_promised_stands(world: Make) -> None:
    w = low(world)
    for n in range(6):
        w.lease(client(n))
    w.pass_(60)
    assert w.renew(client(0), "192.0.2.100").number(51) == 600
    assert w.row("192.0.2.100").expires == T0 + 3600


def test_a_full_pool_counts_after_a_restart(world: Make) -> None:
    w = low(world)
    for n in range(6):
        w.lease(client(n))
    w.restart()
    assert w.lease(client(50)).number(51) == 600


def test_an_assigned_address_outside_the_pools_is_not_concerned(world: Make) -> None:
    w = low(world, 1)
    w.install(assignments=[assignment(w.subnets[0], "192.0.2.10", hw=client(1).hw)])
    assert w.lease(client(1)).number(51) == 3600
