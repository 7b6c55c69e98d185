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
from app.services import definitions, handlers, hooks
from app.services.access import Role
from dhcpcore.control import EngineAway
from dhcpcore.errors import InvalidDocument, InvalidValue, NotFound, Outdated, Refused

blueprint = Blueprint("page_handlers", __name__)
_SAID = {"added": "is configured", "changed": "is changed", "removed": "is no more", "moved": "is moved",
         "enabled": "is enabled", "disabled": "is disabled"}


@blueprint.get("/handlers")
@needs(Role.VIEWER)
def page() -> str:
    """Configured handlers in their order, and callouts of hook libraries."""
    here = context().appliance
    found: tuple[hooks.Callout, ...] | None = None
    with contextlib.suppress(EngineAway):  # Every page says so at its top.
        found = hooks.listed(here)
    name = request.args.get("name", "")[:64]
    sentences = {key: f"Handler {name} {what}." for key, what in _SAID.items()} | {"undone": "All is as it was before."}
    return render_template("handlers/page.html", callouts=found, handlers=handlers.list_handlers(here),
                           calls=handlers.calls_or_none(here) or {},
                           done=form_answers.done(sentences))


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
        seen = definitions.revision(here)
        view, done = handlers.add(here, form.entry(), by=principal(), before=request.form.get("before") or None)
    except (InvalidDocument, InvalidValue, Refused) as error:
        return _shown(form.with_faults(error), None), 422
    return _back("added", view.name, _published(view, done.revision, seen))


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
        seen = definitions.revision(here)
        after, done = handlers.replace(here, name, form.entry(), by=principal(), version=version,
                                       before=request.form.get("before") or None)
    except Outdated as error:
        return _shown(form.with_faults(error), view, is_outdated=True), 409
    except (InvalidDocument, InvalidValue, Refused) as error:
        return _shown(form.with_faults(error), view), 422
    return _back("changed", after.name, _published(after, done.revision, seen))


@blueprint.post("/handlers/remove/<path:name>")
@needs(Role.ADMIN)
def remove(name: str) -> tuple[str, int] | Answer:
    """Remove one, where it is still what was shown."""
    here, version = context().appliance, form_answers.version()
    view = handlers.get(here, name)
    try:
        done = handlers.remove(here, name, by=principal(), version=version)
    except Outdated as error:
        return _shown(_of_view(view).with_faults(error), view, is_outdated=True), 409
    return _back("removed", name, done.revision)


@blueprint.post("/handlers/move/<path:name>")
@needs(Role.ADMIN)
def move(name: str) -> Answer:
    """Put one in front of another; behind all others where none is named."""
    seen = definitions.revision(context().appliance)
    view, done = handlers.move(context().appliance, name, request.form.get("before", "")[:64], by=principal())
    return _back("moved", view.name, _published(view, done.revision, seen))


@blueprint.post("/handlers/enable/<path:name>")
@needs(Role.ADMIN)
def enable(name: str) -> Answer:
    """Have one take effect, or not."""
    enabled = request.form.get("enabled") == "yes"
    seen = definitions.revision(context().appliance)
    view, done = handlers.enable(context().appliance, name, enabled=enabled, by=principal())
    return _back("enabled" if enabled else "disabled", view.name, _published(view, done.revision, seen))


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


def _back(said: str, name: str, revision: int | None) -> Answer:
    return redirect(url_for("page_handlers.page", said=said, name=name, revision=revision), 303)


def _published(view: handlers.HandlerView, revision: int, seen: int) -> int | None:
    """The revision that a change can be undone by; None where it changed nothing."""
    return revision if revision > seen and view.version == revision else None
