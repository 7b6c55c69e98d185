"""``/events``: what became of the latest messages, in words; and the stream that the dashboard lives on."""

from __future__ import annotations

import dataclasses
import json

from flask import Blueprint, Response, jsonify, render_template

from app.auth import needs
from app.context import context
from app.pages import streams
from app.pages.asked import asked
from app.services import transactions
from app.services.access import Role
from app.services.live import Sample
from dhcpcore.errors import LessorError
from dhcpcore.stats.reasons import Reason, Verdict

blueprint = Blueprint("page_events", __name__)

ROWS = 50
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
    following = found[-1].received_at if len(found) == ROWS else None
    return render_template("events/page.html", found=found, fault=fault, given=given, reasons=_REASONS,
                           following=following, now=here.appliance.database.now())


@blueprint.get("/events/recent")
@needs(Role.VIEWER)
def recent() -> Response:
    """The samples after the one named, for pages that got no stream."""
    samples = context().live.recent(streams.after())
    return jsonify(samples=[dataclasses.asdict(sample) for sample in samples])


@blueprint.get("/events/stream")
@needs(Role.VIEWER)
def stream() -> Response:
    """One event a second, after those that were missed."""
    live, last = context().live, streams.after()

    def event(sample: Sample) -> str:
        nonlocal last
        if sample.id <= last:
            return ""
        last = sample.id
        return f"id: {sample.id}\nevent: sample\ndata: {json.dumps(dataclasses.asdict(sample))}\n\n"

    return streams.answer(live, lambda: "".join(map(event, live.recent(last))), event)
