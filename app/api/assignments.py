"""``/api/v1/assignments``: static assignments by cursor, one at a time; added, changed and removed."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response, jsonify, url_for
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app import auth
from app.api.bodies import MERGE_PATCH, described, json_object
from app.api.changes import Done, MaybeDone, done
from app.api.conditions import IfMatch, required, tagged
from app.api.responses import Problems
from app.context import context
from app.services import assignments, takeover
from app.services.access import Role
from app.services.assignments import AssignmentView
from app.services.definitions import Applied
from app.services.plain import plain, time_text
from dhcpcore.store.assignment_list import PAGE_MAX
from dhcpcore.store.assignment_orders import ROWS_MAX
from dhcpcore.topology.document import AssignmentEntry

api = APIBlueprint("assignments", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="assignments", description="Addresses that are kept for one client each.")])

_EXAMPLE = {"hw_address": "02:00:00:00:00:06", "address": "192.0.2.6", "hostname": "scanner"}


class AssignmentsAsked(BaseModel):
    """Which assignments."""

    model_config = ConfigDict(extra="forbid")

    find: str | None = Field(None, min_length=1, max_length=255, description="An address, hardware address, client "
                             "identifier, DUID, circuit or remote identifier, value of an expression, or part of a "
                             "host name.")
    subnet: str | None = Field(None, min_length=1, max_length=255, description="Name, prefix or number of a subnet; "
                               "`*`: those that count in all.")
    enabled: bool | None = Field(None, description="Only those in effect, or only those kept without effect.")
    sort: Literal[
        "id", "-id", "address", "-address", "hw_address", "-hw_address", "hostname", "-hostname", "last_used_at",
        "-last_used_at"] = Field("id", description=(
            "`id` is the order in which they were added, and costs the same however many there are. For another, each "
            f"is looked at: where there are more than {ROWS_MAX:,}, `subnet` has to be named (422). Those that have "
            "none come last; in the order of addresses, those without effect as well."))
    cursor: str | None = Field(None, min_length=1, max_length=1200, description="`next_cursor` of the page before.")
    limit: int = Field(100, ge=1, le=PAGE_MAX, description="At most so many.")


class AssignmentNumber(BaseModel):
    """One assignment."""

    id: int = Field(ge=1, le=2**63 - 1, description="Its number.")


class AssignmentBody(AssignmentEntry):
    """An assignment as in the definitions document, with its subnet."""

    subnet: str | int | None = Field(None, description="Name, prefix or number of its subnet; without it, the one "
                                     "whose prefix holds the address. `*`: all of them, wherever the client appears. "
                                     "An assignment keeps its subnet.")


class HolderShown(BaseModel):
    """A lease that is held now."""

    address: str
    client: str
    hostname: str
    is_own: bool = Field(description="Whether it is the assignment's own client.")
    renews_at: str = Field(description="When its client will probably be heard of next.")
    ends_at: str | None = Field(description="null: the lease has no end.")


class Assignment(BaseModel):
    """One assignment.  Keys that it has no value for are left out, as in the definitions document."""

    id: int
    subnet: str = Field(description="Name of its subnet; `*`: it counts in all of them.")
    conflicts: list[str] = Field(description="Addresses of it that somebody else was found to use.")
    hw_address: str | None = None
    client_id: str | None = Field(None, description="DHCPv4: client identifier, type octet included.")
    duid: str | None = None
    circuit_id: str | dict[str, str] | None = Field(None, description="Text, or hex where it is no text.")
    remote_id: str | dict[str, str] | None = Field(None, description="Text, or hex where it is no text.")
    expression: str | dict[str, str] | None = Field(None, description="What `assignment_key` makes of its packets.")
    address: str | None = None
    addresses: list[str] = Field([], description="DHCPv6.")
    prefixes: list[str] = Field([], description="DHCPv6.")
    hostname: str | None = None
    options: dict[str, Any] = {}
    always_send: list[str] = Field([], description="Options sent unasked.")
    never_send: list[str] = Field([], description="Options kept back.")
    classes: list[str] = Field([], description="Classes that the client is of by this.")
    enabled: bool
    boot: dict[str, str] | None = Field(None, description="DHCPv4: BOOTP fields of its replies.")
    shared: bool = False
    takeover: str = Field("nak", description="How a lease that is in the way ends: `nak` or `wait`.")
    usage: Literal["in-use", "held-by-another", "conflict", "unused", "disabled"] = Field(
        description="What becomes of its addresses.")
    holders: list[HolderShown] = Field(description="Who holds its addresses now.")
    last_used_at: str | None = Field(None, description="When whoever had its lowest address was last heard of; null: "
                                     "nobody ever had it.")


class Assignments(BaseModel):
    """A page of assignments.  It may be short, or empty, and have a cursor: ask on until that is null."""

    items: list[Assignment]
    next_cursor: str | None


class ChangedAssignment(Assignment, MaybeDone):
    """The assignment as it is now, and what the change did."""


class Outlook(BaseModel):
    """What is in an assignment's way."""

    takeover: str = Field(description="`nak` or `wait`.")
    others: list[HolderShown] = Field(description="Who else holds its addresses.")
    elsewhere: list[HolderShown] = Field(description="What its client holds instead.")
    moves_at: str | None = Field(description="When the last of them will be gone, at the earliest; null: nobody is in "
                                             "the way, or a lease has no end.")
    asked: list[str] = Field(description="Addresses whose holders were asked to renew just now.")
    refused: list[str] = Field(description="Why others could not be asked.")


