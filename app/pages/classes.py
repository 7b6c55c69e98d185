"""``/classes``: classes of clients listed, added, edited and removed; an expression tried out on a packet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from app import auth
from app.context import context
from app.pages import form_answers
from app.pages.asked import asked
from app.pages.class_form import ClassForm
from app.services import classes
from app.services.access import Role
from app.services.transactions import latest
from dhcpcore.errors import InvalidDocument, InvalidValue, Outdated, Refused

blueprint = Blueprint("page_classes", __name__)

#: Remembered transactions that an expression can be tried on.
RECORDED = 30
#: A packet in hex is two letters an octet, with spaces three.
BODY_BYTES_MAX = 512 * 1024


@blueprint.get("/classes")
@auth.needs(Role.VIEWER)
def page() -> str:
    """The list."""
    given = asked("said", "name")
    said = given if given["said"] in {"added", "changed", "removed"} else None
    return render_template("classes/page.html", classes=classes.list_classes(context().appliance), said=said)


@blueprint.get("/classes/new")
@auth.needs(Role.ADMIN)
def new() -> str:
    """An empty form."""
    return _form(ClassForm(), None)


@blueprint.post("/classes/new")
@auth.needs(Role.ADMIN)
def add() -> str | tuple[str, int] | Answer:
    """Declare one; what is wrong is told at its field, and nothing that was typed is lost."""
    form = _posted()
    try:
        view, _ = classes.add(context().appliance, form.entry(), by=auth.principal(), before=form.before or None)
    except (InvalidDocument, InvalidValue, Refused) as error:
        return _form(form.with_faults(error), None), 422
    return _back("added", view.name)


@blueprint.post("/classes/try")
@auth.needs(Role.VIEWER)
def try_expression() -> tuple[str, int]:
    """The same form, with what its expression comes to; nothing is changed."""
    form = _posted()
    name = request.form.get("editing", "")[:128]
    view = classes.get(context().appliance, name) if name else None
    try:
        received_at = float(form.received_at) if form.received_at else None
    except ValueError:
        received_at = None
    try:
        trial = classes.try_expression(
            context().appliance, form.expression, packet=form.packet, received_at=received_at, known=form.known,
            classes=[one.strip() for one in form.supposed.split(",") if one.strip()])
    except (InvalidDocument, InvalidValue, Refused) as error:
        return _form(replace(form, faults={"packet": str(error)}), view), 422
    return _form(form, view, trial=trial), 200


@blueprint.get("/classes/one/<path:name>")
@auth.needs(Role.VIEWER)
def one(name: str) -> str:
    """The form of one."""
    view = classes.get(context().appliance, name)
    return _form(ClassForm.of_view(view), view)


@blueprint.post("/classes/one/<path:name>")
@auth.needs(Role.ADMIN)
def edit(name: str) -> tuple[str, int] | Answer:
    """Change one; refused where somebody else has changed it meanwhile."""
    form = _posted()
    view = classes.get(context().appliance, name)
    try:
        after, _ = classes.replace(context().appliance, name, form.entry(view.entry), by=auth.principal(),
                                   version=form.version, before=form.before or None)
    except (InvalidDocument, InvalidValue, Refused) as error:
        is_outdated = form.version is not None and form.version != view.version
        return _form(form.with_faults(error), view, theirs=ClassForm.of_view(view) if is_outdated else None
                     ), 409 if is_outdated else 422
    return _back("changed", after.name)


@blueprint.post("/classes/remove/<path:name>")
@auth.needs(Role.ADMIN)
def remove(name: str) -> tuple[str, int] | Answer:
    """Remove one that nothing names any longer, where it is still what was shown."""
    here, version = context().appliance, form_answers.version()
    view = classes.get(here, name)
    try:
        classes.remove(here, name, by=auth.principal(), version=version)
    except Outdated:
        changed = classes.changed_since(here, view, version) if version is not None else ()
        return _form(ClassForm.of_view(view), view, changed=changed, undone="removed"), 409
    except (InvalidDocument, Refused) as error:
        return _form(ClassForm.of_view(view).with_faults(error), view), 409
    return _back("removed", name)


def _posted() -> ClassForm:
    request.max_content_length = request.max_form_memory_size = BODY_BYTES_MAX
    return ClassForm.of_post(request.form)


def _form(form: ClassForm, view: classes.ClassView | None, *, trial: classes.Trial | None = None,
          **more: Any) -> str:
    here = context().appliance
    names = [one.name for one in classes.list_classes(here) if view is None or one.name != view.name]
    recorded: Any = latest(here, limit=RECORDED)
    return render_template("classes/form.html", form=form, view=view, names=names, trial=trial, recorded=recorded,
                           **more)


def _back(said: str, name: str) -> Answer:
    return redirect(url_for("page_classes.page", said=said, name=name), 303)
