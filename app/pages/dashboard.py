"""``/``: what the server does now, how full the pools are, and what happened last."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template

from app.auth import needs
from app.context import context
from app.pages import script_frames
from app.services.access import Role
from dhcpcore.store.database import shown

blueprint = Blueprint("page_dashboard", __name__)

#: The pools that may run out first.
BUSIEST = 8


@blueprint.get("/")
@needs(Role.VIEWER)
def page() -> Response:
    """The whole page, with what the site's script shows on it."""
    shown = script_frames.elements(context().script())
    answer = make_response(render_template("dashboard/page.html", **view(), **shown, sandbox=script_frames.SANDBOX))
    if shown["elements"]:
        script_frames.may_frame(answer)
    return answer


@blueprint.get("/fragments/dashboard")
@needs(Role.VIEWER)
def fragment() -> str:
    """The living part of it, which the page asks for every few seconds."""
    return render_template("dashboard/live.html", **view())


def view() -> dict[str, Any]:
    """What is shown of the server."""
    here = context()
    overview = here.overview()
    pools = [(subnet, pool) for subnet in overview.subnets for pool in subnet.pools]
    pools.sort(key=lambda pair: (pair[1].held + pair[1].declined) / max(pair[1].size, 1), reverse=True)
    return {"overview": overview, "totals": here.live.totals(), "busiest": pools[:BUSIEST], "pools": len(pools),
            "newest": here.newest.get(), "now": here.appliance.database.now(),
            "database": shown(here.appliance.database)}
