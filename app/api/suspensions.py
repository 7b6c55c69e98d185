"""``/api/v1/suspensions``: clients that the engine does not answer for a time; seen and lifted."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, Field

from app import auth
from app.api.responses import Problems
from app.context import context
from app.services import suspensions
from app.services.access import Role
from app.services.plain import plain

api = APIBlueprint("suspensions", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="suspensions", description="Clients that are not answered for a time.")])


class Suspension(BaseModel):
    """A client that is not answered for a time."""

    hw_address: str
    why: str = Field(description="`rate`: it sent too many packets; `declines`: it declined too many addresses.")
    subnet: str
    since_at: str
    until_at: str


class Suspensions(BaseModel):
    """Every one of them, that whose time ends last first."""

    items: list[Suspension]


class Lifted(BaseModel):
    """A client that is answered again."""

    hw_address: str


class HardwareAsked(BaseModel):
    """The hardware address in the path."""

    hw_address: str = Field(description="As the list has it.")


@api.get("/suspensions", responses={200: Suspensions, **Problems.of(503)}, operation_id="list_suspensions",
         summary="List suspended clients")
@auth.needs(Role.VIEWER)
def list_suspensions() -> Response:
    """Whom the running engine does not answer; 503 where none runs."""
    return jsonify(items=plain(suspensions.listed(context().appliance)))


@api.delete("/suspensions/<hw_address>", responses={200: Lifted, **Problems.of(409, 503)},
            operation_id="lift_suspension", summary="Answer a client again")
@auth.needs(Role.OPERATOR)
def lift_suspension(path: HardwareAsked) -> Response:
    """Answer the client again at once; 409 where it is not suspended."""
    return jsonify(hw_address=suspensions.lift(context().appliance, path.hw_address, by=auth.principal()))
