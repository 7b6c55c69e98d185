"""``/handlers``: the site's own code in the server, configured handlers and callouts, what it costs and what it did."""

from __future__ import annotations

import contextlib
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from app.auth import needs, principal
from app.context import context
from app.pages import form_answers
from app.pages.handler_form import HandlerForm
from app.services import handlers, hooks
from app.services.access import Role
from dhcpcore.control import EngineAway
from dhcpcore.errors import InvalidDocument, InvalidValue, NotFound, Outdated, Refused

blueprint = Blueprint("page_handlers", __name__)
_SAID = frozenset(("added", "changed", "removed", "moved", "enabled", "disabled"))


@blueprint.get("/handlers")
@needs(Role.VIEWER)
def page() -> str:
    """Configured handlers in their order, and callouts of hook libraries."""
    here = context().appliance
    found: tuple[hooks.Callout, ...] | None = None
    with contextlib.suppress(EngineAway):  # Every page says so at its top.
        found = hooks.listed(here)
    said = request.args.get("said", "")
    name = request.args.get("name", "")[:64]
    return render_template("handlers/page.html", callouts=found, handlers=handlers.list_handlers(here),
                           calls=handlers.calls_or_none(here) or {},
                           said={"said": said, "name": name} if said in _SAID else None)


@blueprint.get("/handlers/new")
@needs(Role.ADMIN)
def new() -> str:
    """The types to choose from, or the empty form of one."""
    here = context().appliance
    wanted = request.args.get("type", "")[:64]
    if not wanted:
        return render_template("handlers/types.html", types=handlers.types(here))
    type_ = handlers.get_type(here, wanted)
    return _shown(HandlerForm.of_entry(type_, {}, form_answers.spaces_of_both(here)), None)


@blueprint.post("/handlers/new")
@needs(Role.ADMIN)
def add() -> str | tuple[str, int] | Answer:
    """Configure one; what is wrong is told at its field, and nothing that was typed is lost."""
    here = context().appliance
    form = _posted(handlers.get_type(here, request.args.get("type", "")[:64]))
    if request.form.get("more"):
        return _shown(form, None)
    try:
        view, _ = handlers.add(here, form.entry(), by=principal(), before=request.form.get("before") or None)
    except (InvalidDocument, InvalidValue, Refused) as error:
        return _shown(form.with_faults(error), None), 422
    return _back("added", view.name)


@blueprint.get("/handlers/one/<path:name>")
@needs(Role.VIEWER)
def one(name: str) -> str:
    """The form of one; who may not change it sees what is there."""
    here = context().appliance
    view = handlers.get(here, name)
    return _shown(_of_view(view), view)


@blueprint.post("/handlers/one/<path:name>")
@needs(Role.ADMIN)
def edit(name: str) -> str | tuple[str, int] | Answer:
    """Change one; refused where somebody else has changed it meanwhile."""
    here, version = context().appliance, form_answers.version()
    view = handlers.get(here, name)
    form = _posted(_type_of(view))
    if request.form.get("more"):
        return _shown(form, view)
    try:
        after, _ = handlers.replace(here, name, form.entry(), by=principal(), version=version,
                                    before=request.form.get("before") or None)
    except Outdated as error:
        return _shown(form.with_faults(error), view, is_outdated=True), 409
    except (InvalidDocument, InvalidValue, Refused) as error:
        return _shown(form.with_faults(error), view), 422
    return _back("changed", after.name)


@blueprint.post("/handlers/remove/<path:name>")
@needs(Role.ADMIN)
def remove(name: str) -> tuple[str, int] | Answer:
    """Remove one, where it is still what was shown."""
    here, version = context().appliance, form_answers.version()
    view = handlers.get(here, name)
    try:
        handlers.remove(here, name, by=principal(), version=version)
    except Outdated as error:
        return _shown(_of_view(view).with_faults(error), view, is_outdated=True), 409
    return _back("removed", name)


@blueprint.post("/handlers/move/<path:name>")
@needs(Role.ADMIN)
def move(name: str) -> Answer:
    """Put one in front of another; behind all others where none is named."""
    view, _ = handlers.move(context().appliance, name, request.form.get("before", "")[:64], by=principal())
    return _back("moved", view.name)


@blueprint.post("/handlers/enable/<path:name>")
@needs(Role.ADMIN)
def enable(name: str) -> Answer:
    """Have one take effect, or not."""
    enabled = request.form.get("enabled") == "yes"
    view, _ = handlers.enable(context().appliance, name, enabled=enabled, by=principal())
    return _back("enabled" if enabled else "disabled", view.name)


def _shown(form: HandlerForm, view: handlers.HandlerView | None, *, is_outdated: bool = False) -> str:
    here = context().appliance
    names = [one.name for one in handlers.list_handlers(here) if view is None or one.name != view.name]
    theirs = _of_view(view).form if view is not None and is_outdated else None
    return form_answers.shown("handlers/form.html", form.form, theirs, view=view, type=form.type, names=names,
                              before=request.form.get("before", ""), is_outdated=is_outdated,
                              version=None if view is None else view.version)


def _of_view(view: handlers.HandlerView) -> HandlerForm:
    return HandlerForm.of_entry(_type_of(view), view.entry, form_answers.spaces_of_both(context().appliance))


def _type_of(view: handlers.HandlerView) -> handlers.HandlerType:
    """Its type; of one that is not in the catalogue, nothing is known, and its fields are shown as they are."""
    try:
        return handlers.get_type(context().appliance, view.type)
    except NotFound:
        schema: dict[str, Any] = {"properties": {key: {} for key in view.entry.get("fields", {})}}
        return handlers.HandlerType(view.type, "No package that is installed here has this type.", schema, "unknown")


def _posted(type_: handlers.HandlerType) -> HandlerForm:
    return HandlerForm.of_post(type_, request.form, form_answers.spaces_of_both(context().appliance))


def _back(said: str, name: str) -> Answer:
    return redirect(url_for("page_handlers.page", said=said, name=name), 303)
