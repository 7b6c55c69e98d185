"""Option 61 in answers: returned as it came (RFC 6842), or not where `echo_client_id` is false."""

from collections.abc import Callable

from tests.packets4 import ACK, NAK, OFFER, client
from tests.playbook import OFFICE, World, pool, subnet

Make = Callable[..., World]
A, PLAIN = client(1, b"\x01whatever"), client(2)


def office(world: Make, echo: bool) -> World:
    return world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), echo_client_id=echo, options={15: b"d"}))


def test_it_is_returned_in_offer_ack_nak_and_the_answer_to_inform(world: Make) -> None:
    w = office(world, True)
    offer = w.discover(A)
    answers = [offer, w.select(A, offer), w.inform(A, offer.yiaddr), w.select(A, "192.0.2.9")]
    assert [(one.kind, one.options[61]) for one in answers] == [
        (kind, A.client_id) for kind in (OFFER, ACK, ACK, NAK)
    ]  # fmt: skip


def test_it_is_returned_in_none_of_them_where_it_is_switched_off(world: Make) -> None:
    w = office(world, False)
    offer = w.discover(A)
    answers = [offer, w.select(A, offer), w.inform(A, offer.yiaddr), w.select(A, "192.0.2.9")]
    assert [(one.kind, 61 in one.options) for one in answers] == [(kind, False) for kind in (OFFER, ACK, ACK, NAK)]
    assert offer.options[15] == b"d", "the other options are there"
    assert w.row(offer.yiaddr).client == A.identity, "and it is known by it all the same"


def test_it_is_not_made_up(world: Make) -> None:
    for echo in (True, False):
        w = office(world, echo)
        assert 61 not in w.lease(PLAIN).options


def test_each_subnet_decides_for_itself(world: Make) -> None:
    far = subnet("198.51.100.0/24", pool("198.51.100.10", "198.51.100.19"), echo_client_id=False)
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109")), far)
    assert 61 in w.discover(A).options
    assert 61 not in w.discover(A, via="198.51.100.1").options
