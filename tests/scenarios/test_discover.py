"""DISCOVER: which address is offered, in the order of RFC 2131 4.3.1, and that an offer binds nobody but us."""

from collections.abc import Callable

from tests.packets4 import ACK, OFFER, client
from tests.playbook import OFFICE, World, assignment, pool, subnet

Make = Callable[..., World]
A, B, C = client(1), client(2), client(3)


def office(world: Make, **fields: object) -> World:
    return world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), lifetime=3600), **fields)


def test_a_new_client_is_offered_the_lowest_free_address(world: Make) -> None:
    w = office(world)
    offer = w.discover(A)
    assert (offer.kind, offer.yiaddr, w.reason) == (OFFER, "192.0.2.100", "OFFER")


def test_an_offer_is_written_nowhere(world: Make) -> None:
    w = office(world)
    w.discover(A)
    assert w.row("192.0.2.100") is None
    assert w.store.commits == []


def test_an_offer_says_what_a_lease_would_be(world: Make) -> None:
    w = office(world)
    offer = w.discover(A)
    assert (offer.number(51), offer.number(58), offer.number(59)) == (3600, 1800, 3150)
    assert offer.address(54) == "192.0.2.1"
    assert (offer.ciaddr, offer.giaddr) == ("0.0.0.0", "0.0.0.0")


def test_the_same_client_is_offered_the_same_again(world: Make) -> None:
    w = office(world)
    assert w.discover(A).yiaddr == w.discover(A).yiaddr == "192.0.2.100"
    assert w.engine.allocator.holds == 1


def test_another_client_is_not_offered_what_is_on_offer(world: Make) -> None:
    w = office(world)
    w.discover(A)
    assert w.discover(B).yiaddr == "192.0.2.101"


def test_an_offer_not_taken_up_is_open_to_others_when_its_time_is_over(world: Make) -> None:
    w = office(world, offer_hold_s=60)
    w.discover(A)
    w.pass_(59)
    assert w.discover(B).yiaddr == "192.0.2.101"
    w.pass_(1)
    assert w.discover(C).yiaddr == "192.0.2.100"


def test_one_client_in_two_guises_by_identifier_is_two_clients(world: Make) -> None:
    w = office(world)
    assert w.discover(client(1, b"\x01one")).yiaddr == "192.0.2.100"
    assert w.discover(client(1, b"\x01two")).yiaddr == "192.0.2.101"


def test_one_identifier_on_another_card_is_the_same_client(world: Make) -> None:
    w = office(world)
    w.lease(client(1, b"\xffnode"))
    assert w.discover(client(2, b"\xffnode")).yiaddr == "192.0.2.100"


