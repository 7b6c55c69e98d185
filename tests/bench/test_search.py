from dataclasses import dataclass, field

import pytest

from bench.search import PROBES_MAX, RATE_MIN, RESOLUTION, RETREATS_MAX, highest_rate, sustained_rate


@dataclass
class Probe:
    carried: bool
    rate_per_s: float


@dataclass
class Server:
    """Carries up to `capacity`, or up to `long_capacity` when it is asked for over two seconds."""

    capacity: int
    long_capacity: int | None = None
    collapses: bool = False
    probes: list[tuple[int, float]] = field(default_factory=list)

    def __call__(self, rate: int, seconds: float) -> Probe:
        self.probes.append((rate, seconds))
        limit = self.long_capacity if self.long_capacity and seconds > 2 else self.capacity
        return Probe(rate <= limit, rate if rate <= limit else 0 if self.collapses else limit)


@pytest.mark.parametrize("begin_at", [30, 900, 5_000, 20_000, 60_000])
@pytest.mark.parametrize("collapses", [False, True])
def test_the_capacity_is_found_from_wherever_the_search_begins(begin_at, collapses):
    server = Server(5_000 if begin_at > 100 else 80, collapses=collapses)
    found = highest_rate(server, begin_at, 1.0, 80_000)
    assert found is not None
    assert server.capacity * (1 - 2 * RESOLUTION) <= found <= server.capacity


def test_a_server_that_carries_nothing_has_no_rate():
    server = Server(0, collapses=True)
    assert highest_rate(server, 50, 1.0, 80_000) is None
    assert len(server.probes) <= PROBES_MAX


def test_a_server_that_carries_everything_stops_at_the_limit():
    assert highest_rate(Server(10**9), 50_000, 1.0, 60_000) == 60_000


def test_a_refusal_that_was_nearly_carried_is_tried_again():
    server = Server(1_000)
    highest_rate(server, 1_050, 1.0, 80_000)
    assert [rate for rate, _ in server.probes[:2]] == [1_050, 1_050]


def test_a_clear_refusal_is_not_tried_again():
    server = Server(1_000)
    highest_rate(server, 2_000, 1.0, 80_000)
    assert server.probes[1][0] < 2_000


def test_no_probe_goes_below_the_least_rate():
    server = Server(0, collapses=True)
    highest_rate(server, RATE_MIN + 2, 1.0, 80_000)
    assert [rate for rate, _ in server.probes] == [RATE_MIN + 2, RATE_MIN]


def test_a_rate_of_short_probes_is_lowered_until_it_lasts():
    found = sustained_rate(Server(5_000, long_capacity=4_000), 4_900, 1.0, 5.0, 80_000)
    assert found is not None
    assert 3_600 <= found <= 4_000


def test_a_rate_that_never_lasts_is_none():
    server = Server(5_000, long_capacity=-1)
    assert sustained_rate(server, 4_900, 1.0, 5.0, 80_000) is None
    assert sum(seconds == 5.0 for _, seconds in server.probes) == RETREATS_MAX


def test_a_server_that_was_overrun_in_a_long_trial_is_not_taken_for_as_slow_as_it_was_then():
    class Overrun(Server):
        def __call__(self, rate, seconds):
            probe = super().__call__(rate, seconds)
            return probe if probe.carried or seconds <= 2 else Probe(False, rate / 4)

    found = sustained_rate(Overrun(5_000, long_capacity=4_800), 4_900, 1.0, 5.0, 80_000)
    assert found is not None
    assert found > 4_300
