"""``/api/v1/leases``: leases by cursor, one lease, its history; released, renewed, made an assignment."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response, jsonify, request, url_for
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app import auth
from app.api.assignments import Assignment, ChangedAssignment, changed
from app.api.bodies import described, json_object
from app.api.conditions import tagged
from app.api.responses import Problems
from app.context import context
from app.services import assignments, leases
from app.services.access import Role
from app.services.plain import plain
from dhcpcore.errors import NotFound
from dhcpcore.store.lease_orders import ROWS_MAX
from dhcpcore.store.queries import PAGE_MAX

api = APIBlueprint("leases", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="leases", description="Who has which "
                                                                           "address, and who had it.")])


class LeasesAsked(BaseModel):
    """Which leases."""

    model_config = ConfigDict(extra="forbid")

    find: str | None = Field(None, min_length=1, max_length=255, description="An address, hardware address, client "
                             "identifier or part of a host name.")
    subnet: int | None = Field(None, ge=0, le=2**31 - 1, description="Number of a subnet.")
    active: bool = Field(False, description="Only leases that are held now.")
    state: Literal["active", "expired", "released", "declined"] | None = Field(None, description="Only those.")
    hostname: str | None = Field(None, min_length=1, max_length=255, description="Part of the host name.")
    hw_address: str | None = Field(None, min_length=1, max_length=80, description="Hardware address, in any spelling.",
                                   examples=["02:00:00:00:00:01"])
    sort: Literal[
        "address", "-address", "expires_at", "-expires_at", "last_seen_at", "-last_seen_at", "hw_address",
        "-hw_address", "hostname", "-hostname"] = Field("address", description=(
            "The order of the addresses costs the same for ten million leases. For another, each lease is looked at: "
            f"where there are more than {ROWS_MAX:,}, `subnet` has to be named (422)."))
    cursor: str | None = Field(None, max_length=1200, description="`next_cursor` of the page before.")
    limit: int = Field(100, ge=1, le=PAGE_MAX, description="At most so many.")


class AddressAsked(BaseModel):
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


class SpaceAsked(BaseModel):
    """Which lease space."""

    model_config = ConfigDict(extra="forbid")

    space: int = Field(0, ge=0, le=2**31 - 1, description="Where several networks use the same addresses; 0 is the "
                       "common one.")


class Leases(BaseModel):
    """A page of leases.  It may be short, or empty, and have a cursor: ask on until that is null."""

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


class Released(BaseModel):
    """What became of a release."""

    released: bool = Field(description="False: no engine runs now; the next one that starts releases it.")
    address: str
    request: int | None = Field(None, description="Number of the request that waits for an engine.")


class Renewal(BaseModel):
    """Who was asked to renew."""

    address: str
    client: str = Field(description="What the client is known by.")
    sent: list[Literal["authenticated", "plain"]] = Field(description="How it was asked. A client that never announced "
                                                          "option 145 does not hear the authenticated message.")
    last_seen_at: str = Field(description="When it was heard last: later than this once it has renewed.")


class LeaseAssignmentBody(BaseModel):
    """What the assignment has besides the lease's client and address; all of it may be left out."""

    model_config = ConfigDict(extra="forbid")

    hostname: str | None = Field(None, description="Without it, the one that the client goes by; null for none.")
    options: dict[str, Any] = Field({}, description="As in the definitions document.")
    enabled: bool = Field(True, description="False keeps the assignment without effect.")


@api.get("/leases", responses={200: Leases, **Problems.of(503)}, operation_id="list_leases", summary="List leases")
@auth.needs(Role.VIEWER)
def list_leases(query: LeasesAsked) -> Response:
    """Leases in the order of their addresses, a page at a time."""
    page = leases.list_leases(context().appliance, find=query.find, subnet=query.subnet, active=query.active,
                              cursor=query.cursor, limit=query.limit, state=query.state, hostname=query.hostname,
                              hw_address=query.hw_address, sort=query.sort)
    return jsonify(items=plain(page.leases), next_cursor=page.next_cursor)


@api.get("/leases/<address>", responses={200: Lease, **Problems.of(404, 503)}, operation_id="get_lease",
         summary="One lease")
@auth.needs(Role.VIEWER)
def get_lease(path: AddressAsked) -> Response:
    """The lease of one address, past or present."""
    return jsonify(plain(leases.show(context().appliance, path.address)[0]))


@api.post("/leases/<address>/release", responses={200: Released, 202: Released, **Problems.of(409, 503)},
          operation_id="release_lease", summary="Release a lease")
@auth.needs(Role.OPERATOR)
def release_lease(path: AddressAsked, query: SpaceAsked) -> Response:
    """End a lease at once, so that others can have the address.

    Its client is not told (DHCPv4 has no way to); it hears of it at its next renewal.  Where no engine runs, the wish
    is kept (202) and carried out by the next one that starts.
    """
    result = leases.release(context().appliance, path.address, by=auth.principal(), space=query.space)
    answer = jsonify({name: result[name] for name in ("released", "address", "request") if name in result})
    answer.status_code = 200 if result["released"] else 202
    return answer


@api.post("/leases/<address>/renew", responses={200: Renewal, **Problems.of(409, 503)},
          operation_id="renew_lease", summary="Ask a client to renew")
@auth.needs(Role.OPERATOR)
def renew_lease(path: AddressAsked, query: SpaceAsked) -> Response:
    """Send the client that holds the address a FORCERENEW: it asks for its lease anew within seconds, and so hears of
    what was changed.

    Where `globals.forcerenew` is `never`, or nobody holds the address, the answer is 409; where no engine runs, 503.
    """
    return jsonify(plain(leases.renew(context().appliance, path.address, by=auth.principal(), space=query.space)))


@api.post("/leases/<address>/assignment", operation_id="assign_lease", summary="Make a lease an assignment",
          responses={201: ChangedAssignment, 200: Assignment, **Problems.of(404, 409, 415, 503)},
          request_body=described(LeaseAssignmentBody, {"hostname": "printer"}))
@auth.needs(Role.OPERATOR)
def assign_lease(path: AddressAsked, query: SpaceAsked) -> Response:
    """Keep the address for the client that has it, or had it last, by its hardware address or else its identifier.

    The answer is that of adding the assignment; no body is needed.
    """
    body = json_object() if request.get_data() else {}
    view, applied = assignments.from_lease(context().appliance, path.address, by=auth.principal(), space=query.space,
                                           changes=body)
    answer = tagged(jsonify(changed(view, applied)), view.version)
    answer.status_code = 200 if applied is None else 201
    answer.headers["Location"] = url_for("assignments.get_assignment", id=view.id)
    return answer


@api.get("/leases/<address>/history", responses={200: History, **Problems.of(404, 503)},
         operation_id="get_lease_history", summary="Who held an address")
@auth.needs(Role.VIEWER)
def get_history(path: AddressAsked) -> Response:
    """Who held the address, latest first."""
    found = leases.history_of_address(context().appliance, path.address)
    if not found:
        raise NotFound(f"{path.address} was never held, as far as the history goes.")
    return jsonify(items=plain(found))
