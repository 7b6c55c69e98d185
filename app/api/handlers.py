"""``/api/v1/handlers``, ``/handler-types``, ``/handler-calls``: configured handlers, what there is, what they did."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, url_for
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app import auth
from app.api.bodies import described, json_object
from app.api.changes import Done, done
from app.api.conditions import IfMatch, required, tagged
from app.api.responses import Problems
from app.context import context
from app.services import handlers
from app.services.access import Role
from app.services.plain import plain
from dhcpcore.topology.handler_entry import HandlerEntry

api = APIBlueprint("handlers", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="handlers", description="What else decides about messages and answers: built-in types and those of packages."
)])

_EXAMPLE = {"type": "recursive-name-servers", "name": "resolvers", "fields": {"addresses": ["192.0.2.53"]},
            "scope": {"mark": "late"}}


class HandlerNamed(BaseModel):
    """One handler, or one type."""

    name: str = Field(min_length=1, max_length=64, description="Its name.")


class HandlerPlaced(BaseModel):
    """Where a handler comes in the order."""

    model_config = ConfigDict(extra="forbid")

    before: str | None = Field(None, max_length=64, description="The handler that it comes before; empty: it comes "
                               "behind all others.")


class ConfiguredHandler(BaseModel):
    """One handler.  Keys that it has no value for are left out, as in the definitions document."""

    type: str
    name: str
    fields: dict[str, Any] = {}
    scope: dict[str, Any] = {}
    isolated: bool = False
    enabled: bool = True
    description: str | None = None


class ConfiguredHandlers(BaseModel):
    """Every handler, in their order."""

    items: list[ConfiguredHandler]


class ChangedHandler(ConfiguredHandler, Done):
    """The handler as it is now, and what the change did."""


class TypeOfHandlers(BaseModel):
    """One type that can be configured."""

    name: str
    doc: str
    schema_: dict[str, Any] = Field(alias="schema", description="JSON schema of its fields.")
    source: str = Field(description="`built in`, or the package that it is of.")


class TypesOfHandlers(BaseModel):
    """Every type, the built-in ones first."""

    items: list[TypeOfHandlers]


class CallsOfHandler(BaseModel):
    """What became of the calls of one handler."""

    name: str
    type: str
    calls: int
    changed: int = Field(description="Answers that it changed.")
    stopped: int = Field(description="Messages that it left unanswered, or refused.")
    errors: int = Field(description="Calls that raised or overran.")
    overruns: int = Field(description="Calls that were ended because they took too long.")
    mean_us: float
    slowest_us: float
    disabled: str = Field(description="Why it is not called; empty: it is.")
    isolated: bool = Field(description="Whether it runs in a process of its own.")
    restarts: int = Field(description="How often that process was begun anew.")


class CallsOfHandlers(BaseModel):
    """Those of every handler, in their order."""

    items: list[CallsOfHandler]


@api.get("/handlers", responses={200: ConfiguredHandlers, **Problems.of(503)}, operation_id="list_handlers",
         summary="List handlers")
@auth.needs(Role.VIEWER)
def list_handlers() -> Response:
    """Every configured handler, in their order."""
    return jsonify(items=[dict(one.entry) for one in handlers.list_handlers(context().appliance)])


@api.get("/handler-types", responses={200: TypesOfHandlers, **Problems.of(503)}, operation_id="list_handler_types",
         summary="List handler types")
@auth.needs(Role.VIEWER)
def list_types() -> Response:
    """What can be configured: built-in types, and those of packages that were there at the last `migrate`."""
    return jsonify(items=[plain(one) for one in handlers.types(context().appliance)])


@api.get("/handler-types/<path:name>", responses={200: TypeOfHandlers, **Problems.of(404, 503)},
         operation_id="get_handler_type", summary="One handler type")
@auth.needs(Role.VIEWER)
def get_type(path: HandlerNamed) -> Response:
    """One type, with the JSON schema of its fields."""
    return jsonify(plain(handlers.get_type(context().appliance, path.name)))


@api.get("/handler-calls", responses={200: CallsOfHandlers, **Problems.of(503)}, operation_id="list_handler_calls",
         summary="Calls of handlers")
@auth.needs(Role.VIEWER)
def list_calls() -> Response:
    """What the running engine's handlers did, and what that took; 503 where none runs."""
    return jsonify(items=plain(handlers.calls(context().appliance)))


@api.post("/handlers", responses={201: ChangedHandler, **Problems.of(404, 409, 415, 503)}, operation_id="add_handler",
          summary="Add a handler", request_body=described(HandlerEntry, _EXAMPLE))
@auth.needs(Role.ADMIN)
def add_handler(query: HandlerPlaced) -> Response:
    """Configure a handler: the last one, or in front of another."""
    view, applied = handlers.add(context().appliance, json_object(), by=auth.principal(), before=query.before)
    answer = tagged(jsonify(dict(view.entry) | done(applied)), view.version)
    answer.status_code = 201
    answer.headers["Location"] = url_for("handlers.get_handler", name=view.name)
    return answer


@api.get("/handlers/<path:name>", responses={200: ConfiguredHandler, **Problems.of(404, 503)},
         operation_id="get_handler", summary="One handler")
@auth.needs(Role.VIEWER)
def get_handler(path: HandlerNamed) -> Response:
    """One handler, with its version as `ETag`."""
    view = handlers.get(context().appliance, path.name)
    return tagged(jsonify(dict(view.entry)), view.version)


@api.put("/handlers/<path:name>", responses={200: ChangedHandler, **Problems.of(404, 409, 412, 415, 428, 503)},
         operation_id="replace_handler", summary="Replace a handler", request_body=described(HandlerEntry, _EXAMPLE))
@auth.needs(Role.ADMIN)
def replace_handler(path: HandlerNamed, header: IfMatch, query: HandlerPlaced) -> Response:
    """Give a handler another form, whole, and maybe another place; what is not named has its default afterwards."""
    view = handlers.get(context().appliance, path.name)
    version = required(header, view.version, dict(view.entry))
    after, applied = handlers.replace(context().appliance, path.name, json_object(), by=auth.principal(),
                                      version=version, before=query.before)
    return tagged(jsonify(dict(after.entry) | done(applied)), after.version)


@api.delete("/handlers/<path:name>", responses={200: Done, **Problems.of(404, 409, 412, 428, 503)},
            operation_id="remove_handler", summary="Remove a handler")
@auth.needs(Role.ADMIN)
def remove_handler(path: HandlerNamed, header: IfMatch) -> Response:
    """Take a handler out."""
    view = handlers.get(context().appliance, path.name)
    version = required(header, view.version, dict(view.entry))
    return jsonify(done(handlers.remove(context().appliance, path.name, by=auth.principal(), version=version)))
