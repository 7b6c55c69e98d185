"""REQUEST in SELECTING state: it names an address and this server.  RFC 2131 4.3.2, first part."""

from collections.abc import Callable

import pytest

from tests.packets4 import ACK, NAK, REQUEST, client, ip
from tests.playbook import OFFICE, T0, World, assignment, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2)


def office(world: Make, **fields: object) -> World:
    return world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), lifetime=3600), **fields)


def test_what_was_offered_is_granted_and_committed(world: Make) -> None:
    w = office(world)
    ack = w.select(A, w.discover(A))
    assert (ack.kind, ack.yiaddr, w.reason) == (ACK, "192.0.2.100", "ACK-NEW")
    row = w.row("192.0.2.100")
    assert (row.client, row.hw, row.state, row.expires, row.cltt) == (A.identity, b"\x01" + A.hw, 1, T0 + 3600, T0)
    assert w.history("192.0.2.100") == [(A.identity, T0, None, None)]


def test_asked_twice_it_is_granted_twice_with_one_holding(world: Make) -> None:
    w = office(world)
    offer = w.discover(A)
    w.select(A, offer)
    assert w.select(A, offer).kind == ACK
    w.pass_(2)
    assert w.select(A, offer).kind == ACK
    assert len(w.history("192.0.2.100")) == 1


def test_after_a_restart_it_is_granted_without_an_offer_in_memory(world: Make) -> None:
    w = office(world)
    offer = w.discover(A)
    w.restart()
    assert w.select(A, offer).kind == ACK


def test_a_free_address_that_was_never_offered_is_granted(world: Make) -> None:
    w = office(world)
    assert w.select(A, "192.0.2.107").yiaddr == "192.0.2.107"


def test_a_free_address_on_offer_to_another_is_refused(world: Make) -> None:
    w = office(world)
    w.discover(B)
    assert w.select(A, "192.0.2.100").kind == NAK
    assert w.reason == "NAK-TAKEN"
    assert w.row("192.0.2.100") is None


def test_another_clients_lease_is_refused(world: Make) -> None:
    w = office(world)
    w.lease(B)
    nak = w.select(A, "192.0.2.100")
    assert (nak.kind, nak.options[56], w.reason) == (NAK, b"NAK-TAKEN", "NAK-TAKEN")
    assert w.row("192.0.2.100").client == B.identity


def test_another_clients_ended_lease_is_refused_within_the_grace_and_granted_after(world: Make) -> None:
    w = office(world, reclaim_grace_s=30)
    w.lease(B)
    w.pass_(3629)
    assert w.select(A, "192.0.2.100").kind == NAK
    w.pass_(1)
    assert w.select(A, "192.0.2.100").kind == ACK
    assert w.history("192.0.2.100") == [(B.identity, T0, T0 + 3600, 2), (A.identity, T0 + 3630, None, None)]


def test_ones_own_ended_lease_is_granted_at_once(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.pass_(3601)
    assert w.select(A, "192.0.2.100").kind == ACK
    assert w.reason == "ACK-NEW"


def test_ones_own_released_lease_is_granted_at_once(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.release(A, "192.0.2.100")
    assert w.select(A, "192.0.2.100").kind == ACK


def test_a_declined_address_is_refused_even_to_who_had_it(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.decline(A, "192.0.2.100")
    assert w.select(A, "192.0.2.100").kind == NAK
    assert w.reason == "NAK-DECLINED"


@pytest.mark.parametrize(
    ("address", "reason"), [("198.51.100.7", "NAK-WRONG-NETWORK"), ("192.0.2.50", "NAK-NOT-PERMITTED")]
)
def test_what_we_could_never_have_offered_is_refused(world: Make, address: str, reason: str) -> None:
    """The client names us: nobody else will answer it, authority or not."""
    w = office(world)
    assert w.select(A, address).kind == NAK
    assert w.reason == reason


def test_an_address_assigned_to_another_is_refused(world: Make) -> None:
    home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"))
    w = world(home, assignments=[assignment(home, "192.0.2.105", hw=B.hw)])
    assert w.select(A, "192.0.2.105").kind == NAK
    assert w.reason == "NAK-NOT-PERMITTED"


def test_another_server_is_left_alone(world: Make) -> None:
    w = office(world)
    assert w.select(A, "192.0.2.100", server="192.0.2.2") is None
    assert w.reason == "OTHER-SERVER"
    assert w.row("192.0.2.100") is None


@pytest.mark.parametrize("server", [b"", b"\xc0", bytes(4), ip("192.0.2.1") * 2])
def test_a_server_identifier_that_is_none_of_our_addresses_is_anothers(world: Make, server: bytes) -> None:
    w = office(world)
    assert w.select(A, "192.0.2.100", server=server) is None
    assert w.reason == "OTHER-SERVER"


@pytest.mark.parametrize("address", [None, b"", b"\xc0\x00\x02"])
def test_no_address_at_all_is_refused_with_that_reason(world: Make, address: bytes | None) -> None:
    w = office(world)
    assert w.one(w.packet(REQUEST, A, server="192.0.2.1", requested=address)).kind == NAK
    assert w.reason == "NAK-NO-ADDRESS"


def test_a_renewal_that_names_the_server_against_the_rules_is_a_renewal(world: Make) -> None:
    """RFC 2131 4.3.2 forbids the identifier there; clients that send it all the same must not lose their address."""
    w = office(world)
    w.lease(A)
    w.pass_(1800)
    ack = w.renew(A, "192.0.2.100", server="192.0.2.1")
    assert (ack.kind, ack.yiaddr, w.reason) == (ACK, "192.0.2.100", "ACK-RENEWED")


def test_a_client_that_takes_a_second_address_of_the_link_leaves_its_first(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.pass_(60)
    w.select(A, "192.0.2.105")
    assert w.row("192.0.2.100").state == 2
    assert w.history("192.0.2.100") == [(A.identity, T0, T0 + 60, 4)]
    w.pass_(30)
    assert w.select(B, "192.0.2.100").kind == ACK


def test_what_it_was_offered_and_did_not_take_is_free_again(world: Make) -> None:
    """Offered .100, it takes .105: .100 is not lost to the pool."""
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.105"), lifetime=3600))
    w.discover(A)
    w.select(A, "192.0.2.105")
    assert [w.lease(client(n)).yiaddr for n in range(2, 7)] == [f"192.0.2.{n}" for n in range(100, 105)]


class TestWhatTheOfferSaw:
    """The REQUEST that selects an offer relies on the rows that the offer saw; the commit is guarded."""

    def test_nothing_is_read_for_it(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(A)
        reads: list[object] = []
        fetch = w.store.fetch
        w.store.fetch = lambda *a, **k: (reads.append(a), fetch(*a, **k))
        assert w.select(A, offer).kind == ACK
        assert not reads

    def test_a_row_that_changed_since_is_decided_again(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        offer = w.discover(A)
        w.pass_(2)
        assert w.renew(A, offer.yiaddr).kind == ACK
        assert w.select(A, offer).kind == ACK
        assert w.row(offer.yiaddr).client == A.identity
