"""Machines and their clocks: a wall clock that somebody sets, and the database's, which lease times are in."""

from __future__ import annotations

from dataclasses import dataclass

from dhcpcore.errors import StoreUnavailable
from tests.simulation.world import World


@dataclass(slots=True)
class Machine:
    """A wall clock is wrong by ``error_s``."""

    world: World
    error_s: float = 0.0

    def wall(self) -> float:
        """What the machine takes for the time of day."""
        return self.world.now + self.error_s

    def step(self, seconds: float) -> None:
        """Somebody, or NTP, sets the clock."""
        self.error_s += seconds
        self.world.note(f"a clock steps by {seconds:+.0f} s")


@dataclass(slots=True)
class DatabaseServer:
    """The database as a machine: its clock, and whether it is there at all."""

    world: World
    machine: Machine
    away_until: float = 0.0

    def fail_for(self, seconds: float) -> None:
        """An outage begins."""
        self.away_until = max(self.away_until, self.world.now + seconds)
        self.world.note(f"the database is away for {seconds:.1f} s")

    def require(self) -> None:
        """Raise where the database is away."""
        if self.world.now < self.away_until:
            raise StoreUnavailable("The simulated database is away; nothing was stored.")

    def now(self) -> float:
        """Database time."""
        self.require()
        return self.machine.wall()
