"""``/api/v1/option-definitions``: every option that can be written by name; the site's own are defined here."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, url_for
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app import auth
from app.api.bodies import MERGE_PATCH, described, json_object
from app.api.changes import Done, MaybeDone, done, made
from app.api.conditions import IfMatch, required, tagged
from app.api.responses import Problems
from app.context import context
from app.services import option_definitions
from app.services.access import Role
from app.services.changes import merged
from app.services.declared import DeclaredPiece
from app.services.option_definitions import DefinitionEntry
from app.services.plain import plain

api = APIBlueprint("option_definitions", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="option-definitions", description="Options by name, and how their values are written.")])


_EXAMPLE = {"space": "dhcp4", "code": 224, "name": "x-colour", "type": "string"}


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


class OptionName(BaseModel):
    """One of the site's own options."""

    space: str = Field(min_length=1, max_length=80, description="dhcp4, dhcp6, or a space inside an option.")
    name: str = Field(min_length=1, max_length=80, description="Its name.")


class FamilyAsked(BaseModel):
    """Which family, for a name that is defined for both."""

    model_config = ConfigDict(extra="forbid")

    family: int | None = Field(None, ge=4, le=6, multiple_of=2, description="4 or 6; only needed where both families "
                               "have one of that name.")


class DefinitionBody(DefinitionEntry):
    """An option definition as in the definitions document."""


class Definition(BaseModel):
    """One of the site's own options, as it is defined."""

    model_config = ConfigDict(extra="allow")

    space: str
    code: int
    name: str
    type: str


class ChangedDefinition(Definition, MaybeDone):
    """The option as it is defined now, and what the change did."""


@api.get("/option-definitions", responses={200: OptionDefinitions, **Problems.of(503)},
         operation_id="list_option_definitions", summary="List options")
@auth.needs(Role.VIEWER)
def list_option_definitions(query: OptionsAsked) -> Response:
    """Every option by name, with how its value is written."""
    found = option_definitions.list_options(context().appliance, space=query.space, find=query.find,
                                            built_in=query.built_in)
    return jsonify(items=plain(found))


@api.post("/option-definitions", responses={201: ChangedDefinition, 200: Definition, **Problems.of(409, 415, 503)},
          operation_id="add_option_definition", summary="Define an option",
          request_body=described(DefinitionBody, _EXAMPLE))
@auth.needs(Role.ADMIN)
def add_option_definition() -> Response:
    """Define an option of your own; the same again is the same one, answered with 200."""
    view, applied = option_definitions.add(context().appliance, json_object(), by=auth.principal())
    where = url_for("option_definitions.get_option_definition", space=view.entry["space"], name=view.entry["name"])
    return made(dict(view.entry), view.version, applied, location=where)


@api.get("/option-definitions/<space>/<name>", responses={200: Definition, **Problems.of(404, 503)},
         operation_id="get_option_definition", summary="One of your own options")
@auth.needs(Role.VIEWER)
def get_option_definition(path: OptionName, query: FamilyAsked) -> Response:
    """How it is defined, with its version as `ETag`."""
    view = _found(path, query)
    return tagged(jsonify(dict(view.entry)), view.version)


@api.put("/option-definitions/<space>/<name>",
         responses={200: ChangedDefinition, **Problems.of(404, 409, 412, 415, 428, 503)},
         operation_id="replace_option_definition", summary="Define an option anew",
         request_body=described(DefinitionBody, _EXAMPLE))
@auth.needs(Role.ADMIN)
def replace_option_definition(path: OptionName, query: FamilyAsked, header: IfMatch) -> Response:
    """Define it in another way; refused with 409 where a value that is in use would not fit."""
    return _replaced(_found(path, query), header, patch=False)


@api.patch("/option-definitions/<space>/<name>",
           responses={200: ChangedDefinition, **Problems.of(404, 409, 412, 415, 428, 503)},
           operation_id="change_option_definition", summary="Change a definition",
           request_body=described(DefinitionBody, {"doc": "What it is for."}, MERGE_PATCH))
@auth.needs(Role.ADMIN)
def change_option_definition(path: OptionName, query: FamilyAsked, header: IfMatch) -> Response:
    """Change what is named and keep the rest; null takes a key out (RFC 7396)."""
    return _replaced(_found(path, query), header, patch=True)


@api.delete("/option-definitions/<space>/<name>", responses={200: Done, **Problems.of(404, 409, 412, 428, 503)},
            operation_id="remove_option_definition", summary="Remove a definition")
@auth.needs(Role.ADMIN)
def remove_option_definition(path: OptionName, query: FamilyAsked, header: IfMatch) -> Response:
    """Have no such option any longer; refused with 409 while somebody is told it."""
    view = _found(path, query)
    version = required(header, view.version, view.entry)
    return jsonify(done(option_definitions.remove(context().appliance, view, by=auth.principal(), version=version)))


def _found(path: OptionName, query: FamilyAsked) -> DeclaredPiece:
    return option_definitions.find(context().appliance, path.space, path.name, query.family)


def _replaced(view: DeclaredPiece, header: IfMatch, *, patch: bool) -> Response:
    version = required(header, view.version, view.entry)
    entry = merged(view.entry, json_object(MERGE_PATCH)) if patch else json_object()
    after, applied = option_definitions.replace(context().appliance, view, entry, by=auth.principal(), version=version)
    return made(dict(after.entry), after.version, applied)
