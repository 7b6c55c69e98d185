"""Clocks that somebody sets: lease time goes on evenly, and what might take an address from its holder is stopped."""

from dataclasses import dataclass

import pytest

from dhcpcore.errors import StoreUnavailable
from dhcpcore.net.clock import SETTLE_S, STEP_S, UNCERTAIN_S, Clock


@dataclass
class Clocks:
    """Three clocks; the database takes ``took`` seconds to answer, or does not answer at all."""

    database: float = 5000.0
    wall: float = 4000.0
    monotonic: float = 100.0
    took: float = 0.0
    away: bool = False

    def ask(self) -> float:
        if self.away:
            raise StoreUnavailable("away")
        self.monotonic += self.took
        self.wall += self.took
        self.database += self.took
        return self.database - self.took / 2

    def go_on(self, seconds: float) -> None:
        self.monotonic += seconds
        self.wall += seconds
        self.database += seconds


@pytest.fixture
def clocks():
    return Clocks()


@pytest.fixture
def clock(clocks):
    made = Clock(clocks.ask, lambda: clocks.wall, lambda: clocks.monotonic)
    made.measure()
    return made


def test_time_is_the_databases_and_goes_on_between_measurements(clocks, clock):
    assert clock.now() == 5000.0
    clocks.go_on(7)
    assert clock.now() == 5007.0
    assert clock.offset == 1000.0


@pytest.mark.parametrize("step", [3600.0, -3600.0])
def test_a_wall_clock_that_is_set_between_measurements_moves_nothing(clocks, clock, step):
    clocks.wall += step
    clocks.go_on(1)
    assert clock.now() == 5001.0
    clock.measure()
    assert clock.now() == 5001.0
    assert not clock.suspect


def test_half_of_what_the_measurement_took_is_its_uncertainty(clocks, clock):
    clocks.took = 4.0
    clock.measure()
    assert clock.now() == clocks.database
    assert clock.uncertainty == 2.0
    assert clock.ready


def test_not_ready_before_the_first_measurement_nor_after_a_very_slow_one(clocks, clock):
    assert not Clock(clocks.ask, lambda: 0.0, lambda: 0.0).ready
    clocks.took = 2 * UNCERTAIN_S + 0.1
    clock.measure()
    assert not clock.ready


def test_a_forward_step_of_the_database_is_suspect_until_it_is_confirmed(clocks, clock):
    clocks.database += STEP_S + 1
    clock.measure()
    assert clock.suspect
    clocks.go_on(10)
    clock.measure()
    assert clock.suspect
    clock.confirm()
    assert not clock.suspect
    clock.measure()
    assert not clock.suspect


def test_drift_and_a_small_step_are_not(clocks, clock):
    clocks.database += STEP_S - 1
    clock.measure()
    assert not clock.suspect


def test_a_step_back_is_followed_and_the_way_forward_again_is_suspect(clocks, clock):
    clocks.database -= 1000
    clock.measure()
    assert clock.now() == 4000.0
    assert not clock.suspect
    clocks.database += 1000
    clock.measure()
    assert clock.suspect


def test_after_a_step_back_one_of_several_engines_waits_until_all_have_noticed(clocks, clock):
    clock.alone = False
    clocks.database -= 1000
    clock.measure()
    assert not clock.ready
    clocks.go_on(SETTLE_S)
    assert clock.ready


def test_an_engine_that_is_alone_does_not_wait(clocks, clock):
    clocks.database -= 1000
    clock.measure()
    assert clock.ready


def test_an_absent_database_confirms_nothing(clocks, clock):
    clocks.database += 1000
    clock.measure()
    clocks.away = True
    with pytest.raises(StoreUnavailable):
        clock.confirm()
    assert clock.suspect


def test_an_absent_database_leaves_the_time_as_it_was_measured(clocks, clock):
    clocks.away = True
    clocks.go_on(30)
    with pytest.raises(StoreUnavailable):
        clock.measure()
    assert clock.ready
    assert clock.now() == 5030.0
    assert not clock.due()
