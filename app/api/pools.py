"""``/api/v1/pools``: pools of addresses and of prefixes; added, changed and removed one at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from flask import Response, jsonify, url_for
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app import auth
from app.api.bodies import MERGE_PATCH, answered, described, json_object
from app.api.changes import ChangeAsked, Done, MaybeDone, done, made
from app.api.conditions import IfMatch, required, tagged
from app.api.responses import Problems
from app.api.subnets import Use, use
from app.context import context
from app.services import pools
from app.services.access import Role
from app.services.assignments import separated
from app.services.declared import DeclaredPool
from app.services.lists import PAGE_MAX
from app.services.subnets import PoolView
from dhcpcore.topology.document import PoolEntry, PrefixPoolEntry

api = APIBlueprint("pools", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="pools", description="Ranges that clients without an assignment are served from.")])

_EXAMPLE = {"subnet": "office", "first": "192.0.2.200", "last": "192.0.2.219"}


class PoolsAsked(BaseModel):
    """Which pools."""

    model_config = ConfigDict(extra="forbid")

    subnet: str | None = Field(None, min_length=1, max_length=255, description="Name, prefix or number of a subnet.")
    prefixes: bool | None = Field(None, description="Only pools of prefixes, or only pools of addresses.")
    sort: Literal["id", "-id", "subnet", "-subnet", "first", "-first", "held", "-held", "use", "-use"] = Field(
        "id", description="`first` is the first address, `held` how many hold a lease, `use` what part of it is taken; "
        "`-` before it turns the order round.")
    cursor: str | None = Field(None, min_length=1, max_length=20, description="`next_cursor` of the page before.")
    limit: int = Field(100, ge=1, le=PAGE_MAX, description="At most so many.")


class PoolNumber(BaseModel):
    """One pool."""

    id: int = Field(ge=1, le=2**31 - 1, description="Its number.")


class PoolBody(PoolEntry):
    """A pool of addresses as in the definitions document, with its subnet."""

    subnet: str | int | None = Field(None, description="Name, prefix or number of its subnet; without it, the one "
                                     "whose prefix holds the first address. A pool keeps its subnet.")


class PrefixPoolBody(PrefixPoolEntry):
    """A pool of prefixes as in the definitions document, with its subnet."""

    subnet: str | int | None = Field(None, description="Name, prefix or number of its subnet. A pool keeps it.")


class PoolShown(Use, MaybeDone):
    """A pool in the document's words (of addresses, or of prefixes), with its number and its use."""

    model_config = ConfigDict(extra="allow")

    id: int
    subnet: str = Field(description="Name of its subnet.")


class Pools(BaseModel):
    """A page of pools."""

    items: list[PoolShown]
    next_cursor: str | None


_SHOWN: dict[int | str, Any] = {200: answered("The pool.", PoolShown)}


@api.get("/pools", responses={200: answered("Pools.", Pools), **Problems.of(404, 503)}, operation_id="list_pools",
         summary="List pools")
@auth.needs(Role.VIEWER)
def list_pools(query: PoolsAsked) -> Response:
    """Pools with their use, a page at a time."""
    uses = _uses()
    page = pools.page(context().appliance, subnet=query.subnet, prefixes=query.prefixes, sort=query.sort,
                      cursor=query.cursor, limit=query.limit, uses=uses)
    return jsonify(items=[shown(one, uses) for one in page.items], next_cursor=page.next_cursor)


@api.post("/pools", responses={201: answered("The new pool.", PoolShown), **_SHOWN, **Problems.of(404, 409, 415, 503)},
          operation_id="add_pool", summary="Add a pool", request_body=described((PoolBody, PrefixPoolBody), _EXAMPLE))
@auth.needs(Role.ADMIN)
def add_pool(query: ChangeAsked) -> Response:
    """Serve a range of a subnet's addresses, or pieces of a prefix.

    What is there already, with the same values, is answered with 200 and not added again; what overlaps another pool
    or an assigned prefix is refused with 409, which names it.
    """
    entry, subnet = separated(json_object())
    view, applied = pools.add(context().appliance, entry, by=auth.principal(), subnet=subnet,
                              consent=query.consent())
    return made(shown(view, _uses()), view.version, applied, location=url_for("pools.get_pool", id=view.id))


@api.get("/pools/<id>", responses={**_SHOWN, **Problems.of(404, 503)}, operation_id="get_pool", summary="One pool")
@auth.needs(Role.VIEWER)
def get_pool(path: PoolNumber) -> Response:
    """One pool, with its version as `ETag`."""
    view = pools.get(context().appliance, path.id)
    return tagged(jsonify(shown(view, _uses())), view.version)


@api.put("/pools/<id>", responses={**_SHOWN, **Problems.of(404, 409, 412, 415, 428, 503)},
         operation_id="replace_pool", summary="Replace a pool",
         request_body=described((PoolBody, PrefixPoolBody), _EXAMPLE))
@auth.needs(Role.ADMIN)
def replace_pool(path: PoolNumber, query: ChangeAsked, header: IfMatch) -> Response:
    """Give a pool another form, whole: what is not named has its default afterwards."""
    return _replaced(path.id, query, header, pools.replace, json_object())


@api.patch("/pools/<id>", responses={**_SHOWN, **Problems.of(404, 409, 412, 415, 428, 503)},
           operation_id="change_pool", summary="Change a pool",
           request_body=described((PoolBody, PrefixPoolBody), {"last": "192.0.2.229"}, MERGE_PATCH))
@auth.needs(Role.ADMIN)
def change_pool(path: PoolNumber, query: ChangeAsked, header: IfMatch) -> Response:
    """Change what is named and keep the rest; null takes a key out (RFC 7396)."""
    return _replaced(path.id, query, header, pools.change, json_object(MERGE_PATCH))


@api.delete("/pools/<id>", responses={200: Done, **Problems.of(404, 409, 412, 428, 503)}, operation_id="remove_pool",
            summary="Remove a pool")
@auth.needs(Role.ADMIN)
def remove_pool(path: PoolNumber, query: ChangeAsked, header: IfMatch) -> Response:
    """Serve nobody from it any longer."""
    here, view = context().appliance, pools.get(context().appliance, path.id)
    version = required(header, view.version, shown(view, _uses()))
    return jsonify(done(pools.remove(here, path.id, by=auth.principal(), version=version,
                                     consent=query.consent())[1]))


def shown(view: DeclaredPool, uses: dict[int, PoolView]) -> dict[str, Any]:
    """A pool as its schema says."""
    return {"id": view.id, "subnet": view.subnet, **view.entry, **use(uses.get(view.id))}


def _uses() -> dict[int, PoolView]:
    return pools.uses_of(context().overview())


def _replaced(number: int, query: ChangeAsked, header: IfMatch, write: Callable[..., Any], body: dict[str, Any],
              ) -> Response:
    here, view = context().appliance, pools.get(context().appliance, number)
    version = required(header, view.version, shown(view, _uses()))
    entry, subnet = separated(body)
    pools.require_home(here, view, subnet)
    after, applied = write(here, number, entry, by=auth.principal(), version=version, consent=query.consent())
    return made(shown(after, _uses()), after.version, applied)
