"""``/option-definitions``: options of the site's own, defined by code, name and type; added, edited and removed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response as Answer

from app.auth import needs, principal
from app.context import context
from app.pages import form_answers
from app.pages.model_form import Field, ModelForm, fields_of
from app.services import declared, option_definitions
from app.services.access import Role
from app.services.declared import DeclaredPiece
from app.services.option_definitions import DefinitionEntry

blueprint = Blueprint("page_option_definitions", __name__)

SAID = {"added": "The option is defined. It can be written by its name everywhere.",
        "changed": "The option is defined anew.", "removed": "The option is no more.",
        "undone": "It is as it was before."}
_LIST = "page_option_definitions.page"


@blueprint.get("/option-definitions")
@needs(Role.VIEWER)
def page() -> str:
    """The list of the site's own."""
    return render_template("option_definitions/page.html",
                           definitions=declared.option_definitions(context().appliance), done=form_answers.done(SAID))


@blueprint.get("/option-definitions/new")
@needs(Role.ADMIN)
def new() -> str:
    """An empty form."""
    return _shown(ModelForm.of_entry(_fields(), {"space": "dhcp4"}, {}), None)


@blueprint.post("/option-definitions/new")
@needs(Role.ADMIN)
def add() -> tuple[str, int] | Answer:
    """Define one."""
    here, form = context().appliance, _posted()
    return form_answers.answered(lambda _: option_definitions.add(here, form.entry(), by=principal())[1], form,
                                 lambda form, **more: _shown(form, None, **more), "added", endpoint=_LIST)


@blueprint.get("/option-definitions/one/<path:name>")
@needs(Role.VIEWER)
def one(name: str) -> str:
    """The form of one; who may not change it sees what is there."""
    view = option_definitions.named(context().appliance, name)
    return _shown(_of_view(view), view)


@blueprint.post("/option-definitions/one/<path:name>")
@needs(Role.ADMIN)
def save(name: str) -> tuple[str, int] | Answer:
    """Define it in another way; refused, with both forms shown, where somebody else has changed it meanwhile."""
    here, form = context().appliance, _posted()
    view = option_definitions.named(here, name)
    return form_answers.answered(
        lambda _: option_definitions.replace(here, view, form.entry(), by=principal(),
                                             version=form_answers.version())[1],
        form, lambda form, **more: _shown(form, view, theirs=_of_view(view), **more), "changed", endpoint=_LIST)


@blueprint.post("/option-definitions/remove/<path:name>")
@needs(Role.ADMIN)
def remove(name: str) -> tuple[str, int] | Answer:
    """Remove one that nobody is told."""
    here = context().appliance
    view = option_definitions.named(here, name)
    return form_answers.answered(
        lambda _: option_definitions.remove(here, view, by=principal(), version=form_answers.version()),
        _of_view(view), lambda form, **more: _shown(form, view, is_removal=True, **more), "removed", endpoint=_LIST)


def _shown(form: ModelForm, view: DeclaredPiece | None, *, theirs: ModelForm | None = None, **more: Any) -> str:
    return form_answers.shown("option_definitions/form.html", form, theirs, view=view,
                              version=None if view is None else view.version, unset="default", **more)


def _fields() -> list[Field]:
    return fields_of(DefinitionEntry)


def _of_view(view: DeclaredPiece) -> ModelForm:
    return ModelForm.of_entry(_fields(), view.entry, {})


def _posted() -> ModelForm:
    return ModelForm.of_post(_fields(), request.form, {})
