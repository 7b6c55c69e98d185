"""Relays: which subnet a giaddr means, option 82, and what a change of relay or circuit says in history."""

from collections.abc import Callable

import pytest

from tests.packets4 import ACK, OFFER, client, ip
from tests.playbook import OFFICE, T0, World, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2)
RELAY, OTHER = "198.51.100.1", "198.51.100.2"
CIRCUIT = b"\x01\x09eth-0-1-7\x02\x06\x02\x00\x00\x00\x00\x63"


def far(**fields: object) -> object:
    return subnet("198.51.100.0/24", pool("198.51.100.100", "198.51.100.109"), lifetime=3600, **fields)


class TestWhichSubnet:
    def test_the_prefix_that_holds_giaddr(self, world: Make) -> None:
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109")), far())
        assert w.discover(A, via="198.51.100.254").yiaddr == "198.51.100.100"

    def test_the_longest_prefix(self, world: Make) -> None:
        inner = subnet("198.51.100.128/25", pool("198.51.100.200", "198.51.100.209"))
        w = world(far(), inner)
        assert w.discover(A, via="198.51.100.129").yiaddr == "198.51.100.200"
        assert w.discover(B, via="198.51.100.1").yiaddr == "198.51.100.100"

    def test_a_relay_that_a_subnet_names(self, world: Make) -> None:
        w = world(far(relays=["10.9.9.9"]))
        assert w.discover(A, via="10.9.9.9").yiaddr == "198.51.100.100"

    def test_a_named_relay_comes_before_the_prefix_that_holds_it(self, world: Make) -> None:
        w = world(far(), subnet("203.0.113.0/24", pool("203.0.113.10", "203.0.113.19"), relays=["198.51.100.1"]))
        assert w.discover(A, via="198.51.100.1").yiaddr == "203.0.113.10"

    def test_a_relay_that_two_subnets_name_stands_for_both_in_their_order(self, world: Make) -> None:
        one = subnet("203.0.113.0/24", pool("203.0.113.10", "203.0.113.10"), relays=["10.9.9.9"], shared_network="s")
        two = subnet("198.51.100.0/24", pool("198.51.100.10", "198.51.100.10"), relays=["10.9.9.9"], shared_network="s")
        w = world(one, two)
        assert [w.discover(client(n), via="10.9.9.9").yiaddr for n in (1, 2)] == ["203.0.113.10", "198.51.100.10"]

    def test_an_unknown_relay_is_silence_though_it_came_in_on_a_served_interface(self, world: Make) -> None:
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), interface="eth0"))
        assert w.discover(A, via="203.0.113.9") is None
        assert w.reason == "NO-SUBNET"

    def test_a_subnet_without_its_interface_here_is_reached_through_its_relay_only(self, world: Make) -> None:
        w = world(far())
        assert w.discover(A) is None
        assert w.discover(A, via=RELAY).kind == OFFER

    def test_a_flood_of_made_up_relays_is_not_remembered(self, world: Make) -> None:
        w = world(far())
        for n in range(5000):
            w.engine.links.for_relay(n.to_bytes(4, "big"))
        assert len(w.engine.links._memo) <= 4096
        assert w.discover(A, via=RELAY).kind == OFFER


