"""Finding the highest rate that a server carries."""

from collections.abc import Callable
from typing import Protocol

# The search ends when the gap between a carried and a refused rate is smaller than this share of the latter.
RESOLUTION = 0.05
# Probes of one search; the limit holds when a noisy machine gives contradictory answers.
PROBES_MAX = 14
STEP_UP, STEP_DOWN = 1.2, 0.8
RATE_MIN = 10
# A refused rate of which this share was finished is tried once more: the machine is noisy.
SECOND_CHANCE_SHARE = 0.9
# After a refusal the next rate is at most this share of what was finished.
BELOW_FINISHED = 0.97
# A rate found by short probes that a long one refuses is lowered by this factor, so many times.
RETREAT = 0.94
RETREATS_MAX = 6
# So many times by that factor alone: a server that was overrun late in a long trial finished little of it.
PATIENT = 2


class Probe(Protocol):
    """What the search must know of a trial."""

    @property
    def carried(self) -> bool: ...

    @property
    def rate_per_s(self) -> float: ...


# Offers a rate for some seconds.
Attempt = Callable[[int, float], Probe]


def _lower(rate: int, factor: float, probe: Probe) -> int:
    """The next rate after a refusal; what was finished says how far down to go, unless the server collapsed."""
    below = int(rate * factor)
    finished = int(probe.rate_per_s * BELOW_FINISHED)
    return max(RATE_MIN, min(below, finished) if finished > rate * 0.1 else below)


def _probe(attempt: Attempt, rate: int, seconds: float) -> Probe:
    probe = attempt(rate, seconds)
    if not probe.carried and probe.rate_per_s >= SECOND_CHANCE_SHARE * rate:
        return attempt(rate, seconds)
    return probe


def highest_rate(attempt: Attempt, begin_at: float, seconds: float, rate_max: int) -> int | None:
    """Steps from `begin_at` until one rate is carried and a higher one is not, then bisects between the two."""
    carried: int | None = None
    refused: int | None = None
    rate = max(RATE_MIN, min(rate_max, int(begin_at)))
    for _ in range(PROBES_MAX):
        probe = _probe(attempt, rate, seconds)
        if probe.carried:
            carried = rate
        else:
            refused = rate
        if carried == rate_max or refused == RATE_MIN:
            break
        if refused is None:
            rate = min(rate_max, int(rate * STEP_UP) + 1)
        elif carried is None:
            rate = _lower(rate, STEP_DOWN, probe)
        elif refused - carried <= max(1, refused * RESOLUTION):
            break
        else:
            rate = (carried + refused) // 2
    return carried


def sustained_rate(attempt: Attempt, begin_at: float, probe_s: float, sustained_s: float, rate_max: int) -> int | None:
    """The highest rate by short probes, lowered until it is also carried for `sustained_s`."""
    rate = highest_rate(attempt, begin_at, probe_s, rate_max)
    if rate is None:
        return None
    for turn in range(RETREATS_MAX):
        probe = attempt(rate, sustained_s)
        if probe.carried:
            return rate
        rate = int(rate * RETREAT) if turn < PATIENT else _lower(rate, RETREAT, probe)
    return None
