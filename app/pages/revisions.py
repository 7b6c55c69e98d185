"""``/revisions``: every published state of the definitions: what each changed, compared, had as a file, taken back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from app.auth import needs, principal
from app.context import context
from app.pages.asked import asked, moment
from app.services import revisions, undo
from app.services.access import Role
from app.services.changes import Consent
from app.services.definitions import TakesAddresses
from app.services.sides import sides
from dhcpcore import interchange
from dhcpcore.errors import LessorError, NotFound, Refused

blueprint = Blueprint("page_revisions", __name__)

ROWS = 50
_DIGITS = 18
#: Where one may go back to after an undo: the pages that offer one.
_BACK = frozenset((
    "page_subnets.page", "page_globals.page", "page_shared_networks.page", "page_option_definitions.page",
    "page_revisions.page", "page_handlers.page"))


@blueprint.get("/revisions")
@needs(Role.VIEWER)
def page() -> str:
    """Revisions by person, reason and time, newest first."""
    given, here = asked("author", "note", "since", "until", "cursor", "said"), context().appliance
    found, fault = revisions.RevisionPage((), None), None
    try:
        found = revisions.list_revisions(
            here, author=given["author"] or None, note=given["note"] or None, since=moment(given["since"]),
            until=moment(given["until"]), cursor=given["cursor"] or None, limit=ROWS)
    except LessorError as error:
        fault = str(error)
    return render_template("revisions/page.html", page=found, fault=fault, given=given, now=here.database.now())


@blueprint.get("/revisions/<int:number>")
@needs(Role.VIEWER)
def one(number: int) -> str:
    """What one revision changed."""
    return _shown(number)


@blueprint.get("/revisions/difference")
@needs(Role.VIEWER)
def difference() -> str | tuple[str, int]:
    """What has to be changed of one revision for it to be another."""
    given, found, fault = asked("first", "second"), None, None
    try:
        found = revisions.compare(context().appliance, _number(given["first"]), _number(given["second"]))
    except LessorError as error:
        fault = str(error)
    changes = [] if found is None else [(one, sides(one.before, one.after)) for one in found.changes]
    shown = render_template("revisions/difference.html", found=found, fault=fault, given=given, changes=changes)
    return shown if fault is None else (shown, 404)


@blueprint.get("/revisions/<int:number>.yaml")
@needs(Role.VIEWER)
def download(number: int) -> Response:
    """The definitions as they were in a revision, as a file."""
    answer = Response(interchange.to_yaml(revisions.document(context().appliance, number)), mimetype="application/yaml")
    answer.headers["Content-Disposition"] = f'attachment; filename="lessor-revision-{number}.yaml"'
    return answer


@blueprint.post("/revisions/<int:number>/undo")
@needs(Role.ADMIN)
def take_back(number: int) -> tuple[str, int] | Answer:
    """Undo what was just done, or what was done long ago; what takes addresses is shown, and wants a second yes."""
    losses = request.form.get("losses", "")
    consent = Consent(int(losses) if losses.isdecimal() and len(losses) < _DIGITS else 0)
    try:
        undo.undo(context().appliance, number, by=principal(), consent=consent)
    except TakesAddresses as error:
        return _shown(number, losses=error.losses), 200
    except NotFound:
        raise
    except Refused as error:
        return _shown(number, fault=str(error)), 409
    back = request.form.get("back", "")
    return redirect(url_for(back if back in _BACK else "page_subnets.page", said="undone"), 303)


def _shown(number: int, **more: Any) -> str:
    here = context().appliance
    found = revisions.show(here, number)
    changes = [(one, sides(one.before, one.after)) for one in found.changes]
    return render_template("revisions/one.html", found=found, changes=changes, now=here.database.now(),
                           **({"losses": (), "fault": None} | more))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise NotFound(f"{text or 'Nothing'} is no number of a revision.")
    return int(text)
