"""``/assignments``: static assignments listed, added, edited, switched, removed and brought back; CSV in and out."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from app import auth, texts
from app.context import context
from app.pages import form_answers
from app.pages.asked import asked
from app.pages.entry_form import EntryForm
from app.services import assignment_table, assignments, subnets, takeover
from app.services.access import Role
from dhcpcore.errors import InvalidDocument, InvalidValue, LessorError, Outdated, Refused

blueprint = Blueprint("page_assignments", __name__)

ROWS = 50
#: What the list can be sorted by, by column, and what a person calls the two ways round.
SORTS = {
    "id": ("Added", "oldest first", "newest first"),
    "address": ("Address", "lowest first", "highest first"),
    "hw_address": ("Client", "by hardware address", "by hardware address, highest first"),
    "hostname": ("Host name", "A to Z", "Z to A"),
    "last_used_at": ("Last used", "longest ago first", "latest first"),
}
#: A table of 100,000 rows has about so much.
BODY_BYTES_MAX = 16 * 1024 * 1024


@blueprint.get("/assignments")
@auth.needs(Role.VIEWER)
def page() -> str:
    """The list."""
    here = context()
    given = asked("find", "subnet", "sort", "cursor", "said", "id")
    found, fault = assignments.Page((), None), None
    try:
        found = assignments.page(
            here.appliance, find=given["find"] or None, subnet=given["subnet"] or None, limit=ROWS,
            sort=given["sort"] if given["sort"] in assignments.SORTS else "-id", cursor=given["cursor"] or None)
    except (InvalidValue, Refused) as error:
        fault = str(error)
    return render_template("assignments/page.html", page=found, fault=fault, given=given, said=_said(given),
                           names=subnets.names(here.appliance), sorts=SORTS, now=here.appliance.database.now())


@blueprint.get("/assignments.csv")
@auth.needs(Role.VIEWER)
def table() -> Response:
    """All of them, or those of one subnet, as a table."""
    lines = assignment_table.write(context().appliance, asked("subnet")["subnet"] or None)
    answer = Response(lines, mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="assignments.csv"'
    return answer


@blueprint.get("/assignments/new")
@auth.needs(Role.OPERATOR)
def new() -> str:
    """An empty form, or one with what the address's query says."""
    form = EntryForm.of_query(request.args)
    return render_template("assignments/form.html", form=form, view=None, names=_names())


@blueprint.post("/assignments/new")
@auth.needs(Role.OPERATOR)
def add() -> str | tuple[str, int] | Answer:
    """Add one; what is wrong is told at its field, and nothing that was typed is lost."""
    form = EntryForm.of_post(request.form)
    try:
        view, _ = assignments.create(context().appliance, form.entry(), by=auth.principal(),
                                     subnet=form.subnet or None)
    except (InvalidDocument, InvalidValue, Refused) as error:
        return render_template("assignments/form.html", form=form.with_faults(error), view=None, names=_names()), 422
    return _back("added", view.id)


@blueprint.get("/assignments/<int:number>")
@auth.needs(Role.VIEWER)
def one(number: int) -> str:
    """The form of one."""
    appliance = context().appliance
    view = assignments.get(appliance, number)
    return render_template("assignments/form.html", form=EntryForm.of_view(view), view=view, names=_names(),
                           outlook=takeover.outlook(appliance, number), now=appliance.database.now())


@blueprint.post("/assignments/<int:number>/takeover")
@auth.needs(Role.OPERATOR)
def choose(number: int) -> Answer:
    """Say how what is in its way ends."""
    try:
        found, _ = takeover.choose(context().appliance, number, request.form.get("how", ""), by=auth.principal())
    except LessorError as error:
        flash(str(error), "error")
    else:
        for address in found.asked:
            flash(f"The client of {address} was asked to renew now.", "success")
        for sentence in found.refused:
            flash(sentence, "error")
    return redirect(url_for("page_assignments.one", number=number), HTTPStatus.SEE_OTHER)


