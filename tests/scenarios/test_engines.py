"""Several engines on one database: the version of a row decides, and nobody needs more than to ask again."""

from collections.abc import Callable

import pytest

from tests.packets4 import ACK, NAK, REQUEST, client
from tests.playbook import OFFICE, SERVER, T0, World, assignment, pool, subnet

Make = Callable[..., World]
A, B, C = client(1), client(2), client(3)
HUNDRED = "192.0.2.100"


def pair(world: Make, last: str = "192.0.2.109", **fields: object) -> World:
    return world(subnet(OFFICE, pool(HUNDRED, last), lifetime=3600), engines=2, **fields)


def test_each_takes_from_its_own_share_first(world: Make) -> None:
    w = pair(world)
    assert [w.discover(client(n), by=0).yiaddr[-1] for n in range(5)] == ["0", "2", "4", "6", "8"]
    assert [w.discover(client(10 + n), by=1).yiaddr[-1] for n in range(5)] == ["1", "3", "5", "7", "9"]


def test_and_from_the_others_when_its_own_is_empty(world: Make) -> None:
    w = pair(world, "192.0.2.103")
    assert sorted(w.lease(client(n)).yiaddr[-1] for n in range(4)) == ["0", "1", "2", "3"]
    assert w.discover(client(9)) is None


def test_what_one_granted_the_other_renews(world: Make) -> None:
    w = pair(world)
    w.lease(A)
    w.pass_(1800)
    assert w.renew(A, HUNDRED, by=1).kind == ACK
    assert w.renew(A, HUNDRED, by=0).kind == ACK
    assert len(w.history(HUNDRED)) == 1


def test_what_one_offered_the_other_grants_when_it_is_named(world: Make) -> None:
    w = pair(world)
    offer = w.discover(A)
    assert w.select(A, offer, by=1).kind == ACK


def test_the_first_to_commit_has_it_and_the_other_refuses(world: Make) -> None:
    """Both read that the address is free; one row is written."""
    w = pair(world)
    w.nodes[1].store.before_commit.append(lambda: w.select(A, HUNDRED, by=0))
    assert w.select(B, HUNDRED, by=1).kind == NAK
    assert w.reason == "NAK-TAKEN"
    assert w.row(HUNDRED).client == A.identity


def test_an_ended_lease_that_two_give_away_goes_to_one(world: Make) -> None:
    w = pair(world)
    w.lease(C)
    w.pass_(4000)
    w.nodes[1].store.before_commit.append(lambda: w.select(A, HUNDRED, by=0))
    assert w.select(B, HUNDRED, by=1).kind == NAK
    assert w.history(HUNDRED) == [(C.identity, T0, T0 + 3600, 2), (A.identity, T0 + 4000, None, None)]


def test_a_renewal_that_the_other_answered_first_is_answered_as_well(world: Make) -> None:
    w = pair(world)
    w.lease(A)
    w.pass_(3200)
    w.nodes[1].store.before_commit.append(lambda: w.rebind(A, HUNDRED, by=0))
    assert w.rebind(A, HUNDRED, by=1).kind == ACK
    assert len(w.history(HUNDRED)) == 1


def test_a_request_heard_by_both_is_one_holding(world: Make) -> None:
    w = pair(world)
    w.nodes[1].store.before_commit.append(lambda: w.select(A, HUNDRED, by=0))
    assert w.select(A, HUNDRED, by=1).kind == ACK
    assert w.history(HUNDRED) == [(A.identity, T0, None, None)]


def test_a_release_that_loses_against_a_renewal_is_decided_again(world: Make) -> None:
    w = pair(world)
    w.lease(A)
    w.pass_(60)
    w.nodes[1].store.before_commit.append(lambda: w.renew(A, HUNDRED, by=0))
    w.release(A, HUNDRED, by=1)
    assert (w.reason, w.row(HUNDRED).state) == ("RELEASED", 2)


def test_a_sweep_that_loses_against_a_renewal_ends_nothing(world: Make) -> None:
    w = pair(world)
    w.lease(A)
    w.pass_(3700)
    w.nodes[1].store.before_commit.append(lambda: w.renew(A, HUNDRED, by=0))
    w.sweep(by=1)
    assert w.row(HUNDRED).state == 1
    assert w.sweep(by=1) == 0


def test_who_loses_every_time_is_silent_by_name(world: Make) -> None:
    w = pair(world)
    w.lease(A)

    quarrel(w, times=4)
    w.pass_(60)
    assert w.renew(A, HUNDRED, by=1) is None
    assert w.reason == "LOST-RACE"


def test_three_lost_races_are_forgiven(world: Make) -> None:
    w = pair(world)
    w.lease(A)

    quarrel(w, times=3)
    w.pass_(60)
    assert w.renew(A, HUNDRED, by=1).kind == ACK


