"""What the control channel can ask of an engine: release, status, transactions, the clock."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhcpcore.control.verbs import VERBS
from dhcpcore.errors import Refused, StoreUnavailable
from dhcpcore.logs import Ring
from dhcpcore.net.clock import Clock
from dhcpcore.net.face import Face
from dhcpcore.store.requests import Request
from dhcpcore.topology.policy import Flood
from tests.packets4 import ACK, NAK, client, ip
from tests.playbook import OFFICE, T0, World, pool, subnet

A, B = client(1), client(2)
HUNDRED = "192.0.2.100"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, subnet(OFFICE, pool(HUNDRED, "192.0.2.109"), lifetime=3600))
    yield made
    made.close()


@pytest.fixture
def face(world: World) -> Face:
    clock = Clock(lambda: world.now, lambda: world.now, lambda: world.now)
    clock.measure()
    stopped: list[bool] = []
    made = Face(
        world.engine, world.store, clock, b"\0\4abc", lambda answers: None, lambda: stopped.append(True), "sqlite:///x",
        float(T0), Ring(first=1000),
    )  # fmt: skip
    made.stopped = stopped  # type: ignore[attr-defined]
    return made


def test_the_log_is_told_as_the_channel_asks_for_it(face: Face) -> None:
    for text in ("one", "two"):
        face._ring.keep(logging.LogRecord("dhcpcore.x", logging.WARNING, "x.py", 1, text, (), None))
    told = face.log(**VERBS["log"].parse({"limit": 1}))
    assert [(line["id"], line["level"], line["text"]) for line in told["lines"]] == [(1001, "warning", "two")]
    assert face.log(**VERBS["log"].parse({"after": 1000}))["lines"] == told["lines"]
    assert face.log(**VERBS["log"].parse({"after": 1001})) == {"lines": (), "last": 1001, "lost": 0}


def test_neighbours_need_the_right_to_ask(face: Face) -> None:
    with pytest.raises(Refused, match="without the capability NET_RAW"):
        face.neighbours("eth0")


class TestRelease:
    def test_an_administrator_ends_a_lease_at_once(self, world: World, face: Face) -> None:
        world.lease(A)
        world.pass_(60)
        told = face.release(ip(HUNDRED))
        assert told == {
            "address": HUNDRED, "client": "hardware address 02:00:00:00:00:01", "expires": T0 + 3600, "state": "LEASED"
        }  # fmt: skip
        assert (world.row(HUNDRED).state, world.row(HUNDRED).expires) == (2, T0 + 60)
        assert world.history(HUNDRED) == [(A.identity, T0, T0 + 60, 6)]

    def test_its_client_may_have_it_again_and_others_after_the_grace(self, world: World, face: Face) -> None:
        world.faulty = True
        world.lease(A)
        face.release(ip(HUNDRED))
        assert world.select(B, HUNDRED).kind == NAK
        world.pass_(30)
        world.witness.held.clear()
        assert world.select(B, HUNDRED).kind == ACK

    def test_a_probation_is_ended_too(self, world: World, face: Face) -> None:
        world.lease(A)
        world.decline(A, HUNDRED)
        assert face.release(ip(HUNDRED))["state"] == "DECLINED"
        world.pass_(30)
        world.witness.barred.clear()
        assert world.select(B, HUNDRED).kind == ACK
        assert world.history(HUNDRED)[0] == (A.identity, T0, T0, 3), "what history said of it stands"

    @pytest.mark.parametrize("what", ["nothing", "released", "ended"])
    def test_what_is_not_held_is_refused_in_words(self, world: World, face: Face, what: str) -> None:
        if what != "nothing":
            world.lease(A)
        if what == "released":
            world.release(A, HUNDRED)
        if what == "ended":
            world.pass_(3600)
        before = world.row(HUNDRED)
        with pytest.raises(Refused, match=f"^{HUNDRED} (has no lease|is not held by anybody)"):
            face.release(ip(HUNDRED))
        assert world.row(HUNDRED) == before

    def test_another_space_is_another_lease(self, world: World, face: Face) -> None:
        world.lease(A)
        with pytest.raises(Refused):
            face.release(ip(HUNDRED), space=7)
        assert world.row(HUNDRED).state == 1

    def test_a_lease_renewed_meanwhile_is_not_said_to_be_released(self, world: World, face: Face) -> None:
        world.lease(A)
        world.store.before_commit.append(lambda: world.sql.execute("UPDATE lease SET version = version + 1"))
        with pytest.raises(Refused, match="was not released"):
            face.release(ip(HUNDRED))
        assert world.row(HUNDRED).state == 1

    def test_nor_where_the_database_went_away(self, world: World, face: Face) -> None:
        world.lease(A)
        world.store.commit_faults.append(StoreUnavailable("away"))
        with pytest.raises(Refused, match="was not released"):
            face.release(ip(HUNDRED))

    def test_an_address_comes_back_into_its_pool(self, world: World, face: Face) -> None:
        world.install(subnet(OFFICE, pool(HUNDRED, HUNDRED), lifetime=3600, subnet_id=world.subnets[0].subnet_id))
        world.faulty = True
        world.lease(A)
        assert world.discover(B) is None
        face.release(ip(HUNDRED))
        world.pass_(31)
        assert world.discover(B).yiaddr == HUNDRED


class TestLeftRequests:
    """What was asked for while no engine could be reached; the rows are anybody's to write."""

    def ask(self, face: Face, verb: str, body: object) -> object:
        return face.do(Request(1, T0, "alice", verb, body))  # type: ignore[arg-type]

    def test_a_release_is_done(self, world: World, face: Face) -> None:
        world.lease(A)
        self.ask(face, "lease-release", {"address": HUNDRED})
        assert world.row(HUNDRED).state == 2

    @pytest.mark.parametrize(
        "body", [{}, {"address": "nonsense"}, {"address": 5}, {"address": "2001:db8::1"}, {"address": HUNDRED, "x": 1},
                 None, [], "192.0.2.100", {"address": None}, {"address": HUNDRED, "space": "zero"}],
    )  # fmt: skip
    def test_whatever_makes_no_sense_is_refused_and_is_no_fault(self, face: Face, body: object) -> None:
        from dhcpcore.errors import LessorError

        with pytest.raises(LessorError):
            self.ask(face, "lease-release", body)

    @pytest.mark.parametrize("verb", ["stop", "reload", "status", "nonsense", "", "__class__"])
    def test_only_what_may_be_left_is_done(self, face: Face, verb: str) -> None:
        with pytest.raises(Refused):
            self.ask(face, verb, {})
        assert face.stopped == []  # type: ignore[attr-defined]

    def test_a_clock_is_confirmed(self, world: World, face: Face) -> None:
        world.engine.allocator.reclaim = False
        self.ask(face, "clock-confirm", {})
        assert world.engine.allocator.reclaim


