"""What simulated worlds have found, one dialogue each."""

from collections.abc import Callable

from tests.packets4 import ACK, DISCOVER, NAK, OFFER, REQUEST, client
from tests.playbook import FOREVER, OFFICE, SERVER, T0, World, pool, subnet

Make = Callable[..., World]
A, B, C = client(1), client(2), client(3)
HUNDRED, NEXT, THIRD = "192.0.2.100", "192.0.2.101", "192.0.2.102"


def office(world: Make, last: str = HUNDRED, lifetime: int = 3600, **fields: object) -> World:
    return world(subnet(OFFICE, pool(HUNDRED, last, pool_id=1), subnet_id=1, lifetime=lifetime), **fields)


def shorten(w: World, lifetime: int, last: str = HUNDRED) -> None:
    w.install(subnet(OFFICE, pool(HUNDRED, last, pool_id=1), subnet_id=1, lifetime=lifetime))


class TestRefused:
    def test_what_was_refused_is_not_offered_again(self, world: Make) -> None:
        """The other engine gave the address away meanwhile; the hint here does not know."""
        w = office(world, NEXT, engines=2)
        offer = w.discover(A)
        assert w.select(B, offer, by=1).kind == ACK
        assert w.select(A, offer).kind == NAK
        again = w.discover(A)
        assert (again.kind, again.yiaddr) == (OFFER, NEXT)
        assert w.select(A, again).kind == ACK

    def test_nor_is_it_by_an_engine_that_takes_itself_for_alone(self, world: Make) -> None:
        w = office(world, NEXT, engines=2)
        w.engine.allocator.share = (0, 1)
        offer = w.discover(A)
        assert w.select(B, offer, by=1).kind == ACK
        assert w.select(A, offer).kind == NAK
        assert w.lease(A).yiaddr == NEXT


class TestUncommitted:
    """What an offer saw of its own batch may never come true, and its version may come to another row."""

    def test_a_row_that_was_lost_is_not_remembered_from_its_offer(self, world: Make) -> None:
        w = office(world, engines=2)
        w.lease(A)
        w.release(A, HUNDRED)
        w.pass_(40)
        w.nodes[0].store.before_commit.append(lambda: w.select(B, HUNDRED, by=1))
        ask = {"requested": HUNDRED, "server": SERVER}
        answers = w.send(w.packet(REQUEST, A, **ask), w.packet(DISCOVER, A))
        assert {answer.kind for answer in answers} == {OFFER, NAK}
        assert w.row(HUNDRED).client == B.identity
        assert w.select(A, HUNDRED).kind == NAK
        assert w.row(HUNDRED).client == B.identity


class TestExhausted:
    def test_what_the_other_engine_took_back_is_found(self, world: Make) -> None:
        w = office(world, engines=2)
        w.lease(A)
        assert w.discover(B, by=1) is None
        assert w.reason == "POOL-EXHAUSTED"
        w.release(A, HUNDRED)
        w.pass_(40)
        assert w.discover(B, by=1).yiaddr == HUNDRED

    def test_a_pool_in_which_nothing_is_free_is_read_once_a_second_and_not_more(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        w.pass_(10)
        assert w.discover(B) is None
        reads = []
        w.store._store._rows.page, page = (
            lambda *span: reads.append(span) or page(*span),
            w.store._store._rows.page,
        )
        for _ in range(20):
            w.pass_(0.1)
            assert w.discover(B) is None
        assert 1 <= len(reads) <= 3

    def test_a_clock_set_back_does_not_leave_the_pool_exhausted(self, world: Make) -> None:
        w = office(world, NEXT)
        w.lease(A)
        w.lease(B)
        w.pass_(10)
        assert w.discover(C) is None
        w.release(A, HUNDRED)
        w.pass_(-5000)
        w.sql.execute("UPDATE lease SET expires = ? WHERE state = 2", (int(w.now) - 100,))
        assert w.discover(C).yiaddr == HUNDRED

    def test_an_offer_of_a_time_that_is_the_future_now_is_withdrawn(self, world: Make) -> None:
        w = office(world)
        assert w.discover(A).yiaddr == HUNDRED
        w.pass_(-100)
        assert w.discover(B).yiaddr == HUNDRED


class TestPromised:
    """An end that was promised stands: the ACK that shortens it may never arrive."""

    def test_a_shorter_lease_ends_for_others_when_the_longer_one_was_to_end(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        shorten(w, 60)
        w.pass_(1800)
        assert w.renew(A, HUNDRED).number(51) == 60
        assert w.row(HUNDRED).expires == T0 + 3600
        w.pass_(200)
        assert w.discover(B) is None
        w.pass_(1700)
        assert w.discover(B).yiaddr == HUNDRED

    def test_a_longer_one_is_longer(self, world: Make) -> None:
        w = office(world, lifetime=60)
        w.lease(A)
        shorten(w, 3600)
        w.renew(A, HUNDRED)
        assert w.row(HUNDRED).expires == T0 + 3600

    def test_who_holds_for_ever_and_asks_again_from_the_start_holds_for_ever(self, world: Make) -> None:
        w = office(world, lifetime=0xFFFF_FFFF)
        w.lease(A)
        shorten(w, 60)
        assert w.reboot(A, HUNDRED).number(51) == 60
        assert w.row(HUNDRED).expires == FOREVER

    def test_who_renews_has_heard_that_it_does_not_hold_for_ever(self, world: Make) -> None:
        w = office(world, lifetime=0xFFFF_FFFF)
        w.lease(A)
        shorten(w, 60)
        w.reboot(A, HUNDRED)
        w.pass_(30)
        w.renew(A, HUNDRED)
        assert w.row(HUNDRED).expires == T0 + 90

    def test_a_lease_that_had_ended_begins_anew(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        w.release(A, HUNDRED)
        shorten(w, 60)
        w.lease(A)
        assert w.row(HUNDRED).expires == T0 + 60


def test_addresses_in_use_are_found_one_after_the_other(world: Make) -> None:
    """Each probe's answer begins the look-ups anew; they do not add up to too many."""
    w = office(world, "192.0.2.109", engines=2, probe=True)
    squatted = {f"192.0.2.{100 + n}" for n in range(8)}
    w.send(w.packet(1, A))
    for _ in range(20):
        probes = w.engine.take_probes()
        if not probes:
            break
        for probe in probes:
            if ".".join(map(str, probe.key[2])) in squatted:
                w.engine.probe_answered(probe.key)
        w.pass_(1)
        answers = w.later()
        if answers:
            break
    assert [answer.yiaddr for answer in answers] == ["192.0.2.108"]
    assert "TOO-MANY-LOOKUPS" not in w.log