@blueprint.post("/assignments/<int:number>")
@auth.needs(Role.OPERATOR)
def edit(number: int) -> tuple[str, int] | Answer:
    """Change one; refused, with both forms shown, where somebody else has changed it meanwhile."""
    form = EntryForm.of_post(request.form)
    appliance = context().appliance
    view = assignments.get(appliance, number)
    try:
        assignments.replace(appliance, number, form.entry(view.entry), by=auth.principal(), version=form.version)
    except (InvalidDocument, InvalidValue, Refused) as error:
        is_outdated = form.version is not None and form.version != view.version
        theirs = EntryForm.of_view(view) if is_outdated else None
        return render_template("assignments/form.html", form=form.with_faults(error), view=view, names=_names(),
                               theirs=theirs), 409 if is_outdated else 422
    return _back("changed", number)


@blueprint.post("/assignments/<int:number>/enable")
@auth.needs(Role.OPERATOR)
def enable(number: int) -> tuple[str, int] | Answer:
    """Put it into effect; not where somebody else has changed it since the page was shown."""
    return _switched(number, "enabled", assignments.enable)


@blueprint.post("/assignments/<int:number>/disable")
@auth.needs(Role.OPERATOR)
def disable(number: int) -> tuple[str, int] | Answer:
    """Keep it without effect; not where somebody else has changed it since the page was shown."""
    return _switched(number, "disabled", assignments.disable)


@blueprint.post("/assignments/<int:number>/remove")
@auth.needs(Role.OPERATOR)
def remove(number: int) -> tuple[str, int] | Answer:
    """Remove it, where it is still what was shown; the page that follows brings it back with one click."""
    return _switched(number, "removed", assignments.delete)


def _switched(number: int, said: str, do: Callable[..., Any]) -> tuple[str, int] | Answer:
    here, version = context().appliance, form_answers.version()
    try:
        do(here, number, by=auth.principal(), version=version)
    except Outdated:
        view = assignments.get(here, number)
        changed = assignments.changed_since(here, view, version) if version is not None else ()
        return render_template("assignments/form.html", form=EntryForm.of_view(view), view=view, names=_names(),
                               changed=changed, undone=said), 409
    return _back(said, number)


@blueprint.post("/assignments/<int:number>/restore")
@auth.needs(Role.OPERATOR)
def restore(number: int) -> Answer:
    """Bring back what was removed, as it was."""
    view, _ = assignments.restore(context().appliance, number, by=auth.principal())
    return _back("restored", view.id)


@blueprint.get("/assignments/import")
@auth.needs(Role.OPERATOR)
def load() -> str:
    """Where a table is loaded."""
    return render_template("assignments/import.html", text="", checked=None, done=None)


@blueprint.post("/assignments/import")
@auth.needs(Role.OPERATOR)
def take() -> tuple[str, int]:
    """What is right and wrong in a table, row by row; with ``confirmed``, the rows are added."""
    request.max_content_length = request.max_form_memory_size = BODY_BYTES_MAX
    file = request.files.get("file")
    text = request.form.get("text", "")
    if file is not None and file.filename:
        text = file.read().decode("utf-8-sig", "replace")
        texts.refuse_unfit([("file", text)])
    appliance = context().appliance
    checked, done, status = None, None, 200
    try:
        checked = assignment_table.check(appliance, text)
        if request.form.get("confirmed") == "yes" and not checked.faults:
            done = assignment_table.add(appliance, text, by=auth.principal())
    except (InvalidValue, InvalidDocument, Refused) as error:
        return render_template("assignments/import.html", text=text, checked=checked, done=None, fault=str(error)), 422
    if checked.faults:
        status = 422
    return render_template("assignments/import.html", text=text, checked=checked, done=done), status


def _back(said: str, number: int) -> Answer:
    return redirect(url_for("page_assignments.page", said=said, id=number), 303)


def _said(given: dict[str, str]) -> dict[str, Any] | None:
    """What was just done, and to which assignment: for the sentence and its undo."""
    words = {"added", "kept", "changed", "enabled", "disabled", "removed", "restored"}
    if given["said"] not in words or not given["id"].isdecimal() or len(given["id"]) > 18:
        return None
    number = int(given["id"])
    try:
        find = assignments.removed if given["said"] == "removed" else assignments.get
        return {"word": given["said"], "view": find(context().appliance, number)}
    except LessorError:
        return None


def _names() -> list[str]:
    return list(subnets.names(context().appliance).values())


