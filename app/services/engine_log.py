"""The newest lines of the engine's log: asked for once, or followed while they come."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.services.access import Principal, Role
from app.services.appliance import Appliance
from app.services.watching import Places, Watched
from dhcpcore.control import VERBS, ControlClient, ControlRefused, EngineAway
from dhcpcore.control.verbs import LOG_LEVELS, LOG_LINES_MAX

LEVELS = LOG_LEVELS
LINES_MAX = LOG_LINES_MAX


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line; its ``id`` only goes up, over a restart of the engine as well."""

    id: int
    logged_at: float
    level: str
    logger: str
    text: str


@dataclass(frozen=True, slots=True)
class LogTail:
    """Lines, the oldest first.  ``last`` is where to go on; ``lost`` lines fell out of the engine's memory before."""

    lines: tuple[LogLine, ...]
    last: int
    lost: int


@dataclass(frozen=True, slots=True)
class News:
    """What came since the news before.  ``anew``: the engine counts from below again; what was shown is another's."""

    engine: str
    lines: tuple[LogLine, ...] = ()
    lost: int = 0
    anew: bool = False


def tail(engine: ControlClient, *, by: Principal, **asked: Any) -> LogTail:
    """The newest ``limit`` lines of at least ``level`` that hold ``find``; or those that follow line ``after``.

    Wrong arguments are told before the engine is asked.  Raises ``EngineAway``.
    """
    by.must_be(Role.OPERATOR)
    VERBS["log"].parse(asked)
    return _tail(engine.call("log", **{name: value for name, value in asked.items() if value is not None}))


class LiveLog(Watched[News]):
    """The log as it comes, for all who watch it; one per process."""

    def __init__(self, appliance: Appliance, places: Places) -> None:
        super().__init__("live-log", places)
        self._engine = appliance.engine
        self._lines: deque[LogLine] = deque(maxlen=LINES_MAX)
        self._last: int | None = None
        self._state = ""

    def recent(self, after: int = 0) -> News:
        """The engine's state, and the lines that follow the one of that number."""
        self._wake()
        if not self._state:
            self.poll()
        with self._lock:
            anew = self._last is not None and after > self._last
            return News(self._state, tuple(line for line in self._lines if anew or line.id > after), anew=anew)

    def poll(self) -> None:
        """Ask for what came since; news that are none are not told."""
        asked: dict[str, int] = {"limit": LINES_MAX} | ({} if self._last is None else {"after": self._last})
        try:
            found = _tail(self._engine.call("log", **asked))
        except (EngineAway, ControlRefused):
            found = None
        with self._lock:
            before, self._state = self._state, "away" if found is None else "here"
            if found is None:
                news = News("away")
            else:
                anew = self._last is not None and found.last < self._last
                if anew:
                    self._lines.clear()
                # Two may have asked at once, a page's first look beside the thread: each line is taken once.
                last = self._last if self._last is not None and not anew else 0
                lines = tuple(line for line in found.lines if line.id > last)
                self._lines.extend(lines)
                self._last = found.last
                news = News("here", lines, found.lost, anew)
            if news.lines or news.anew or before != self._state:
                self._tell(news)


def _tail(told: Mapping[str, Any]) -> LogTail:
    lines = tuple(LogLine(int(line["id"]), float(line["logged_at"]), str(line["level"]), str(line["logger"]),
                          str(line["text"])) for line in told.get("lines", ()))
    return LogTail(lines, int(told.get("last", 0)), int(told.get("lost", 0)))
