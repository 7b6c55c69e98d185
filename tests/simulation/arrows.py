"""The arrows of a batch, where everything can go wrong: fetch, commit, send.

``Arrows`` stands between an engine and its store.  At each arrow time may pass, the process may end, the database may
be away; a commit may be stored and nobody told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dhcpcore.errors import OutcomeUnknown, StoreUnavailable
from dhcpcore.lease.facts import Facts, Outcome, Wants
from dhcpcore.lease.model import Change, Lease, LeaseKey
from dhcpcore.store.leases import LeaseStore
from dhcpcore.topology.snapshot import Snapshot
from tests.simulation.machines import DatabaseServer
from tests.simulation.plan import Weather
from tests.simulation.world import Crash, World

#: Seconds that pass at an arrow when nothing is wrong.
_QUICK_S = 0.0005
_OUTAGES_S = (0.5, 3.0, 20.0)
_SLOW_S = (0.05, 0.5, 2.0, 5.0)


class Arrows:
    """The store as one engine sees it."""

    def __init__(
        self,
        world: World,
        name: str,
        inner: LeaseStore,
        database: DatabaseServer,
        weather: Callable[[], Weather],
        committed: Callable[[Sequence[Change]], None],
    ) -> None:
        self._world = world
        self._name = name
        self._inner = inner
        self._database = database
        self._weather = weather
        self._committed = committed
        self.faults = 0  #: Faults that this engine has met.

    def pass_by(self, arrow: str) -> None:
        """What may happen between any two steps."""
        world, weather = self._world, self._weather()
        if world.chance(weather.crash):
            world.note(f"{self._name} is killed {arrow}")
            raise Crash
        if world.chance(weather.slow):
            seconds = world.dice.choice(_SLOW_S)
            world.note(f"{self._name} waits {seconds} s {arrow}")
            self.faults += 1
            world.pass_time(seconds)
        else:
            world.pass_time(_QUICK_S)

    def fetch(self, wants: Wants, facts: Facts, revision: int, *, assigned: bool) -> None:
        """One round trip."""
        self.pass_by("before fetch")
        self._require()
        self._inner.fetch(wants, facts, revision, assigned=assigned)
        self.pass_by("after fetch")

    def commit(self, changes: Sequence[Change], now: float) -> Outcome:
        """One transaction."""
        world, weather = self._world, self._weather()
        self.pass_by("before commit")
        self._require()
        unknown = world.chance(weather.unknown)
        if unknown and world.dice.random() < 0.5:
            self._lose("without its being stored")
        outcome = self._inner.commit(changes, now)
        bad = {change.after.key for change, _ in outcome.refused} | outcome.lost | outcome.over
        won = [change for change in changes if change.after.key not in bad]
        if bad:
            world.note(
                f"{self._name} loses {len(outcome.lost)} rows, {len(outcome.refused)} are refused, "
                f"{len(outcome.over)} are too many"
            )
        self._committed(won)
        if unknown:
            self._lose("after it was stored")
        self.pass_by("after commit")
        return outcome

    def sweep(
        self, after: LeaseKey | None, now: float, limit: int = 0, probation_s: int | None = None
    ) -> tuple[list[Lease], LeaseKey | None]:
        """A piece of the table; nobody's callouts are asked in these worlds."""
        assert probation_s is None
        self._require()
        return self._inner.sweep(after, now)

    def follow(self, snapshot: Snapshot) -> None:
        """Its limits, where the store keeps any."""
        if isinstance(self._inner, LeaseStore):
            self._inner.follow(snapshot)

    def recount(self, now: float) -> None:
        """The counters of them, at the end of each sweep."""
        self._require()
        if isinstance(self._inner, LeaseStore):
            self._inner.recount(now)

    def lease(self, key: LeaseKey) -> Lease | None:
        """One row."""
        self._require()
        return self._inner.lease(key)

    def close(self) -> None:
        """The process is gone, and its connection with it."""
        self._inner.close()

    def _require(self) -> None:
        if self._world.chance(self._weather().unavailable):
            self._database.fail_for(self._world.dice.choice(_OUTAGES_S))
        try:
            self._database.require()
        except StoreUnavailable:
            self.faults += 1
            raise

    def _lose(self, words: str) -> None:
        self._world.note(f"{self._name} loses the connection during COMMIT, {words}")
        self.faults += 1
        raise OutcomeUnknown("The simulated connection was lost during COMMIT.")
