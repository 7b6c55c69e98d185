"""Rapid commit: two messages instead of four, and the promise kept all the same.  RFC 4039."""

from collections.abc import Callable

import pytest

from dhcpcore.errors import OutcomeUnknown
from tests.packets4 import ACK, DISCOVER, OFFER, client, ip
from tests.playbook import OFFICE, T0, World, assignment, pool, subnet

Make = Callable[..., World]
A, B, C = client(1), client(2), client(3)
RAPID = {80: b""}


def office(world: Make, **fields: object) -> World:
    fields = {"rapid_commit": True, **fields}
    return world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.101"), lifetime=3600, **fields))


def test_a_discover_that_offers_it_is_acknowledged(world: Make) -> None:
    """RFC 4039 3.1: the ACK says option 80; the world checks that the row was committed before."""
    w = office(world)
    ack = w.discover(A, options=RAPID)
    assert (ack.kind, ack.yiaddr, ack.options[80], w.reason) == (ACK, "192.0.2.100", b"", "ACK-NEW")
    assert (ack.number(51), ack.number(58), ack.number(59)) == (3600, 1800, 3150)
    assert w.history("192.0.2.100") == [(A.identity, T0, None, None)]


def test_a_discover_without_it_is_offered(world: Make) -> None:
    w = office(world)
    offer = w.discover(A)
    assert (offer.kind, 80 in offer.options) == (OFFER, False)
    assert w.store.commits == []


def test_where_it_is_not_allowed_it_is_an_offer_without_option_80(world: Make) -> None:
    w = office(world, rapid_commit=False)
    offer = w.discover(A, options=RAPID)
    assert (offer.kind, 80 in offer.options) == (OFFER, False)
    assert w.store.commits == []


def test_the_subnet_that_serves_decides(world: Make) -> None:
    far = subnet("198.51.100.0/24", pool("198.51.100.10", "198.51.100.19"))
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.101"), rapid_commit=True), far)
    assert w.discover(A, options=RAPID, via="198.51.100.1").kind == OFFER
    assert w.discover(A, options=RAPID).kind == ACK


def test_a_request_never_says_it(world: Make) -> None:
    w = office(world)
    offer = w.discover(A)
    assert 80 not in w.select(A, offer, options=RAPID).options


def test_the_lease_is_one_like_any_other(world: Make) -> None:
    w = office(world)
    ack = w.discover(A, options=RAPID)
    w.pass_(1800)
    assert w.renew(A, ack.yiaddr).kind == ACK
    w.release(A, ack.yiaddr)
    assert w.row(ack.yiaddr).state == 2


def test_asking_again_extends_it(world: Make) -> None:
    w = office(world)
    w.discover(A, options=RAPID)
    w.pass_(1000)
    again = w.discover(A, options=RAPID)
    assert (again.kind, again.yiaddr, w.reason) == (ACK, "192.0.2.100", "ACK-RENEWED")
    assert w.row("192.0.2.100").expires == T0 + 1000 + 3600
    assert len(w.history("192.0.2.100")) == 1


def test_the_same_packet_twice_in_a_batch_is_one_lease_and_two_answers(world: Make) -> None:
    w = office(world)
    one = w.packet(DISCOVER, A, options=RAPID, xid=7)
    two = w.packet(DISCOVER, A, options=RAPID, xid=7)
    assert [answer.yiaddr for answer in w.send(one, two)] == ["192.0.2.100"] * 2
    assert len(w.history("192.0.2.100")) == 1


def test_clients_of_one_batch_get_an_address_each(world: Make) -> None:
    w = office(world)
    answers = w.send(*(w.packet(DISCOVER, who, options=RAPID) for who in (A, B, C)))
    assert {answer.yiaddr for answer in answers} == {"192.0.2.100", "192.0.2.101"}
    assert w.reasons == ["ACK-NEW", "ACK-NEW", "POOL-EXHAUSTED"]


def test_an_address_on_offer_to_another_is_not_taken(world: Make) -> None:
    w = office(world)
    offer = w.discover(A)
    assert w.discover(B, options=RAPID).yiaddr != offer.yiaddr
    assert w.select(A, offer).kind == ACK


