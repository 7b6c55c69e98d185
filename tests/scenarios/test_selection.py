"""A subnet other than giaddr's: link selection (RFC 3527) and subnet selection (RFC 3011), and which goes first."""

from collections.abc import Callable

import pytest

from dhcpcore.topology.snapshot import Compatibility
from tests.packets4 import ACK, INFORM, OFFER, client, ip
from tests.playbook import OFFICE, World, pool, subnet, traces

Make = Callable[..., World]
A, B = client(1), client(2)
RELAY = "198.51.100.1"  #: Of the subnet "far".
LINK = b"\x05\x04" + ip("203.0.113.0")
SELECTED = {118: ip("203.0.113.0")}


def campus(world: Make, **snapshot: object) -> World:
    near = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), name="near")
    far = subnet("198.51.100.0/24", pool("198.51.100.10", "198.51.100.19"), name="far")
    meant = subnet("203.0.113.0/24", pool("203.0.113.10", "203.0.113.19"), name="meant", options={3: ip("203.0.113.1")})
    return world(near, far, meant, **snapshot)


class TestLinkSelection:
    def test_it_goes_before_giaddr_and_the_answer_still_goes_to_giaddr(self, world: Make) -> None:
        """RFC 3527 3."""
        w = campus(world)
        offer = w.discover(A, via=RELAY, agent=LINK)
        assert (offer.yiaddr, offer.to, offer.options[82], offer.address(3)) == (
            "203.0.113.10", RELAY, LINK, "203.0.113.1"
        )  # fmt: skip
        assert "203.0.113.0 in option 82 stands for subnet" in "".join(traces(w))
        assert w.select(A, offer, via=RELAY, agent=LINK).kind == ACK

    def test_without_it_giaddr_decides(self, world: Make) -> None:
        w = campus(world)
        assert w.discover(A, via=RELAY, agent=b"\x01\x01a").yiaddr == "198.51.100.10"

    @pytest.mark.parametrize("agent", [b"\x05\x03abc", b"\x05\x08" + ip("203.0.113.0") * 2, b"\x01\x06\x05\x04abcd"])
    def test_what_only_looks_like_it_is_none(self, world: Make, agent: bytes) -> None:
        """Of a wrong length, or the same octets inside a circuit-id."""
        assert campus(world).discover(A, via=RELAY, agent=agent).yiaddr == "198.51.100.10"

    def test_a_clients_own_option_82_selects_nothing(self, world: Make) -> None:
        w = campus(world)
        assert w.discover(A, agent=LINK).yiaddr == "192.0.2.100"

    def test_an_unknown_link_is_silence_though_giaddr_is_known(self, world: Make) -> None:
        w = campus(world)
        assert w.discover(A, via=RELAY, agent=b"\x05\x04" + ip("10.9.9.0")) is None
        assert w.reason == "NO-SUBNET"

    def test_a_subnet_may_name_link_addresses_of_any_kind(self, world: Make) -> None:
        w = world(subnet("203.0.113.0/24", pool("203.0.113.10", "203.0.113.19"), relays=["10.9.9.0"]))
        assert w.discover(A, via=RELAY, agent=b"\x05\x04" + ip("10.9.9.0")).yiaddr == "203.0.113.10"

    def test_the_whole_shared_network_is_the_link(self, world: Make) -> None:
        """RFC 3527 3: that subnet, or one on the same link."""
        one = subnet("203.0.113.0/24", pool("203.0.113.10", "203.0.113.10"), shared_network="s")
        two = subnet("10.0.0.0/24", pool("10.0.0.10", "10.0.0.19"), shared_network="s")
        w = world(one, two, subnet("198.51.100.0/24", pool("198.51.100.10", "198.51.100.19")))
        assert [w.lease(client(n), via=RELAY, agent=LINK).yiaddr for n in (1, 2)] == ["203.0.113.10", "10.0.0.10"]

    def test_it_can_be_ignored(self, world: Make) -> None:
        w = campus(world, compatibility=Compatibility(ignore_link_selection=True))
        assert w.discover(A, via=RELAY, agent=LINK).yiaddr == "198.51.100.10"

    def test_a_lease_of_the_other_link_is_refused_there(self, world: Make) -> None:
        w = campus(world)
        w.lease(A, via=RELAY, agent=LINK)
        assert w.reboot(A, "203.0.113.10", via=RELAY).kind == 6
        assert w.reboot(A, "203.0.113.10", via=RELAY, agent=LINK).kind == ACK


