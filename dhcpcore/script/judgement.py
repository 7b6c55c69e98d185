"""Which calls of a script take too long, and whether the host can go on beside them."""

from __future__ import annotations

from collections.abc import Mapping

from dhcpcore.script.progress import LANES_MAX, Doing, Progress, State

#: A host in which nobody looked after the threads for so long is held up by one of them, for all of them.
_SILENT_S = 0.5
#: A call that does not end although it is told to is given up with its host after so long, and so are so many of them.
HUNG_S = 60.0
_HUNG_MAX = LANES_MAX - 8


def late(progress: Progress, budgets: Mapping[Doing, float], now: float) -> tuple[list[State], bool]:
    """The calls that are over their budget, and whether the host is lost."""
    found = [state for state in progress.busy() if now - state.since > budgets[state.doing]]
    is_lost = bool(found) and (
        now - max(progress.beaten, found[0].since) > _SILENT_S
        or len(found) > _HUNG_MAX
        or any(now - state.since > budgets[state.doing] + HUNG_S for state in found)
    )
    return found, is_lost
