"""``/api/v1/subnets``: subnets and their pools with what is used of them; read-only."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, Field

from app import auth
from app.api.responses import Problems
from app.context import context
from app.services.access import Role
from app.services.plain import plain

api = APIBlueprint("subnets", __name__, url_prefix="/api/v1",
                   abp_tags=[Tag(name="subnets", description="Subnets and pools, and their use.")])


class Pool(BaseModel):
    """A range of addresses."""

    first: str
    last: str
    size: int
    held: int = Field(description="Addresses that clients hold now.")
    declined: int = Field(description="Addresses on probation: found in use by somebody else.")
    free: int
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
    """Every subnet, of one revision of the definitions."""

    items: list[Subnet]
    revision: int


@api.get("/subnets", responses={200: Subnets, **Problems.of(503)}, operation_id="list_subnets", summary="List subnets")
@auth.needs(Role.VIEWER)
def list_subnets() -> Response:
    """Every subnet with its pools and their use."""
    found = context().overview()
    items = []
    for subnet in found.subnets:
        item = plain(subnet)
        for shown, pool in zip(item["pools"], subnet.pools, strict=True):
            shown["free"] = pool.free
        items.append(item)
    return jsonify(items=items, revision=found.revision)
