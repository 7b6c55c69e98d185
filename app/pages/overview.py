"""The first page: subnets and pools with their use, and the leases; read-only."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from app.auth import needs
from app.context import context
from app.services import leases
from app.services.access import Role
from dhcpcore.errors import InvalidValue

blueprint = Blueprint("overview", __name__)

ROWS = 50
#: A search box holds no more; what is longer is nobody's host name.
FIND_MAX = 255


@blueprint.get("/")
@needs(Role.VIEWER)
def page() -> str:
    """The whole page."""
    return render_template("overview/page.html", **_view())


@blueprint.get("/fragments/overview")
@needs(Role.VIEWER)
def fragment() -> str:
    """The living part of it, which the page asks for every other second."""
    return render_template("overview/live.html", **_view())


def _view() -> dict[str, Any]:
    found = context()
    given = {name: request.args.get(name, "")[:FIND_MAX] for name in ("find", "subnet", "cursor", "show")}
    asked = {name: value.replace("\0", "").strip() for name, value in given.items()}
    overview = found.overview()
    names = {subnet.id: subnet.name for subnet in overview.subnets}
    subnet = next((number for number, name in names.items() if name == asked["subnet"]), None)
    page, fault = leases.Page((), None), None
    try:
        page = leases.list_leases(found.appliance, find=asked["find"] or None, subnet=subnet, limit=ROWS,
                                  active=asked["show"] != "all", cursor=asked["cursor"] or None)
    except InvalidValue as error:
        fault = str(error)
    return {"overview": overview, "page": page, "fault": fault, "names": names, "asked": asked,
            "engine": found.appliance.engine_status(), "now": found.appliance.database.now()}
