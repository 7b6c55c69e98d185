"""Whom pools admit: known clients, nobody but by assignment, and made-up hardware addresses or none of them."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from dhcpcore.topology.policy import Gate, Policy
from tests.packets4 import NAK, Client, client
from tests.playbook import OFFICE, Lifetimes, World, assignment, pool, subnet, traces

Make = Callable[..., World]
KNOWN, STRANGER = client(1), client(2)
BURNT_IN = Client(b"\x00\x1b\x21\x00\x00\x01")
FIRST, LAST = "192.0.2.100", "192.0.2.109"


def gated(world: Make, *, address: str | None = None, **fields: str) -> World:
    house = subnet(OFFICE, pool(FIRST, LAST, gate=Gate(**fields)))
    return world(house, assignments=[assignment(house, address, hw=KNOWN.hw)])


def test_known_serves_who_has_an_assignment_with_or_without_an_address(world: Make) -> None:
    assert gated(world, admit="known").lease(KNOWN).yiaddr == FIRST
    assert gated(world, admit="known", address="192.0.2.10").lease(KNOWN).yiaddr == "192.0.2.10"


def test_known_does_not_serve_a_stranger_and_says_why(world: Make) -> None:
    w = gated(world, admit="known")
    assert w.discover(STRANGER) is None
    assert w.reason == "NOT-ADMITTED"
    assert any("does not admit it: NOT-ADMITTED" in said for said in traces(w))
    assert w.select(STRANGER, FIRST).kind == NAK
    assert w.reason == "NAK-NOT-PERMITTED"


def test_reserved_gives_assigned_addresses_alone(world: Make) -> None:
    w = gated(world, admit="reserved", address="192.0.2.105")
    assert w.lease(KNOWN).yiaddr == "192.0.2.105"
    assert w.discover(STRANGER) is None
    assert w.reason == "NOT-ADMITTED"


def test_reserved_gives_nothing_to_who_is_known_without_an_address(world: Make) -> None:
    w = gated(world, admit="reserved")
    assert w.discover(KNOWN) is None
    assert w.reason == "NOT-ADMITTED"


def test_who_holds_a_lease_when_the_pool_closes_is_refused_at_the_next_contact(world: Make) -> None:
    house = subnet(OFFICE, pool(FIRST, LAST, pool_id=7), subnet_id=3)
    w = world(house)
    w.lease(STRANGER)
    w.install(replace(house, pools=(replace(house.pools[0], gate=Gate("known")),)))
    assert w.renew(STRANGER, FIRST).kind == NAK
    assert w.reason == "NAK-NOT-PERMITTED"


def test_deny_does_not_serve_a_made_up_address(world: Make) -> None:
    w = gated(world, random_mac="deny")
    assert w.discover(STRANGER) is None
    assert w.reason == "RANDOM-MAC"


def test_deny_serves_a_burnt_in_one_and_who_has_an_assignment(world: Make) -> None:
    w = gated(world, random_mac="deny")
    assert w.lease(BURNT_IN).yiaddr == FIRST
    assert w.lease(KNOWN).yiaddr == "192.0.2.101"


def test_a_group_address_and_other_hardware_are_not_made_up(world: Make) -> None:
    w = gated(world, random_mac="deny")
    assert w.discover(Client(b"\x03\x00\x00\x00\x00\x01")) is not None
    assert w.discover(Client(b"\x02" * 8, htype=27)) is not None


def test_a_pool_of_their_own_and_one_without_them(world: Make) -> None:
    w = world(subnet(OFFICE, pool(FIRST, LAST, gate=Gate(random_mac="only")),
                     pool("192.0.2.200", "192.0.2.209", gate=Gate(random_mac="deny"))))  # fmt: skip
    assert w.lease(STRANGER).yiaddr == FIRST
    assert w.lease(BURNT_IN).yiaddr == "192.0.2.200"


def test_only_is_for_nobody_else(world: Make) -> None:
    w = gated(world, random_mac="only")
    assert w.discover(BURNT_IN) is None
    assert w.reason == "RANDOM-MAC"


@pytest.mark.parametrize(("who", "lasts"), [(STRANGER, 900), (BURNT_IN, 3600), (KNOWN, 3600)])
def test_a_lifetime_of_their_own(world: Make, who: Client, lasts: int) -> None:
    policy = Policy(random_lifetimes=Lifetimes(900, 900, 900))
    house = subnet(OFFICE, pool(FIRST, LAST), lifetime=3600, policy=policy)
    w = world(house, assignments=[assignment(house, None, hw=KNOWN.hw)])
    assert w.lease(who).number(51) == lasts


def test_and_it_keeps_to_its_limits(world: Make) -> None:
    policy = Policy(random_lifetimes=Lifetimes(900, 300, 900))
    w = world(subnet(OFFICE, pool(FIRST, LAST), lifetime=3600, policy=policy))
    assert w.lease(STRANGER, lease_time=400).number(51) == 400
    assert w.lease(client(3), lease_time=4000).number(51) == 900
