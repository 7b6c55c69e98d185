"""``/api/v1/audit``: who changed what; read-only."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app import auth
from app.api.responses import Problems
from app.api.times import Time
from app.context import context
from app.services import audit
from app.services.access import Role
from app.services.plain import plain
from dhcpcore.store.journal import PAGE_MAX

api = APIBlueprint("audit", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="audit", description="Who changed what, when, from what to what.")])


class AuditAsked(BaseModel):
    """Which rows."""

    model_config = ConfigDict(extra="forbid")

    actor: str | None = Field(None, min_length=1, max_length=255, description="Who did it: the whole name.")
    action: str | None = Field(None, min_length=1, max_length=255, description="What was done, or how that begins.",
                               examples=["definitions."])
    object: str | None = Field(None, min_length=1, max_length=255, description="Part of what it was done to.")
    since: Time | None = Field(None, description="Not before that time (RFC 3339).")
    until: Time | None = Field(None, description="Not after that time (RFC 3339).")
    sort: Literal["-id", "id"] = Field("-id", description="The newest first; `id`: the oldest first.")
    cursor: str | None = Field(None, min_length=1, max_length=20, description="`next_cursor` of the page before.")
    limit: int = Field(100, ge=1, le=PAGE_MAX, description="At most so many.")


class AuditRow(BaseModel):
    """One change."""

    id: int
    changed_at: str
    actor: str
    action: str
    object: str
    revision: int | None = Field(description="Of the definitions, where it was a change of them.")
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditRows(BaseModel):
    """Changes.  A page may be short, or empty, and have a cursor: ask on until that is null."""

    items: list[AuditRow]
    next_cursor: str | None


@api.get("/audit", responses={200: AuditRows, **Problems.of(503)}, operation_id="list_audit", summary="List changes")
@auth.needs(Role.VIEWER)
def list_audit(query: AuditAsked) -> Response:
    """Who changed what, a page at a time."""
    page = audit.list_audit(
        context().appliance, actor=query.actor, action=query.action, about=query.object, since=query.since,
        until=query.until, cursor=query.cursor, limit=query.limit,
        sort=query.sort)
    return jsonify(items=plain(page.rows), next_cursor=page.next_cursor)