def quarrel(w: World, times: int) -> None:
    """Before each commit of the second engine the first one writes the row."""
    for n in range(times):
        name = bytes([97 + n])
        w.nodes[1].store.before_commit.append(lambda name=name: w.renew(A, HUNDRED, by=0, options={12: name}))


def test_one_lost_row_keeps_nobody_else_of_the_batch_from_its_answer(world: Make) -> None:
    w = pair(world)
    w.nodes[1].store.before_commit.append(lambda: w.select(A, HUNDRED, by=0))
    packets = [w.packet(REQUEST, client(10 + n), requested=f"192.0.2.{100 + n}", server=SERVER) for n in range(4)]
    answers = w.send(*packets, by=1)
    assert [answer.kind for answer in answers] == [ACK, ACK, ACK, NAK]


def test_an_offer_made_before_the_other_granted_it_is_refused_and_asked_again(world: Make) -> None:
    w = pair(world)
    offer = w.discover(A, by=0)
    w.select(B, offer.yiaddr, by=1)
    assert w.select(A, offer, by=0).kind == NAK
    assert w.lease(A, by=0).yiaddr == "192.0.2.102"


def test_an_offer_is_not_repeated_once_the_other_has_granted_its_address(world: Make) -> None:
    """The client would hear a NAK, and another one as often as it asks again while the offer is held."""
    w = pair(world)
    offer = w.discover(A, by=0)
    assert w.discover(A, by=0).yiaddr == offer.yiaddr
    w.select(B, offer.yiaddr, by=1)
    again = w.discover(A, by=0)
    assert again.yiaddr == "192.0.2.102"
    assert w.select(A, again, by=0).kind == ACK


def test_an_offer_is_not_made_of_what_the_other_granted_since_the_page_was_loaded(world: Make) -> None:
    w = pair(world, "192.0.2.103")
    assert w.discover(C, by=0).yiaddr == HUNDRED  # Loads the page.
    w.select(B, "192.0.2.102", by=1)
    assert w.discover(A, by=0).yiaddr == "192.0.2.101"


def test_nor_of_an_ended_one_that_the_other_gave_away_again(world: Make) -> None:
    w = pair(world, "192.0.2.103")
    for n in range(4):
        w.lease(client(20 + n))
    w.pass_(4000)
    assert w.discover(C, by=0).yiaddr == HUNDRED  # Loads the page: all have ended.
    w.select(B, "192.0.2.102", by=1)
    assert w.discover(A, by=0).yiaddr == "192.0.2.101"


def test_an_address_lost_to_another_engine_comes_back_when_its_lease_ends(world: Make) -> None:
    w = pair(world, HUNDRED)
    w.nodes[1].store.before_commit.append(lambda: w.select(A, HUNDRED, by=0))
    w.select(B, HUNDRED, by=1)
    w.pass_(3600)
    assert w.discover(C, by=1) is None
    w.pass_(30)
    assert w.lease(C, by=1).yiaddr == HUNDRED


def test_a_client_with_two_leases_of_a_link_is_healed_at_its_next_contact(world: Make) -> None:
    """Two engines granted it one each: legal in SQL, and one of them is ended."""
    w = pair(world)
    w.faulty = True  # The wire says that it moved; SQL learns of it later.
    w.nodes[1].store.before_commit.append(lambda: w.select(A, HUNDRED, by=0))
    w.select(A, "192.0.2.105", by=1)
    assert (w.row(HUNDRED).state, w.row("192.0.2.105").state) == (1, 1)
    w.pass_(60)
    assert w.renew(A, "192.0.2.105").kind == ACK
    assert (w.row(HUNDRED).state, w.row("192.0.2.105").state) == (2, 1)
    assert w.history(HUNDRED) == [(A.identity, T0, T0 + 60, 4)]


def test_an_assignment_made_between_offer_and_request_counts(world: Make) -> None:
    w = pair(world)
    offer = w.discover(B)
    w.install(assignments=[assignment(w.subnets[0], offer.yiaddr, hw=A.hw)])
    assert w.select(B, offer).kind == NAK
    assert w.lease(A, by=1).yiaddr == offer.yiaddr


@pytest.mark.parametrize("seed", range(3))
def test_a_full_pool_and_two_engines_give_every_address_once(world: Make, seed: int) -> None:
    import random

    dice = random.Random(seed)
    w = pair(world, "192.0.2.119")
    waiting = [client(n) for n in range(24)]
    dice.shuffle(waiting)
    got: dict[str, str] = {}
    for who in waiting * 2:
        by = dice.randrange(2)
        offer = w.discover(who, by)
        if offer is not None and (answer := w.select(who, offer, dice.randrange(2))).kind == ACK:
            assert got.setdefault(answer.yiaddr, str(who)) == str(who)
    assert len(got) == 20
