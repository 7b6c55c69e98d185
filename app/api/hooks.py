"""``/api/v1/hooks``: the callouts of hook libraries."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, Field

from app import auth
from app.api.responses import Problems
from app.context import context
from app.services import hooks
from app.services.access import Role
from app.services.plain import plain

api = APIBlueprint("hooks", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="hooks", description="Functions of hook libraries, and what became of their calls.")])


class Callout(BaseModel):
    """One function at one hook."""

    hook: str
    library: str
    function: str
    calls: int
    errors: int = Field(description="Calls that raised or overran.")
    overruns: int = Field(description="Calls that were ended because they took too long.")
    stopped: int = Field(description="Calls that left another status than CONTINUE.")
    mean_us: float
    slowest_us: float
    disabled: str = Field(description="Why it is not called any more; empty: it is.")


class Callouts(BaseModel):
    """Every one, in the order of a message's way."""

    items: list[Callout]


@api.get("/hooks", responses={200: Callouts, **Problems.of(503)}, operation_id="list_hooks", summary="List callouts")
@auth.needs(Role.VIEWER)
def list_hooks() -> Response:
    """What the running engine calls; 503 where none runs."""
    return jsonify(items=plain(hooks.listed(context().appliance)))
