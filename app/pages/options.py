"""``/options``: options as they are on the wire while they are written; and what a client of a subnet will receive."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from app.auth import needs
from app.context import context
from app.pages.asked import asked
from app.services import effective_options, option_preview, subnets
from app.services.access import Role
from app.services.option_preview import PreviewView
from dhcpcore.errors import InvalidDocument, InvalidValue
from dhcpcore.topology.levels import KINDS

blueprint = Blueprint("page_options", __name__)

TEXT_MAX = 32 * 1024
_EXAMPLE = "routers: [192.0.2.1]\ndomain-search: [example.org, lab.example.org]\noption-231: '00ff'\n"


@blueprint.get("/options")
@needs(Role.VIEWER)
def page() -> str:
    """Where options are tried."""
    previews, fault = _previews(_EXAMPLE, 4)
    return render_template("options/page.html", text=_EXAMPLE, family=4, previews=previews, fault=fault)


@blueprint.post("/options")
@needs(Role.VIEWER)
def look() -> str:
    """The same, without JavaScript; nothing is stored."""
    text, family = _typed()
    previews, fault = _previews(text, family)
    return render_template("options/page.html", text=text, family=family, previews=previews, fault=fault)


@blueprint.post("/fragments/option-preview")
@needs(Role.VIEWER)
def fragment() -> str:
    """What a form's options look like on the wire; asked while somebody types."""
    previews, fault = _previews(*_typed())
    return render_template("options/preview.html", previews=previews, fault=fault)


@blueprint.get("/subnets/<int:number>/options")
@needs(Role.VIEWER)
def effective(number: int) -> tuple[str, int]:
    """What a client of the subnet will receive, and which level says so."""
    here = context()
    given = asked("identifier", "value", "address", "requested")
    kind = given["identifier"] if given["identifier"] in effective_options.IDENTIFIERS else "hw_address"
    client = {kind: given["value"]} if given["value"] else {}
    requested = [one.strip() for one in given["requested"].split(",") if one.strip()] or None
    found: effective_options.EffectiveOptions | None = None
    faults: tuple[str, ...] = ()
    name = subnets.names(here.appliance).get(number, "")
    try:
        found = effective_options.effective(here.appliance, str(number), client, address=given["address"] or None,
                                            requested=requested)
    except InvalidDocument as error:
        faults = tuple(f"{one.path}: {one.message}" for one in error.faults)
    return render_template("options/effective.html", number=number, name=name, given={**given, "identifier": kind},
                           found=found, faults=faults, kinds=KINDS), 422 if faults else 200


def _typed() -> tuple[str, int]:
    """The options of a form, and its family: named, or that of the client that the form is about."""
    form = request.form
    is_six = form.get("family") == "6" or form.get("identifier") == "duid" or ":" in form.get("address", "")
    return form.get("options", "")[:TEXT_MAX], 6 if is_six else 4


def _previews(text: str, family: int) -> tuple[tuple[PreviewView, ...], str | None]:
    """The options of a text, or what is wrong with the text as a whole."""
    try:
        return option_preview.preview_text(context().appliance, text, family), None
    except (InvalidDocument, InvalidValue) as error:
        return (), str(error)
