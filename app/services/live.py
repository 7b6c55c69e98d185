"""What the engine counts, as it happens, for all who look.  The database is never asked here."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.services.appliance import Appliance
from app.services.watching import Places, Watched
from dhcpcore.control import ControlRefused, EngineAway
from dhcpcore.stats.reasons import Reason, Verdict

#: What a new page is shown at once: five minutes.
SAMPLES_MAX = 300

_VERDICTS: Mapping[str, str] = {reason.code: reason.verdict.value for reason in Reason}
_SENTENCES: Mapping[str, str] = {reason.code: reason.text for reason in Reason}
_ORDER = tuple(verdict.value for verdict in Verdict)


@dataclass(frozen=True, slots=True)
class Sample:
    """One second: messages of each type and with each verdict, as rates.  ``engine``: ready, not ready or away."""

    id: int
    at: float
    engine: str
    received: float = 0.0
    types: Mapping[str, float] = field(default_factory=dict)
    verdicts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How often something came to pass since the engine's start."""

    code: str
    verdict: str
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What the engine has done since its start; ``status`` None: it is away."""

    status: Mapping[str, Any] | None
    received: int = 0
    reasons: tuple[ReasonCount, ...] = ()

    def by_verdict(self) -> dict[str, int]:
        """The sums of answered, refused, taken and silent."""
        sums = dict.fromkeys(_ORDER, 0)
        for one in self.reasons:
            sums[one.verdict] += one.count
        return sums


class LiveStatistics(Watched[Sample]):
    """One per process."""

    def __init__(self, appliance: Appliance, places: Places, clock: Callable[[], float] = time.time) -> None:
        super().__init__("live-statistics", places)
        self._appliance = appliance
        self._clock = clock
        self._samples: deque[Sample] = deque(maxlen=SAMPLES_MAX)
        self._before: tuple[float, Mapping[str, Any]] | None = None
        self._totals: Totals | None = None
        self._next_id = 1

    def totals(self) -> Totals:
        """The counters and the state, at most a moment old."""
        self._wake()
        found = self._totals
        if found is None:
            self.poll()
            found = self._totals
        assert found is not None
        return found

    def recent(self, after: int = 0) -> tuple[Sample, ...]:
        """The samples that are newer than the one of that number."""
        self._wake()
        with self._lock:
            return tuple(sample for sample in self._samples if sample.id > after)

    def poll(self) -> None:
        """Ask the engine once, and tell every watcher."""
        status, counted = self._ask()
        now = self._clock()
        with self._lock:
            sample = self._sample(now, status, counted)
            self._samples.append(sample)
            self._totals = _totals(status, counted)
            self._before = None if counted is None else (now, counted)
            self._tell(sample)

    def _ask(self) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
        try:
            return self._appliance.engine.call("status"), self._appliance.engine.call("statistics")
        except (EngineAway, ControlRefused):
            return None, None

    def _sample(self, now: float, status: Mapping[str, Any] | None, counted: Mapping[str, Any] | None) -> Sample:
        number, self._next_id = self._next_id, self._next_id + 1
        engine = "away" if status is None else "ready" if status.get("ready") else "not ready"
        before = self._before
        if counted is None or before is None or before[1].get("started_at") != counted.get("started_at"):
            return Sample(number, now, engine)
        seconds = max(now - before[0], 0.001)
        types = _rates(_by_type(before[1]), _by_type(counted), seconds)
        verdicts = _rates(_by_verdict(before[1]), _by_verdict(counted), seconds)
        return Sample(number, now, engine, round(sum(types.values()), 1), types, verdicts)


def _totals(status: Mapping[str, Any] | None, counted: Mapping[str, Any] | None) -> Totals:
    if counted is None:
        return Totals(status)
    reasons = (ReasonCount(code, _VERDICTS.get(code, "silent"), _SENTENCES.get(code, ""), int(count))
               for code, count in counted.get("reasons", {}).items())
    ordered = sorted(reasons, key=lambda one: (_ORDER.index(one.verdict), -one.count, one.code))
    return Totals(status, int(counted.get("received", 0)), tuple(ordered))


def _by_type(counted: Mapping[str, Any]) -> dict[str, int]:
    return {kind: sum(reasons.values()) for kind, reasons in counted.get("types", {}).items()}


def _by_verdict(counted: Mapping[str, Any]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for code, count in counted.get("reasons", {}).items():
        verdict = _VERDICTS.get(code, "silent")
        sums[verdict] = sums.get(verdict, 0) + count
    return sums


def _rates(before: Mapping[str, int], after: Mapping[str, int], seconds: float) -> dict[str, float]:
    return {name: round((count - before.get(name, 0)) / seconds, 1) for name, count in after.items()}
