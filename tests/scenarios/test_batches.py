"""Several datagrams in one batch: later ones see what earlier ones did, none overtakes another of the same address."""

from collections.abc import Callable

import pytest

from tests.packets4 import ACK, DECLINE, DISCOVER, NAK, OFFER, RELEASE, REQUEST, client
from tests.playbook import OFFICE, SERVER, T0, Sent, World, pool, subnet

Make = Callable[..., World]
A, B, C = client(1), client(2), client(3)
HUNDRED = "192.0.2.100"


def office(world: Make, last: str = "192.0.2.109", **fields: object) -> World:
    return world(subnet(OFFICE, pool(HUNDRED, last), lifetime=3600), **fields)


def ask(w: World, who: object, address: str = HUNDRED) -> Sent:
    return w.packet(REQUEST, who, requested=address, server=SERVER)


def renewal(w: World, who: object, address: str = HUNDRED) -> Sent:
    return w.packet(REQUEST, who, ciaddr=address, unicast=True)


def release(w: World, who: object, address: str = HUNDRED) -> Sent:
    return w.packet(RELEASE, who, ciaddr=address, server=SERVER, unicast=True)


def test_many_clients_are_served_by_one_transaction(world: Make) -> None:
    w = world(subnet("10.0.0.0/16", pool("10.0.0.1", "10.0.3.255"), relays=["192.0.2.9"]))
    clients = [client(n) for n in range(300)]
    offers = w.send(*(w.packet(DISCOVER, who, via="192.0.2.9") for who in clients))
    assert len({offer.yiaddr for offer in offers}) == 300
    acks = w.send(
        *(
            w.packet(REQUEST, who, via="192.0.2.9", requested=offer.yiaddr, server=SERVER)
            for who, offer in zip(clients, offers, strict=True)
        )
    )
    assert [ack.kind for ack in acks] == [ACK] * 300
    assert len(w.store.commits) == 1


def test_two_clients_that_discover_together_are_offered_two_addresses(world: Make) -> None:
    w = office(world)
    assert [offer.yiaddr for offer in w.send(w.packet(1, A), w.packet(1, B))] == [HUNDRED, "192.0.2.101"]


def test_a_retransmitted_discover_is_offered_the_same_twice(world: Make) -> None:
    w = office(world)
    assert [offer.yiaddr for offer in w.send(w.packet(1, A), w.packet(1, A))] == [HUNDRED, HUNDRED]


@pytest.mark.parametrize("times", [2, 3, 10])
def test_a_retransmitted_request_is_granted_once_and_acknowledged_each_time(world: Make, times: int) -> None:
    w = office(world)
    acks = w.send(*(ask(w, A) for _ in range(times)))
    assert [ack.kind for ack in acks] == [ACK] * times
    assert len(w.history(HUNDRED)) == 1
    assert w.row(HUNDRED).version == T0


def test_two_clients_that_ask_for_one_address_do_not_both_get_it(world: Make) -> None:
    w = office(world)
    answers = w.send(ask(w, A), ask(w, B))
    assert sorted(answer.kind for answer in answers) == [ACK, NAK]
    assert w.reasons == ["ACK-NEW", "NAK-TAKEN"]
    assert w.row(HUNDRED).client == A.identity


def test_a_renewal_behind_the_grant_of_the_same_batch_is_one_write(world: Make) -> None:
    w = office(world)
    answers = w.send(ask(w, A), renewal(w, A))
    assert [answer.kind for answer in answers] == [ACK, ACK]
    assert w.row(HUNDRED).version == T0
    assert len(w.history(HUNDRED)) == 1


