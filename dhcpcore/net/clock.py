"""Database time, and whether it can be trusted.

Lease times are database time, so that engines that share a database agree.  Each engine measures its own offset at
connect and every ``MEASURE_S``; it is not ready while the offset is uncertain by more than ``UNCERTAIN_S``.  A forward
step of the database's clock stops the reclaiming of ended leases until an administrator confirms it.  After a step back
an engine that has others beside it is silent until they must have noticed as well: to one that still lives in the
future, the ends that it would write have passed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

MEASURE_S = 10.0
UNCERTAIN_S = 5.0
#: Twice the time in which every engine measures.
SETTLE_S = 2 * MEASURE_S
#: A wall clock that runs ahead of the monotonic one by more than this was set, not drifting.
STEP_S = 60.0


def since_boot() -> float:
    """A clock that nobody sets and that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Clock:
    """``database_now`` asks the database; the two other clocks are arguments for tests.

    Between two measurements time goes by the monotonic clock: a wall clock that is set meanwhile ends no lease early.
    """

    def __init__(
        self,
        database_now: Callable[[], float],
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = since_boot,
    ) -> None:
        self._database_now = database_now
        self._wall = wall
        self._monotonic = monotonic
        self._lead = wall() - monotonic()  #: Database time minus monotonic, as it was measured last.
        self._trusted: float | None = None  #: The same, as it was before a step that nobody has confirmed yet.
        self.uncertainty = float("inf")
        self.measured_at = float("-inf")
        self.suspect = False
        self.alone = True  #: Whether no other engine uses the database.
        self._set_back_at = float("-inf")

    def now(self) -> float:
        """Database time."""
        return self._monotonic() + self._lead

    @property
    def ready(self) -> bool:
        """Whether lease times may be computed at all."""
        settled = self.alone or self._monotonic() - self._set_back_at >= SETTLE_S
        return self.uncertainty <= UNCERTAIN_S and settled

    @property
    def offset(self) -> float:
        """Database time minus this machine's."""
        return self.now() - self._wall()

    def due(self) -> bool:
        """Whether it is time to measure again."""
        return self._monotonic() - self.measured_at >= MEASURE_S

    def measure(self) -> None:
        """Ask the database for its time; where it does not answer, time goes on as it was measured last."""
        before = self._monotonic()
        self.measured_at = before
        database = self._database_now()
        after = self._monotonic()
        self._lead = database + (after - before) / 2 - after
        self.uncertainty = (after - before) / 2
        self._watch()

    def _watch(self) -> None:
        """A step of the database's clock shows as a change of its lead over the monotonic one."""
        step = 0.0 if self._trusted is None else self._lead - self._trusted
        if step > STEP_S:
            if not self.suspect:
                log.error(
                    "CLOCK-STEP: database time jumped forward by %.0f s; ended leases are not given to others until "
                    "`lessor control clock-confirm`; renewals go on.",
                    step,
                )
            self.suspect = True
        elif step < -STEP_S:
            log.error("CLOCK-STEP: database time jumped back by %.0f s; leases will last that much longer.", -step)
            self._trusted = self._lead
            self._set_back_at = self._monotonic()
        elif not self.suspect:
            self._trusted = self._lead  # Drift, corrected by NTP little by little.

    def confirm(self) -> None:
        """An administrator has looked: the time that the database has now is right."""
        self.measure()  # Raises where the database is away: then nothing is confirmed.
        self._trusted = self._lead
        self.suspect = False
