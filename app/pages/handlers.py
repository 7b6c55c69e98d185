"""``/handlers``: the site's own code in the server, what it costs and what it did."""

from __future__ import annotations

import contextlib

from flask import Blueprint, render_template

from app.auth import needs
from app.context import context
from app.services import hooks
from app.services.access import Role
from dhcpcore.control import EngineAway

blueprint = Blueprint("page_handlers", __name__)


@blueprint.get("/handlers")
@needs(Role.VIEWER)
def page() -> str:
    """Callouts of hook libraries."""
    found: tuple[hooks.Callout, ...] | None = None
    with contextlib.suppress(EngineAway):  # Every page says so at its top.
        found = hooks.listed(context().appliance)
    return render_template("handlers/page.html", callouts=found)
