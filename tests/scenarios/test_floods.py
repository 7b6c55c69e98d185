"""Clients that send too much or decline what they get: dropped by name, suspended, and answered again in time."""

from collections.abc import Callable

from dhcpcore.topology.policy import Flood, Policy
from tests.packets4 import DISCOVER, client
from tests.playbook import OFFICE, World, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2)


def watched(world: Make, *, delay: float = 0.0, **flood: int) -> World:
    house = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), policy=Policy(offer_delay_s=delay))
    return world(house, flood=Flood(**flood) if flood else None)


def test_beyond_its_rate_a_client_is_not_answered_and_others_are(world: Make) -> None:
    w = watched(world, client_rate=1, burst=2)
    packets = [w.packet(DISCOVER, A) for _ in range(4)] + [w.packet(DISCOVER, B)]
    assert len(w.send(*packets)) == 3
    assert w.reasons == ["OFFER"] * 3 + ["RATE-LIMITED"] * 2


def test_without_a_limit_every_packet_is_answered(world: Make) -> None:
    w = watched(world)
    assert len(w.send(*[w.packet(DISCOVER, A) for _ in range(50)])) == 50


def test_an_ordinary_client_never_meets_it(world: Make) -> None:
    w = watched(world, client_rate=1, burst=4, suspend_after=1)
    for _ in range(5):
        w.lease(A)
        w.pass_(10)


def test_who_goes_on_is_suspended_and_lifted(world: Make) -> None:
    w = watched(world, client_rate=1, burst=1, suspend_after=2, suspend_for_s=60)
    for _ in range(3):
        w.discover(A)
    w.pass_(30)
    assert w.discover(A) is None
    assert w.reason == "SUSPENDED"
    assert w.engine.manners.lift(b"\x01" + A.hw)
    assert w.discover(A) is not None


def test_and_answered_again_when_its_time_is_over(world: Make) -> None:
    w = watched(world, client_rate=1, burst=1, suspend_after=2, suspend_for_s=60)
    for _ in range(3):
        w.discover(A)
    w.pass_(60)
    assert w.discover(A) is not None


def test_who_declines_address_after_address_is_suspended(world: Make) -> None:
    w = watched(world, declines=2, suspend_for_s=600)
    for _ in range(2):
        w.decline(A, w.lease(A).yiaddr)
    assert w.discover(A) is None
    assert w.reason == "SUSPENDED"
    assert w.discover(B) is not None


def test_a_decline_of_what_it_does_not_hold_does_not_count(world: Make) -> None:
    w = watched(world, declines=2)
    for _ in range(5):
        w.decline(A, "192.0.2.105")
    assert w.discover(A) is not None


def test_a_new_revision_forgets_nobody(world: Make) -> None:
    w = watched(world, declines=1)
    w.decline(A, w.lease(A).yiaddr)
    w.install()
    assert w.discover(A) is None


def test_what_waits_is_counted_once(world: Make) -> None:
    w = watched(world, delay=0.5, client_rate=1, burst=1)
    w.discover(A)
    w.pass_(0.5)
    assert len(w.later()) == 1


def test_a_subnets_rate_is_for_all_of_its_clients(world: Make) -> None:
    w = watched(world, subnet_rate=3)
    assert len(w.send(*[w.packet(DISCOVER, client(n)) for n in range(5)])) == 3
