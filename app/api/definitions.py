"""``/api/v1/definitions``: the whole document, YAML or JSON, read and replaced."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request, url_for
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.exceptions import NotAcceptable, UnsupportedMediaType

from app import auth
from app.api.bodies import JSON, described
from app.api.changes import Lost
from app.api.conditions import IfMatch, required, tagged
from app.api.responses import Problems
from app.context import context
from app.services import definitions
from app.services.access import Role
from app.services.definitions import Change
from app.services.plain import plain
from dhcpcore import interchange
from dhcpcore.topology.document import DocumentEntry

api = APIBlueprint("definitions", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="definitions", description="Everything that is declared, as one document.")])

YAML = "application/yaml"
#: Names that YAML had before RFC 9512.
_YAMLS = frozenset({YAML, "application/x-yaml", "text/yaml", "text/x-yaml"})
#: A hundred thousand assignments are about 10 MB; a million need the command line.
BYTES_MAX = 64 * 1024 * 1024
#: More changes than this are counted, not listed.
CHANGES_MAX = 1000

_EXAMPLE = {"version": 1, "subnets": [{"prefix": "192.0.2.0/24", "name": "office", "pools": [
    {"first": "192.0.2.100", "last": "192.0.2.199"}]}]}


class ApplyAsked(BaseModel):
    """How a document is applied."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = Field(False, description="Only say what it would change, and whom it would take an address from.")
    confirm: bool = Field(False, description="Apply it even where it takes addresses from clients that hold them.")
    note: str = Field("", max_length=1000, description="Why; kept with the revision.")


class ChangeMade(BaseModel):
    """One thing that a document changes."""

    action: str = Field(description="added, removed or changed.")
    kind: str
    name: str
    text: str = Field(description="The change in one line.")


class Applied(BaseModel):
    """What a document changed, or would change."""

    revision: int = Field(description="That is published now; after a dry run, or where nothing differs, as before.")
    applied: bool
    changes: list[ChangeMade] = Field(description=f"The first {CHANGES_MAX}.")
    changes_total: int
    losses: list[Lost]
    engine_told: bool


@api.get("/definitions", responses={200: {
    "description": "The document.", "content": {
        JSON: {"schema": {"$ref": "#/components/schemas/DocumentEntry"}, "example": _EXAMPLE},
        YAML: {"schema": {"type": "string"}}}}, **Problems.of(406, 503)},
    operation_id="get_definitions", summary="Get the definitions")
@auth.needs(Role.VIEWER)
def get_definitions() -> Response:
    """The whole document in its canonical form: JSON, or YAML for `Accept: application/yaml`.

    Put back, it changes nothing.
    """
    revision = definitions.revision(context().appliance)
    document, _quarantined = definitions.export(context().appliance, revision)
    return tagged(in_kind(document), revision)


def in_kind(document: dict[str, Any]) -> Response:
    """A document as JSON or YAML, whichever is accepted; refused with 406 where neither is."""
    best = request.accept_mimetypes.best_match([JSON, *sorted(_YAMLS)]) if request.accept_mimetypes else JSON
    if best is None:
        raise NotAcceptable(f"The definitions can be had as {JSON} and as {YAML}.")
    if best == JSON:
        answer = Response(interchange.to_json(document), mimetype=JSON)
    else:
        answer = Response(interchange.to_yaml(document), mimetype=YAML)
    answer.vary.add("Accept")
    return answer


@api.put("/definitions", responses={200: Applied, **Problems.of(409, 412, 413, 415, 428, 503)},
         operation_id="apply_definitions", summary="Apply a document",
         request_body=described(DocumentEntry, _EXAMPLE, YAML))
@auth.needs(Role.ADMIN)
def apply_definitions(query: ApplyAsked, header: IfMatch) -> Response:
    """Make a document the definitions, whole or not at all, as one revision.

    Where something is wrong in it, every fault is told by its path, and nothing is changed.  Where clients would lose
    an address that they hold, it is refused with 409 and `losses`, unless `confirm=true`.  `If-Match` is the `ETag`
    of the definitions that the document was made from; a dry run needs none.  Where they have changed since, the
    answer is 412: `present` has their `revision` and `etag`, what the latest change was (`changed`), and where the
    same document, sent once more, tells in what it differs (`difference`).
    """
    if request.mimetype != JSON and request.mimetype not in _YAMLS:
        raise UnsupportedMediaType(f"The document is JSON or YAML: send it with Content-Type: {JSON} or {YAML}.")
    appliance = context().appliance
    present = definitions.revision(appliance)
    based_on = None if query.dry_run else required(header, present, _stated(present), echoes=False)
    document = definitions.read_text(request.get_data(), "document")
    if query.dry_run:
        plan = definitions.plan(appliance, document)
        return jsonify(_told(present, plan.changes, plan.losses, applied=False, engine_told=False))
    done = definitions.apply(
        appliance, document, by=auth.principal(), note=query.note, based_on=based_on,
        agreed=lambda plan: definitions.confirmed(plan, confirm=query.confirm))
    answer = jsonify(_told(done.revision, done.changes, done.losses, applied=bool(done.changes),
                           engine_told=done.engine_told))
    return tagged(answer, done.revision)


def _stated(revision: int) -> dict[str, Any]:
    """What is there now in place of what was looked at, and where to see in what it differs."""
    return {"revision": revision, "etag": f'"{revision}"',
            "changed": url_for("revisions.get_revision", id=revision),
            "difference": url_for("definitions.apply_definitions", dry_run="true")}


def allow_size() -> None:
    """Let a document be larger than other bodies; asked before anything looks at the body."""
    if request.endpoint == f"{api.name}.{apply_definitions.__name__}":
        request.max_content_length = BYTES_MAX


def _told(revision: int, changes: tuple[Change, ...], losses: tuple[definitions.Loss, ...], *, applied: bool,
          engine_told: bool) -> dict[str, Any]:
    return {"revision": revision, "applied": applied, "changes": plain(changes[:CHANGES_MAX]),
            "changes_total": len(changes), "losses": plain(losses), "engine_told": engine_told}
