"""The end of a lease: affinity, the grace, the sweep, and what history says of it."""

from collections.abc import Callable

from tests.packets4 import ACK, NAK, client
from tests.playbook import OFFICE, T0, World, pool, subnet

Make = Callable[..., World]
A, B, C = client(1), client(2), client(3)


def office(world: Make, last: str = "192.0.2.100", **fields: object) -> World:
    return world(subnet(OFFICE, pool("192.0.2.100", last), lifetime=3600), **{"reclaim_grace_s": 30, **fields})


def test_a_lease_holds_to_its_very_end(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.pass_(3599.9)
    assert w.discover(B) is None
    assert w.renew(A, "192.0.2.100").kind == ACK


def test_others_are_offered_it_when_the_grace_is_over_and_not_before(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.pass_(3629)
    assert w.discover(B) is None
    assert w.reason == "POOL-EXHAUSTED"
    w.pass_(1)
    assert w.lease(B).yiaddr == "192.0.2.100"
    assert w.history("192.0.2.100") == [(A.identity, T0, T0 + 3600, 2), (B.identity, T0 + 3630, None, None)]


def test_its_client_is_offered_it_within_the_grace(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.pass_(3610)
    assert w.lease(A).yiaddr == "192.0.2.100"


def test_its_client_is_offered_it_a_year_later(world: Make) -> None:
    w = office(world, "192.0.2.109")
    w.lease(A)
    w.pass_(365 * 86_400)
    w.sweep()
    w.lease(B)
    assert w.lease(A).yiaddr == "192.0.2.100"
    assert w.row("192.0.2.101").client == B.identity


def test_swept_or_not_the_interval_ends_when_the_lease_did(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.pass_(10_000)
    assert w.sweep() == 1
    row = w.row("192.0.2.100")
    assert (row.state, row.client, row.expires) == (3, A.identity, T0 + 3600)
    assert w.history("192.0.2.100") == [(A.identity, T0, T0 + 3600, 2)]


def test_the_sweep_closes_nothing_twice_and_nothing_that_lives(world: Make) -> None:
    w = office(world, "192.0.2.102")
    w.lease(A)
    w.pass_(1800)
    w.lease(B)
    w.pass_(1800)
    assert w.sweep() == 1
    assert w.sweep() == 0
    assert (w.row("192.0.2.100").state, w.row("192.0.2.101").state) == (3, 1)


def test_a_released_and_a_declined_row_are_not_the_sweeps(world: Make) -> None:
    w = office(world, "192.0.2.102")
    w.lease(A)
    w.lease(B)
    w.release(A, "192.0.2.100")
    w.decline(B, "192.0.2.101")
    w.pass_(90_000)
    assert w.sweep() == 0


def test_the_sweep_goes_through_a_table_of_many_rows(world: Make) -> None:
    w = world(subnet("10.0.0.0/16", pool("10.0.0.1", "10.0.9.0"), lifetime=60, relays=["10.0.255.1"]))
    clients = [client(n) for n in range(1200)]
    offers = w.send(*(w.packet(1, who, via="10.0.255.1") for who in clients))
    w.send(
        *(
            w.packet(3, who, via="10.0.255.1", requested=offer.yiaddr, server="192.0.2.1")
            for who, offer in zip(clients, offers, strict=True)
        )
    )
    w.pass_(61)
    assert w.sweep() == 1200
    assert w.sweep() == 0


def test_an_infinite_lease_never_ends(world: Make) -> None:
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.100"), lifetime=0xFFFF_FFFF))
    ack = w.lease(A)
    assert ack.number(51) == 0xFFFF_FFFF
    w.pass_(100 * 365 * 86_400)
    assert w.sweep() == 0
    assert w.discover(B) is None
    assert w.renew(A, "192.0.2.100").kind == ACK


def test_an_infinite_lease_can_be_released(world: Make) -> None:
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.100"), lifetime=0xFFFF_FFFF))
    w.lease(A)
    w.release(A, "192.0.2.100")
    w.pass_(30)
    assert w.lease(B).yiaddr == "192.0.2.100"


def test_of_many_ended_addresses_each_goes_to_one(world: Make) -> None:
    w = office(world, "192.0.2.103")
    for n in range(4):
        w.lease(client(n))
    w.pass_(4000)
    taken = [w.lease(client(n)).yiaddr for n in range(10, 14)]
    assert sorted(taken) == [f"192.0.2.{n}" for n in range(100, 104)]
    assert w.discover(client(99)) is None


def test_an_address_whose_lease_was_extended_meanwhile_is_not_given_away(world: Make) -> None:
    """The hint was loaded before the renewal; the committed row decides."""
    w = office(world, "192.0.2.101")
    w.lease(A)
    w.lease(B)
    w.pass_(1800)
    w.renew(A, "192.0.2.100")
    w.pass_(1900)
    assert w.discover(C).yiaddr == "192.0.2.101"
    assert w.select(C, "192.0.2.100").kind == NAK


def test_a_new_grace_is_in_force_with_its_revision(world: Make) -> None:
    w = office(world, reclaim_grace_s=1000)
    w.lease(A)
    w.pass_(3700)
    assert w.discover(B) is None
    w.install(reclaim_grace_s=30)
    assert w.lease(B).yiaddr == "192.0.2.100"
