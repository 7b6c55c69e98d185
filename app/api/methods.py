"""``/api/v1/methods`` and ``/api/v1/script``: what the site's script has registered for the web, and calling it."""

from __future__ import annotations

import base64
from typing import Any, Literal

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app import auth
from app.api.bodies import described, json_object
from app.api.responses import Problems
from app.context import context
from app.services import scripts
from app.services.access import Role
from app.services.plain import plain
from app.services.scripts import Asked, Html, Raw
from dhcpcore.errors import Fault, InvalidDocument, NotFound

api = APIBlueprint("methods", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="methods", description="Web methods and dashboard elements of the site's script.")])
_ASKED = {"path": "/site/packets.csv", "queryargs": {"since": ["today"]}}


class Method(BaseModel):
    """What answers at a path."""

    path: str
    module: str
    name: str
    mode: Literal["raw", "template", "dashboard"] = Field(
        description="`raw` is a whole answer; the HTML of the others is shown on a page, or above the dashboard.")
    hidden: bool = Field(description="It is not in the menu.")
    secure: bool = Field(description="It needs the role operator.")
    confirm: bool = Field(description="Pages ask before they call it; it acts only on POST.")
    cacheable: bool
    built_in: str = Field(description="What the server itself does there; empty: it is the script's.")
    fault: str = Field(description="Why it does not answer; empty: it does.")


class Methods(BaseModel):
    """All of them, by module and name."""

    items: list[Method]


class Element(BaseModel):
    """A part of the dashboard."""

    number: int
    module: str
    name: str
    ordering: int
    built_in: str = Field(description="`log`: the pages draw it.")


class Script(BaseModel):
    """The script and its process."""

    configured: bool
    running: bool
    path: str
    failure: str = Field(description="Why it does not run, or what ended the process before.")
    started: int
    overruns: int
    deaths: int
    questions: int = Field(description="Packets that it was asked about.")
    failed: int
    hooks: list[str]
    elements: list[Element]


class CallAsked(BaseModel):
    """What a method is told."""

    model_config = ConfigDict(extra="forbid")

    path: str
    queryargs: dict[str, list[str]] = Field({}, description="Values by name.")
    mimetype: str | None = Field(None, description="Of `data`.")
    data: str | None = Field(None, description="What is posted, in base64.")
    headers: dict[str, str] = {}


class Called(BaseModel):
    """What a method answered: octets of a type, or HTML."""

    mode: Literal["raw", "html"]
    mimetype: str | None = None
    data: str | None = Field(None, description="The octets, in base64.")
    headers: list[list[str]] = Field([], description="Names and values that a raw answer adds.")
    html: str | None = Field(None, description="Of the script's own making: show it in a sandbox.")


class ElementHtml(BaseModel):
    """One dashboard element."""

    html: str | None = Field(None, description="Of the script's own making: show it in a sandbox.")
    headers: list[str] = Field(description="What belongs into the head of a page with it.")


class Reinitialised(BaseModel):
    """It did."""

    reinitialised: bool


class ElementNumber(BaseModel):
    """An element of the script's list."""

    number: int = Field(ge=1, le=2**31 - 1)


@api.get("/methods", responses={200: Methods, **Problems.of(503)}, operation_id="list_methods", summary="List methods")
@auth.needs(Role.VIEWER)
def list_methods() -> Response:
    """What the running engine's script has registered; none without a script, 503 where no engine runs."""
    found = scripts.catalogue(context().appliance)
    return jsonify(items=[] if found is None else plain(found.methods))


@api.post("/methods/call", responses={200: Called, **Problems.of(404, 415, 500, 503)}, operation_id="call_method",
          summary="Call a method", request_body=described(CallAsked, _ASKED))
@auth.needs(Role.VIEWER)
def call_method() -> Response:
    """Call it as its own path would; a secure one needs the role operator."""
    asked = _asked(json_object())
    here = context().appliance
    try:
        data = None if asked.data is None else base64.b64decode(asked.data, validate=True)
    except ValueError:
        raise InvalidDocument((Fault("data", "is no base64"),)) from None
    told = scripts.call(here, scripts.method_at(here, asked.path), Asked(
        asked.queryargs, asked.mimetype, data, asked.headers), by=auth.principal())  # fmt: skip
    if isinstance(told, Raw):
        return jsonify(mode="raw", mimetype=told.mimetype, data=base64.b64encode(told.data).decode(),
                       headers=[list(pair) for pair in told.headers], html=None)  # fmt: skip
    return jsonify(mode="html", mimetype=None, data=None, headers=[], html=told.body)


@api.get("/script", responses={200: Script, **Problems.of(503)}, operation_id="get_script", summary="The script")
@auth.needs(Role.VIEWER)
def get_script() -> Response:
    """How its process does, its hooks and its dashboard elements; 503 where no engine runs."""
    here = context().appliance
    state, found = scripts.state(here), scripts.catalogue(here)
    told: dict[str, Any] = {name: state.get(name, 0) for name in ("started", "overruns", "deaths", "questions",
                                                                  "failed")}  # fmt: skip
    return jsonify(
        configured=found is not None, running=bool(found and found.running), path=str(state.get("path", "")),
        failure=str(state.get("failure") or ""), hooks=[] if found is None else list(found.hooks),
        elements=[] if found is None else plain(found.elements), **told)  # fmt: skip


@api.get("/script/elements/<number>", responses={200: ElementHtml, **Problems.of(404, 500, 503)},
         operation_id="get_script_element", summary="One dashboard element")
@auth.needs(Role.VIEWER)
def get_script_element(path: ElementNumber) -> Response:
    """Have the script make it."""
    here = context().appliance
    found = scripts.catalogue(here)
    if found is None or all(one.number != path.number for one in found.elements):
        raise NotFound(f"The script has no dashboard element of the number {path.number}.")
    told: Html = scripts.element(here, found, path.number, Asked(), by=auth.principal())
    return jsonify(html=told.body, headers=list(told.headers))


@api.post("/script/reinitialise", responses={200: Reinitialised, **Problems.of(500, 503)},
          operation_id="reinitialise_script", summary="Reinitialise the script")
@auth.needs(Role.OPERATOR)
def reinitialise_script() -> Response:
    """Have its reinitialisation handlers run; where one fails, its process begins anew."""
    scripts.reinitialise(context().appliance, by=auth.principal())
    return jsonify(reinitialised=True)


def _asked(body: dict[str, Any]) -> CallAsked:
    try:
        return CallAsked.model_validate(body)
    except ValidationError as error:
        raise InvalidDocument(tuple(
            Fault(".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors())) from None
