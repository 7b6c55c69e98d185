"""A relay that stands for the server: server identifier override (RFC 5107), relay flags (RFC 5010)."""

from collections.abc import Callable

import pytest

from dhcpcore.topology.snapshot import Compatibility
from tests.packets4 import ACK, REQUEST, client, ip
from tests.playbook import OFFICE, SERVER, World, pool, subnet, traces

Make = Callable[..., World]
A, B = client(1), client(2)
RELAY = "198.51.100.1"
STANDS = b"\x0b\x04" + ip(RELAY)


def far(world: Make, **snapshot: object) -> World:
    return world(
        subnet("198.51.100.0/24", pool("198.51.100.10", "198.51.100.19")),
        subnet(OFFICE, pool("192.0.2.100", "192.0.2.109")), **snapshot,
    )  # fmt: skip


def test_offer_and_ack_name_the_relay_as_the_server(world: Make) -> None:
    """RFC 5107 4."""
    w = far(world)
    offer = w.discover(A, via=RELAY, agent=STANDS)
    ack = w.select(A, offer, via=RELAY, agent=STANDS)
    assert (offer.address(54), ack.kind, ack.address(54)) == (RELAY, ACK, RELAY)
    assert f"Its relay wants {RELAY} to be the server identifier." in list(traces(w))


def test_without_it_they_name_us(world: Make) -> None:
    assert far(world).discover(A, via=RELAY, agent=b"\x01\x01a").address(54) == SERVER


@pytest.mark.parametrize("agent", [b"\x0b\x03abc", b"\x0b\x04" + bytes(4), b"\x01\x06\x0b\x04abcd"])
def test_what_only_looks_like_it_is_none(world: Make, agent: bytes) -> None:
    assert far(world).discover(A, via=RELAY, agent=agent).address(54) == SERVER


def test_a_client_cannot_say_it_itself(world: Make) -> None:
    assert far(world).discover(A, agent=b"\x0b\x04" + ip("192.0.2.66")).address(54) == SERVER


def test_a_renewal_that_the_relay_was_sent_by_unicast_is_renewed(world: Make) -> None:
    """RFC 5107 3: unicast to the relay, which forwards it with the flag of RFC 5010."""
    w = far(world)
    w.lease(A, via=RELAY, agent=STANDS)
    w.pass_(1800)
    ack = w.rebind(A, "198.51.100.10", via=RELAY, agent=b"\x0a\x01\x80" + STANDS)
    assert (ack.kind, ack.address(54), ack.to) == (ACK, RELAY, RELAY)
    assert "The client had sent it by unicast, its relay says." in list(traces(w))


def test_one_that_it_heard_by_broadcast_is_not_taken_for_unicast(world: Make) -> None:
    w = far(world)
    w.lease(A, via=RELAY, agent=STANDS)
    w.rebind(A, "198.51.100.10", via=RELAY, agent=b"\x0a\x01\x00" + STANDS)
    assert "The client had sent it by unicast, its relay says." not in list(traces(w))


def test_a_release_that_names_the_relay_counts(world: Make) -> None:
    w = far(world)
    w.lease(A, via=RELAY, agent=STANDS)
    w.faulty = True  # The witness knows our own addresses only.
    w.release(A, "198.51.100.10", via=RELAY, agent=STANDS, server=RELAY)
    assert (w.reason, w.row("198.51.100.10").state) == ("RELEASED", 2)


def test_one_that_names_it_without_coming_through_it_does_not(world: Make) -> None:
    w = far(world)
    w.lease(A, via=RELAY, agent=STANDS)
    for fields in ({"via": RELAY}, {"agent": STANDS}, {"via": RELAY, "agent": b"\x0b\x04" + ip("198.51.100.2")}):
        w.release(A, "198.51.100.10", server=RELAY, **fields)
        assert (w.reason, w.row("198.51.100.10").state) == ("OTHER-SERVER", 1)


def test_a_release_still_has_to_name_a_server(world: Make) -> None:
    w = far(world)
    w.lease(A, via=RELAY, agent=STANDS)
    w.release(A, "198.51.100.10", via=RELAY, agent=STANDS, server=None)
    assert w.reason == "NO-SERVER-ID"


def test_who_was_offered_under_our_own_name_is_acknowledged_under_it(world: Make) -> None:
    """The relay was given its new setting in between."""
    w = far(world)
    offer = w.discover(A, via=RELAY)
    ack = w.select(A, offer, via=RELAY, agent=STANDS)
    assert (ack.kind, ack.address(54)) == (ACK, SERVER)


def test_who_chose_another_server_is_left_alone(world: Make) -> None:
    w = far(world)
    offer = w.discover(A, via=RELAY, agent=STANDS)
    assert w.select(A, offer, via=RELAY, agent=STANDS, server="203.0.113.5") is None
    assert w.reason == "OTHER-SERVER"


class TestIgnoredIdentifier:
    """`compatibility.ignore_server_identifier`: whoever is named, we are meant."""

    def test_a_request_that_names_another_is_granted(self, world: Make) -> None:
        w = far(world, compatibility=Compatibility(ignore_server_identifier=True))
        offer = w.discover(A)
        ack = w.select(A, offer, server="203.0.113.5")
        assert (ack.kind, ack.address(54)) == (ACK, SERVER)

    def test_it_is_not_where_the_switch_is_off(self, world: Make) -> None:
        w = far(world)
        assert w.select(A, w.discover(A), server="203.0.113.5") is None

    def test_what_names_us_is_as_ever(self, world: Make) -> None:
        w = far(world, compatibility=Compatibility(ignore_server_identifier=True))
        assert w.one(w.packet(REQUEST, A, requested=w.discover(A).yiaddr, server=SERVER)).kind == ACK
