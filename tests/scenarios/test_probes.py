"""The probe before an offer: suspended transactions, answered or not, bounded, and in nobody's way.  RFC 2131 4.3.1."""

from collections.abc import Callable

from dhcpcore.pipeline.suspended import SUSPENDED_MAX
from tests.packets4 import ACK, DISCOVER, OFFER, client
from tests.playbook import OFFICE, T0, World, assignment, pool, subnet

Make = Callable[..., World]
A, B, C = client(1), client(2), client(3)
HUNDRED = "192.0.2.100"


def key(address: str) -> tuple[int, int, bytes, int]:
    return (0, 4, bytes(map(int, address.split("."))), 32)


def office(world: Make, last: str = "192.0.2.109", **fields: object) -> World:
    return world(subnet(OFFICE, pool(HUNDRED, last), lifetime=3600), **{"probe": True, **fields})


def test_it_is_off_by_default(world: Make) -> None:
    w = office(world, probe=False)
    assert w.discover(A).kind == OFFER
    assert w.engine.take_probes() == []


class TestSilent:
    def test_the_offer_waits_for_the_probe_and_then_leaves(self, world: Make) -> None:
        w = office(world)
        assert w.discover(A) is None
        assert w.reasons == []
        (probe,) = w.engine.take_probes()
        assert (probe.key, probe.interface) == (key(HUNDRED), 2)
        assert w.engine.timer() == T0 + 0.5
        w.pass_(0.4)
        assert w.later() == []
        w.pass_(0.1)
        (offer,) = w.later()
        assert (offer.kind, offer.yiaddr, w.reason) == (OFFER, HUNDRED, "OFFER")
        assert w.engine.timer() is None

    def test_behind_a_relay_there_is_no_link_to_ask_on(self, world: Make) -> None:
        w = office(world)
        w.discover(A, via="192.0.2.9")
        assert w.engine.take_probes()[0].interface == 0

    def test_the_others_of_its_batch_are_answered_at_once(self, world: Make) -> None:
        w = office(world)
        w.install(probe=False)
        w.lease(B)
        w.install(probe=True)
        (answer,) = w.send(w.packet(DISCOVER, A), w.packet(3, B, ciaddr=HUNDRED, unicast=True))
        assert answer.kind == ACK

    def test_what_it_was_offered_is_granted_without_another_probe(self, world: Make) -> None:
        w = office(world)
        w.discover(A)
        w.pass_(0.5)
        (offer,) = w.later()
        w.engine.take_probes()
        assert w.select(A, offer).kind == ACK
        assert w.engine.take_probes() == []

    def test_ones_present_lease_is_not_probed(self, world: Make) -> None:
        """Its client would answer."""
        w = office(world, probe=False)
        w.lease(A)
        w.install(probe=True)
        assert w.discover(A).yiaddr == HUNDRED

    def test_a_former_lease_is(self, world: Make) -> None:
        w = office(world, probe=False)
        w.lease(A)
        w.release(A, HUNDRED)
        w.install(probe=True)
        assert w.discover(A) is None
        assert w.engine.take_probes()[0].key == key(HUNDRED)

    def test_two_clients_probe_two_addresses(self, world: Make) -> None:
        w = office(world)
        w.send(w.packet(DISCOVER, A), w.packet(DISCOVER, B))
        assert [probe.key for probe in w.engine.take_probes()] == [key(HUNDRED), key("192.0.2.101")]
        w.pass_(0.5)
        assert sorted(offer.yiaddr for offer in w.later()) == [HUNDRED, "192.0.2.101"]

    def test_a_client_that_asks_again_meanwhile_is_offered_one_address(self, world: Make) -> None:
        w = office(world)
        w.discover(A)
        w.pass_(0.3)
        w.discover(A)
        offers = []
        for _ in range(6):
            w.pass_(0.3)
            offers += w.later()
        assert {offer.yiaddr for offer in offers} == {HUNDRED}
        w.pass_(90)
        w.engine.take_probes()
        w.send(w.packet(DISCOVER, client(9)), w.packet(DISCOVER, client(10)))
        assert [probe.key for probe in w.engine.take_probes()] == [key(HUNDRED), key("192.0.2.101")], "none is lost"

    def test_two_that_ask_for_one_address_are_offered_two(self, world: Make) -> None:
        w = office(world)
        w.send(w.packet(DISCOVER, A, requested="192.0.2.105"), w.packet(DISCOVER, B, requested="192.0.2.105"))
        offers = []
        for _ in range(4):
            w.pass_(0.5)
            offers += w.later()
        assert sorted(offer.yiaddr for offer in offers) == [HUNDRED, "192.0.2.105"]


