"""``/api/v1/options/preview`` and ``/api/v1/subnets/{id}/effective-options``: options on the wire, and at clients."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app import auth
from app.api.bodies import described, json_object
from app.api.responses import Problems
from app.context import context
from app.services import effective_options, option_preview
from app.services.access import Role
from app.services.plain import plain
from dhcpcore.errors import Fault, InvalidDocument
from dhcpcore.topology.faults import unknown_key

api = APIBlueprint("options", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="options", description="Options as they are on the wire, and what a client will receive.")])

_EXAMPLE = {"family": 4, "options": {"routers": ["192.0.2.1"], "option-231": {"hex": "00ff"}}}


class PreviewBody(BaseModel):
    """Options to look at."""

    family: Literal[4, 6] = Field(4, description="4 for DHCPv4, 6 for DHCPv6.")
    options: dict[str, Any] = Field(description="Values by name, as in the definitions document.")


class Preview(BaseModel):
    """One option: its octets and how they read back, or what is wrong."""

    name: str
    code: int | None
    octets: int = Field(description="Of the payload.")
    payload: str = Field(description="In hex.")
    wire: str = Field(description="In hex, with code and length; in parts where it is longer than 255 octets.")
    value: Any = Field(description="The canonical value, as it reads back from the payload.")
    unreadable: str | None = Field(description="Why octets given as hex are no value of it; sent all the same.")
    fault: str | None = Field(description="What is wrong with the name or the value, and what would be right.")


class Previews(BaseModel):
    """The options in the order in which they were asked for."""

    items: list[Preview]


class SubnetNumber(BaseModel):
    """One subnet."""

    id: int = Field(ge=1, le=2**31 - 1, description="Its number.")


class EffectiveAsked(BaseModel):
    """Which client; without an identifier, any that has no assignment."""

    model_config = ConfigDict(extra="forbid")

    hw_address: str | None = Field(None, max_length=80, description="The client's hardware address.")
    client_id: str | None = Field(None, max_length=800, description="DHCPv4: its client identifier, in hex.")
    circuit_id: str | None = Field(None, max_length=255, description="The circuit that its relay names.")
    expression: str | None = Field(None, max_length=255, description="What `assignment_key` makes of its packets.")
    remote_id: str | None = Field(None, max_length=255, description="The remote end that its relay names.")
    duid: str | None = Field(None, max_length=800, description="DHCPv6: its DUID.")
    address: str | None = Field(None, max_length=45, description="Its address, which decides the pool.")
    requested: str | None = Field(None, max_length=4000, description="What it requests: names or codes with commas "
                                  "between them. Without it, a client that sends no list.")


class Origin(BaseModel):
    """A level of the definitions."""

    level: Literal["computed", "globals", "shared_network", "subnet", "pool", "class", "assignment"]
    name: str


class EffectiveOption(BaseModel):
    """One option that has a value for the client."""

    code: int
    name: str
    value: Any
    hex: str
    origin: Origin
    overrides: list[Origin] = Field(description="Farther levels, whose values do not count.")
    sent: bool
    why: str = Field(description="Why it is sent, or is not, in a few words.")


class EffectiveOptions(BaseModel):
    """What the client receives, in the order of the wire, and behind that what it does not."""

    subnet: str
    pool: str | None
    assignment: int | None
    address: str | None
    requested: list[int] | None
    options: list[EffectiveOption]
    unknown: list[str] = Field(description="Requested, and without a value.")
    warnings: list[str] = Field(description="What the client will stumble over.")


@api.post("/options/preview", responses={200: Previews, **Problems.of(413, 415, 503)},
          operation_id="preview_options", summary="Show options on the wire",
          request_body=described(PreviewBody, _EXAMPLE))
@auth.needs(Role.VIEWER)
def preview() -> Response:
    """Each option's octets, with code and length, and how they read back; a wrong one says what would be right.

    Nothing is stored.
    """
    body = json_object()
    for key in body:
        if key not in PreviewBody.model_fields:
            raise InvalidDocument((Fault(str(key), unknown_key(str(key), PreviewBody.model_fields)),))
    family, options = body.get("family", 4), body.get("options")
    if not isinstance(options, dict):
        raise InvalidDocument((Fault("options", 'is not an object such as {"routers": ["192.0.2.1"]}'),))
    if not isinstance(family, int) or isinstance(family, bool):
        raise InvalidDocument((Fault("family", "is neither 4 nor 6"),))
    return jsonify(items=plain(option_preview.preview(context().appliance, options, family)))


@api.get("/subnets/<id>/effective-options", responses={200: EffectiveOptions, **Problems.of(404, 503)},
         operation_id="get_effective_options", summary="Show what a client will receive")
@auth.needs(Role.VIEWER)
def get_effective_options(path: SubnetNumber, query: EffectiveAsked) -> Response:
    """Every option that has a value for the client, with the level that says so, and whether it is sent."""
    client = {key: getattr(query, key) for key in effective_options.IDENTIFIERS}
    requested = None if query.requested is None else [one.strip() for one in query.requested.split(",") if one.strip()]
    return jsonify(plain(effective_options.effective(
        context().appliance, str(path.id), client, address=query.address, requested=requested)))
