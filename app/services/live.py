"""What the engine counts, as it happens: one thread asks it once a second while somebody looks, all watchers share it.

The database is never asked here.  A watcher that reads slowly loses the oldest samples, not the newest.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from app.services.appliance import Appliance
from dhcpcore.control import ControlRefused, EngineAway
from dhcpcore.errors import LessorError
from dhcpcore.stats.reasons import Reason, Verdict

PERIOD_S = 1.0
#: What a new page is shown at once: five minutes.
SAMPLES_MAX = 300
#: Streams of one process; each holds one of its threads, and ordinary pages need threads as well.
WATCHERS_MAX = 24
#: A watcher that is further behind has gone away, or its network has.
BEHIND_MAX = 30
#: The thread ends when nobody has asked for so long, so that an appliance nobody looks at does nothing.
LINGER_S = 60.0

_VERDICTS: Mapping[str, str] = {reason.code: reason.verdict.value for reason in Reason}
_SENTENCES: Mapping[str, str] = {reason.code: reason.text for reason in Reason}
_ORDER = tuple(verdict.value for verdict in Verdict)


class TooManyWatchers(LessorError):
    """Every stream of this process is taken; ask from time to time instead."""


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


class LiveStatistics:
    """One per process."""

    def __init__(self, appliance: Appliance, clock: Callable[[], float] = time.time) -> None:
        self._appliance = appliance
        self._clock = clock
        self._lock = threading.Lock()
        self._samples: deque[Sample] = deque(maxlen=SAMPLES_MAX)
        self._watchers: set[queue.Queue[Sample]] = set()
        self._asked_at = 0.0
        self._thread: threading.Thread | None = None
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

    @contextmanager
    def watching(self) -> Iterator[queue.Queue[Sample]]:
        """A queue of every sample from now on; refused where too many watch already."""
        mine: queue.Queue[Sample] = queue.Queue(BEHIND_MAX)
        with self._lock:
            if len(self._watchers) >= WATCHERS_MAX:
                raise TooManyWatchers(f"{WATCHERS_MAX} pages watch this process already.")
            self._watchers.add(mine)
        try:
            self._wake()
            yield mine
        finally:
            with self._lock:
                self._watchers.discard(mine)

    def poll(self) -> None:
        """Ask the engine once, and tell every watcher."""
        status, counted = self._ask()
        now = self._clock()
        with self._lock:
            sample = self._sample(now, status, counted)
            self._samples.append(sample)
            self._totals = _totals(status, counted)
            self._before = None if counted is None else (now, counted)
            for watcher in self._watchers:
                _put(watcher, sample)

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

    def _wake(self) -> None:
        with self._lock:
            self._asked_at = time.monotonic()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="live-statistics", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self.poll()
            time.sleep(PERIOD_S)
            with self._lock:
                if not self._watchers and time.monotonic() - self._asked_at > LINGER_S:
                    self._thread = None
                    return


def _put(watcher: queue.Queue[Sample], sample: Sample) -> None:
    while True:
        try:
            watcher.put_nowait(sample)
        except queue.Full:
            try:
                watcher.get_nowait()
            except queue.Empty:
                continue
        else:
            return


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
