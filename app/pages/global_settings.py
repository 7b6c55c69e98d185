"""``/globals``: what holds in every subnet unless it says otherwise, in a form."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response as Answer

from app.auth import needs, principal
from app.context import context
from app.pages import form_answers
from app.pages.model_form import Field, ModelForm, fields_of
from app.services import global_settings
from app.services.access import Role
from app.services.declared import DeclaredPiece
from dhcpcore.topology.document import GlobalsEntry

blueprint = Blueprint("page_globals", __name__)

SAID = {"changed": "The globals are changed. Clients are told with their next message.",
        "undone": "It is as it was before."}


@blueprint.get("/globals")
@needs(Role.VIEWER)
def page() -> str:
    """The form; who may not change it sees what is there."""
    view = global_settings.get(context().appliance)
    return _shown(_of_view(view), view)


@blueprint.post("/globals")
@needs(Role.ADMIN)
def save() -> tuple[str, int] | Answer:
    """Change them; refused, with both forms shown, where somebody else has changed them meanwhile."""
    here = context().appliance
    view = global_settings.get(here)
    form = ModelForm.of_post(_fields(), request.form, form_answers.spaces_of_both(here))
    return form_answers.answered(
        lambda _: global_settings.replace(here, form.entry(), by=principal(), version=form_answers.version())[1],
        form, lambda form, **more: _shown(form, view, theirs=_of_view(view), **more), "changed",
        endpoint="page_globals.page")


def _shown(form: ModelForm, view: DeclaredPiece, *, theirs: ModelForm | None = None, **more: Any) -> str:
    return form_answers.shown("globals/page.html", form, theirs, version=view.version, done=form_answers.done(SAID),
                              unset="default",
                              **more)


def _fields() -> list[Field]:
    return fields_of(GlobalsEntry)


def _of_view(view: DeclaredPiece) -> ModelForm:
    return ModelForm.of_entry(_fields(), view.entry, form_answers.spaces_of_both(context().appliance))