class TestOrder:
    """Present lease, former lease, what was asked for, the pool."""

    def test_the_present_lease_is_offered_whatever_is_asked_for(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        assert w.discover(A, requested="192.0.2.105").yiaddr == "192.0.2.100"

    def test_it_needs_no_hold_in_memory(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        w.discover(A)
        assert w.engine.allocator.holds == 0

    def test_of_several_leases_the_present_one_comes_first(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        w.pass_(60)
        w.select(A, "192.0.2.105")  # Leaves .100.
        w.pass_(60)
        w.sql.execute("UPDATE lease SET cltt = cltt + 1000 WHERE state = 2")
        assert w.discover(A).yiaddr == "192.0.2.105"

    def test_of_several_former_leases_the_latest_comes_first(self, world: Make) -> None:
        w = office(world)
        for address in ("192.0.2.107", "192.0.2.105", "192.0.2.106"):
            w.select(A, address)
            w.pass_(60)
        w.release(A, "192.0.2.106")
        assert w.discover(A).yiaddr == "192.0.2.106"
        w.pass_(61)
        w.select(B, "192.0.2.106")
        assert w.discover(A).yiaddr == "192.0.2.105"

    def test_the_former_lease_is_offered_before_what_is_asked_for(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        w.release(A, "192.0.2.100")
        w.pass_(90_000)
        assert w.discover(A, requested="192.0.2.105").yiaddr == "192.0.2.100"

    def test_the_former_lease_is_not_offered_once_it_is_anothers(self, world: Make) -> None:
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.100"), lifetime=3600))
        w.lease(A)
        w.release(A, "192.0.2.100")
        w.pass_(30)
        w.lease(B)
        assert w.discover(A) is None
        assert w.reason == "POOL-EXHAUSTED"

    def test_what_is_asked_for_is_offered_before_the_lowest(self, world: Make) -> None:
        w = office(world)
        assert w.discover(A, requested="192.0.2.105").yiaddr == "192.0.2.105"

    def test_what_is_asked_for_and_leased_to_another_is_not_offered(self, world: Make) -> None:
        w = office(world)
        w.lease(B)
        assert w.discover(A, requested="192.0.2.100").yiaddr == "192.0.2.101"

    def test_what_is_asked_for_and_on_offer_to_another_is_not_offered(self, world: Make) -> None:
        w = office(world)
        w.discover(B)
        assert w.discover(A, requested="192.0.2.100").yiaddr == "192.0.2.101"

    def test_what_is_asked_for_outside_the_pools_is_not_offered(self, world: Make) -> None:
        w = office(world)
        assert w.discover(A, requested="192.0.2.50").yiaddr == "192.0.2.100"

    def test_what_is_asked_for_of_another_network_is_not_offered(self, world: Make) -> None:
        w = office(world)
        assert w.discover(A, requested="198.51.100.5").yiaddr == "192.0.2.100"

    def test_an_address_of_the_wrong_length_is_not_asked_for(self, world: Make) -> None:
        w = office(world)
        assert w.discover(A, options={50: b"\xc0\x00\x02"}).yiaddr == "192.0.2.100"
        assert w.discover(B, options={50: b""}).yiaddr == "192.0.2.101"

    def test_what_is_asked_for_and_assigned_to_another_is_not_offered(self, world: Make) -> None:
        home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"))
        w = world(home, assignments=[assignment(home, "192.0.2.105", hw=B.hw)])
        assert w.discover(A, requested="192.0.2.105").yiaddr == "192.0.2.100"

    def test_the_assigned_address_comes_before_the_present_lease(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        w.install(assignments=[assignment(w.subnets[0], "192.0.2.10", hw=A.hw)])
        assert w.discover(A, requested="192.0.2.100").yiaddr == "192.0.2.10"

    def test_an_address_never_used_comes_before_one_that_was_anothers(self, world: Make) -> None:
        """A client that comes back a week later shall find its address while others are to be had."""
        w = office(world)
        w.lease(A)
        w.release(A, "192.0.2.100")
        w.pass_(7 * 86_400)
        assert w.discover(B).yiaddr == "192.0.2.101"
        assert w.discover(A).yiaddr == "192.0.2.100"


def test_the_answer_to_an_offer_of_another_server_frees_ours_at_once(world: Make) -> None:
    w = office(world)
    w.discover(A)
    assert w.select(A, "192.0.2.55", server="192.0.2.2") is None
    assert w.reason == "OTHER-SERVER"
    assert w.discover(B).yiaddr == "192.0.2.100"


def test_a_lease_is_not_ended_because_its_client_asks_around(world: Make) -> None:
    w = office(world)
    w.lease(A)
    w.discover(A)
    w.select(A, "192.0.2.55", server="192.0.2.2")
    assert w.row("192.0.2.100").state == 1
    assert w.renew(A, "192.0.2.100").kind == ACK


def test_a_flood_of_discovers_by_one_client_is_not_kept(world: Make) -> None:
    """A client may ask a thousand times within the hold: what is kept of it is one offer."""
    w = office(world)
    w.send(*(w.packet(1, A) for _ in range(1000)))
    allocator = w.engine.allocator
    assert sum(len(getattr(allocator, name)) for name in ("_by_client", "_by_key")) == 2
    assert len(getattr(allocator, "_order", ())) <= 1


def test_no_subnet_for_the_interface_is_silence_with_that_reason(world: Make) -> None:
    w = world(subnet("198.51.100.0/24", pool("198.51.100.10", "198.51.100.20")))
    assert w.discover(A) is None
    assert w.reason == "NO-SUBNET"


def test_a_link_without_a_pool_is_silence_with_that_reason(world: Make) -> None:
    w = world(subnet(OFFICE))
    assert w.discover(A) is None
    assert w.reason == "NO-POOL"
