"""What networks do to packets, and what some clients write into them: fields without meaning, copies, mixtures."""

import random
from collections.abc import Callable

import pytest

from tests.packets4 import ACK, DISCOVER, NAK, OFFER, REQUEST, Client, client, ip
from tests.playbook import OFFICE, SERVER, T0, World, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2)
RELAY, OTHER = "198.51.100.1", "198.51.100.2"


def office(world: Make, **fields: object) -> World:
    return world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), lifetime=3600, **fields))


def far(world: Make, last: str = "198.51.100.19") -> World:
    return world(subnet("198.51.100.0/24", pool("198.51.100.10", last), lifetime=3600))


class TestFields:
    @pytest.mark.parametrize("secs", [0, 1, 255, 256, 0xFFFF])
    @pytest.mark.parametrize("hops", [0, 1, 16, 255])
    def test_secs_and_hops_change_nothing_and_are_not_returned(self, world: Make, secs: int, hops: int) -> None:
        """RFC 2131 2 and 4.3.1 table 3; `read` checks that an answer has zeros there."""
        assert office(world).discover(A, secs=secs, hops=hops).yiaddr == "192.0.2.100"

    @pytest.mark.parametrize("flags", [0x0001, 0x4000, 0x7FFF])
    def test_flags_that_must_be_zero_are_ignored(self, world: Make, flags: int) -> None:
        """RFC 2131 2 figure 2: servers ignore them, and do not send them back."""
        w = office(world)
        odd = w.packet(DISCOVER, A).edited(lambda data: data[:10] + flags.to_bytes(2, "big") + data[12:])
        offer = w.one(odd)
        assert (offer.kind, offer.flags, offer.frame) == (OFFER, 0, A.hw)

    def test_beside_the_broadcast_flag_too(self, world: Make) -> None:
        w = office(world)
        offer = w.one(w.packet(DISCOVER, A).edited(lambda data: data[:10] + b"\xff\xff" + data[12:]))
        assert (offer.flags, offer.to) == (0x8000, "255.255.255.255")

    def test_yiaddr_and_siaddr_of_a_request_mean_nothing(self, world: Make) -> None:
        w = office(world)
        odd = w.packet(DISCOVER, A).edited(lambda data: data[:16] + ip("192.0.2.105") + ip("192.0.2.66") + data[24:])
        offer = w.one(odd)
        assert (offer.yiaddr, offer.siaddr) == ("192.0.2.100", "0.0.0.0")

    def test_a_ciaddr_in_a_discover_asks_for_nothing(self, world: Make) -> None:
        """RFC 2131 4.4.1 table 5: it must be zero; what it says is no wish."""
        w = office(world)
        assert w.discover(A, ciaddr="192.0.2.105").yiaddr == "192.0.2.100"

    def test_octets_behind_the_hardware_address_are_not_part_of_it(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        again = w.packet(DISCOVER, A).edited(lambda data: data[:34] + b"\xff" * 10 + data[44:])
        assert w.send(again.edited(lambda data: data))[0].yiaddr == "192.0.2.100"

    @pytest.mark.parametrize("code", [50, 51, 55, 57])
    def test_an_option_of_a_wrong_length_is_as_if_it_were_not_there(self, world: Make, code: int) -> None:
        w = office(world)
        offer = w.discover(A, options={code: b""})
        assert (offer.kind, offer.yiaddr, offer.number(51)) == (OFFER, "192.0.2.100", 3600)

    def test_an_empty_client_identifier_is_none(self, world: Make) -> None:
        w = office(world)
        who = Client(A.hw, b"")
        assert w.discover(who).kind == OFFER
        assert w.row(w.lease(who).yiaddr).client == A.identity


class TestCopies:
    """Two relays on one wire, or one relay that forwards twice: the same xid again."""

    def test_a_discover_through_two_relays_in_one_batch_is_one_offer_twice(self, world: Make) -> None:
        w = far(world)
        copies = [w.packet(DISCOVER, A, via=relay, xid=7) for relay in (RELAY, OTHER)]
        answers = w.send(*copies)
        assert {(one.yiaddr, one.to) for one in answers} == {("198.51.100.10", RELAY), ("198.51.100.10", OTHER)}
        assert w.engine.allocator.holds == 1

    def test_in_two_batches_too(self, world: Make) -> None:
        w = far(world)
        answers = [w.discover(A, via=relay, xid=7) for relay in (RELAY, OTHER)]
        assert [(one.yiaddr, one.to) for one in answers] == [("198.51.100.10", RELAY), ("198.51.100.10", OTHER)]

    def test_a_discover_twice_through_one_relay_does_not_use_up_two_addresses(self, world: Make) -> None:
        w = far(world, last="198.51.100.10")
        assert len(w.send(*(w.packet(DISCOVER, A, via=RELAY, xid=7) for _ in range(2)))) == 2
        assert w.discover(B, via=RELAY) is None

    @pytest.mark.parametrize("batches", [1, 2])
    def test_a_request_through_two_relays_is_one_lease_and_two_acks(self, world: Make, batches: int) -> None:
        w = far(world)
        offer = w.discover(A, via=RELAY)
        copies = [
            w.packet(REQUEST, A, via=relay, requested=offer.yiaddr, server=SERVER, xid=7) for relay in (RELAY, OTHER)
        ]
        answers = w.send(*copies) if batches == 1 else [*w.send(copies[0]), *w.send(copies[1])]
        assert [(one.kind, one.yiaddr) for one in answers] == [(ACK, "198.51.100.10")] * 2
        assert {one.to for one in answers} == {RELAY, OTHER}
        assert w.row("198.51.100.10").client == A.identity
        assert w.row("198.51.100.11") is None

    @pytest.mark.parametrize("batches", [1, 2])
    def test_a_request_twice_through_one_relay_writes_one_holding(self, world: Make, batches: int) -> None:
        w = far(world)
        offer = w.discover(A, via=RELAY)
        copies = [w.packet(REQUEST, A, via=RELAY, requested=offer.yiaddr, server=SERVER, xid=7) for _ in range(2)]
        answers = w.send(*copies) if batches == 1 else [*w.send(copies[0]), *w.send(copies[1])]
        assert [one.kind for one in answers] == [ACK, ACK]
        assert len(w.history("198.51.100.10")) == 1

    def test_the_same_xid_of_two_clients_is_two_leases(self, world: Make) -> None:
        """A client is not known by its xid."""
        w = far(world)
        offers = [w.discover(who, via=RELAY, xid=7) for who in (A, B)]
        assert {one.yiaddr for one in offers} == {"198.51.100.10", "198.51.100.11"}

    def test_a_release_twice_counts_once(self, world: Make) -> None:
        """Kea #4547: the second one spoilt the statistics."""
        w = far(world)
        w.lease(A, via=RELAY)
        w.release(A, "198.51.100.10")
        w.release(A, "198.51.100.10")
        assert (w.reason, len(w.history("198.51.100.10"))) == ("NO-BINDING", 1)


class TestMoved:
    """INIT-REBOOT after a client was carried to another link.  RFC 2131 4.3.2."""

    def both(self, world: Make, **fields: object) -> World:
        here = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), lifetime=3600, **fields)
        there = subnet("198.51.100.0/24", pool("198.51.100.10", "198.51.100.19"), lifetime=3600, **fields)
        return world(here, there)

    def test_the_address_of_the_old_link_is_refused_and_one_of_the_new_granted(self, world: Make) -> None:
        w = self.both(world)
        w.lease(A)
        nak = w.reboot(A, "192.0.2.100", via=RELAY)
        assert (nak.kind, w.reason) == (NAK, "NAK-WRONG-NETWORK")
        assert w.lease(A, via=RELAY).yiaddr == "198.51.100.10"

    def test_a_relayed_refusal_is_broadcast(self, world: Make) -> None:
        """RFC 2131 4.3.2, Kea #4424: the client would not hear it otherwise."""
        w = self.both(world)
        w.lease(A)
        assert w.reboot(A, "192.0.2.100", via=RELAY).flags == 0x8000

    def test_its_old_lease_is_kept_until_its_end_and_found_when_it_comes_back(self, world: Make) -> None:
        w = self.both(world)
        w.lease(A)
        w.reboot(A, "192.0.2.100", via=RELAY)
        w.lease(A, via=RELAY)
        w.pass_(600)
        assert w.reboot(A, "192.0.2.100").kind == ACK
        assert (w.row("192.0.2.100").state, w.row("198.51.100.10").state) == (1, 1)

    def test_who_never_had_a_lease_of_ours_hears_nothing_unless_we_are_the_authority(self, world: Make) -> None:
        assert self.both(world).reboot(A, "192.0.2.100", via=RELAY) is None
        w = self.both(world, authoritative=True)
        assert w.reboot(A, "192.0.2.100", via=RELAY).kind == NAK

    def test_a_renewal_from_the_new_link_is_refused_too(self, world: Make) -> None:
        w = self.both(world)
        w.lease(A)
        w.pass_(600)
        assert w.rebind(A, "192.0.2.100", via=RELAY).kind == NAK


