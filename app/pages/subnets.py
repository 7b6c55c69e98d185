"""``/subnets``: subnets and pools with their use; one subnet with a map of its addresses."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from app.auth import needs, principal
from app.context import context
from app.services import address_map, definitions, widening
from app.services.access import Role
from app.services.subnets import SubnetView
from dhcpcore.errors import InvalidDocument, NotFound, Refused

blueprint = Blueprint("page_subnets", __name__)


@blueprint.get("/subnets")
@needs(Role.VIEWER)
def page() -> str:
    """Every subnet."""
    return render_template("subnets/page.html", overview=context().overview())


@blueprint.get("/subnets/<int:number>")
@needs(Role.VIEWER)
def one(number: int) -> str:
    """One subnet: its pools, and which of their addresses are free."""
    subnet = subnet_of(number)
    at = request.args.get("at", "")[:45].strip()
    shown = address_map.page_of(context().appliance, number, at or None)
    return render_template("subnets/one.html", subnet=subnet, map=shown, said=request.args.get("said", ""),
                           revision=definitions.revision(context().appliance))


@blueprint.post("/subnets/<int:number>/pool")
@needs(Role.ADMIN)
def pool(number: int) -> tuple[str, int] | Answer:
    """Move a pool's ends: at once where nobody loses an address, else after what it takes was shown and confirmed."""
    here, form = context(), request.form
    old = form.get("old_first", ""), form.get("old_last", "")
    new = form.get("first", "")[:45].strip(), form.get("last", "")[:45].strip()
    revision, losses = _number(form.get("revision", "")), _number(form.get("losses", ""))
    shown = {"subnet": subnet_of(number), "map": address_map.page_of(here.appliance, number), "old": old, "new": new,
             "revision": definitions.revision(here.appliance)}
    try:
        planned = widening.plan(here.appliance, number, old, new, based_on=revision)
        if sum(one.clients for one in planned.losses) > losses:
            return render_template("subnets/one.html", **shown, planned=planned), 200
        widening.move(here.appliance, number, old, new, by=principal(), based_on=revision, losses=losses)
    except InvalidDocument as error:
        faults = {one.path: one.message for one in error.faults}
        return render_template("subnets/one.html", **shown, faults=faults), 422
    except Refused as error:
        return render_template("subnets/one.html", **shown, faults={"pool": str(error)}), 409
    return redirect(url_for("page_subnets.one", number=number, said="pool"), 303)


def subnet_of(number: int) -> SubnetView:
    """The subnet of that number, with its use."""
    for subnet in context().overview().subnets:
        if subnet.id == number:
            return subnet
    raise NotFound(f"There is no subnet with the number {number}.")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 16 else 0
