"""``/api/v1/classes``: classes of clients, listed, added, replaced and removed; expressions tried out."""

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
from app.services import classes
from app.services.access import Role
from app.services.classes import ClassView
from app.services.plain import plain
from dhcpcore.errors import Fault, InvalidDocument
from dhcpcore.topology.document import ClassEntry

api = APIBlueprint("classes", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="classes", description="What clients have in common, and what they are told because of it.")])

_EXAMPLE = {"name": "voip", "test": "option[60].text == 'AAVAYA'",
            "options": {"dhcp4": {"tftp-server-name": "voip.example.org"}}}
_TRIED = {"expression": "substring(pkt4.mac, 0, 3) == 0x020000", "packet": "0101060000000001"}


class ClassNamed(BaseModel):
    """One class."""

    name: str = Field(min_length=1, max_length=128, description="Its name.")


class ClassPlaced(BaseModel):
    """Where a class comes in the order."""

    model_config = ConfigDict(extra="forbid")

    before: str | None = Field(None, min_length=1, max_length=128, description="The class that it comes before: of "
                               "several that say the same, the first one counts.")


class ClassOfClients(BaseModel):
    """One class.  Keys that it has no value for are left out, as in the definitions document."""

    name: str
    test: str | None = None
    template_test: str | None = None
    only_in_additional_list: bool = False
    options: dict[str, Any] = {}
    lifetime: Any = None
    boot: dict[str, Any] = {}
    description: str | None = None
    max_leases: int = 0
    max_leases_per_subnet: int = 0
    offer_hold: Any = None
    rate: int = 0


class ClassesOfClients(BaseModel):
    """Every class, in the order in which they count."""

    items: list[ClassOfClients]


class ChangedClass(ClassOfClients, Done):
    """The class as it is now, and what the change did."""


class TrialAsked(BaseModel):
    """An expression to try out."""

    model_config = ConfigDict(extra="forbid", strict=True)

    expression: str = Field(max_length=10_000)
    packet: str = Field("", max_length=classes.HEX_LETTERS_MAX, description="A DHCPv4 message (UDP payload) in hex.")
    client: str | None = Field(None, min_length=1, max_length=255, description="Instead: the last message of this "
                               "client, by hardware address, identifier, address or host name.")
    known: bool = Field(False, description="Whether the client is supposed to have an assignment.")
    classes: list[str] = Field([], description="Classes that the client is supposed to be of, for member().")


class TrialPart(BaseModel):
    """A part of the expression."""

    text: str
    depth: int
    value: str


class TrialFault(BaseModel):
    """What is wrong with the expression, and where; ``shown`` has a caret under the place."""

    message: str
    line: int
    column: int
    shown: str


class TrialResult(BaseModel):
    """What an expression comes to; without a packet it was only read."""

    is_condition: bool | None = Field(description="Whether it is true or false rather than a string.")
    value: str | None
    parts: list[TrialPart]
    fault: TrialFault | None
    packet: str | None = Field(description="What the packet is, in words.")


@api.get("/classes", responses={200: ClassesOfClients, **Problems.of(503)}, operation_id="list_classes",
         summary="List classes")
@auth.needs(Role.VIEWER)
def list_classes() -> Response:
    """Every class, in the order in which they count."""
    return jsonify(items=[dict(one.entry) for one in classes.list_classes(context().appliance)])


@api.post("/classes", responses={201: ChangedClass, **Problems.of(404, 409, 415, 503)}, operation_id="add_class",
          summary="Add a class", request_body=described(ClassEntry, _EXAMPLE))
@auth.needs(Role.ADMIN)
def add_class(query: ClassPlaced) -> Response:
    """Declare a class.  What is wrong with its expression is told with a caret under the place."""
    view, applied = classes.add(context().appliance, json_object(), by=auth.principal(), before=query.before)
    answer = tagged(jsonify(dict(view.entry) | done(applied)), view.version)
    answer.status_code = 201
    answer.headers["Location"] = url_for("classes.get_class", name=view.name)
    return answer


@api.post("/classes/try", responses={200: TrialResult, **Problems.of(404, 415, 503)}, operation_id="try_expression",
          summary="Try an expression", request_body=described(TrialAsked, _TRIED))
@auth.needs(Role.VIEWER)
def try_expression() -> Response:
    """The value of every part of an expression for a packet; nothing is changed."""
    asked = TrialAsked.model_validate(_fields(json_object()))
    trial = classes.try_expression(
        context().appliance, asked.expression, packet=asked.packet, client=asked.client, known=asked.known,
        classes=asked.classes)
    return jsonify(plain(trial))


@api.get("/classes/<path:name>", responses={200: ClassOfClients, **Problems.of(404, 503)}, operation_id="get_class",
         summary="One class")
@auth.needs(Role.VIEWER)
def get_class(path: ClassNamed) -> Response:
    """One class, with its version as `ETag`."""
    view = classes.get(context().appliance, path.name)
    return tagged(jsonify(dict(view.entry)), view.version)


@api.put("/classes/<path:name>", responses={200: ChangedClass, **Problems.of(404, 409, 412, 415, 428, 503)},
         operation_id="replace_class", summary="Replace a class", request_body=described(ClassEntry, _EXAMPLE))
@auth.needs(Role.ADMIN)
def replace_class(path: ClassNamed, header: IfMatch, query: ClassPlaced) -> Response:
    """Give a class another form, whole: what is not named has its default afterwards."""
    view = classes.get(context().appliance, path.name)
    version = required(header, view.version, dict(view.entry))
    after, applied = classes.replace(context().appliance, path.name, json_object(), by=auth.principal(),
                                     version=version, before=query.before)
    return tagged(jsonify(dict(after.entry) | done(applied)), after.version)


@api.delete("/classes/<path:name>", responses={200: Done, **Problems.of(404, 409, 412, 428, 503)},
            operation_id="remove_class", summary="Remove a class")
@auth.needs(Role.ADMIN)
def remove_class(path: ClassNamed, header: IfMatch) -> Response:
    """Take a class out that nothing names any longer."""
    view: ClassView = classes.get(context().appliance, path.name)
    version = required(header, view.version, dict(view.entry))
    return jsonify(done(classes.remove(context().appliance, path.name, by=auth.principal(), version=version)))


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    """The body, where its fields are of the right kinds; each wrong one is told by name."""
    kinds: dict[str, tuple[tuple[type, ...], str]] = {
        "expression": ((str,), "a text"), "packet": ((str,), "hex in a text"), "known": ((bool,), "true or false"),
        "client": ((str,), "a text"), "classes": ((list,), "a list of names"),
    }  # fmt: skip
    faults = [Fault(key, f"is not known here: write {', '.join(kinds)}") for key in body if key not in kinds]
    faults += [Fault(key, f"is not {said}") for key, (right, said) in kinds.items()
               if key in body and not isinstance(body[key], right)]
    if body.get("expression", "") == "":
        faults.append(Fault("expression", "is missing: write the expression to try"))
    names = body.get("classes")
    if isinstance(names, list) and not all(isinstance(name, str) for name in names):
        faults.append(Fault("classes", "is not a list of names"))
    too_long = {"expression": 10_000, "client": 255, "packet": classes.HEX_LETTERS_MAX}
    faults += [Fault(key, f"is longer than {most} letters") for key, most in too_long.items()
               if isinstance(body.get(key), str) and len(body[key]) > most]
    if faults:
        raise InvalidDocument(tuple(faults))
    return {key: value for key, value in body.items() if value != ""}