class TestSubnetSelection:
    def test_where_clients_are_believed_it_goes_before_giaddr_and_is_returned(self, world: Make) -> None:
        """RFC 3011 2."""
        w = campus(world, subnet_selection=True)
        for fields in ({}, {"via": RELAY}):
            offer = w.discover(A, options=SELECTED, **fields)
            assert (offer.yiaddr, offer.options[118]) == ("203.0.113.10", SELECTED[118])
        ack = w.select(A, offer, options=SELECTED, via=RELAY)
        assert (ack.kind, ack.options[118]) == (ACK, SELECTED[118])

    def test_elsewhere_it_is_neither_heeded_nor_returned(self, world: Make) -> None:
        w = campus(world)
        offer = w.discover(A, options=SELECTED)
        assert (offer.yiaddr, 118 in offer.options) == ("192.0.2.100", False)

    def test_who_sends_none_is_served_where_it_is(self, world: Make) -> None:
        w = campus(world, subnet_selection=True)
        offer = w.discover(A, prl=bytes((1, 3, 118)))
        assert (offer.yiaddr, 118 in offer.options) == ("192.0.2.100", False)

    def test_a_relays_link_selection_goes_before_it(self, world: Make) -> None:
        w = campus(world, subnet_selection=True)
        agent = b"\x05\x04" + ip("192.0.2.0")
        offer = w.discover(A, options=SELECTED, via=RELAY, agent=agent)
        assert (offer.yiaddr, offer.options[118]) == ("192.0.2.100", SELECTED[118])

    def test_an_unknown_subnet_is_silence(self, world: Make) -> None:
        w = campus(world, subnet_selection=True)
        assert w.discover(A, options={118: ip("10.9.9.0")}) is None
        assert w.reason == "NO-SUBNET"

    @pytest.mark.parametrize("payload", [b"", b"abc", bytes(5)])
    def test_one_of_a_wrong_length_is_none(self, world: Make, payload: bytes) -> None:
        offer = campus(world, subnet_selection=True).discover(A, options={118: payload})
        assert (offer.yiaddr, 118 in offer.options) == ("192.0.2.100", False)

    def test_a_refusal_does_not_return_it(self, world: Make) -> None:
        """RFC 2131 4.3.1 table 3; the world checks what a NAK may say."""
        w = campus(world, subnet_selection=True)
        assert w.select(A, "192.0.2.100", options=SELECTED).kind == 6

    def test_a_renewal_by_unicast_is_of_the_subnet_that_it_says(self, world: Make) -> None:
        w = campus(world, subnet_selection=True)
        w.lease(A, options=SELECTED)
        w.pass_(600)
        assert w.renew(A, "203.0.113.10", options=SELECTED).kind == ACK


class TestInform:
    """RFC 2131 4.3.5, with the subnet said in other ways."""

    def test_of_the_link_that_the_relay_means(self, world: Make) -> None:
        w = campus(world)
        ack = w.inform(A, "203.0.113.77", via=RELAY, agent=LINK)
        assert (ack.kind, ack.address(3), ack.to) == (ACK, "203.0.113.1", RELAY)

    def test_of_the_subnet_that_the_client_says(self, world: Make) -> None:
        """RFC 3011 1.1: a remote access server asks for its callers."""
        w = campus(world, subnet_selection=True)
        ack = w.inform(A, "192.0.2.7", options=SELECTED)
        assert (ack.address(3), ack.to, ack.options[118]) == ("203.0.113.1", "192.0.2.7", SELECTED[118])
        assert 3 not in w.inform(A, "192.0.2.7").options

    def test_the_client_of_an_unknown_link_is_silence(self, world: Make) -> None:
        w = campus(world)
        assert w.inform(A, "203.0.113.77", via=RELAY, agent=b"\x05\x04" + ip("10.9.9.0")) is None
        assert w.reason == "NO-SUBNET"

    def test_a_relayed_one_without_an_address_is_of_the_link_that_the_relay_means(self, world: Make) -> None:
        w = campus(world)
        ack = w.one(w.packet(INFORM, A, via=RELAY, agent=LINK))
        assert (ack.address(3), ack.flags) == ("203.0.113.1", 0x8000)

    def test_an_offer_is_not_given_for_it(self, world: Make) -> None:
        w = campus(world)
        assert w.inform(A, "203.0.113.77", via=RELAY, agent=LINK).kind != OFFER
        assert w.store.commits == []
