"""Reservations that take effect now or when the lease is over: `takeover` is `nak` or `wait`."""

from collections.abc import Callable

from tests.packets4 import ACK, NAK, client
from tests.playbook import OFFICE, T0, World, assignment, pool, subnet, traces

Make = Callable[..., World]
HOLDER, OWNER = client(1), client(2)
HELD, OTHER = "192.0.2.100", "192.0.2.101"


def held(world: Make, address: str, who: object, *, waits: bool) -> World:
    """The holder has .100 for an hour; after half an hour ``who`` is assigned ``address``."""
    house = subnet(OFFICE, pool(HELD, "192.0.2.109"), lifetime=3600)
    w = world(house)
    w.lease(HOLDER)
    w.pass_(1800)
    w.install(assignments=[assignment(house, address, hw=who.hw, waits=waits)])  # type: ignore[attr-defined]
    return w


def test_at_once_means_that_the_holder_is_refused_at_its_next_contact(world: Make) -> None:
    w = held(world, HELD, OWNER, waits=False)
    assert w.renew(HOLDER, HELD).kind == NAK
    assert w.reason == "NAK-NOT-PERMITTED"


def test_waiting_lets_the_holder_have_what_is_left_and_no_more(world: Make) -> None:
    w = held(world, HELD, OWNER, waits=True)
    ack = w.renew(HOLDER, HELD)
    assert (ack.kind, ack.number(51), ack.number(58), ack.number(59)) == (ACK, 1800, 900, 1575)
    assert any("the lease runs out in 1800 s" in said for said in traces(w))
    w.pass_(1000)
    assert w.rebind(HOLDER, HELD).number(51) == 800
    assert w.row(HELD).expires == T0 + 3600


def test_meanwhile_the_owner_gets_another_address_and_moves_when_it_begins_anew(world: Make) -> None:
    w = held(world, HELD, OWNER, waits=True)
    assert w.lease(OWNER).yiaddr == OTHER
    w.pass_(1900)
    assert w.renew(HOLDER, HELD).kind == NAK
    assert w.lease(HOLDER).yiaddr == "192.0.2.102"
    assert w.renew(OWNER, OTHER).number(51) == 1700, "its own other lease runs out as well"
    assert w.lease(OWNER).yiaddr == HELD


def test_the_holder_that_begins_anew_is_offered_what_is_left(world: Make) -> None:
    w = held(world, HELD, OWNER, waits=True)
    offer = w.discover(HOLDER)
    assert (offer.yiaddr, offer.number(51)) == (HELD, 1800)
    assert w.select(HOLDER, offer).number(51) == 1800


def test_an_ended_lease_does_not_run_on(world: Make) -> None:
    w = held(world, HELD, OWNER, waits=True)
    w.pass_(1800)
    assert w.renew(HOLDER, HELD).kind == NAK


def test_a_client_with_an_assignment_elsewhere_keeps_what_is_left_of_its_own(world: Make) -> None:
    w = held(world, "192.0.2.10", HOLDER, waits=True)
    assert w.renew(HOLDER, HELD).number(51) == 1800
    w.pass_(100)
    assert w.lease(HOLDER).yiaddr == "192.0.2.10"


def test_and_without_waiting_it_is_moved_at_its_next_contact(world: Make) -> None:
    w = held(world, "192.0.2.10", HOLDER, waits=False)
    assert w.renew(HOLDER, HELD).kind == NAK
    assert w.reason == "NAK-MOVED"


def test_an_endless_lease_is_not_waited_for(world: Make) -> None:
    house = subnet(OFFICE, pool(HELD, "192.0.2.109"), lifetime=0xFFFF_FFFF)
    w = world(house)
    w.lease(HOLDER)
    w.install(assignments=[assignment(house, HELD, hw=OWNER.hw, waits=True)])
    assert w.renew(HOLDER, HELD).kind == NAK


def test_who_is_in_nobodys_way_is_extended(world: Make) -> None:
    w = held(world, "192.0.2.10", OWNER, waits=True)
    assert w.renew(HOLDER, HELD).number(51) == 3600