class TestAnswered:
    def test_the_address_goes_on_probation_and_another_is_probed(self, world: Make) -> None:
        w = office(world, probation_s=600)
        w.discover(A)
        w.engine.take_probes()
        w.engine.probe_answered(key(HUNDRED))
        assert w.engine.due
        assert w.later() == []
        assert not w.engine.due
        assert w.engine.take_probes()[0].key == key("192.0.2.101")
        w.pass_(0.5)
        (offer,) = w.later()
        assert offer.yiaddr == "192.0.2.101"
        row = w.row(HUNDRED)
        assert (row.state, row.client, row.expires) == (4, b"", T0 + 600)

    def test_when_none_is_left_there_is_silence_with_that_reason_and_the_conflict_is_kept(self, world: Make) -> None:
        w = office(world, last=HUNDRED)
        w.discover(A)
        w.engine.probe_answered(key(HUNDRED))
        assert w.later() == []
        assert (w.reason, w.row(HUNDRED).state) == ("PROBE-ANSWERED", 4)

    def test_after_the_probation_it_is_tried_again(self, world: Make) -> None:
        w = office(world, last=HUNDRED, probation_s=600)
        w.discover(A)
        w.engine.probe_answered(key(HUNDRED))
        w.later()
        w.pass_(599)
        assert w.discover(A) is None
        assert w.reason == "POOL-EXHAUSTED"
        w.pass_(1)
        w.discover(A)
        w.pass_(0.5)
        (offer,) = w.later()
        assert offer.yiaddr == HUNDRED

    def test_an_answer_after_the_offer_is_too_late_and_harmless(self, world: Make) -> None:
        w = office(world)
        w.discover(A)
        w.pass_(0.5)
        w.later()
        w.engine.probe_answered(key(HUNDRED))
        assert not w.engine.due
        assert w.row(HUNDRED) is None

    def test_an_answer_nobody_asked_for_changes_nothing(self, world: Make) -> None:
        w = office(world)
        w.engine.probe_answered(key("192.0.2.105"))
        assert not w.engine.due
        w.later()
        assert w.row("192.0.2.105") is None

    def test_an_assigned_address_in_use_is_shown_and_the_pool_takes_its_place(self, world: Make) -> None:
        home = subnet(OFFICE, pool(HUNDRED, "192.0.2.109"))
        w = world(home, assignments=[assignment(home, "192.0.2.10", hw=A.hw)], probe=True)
        w.discover(A)
        assert w.engine.take_probes()[0].key == key("192.0.2.10")
        w.engine.probe_answered(key("192.0.2.10"))
        w.later()
        w.pass_(0.5)
        (offer,) = w.later()
        assert (offer.yiaddr, w.row("192.0.2.10").state) == (HUNDRED, 4)

    def test_what_it_asked_for_and_is_in_use_is_not_asked_for_again(self, world: Make) -> None:
        w = office(world)
        w.discover(A, requested="192.0.2.105")
        w.engine.probe_answered(key("192.0.2.105"))
        w.later()
        w.pass_(0.5)
        (offer,) = w.later()
        assert offer.yiaddr == HUNDRED

    def test_a_former_lease_in_use_by_somebody_is_closed_in_history(self, world: Make) -> None:
        w = office(world, probe=False)
        w.lease(A)
        w.pass_(4000)
        w.install(probe=True)
        w.discover(A)
        w.engine.probe_answered(key(HUNDRED))
        w.later()
        assert w.row(HUNDRED).state == 4
        w.pass_(0.5)
        assert w.later()[0].yiaddr == "192.0.2.101"

    def test_who_leased_it_meanwhile_and_answered_keeps_it(self, world: Make) -> None:
        """Its former holder came back while it was probed for another: the answer is the holder's own."""
        w = office(world, last=HUNDRED, probe=False)
        w.lease(B)
        w.pass_(4000)
        w.install(probe=True)
        w.discover(A)
        assert w.engine.take_probes()[0].key == key(HUNDRED)
        w.engine.probe_answered(key(HUNDRED))
        (ack,) = w.send(w.packet(3, B, ciaddr=HUNDRED, unicast=True))
        assert (ack.kind, w.row(HUNDRED).state, w.row(HUNDRED).client) == (ACK, 1, B.identity)

    def test_a_conflict_that_two_engines_find_is_written_once(self, world: Make) -> None:
        w = office(world, engines=2)
        for by in (0, 1):
            w.discover(client(1 + by), by, requested="192.0.2.105")
            w.nodes[by].engine.probe_answered(key("192.0.2.105"))
        w.nodes[1].store.before_commit.append(lambda: w.later(by=0))
        w.later(by=1)
        assert w.row("192.0.2.105").state == 4
        for _ in range(3):
            w.pass_(0.5)
            w.later(by=0)
            w.later(by=1)
        assert w.log.count("OFFER") == 2


