"""``/subnets``: subnets and pools with their use; one subnet with a map of its addresses."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from app.auth import needs, principal
from app.context import context
from app.pages import form_answers
from app.pages.asked import asked
from app.services import address_map, declared, lists, pools, subnets
from app.services.access import Role
from app.services.changes import Consent, Difference, differences
from app.services.declared import DeclaredPool
from app.services.definitions import TakesAddresses
from app.services.subnets import SubnetView
from dhcpcore.errors import InvalidDocument, InvalidValue, NotFound, Outdated, Refused
from dhcpcore.store.picture import PREFIX_POOLS

blueprint = Blueprint("page_subnets", __name__)

#: Subnets of one page.
ROWS = 40
#: So many are seen at a look, and need no form to find one.
FEW = 6
#: The orders that the page offers, and what a person calls them.
SORTS = {"id": "As added", "name": "Name", "prefix": "Prefix", "-use": "Fullest first",
         "-held": "Most leases first"}
#: What was just done, by the word in the address.
SAID = {
    "subnet-added": "The subnet is added. Clients there are served from now on.",
    "subnet-changed": "The subnet is changed. Clients are told with their next message.",
    "subnet-removed": "The subnet is removed, with its pools and assignments.",
    "pool-added": "The pool is added. The next client that asks may be served from it.",
    "pool-changed": "The pool is changed. The next client that asks is served from it.",
    "pool-removed": "The pool is removed.",
    "undone": "It is as it was before.",
}


@blueprint.get("/subnets")
@needs(Role.VIEWER)
def page() -> str:
    """Every subnet, a page at a time: by a part of its name, prefix or interface, by family and by wire."""
    given, overview = asked("find", "family", "wire", "sort", "cursor"), context().overview()
    found: lists.Page[SubnetView] = lists.Page((), None)
    fault = None
    try:
        found = subnets.page(
            overview, find=given["find"] or None, family={"4": 4, "6": 6}.get(given["family"]),
            shared_network=given["wire"] or None, sort=given["sort"] if given["sort"] in SORTS else "id",
            cursor=given["cursor"] or None, limit=ROWS)
    except InvalidValue as error:
        fault = str(error)
    wires = sorted({one.shared_network for one in overview.subnets if one.shared_network})
    return render_template("subnets/page.html", overview=overview, page=found, given=given, fault=fault, sorts=SORTS,
                           wires=wires, families={one.family for one in overview.subnets}, few=FEW,
                           done=form_answers.done(SAID))


@blueprint.get("/subnets/<int:number>")
@needs(Role.VIEWER)
def one(number: int) -> str:
    """One subnet: its pools, and which of their addresses are free."""
    at = request.args.get("at", "")[:45].strip()
    return _shown(number, at or None, done=form_answers.done(SAID))


@blueprint.post("/subnets/<int:number>/pool")
@needs(Role.ADMIN)
def pool(number: int) -> tuple[str, int] | Answer:
    """Move a pool's ends: at once where nobody loses an address, else after what it takes was shown and confirmed."""
    here, form = context().appliance, request.form
    old = form.get("old_first", ""), form.get("old_last", "")
    new = form.get("first", "")[:45].strip(), form.get("last", "")[:45].strip()
    losses = form.get("losses", "")
    consent = Consent(int(losses) if losses.isdecimal() and len(losses) < 16 else 0)
    typed: dict[str, Any] = {"old": old, "new": new, "chosen": form.get("pool", "")}
    try:
        found = _pool_of(number, typed["chosen"], old)
        seen = form_answers.version()
        typed["version"] = found.version
        _, applied = pools.change(here, found.id, {"first": new[0], "last": new[1]}, by=principal(),
                                  version=found.version if seen is None else seen, consent=consent)
    except Outdated:
        # Who sends it again has seen what is there now.
        return _shown(number, **typed, changed=_beside(pools.get(here, found.id), new)), 409
    except TakesAddresses as error:
        return _shown(number, **typed, losses=error.losses), 200
    except InvalidDocument as error:
        faults = {one.path: one.message for one in error.faults}
        return _shown(number, **typed, faults=faults), 422
    except Refused as error:
        return _shown(number, **typed, faults={"pool": str(error)}), 409
    revision = applied.revision if applied is not None else None
    return redirect(url_for("page_subnets.one", number=number, said="pool-changed", revision=revision), 303)


def _shown(number: int, at: str | None = None, **more: Any) -> str:
    subnet, appliance = subnet_of(number), context().appliance
    own = declared.subnet(appliance, number).pools
    prefixes = {pool.id for pool in own if pool.list == PREFIX_POOLS}
    versions = {pool.id: pool.version for pool in own}
    return render_template("subnets/one.html", subnet=subnet, map=address_map.page_of(appliance, number, at),
                           prefixes=prefixes, versions=versions, **({"done": None} | more))


def _beside(present: DeclaredPool, new: tuple[str, str]) -> tuple[Difference, ...]:
    """The ends that were asked for beside those that are there now."""
    return differences({"first": new[0], "last": new[1]}, {key: present.entry.get(key) for key in ("first", "last")})


def _pool_of(number: int, chosen: str, ends: tuple[str, str]) -> DeclaredPool:
    """The pool of that number, or where none is said the one that has these ends."""
    for pool in declared.subnet(context().appliance, number).pools:
        if chosen == str(pool.id) or (not chosen and (pool.entry.get("first"), pool.entry.get("last")) == ends):
            return pool
    raise NotFound(f"There is no pool {' - '.join(ends)} any longer; look at the subnet again.")


def subnet_of(number: int) -> SubnetView:
    """The subnet of that number, with its use."""
    for subnet in context().overview().subnets:
        if subnet.id == number:
            return subnet
    raise NotFound(f"There is no subnet with the number {number}.")

