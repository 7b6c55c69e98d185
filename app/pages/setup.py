"""``/setup``: the first subnet in three steps, with a look for other servers on the link."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from app.auth import needs, principal
from app.context import context
from app.services import setup
from app.services.access import Role
from app.services.setup import Candidate, FirstSubnet
from dhcpcore.control import ControlRefused, EngineAway
from dhcpcore.errors import Fault, InvalidDocument, LessorError

blueprint = Blueprint("page_setup", __name__)

STEPS = ("interface", "subnet", "pool")
#: The fields of each step; a fault leads back to the first step that has one.
_FIELDS = {"interface": ("interface",), "subnet": ("name", "prefix", "router", "resolvers", "domain"),
           "pool": ("first", "last")}
_TEXT_MAX = 255


@blueprint.get("/setup")
@needs(Role.ADMIN)
def page() -> str:
    """The first step; or word that there is nothing to set up."""
    return _shown("interface", FirstSubnet())


@blueprint.post("/setup")
@needs(Role.ADMIN)
def step() -> str | tuple[str, int] | Answer:
    """What one step's form says: the next step, the same with what is wrong, or the subnet made."""
    typed = FirstSubnet(**{name: request.form.get(name, "")[:_TEXT_MAX].strip() for name in setup.FIELDS})
    at, here = request.form.get("step", ""), context().appliance
    back = request.form.get("back", "")
    if back in STEPS:
        return _shown(back, typed)
    try:
        if at == "interface":
            return _shown("subnet", _chosen(typed))
        if at == "subnet":
            setup.check(typed, pool=False)
            return _shown("pool", setup.with_pool(here, typed))
        setup.create(here, typed, by=principal())
    except InvalidDocument as error:
        faults: dict[str, str] = {}
        for one in error.faults:
            faults[one.path] = f"{faults[one.path]}; {one.message}" if one.path in faults else one.message
        place = next(name for name in STEPS if set(_FIELDS[name]) & set(faults))
        return _shown(place, typed, faults=faults), 422
    except LessorError as error:
        return _shown(at if at in STEPS else "pool", typed, refused=str(error)), 409
    return redirect(url_for("page_setup.done"), 303)


@blueprint.post("/setup/probe")
@needs(Role.ADMIN)
def probe() -> str:
    """Who else serves that link; for a browser without scripts, as a page of its own."""
    name = request.form.get("interface", "")[:_TEXT_MAX].strip()
    found = setup.ask_neighbours(context().appliance, name, by=principal())
    template = "setup/neighbours.html" if "HX-Request" in request.headers else "setup/probed.html"
    return render_template(template, found=found)


@blueprint.get("/setup/done")
@needs(Role.ADMIN)
def done() -> str | Answer:
    """What serves now, and what comes next."""
    overview = context().overview()
    if not overview.subnets:
        return redirect(url_for("page_setup.page"), 303)
    return render_template("setup/done.html", subnet=overview.subnets[0])


def _candidates() -> tuple[tuple[Candidate, ...], str]:
    try:
        return setup.candidates(context().appliance), ""
    except (EngineAway, ControlRefused) as error:
        return (), str(error)


def _chosen(typed: FirstSubnet) -> FirstSubnet:
    """The suggestion for the interface that was picked; what was typed before goes before it."""
    if not typed.interface:
        raise InvalidDocument((Fault("interface", "Pick an interface, or write its name."),))
    known = {one.name: one.suggestion for one in _candidates()[0]}
    suggested = known.get(typed.interface)
    if suggested is None or typed.prefix:
        return typed
    return FirstSubnet(**{**asdict(suggested), "first": "", "last": ""})


def _shown(at: str, typed: FirstSubnet, **more: Any) -> str:
    found, why_none = _candidates() if at == "interface" else ((), "")
    return render_template("setup/page.html", at=at, steps=STEPS, typed=typed, fields=_FIELDS, found=found,
                           why_none=why_none, needed=setup.needed(context().appliance),
                           **{"faults": {}, "refused": "", **more})