class TestOption82:
    @pytest.mark.parametrize("agent", [CIRCUIT, b"", b"\x01", b"\x01\xff", bytes(range(256)) * 1, b"\x01\x00"])
    def test_it_is_echoed_verbatim_and_last_well_formed_or_not(self, world: Make, agent: bytes) -> None:
        w = world(far())
        offer = w.discover(A, via=RELAY, agent=agent)
        assert (offer.options[82], offer.order[-1]) == (agent, 82)
        ack = w.select(A, offer, via=RELAY, agent=agent)
        assert ack.options[82] == agent

    def test_it_is_echoed_in_a_refusal(self, world: Make) -> None:
        w = world(far())
        assert w.select(A, "192.0.2.9", via=RELAY, agent=CIRCUIT).options[82] == CIRCUIT

    def test_it_is_not_sent_to_a_client_that_was_not_relayed(self, world: Make) -> None:
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109")))
        assert 82 not in w.discover(A, agent=CIRCUIT).options

    def test_it_is_not_made_up(self, world: Make) -> None:
        w = world(far())
        assert 82 not in w.discover(A, via=RELAY).options

    def test_asking_for_it_does_not_double_it(self, world: Make) -> None:
        w = world(far())
        offer = w.discover(A, via=RELAY, agent=CIRCUIT, prl=bytes((82, 1, 82, 3)))
        assert offer.order.count(82) == 1

    def test_what_cannot_be_echoed_whole_is_left_out_and_the_answer_leaves(self, world: Make) -> None:
        """RFC 3046 2.2: without room for all of it, the response goes without it."""
        w = world(far())
        offer = w.discover(A, via=RELAY, agent=b"\x01\xff" + b"x" * 600)
        assert offer.kind == OFFER
        assert 82 not in offer.options
        assert {offer.fields[code] for code in (53, 54, 51)} == {"options"}

    def test_a_long_one_drives_other_options_out_before_it_is_left_out(self, world: Make) -> None:
        w = world(far(options={15: b"d" * 200, 119: b"s" * 150}))
        agent = b"\x01\xe0" + b"c" * 224
        offer = w.discover(A, via=RELAY, agent=agent)
        assert offer.options[82] == agent
        assert 15 not in offer.options


class TestHistory:
    """One interval a holding; another relay or circuit begins a new one."""

    def test_the_relay_and_its_option_are_in_the_row(self, world: Make) -> None:
        w = world(far())
        w.lease(A, via=RELAY, agent=CIRCUIT)
        row = w.row("198.51.100.100")
        assert (row.relay, row.agent) == (ip(RELAY), CIRCUIT)

    def test_another_relay_begins_a_new_interval(self, world: Make) -> None:
        w = world(far())
        w.lease(A, via=RELAY)
        w.pass_(600)
        assert w.rebind(A, "198.51.100.100", via=OTHER).kind == ACK
        assert [row[1:] for row in w.history("198.51.100.100")] == [(T0, T0 + 600, 5), (T0 + 600, None, None)]

    def test_another_circuit_begins_a_new_interval(self, world: Make) -> None:
        w = world(far())
        w.lease(A, via=RELAY, agent=b"\x01\x01a")
        w.pass_(600)
        w.reboot(A, "198.51.100.100", via=RELAY, agent=b"\x01\x01b")
        assert [row[1:] for row in w.history("198.51.100.100")] == [(T0, T0 + 600, 5), (T0 + 600, None, None)]
        assert w.row("198.51.100.100").agent == b"\x01\x01b"

    def test_the_same_relay_and_circuit_do_not(self, world: Make) -> None:
        w = world(far())
        w.lease(A, via=RELAY, agent=CIRCUIT)
        w.pass_(600)
        w.reboot(A, "198.51.100.100", via=RELAY, agent=CIRCUIT)
        w.rebind(A, "198.51.100.100", via=RELAY, agent=CIRCUIT)
        assert len(w.history("198.51.100.100")) == 1

    def test_a_unicast_renewal_cannot_know_and_does_not(self, world: Make) -> None:
        w = world(far())
        w.lease(A, via=RELAY, agent=CIRCUIT)
        w.pass_(600)
        w.renew(A, "198.51.100.100")
        assert len(w.history("198.51.100.100")) == 1
        row = w.row("198.51.100.100")
        assert (row.relay, row.agent) == (ip(RELAY), CIRCUIT)

    def test_a_relay_between_two_renewals_is_the_same_relay(self, world: Make) -> None:
        w = world(far())
        w.lease(A, via=RELAY, agent=CIRCUIT)
        for seconds in (600, 600):
            w.pass_(seconds)
            w.renew(A, "198.51.100.100")
            w.rebind(A, "198.51.100.100", via=RELAY, agent=CIRCUIT)
        assert len(w.history("198.51.100.100")) == 1

    def test_an_ended_lease_renewed_by_unicast_does_not_keep_the_circuit_of_old(self, world: Make) -> None:
        w = world(far())
        w.lease(A, via=RELAY, agent=CIRCUIT)
        w.pass_(4000)
        assert w.renew(A, "198.51.100.100").kind == ACK
        assert (w.row("198.51.100.100").relay, w.row("198.51.100.100").agent) == (b"", b"")
