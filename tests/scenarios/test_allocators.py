"""Which free address comes first: the lowest, one by the client's hash, a random one; all of them exact at the end."""

from collections.abc import Callable
from itertools import count

import pytest

from dhcpcore.engine import Engine
from tests.packets4 import client
from tests.playbook import OFFICE, World, pool, subnet

Make = Callable[..., World]
KINDS = ("lowest", "hashed", "random")
ALL = {f"192.0.2.{last}" for last in range(100, 120)}


def home(allocator: str) -> object:
    return subnet(OFFICE, pool("192.0.2.100", "192.0.2.119", allocator=allocator))


@pytest.mark.parametrize("allocator", KINDS)
@pytest.mark.parametrize("engines", [1, 2])
def test_every_address_is_given_once_and_the_next_client_gets_none(world: Make, allocator: str, engines: int) -> None:
    w = world(home(allocator), engines=engines)
    given = [w.lease(client(n), by=n % engines).yiaddr for n in range(20)]
    assert set(given) == ALL
    for _ in range(10):  # Each looks at some addresses that the other engine gave away meanwhile.
        assert w.discover(client(99)) is None
        if w.reason == "POOL-EXHAUSTED":
            break
    assert w.reason == "POOL-EXHAUSTED"


@pytest.mark.parametrize("allocator", KINDS)
def test_who_comes_back_finds_its_former_address(world: Make, allocator: str) -> None:
    w = world(home(allocator))
    before = {n: w.lease(client(n)).yiaddr for n in range(10)}
    for n, address in before.items():
        w.release(client(n), address)
    w.pass_(3600)
    assert {n: w.lease(client(n)).yiaddr for n in reversed(range(10))} == before


@pytest.mark.parametrize("allocator", KINDS)
def test_a_former_address_is_given_on_only_when_no_other_is_left(world: Make, allocator: str) -> None:
    w = world(home(allocator))
    first = w.lease(client(0)).yiaddr
    w.release(client(0), first)
    w.pass_(3600)
    assert first not in {w.lease(client(n)).yiaddr for n in range(1, 20)}
    assert w.lease(client(50)).yiaddr == first


@pytest.mark.parametrize("allocator", KINDS)
def test_an_ended_lease_is_nobodys_before_the_grace(world: Make, allocator: str) -> None:
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.100", allocator=allocator), lifetime=60))
    w.lease(client(0))
    w.pass_(89)
    assert w.discover(client(1)) is None
    w.pass_(2)
    assert w.lease(client(1)).yiaddr == "192.0.2.100"


def test_hashed_gives_the_same_client_the_same_address_in_another_world(world: Make) -> None:
    one, other = world(home("hashed")), world(home("hashed"))
    there = {n: one.lease(client(n)).yiaddr for n in range(3)}
    assert {n: other.lease(client(n)).yiaddr for n in reversed(range(3))} == there
    assert len(set(there.values())) == 3


def test_lowest_does_not(world: Make) -> None:
    one, other = world(home("lowest")), world(home("lowest"))
    there = {n: one.lease(client(n)).yiaddr for n in range(3)}
    assert {n: other.lease(client(n)).yiaddr for n in reversed(range(3))} != there


def test_random_begins_where_the_dice_say(world: Make) -> None:
    w = world(home("random"))
    rolled = count(6)  # The first throw is in vain: the pool's page is not known yet.
    w.nodes[0].engine = Engine(strict=True, draw=lambda below: next(rolled) % below)
    w.attach(w.interfaces)
    w.install()
    assert [w.lease(client(n)).yiaddr for n in range(3)] == ["192.0.2.107", "192.0.2.108", "192.0.2.109"]


def test_a_large_pool_finds_its_one_free_address(world: Make) -> None:
    for allocator in KINDS:
        house = subnet("10.0.0.0/16", pool("10.0.0.1", "10.0.10.0", allocator=allocator), interface="eth0")
        w = world(house)
        w.fill("10.0.0.1", 2559, house)
        for _ in range(3):
            w.discover(client(1))
        assert w.lease(client(1)).yiaddr == "10.0.10.0"