class TestMixtures:
    """As perfdhcp loads a server: DISCOVER to ACK, renewals and releases at their rates, all in one batch."""

    @pytest.mark.parametrize("seed", range(6))
    @pytest.mark.parametrize(("renew", "release"), [(0.5, 0.0), (0.3, 0.2), (0.1, 0.5)])
    def test_renewals_and_releases_among_new_clients(
        self, world: Make, seed: int, renew: float, release: float
    ) -> None:
        """The world checks after each batch that SQL and the wire say the same."""
        dice = random.Random(seed)
        w = world(subnet(OFFICE, pool("192.0.2.10", "192.0.2.60"), lifetime=3600))
        held: dict[int, str] = {}
        new = 0
        for _ in range(12):
            batch, offered = [], []
            for number, address in list(held.items()):
                if dice.random() < release:
                    batch.append(w.packet(7, client(number), ciaddr=address, unicast=True, server=SERVER))
                    del held[number]
                elif dice.random() < renew:
                    batch.append(w.packet(REQUEST, client(number), ciaddr=address, unicast=True))
            for _ in range(4):
                new += 1
                offered.append(new)
                batch.append(w.packet(DISCOVER, client(new)))
            dice.shuffle(batch)
            answers = w.send(*batch)
            offers = {answer.hw: answer.yiaddr for answer in answers if answer.kind == OFFER}
            assert all(answer.kind in {OFFER, ACK} for answer in answers)
            requests = [
                w.packet(REQUEST, client(number), requested=offers[client(number).hw], server=SERVER)
                for number in offered
                if client(number).hw in offers
            ]
            for answer in w.send(*requests):
                assert answer.kind == ACK
                held[int.from_bytes(answer.hw[2:], "big")] = answer.yiaddr
            w.pass_(dice.choice((1, 60, 900)))
        assert len(set(held.values())) == len(held)
        for number, address in held.items():
            assert w.row(address).client == client(number).identity

    def test_a_renewal_and_a_release_of_one_client_in_one_batch_take_effect_in_their_order(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        w.pass_(600)
        renewal = w.packet(REQUEST, A, ciaddr="192.0.2.100", unicast=True)
        release = w.packet(7, A, ciaddr="192.0.2.100", unicast=True, server=SERVER)
        w.send(renewal, release)
        assert w.row("192.0.2.100").state == 2
        assert [row[1:] for row in w.history("192.0.2.100")] == [(T0, T0 + 600, 1)]
