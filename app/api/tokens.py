"""``/api/v1/tokens``: what programs show instead of a session; one's own, or everybody's for administrators."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app.api.responses import Problems
from app.api.users import RoleWord
from app.auth import caller, needs
from app.context import context
from app.services import tokens
from app.services.access import Role
from app.services.plain import plain

api = APIBlueprint("tokens_api", __name__, url_prefix="/api/v1",
                   abp_tags=[Tag(name="tokens", description="What programs show instead of a session.")])


class AskedTokens(BaseModel):
    """Which tokens."""

    model_config = ConfigDict(extra="forbid")

    all: bool = Field(False, description="Everybody's; for administrators.")
    cursor: int = Field(0, ge=0, le=2**63 - 1, description="`next_cursor` of the page before.")
    limit: int = Field(100, ge=1, le=tokens.PAGE_MAX, description="At most so many.")


class WhichToken(BaseModel):
    """One token."""

    id: int = Field(ge=1, le=2**63 - 1, description="The number of a token.")


class NewToken(BaseModel):
    """A token to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=tokens.NAME_MAX, description="What it is for.")
    role: RoleWord = Field("viewer", description="At most your own.")
    days: int | None = Field(tokens.DAYS_DEFAULT, ge=1, le=tokens.DAYS_MAX, description="It ends after so many; null: "
                             "never.")


class Token(BaseModel):
    """One token, without its secret."""

    id: int
    name: str
    role: str
    owner: str | None = Field(description="null: made at a terminal.")
    created_by: str
    created_at: str
    expires_at: str | None = Field(description="null: never.")
    used_at: str | None = Field(description="To the minute; null: never.")
    expired: bool


class Tokens(BaseModel):
    """A page of tokens."""

    items: list[Token]
    next_cursor: int | None


class MadeToken(BaseModel):
    """A token that was just made."""

    token: Token
    secret: str = Field(description="What the program sends: told this one time.")


@api.get("/tokens", responses={200: Tokens, **Problems.of(503)}, operation_id="list_tokens", summary="List tokens")
@needs(Role.VIEWER)
def list_tokens(query: AskedTokens) -> Response:
    """One's own tokens, or everybody's, in the order in which they were made."""
    found = tokens.list_tokens(context().appliance, caller=caller(), everybodys=query.all, after=query.cursor,
                               limit=query.limit)
    return jsonify(items=plain(found), next_cursor=found[-1].id if len(found) == query.limit else None)


@api.post("/tokens", responses={201: MadeToken, **Problems.of(409, 415, 503)}, operation_id="make_token",
          summary="Make a token")
@needs(Role.VIEWER)
def make_token(body: NewToken) -> tuple[Response, int]:
    """Make a token of one's own with at most one's own role.  A token makes others only with the role admin."""
    made = tokens.create(context().appliance, body.name, body.role, caller=caller(), days=body.days)
    answer = jsonify(plain(made))
    answer.headers["Location"] = f"/api/v1/tokens/{made.token.id}"
    return answer, HTTPStatus.CREATED


@api.get("/tokens/<id>", responses={200: Token, **Problems.of(404, 503)}, operation_id="get_token",
         summary="One token")
@needs(Role.VIEWER)
def get_token(path: WhichToken) -> Response:
    """One token: one's own, or any for administrators."""
    return jsonify(plain(tokens.show(context().appliance, path.id, caller=caller())))


@api.delete("/tokens/<id>", responses={200: Token, **Problems.of(404, 503)}, operation_id="revoke_token",
            summary="Revoke a token")
@needs(Role.VIEWER)
def revoke_token(path: WhichToken) -> Response:
    """Revoke a token at once; the answer is what it was."""
    return jsonify(plain(tokens.revoke(context().appliance, path.id, caller=caller())))