def test_a_release_and_the_request_behind_it_are_two_holdings(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.pass_(60)
    (ack,) = w.send(release(w, A), ask(w, A))
    assert ack.kind == ACK
    assert w.history(HUNDRED) == [(A.identity, T0, T0 + 60, 1), (A.identity, T0 + 60, None, None)]


def test_a_release_and_anothers_request_behind_it_do_not_pass_the_address_on(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.pass_(60)
    (nak,) = w.send(release(w, A), ask(w, B))
    assert nak.kind == NAK
    assert w.row(HUNDRED).state == 2


def test_without_any_grace_it_does(world: Make) -> None:
    w = office(world, reclaim_grace_s=0)
    w.lease(A)
    w.pass_(60)
    (ack,) = w.send(release(w, A), ask(w, B))
    assert ack.kind == ACK
    assert [row[:2] for row in w.history(HUNDRED)] == [(A.identity, T0), (B.identity, T0 + 60)]


def test_a_request_and_the_release_behind_it_leave_the_lease_released(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.pass_(60)
    (ack,) = w.send(renewal(w, A), release(w, A))
    assert ack.kind == ACK
    assert w.row(HUNDRED).state == 2


def test_no_request_overtakes_the_release_before_it(world: Make) -> None:
    """Else the client would hold an acknowledgement of what was released behind its back."""
    w = office(world)
    w.lease(A)
    w.pass_(60)
    answers = w.send(renewal(w, A), release(w, A), ask(w, A))
    assert [answer.kind for answer in answers] == [ACK, ACK]
    assert w.row(HUNDRED).state == 1
    assert w.history(HUNDRED) == [(A.identity, T0, T0 + 60, 1), (A.identity, T0 + 60, None, None)]


def test_a_long_quarrel_in_one_batch_ends_by_name(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.pass_(60)
    w.faulty = True
    w.send(*(one for _ in range(5) for one in (release(w, A), ask(w, A))))
    assert w.reasons.count("LOST-RACE") == 6
    assert w.reasons.count("RELEASED") == w.reasons.count("ACK-NEW") == 2
    assert w.row(HUNDRED).state == 1
    w.pass_(60)
    assert w.lease(A).kind == ACK


def test_a_renewal_and_the_decline_behind_it(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.pass_(2)
    w.send(renewal(w, A), w.packet(DECLINE, A, requested=HUNDRED, server=SERVER))
    assert w.row(HUNDRED).state == 4
    assert w.history(HUNDRED) == [(A.identity, T0, T0 + 2, 3)]


def test_a_release_behind_a_request_that_waits_is_not_decided_before_it(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.pass_(60)
    (ack,) = w.send(release(w, A), ask(w, A), release(w, A))
    assert ack.kind == ACK
    assert w.reasons == ["ACK-NEW", "RELEASED", "RELEASED"]
    assert [row[1:] for row in w.history(HUNDRED)] == [(T0, T0 + 60, 1), (T0 + 60, T0 + 60, 1)]


def test_two_releases_are_one(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.send(release(w, A), release(w, A))
    assert w.reasons == ["NO-BINDING", "RELEASED"]


def test_moving_and_the_request_of_what_was_left_by_another(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.pass_(60)
    answers = w.send(ask(w, A, "192.0.2.105"), ask(w, B, HUNDRED))
    assert [answer.kind for answer in answers] == [NAK, ACK]
    assert (w.row(HUNDRED).state, w.row("192.0.2.105").client) == (2, A.identity)


def test_two_clients_swap_addresses_in_no_batch(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.lease(B)
    answers = w.send(ask(w, A, "192.0.2.101"), ask(w, B, HUNDRED))
    assert [answer.kind for answer in answers] == [NAK, NAK]


def test_an_address_that_a_batch_grants_is_offered_to_nobody_in_it(world: Make) -> None:
    w = office(world, last=HUNDRED)
    answers = w.send(ask(w, A), w.packet(DISCOVER, B))
    assert [answer.kind for answer in answers] == [ACK]
    assert w.reasons == ["ACK-NEW", "POOL-EXHAUSTED"]


def test_the_offer_of_a_batch_leaves_before_its_commit(world: Make) -> None:
    w = office(world)
    left: list[int] = []
    hand_over = w._hand_over

    def watch(answers: list) -> None:
        hand_over(answers)
        left.append(len(w._step.answers))

    w._hand_over = watch
    w.store.before_commit.append(lambda: left.append(-1))
    answers = w.send(ask(w, A), w.packet(DISCOVER, B))
    assert left == [1, -1, 2]
    assert [answer.kind for answer in answers] == [OFFER, ACK]


def test_one_bad_datagram_takes_nobody_with_it(world: Make) -> None:
    w = office(world)
    bad = w.packet(DISCOVER, C).edited(lambda data: data[:100])
    answers = w.send(ask(w, A), bad, ask(w, B, "192.0.2.101"))
    assert [answer.kind for answer in answers] == [ACK, ACK]
    assert w.reasons == ["ACK-NEW", "ACK-NEW", "MALFORMED"]


def test_rows_that_are_missing_are_fetched_for_all_in_one_more_round(world: Make) -> None:
    w = office(world)
    for n in range(5):
        w.lease(client(n))
    w.restart()
    before = w.store.fetches
    w.send(*(ask(w, client(20 + n), f"192.0.2.{105 + n}") for n in range(5)))
    assert w.store.fetches - before == 2


def test_an_empty_batch_asks_for_nothing_and_commits_nothing(world: Make) -> None:
    w = office(world)
    w.later()
    assert (w.store.fetches, w.store.commits) == (0, [])