class TestStatus:
    def test_ready_or_why_not(self, world: World, face: Face) -> None:
        status = face.status()
        assert (status["ready"], status["why_not_ready"]) == (True, [])
        world.install(*())
        face._clock.uncertainty = 99.0
        assert face.status()["ready"] is False

    def test_it_is_plain_data(self, world: World, face: Face) -> None:
        import json

        world.lease(A)
        for told in (face.status(), face.statistics(), face.transactions(10)):
            assert json.loads(json.dumps(told)) == told

    def test_an_engine_that_is_not_ready_yet_has_no_number_for_its_doubt(self, world: World, face: Face) -> None:
        face._clock.uncertainty = float("inf")
        assert face.status()["clock"]["uncertainty_s"] is None

    def test_interfaces_are_named(self, face: Face) -> None:
        assert face.status()["interfaces"] == [{"index": 2, "name": "eth0", "addresses": ["192.0.2.1"]}]


class TestTransactions:
    def test_the_latest_come_first_in_words(self, world: World, face: Face) -> None:
        world.lease(A)
        newest, oldest = face.transactions(10)
        assert (newest["type"], newest["reason"], oldest["type"]) == ("REQUEST", "ACK-NEW", "DISCOVER")
        assert newest["client"] == "hardware address 02:00:00:00:00:01"
        assert any("interface 2" in step for step in oldest["steps"])
        assert bytes.fromhex(newest["answer"])[242] == ACK

    def test_only_so_many(self, world: World, face: Face) -> None:
        world.lease(A)
        assert len(face.transactions(1)) == 1

    @pytest.mark.parametrize("said", ["02:00:00:00:00:02", "020000000002"])
    def test_only_a_clients(self, world: World, face: Face, said: str) -> None:
        world.lease(A)
        world.lease(B)
        assert {one["client"] for one in face.transactions(10, said)} == {"hardware address 02:00:00:00:00:02"}

    def test_what_could_not_be_read_is_shown_as_well(self, world: World, face: Face) -> None:
        world.one(world.packet(1, A).edited(lambda data: data[:100]))
        world.one(world.packet(1, A).edited(lambda data: b""))
        world.one(world.packet(77, A))
        assert [one["reason"] for one in face.transactions(3)] == ["NOT-A-REQUEST", "MALFORMED", "MALFORMED"]


def test_stop_is_passed_on(face: Face) -> None:
    face.stop()
    assert face.stopped == [True]  # type: ignore[attr-defined]


class TestSuspensions:
    def test_who_is_suspended_is_told_and_lifted(self, world: World, face: Face) -> None:
        world.install(flood=Flood(client_rate=1, burst=1, suspend_after=1, suspend_for_s=60))
        for _ in range(2):
            world.discover(A)
        (one,) = face.suspensions()
        assert one == {
            "hw_address": "02:00:00:00:00:01", "why": "rate", "since": T0, "until": T0 + 60, "subnet": OFFICE
        }  # fmt: skip
        assert face.lift(b"\x01" + A.hw) == {"hw_address": "02:00:00:00:00:01"}
        assert face.suspensions() == []

    def test_who_is_not_is_refused_in_words(self, face: Face) -> None:
        with pytest.raises(Refused, match="32/02:00 is not suspended"):
            face.lift(b"\x20\x02\0")
