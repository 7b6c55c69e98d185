"""``/audit``: who changed what, when, with what it was before and after beside each other."""

from __future__ import annotations

from flask import Blueprint, render_template

from app.auth import needs
from app.context import context
from app.pages.asked import asked, moment
from app.services import audit
from app.services.access import Role
from app.services.sides import sides
from dhcpcore.errors import LessorError

blueprint = Blueprint("page_audit", __name__)

ROWS = 50


@blueprint.get("/audit")
@needs(Role.VIEWER)
def page() -> str:
    """Changes by person, kind, thing and time, newest first."""
    given, here = asked("actor", "kind", "about", "since", "until", "cursor"), context().appliance
    found, fault = audit.AuditPage((), None), None
    try:
        found = audit.list_audit(
            here, actor=given["actor"] or None, action=given["kind"] or None, about=given["about"] or None,
            since=moment(given["since"]), until=moment(given["until"]), cursor=given["cursor"] or None, limit=ROWS)
    except LessorError as error:
        fault = str(error)
    rows = [(one, sides(one.before, one.after)) for one in found.rows]
    return render_template("audit/page.html", rows=rows, following=found.next_cursor, fault=fault, given=given,
                           kinds=audit.KINDS, now=here.database.now())
