"""``/api/v1/leases``: leases by cursor, one lease, its history; read-only."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app.api.responses import Problems
from app.auth import needs
from app.context import context
from app.services import leases
from app.services.access import Role
from app.services.plain import plain
from dhcpcore.errors import NotFound
from dhcpcore.store.queries import PAGE_MAX

api = APIBlueprint("leases", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="leases", description="Who has which "
                                                                           "address, and who had it.")])


class Asked(BaseModel):
    """Which leases."""

    model_config = ConfigDict(extra="forbid")

    find: str | None = Field(None, min_length=1, max_length=255, description="An address, hardware address, client "
                             "identifier or part of a host name.")
    subnet: int | None = Field(None, ge=0, le=2**31 - 1, description="Number of a subnet.")
    active: bool = Field(False, description="Only leases that are held now.")
    cursor: str | None = Field(None, max_length=200, description="`next_cursor` of the page before.")
    limit: int = Field(100, ge=1, le=PAGE_MAX, description="At most so many.")


class Where(BaseModel):
    """One address."""

    address: str = Field(max_length=45, description="An IPv4 or IPv6 address.")


class Lease(BaseModel):
    """One lease."""

    address: str
    state: str = Field(description="active, expired, released or declined.")
    hw_address: str
    client: str = Field(description="What the client is known by.")
    hostname: str = Field(description="As the client wrote it: do not trust it.")
    subnet: int
    expires_at: str | None = Field(description="RFC 3339; null: never.")
    last_seen_at: str
    relay: str
    agent: str = Field(description="Relay agent options, hex.")
    space: int


class Leases(BaseModel):
    """A page of leases."""

    items: list[Lease]
    next_cursor: str | None


class Holding(BaseModel):
    """One interval of the history."""

    address: str
    hw_address: str
    client: str
    hostname: str
    subnet: int
    from_at: str
    to_at: str | None = Field(description="null: still held.")
    ended_by: str
    relay: str
    agent: str


class History(BaseModel):
    """The latest holdings of an address."""

    items: list[Holding]


@api.get("/leases", responses={200: Leases, **Problems.of(503)}, operation_id="list_leases", summary="List leases")
@needs(Role.VIEWER)
def list_leases(query: Asked) -> Response:
    """Leases in the order of their addresses, a page at a time."""
    page = leases.list_leases(context().appliance, find=query.find, subnet=query.subnet, active=query.active,
                              cursor=query.cursor, limit=query.limit)
    return jsonify(items=plain(page.leases), next_cursor=page.next_cursor)


@api.get("/leases/<address>", responses={200: Lease, **Problems.of(404, 503)}, operation_id="get_lease",
         summary="One lease")
@needs(Role.VIEWER)
def get_lease(path: Where) -> Response:
    """The lease of one address, past or present."""
    return jsonify(plain(leases.show(context().appliance, path.address)[0]))


@api.get("/leases/<address>/history", responses={200: History, **Problems.of(404, 503)},
         operation_id="get_lease_history", summary="Who held an address")
@needs(Role.VIEWER)
def get_history(path: Where) -> Response:
    """Who held the address, latest first."""
    found = leases.history_of_address(context().appliance, path.address)
    if not found:
        raise NotFound(f"{path.address} was never held, as far as the history goes.")
    return jsonify(items=plain(found))
