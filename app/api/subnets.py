"""``/api/v1/subnets``: subnets with their pools and what is used of them; added, changed and removed one at a time."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response, jsonify, url_for
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app import auth
from app.api.bodies import MERGE_PATCH, answered, described, json_object
from app.api.changes import ChangeAsked, Done, MaybeDone, done, made
from app.api.conditions import IfMatch, required, tagged
from app.api.responses import Problems
from app.context import context
from app.services import subnets
from app.services.access import Role
from app.services.declared import LISTS, DeclaredSubnet
from app.services.lists import PAGE_MAX
from app.services.plain import plain
from app.services.subnets import PoolView
from dhcpcore.topology.document import PoolEntry, PrefixPoolEntry, SubnetSettings

api = APIBlueprint("subnets", __name__, url_prefix="/api/v1",
                   abp_tags=[Tag(name="subnets", description="Subnets and pools, and their use.")])

_EXAMPLE = {"prefix": "203.0.113.0/24", "name": "laboratory-2",
            "pools": [{"first": "203.0.113.100", "last": "203.0.113.199"}]}


class SubnetsAsked(BaseModel):
    """Which subnets."""

    model_config = ConfigDict(extra="forbid")

    find: str | None = Field(None, min_length=1, max_length=80, description="Part of a name, a prefix or an interface.")
    family: int | None = Field(None, ge=4, le=6, multiple_of=2, description="4 or 6: only those of this family.")
    shared_network: str | None = Field(None, min_length=1, max_length=64, description="Only those that share its wire.")
    sort: Literal["id", "-id", "name", "-name", "prefix", "-prefix", "held", "-held", "use", "-use"] = Field(
        "id", description="`use` is the share of the pools that is in use; `-` before it turns the order round.")
    cursor: str | None = Field(None, min_length=1, max_length=20, description="`next_cursor` of the page before.")
    limit: int = Field(100, ge=1, le=PAGE_MAX, description="At most so many.")


class SubnetNumber(BaseModel):
    """One subnet."""

    id: int = Field(ge=1, le=2**31 - 1, description="Its number.")


class Use(BaseModel):
    """What is used of a pool."""

    size: int
    held: int = Field(description="Addresses that clients hold now.")
    declined: int = Field(description="Addresses on probation: found in use by somebody else.")
    free: int


class Pool(Use):
    """A range of addresses."""

    id: int
    first: str
    last: str
    guard: str | None = Field(description="Class that a client must be in; null admits all.")
    excluded: list[str] = Field(description="Addresses and ranges of it that are given to nobody; not in its size.")


class Subnet(BaseModel):
    """A subnet of one family."""

    id: int
    name: str
    prefix: str
    family: int
    interface: str | None
    shared_network: str | None
    relays: list[str]
    pools: list[Pool]
    held: int = Field(description="Leases held now, those outside the pools included.")


class Subnets(BaseModel):
    """A page of subnets, of one revision of the definitions."""

    items: list[Subnet]
    next_cursor: str | None
    revision: int


class SubnetBody(SubnetSettings):
    """A subnet as in the definitions document, with its pools; assignments have a place of their own."""

    pools: list[PoolEntry] | None = Field(None, description="Ranges of addresses. A change that does not name them "
                                          "keeps those that are there.")
    prefix_pools: list[PrefixPoolEntry] | None = Field(None, description="DHCPv6: prefixes to delegate; as `pools`.")


class NumberedPool(PoolEntry, Use):
    """A pool of a subnet, with its use."""

    id: int


class NumberedPrefixPool(PrefixPoolEntry, Use):
    """A prefix pool of a subnet, with its use."""

    id: int


class DeclaredSubnetShown(SubnetSettings, MaybeDone):
    """A subnet in the document's words, with its number, its pools and their use."""

    id: int
    held: int = Field(description="Leases held now, those outside the pools included.")
    pools: list[NumberedPool]
    prefix_pools: list[NumberedPrefixPool]


_SHOWN: dict[int | str, Any] = {200: answered("The subnet.", DeclaredSubnetShown)}


@api.get("/subnets", responses={200: Subnets, **Problems.of(503)}, operation_id="list_subnets", summary="List subnets")
@auth.needs(Role.VIEWER)
def list_subnets(query: SubnetsAsked) -> Response:
    """Subnets with their pools and their use, a page at a time."""
    found = context().overview()
    page = subnets.page(found, find=query.find, family=query.family, shared_network=query.shared_network,
                        sort=query.sort, cursor=query.cursor, limit=query.limit)
    items = [plain(one) | {"pools": [plain(pool) | {"free": pool.free} for pool in one.pools]} for one in page.items]
    return jsonify(items=items, next_cursor=page.next_cursor, revision=found.revision)


