"""``/shared-networks``: which subnets share one wire, and what holds for all of them; added, edited and removed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response as Answer

from app.auth import needs, principal
from app.context import context
from app.pages import form_answers
from app.pages.model_form import Field, ModelForm, fields_of
from app.services import shared_networks, subnets
from app.services.access import Role
from app.services.changes import Consent
from app.services.definitions import Applied
from app.services.shared_networks import SharedNetwork
from dhcpcore.errors import Conflict, Fault
from dhcpcore.topology.document import SharedNetworkEntry

blueprint = Blueprint("page_shared_networks", __name__)

SAID = {"added": "The shared network is added. Its subnets are on one wire from now on.",
        "changed": "The shared network is changed. Clients are told with their next message.",
        "removed": "The shared network is no more; its subnets are alone on their wires.",
        "undone": "It is as it was before."}
_MEMBERS = Field("subnets", "Subnets", "list", "Which subnets share the wire, by name, prefix or number.",
                 "office, phones")
_LIST = "page_shared_networks.page"


@blueprint.get("/shared-networks")
@needs(Role.VIEWER)
def page() -> str:
    """The list."""
    return render_template("shared_networks/page.html", networks=shared_networks.list_all(context().appliance),
                           numbers={name: number for number, name in subnets.names(context().appliance).items()},
                           done=form_answers.done(SAID))


@blueprint.get("/shared-networks/new")
@needs(Role.ADMIN)
def new() -> str:
    """An empty form."""
    return _shown(ModelForm.of_entry(_fields(), {}, form_answers.spaces_of_both(context().appliance)), None)


@blueprint.post("/shared-networks/new")
@needs(Role.ADMIN)
def add() -> tuple[str, int] | Answer:
    """Add one; a name that is there already is refused."""
    here, form = context().appliance, _posted()

    def do(consent: Consent) -> Applied | None:
        entry = form.entry()
        name = str(entry.get("name", ""))
        if any(one.name == name for one in shared_networks.list_all(here)):
            raise Conflict((Fault("name", f"{name} is there already: edit it, or take another name"),))
        return shared_networks.put(here, name, entry, by=principal(), consent=consent)[1]

    return form_answers.answered(do, form, lambda form, **more: _shown(form, None, **more), "added", endpoint=_LIST)


@blueprint.get("/shared-networks/one/<path:name>")
@needs(Role.VIEWER)
def one(name: str) -> str:
    """The form of one; who may not change it sees what is there."""
    view = shared_networks.get(context().appliance, name)
    return _shown(_of_view(view), view)


@blueprint.post("/shared-networks/one/<path:name>")
@needs(Role.ADMIN)
def save(name: str) -> tuple[str, int] | Answer:
    """Change one; refused, with both forms shown, where somebody else has changed it meanwhile."""
    here, form = context().appliance, _posted()
    view = shared_networks.get(here, name)

    def do(consent: Consent) -> Applied | None:
        # No subnet left in the field: none shares the wire.
        return shared_networks.put(here, name, {"subnets": []} | form.entry(), by=principal(), version=_version(),
                                   consent=consent)[1]

    return form_answers.answered(do, form, lambda form, **more: _shown(form, view, theirs=_of_view(view), **more),
                                 "changed", endpoint=_LIST)


@blueprint.post("/shared-networks/remove/<path:name>")
@needs(Role.ADMIN)
def remove(name: str) -> tuple[str, int] | Answer:
    """Remove one; its subnets stay."""
    here = context().appliance
    view = shared_networks.get(here, name)
    return form_answers.answered(
        lambda _: shared_networks.remove(here, name, by=principal(), version=_version()), _of_view(view),
        lambda form, **more: _shown(form, view, is_removal=True, **more), "removed", endpoint=_LIST)


def _shown(form: ModelForm, view: SharedNetwork | None, *, theirs: ModelForm | None = None, **more: Any) -> str:
    return form_answers.shown("shared_networks/form.html", form, theirs, view=view,
                              version=None if view is None else view.version, **more)


def _fields() -> list[Field]:
    name, *others = fields_of(SharedNetworkEntry)
    return [name, _MEMBERS, *others]


def _of_view(view: SharedNetwork) -> ModelForm:
    entry = {**view.entry, "name": view.name, "subnets": list(view.subnets)}
    return ModelForm.of_entry(_fields(), entry, form_answers.spaces_of_both(context().appliance))


def _posted() -> ModelForm:
    return ModelForm.of_post(_fields(), request.form, form_answers.spaces_of_both(context().appliance))


def _version() -> str | None:
    """The version that the form was made from."""
    return request.form.get("version", "")[:64] or None
