"""A fault at each arrow of the batch: what the reason is, what the client is told, and what its next packet brings."""

from collections.abc import Callable

import pytest

from dhcpcore.errors import OutcomeUnknown, StoreUnavailable
from tests.packets4 import ACK, DISCOVER, OFFER, REQUEST, client
from tests.playbook import OFFICE, SERVER, T0, World, pool, subnet

Make = Callable[..., World]
A, B, C = client(1), client(2), client(3)
HUNDRED = "192.0.2.100"
AWAY = StoreUnavailable("the database is away")
UNKNOWN = OutcomeUnknown("lost during COMMIT")


def office(world: Make, last: str = "192.0.2.109", **fields: object) -> World:
    return world(subnet(OFFICE, pool(HUNDRED, last), lifetime=3600), **fields)


class TestFetch:
    @pytest.mark.parametrize("state", ["discover", "select", "reboot", "renew", "rebind", "release", "inform"])
    def test_nothing_is_said_and_the_next_packet_is_served(self, world: Make, state: str) -> None:
        w = office(world)
        w.lease(A)
        w.store.fetch_faults.append(AWAY)
        w.faulty = state == "release"
        ask = getattr(w, state)
        again = (lambda: ask(A)) if state == "discover" else (lambda: ask(A, HUNDRED))
        assert again() is None
        assert w.reason == "DATABASE-UNAVAILABLE"
        assert w.row(HUNDRED).state == 1
        assert (again() is None) == (state == "release")

    def test_in_the_second_round_too(self, world: Make) -> None:
        w = office(world)
        w.store.fetch, fetch = _once(w.store.fetch), w.store.fetch
        assert w.discover(A) is None
        assert w.reason == "DATABASE-UNAVAILABLE"
        w.store.fetch = fetch
        assert w.discover(A).yiaddr == HUNDRED


