"""``/log``: the newest lines of the engine's log, and the stream that the page lives on."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from typing import Any

from flask import Blueprint, Response, jsonify, render_template

from app.auth import needs, principal
from app.context import context
from app.pages import streams
from app.pages.asked import asked
from app.services import engine_log
from app.services.access import Role
from app.services.engine_log import News
from app.services.plain import plain
from dhcpcore.control import EngineAway

blueprint = Blueprint("page_log", __name__)


@blueprint.get("/log")
@needs(Role.OPERATOR)
def page() -> str:
    """Lines by level and text, the newest first."""
    given, found = asked("level", "find"), None
    level = given["level"] if given["level"] in engine_log.LEVELS else engine_log.LEVELS[0]
    with contextlib.suppress(EngineAway):  # Every page says so at its top.
        found = engine_log.tail(context().appliance.engine, by=principal(), limit=engine_log.LINES_MAX, level=level,
                                find=given["find"] or None)
    return render_template("log/page.html", found=found, level=level, find=given["find"], levels=engine_log.LEVELS)


@blueprint.get("/log/recent")
@needs(Role.OPERATOR)
def recent() -> Response:
    """The lines after the one named, for pages that got no stream."""
    return jsonify(_shown(context().log.recent(streams.after())))


@blueprint.get("/log/stream")
@needs(Role.OPERATOR)
def stream() -> Response:
    """An event for each news, after the lines that were missed."""
    log, last = context().log, streams.after()

    def event(news: News) -> str:
        nonlocal last
        last = 0 if news.anew else last
        lines = tuple(line for line in news.lines if line.id > last)
        last = max((line.id for line in lines), default=last)
        body = json.dumps(_shown(dataclasses.replace(news, lines=lines)))
        return (f"id: {last}\n" if lines else "") + f"event: news\ndata: {body}\n\n"

    return streams.answer(log, lambda: event(log.recent(last)), event)


def _shown(news: News) -> Any:
    return plain(news)