class Chosen(Outlook):
    """The same after a choice."""

    revision: int | None = Field(description="Of the definitions, where the choice changed them.")


class TakeoverBody(BaseModel):
    """How what is in the way ends."""

    model_config = ConfigDict(extra="forbid")

    how: Literal["nak", "wait", "renew"]


@api.get("/assignments", responses={200: Assignments, **Problems.of(404, 503)}, operation_id="list_assignments",
         summary="List assignments")
@auth.needs(Role.VIEWER)
def list_assignments(query: AssignmentsAsked) -> Response:
    """Assignments in the order in which they were added, a page at a time."""
    page = assignments.page(context().appliance, subnet=query.subnet, find=query.find, enabled=query.enabled,
                            sort=query.sort, cursor=query.cursor, limit=query.limit)
    return jsonify(items=[shown(one) for one in page.assignments], next_cursor=page.next_cursor)


@api.post("/assignments", responses={201: ChangedAssignment, 200: Assignment, **Problems.of(404, 409, 415, 503)},
          operation_id="add_assignment", summary="Add an assignment", request_body=described(AssignmentBody, _EXAMPLE))
@auth.needs(Role.OPERATOR)
def add_assignment() -> Response:
    """Keep an address for one client.

    What is there already, with the same values, is answered with 200 and not added again; so a request of which the
    answer was lost can be repeated.  What collides with another assignment is refused with 409, which names it.
    """
    entry, subnet = assignments.separated(json_object())
    view, applied = assignments.create(context().appliance, entry, by=auth.principal(), subnet=subnet)
    answer = tagged(jsonify(changed(view, applied)), view.version)
    answer.status_code = 200 if applied is None else 201
    answer.headers["Location"] = url_for("assignments.get_assignment", id=view.id)
    return answer


@api.get("/assignments/<id>", responses={200: Assignment, **Problems.of(404, 503)}, operation_id="get_assignment",
         summary="One assignment")
@auth.needs(Role.VIEWER)
def get_assignment(path: AssignmentNumber) -> Response:
    """One assignment, with its version as `ETag`."""
    view = assignments.get(context().appliance, path.id)
    return tagged(jsonify(shown(view)), view.version)


