"""``/leases``: who has which address; one lease with its history and its last transactions; release, renew, reserve."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from app.auth import needs, principal
from app.context import context
from app.pages.asked import asked
from app.services import assignments, leases, subnets, transactions
from app.services.access import Role
from dhcpcore.errors import InvalidDocument, InvalidValue, LessorError, NotFound, Refused

blueprint = Blueprint("page_leases", __name__)

ROWS = 50
#: What the list can be sorted by, by column, and what a person calls the two ways round.
SORTS = {
    "address": ("Address", "lowest first", "highest first"),
    "hostname": ("Client", "A to Z", "Z to A"),
    "hw_address": ("Hardware address", "lowest first", "highest first"),
    "expires_at": ("Ends", "soonest first", "latest first"),
    "last_seen_at": ("Last seen", "longest ago first", "newest first"),
}
#: Transactions shown beside a lease, or in place of one that is not there.
TOLD = 10


@blueprint.get("/leases")
@needs(Role.VIEWER)
def page() -> str:
    """The list: searched, filtered, sorted and paged by the server."""
    return render_template("leases/page.html", **_view())


@blueprint.get("/leases/<address>")
@needs(Role.VIEWER)
def one(address: str) -> str:
    """One address: its lease, who had it before, and what its client was told lately."""
    return render_template("leases/one.html", **_told(address))


@blueprint.post("/leases/<address>/reserve")
@needs(Role.OPERATOR)
def reserve(address: str) -> tuple[str, int] | Answer:
    """Keep the address for the client that has it."""
    try:
        view, applied = assignments.from_lease(context().appliance, address, by=principal())
    except (InvalidDocument, Refused) as error:
        if isinstance(error, NotFound):
            raise
        return render_template("leases/one.html", **_told(address), fault=str(error)), 409
    return redirect(url_for("page_assignments.page", said="added" if applied else "kept", id=view.id), 303)


@blueprint.post("/leases/<address>/release")
@needs(Role.OPERATOR)
def release(address: str) -> str | tuple[str, int]:
    """End the lease, once that was confirmed."""
    if request.form.get("confirmed") != "yes":
        return render_template("leases/one.html", **_told(address), asking=True)
    try:
        done = leases.release(context().appliance, address, by=principal())
    except LessorError as error:
        if isinstance(error, NotFound):
            raise
        return render_template("leases/one.html", **_told(address), fault=str(error)), 409
    return render_template("leases/one.html", **_told(address), done=done)


@blueprint.post("/leases/<address>/renew")
@needs(Role.OPERATOR)
def renew(address: str) -> str | tuple[str, int]:
    """Ask the client to renew now."""
    try:
        asked_now = leases.renew(context().appliance, address, by=principal())
    except LessorError as error:
        return render_template("leases/one.html", **_told(address), fault=str(error)), 409
    return render_template("leases/one.html", **_told(address), renewing=asked_now)


def _view() -> dict[str, Any]:
    here = context()
    given = asked("find", "subnet", "show", "sort", "cursor")
    names = subnets.names(here.appliance)
    subnet = next((number for number, name in names.items() if name == given["subnet"]), None)
    show = given["show"] if given["show"] in {*leases.STATES, "all"} else leases.ACTIVE
    found, fault = leases.Page((), None), None
    try:
        found = leases.list_leases(
            here.appliance, find=given["find"] or None, subnet=subnet, limit=ROWS, cursor=given["cursor"] or None,
            state=None if show == "all" else show,
            sort=given["sort"] if given["sort"] in leases.SORTS else "address")
    except InvalidValue as error:
        fault = str(error)
    why: tuple[transactions.TransactionView, ...] = ()
    if given["find"] and not found.leases and not fault:
        why = _of_client(given["find"])
    return {"page": found, "fault": fault, "names": names, "given": given, "show": show, "states": leases.STATES,
            "sorts": SORTS, "why": why, "kept": assignments.keepers(here.appliance, found.leases),
            "now": here.appliance.database.now()}


def _told(address: str) -> dict[str, Any]:
    here = context()
    found = leases.show(here.appliance, address)
    return {"leases": found, "address": found[0].address, "names": subnets.names(here.appliance),
            "kept": assignments.keepers(here.appliance, found),
            "history": leases.history_of_address(here.appliance, address), "now": here.appliance.database.now(),
            "newest": _of_client(found[0].hw_address or address)}


def _of_client(what: str) -> tuple[transactions.TransactionView, ...]:
    """The client's last transactions; none where nobody is known by that name."""
    try:
        return transactions.latest(context().appliance, what, TOLD)
    except (NotFound, InvalidValue):
        return ()
