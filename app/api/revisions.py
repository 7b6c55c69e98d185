"""``/api/v1/revisions``: who published which definitions when, and what each changed; taken back, too."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app import auth
from app.api.bodies import JSON
from app.api.changes import ChangeAsked, Done, done
from app.api.definitions import YAML, in_kind
from app.api.responses import Problems
from app.api.times import Time
from app.context import context
from app.services import revisions, undo
from app.services.access import Role
from app.services.plain import plain
from dhcpcore.store.journal import PAGE_MAX

api = APIBlueprint("revisions", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="revisions", description="Every published state of the definitions.")])


class RevisionsAsked(BaseModel):
    """Which revisions."""

    model_config = ConfigDict(extra="forbid")

    author: str | None = Field(None, min_length=1, max_length=255, description="Who published it: the whole name.")
    note: str | None = Field(None, min_length=1, max_length=255, description="Part of why it was made.")
    since: Time | None = Field(None, description="Not published before that time (RFC 3339).")
    until: Time | None = Field(None, description="Not published after that time (RFC 3339).")
    sort: Literal["-id", "id"] = Field("-id", description="The newest first; `id`: the oldest first.")

    cursor: str | None = Field(None, min_length=1, max_length=20, description="`next_cursor` of the page before.")
    limit: int = Field(100, ge=1, le=PAGE_MAX, description="At most so many.")


class RevisionNumber(BaseModel):
    """One revision."""

    id: int = Field(ge=1, le=2**63 - 1, description="Its number.")


class Revision(BaseModel):
    """One published revision."""

    id: int
    author: str
    note: str = Field(description="Why it was made.")
    published_at: str


class Revisions(BaseModel):
    """A page of revisions."""

    items: list[Revision]
    next_cursor: str | None


class OtherRevision(BaseModel):
    """Which one it is compared with."""

    model_config = ConfigDict(extra="forbid")

    to: int = Field(ge=1, le=2**63 - 1, description="Number of the other revision.")


class RevisionChange(BaseModel):
    """One thing that a revision changed."""

    action: str = Field(description="added, removed or changed.")
    object: str
    text: str = Field(description="The change in one line.")
    before: dict[str, Any] | None = Field(description="As documents have it; null where it was not there.")
    after: dict[str, Any] | None


class RevisionDiff(Revision):
    """A revision, and what makes it another than the one before."""

    changes: list[RevisionChange] = Field(description="Of many hundreds, their numbers; empty where the audit does not "
                                          "go back so far.")


class RevisionDifference(BaseModel):
    """What has to be changed of the first revision for it to be the second."""

    first: Revision
    second: Revision
    changes: list[RevisionChange]
    more_assignments: int = Field(description="So many assignments were written in between besides those that are "
                                  "told.")


@api.get("/revisions", responses={200: Revisions, **Problems.of(503)}, operation_id="list_revisions",
         summary="List revisions")
@auth.needs(Role.VIEWER)
def list_revisions(query: RevisionsAsked) -> Response:
    """Published revisions, a page at a time."""
    page = revisions.list_revisions(
        context().appliance, author=query.author, note=query.note, since=query.since, until=query.until,
        cursor=query.cursor, limit=query.limit, sort=query.sort)
    return jsonify(items=plain(page.revisions), next_cursor=page.next_cursor)


@api.get("/revisions/<id>", responses={200: RevisionDiff, **Problems.of(404, 503)}, operation_id="get_revision",
         summary="One revision and what it changed")
@auth.needs(Role.VIEWER)
def get_revision(path: RevisionNumber) -> Response:
    """One revision and its difference to the one before."""
    return jsonify(plain(revisions.show(context().appliance, path.id)))


@api.get("/revisions/<id>/difference", responses={200: RevisionDifference, **Problems.of(404, 503)},
         operation_id="compare_revisions", summary="What another revision has otherwise")
@auth.needs(Role.VIEWER)
def compare_revisions(path: RevisionNumber, query: OtherRevision) -> Response:
    """What is added, removed and changed on the way from one revision to any other, newer or older."""
    return jsonify(plain(revisions.compare(context().appliance, path.id, query.to)))


@api.get("/revisions/<id>/definitions", responses={200: {
    "description": "The document.", "content": {
        JSON: {"schema": {"$ref": "#/components/schemas/DocumentEntry"}}, YAML: {"schema": {"type": "string"}}}},
    **Problems.of(404, 406, 503)}, operation_id="get_revision_definitions",
    summary="The definitions as they were in a revision")
@auth.needs(Role.VIEWER)
def get_revision_definitions(path: RevisionNumber) -> Response:
    """The whole document as it was: JSON, or YAML for `Accept: application/yaml`.

    Put to `/definitions`, it makes everything as it was then.
    """
    return in_kind(revisions.document(context().appliance, path.id))


@api.post("/revisions/<id>/undo", responses={200: Done, **Problems.of(404, 409, 503)}, operation_id="undo_revision",
          summary="Take a revision back")
@auth.needs(Role.ADMIN)
def undo_revision(path: RevisionNumber, query: ChangeAsked) -> Response:
    """Have what it changed of subnets, pools, options, globals and handlers be as it was before, as a new revision.

    Refused with 409 where somebody has changed the same things since, and where it changed assignments by themselves.
    """
    return jsonify(done(undo.undo(context().appliance, path.id, by=auth.principal(), consent=query.consent())))