@api.put("/assignments/<id>", responses={200: ChangedAssignment, **Problems.of(404, 409, 412, 415, 428, 503)},
         operation_id="replace_assignment", summary="Replace an assignment",
         request_body=described(AssignmentBody, _EXAMPLE))
@auth.needs(Role.OPERATOR)
def replace_assignment(path: AssignmentNumber, header: IfMatch) -> Response:
    """Give an assignment another form, whole: what is not named has its default afterwards."""
    view = assignments.get(context().appliance, path.id)
    version = required(header, view.version, shown(view))
    return _replaced(view, json_object(), version)


@api.patch("/assignments/<id>", responses={200: ChangedAssignment, **Problems.of(404, 409, 412, 415, 428, 503)},
           operation_id="change_assignment", summary="Change an assignment",
           request_body=described(AssignmentBody, {"hostname": "scanner-2", "enabled": False}, MERGE_PATCH))
@auth.needs(Role.OPERATOR)
def change_assignment(path: AssignmentNumber, header: IfMatch) -> Response:
    """Change what is named and keep the rest; null takes a key out (RFC 7396)."""
    view = assignments.get(context().appliance, path.id)
    version = required(header, view.version, shown(view))
    return _replaced(view, assignments.merged(view, json_object(MERGE_PATCH)), version)


@api.delete("/assignments/<id>", responses={200: Done, **Problems.of(404, 409, 412, 428, 503)},
            operation_id="remove_assignment", summary="Remove an assignment")
@auth.needs(Role.OPERATOR)
def remove_assignment(path: AssignmentNumber, header: IfMatch) -> Response:
    """Let the address go back to whatever the subnet says of it."""
    view = assignments.get(context().appliance, path.id)
    version = required(header, view.version, shown(view))
    return jsonify(done(assignments.delete(context().appliance, path.id, by=auth.principal(), version=version)[1]))


@api.get("/assignments/<id>/takeover", responses={200: Outlook, **Problems.of(404, 503)},
         operation_id="get_takeover", summary="What is in an assignment's way")
@auth.needs(Role.VIEWER)
def get_takeover(path: AssignmentNumber) -> Response:
    """Who holds its addresses, what its client holds instead, and when that will be over."""
    return jsonify(plain(takeover.outlook(context().appliance, path.id)))


@api.post("/assignments/<id>/takeover", responses={200: Chosen, **Problems.of(404, 409, 415, 503)},
          operation_id="choose_takeover", summary="Say how what is in the way ends",
          request_body=described(TakeoverBody, {"how": "wait"}))
@auth.needs(Role.OPERATOR)
def choose_takeover(path: AssignmentNumber) -> Response:
    """`nak`: the holder is refused at its next contact; `wait`: its lease runs out and is not extended; `renew`: it is
    asked to renew at once (FORCERENEW), and refused then.
    """
    how = json_object().get("how")
    found, applied = takeover.choose(context().appliance, path.id, str(how), by=auth.principal())
    return jsonify(plain(found) | {"revision": None if applied is None else applied.revision})


def shown(view: AssignmentView) -> dict[str, Any]:
    """An assignment as its schema says."""
    return {"id": view.id, "subnet": view.subnet, **view.entry, "enabled": view.enabled,
            "conflicts": list(view.conflicts), "usage": view.usage.state, "holders": plain(view.usage.holders),
            "last_used_at": None if view.usage.last_used_at is None else time_text(view.usage.last_used_at)}


def changed(view: AssignmentView, applied: Applied | None) -> dict[str, Any]:
    """An assignment with what a change of it did, if one was made."""
    return shown(view) | done(applied)


def _replaced(view: AssignmentView, body: dict[str, Any], version: int | None) -> Response:
    entry, subnet = assignments.separated(body)
    assignments.require_home(context().appliance, view, subnet)
    after, applied = assignments.replace(context().appliance, view.id, entry, by=auth.principal(), version=version)
    return tagged(jsonify(changed(after, applied)), after.version)
