"""Server-sent events: a stream of what is watched, with its cap, its heart beat and its end."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from flask import Response, request, stream_with_context

from app.services.watching import TooManyWatchers, Watched

#: A comment goes out so often that no proxy takes the stream for dead.
HEART_BEAT_S = 15.0
#: A stream ends so that a process that is to be replaced is not held up; the browser comes back by itself.
STREAM_S_MAX = 600.0
_T = TypeVar("_T")


def after() -> int:
    """The number behind which this browser wants to go on; 0 where it names none."""
    named = request.headers.get("Last-Event-ID") or request.args.get("after", "0")
    return int(named) if named.isdecimal() and len(named) < 16 else 0


def answer(watched: Watched[_T], first: Callable[[], str], event: Callable[[_T], str]) -> Response:
    """A stream of what ``first`` gives and then of each event.  503 where this process has its fill of streams."""
    watching = watched.watching()
    try:
        told = watching.__enter__()
    except TooManyWatchers:
        return Response(status=503, headers={"Retry-After": "5"})
    made = Response(stream_with_context(_events(told, first, event)), mimetype="text/event-stream")
    made.call_on_close(lambda: watching.__exit__(None, None, None))
    made.headers["X-Accel-Buffering"] = "no"
    return made


def _events(told: queue.Queue[_T], first: Callable[[], str], event: Callable[[_T], str]) -> Iterator[str]:
    ends = time.monotonic() + STREAM_S_MAX
    yield "retry: 5000\n\n" + first()
    while time.monotonic() < ends:
        try:
            text = event(told.get(timeout=HEART_BEAT_S))
        except queue.Empty:
            text = ": still here\n\n"
        if text:  # An empty piece would end the answer.
            yield text
