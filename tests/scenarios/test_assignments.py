"""Static assignments: by whatever names the client, in and out of pools, in force at the next REQUEST."""

from collections.abc import Callable

import pytest

from tests.packets4 import ACK, NAK, OFFER, Client, client
from tests.playbook import OFFICE, World, assignment, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2)
RELAY = "192.0.2.2"
AGENT = b"\x01\x09eth-0-1-7\x02\x06\x02\x00\x00\x00\x00\x63"
DUID = bytes.fromhex("0003000102000000000001")


def office(world: Make, *assigned: dict[str, object], **fields: object) -> World:
    home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.103"), lifetime=3600, **fields)
    return world(home, assignments=[assignment(home, **one) for one in assigned])


class TestIdentifier:
    @pytest.mark.parametrize(
        ("by", "who", "agent"),
        [
            ({"hw": A.hw}, A, None),
            ({"hw": A.hw}, client(1, b"\x01whatever"), None),
            ({"client_id": b"\x01x"}, client(7, b"\x01x"), None),
            ({"duid": DUID}, client(7, b"\xff\0\0\0\1" + DUID), None),
            ({"circuit": b"eth-0-1-7"}, client(7), AGENT),
            ({"remote": b"\x02\0\0\0\0\x63"}, client(7), AGENT),
        ],
    )
    def test_its_owner_gets_the_address(
        self, world: Make, by: dict[str, bytes], who: Client, agent: bytes | None
    ) -> None:
        w = office(world, {"address": "192.0.2.10", **by})
        fields = {"via": RELAY, "agent": agent} if agent else {}
        assert w.lease(who, **fields).yiaddr == "192.0.2.10"

    @pytest.mark.parametrize(
        ("by", "who", "agent"),
        [
            ({"hw": A.hw}, B, None),
            ({"hw": A.hw}, Client(A.hw, htype=6), None),
            ({"client_id": b"\x01x"}, client(7, b"\x01xy"), None),
            ({"client_id": A.hw}, A, None),
            ({"duid": DUID}, client(7, b"\x01\0\0\0\1" + DUID), None),
            ({"circuit": b"eth-0-1-7"}, client(7), b"\x01\x09eth-0-1-8"),
            ({"circuit": b"eth-0-1-7"}, client(7), b"\x02\x09eth-0-1-7"),
            ({"circuit": b"eth-0-1-7"}, client(7), b"\x01\x0aeth-0-1-7"),
        ],
    )
    def test_nobody_else_does(self, world: Make, by: dict[str, bytes], who: Client, agent: bytes | None) -> None:
        w = office(world, {"address": "192.0.2.10", **by})
        fields = {"via": RELAY, "agent": agent} if agent else {}
        assert w.lease(who, **fields).yiaddr == "192.0.2.100"

    def test_the_clients_own_name_goes_before_its_hardware_and_that_before_its_port(self, world: Make) -> None:
        w = office(
            world,
            {"address": "192.0.2.12", "circuit": b"eth-0-1-7"},
            {"address": "192.0.2.11", "hw": A.hw},
            {"address": "192.0.2.10", "client_id": b"\x01x"},
        )
        assert w.discover(client(1, b"\x01x"), via=RELAY, agent=AGENT).yiaddr == "192.0.2.10"
        assert w.discover(A, via=RELAY, agent=AGENT).yiaddr == "192.0.2.11"
        assert w.discover(B, via=RELAY, agent=AGENT).yiaddr == "192.0.2.12"

    def test_an_assignment_of_another_link_is_none_here(self, world: Make) -> None:
        here = subnet(OFFICE, pool("192.0.2.100", "192.0.2.103"))
        there = subnet("198.51.100.0/24", pool("198.51.100.100", "198.51.100.103"))
        w = world(here, there, assignments=[assignment(there, "198.51.100.10", hw=A.hw)])
        assert w.lease(A).yiaddr == "192.0.2.100"
        assert w.lease(A, via="198.51.100.1").yiaddr == "198.51.100.10"

    def test_one_client_may_have_one_on_each_link(self, world: Make) -> None:
        here = subnet(OFFICE)
        there = subnet("198.51.100.0/24")
        w = world(
            here, there,
            assignments=[assignment(here, "192.0.2.10", hw=A.hw), assignment(there, "198.51.100.10", hw=A.hw)],
        )  # fmt: skip
        assert w.lease(A).yiaddr == "192.0.2.10"
        assert w.lease(A, via="198.51.100.1").yiaddr == "198.51.100.10"

    def test_without_any_assignment_nobody_asks_for_one(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        assert w.kept.asked == 0


class TestByPort:
    """Circuit and remote end are what a relay says; a renewal by-passes it, and the lease remembers."""

    @pytest.mark.parametrize("by", [{"circuit": b"eth-0-1-7"}, {"remote": b"\x02\0\0\0\0\x63"}])
    @pytest.mark.parametrize("address", ["192.0.2.10", "192.0.2.101"], ids=["outside the pool", "inside"])
    def test_a_unicast_renewal_keeps_the_address_and_its_options(
        self, world: Make, by: dict[str, bytes], address: str
    ) -> None:
        w = office(world, {"address": address, "options": {15: b"port"}, **by})
        assert w.lease(A, via=RELAY, agent=AGENT).yiaddr == address
        for _ in range(3):
            w.pass_(1800)
            ack = w.renew(A, address)
            assert (ack.kind, ack.options[15]) == (ACK, b"port")
        assert w.rebind(A, address, via=RELAY, agent=AGENT).kind == ACK
        assert len(w.history(address)) == 1

    def test_an_assignment_given_to_another_port_moves_it_at_its_unicast_renewal(self, world: Make) -> None:
        w = office(world, {"address": "192.0.2.10", "circuit": b"eth-0-1-7"})
        w.lease(A, via=RELAY, agent=AGENT)
        w.install(assignments=[assignment(w.subnets[0], "192.0.2.11", circuit=b"eth-0-1-7")])
        assert w.renew(A, "192.0.2.10").kind == NAK
        assert w.reason == "NAK-MOVED"

    def test_a_client_that_was_not_relayed_cannot_say_it_is_on_a_port(self, world: Make) -> None:
        """Anybody can write option 82; only a relay's counts.  RFC 3046 2.1."""
        w = office(world, {"address": "192.0.2.10", "circuit": b"eth-0-1-7"})
        assert w.lease(A, agent=AGENT).yiaddr == "192.0.2.100"
        assert w.row("192.0.2.100").agent == b""

    def test_nor_by_renewing_what_another_got_there(self, world: Make) -> None:
        w = office(world, {"address": "192.0.2.10", "circuit": b"eth-0-1-7"})
        w.lease(A, via=RELAY, agent=AGENT)
        for later in (0, 4000):
            w.pass_(later)
            assert w.renew(B, "192.0.2.10") is None
            assert w.reason == "UNKNOWN-CLIENT"

    def test_an_ended_lease_remembers_no_port(self, world: Make) -> None:
        w = office(world, {"address": "192.0.2.10", "circuit": b"eth-0-1-7"})
        w.lease(A, via=RELAY, agent=AGENT)
        w.pass_(4000)
        assert w.renew(A, "192.0.2.10").kind == NAK


class TestInAPool:
    def test_its_owner_gets_it_and_nobody_else(self, world: Make) -> None:
        w = office(world, {"address": "192.0.2.101", "hw": A.hw})
        assert [w.lease(client(n)).yiaddr for n in (7, 8, 9)] == ["192.0.2.100", "192.0.2.102", "192.0.2.103"]
        assert w.discover(client(10)) is None
        assert w.reason == "POOL-EXHAUSTED"
        assert w.lease(A).yiaddr == "192.0.2.101"

    def test_once_its_lease_has_ended_it_is_still_nobody_elses(self, world: Make) -> None:
        w = office(world, {"address": "192.0.2.101", "hw": A.hw})
        w.lease(A)
        w.release(A, "192.0.2.101")
        w.pass_(90_000)
        for n in (7, 8, 9):
            w.lease(client(n))
        assert w.discover(client(10)) is None
        assert w.select(client(10), "192.0.2.101").kind == NAK

    def test_after_a_restart_too(self, world: Make) -> None:
        w = office(world, {"address": "192.0.2.100", "hw": A.hw})
        w.restart()
        assert w.lease(B).yiaddr == "192.0.2.101"

    def test_who_had_the_address_before_is_moved_at_its_next_request(self, world: Make) -> None:
        w = office(world)
        w.lease(B)
        w.install(assignments=[assignment(w.subnets[0], "192.0.2.100", hw=A.hw)])
        w.pass_(1800)
        assert w.renew(B, "192.0.2.100").kind == NAK
        assert w.reason == "NAK-NOT-PERMITTED"
        assert w.lease(B).yiaddr == "192.0.2.101"

    def test_who_had_the_address_before_is_not_offered_it_again(self, world: Make) -> None:
        w = office(world)
        w.lease(B)
        w.release(B, "192.0.2.100")
        w.install(assignments=[assignment(w.subnets[0], "192.0.2.100", hw=A.hw)])
        assert w.discover(B).yiaddr == "192.0.2.101"

    def test_an_assignment_taken_away_frees_the_address(self, world: Make) -> None:
        w = office(world, {"address": "192.0.2.100", "hw": A.hw})
        assert w.discover(B).yiaddr == "192.0.2.101"
        w.install(assignments=[])
        assert w.discover(client(9)).yiaddr == "192.0.2.100"


class TestAtTheNextRequest:
    @pytest.mark.parametrize("state", ["renew", "rebind", "reboot", "select"])
    def test_whatever_it_has_it_is_refused_and_finds_its_assignment(self, world: Make, state: str) -> None:
        w = office(world)
        w.lease(A)
        w.install(assignments=[assignment(w.subnets[0], "192.0.2.10", hw=A.hw)])
        assert getattr(w, state)(A, "192.0.2.100").kind == NAK
        assert w.reason == "NAK-MOVED"
        assert w.lease(A).yiaddr == "192.0.2.10"
        assert w.row("192.0.2.100").state == 2, "it has left its first address"

    def test_an_assignment_without_an_address_moves_nobody(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        w.install(assignments=[assignment(w.subnets[0], None, hw=A.hw)])
        assert w.renew(A, "192.0.2.100").kind == ACK

    def test_an_assignment_elsewhere_moves_nobody_here(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        there = subnet("198.51.100.0/24")
        w.install(*w.subnets, there, assignments=[assignment(there, "198.51.100.10", hw=A.hw)])
        assert w.renew(A, "192.0.2.100").kind == ACK

    def test_an_assignment_changed_again_moves_it_again(self, world: Make) -> None:
        w = office(world, {"address": "192.0.2.10", "hw": A.hw})
        w.lease(A)
        w.install(assignments=[assignment(w.subnets[0], "192.0.2.11", hw=A.hw)])
        assert w.renew(A, "192.0.2.10").kind == NAK
        assert w.lease(A).yiaddr == "192.0.2.11"

    def test_an_assignment_taken_away_ends_an_address_outside_the_pools(self, world: Make) -> None:
        w = office(world, {"address": "192.0.2.10", "hw": A.hw})
        w.lease(A)
        w.install(assignments=[])
        assert w.renew(A, "192.0.2.10").kind == NAK
        assert w.reason == "NAK-NOT-PERMITTED"
        assert w.lease(A).yiaddr == "192.0.2.100"

    def test_an_assignment_given_to_another_waits_for_the_old_end(self, world: Make) -> None:
        w = office(world, {"address": "192.0.2.10", "hw": A.hw})
        w.lease(A)
        w.install(assignments=[assignment(w.subnets[0], "192.0.2.10", hw=B.hw)])
        assert w.renew(A, "192.0.2.10").kind == NAK
        assert w.discover(B).yiaddr == "192.0.2.100", "it is still in use"
        w.pass_(3630)
        assert w.lease(B).yiaddr == "192.0.2.10"


class TestOutsideEveryPool:
    def test_it_needs_no_pool(self, world: Make) -> None:
        home = subnet(OFFICE)
        w = world(home, assignments=[assignment(home, "192.0.2.10", hw=A.hw)])
        assert w.lease(A).yiaddr == "192.0.2.10"
        assert w.discover(B) is None
        assert w.reason == "NO-POOL"

    def test_its_offer_is_of_no_pool(self, world: Make) -> None:
        """A pool's map must not be written at a place that it does not have."""
        home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.103", pool_id=1))
        w = world(home, assignments=[assignment(home, "192.0.2.10", hw=A.hw)])
        w.discover(A)
        assert w.engine.allocator.hold_of(A.identity).pool == 0
        w.pass_(61)
        assert [w.lease(client(n)).yiaddr[-3:] for n in range(7, 11)] == ["100", "101", "102", "103"]

    def test_it_is_not_refused_for_standing_outside(self, world: Make) -> None:
        w = office(world, {"address": "192.0.2.10", "hw": A.hw}, authoritative=True)
        w.lease(A)
        for state in ("renew", "rebind", "reboot"):
            assert getattr(w, state)(A, "192.0.2.10").kind == ACK


class TestRounds:
    """The rows that a decision needs are few and fetched together: a full link with many assignments still answers."""

    def test_blocked_assignment_taken_wish_and_only_used_addresses_left(self, world: Make) -> None:
        w = office(world, {"address": "192.0.2.10", "hw": A.hw}, {"address": "192.0.2.50", "hw": B.hw})
        for n in range(7, 11):
            w.lease(client(n))
        w.pass_(4000)
        w.renew(client(7), "192.0.2.100")
        w.install(assignments=[*w.kept.listed, assignment(w.subnets[0], "192.0.2.60", hw=client(66).hw)])
        w.lease(A)
        w.decline(A, "192.0.2.10")
        w.restart()
        offer = w.discover(A, requested="192.0.2.100")
        if offer is None:
            assert w.reason == "TOO-MANY-LOOKUPS"
            offer = w.discover(A, requested="192.0.2.100")  # What was read the first time is known the second.
        assert (offer.kind, offer.yiaddr) == (OFFER, "192.0.2.101")

    def test_an_engine_of_several_too(self, world: Make) -> None:
        home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"))
        w = world(home, assignments=[assignment(home, "192.0.2.10", hw=B.hw)], engines=2)
        w.lease(client(7), requested="192.0.2.100")
        for by in (0, 1):
            assert w.discover(client(8 + by), by, requested="192.0.2.100").kind == OFFER


def test_who_takes_an_offer_is_decided_in_one_round_where_others_have_assignments(world: Make) -> None:
    """What the offer saw of the client serves the REQUEST; who the address is kept for is asked along with it."""
    w = office(world, {"hw": B.hw, "address": "192.0.2.103"})
    offer = w.discover(A)
    assert offer is not None
    before = w.store.fetches
    assert w.select(A, offer) is not None
    assert w.store.fetches - before == 1


def test_an_assignment_that_came_after_the_offer_still_refuses_it(world: Make) -> None:
    home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.103"), lifetime=3600)
    other = assignment(home, "192.0.2.102", hw=client(9).hw)
    w = world(home, assignments=[other])
    offer = w.discover(A)
    assert offer is not None
    w.install(home, assignments=[other, assignment(home, offer.yiaddr, hw=B.hw)])
    answer = w.select(A, offer)
    assert answer is not None
    assert answer.kind == NAK
