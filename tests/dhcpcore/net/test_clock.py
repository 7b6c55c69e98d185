"""Database time: measured, doubted after a step, and going on by a clock that nobody sets."""

from __future__ import annotations

import pytest

from dhcpcore.errors import StoreUnavailable
from dhcpcore.net.clock import MEASURE_S, SETTLE_S, Clock

START = 1_700_000_000.0


class Times:
    """The three clocks of a world: the database's, this machine's wall clock, and the one that only goes on."""

    def __init__(self) -> None:
        self.database = START + 100
        self.wall = START
        self.monotonic = 50.0
        self.latency = 0.0
        self.away = False
        self.clock = Clock(self.ask, lambda: self.wall, lambda: self.monotonic)

    def ask(self) -> float:
        if self.away:
            raise StoreUnavailable("away")
        self.pass_(self.latency / 2)
        answer = self.database
        self.pass_(self.latency / 2)
        return answer

    def pass_(self, seconds: float) -> None:
        self.database += seconds
        self.wall += seconds
        self.monotonic += seconds


@pytest.fixture
def times() -> Times:
    return Times()


def test_before_the_first_measurement_it_is_not_ready(times: Times) -> None:
    assert not times.clock.ready
    assert times.clock.due()


def test_it_tells_the_databases_time_and_the_offset_to_ours(times: Times) -> None:
    times.clock.measure()
    assert times.clock.now() == pytest.approx(times.database)
    assert times.clock.offset == pytest.approx(100)
    times.pass_(7)
    assert times.clock.now() == pytest.approx(times.database)
    assert times.clock.ready


def test_it_wants_to_be_measured_every_so_often(times: Times) -> None:
    times.clock.measure()
    assert not times.clock.due()
    times.pass_(MEASURE_S - 0.1)
    assert not times.clock.due()
    times.pass_(0.1)
    assert times.clock.due()


@pytest.mark.parametrize(("latency", "ready"), [(1.0, True), (9.9, True), (10.1, False)])
def test_a_slow_answer_is_an_uncertain_one(times: Times, latency: float, ready: bool) -> None:
    times.latency = latency
    times.clock.measure()
    assert times.clock.uncertainty == pytest.approx(latency / 2)
    assert times.clock.ready is ready
    assert times.clock.now() == pytest.approx(times.database)


def test_a_wall_clock_that_is_set_meanwhile_changes_nothing(times: Times) -> None:
    times.clock.measure()
    times.wall += 86_400
    times.pass_(5)
    assert times.clock.now() == pytest.approx(times.database)
    times.clock.measure()
    assert not times.clock.suspect


def test_while_the_database_is_away_time_goes_on(times: Times) -> None:
    times.clock.measure()
    times.away = True
    times.pass_(20)
    with pytest.raises(StoreUnavailable):
        times.clock.measure()
    assert times.clock.now() == pytest.approx(times.database)
    assert not times.clock.due(), "it is not asked again at once"


def test_drift_is_no_step(times: Times) -> None:
    for _ in range(20):
        times.clock.measure()
        times.pass_(MEASURE_S)
        times.database += 50
    assert not times.clock.suspect


class TestForward:
    def jump(self, times: Times, seconds: float) -> None:
        times.clock.measure()
        times.pass_(MEASURE_S)
        times.database += seconds
        times.clock.measure()

    def test_a_step_makes_it_suspect_and_its_time_is_the_databases_all_the_same(self, times: Times) -> None:
        self.jump(times, 61)
        assert times.clock.suspect
        assert times.clock.ready, "renewals go on"
        assert times.clock.now() == pytest.approx(times.database)

    def test_a_small_one_does_not(self, times: Times) -> None:
        self.jump(times, 59)
        assert not times.clock.suspect

    def test_it_stays_suspect_until_somebody_confirms(self, times: Times) -> None:
        self.jump(times, 3600)
        for _ in range(5):
            times.pass_(MEASURE_S)
            times.clock.measure()
            assert times.clock.suspect
        times.clock.confirm()
        assert not times.clock.suspect
        times.pass_(MEASURE_S)
        times.clock.measure()
        assert not times.clock.suspect

    def test_with_the_database_away_nothing_is_confirmed(self, times: Times) -> None:
        self.jump(times, 3600)
        times.away = True
        with pytest.raises(StoreUnavailable):
            times.clock.confirm()
        assert times.clock.suspect

    def test_a_second_step_after_the_confirmation_is_a_step_again(self, times: Times) -> None:
        self.jump(times, 3600)
        times.clock.confirm()
        times.pass_(MEASURE_S)
        times.database += 3600
        times.clock.measure()
        assert times.clock.suspect

    def test_it_is_said_once(self, times: Times, caplog: pytest.LogCaptureFixture) -> None:
        self.jump(times, 3600)
        for _ in range(3):
            times.pass_(MEASURE_S)
            times.clock.measure()
        assert sum("CLOCK-STEP" in line for line in caplog.messages) == 1


class TestBack:
    def jump(self, times: Times) -> None:
        times.clock.measure()
        times.pass_(MEASURE_S)
        times.database -= 3600
        times.clock.measure()

    def test_alone_it_goes_on_with_the_earlier_time(self, times: Times) -> None:
        self.jump(times)
        assert (times.clock.suspect, times.clock.ready) == (False, True)
        assert times.clock.now() == pytest.approx(times.database)

    def test_beside_others_it_waits_until_they_must_have_noticed(self, times: Times) -> None:
        times.clock.alone = False
        self.jump(times)
        assert not times.clock.ready
        times.pass_(SETTLE_S - 0.1)
        assert not times.clock.ready
        times.pass_(0.1)
        assert times.clock.ready