def test_what_it_was_offered_before_is_what_it_gets(world: Make) -> None:
    w = office(world)
    offer = w.discover(A)
    w.discover(B)
    assert w.discover(A, options=RAPID).yiaddr == offer.yiaddr
    assert w.engine.allocator.hold_of(A.identity) is None


def test_an_assignment_is_granted_at_once(world: Make) -> None:
    home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.101"), rapid_commit=True)
    w = world(home, assignments=[assignment(home, "192.0.2.10", hw=A.hw)])
    assert w.discover(A, options=RAPID).yiaddr == "192.0.2.10"


def test_a_client_that_moved_within_the_link_leaves_its_other_address(world: Make) -> None:
    w = office(world)
    w.discover(A, options=RAPID)
    w.install(assignments=[assignment(w.subnets[0], "192.0.2.10", hw=A.hw)])
    w.pass_(60)
    assert w.discover(A, options=RAPID).yiaddr == "192.0.2.10"
    assert w.row("192.0.2.100").state == 2


def test_when_another_writer_was_first_the_next_address_is_granted(world: Make) -> None:
    w = office(world)
    w.store.before_commit.append(lambda: w.fill("192.0.2.100", 1, w.subnets[0]))
    w.faulty = True
    ack = w.discover(A, options=RAPID)
    assert (ack.kind, ack.yiaddr) == (ACK, "192.0.2.101")


def test_what_was_granted_while_another_engine_moved_the_client_is_taken_back(world: Make) -> None:
    """Its old address is gone from the pool; two engines hear it, and both give it a new one and end the old lease."""
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), rapid_commit=True), engines=2)
    old = w.discover(A, options=RAPID).yiaddr
    w.pass_(60)
    low, high = (("192.0.2.101", "192.0.2.109") if old == "192.0.2.100" else ("192.0.2.100", "192.0.2.100"))
    w.install(subnet(OFFICE, pool(low, high), rapid_commit=True))
    other: list[str] = []
    w.nodes[1].store.before_commit.append(lambda: other.append(w.discover(A, options=RAPID).yiaddr))
    w.faulty = True
    ack = w.discover(A, by=1, options=RAPID)
    assert [ack.yiaddr] == other
    held = [n for n in range(100, 110) if (row := w.row(f"192.0.2.{n}")) is not None and row.state == 1]
    assert [f"192.0.2.{n}" for n in held] == other


def test_when_the_outcome_is_unknown_it_is_decided_again(world: Make) -> None:
    w = office(world)
    w.store.after_commit.append(OutcomeUnknown("the connection was lost"))
    w.faulty = True
    assert w.discover(A, options=RAPID).yiaddr == "192.0.2.100"
    assert len(w.history("192.0.2.100")) == 1


@pytest.mark.parametrize("engines", [2])
def test_two_engines_never_grant_one_address_twice(world: Make, engines: int) -> None:
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.103"), rapid_commit=True), engines=engines)
    granted = [w.discover(client(n), by=n % 2, options=RAPID).yiaddr for n in range(4)]
    assert len(set(granted)) == 4


def test_with_probes_it_is_acknowledged_after_the_probe(world: Make) -> None:
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.101"), rapid_commit=True), probe=True)
    assert w.discover(A, options=RAPID) is None
    w.engine.take_probes()
    w.pass_(1)
    (ack,) = w.later()
    assert ack.kind == ACK


def test_a_small_answer_keeps_option_80_to_the_last(world: Make) -> None:
    options = {15: b"d" * 200, 119: b"s" * 250, 224: b"x" * 250}
    w = office(world, options=options)
    assert w.discover(A, options=RAPID).options[80] == b""
    assert ip("192.0.2.100") == ip(w.row("192.0.2.100").address)


def test_with_forcerenew_the_ack_has_the_nonce_and_not_the_promise_of_one(world: Make) -> None:
    """RFC 6704 3.1: option 145 is an OFFER's, option 90 an ACK's."""
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.101"), rapid_commit=True), forcerenew="authenticated")
    capable = {145: b"\x01"}
    ack = w.discover(A, options={**RAPID, **capable})
    assert (ack.kind, 90 in ack.options, 145 in ack.options) == (ACK, True, False)
    offer = w.discover(B, options=capable)
    assert (offer.kind, 90 in offer.options, 145 in offer.options) == (OFFER, False, True)