@api.post("/subnets", responses={201: answered("The new subnet.", DeclaredSubnetShown), **_SHOWN,
                                 **Problems.of(409, 415, 503)},
          operation_id="add_subnet", summary="Add a subnet", request_body=described(SubnetBody, _EXAMPLE))
@auth.needs(Role.ADMIN)
def add_subnet(query: ChangeAsked) -> Response:
    """Serve a subnet.

    What is there already, with the same values, is answered with 200 and not added again; what collides with another
    subnet is refused with 409, which names it.
    """
    view, applied = subnets.add(context().appliance, json_object(), by=auth.principal(), consent=query.consent())
    return made(shown(view), view.version, applied, location=url_for("subnets.get_subnet", id=view.id))


@api.get("/subnets/<id>", responses={**_SHOWN, **Problems.of(404, 503)}, operation_id="get_subnet",
         summary="One subnet")
@auth.needs(Role.VIEWER)
def get_subnet(path: SubnetNumber) -> Response:
    """One subnet, with its version as `ETag`; a change of one of its pools is a change of it."""
    view = subnets.get(context().appliance, path.id)
    return tagged(jsonify(shown(view)), view.version)


@api.put("/subnets/<id>", responses={**_SHOWN, **Problems.of(404, 409, 412, 415, 428, 503)},
         operation_id="replace_subnet", summary="Replace a subnet", request_body=described(SubnetBody, _EXAMPLE))
@auth.needs(Role.ADMIN)
def replace_subnet(path: SubnetNumber, query: ChangeAsked, header: IfMatch) -> Response:
    """Give a subnet another form, whole: what is not named has its default afterwards.

    Its assignments stay, and its pools do where `pools` (or `prefix_pools`) is not named.
    """
    here, view = context().appliance, subnets.get(context().appliance, path.id)
    version = required(header, view.version, shown(view))
    after, applied = subnets.replace(here, path.id, json_object(), by=auth.principal(), version=version,
                                     consent=query.consent())
    return made(shown(after), after.version, applied)


@api.patch("/subnets/<id>", responses={**_SHOWN, **Problems.of(404, 409, 412, 415, 428, 503)},
           operation_id="change_subnet", summary="Change a subnet",
           request_body=described(SubnetBody, {"lifetime": "2h", "interface": None}, MERGE_PATCH))
@auth.needs(Role.ADMIN)
def change_subnet(path: SubnetNumber, query: ChangeAsked, header: IfMatch) -> Response:
    """Change what is named and keep the rest; null takes a key out (RFC 7396)."""
    here, view = context().appliance, subnets.get(context().appliance, path.id)
    version = required(header, view.version, shown(view))
    after, applied = subnets.change(here, path.id, json_object(MERGE_PATCH), by=auth.principal(), version=version,
                                    consent=query.consent())
    return made(shown(after), after.version, applied)


@api.delete("/subnets/<id>", responses={200: Done, **Problems.of(404, 409, 412, 428, 503)},
            operation_id="remove_subnet", summary="Remove a subnet")
@auth.needs(Role.ADMIN)
def remove_subnet(path: SubnetNumber, query: ChangeAsked, header: IfMatch) -> Response:
    """Serve it no longer; its pools and its assignments go with it."""
    here, view = context().appliance, subnets.get(context().appliance, path.id)
    version = required(header, view.version, shown(view))
    _, applied = subnets.remove(here, path.id, by=auth.principal(), version=version, consent=query.consent())
    return jsonify(done(applied))


def shown(view: DeclaredSubnet) -> dict[str, Any]:
    """A subnet as its schema says."""
    counted = {one.id: one for one in context().overview().subnets}.get(view.id)
    uses = {} if counted is None else {pool.id: pool for pool in counted.pools}
    lists = {key: [{"id": pool.id, **pool.entry, **use(uses.get(pool.id))} for pool in view.pools if pool.list == key]
             for key in LISTS}
    return {"id": view.id, "held": 0 if counted is None else counted.held, **view.entry, **lists}


def use(counted: PoolView | None) -> dict[str, int]:
    """What is used of a pool; a pool of a row that makes no sense serves nobody."""
    if counted is None:
        return {"size": 0, "held": 0, "declined": 0, "free": 0}
    return {"size": counted.size, "held": counted.held, "declined": counted.declined, "free": counted.free}
