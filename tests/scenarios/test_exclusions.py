"""Exclusions: addresses of a pool that are given to nobody, unless an assignment keeps them."""

from collections.abc import Callable

from tests.packets4 import ACK, NAK, client, ip
from tests.playbook import OFFICE, World, assignment, pool, subnet

Make = Callable[..., World]
SPANS = ((ip("192.0.2.101"), ip("192.0.2.102")), (ip("192.0.2.104"), ip("192.0.2.104")))


def holed(**fields: object) -> object:
    return subnet(OFFICE, pool("192.0.2.100", "192.0.2.105", pool_id=7, excluded=SPANS, **fields))


def test_an_excluded_address_is_given_to_nobody_and_the_pool_is_exhausted_without_it(world: Make) -> None:
    w = world(holed())
    assert [w.lease(client(n)).yiaddr for n in range(3)] == ["192.0.2.100", "192.0.2.103", "192.0.2.105"]
    assert w.discover(client(9)) is None
    assert w.reason == "POOL-EXHAUSTED"


def test_it_is_not_given_to_who_asks_for_it(world: Make) -> None:
    w = world(holed())
    offer = w.discover(client(1), requested="192.0.2.101")
    assert offer is not None
    assert offer.yiaddr == "192.0.2.100"
    assert w.select(client(2), "192.0.2.102").kind == NAK
    assert w.reason == "NAK-NOT-PERMITTED"


def test_its_neighbour_is(world: Make) -> None:
    offer = world(holed()).discover(client(1), requested="192.0.2.103")
    assert offer is not None
    assert offer.yiaddr == "192.0.2.103"


def test_who_holds_it_when_it_is_excluded_moves_at_the_next_contact(world: Make) -> None:
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.105", pool_id=7), subnet_id=3))
    for number in range(2):
        w.lease(client(number))
    w.install(subnet(OFFICE, pool("192.0.2.100", "192.0.2.105", pool_id=7, excluded=SPANS), subnet_id=3))
    assert w.renew(client(1), "192.0.2.101").kind == NAK
    assert w.reason == "NAK-NOT-PERMITTED"
    assert w.lease(client(1)).yiaddr == "192.0.2.103"
    assert w.renew(client(0), "192.0.2.100").kind == ACK


def test_an_ended_lease_of_it_is_not_given_on(world: Make) -> None:
    home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.105", pool_id=7), subnet_id=3, lifetime=60)
    w = world(home)
    for number in range(6):
        w.lease(client(number))
    w.install(subnet(OFFICE, pool("192.0.2.100", "192.0.2.105", pool_id=7, excluded=SPANS), subnet_id=3, lifetime=60))
    w.pass_(200)
    assert {w.lease(client(10 + n)).yiaddr for n in range(3)} == {"192.0.2.100", "192.0.2.103", "192.0.2.105"}
    assert w.discover(client(20)) is None


def test_an_assignment_may_keep_it(world: Make) -> None:
    home = holed()
    w = world(home, assignments=[assignment(home, "192.0.2.101", hw=client(1).hw)])  # type: ignore[arg-type]
    assert w.lease(client(1)).yiaddr == "192.0.2.101"
    w.release(client(1), "192.0.2.101")
    w.pass_(100)
    assert {w.lease(client(10 + n)).yiaddr for n in range(3)} == {"192.0.2.100", "192.0.2.103", "192.0.2.105"}
    assert w.discover(client(20)) is None


def test_a_declined_address_beside_it_does_not_open_it(world: Make) -> None:
    w = world(holed(), probation_s=60)
    first = w.lease(client(1))
    w.decline(client(1), first.yiaddr)
    w.pass_(100)
    assert {w.lease(client(10 + n)).yiaddr for n in range(3)} == {"192.0.2.100", "192.0.2.103", "192.0.2.105"}
    assert w.discover(client(20)) is None