class TestBounds:
    def test_the_oldest_is_dropped_by_name(self, world: Make) -> None:
        w = world(subnet("10.0.0.0/16", pool("10.0.0.1", "10.0.255.0"), relays=["192.0.2.9"]), probe=True)
        limit = SUSPENDED_MAX
        w.send(*(w.packet(DISCOVER, client(n), via="192.0.2.9") for n in range(limit)))
        assert w.reasons == []
        w.send(w.packet(DISCOVER, client(limit), via="192.0.2.9"))
        assert w.reasons == ["TOO-MANY-SUSPENDED"]
        w.pass_(0.5)
        offers = w.later()
        assert len(offers) == limit
        assert client(0).hw not in {offer.hw for offer in offers}
        assert w.discover(client(0), via="192.0.2.9") is None
        assert w.engine.take_probes()[-1].key[2] == bytes((10, 0, 0, 1)), "its address is to be had again"

    def test_an_answer_for_who_was_dropped_does_not_wake_the_server_for_ever(self, world: Make) -> None:
        w = world(subnet("10.0.0.0/16", pool("10.0.0.1", "10.0.255.0"), relays=["192.0.2.9"]), probe=True)
        limit = SUSPENDED_MAX
        w.send(*(w.packet(DISCOVER, client(n), via="192.0.2.9") for n in range(limit)))
        batch_due = w.engine.probe_answered
        late = w.packet(DISCOVER, client(limit), via="192.0.2.9")
        w.store.fetch, fetch = (
            _with(w.store.fetch, lambda: batch_due((0, 4, bytes((10, 0, 0, 1)), 32))),
            w.store.fetch,
        )
        w.send(late)
        w.store.fetch = fetch
        w.later()
        assert not w.engine.due

    def test_a_restart_forgets_them_and_the_clients_ask_again(self, world: Make) -> None:
        w = office(world)
        w.discover(A)
        w.restart()
        w.pass_(0.5)
        assert w.later() == []
        w.discover(A)
        w.pass_(0.5)
        assert w.later()[0].yiaddr == HUNDRED


class TestMeanwhile:
    """Things that happen while a transaction is suspended."""

    def test_somebody_gets_the_address(self, world: Make) -> None:
        w = office(world)
        w.discover(A)
        w.select(B, HUNDRED)
        offers = []
        for _ in range(3):
            w.pass_(0.5)
            offers += w.later()
        assert [offer.yiaddr for offer in offers] == ["192.0.2.101"]

    def test_somebody_gets_the_address_and_answers_the_probe(self, world: Make) -> None:
        w = office(world)
        w.discover(A)
        w.select(B, HUNDRED)
        w.engine.probe_answered(key(HUNDRED))
        w.later()
        w.pass_(0.5)
        assert [offer.yiaddr for offer in w.later()] == ["192.0.2.101"]
        assert (w.row(HUNDRED).state, w.row(HUNDRED).client) == (1, B.identity)

    def test_somebody_gets_the_last_address(self, world: Make) -> None:
        w = office(world, last=HUNDRED)
        w.discover(A)
        w.select(B, HUNDRED)
        w.pass_(0.5)
        assert w.later() == []
        assert w.reason == "POOL-EXHAUSTED"

    def test_the_client_gets_a_lease_by_another_way(self, world: Make) -> None:
        w = office(world)
        w.discover(A)
        w.select(A, "192.0.2.105")
        w.pass_(0.5)
        assert [offer.yiaddr for offer in w.later()] == ["192.0.2.105"]
        w.install(probe=False)
        assert w.discover(B).yiaddr == HUNDRED, "what was probed for it is not lost"

    def test_a_new_revision_without_the_pool(self, world: Make) -> None:
        w = office(world)
        w.discover(A)
        w.install(subnet(OFFICE, pool("192.0.2.200", "192.0.2.209"), subnet_id=w.subnets[0].subnet_id))
        w.pass_(0.5)
        assert w.later() == []
        w.pass_(0.5)
        (offer,) = w.later()
        assert offer.yiaddr == "192.0.2.200"

    def test_a_new_revision_without_the_subnet(self, world: Make) -> None:
        w = office(world)
        w.discover(A)
        w.install(subnet("203.0.113.0/24"))
        w.pass_(0.5)
        assert w.later() == []
        assert w.reason == "NO-SUBNET"

    def test_the_interface_goes(self, world: Make) -> None:
        w = office(world)
        w.discover(A)
        w.attach({})
        w.pass_(0.5)
        assert w.later() == []
        assert w.reason == "NO-SUBNET"

    def test_the_probe_is_turned_off(self, world: Make) -> None:
        w = office(world)
        w.discover(A)
        w.install(probe=False)
        w.pass_(0.5)
        assert [offer.yiaddr for offer in w.later()] == [HUNDRED]


def _with(inner: Callable[..., None], also: Callable[[], None]) -> Callable[..., None]:
    def both(*args: object, **fields: object) -> None:
        inner(*args, **fields)
        also()

    return both
