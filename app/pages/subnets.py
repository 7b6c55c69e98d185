"""``/subnets``: subnets and pools with their use; one subnet with a map of its addresses."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from app.auth import needs, principal
from app.context import context
from app.services import address_map, declared, pools
from app.services.access import Role
from app.services.changes import Consent
from app.services.declared import DeclaredPool
from app.services.definitions import TakesAddresses
from app.services.subnets import SubnetView
from dhcpcore.errors import InvalidDocument, NotFound, Refused
from dhcpcore.store.picture import PREFIX_POOLS

blueprint = Blueprint("page_subnets", __name__)

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
    """Every subnet."""
    return render_template("subnets/page.html", overview=context().overview(), done=_done())


@blueprint.get("/subnets/<int:number>")
@needs(Role.VIEWER)
def one(number: int) -> str:
    """One subnet: its pools, and which of their addresses are free."""
    at = request.args.get("at", "")[:45].strip()
    return _shown(number, at or None, done=_done())


@blueprint.post("/subnets/<int:number>/pool")
@needs(Role.ADMIN)
def pool(number: int) -> tuple[str, int] | Answer:
    """Move a pool's ends: at once where nobody loses an address, else after what it takes was shown and confirmed."""
    here, form = context().appliance, request.form
    old = form.get("old_first", ""), form.get("old_last", "")
    new = form.get("first", "")[:45].strip(), form.get("last", "")[:45].strip()
    losses = form.get("losses", "")
    consent = Consent(int(losses) if losses.isdecimal() and len(losses) < 16 else 0)
    typed: dict[str, Any] = {"old": old, "new": new}
    try:
        found = _pool_at(number, old)
        _, applied = pools.change(here, found.id, {"first": new[0], "last": new[1]}, by=principal(),
                                  version=found.version, consent=consent)
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
    prefixes = {pool.id for pool in declared.subnet(appliance, number).pools if pool.list == PREFIX_POOLS}
    return render_template("subnets/one.html", subnet=subnet, map=address_map.page_of(appliance, number, at),
                           prefixes=prefixes, **({"done": None} | more))


def _pool_at(number: int, ends: tuple[str, str]) -> DeclaredPool:
    for pool in declared.subnet(context().appliance, number).pools:
        if (pool.entry.get("first"), pool.entry.get("last")) == ends:
            return pool
    raise NotFound(f"There is no pool {' - '.join(ends)} any longer; look at the subnet again.")


def _done() -> dict[str, Any] | None:
    """What was just done, for its sentence and its undo."""
    said, revision = request.args.get("said", ""), request.args.get("revision", "")
    if said not in SAID:
        return None
    return {"sentence": SAID[said], "revision": int(revision) if revision.isdecimal() and len(revision) < 18 else None}


def subnet_of(number: int) -> SubnetView:
    """The subnet of that number, with its use."""
    for subnet in context().overview().subnets:
        if subnet.id == number:
            return subnet
    raise NotFound(f"There is no subnet with the number {number}.")

