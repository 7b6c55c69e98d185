"""``/events``: what became of the latest messages, in words; and the stream that the dashboard lives on."""

from __future__ import annotations

import dataclasses
import json
from contextlib import suppress
from http import HTTPStatus

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.auth import needs, principal
from app.context import context
from app.pages import streams
from app.pages.asked import asked, moment
from app.services import suspensions, transactions
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
    given = asked("client", "reason", "since", "until", "cursor")
    found = transactions.Page((), None)
    fault, here = None, context()
    try:
        found = transactions.search(
            here.appliance, client=given["client"] or None, reason=given["reason"] or None,
            since=moment(given["since"]), until=moment(given["until"]), cursor=given["cursor"] or None, limit=ROWS)
    except LessorError as error:
        fault = str(error)
    suspended: tuple[suspensions.Suspension, ...] = ()
    with suppress(LessorError):  # That the engine is away is told on every page.
        suspended = suspensions.listed(here.appliance)
    return render_template("events/page.html", page=found, fault=fault, given=given, reasons=_REASONS,
                           suspended=suspended, now=here.appliance.database.now())


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
