"""Deleted or shrunk definitions with active leases: orphans stay, are refused at next contact, and given to nobody."""

from collections.abc import Callable

import pytest

from tests.packets4 import ACK, NAK, client
from tests.playbook import OFFICE, T0, World, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2)
RELAY = "198.51.100.1"
STATES = pytest.mark.parametrize("state", ["renew", "rebind", "reboot", "select"])


def office(world: Make) -> World:
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109", pool_id=901), lifetime=3600, subnet_id=900))
    w.lease(A)
    w.pass_(600)
    return w


def changed(w: World, *pools: object, **fields: object) -> None:
    w.install(subnet(OFFICE, *pools, lifetime=3600, **{"subnet_id": 900, **fields}))


class TestPool:
    @STATES
    def test_a_lease_of_a_deleted_pool_is_refused_at_next_contact(self, world: Make, state: str) -> None:
        w = office(world)
        changed(w)
        assert getattr(w, state)(A, "192.0.2.100").kind == NAK
        assert w.reason == "NAK-NOT-PERMITTED"

    def test_its_row_stays_as_it_was(self, world: Make) -> None:
        w = office(world)
        before = w.row("192.0.2.100")
        changed(w)
        w.renew(A, "192.0.2.100")
        assert w.row("192.0.2.100") == before

    def test_it_is_swept_when_its_time_comes(self, world: Make) -> None:
        w = office(world)
        changed(w)
        w.pass_(4000)
        assert w.sweep() == 1
        assert w.history("192.0.2.100") == [(A.identity, T0, T0 + 3600, 2)]

    def test_its_client_may_still_release_it(self, world: Make) -> None:
        w = office(world)
        changed(w)
        w.release(A, "192.0.2.100")
        assert w.reason == "RELEASED"

    def test_a_lease_outside_a_shrunk_pool_is_refused_and_another_given(self, world: Make) -> None:
        w = office(world)
        changed(w, pool("192.0.2.101", "192.0.2.109", pool_id=901))
        assert w.renew(A, "192.0.2.100").kind == NAK
        assert w.lease(A).yiaddr == "192.0.2.101"

    def test_a_lease_inside_a_shrunk_pool_goes_on(self, world: Make) -> None:
        w = office(world)
        changed(w, pool("192.0.2.100", "192.0.2.100", pool_id=901))
        assert w.renew(A, "192.0.2.100").kind == ACK

    def test_a_pool_that_comes_back_gives_the_address_to_nobody_before_its_old_end(self, world: Make) -> None:
        w = office(world)
        changed(w)
        changed(w, pool("192.0.2.100", "192.0.2.100", pool_id=902))
        assert w.discover(B) is None
        w.pass_(3029)
        assert w.discover(B) is None
        w.pass_(1)
        assert w.lease(B).yiaddr == "192.0.2.100"

    def test_its_own_client_goes_on_when_the_pool_comes_back(self, world: Make) -> None:
        w = office(world)
        changed(w)
        changed(w, pool("192.0.2.100", "192.0.2.109", pool_id=902))
        assert w.renew(A, "192.0.2.100").kind == ACK
        assert len(w.history("192.0.2.100")) == 1


