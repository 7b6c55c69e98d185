"""``/subnets``: subnets and pools with their use; one subnet with a map of its addresses."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from app.auth import needs
from app.context import context
from app.services import address_map
from app.services.access import Role
from app.services.subnets import SubnetView
from dhcpcore.errors import NotFound

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
    return render_template("subnets/one.html", subnet=subnet, map=shown)


def subnet_of(number: int) -> SubnetView:
    """The subnet of that number, with its use."""
    for subnet in context().overview().subnets:
        if subnet.id == number:
            return subnet
    raise NotFound(f"There is no subnet with the number {number}.")
