"""The latest packets, on the dashboard."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from html import escape
from typing import Any

from dhcpcore.script.compat.callbacks import Callbacks
from dhcpcore.script.compat.statistics import Statistics

EVENTS_MAX, AGE_S_MAX = 10, 300


class Recent:
    """The latest ``events_max`` packets of the last ``age_s_max`` seconds."""

    def __init__(self, events_max: int = EVENTS_MAX, age_s_max: float = AGE_S_MAX,
                 clock: Callable[[], float] = time.time) -> None:
        self._events: deque[tuple[float, Statistics]] = deque(maxlen=events_max)
        self._age_s_max = age_s_max
        self._clock = clock

    def see(self, statistics: Statistics) -> None:
        """One packet: the callback for ``statsAddHandler``."""
        self._events.append((self._clock(), statistics))

    def html(self, **_: Any) -> str:
        """The dashboard element, the newest first."""
        now = self._clock()
        shown = [(at, one) for at, one in reversed(self._events) if now - at <= self._age_s_max]
        if not shown:
            return f"<p>No packet in the last {self._age_s_max / 60:g} minutes.</p>"
        rows = "".join(
            f"<tr><td>{now - at:.0f} s ago</td><td>{_text(one.method or 'no DHCP')}</td><td>{_text(one.mac)}</td>"
            f"<td>{_text(one.ip)}</td><td>{_text(_subnet(one))}</td>"
            f"<td>{'processed' if one.processed else 'not processed'}</td></tr>"
            for at, one in shown
        )
        return ("<table><tr><th>When</th><th>Packet</th><th>Hardware address</th><th>Address</th><th>Subnet</th>"
                f"<th>What became of it</th></tr>{rows}</table>")


def register(callbacks: Callbacks, *, events_max: int = EVENTS_MAX, age_s_max: float = AGE_S_MAX,
             ordering: int | None = None) -> Recent:  # fmt: skip
    """Watch from now on, and show it."""
    recent = Recent(events_max, age_s_max)
    callbacks.statsAddHandler(recent.see)
    callbacks.webAddDashboard("activity", "latest packets", recent.html, ordering)
    return recent


def _subnet(one: Statistics) -> str | None:
    return None if one.subnet is None else f"{one.subnet} ({one.serial})"


def _text(value: object) -> str:
    return "-" if value is None else escape(str(value))
