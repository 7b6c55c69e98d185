"""A clock that jumped: no ended lease of another is given away until it is confirmed; everything else goes on."""

from collections.abc import Callable

from tests.packets4 import ACK, NAK, client
from tests.playbook import OFFICE, World, assignment, pool, subnet

Make = Callable[..., World]
A, B, C = client(1), client(2), client(3)
HUNDRED = "192.0.2.100"


def jumped(world: Make, last: str = HUNDRED) -> World:
    """One lease that only the clock says has ended."""
    w = world(subnet(OFFICE, pool(HUNDRED, last), lifetime=3600))
    w.lease(A)
    w.pass_(86_400)
    w.engine.allocator.reclaim = False
    return w


def test_an_ended_lease_is_not_given_to_another(world: Make) -> None:
    w = jumped(world)
    assert w.discover(B) is None
    assert w.reason == "CLOCK-SUSPECT"
    assert w.discover(B, requested=HUNDRED) is None
    assert w.select(B, HUNDRED).kind == NAK
    assert w.row(HUNDRED).client == A.identity


def test_its_own_client_renews_it(world: Make) -> None:
    w = jumped(world)
    assert w.renew(A, HUNDRED).kind == ACK
    assert w.lease(A).yiaddr == HUNDRED


def test_addresses_never_used_are_given(world: Make) -> None:
    w = jumped(world, "192.0.2.101")
    assert w.lease(B).yiaddr == "192.0.2.101"
    assert w.discover(C) is None
    assert w.reason == "CLOCK-SUSPECT"


def test_an_assigned_address_of_an_ended_lease_waits(world: Make) -> None:
    w = jumped(world, "192.0.2.101")
    w.install(assignments=[assignment(w.subnets[0], HUNDRED, hw=B.hw)])
    assert w.lease(B).yiaddr == "192.0.2.101"


def test_once_confirmed_it_is_given(world: Make) -> None:
    w = jumped(world)
    w.discover(B)
    w.engine.allocator.reclaim = True
    w.pass_(1)
    assert w.lease(B).yiaddr == HUNDRED


def test_many_of_them_do_not_hold_up_the_server(world: Make) -> None:
    home = subnet("10.0.0.0/16", pool("10.0.0.1", "10.0.3.0"), relays=["192.0.2.9"])
    w = world(home)
    w.fill("10.0.0.1", 768, home, expires=1)
    w.engine.allocator.reclaim = False
    assert w.discover(B, via="192.0.2.9") is None
    assert w.reason == "CLOCK-SUSPECT"
    w.engine.allocator.reclaim = True
    w.pass_(1)
    assert w.discover(B, via="192.0.2.9").yiaddr == "10.0.0.1"
