"""The application's frame for REST, and the OpenAPI document that describes it."""

from __future__ import annotations

import copy
import functools
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request
from flask_openapi import Info, OpenAPI
from pydantic import BaseModel, Field

from app.api import (
    assignments,
    audit,
    bodies,
    changes,
    classes,
    definitions,
    engine,
    global_settings,
    handlers,
    hooks,
    leases,
    methods,
    option_definitions,
    options,
    pools,
    revisions,
    setup,
    shared_networks,
    simulate,
    subnets,
    suspensions,
    tokens,
    transactions,
    users,
)
from app.auth import open_to_all
from app.errors import PROBLEM, invalid_query, problem
from dhcpcore.version import __version__

PREFIX = "/api/v1"
#: One module a resource, in the order of the document.
RESOURCES = (subnets, pools, shared_networks, assignments, classes, leases, transactions, global_settings,
             option_definitions, options, definitions, revisions, engine, users, tokens, audit, setup, suspensions,
             handlers, hooks, methods, simulate)
_PROBLEM = "Problem"
_LOG_IN = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token of `lessor token create` or of the account "
                                                                 "page."},
    "session": {"type": "apiKey", "in": "cookie", "name": "lessor", "description": "A browser's session; changes also "
                                                                                   "carry the header X-CSRFToken."},
}
#: What the guard answers before a view is asked.
_GUARDED = {"401": "Log in, or send a token.", "403": "The role is too low."}


class FieldProblem(BaseModel):
    """One wrong field."""

    field: str = Field(description="Name or path of what is wrong.")
    message: str = Field(description="What is wrong with it, and what would be right.")


class Problem(BaseModel):
    """What is wrong, as RFC 9457 writes it."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = Field(None, description="Every wrong field by itself.")
    losses: list[changes.Lost] | None = Field(None, description="Who would lose an address by what was refused.")
    present: dict[str, Any] | None = Field(None, description="412: what is there now.")
    yours: Any = Field(None, description="412: what was to take its place.")


def make(templates: Path, static: Path) -> Flask:
    """A Flask application with the REST routes and their document; pages are added by the caller."""
    app = OpenAPI(
        "app",
        info=Info(title="Lessor", version=__version__,
                  description="All of a Lessor appliance: what is declared, and what became of it."),
        doc_ui=False,
        validation_error_status=422,
        validation_error_model=Problem,
        validation_error_callback=invalid_query,
        template_folder=str(templates),
        static_folder=str(static),
        static_url_path="/static",
    )
    app.openapi_version = "3.1.0"
    app.request_class = bodies.StrictRequest
    app.before_request(definitions.allow_size)
    app.before_request(_each_once)
    for resource in RESOURCES:
        app.register_api(resource.api)
    blueprint = Blueprint("document", __name__)

    @functools.cache
    def document() -> dict[str, Any]:
        return _as_it_is(app.api_doc)

    @open_to_all
    def openapi() -> Response:
        return jsonify(document())  # Made when it is first asked for: it takes longer than all else at the start.

    blueprint.add_url_rule(f"{PREFIX}/openapi.json", "openapi", openapi)
    app.register_blueprint(blueprint)
    return app


def _each_once() -> Response | None:
    """Refuse a parameter that is given twice: one of the two would be passed over in silence."""
    if not request.path.startswith(PREFIX):
        return None
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    faults = [{"field": name, "message": "is given more than once: give it once"} for name in twice]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"Wrong: {', '.join(twice)}.", faults) if faults else None


def _as_it_is(made: dict[str, Any]) -> dict[str, Any]:
    """The document with its errors as they are really sent: one problem object, as application/problem+json.

    Every operation needs a session or a token.
    """
    document = copy.deepcopy(made)
    document["components"]["securitySchemes"] = _LOG_IN
    document["security"] = [{name: []} for name in _LOG_IN]
    document["components"]["schemas"] |= bodies.schemas()
    content = {PROBLEM: {"schema": {"$ref": f"#/components/schemas/{_PROBLEM}"}}}
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, sentence in _GUARDED.items():
                operation["responses"].setdefault(status, {"description": sentence})
            if "requestBody" in operation:
                operation["responses"].setdefault("413", {"description": "The body is too large."})
            for status, answer in operation["responses"].items():
                if not status.startswith("2"):
                    answer["content"] = content
    return document
