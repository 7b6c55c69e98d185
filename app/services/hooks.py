"""The callouts of the running engine's hook libraries: where they are called, what that takes, and what they did."""

from __future__ import annotations

from dataclasses import dataclass

from app.services.appliance import Appliance


@dataclass(frozen=True, slots=True)
class Callout:
    """One function at one hook.  Times are microseconds; ``disabled`` says why it is not called any more."""

    hook: str
    library: str
    function: str
    calls: int
    errors: int
    overruns: int
    stopped: int
    mean_us: float
    slowest_us: float
    disabled: str


def listed(appliance: Appliance) -> tuple[Callout, ...]:
    """Every callout, in the order of a message's way; ``EngineAway`` where no engine runs."""
    return tuple(Callout(**one) for one in appliance.engine.call("hooks"))
