"""Clients that the engine does not answer for a time, because they sent too much or declined too often."""

from __future__ import annotations

from dataclasses import dataclass

from app.services.access import Principal, Role
from app.services.appliance import Appliance
from dhcpcore.store import audit

#: What a client did, in words; the keys are the engine's.
WHY = {"rate": "it sent too many packets", "declines": "it declined too many addresses"}


@dataclass(frozen=True, slots=True)
class Suspension:
    """One client; times are seconds since 1970."""

    hw_address: str
    why: str
    subnet: str
    since_at: float
    until_at: float

    @property
    def words(self) -> str:
        """Why, in words."""
        return WHY.get(self.why, self.why)


def listed(appliance: Appliance) -> tuple[Suspension, ...]:
    """Who is suspended by the running engine, the longest first; ``EngineAway`` where none runs."""
    return tuple(Suspension(one["hw_address"], one["why"], one["subnet"], one["since"], one["until"])
                 for one in appliance.engine.call("suspensions"))


def lift(appliance: Appliance, hw_address: str, *, by: Principal) -> str:
    """Have a client answered again, at once; refused where it is not suspended."""
    by.must_be(Role.OPERATOR)
    lifted: str = appliance.engine.call("suspension-lift", hw_address=hw_address)["hw_address"]
    with appliance.database.writer() as connection:
        audit.record(connection, actor=by.name, action="suspension.lift", what=f"client {lifted}",
                     now=int(appliance.database.now()))
    return lifted
