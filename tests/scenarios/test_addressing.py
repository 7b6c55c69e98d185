"""Where an answer goes: giaddr, ciaddr, the broadcast flag, the hardware address; and refusals.  RFC 2131 4.1."""

from collections.abc import Callable

import pytest

from dhcpcore.topology.links import Interface
from tests.packets4 import ACK, BROADCAST, DISCOVER, NAK, OFFER, Client, client, ip
from tests.playbook import OFFICE, World, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2)
RELAY = "198.51.100.1"
EVERYBODY = "255.255.255.255"


def office(world: Make, **fields: object) -> World:
    near = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), authoritative=True)
    far = subnet("198.51.100.0/24", pool("198.51.100.100", "198.51.100.109"), authoritative=True)
    return world(near, far, **fields)


class TestOnTheLink:
    def test_to_a_client_without_address_goes_a_frame_to_its_hardware(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(A)
        assert (offer.to, offer.port, offer.interface, offer.frame) == ("192.0.2.100", 68, 2, A.hw)
        ack = w.select(A, offer)
        assert (ack.to, ack.port, ack.interface, ack.frame) == ("192.0.2.100", 68, 2, A.hw)
        assert (offer.flags, ack.flags) == (0, 0)

    def test_the_broadcast_flag_makes_it_a_broadcast_and_is_echoed(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(A, broadcast=True)
        assert (offer.to, offer.port, offer.interface, offer.frame) == (EVERYBODY, 68, 2, b"")
        assert offer.flags == 0x8000

    def test_flags_that_must_be_zero_are_neither_obeyed_nor_echoed(self, world: Make) -> None:
        w = office(world)
        offer = w.one(w.packet(DISCOVER, A).edited(lambda data: data[:10] + b"\x7f\xff" + data[12:]))
        assert (offer.frame, offer.flags) == (A.hw, 0)

    def test_a_client_of_another_kind_of_hardware_is_broadcast_to(self, world: Make) -> None:
        w = office(world)
        infiniband = Client(b"", b"\xff\0\0\0\1", htype=32)
        offer = w.discover(infiniband)
        assert (offer.to, offer.frame) == (EVERYBODY, b"")
        assert w.discover(Client(b"\x02" * 8, htype=1)).to == EVERYBODY

    def test_to_a_client_that_has_its_address_goes_a_datagram(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        ack = w.renew(A, "192.0.2.100", broadcast=True)
        assert (ack.to, ack.port, ack.frame, ack.interface) == ("192.0.2.100", 68, b"", 0)
        ack = w.rebind(A, "192.0.2.100")
        assert (ack.to, ack.port, ack.frame, ack.interface) == ("192.0.2.100", 68, b"", 2)

    def test_the_reboot_of_a_client_is_answered_by_a_frame(self, world: Make) -> None:
        """It does not use the address before we say so."""
        w = office(world)
        w.lease(A)
        assert w.reboot(A, "192.0.2.100").frame == A.hw

    def test_a_refusal_is_broadcast_whatever_the_client_has(self, world: Make) -> None:
        w = office(world)
        w.lease(B)
        for nak in (
            w.select(A, "192.0.2.100"),
            w.reboot(A, "192.0.2.100"),
            w.rebind(A, "192.0.2.100"),
            w.renew(A, "192.0.2.100"),
        ):
            assert (nak.kind, nak.to, nak.port, nak.interface, nak.frame) == (NAK, EVERYBODY, 68, 2, b"")
            assert nak.flags == 0

    def test_the_answer_is_from_the_address_of_the_interface_it_came_in_on(self, world: Make) -> None:
        w = office(world)
        w.attach({2: Interface(2, "eth0", (ip("192.0.2.1"),)), 3: Interface(3, "eth1", (ip("198.51.100.2"),))})
        offer = w.discover(A, interface=3)
        assert (offer.local, offer.address(54), offer.interface) == ("198.51.100.2", "198.51.100.2", 3)


class TestThroughARelay:
    def test_every_answer_goes_to_the_relays_server_port(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(A, via=RELAY)
        ack = w.select(A, offer, via=RELAY)
        nak = w.reboot(A, "192.0.2.100", via=RELAY)
        inform = w.inform(A, "198.51.100.100", via=RELAY)
        for answer, kind in ((offer, OFFER), (ack, ACK), (nak, NAK), (inform, ACK)):
            assert (answer.kind, answer.to, answer.port, answer.frame) == (kind, RELAY, 67, b"")
            assert (answer.giaddr, answer.interface) == (RELAY, 0), "routing finds the relay"

    def test_it_goes_to_giaddr_and_not_to_who_sent_it(self, world: Make) -> None:
        w = office(world)
        assert w.discover(A, via=RELAY, source="203.0.113.5", port=1067).to == RELAY

    def test_a_refusal_tells_the_relay_to_broadcast(self, world: Make) -> None:
        """The client may have no address that answers ARP.  RFC 2131 4.3.2."""
        w = office(world)
        assert w.reboot(A, "192.0.2.100", via=RELAY).flags == 0x8000

    def test_an_offer_and_an_acknowledgement_leave_the_flag_to_the_client(self, world: Make) -> None:
        w = office(world)
        assert w.lease(A, via=RELAY).flags == 0
        assert w.lease(B, via=RELAY, broadcast=True).flags == 0x8000

    @pytest.mark.parametrize("source_port", [b"\x13\x00", b"\x01\x02ab\x13\x00"])
    def test_a_relay_that_asks_to_be_answered_where_it_sent_from_is(self, world: Make, source_port: bytes) -> None:
        """RFC 8357 5."""
        w = office(world)
        answer = w.discover(A, via=RELAY, port=40_000, agent=source_port)
        assert (answer.to, answer.port) == (RELAY, 40_000)
        nak = w.reboot(A, "192.0.2.100", via=RELAY, port=40_000, agent=source_port)
        assert (nak.kind, nak.port) == (NAK, 40_000)

    def test_a_relay_that_does_not_ask_is_answered_at_the_server_port(self, world: Make) -> None:
        w = office(world)
        assert w.discover(A, via=RELAY, port=40_000, agent=b"\x01\x02\x13\x00").port == 67

    def test_the_source_port_is_nothing_for_a_client_to_ask_for(self, world: Make) -> None:
        w = office(world)
        assert w.discover(A, port=40_000, agent=b"\x13\x00").port == 68


class TestServerAddress:
    def test_an_interface_without_address_cannot_answer(self, world: Make) -> None:
        near = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), interface="eth0")
        w = world(near, interfaces={2: Interface(2, "eth0")})
        for local in ("0.0.0.0", b""):
            assert w.discover(A, local=local) is None
            assert w.reason == "NO-SERVER-ADDRESS"

    def test_an_empty_server_identifier_does_not_stand_for_no_address(self, world: Make) -> None:
        near = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), interface="eth0")
        w = world(near, interfaces={2: Interface(2, "eth0")})
        for local in ("0.0.0.0", b""):
            for server in (b"", bytes(4)):
                assert w.select(A, "192.0.2.100", server=server, local=local) is None
                assert w.reason == "OTHER-SERVER"

    def test_a_client_that_names_another_of_our_addresses_gets_it_back(self, world: Make) -> None:
        w = office(world)
        w.attach({2: Interface(2, "eth0", (ip("192.0.2.1"), ip("192.0.2.2")))})
        assert w.select(A, "192.0.2.100", server="192.0.2.2").address(54) == "192.0.2.2"

    def test_a_unicast_to_a_second_address_is_answered_from_there(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        w.attach({2: Interface(2, "eth0", (ip("192.0.2.1"), ip("192.0.2.2")))})
        ack = w.renew(A, "192.0.2.100", local="192.0.2.2")
        assert (ack.local, ack.address(54)) == ("192.0.2.2", "192.0.2.2")


def test_what_a_broadcast_is_here(world: Make) -> None:
    w = office(world)
    assert w.packet(DISCOVER, A).datagram.destination == BROADCAST
    assert w.packet(DISCOVER, A, via=RELAY).datagram.destination == ip("192.0.2.1")