class TestOffersUnderWay:
    def test_an_offer_of_a_pool_that_shrank_comes_to_nothing(self, world: Make) -> None:
        """When its hold is over, the address must not come back into a pool it is no longer of."""
        w = office(world)
        offer = w.discover(B)
        assert offer.yiaddr == "192.0.2.101"
        changed(w, pool("192.0.2.100", "192.0.2.100", pool_id=901))
        assert w.select(B, offer).kind == NAK
        w.pass_(120)
        assert w.discover(client(3)) is None
        assert w.reason == "POOL-EXHAUSTED"

    def test_nor_is_it_offered_again(self, world: Make) -> None:
        w = office(world)
        w.discover(B)
        changed(w, pool("192.0.2.105", "192.0.2.109", pool_id=901))
        assert w.discover(B).yiaddr == "192.0.2.105"

    def test_an_offer_of_a_pool_that_stays_is_still_good(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(B)
        changed(w, pool("192.0.2.100", "192.0.2.109", pool_id=901))
        assert w.discover(client(3)).yiaddr == "192.0.2.102"
        assert w.select(B, offer).kind == ACK

    def test_an_offer_of_a_pool_that_moved_within_its_range_is_still_good(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(B)
        changed(w, pool("192.0.2.90", "192.0.2.109", pool_id=901))
        assert w.discover(client(3), requested=offer.yiaddr).yiaddr == "192.0.2.90"
        assert w.select(B, offer).kind == ACK

    def test_an_offer_of_a_deleted_pool_is_forgotten_without_harm(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(B)
        changed(w)
        w.pass_(120)
        assert w.discover(B) is None
        assert w.reason == "NO-POOL"
        assert w.select(B, offer).kind == NAK


class TestSubnet:
    @pytest.mark.parametrize("state", ["rebind", "reboot", "select"])
    def test_a_lease_of_a_deleted_subnet_is_refused_through_its_relay(self, world: Make, state: str) -> None:
        far = subnet("198.51.100.0/24", pool("198.51.100.100", "198.51.100.109"), lifetime=3600)
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109")), far)
        w.lease(A, via=RELAY)
        w.install(w.subnets[0])
        nak = getattr(w, state)(A, "198.51.100.100", via=RELAY)
        assert (nak.kind, nak.to, w.reason) == (NAK, RELAY, "NAK-WRONG-NETWORK")

    @STATES
    def test_a_lease_of_the_only_subnet_is_refused_on_the_link(self, world: Make, state: str) -> None:
        w = office(world)
        w.install(subnet("203.0.113.0/24", pool("203.0.113.10", "203.0.113.19"), relays=["10.9.9.9"]))
        assert getattr(w, state)(A, "192.0.2.100").kind == NAK

    @pytest.mark.parametrize("state", ["renew", "rebind", "reboot"])
    def test_a_stranger_on_a_link_without_subnet_is_not_refused(self, world: Make, state: str) -> None:
        """No link of ours: whoever it belongs to knows better."""
        w = office(world)
        w.install(subnet("203.0.113.0/24", relays=["10.9.9.9"]))
        for address in ("192.0.2.100", "192.0.2.105"):
            assert getattr(w, state)(B, address) is None
            assert w.reason == "NO-SUBNET"

    def test_an_ended_lease_of_a_deleted_subnet_is_no_reason_to_refuse(self, world: Make) -> None:
        w = office(world)
        w.install(subnet("203.0.113.0/24", relays=["10.9.9.9"]))
        w.pass_(4000)
        assert w.reboot(A, "192.0.2.100") is None
        assert w.reason == "NO-SUBNET"

    def test_other_messages_of_a_link_without_subnet_are_silence(self, world: Make) -> None:
        w = office(world)
        w.install(subnet("203.0.113.0/24", relays=["10.9.9.9"]))
        assert w.discover(A) is None
        assert w.inform(A, "192.0.2.100") is None
        assert w.reason == "NO-SUBNET"

    def test_its_client_may_still_release_it(self, world: Make) -> None:
        w = office(world)
        w.install(subnet("203.0.113.0/24", relays=["10.9.9.9"]))
        w.release(A, "192.0.2.100")
        assert (w.reason, w.row("192.0.2.100").state) == ("RELEASED", 2)

    def test_a_subnet_that_comes_back_gives_the_address_to_nobody_before_its_old_end(self, world: Make) -> None:
        w = office(world)
        w.install(subnet("203.0.113.0/24"))
        changed(w, pool("192.0.2.100", "192.0.2.100"), subnet_id=950)
        assert w.discover(B) is None
        w.pass_(3030)
        assert w.lease(B).yiaddr == "192.0.2.100"

    def test_its_own_client_goes_on_in_a_new_interval_of_the_new_subnet(self, world: Make) -> None:
        w = office(world)
        w.install(subnet("203.0.113.0/24"))
        changed(w, pool("192.0.2.100", "192.0.2.100"), subnet_id=950)
        assert w.renew(A, "192.0.2.100").kind == ACK
        assert [row[1:3] for row in w.history("192.0.2.100")] == [(T0, T0 + 600), (T0 + 600, None)]
