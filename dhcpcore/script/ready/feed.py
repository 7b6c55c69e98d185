"""Errors that the script logs, as an Atom feed (RFC 4287) and as a page for each."""

from __future__ import annotations

import itertools
import logging
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from dhcpcore.script.compat.callbacks import Callbacks

PATH = "/extension/feed"
#: Events in the feed, events that are kept, and for how long.
SHOWN_MAX, KEPT_MAX, AGE_S_MAX = 10, 100, 86_400
_TEXT_MAX = 8000


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log."""

    id: str
    at: float
    level: str
    logger: str
    text: str

    @property
    def title(self) -> str:
        """Its first line."""
        return f"{self.level}: {self.text.splitlines()[0][:200] if self.text else ''}"


class Feed(logging.Handler):
    """Keeps lines of at least ``level``, and shows them."""

    def __init__(self, title: str, level: int = logging.ERROR, clock: Callable[[], float] = time.time) -> None:
        super().__init__(level)
        self.setFormatter(logging.Formatter("%(message)s"))
        self._title = title
        self._clock = clock
        self._begun = clock()
        #: Names this feed and, with numbers, its events; another one after each start, so that no reader mixes them up.
        self._space = uuid.uuid4()
        self._numbers = itertools.count(1)
        self._events: deque[Event] = deque(maxlen=KEPT_MAX)

    def emit(self, record: logging.LogRecord) -> None:
        """One line of the log."""
        try:
            text = _printable(self.format(record))[:_TEXT_MAX]
        except (TypeError, ValueError):  # Arguments that do not fit their message: a mistake of whoever logs.
            self.handleError(record)
            return
        name = str(uuid.uuid5(self._space, str(next(self._numbers))))
        self._events.append(Event(name, self._clock(), record.levelname, _printable(record.name), text))

    def events(self) -> list[Event]:
        """Those that are not too old, the newest first."""
        now = self._clock()
        return [one for one in reversed(self._events) if now - one.at <= AGE_S_MAX]

    def atom(self, *_: Any) -> tuple[str, str]:
        """The feed."""
        events = self.events()[:SHOWN_MAX]
        updated = _stamp(events[0].at if events else self._begun)
        entries = "".join(
            f"<entry><id>urn:uuid:{one.id}</id><title>{escape(one.title)}</title><updated>{_stamp(one.at)}</updated>"
            f'<link rel="alternate" type="text/html" href="{PATH}/record?id={one.id}"/>'
            f'<category term="{escape(one.level)}"/><content type="text">{escape(one.text)}</content></entry>'
            for one in events
        )
        return "application/atom+xml", (
            '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
            f"<id>urn:uuid:{self._space}</id><title>{escape(_printable(self._title))}</title>"
            f"<updated>{updated}</updated><author><name>{escape(_printable(self._title))}</name></author>"
            f'<link rel="self" href="{PATH}/atom"/>{entries}</feed>'
        )

    def record(self, path: str, queryargs: Mapping[str, list[str]], *_: Any) -> tuple[str, str]:
        """One event as a page."""
        asked = queryargs.get("id", [""])[0]
        found = next((one for one in self.events() if one.id == asked), None)
        if found is None:
            return "text/html", "<!doctype html><title>Gone</title><p>This event is no longer kept.</p>"
        return "text/html", (
            f'<!doctype html><meta charset="utf-8"><title>{escape(found.title)}</title><h1>{escape(found.level)}</h1>'
            f"<p>{_stamp(found.at)}, {escape(found.logger)}</p><pre>{escape(found.text)}</pre>"
        )


def register(callbacks: Callbacks, *, title: str = "Errors of the DHCP script", level: int = logging.ERROR,
             secure: bool = False) -> Feed:  # fmt: skip
    """Keep what is logged from now on; ``secure``: its pages need the role operator, or the script's own password."""
    feed = Feed(title, level)
    logging.getLogger().addHandler(feed)
    callbacks.webAddMethod(f"{PATH}/atom", feed.atom, secure=secure, hidden=False, module="feed", name="Errors (Atom)")
    callbacks.webAddMethod(f"{PATH}/record", feed.record, secure=secure)
    return feed


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _printable(text: str) -> str:
    """XML 1.0 has no control characters but tab and line ends, and no half characters."""
    return "".join(letter if letter in "\t\n" or (letter >= " " and not "\ud800" <= letter <= "\udfff"
                                                  and letter not in "\ufffe\uffff") else "\ufffd" for letter in text)
