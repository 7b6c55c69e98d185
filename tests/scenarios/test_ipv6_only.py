"""Clients that can do without IPv4: RFC 8925."""

from collections.abc import Callable

from tests.packets4 import ACK, OFFER, client
from tests.playbook import OFFICE, World, assignment, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2)
ASKS, ASKS_NOT = b"\x01\x03\x6c", b"\x01\x03"


def office(world: Make, wait_s: int = 1800, **fields: object) -> World:
    return world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.100"), ipv6_only_s=wait_s, **fields))


def test_who_asks_for_108_is_offered_no_address_and_the_time_to_wait(world: Make) -> None:
    """RFC 8925 3.3."""
    w = office(world)
    offer = w.discover(A, prl=ASKS)
    assert (offer.kind, offer.yiaddr, offer.number(108), w.reason) == (OFFER, "0.0.0.0", 1800, "OFFER-DO-WITHOUT")
    assert 51 in offer.options, "an OFFER has a lease time: RFC 2131 4.3.1 table 3"


def test_it_is_broadcast_by_a_relay_too(world: Make) -> None:
    far = subnet("198.51.100.0/24", pool("198.51.100.10", "198.51.100.19"), ipv6_only_s=600)
    offer = world(far).discover(A, prl=ASKS, via="198.51.100.1")
    assert (offer.to, offer.flags) == ("198.51.100.1", 0x8000)
    assert office(world).discover(A, prl=ASKS).to == "255.255.255.255"


def test_no_lease_is_taken_and_no_address_held(world: Make) -> None:
    w = office(world)
    w.discover(A, prl=ASKS)
    assert (w.store.commits, w.engine.allocator.holds) == ([], 0)
    assert w.lease(B).yiaddr == "192.0.2.100"


def test_also_where_no_address_is_left(world: Make) -> None:
    w = office(world)
    w.lease(B)
    assert w.discover(A, prl=ASKS).number(108) == 1800


def test_who_does_not_ask_gets_an_address_and_hears_nothing_of_it(world: Make) -> None:
    w = office(world)
    for prl in (ASKS_NOT, None):
        ack = w.lease(A, prl=prl)
        assert (ack.yiaddr, 108 in ack.options) == ("192.0.2.100", False)


def test_where_it_is_not_configured_who_asks_gets_an_address(world: Make) -> None:
    w = office(world, 0)
    offer = w.discover(A, prl=ASKS)
    assert (offer.yiaddr, 108 in offer.options) == ("192.0.2.100", False)


def test_a_subnet_that_says_nothing_is_not_one_that_does(world: Make) -> None:
    far = subnet("198.51.100.0/24", pool("198.51.100.10", "198.51.100.19"))
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.100"), ipv6_only_s=600), far)
    assert w.discover(A, prl=ASKS, via="198.51.100.1").yiaddr == "198.51.100.10"
    assert w.discover(A, prl=ASKS).yiaddr == "0.0.0.0"


def test_the_first_pool_that_admits_the_client_decides(world: Make) -> None:
    known = pool("192.0.2.100", "192.0.2.109", guard="known", ipv6_only_s=0)
    others = pool("192.0.2.150", "192.0.2.159")
    home = subnet(OFFICE, known, others, ipv6_only_s=1800)
    w = world(home, assignments=[assignment(home, None, hw=A.hw)])
    assert w.discover(A, prl=ASKS).yiaddr == "192.0.2.100"
    assert w.discover(B, prl=ASKS).yiaddr == "0.0.0.0"


def test_a_pool_may_say_so_alone(world: Make) -> None:
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109", ipv6_only_s=300)))
    assert w.discover(A, prl=ASKS).number(108) == 300


def test_who_holds_a_lease_has_it_renewed_and_hears_that_it_can_do_without(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.pass_(600)
    ack = w.renew(A, "192.0.2.100", prl=ASKS)
    assert (ack.kind, ack.yiaddr, ack.number(108)) == (ACK, "192.0.2.100", 1800)
    assert 108 not in w.renew(A, "192.0.2.100", prl=ASKS_NOT).options


def test_it_hears_as_well_that_it_shall_not_make_up_an_address(world: Make) -> None:
    """RFC 8925 3.3.1: with option 116 in the DISCOVER the answer has it too."""
    w = office(world)
    assert w.discover(A, prl=ASKS, options={116: b"\1"}).options[116] == b"\0"
    assert 116 not in w.discover(A, prl=ASKS).options


def test_rapid_commit_does_not_make_it_a_lease(world: Make) -> None:
    w = office(world, rapid_commit=True)
    offer = w.discover(A, prl=ASKS, options={80: b""})
    assert (offer.kind, offer.yiaddr, 80 in offer.options) == (OFFER, "0.0.0.0", False)
    assert w.store.commits == []


def test_the_configured_option_alone_is_sent_with_an_address(world: Make) -> None:
    """Where clients are free to choose: `v6-only-preferred` among the options, and no `ipv6_only`."""
    w = office(world, 0, options={108: b"\0\0\x07\x08"})
    offer = w.discover(A, prl=ASKS)
    assert (offer.yiaddr, offer.number(108)) == ("192.0.2.100", 1800)


def test_it_is_said_once_where_the_option_is_configured_too(world: Make) -> None:
    w = office(world, 600, options={108: b"\0\0\x07\x08"})
    w.lease(A)
    ack = w.renew(A, "192.0.2.100", prl=ASKS)
    assert (ack.number(108), ack.order.count(108)) == (600, 1)