class TestCommit:
    def test_nothing_is_promised_and_nothing_is_stored(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(A)
        w.store.commit_faults.append(AWAY)
        assert w.select(A, offer) is None
        assert (w.reason, w.row(HUNDRED)) == ("DATABASE-UNAVAILABLE", None)
        assert w.select(A, offer).kind == ACK

    def test_an_offer_of_the_same_batch_has_left(self, world: Make) -> None:
        w = office(world)
        w.store.commit_faults.append(AWAY)
        answers = w.send(w.packet(REQUEST, A, requested=HUNDRED, server=SERVER), w.packet(DISCOVER, B))
        assert [answer.kind for answer in answers] == [OFFER]
        assert w.reasons == ["DATABASE-UNAVAILABLE", "OFFER"]

    def test_an_address_whose_grant_failed_is_not_lost_to_the_pool(self, world: Make) -> None:
        """The client went away while the database was: others must get the address."""
        w = office(world, last=HUNDRED)
        offer = w.discover(A)
        w.store.commit_faults.append(AWAY)
        w.select(A, offer)
        w.pass_(61)
        assert w.lease(B).yiaddr == HUNDRED

    def test_it_stays_on_offer_to_the_client_that_asks_again(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(A)
        w.store.commit_faults.append(AWAY)
        w.select(A, offer)
        assert w.discover(B).yiaddr != offer.yiaddr
        assert w.select(A, offer).kind == ACK

    def test_a_release_that_was_not_stored_can_be_sent_again(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        w.faulty = True
        w.store.commit_faults.append(AWAY)
        w.release(A, HUNDRED)
        assert (w.reason, w.row(HUNDRED).state) == ("DATABASE-UNAVAILABLE", 1)
        w.release(A, HUNDRED)
        assert (w.reason, w.row(HUNDRED).state) == ("RELEASED", 2)

    def test_a_conflict_that_was_not_stored_is_not_forgotten_for_long(self, world: Make) -> None:
        w = office(world, last=HUNDRED, probe=True)
        w.discover(A)
        w.engine.probe_answered((0, 4, bytes((192, 0, 2, 100)), 32))
        w.store.commit_faults.append(AWAY)
        w.later()
        assert w.reason == "DATABASE-UNAVAILABLE"
        w.discover(A)
        assert [probe.key[2][3] for probe in w.engine.take_probes()][-1] == 100


class TestOutcomeUnknown:
    def test_it_was_stored_our_own_commit_shows_as_the_clients_lease(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(A)
        w.store.after_commit.append(UNKNOWN)
        ack = w.select(A, offer)
        assert (ack.kind, ack.yiaddr) == (ACK, HUNDRED)
        assert w.history(HUNDRED) == [(A.identity, T0, None, None)]

    def test_it_was_not_stored_it_is_decided_again(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(A)
        w.store.commit_faults.append(UNKNOWN)
        assert w.select(A, offer).kind == ACK
        assert w.history(HUNDRED) == [(A.identity, T0, None, None)]

    def test_reading_again_fails_too_then_there_is_silence_by_name(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(A)
        w.faulty = True
        w.store.after_commit.append(UNKNOWN)
        w.store.before_commit.append(lambda: w.store.fetch_faults.append(AWAY))
        assert w.select(A, offer) is None
        assert (w.reason, w.row(HUNDRED).client) == ("OUTCOME-UNKNOWN", A.identity)
        assert w.select(A, offer).kind == ACK

    def test_unknown_twice_is_silence_by_name(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(A)
        w.store.commit_faults += [UNKNOWN, UNKNOWN]
        assert w.select(A, offer) is None
        assert w.reason == "OUTCOME-UNKNOWN"
        assert w.select(A, offer).kind == ACK

    def test_another_client_took_it_before_we_looked_again(self, world: Make) -> None:
        w = world(subnet(OFFICE, pool(HUNDRED, HUNDRED), lifetime=3600), engines=2)
        w.store.before_commit.append(lambda: w.select(B, HUNDRED, by=1))
        w.store.commit_faults.append(UNKNOWN)
        assert w.select(A, HUNDRED).kind != ACK
        assert w.reason == "NAK-TAKEN"

    def test_an_address_granted_that_way_comes_back_when_its_lease_ends(self, world: Make) -> None:
        w = office(world, last=HUNDRED)
        offer = w.discover(A)
        w.store.after_commit.append(UNKNOWN)
        w.select(A, offer)
        assert w.discover(B) is None
        w.pass_(3630)
        assert w.lease(B).yiaddr == HUNDRED

    def test_a_release_of_unknown_outcome_is_one_release(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        w.faulty = True
        w.store.after_commit.append(UNKNOWN)
        w.release(A, HUNDRED)
        assert w.row(HUNDRED).state == 2
        assert w.history(HUNDRED) == [(A.identity, T0, T0, 1)]


class TestTooLate:
    def test_a_batch_too_old_is_not_committed(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(A)
        w.pass_(11)  # What was seen for the offer is read again.
        w.store.fetch, fetch = _with(w.store.fetch, lambda: w.pass_(4.1)), w.store.fetch
        assert w.select(A, offer) is None
        assert (w.reason, w.row(HUNDRED)) == ("BATCH-TOO-OLD", None)
        w.store.fetch = fetch
        assert w.select(A, offer).kind == ACK

    def test_an_answer_that_the_commit_made_too_late_is_not_sent(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(A)
        w.faulty = True
        w.store.before_commit.append(lambda: w.pass_(4.1))
        assert w.select(A, offer) is None
        assert (w.reason, w.row(HUNDRED).client) == ("BATCH-TOO-OLD", A.identity)
        assert w.select(A, offer).kind == ACK

    def test_what_was_committed_and_not_said_comes_back_when_its_lease_ends(self, world: Make) -> None:
        w = office(world, last=HUNDRED)
        w.faulty = True
        offer = w.discover(A)
        w.store.before_commit.append(lambda: w.pass_(4.1))
        w.select(A, offer)
        assert w.discover(B) is None
        w.pass_(3630)
        assert w.lease(B).yiaddr == HUNDRED


class TestRefusedRow:
    """The database will not take a row: it goes into quarantine, the others of its batch are answered."""

    def refusing(self, world: Make) -> World:
        w = office(world)
        w.sql.execute(
            "CREATE TRIGGER no_hundred BEFORE INSERT ON lease WHEN NEW.address = x'c0000264' "
            "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
        )
        return w

    def test_it_is_silence_by_name_and_shown(self, world: Make) -> None:
        w = self.refusing(world)
        offer = w.discover(A)
        assert w.select(A, offer) is None
        assert w.reason == "ROW-REFUSED"
        ((place, fault, row),) = w.sql.execute('SELECT place, fault, "row" FROM quarantine').fetchall()
        assert (place, fault) == ("lease", "not this one")
        assert "c0000264" in row

    def test_the_others_of_its_batch_are_served(self, world: Make) -> None:
        w = self.refusing(world)
        packets = [w.packet(REQUEST, client(n), requested=f"192.0.2.{99 + n}", server=SERVER) for n in (1, 2, 3)]
        answers = w.send(*packets)
        assert [answer.yiaddr for answer in answers] == ["192.0.2.101", "192.0.2.102"]
        assert w.reasons == ["ACK-NEW", "ACK-NEW", "ROW-REFUSED"]

    def test_the_next_client_does_not_run_into_it(self, world: Make) -> None:
        w = self.refusing(world)
        w.select(A, w.discover(A))
        assert w.lease(B).yiaddr == "192.0.2.101"
        assert w.lease(A).yiaddr == "192.0.2.102"


class TestKilled:
    def test_between_offer_and_request(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(A)
        w.restart()
        assert w.select(A, offer).kind == ACK

    def test_between_commit_and_answer(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(A)
        w.faulty = True
        w.store.after_commit.append(KeyboardInterrupt())  # type: ignore[arg-type]
        with pytest.raises(KeyboardInterrupt):
            w.select(A, offer)
        w.restart()
        w.sent -= 1
        w._step = None
        ack = w.select(A, offer)
        assert (ack.kind, len(w.history(HUNDRED))) == (ACK, 1)


def _once(inner: Callable[..., None]) -> Callable[..., None]:
    """Works once, then the database is away."""
    left = [1]

    def fetch(*args: object, **fields: object) -> None:
        if not left:
            raise AWAY
        left.pop()
        inner(*args, **fields)

    return fetch


def _with(inner: Callable[..., None], also: Callable[[], None]) -> Callable[..., None]:
    def both(*args: object, **fields: object) -> None:
        inner(*args, **fields)
        also()

    return both
