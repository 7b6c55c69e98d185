"""``/events``: what became of the latest messages, in words; and the stream that the dashboard lives on."""

from __future__ import annotations

import dataclasses
import json
import queue
import time
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, stream_with_context, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.auth import needs, principal
from app.context import context
from app.pages.asked import asked
from app.services import suspensions, transactions
from app.services.access import Role
from app.services.live import LiveStatistics, Sample, TooManyWatchers
from dhcpcore.errors import LessorError
from dhcpcore.stats.reasons import Reason, Verdict

blueprint = Blueprint("page_events", __name__)

ROWS = 50
#: A comment goes out so often that no proxy takes the stream for dead.
HEART_BEAT_S = 15.0
#: A stream ends so that a process that is to be replaced is not held up; the browser comes back by itself.
STREAM_S_MAX = 600.0
_REASONS = tuple((verdict.value, tuple(one for one in Reason if one.verdict is verdict)) for verdict in Verdict)


@blueprint.get("/events")
@needs(Role.VIEWER)
def page() -> str:
    """Transactions by client, reason and time."""
    given = asked("client", "reason", "before")
    found: tuple[transactions.TransactionView, ...] = ()
    fault, here = None, context()
    try:
        before = float(given["before"]) if given["before"] else None
        found = transactions.latest(here.appliance, given["client"] or None, ROWS, reason=given["reason"] or None,
                                    before=before)
    except ValueError:
        fault = f"{given['before']} is no time: seconds since 1970, as the page's own links write it."
    except LessorError as error:
        fault = str(error)
    suspended: tuple[suspensions.Suspension, ...] = ()
    with suppress(LessorError):  # That the engine is away is told on every page.
        suspended = suspensions.listed(here.appliance)
    following = found[-1].received_at if len(found) == ROWS else None
    return render_template("events/page.html", found=found, fault=fault, given=given, reasons=_REASONS,
                           following=following, suspended=suspended, now=here.appliance.database.now())


@blueprint.post("/events/suspensions/<hw_address>/lift")
@needs(Role.OPERATOR)
def lift(hw_address: str) -> AnyResponse:
    """Answer a suspended client again."""
    try:
        lifted = suspensions.lift(context().appliance, hw_address, by=principal())
        flash(f"{lifted} is answered again.", "success")
    except LessorError as error:
        flash(str(error), "error")
    return redirect(url_for("page_events.page"), HTTPStatus.SEE_OTHER)


@blueprint.get("/events/recent")
@needs(Role.VIEWER)
def recent() -> Response:
    """The samples after the one named, for pages that got no stream."""
    after = request.args.get("after", "0")
    samples = context().live.recent(int(after) if after.isdecimal() and len(after) < 16 else 0)
    return jsonify(samples=[dataclasses.asdict(sample) for sample in samples])


@blueprint.get("/events/stream")
@needs(Role.VIEWER)
def stream() -> Response:
    """One event a second.  503 where this process has its fill of streams."""
    live = context().live
    after = request.headers.get("Last-Event-ID", "0")
    watching = live.watching()
    try:
        samples = watching.__enter__()
    except TooManyWatchers:
        return Response(status=503, headers={"Retry-After": "5"})
    body = _events(live, samples, int(after) if after.isdecimal() and len(after) < 16 else 0)
    answer = Response(stream_with_context(body), mimetype="text/event-stream")
    answer.call_on_close(lambda: watching.__exit__(None, None, None))
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _events(live: LiveStatistics, samples: queue.Queue[Sample], after: int) -> Iterator[str]:
    """The samples that were missed, then those that come."""
    ends = time.monotonic() + STREAM_S_MAX
    last = after
    yield "retry: 5000\n\n"
    for sample in live.recent(after):
        last = sample.id
        yield _event(sample)
    while time.monotonic() < ends:
        try:
            sample = samples.get(timeout=HEART_BEAT_S)
        except queue.Empty:
            yield ": still here\n\n"
            continue
        if sample.id > last:
            last = sample.id
            yield _event(sample)


def _event(sample: Sample) -> str:
    return f"id: {sample.id}\nevent: sample\ndata: {json.dumps(dataclasses.asdict(sample))}\n\n"
