"""``/api/v1/option-definitions``: every option that can be written by name; read-only."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app import auth
from app.api.responses import Problems
from app.context import context
from app.services import option_definitions
from app.services.access import Role
from app.services.plain import plain

api = APIBlueprint("option_definitions", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="option-definitions", description="Options by name, and how their values are written.")])


class OptionsAsked(BaseModel):
    """Which options."""

    model_config = ConfigDict(extra="forbid")

    space: str | None = Field(None, min_length=1, max_length=80, description="dhcp4, dhcp6, or one defined here.")
    find: str | None = Field(None, min_length=1, max_length=80, description="Part of a name or description, or a code.")
    built_in: bool | None = Field(None, description="Only those of the built-in tables, or only the site's own.")


class OptionDefinition(BaseModel):
    """One option."""

    space: str
    code: int
    name: str
    value: str = Field(description="How its value is written, in a few words.")
    example: Any
    description: str
    source: str
    settable: bool = Field(description="False: the server, a relay or the client says it.")
    built_in: bool


class OptionDefinitions(BaseModel):
    """Options; some hundreds at most, so all in one answer."""

    items: list[OptionDefinition]


@api.get("/option-definitions", responses={200: OptionDefinitions, **Problems.of(503)},
         operation_id="list_option_definitions", summary="List options")
@auth.needs(Role.VIEWER)
def list_option_definitions(query: OptionsAsked) -> Response:
    """Every option by name, with how its value is written."""
    found = option_definitions.list_options(context().appliance, space=query.space, find=query.find,
                                            built_in=query.built_in)
    return jsonify(items=plain(found))
