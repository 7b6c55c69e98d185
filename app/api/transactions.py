"""``/api/v1/transactions``: what became of the latest messages, and why; read-only."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app import auth
from app.api.responses import Problems
from app.api.times import Time
from app.context import context
from app.services import transactions
from app.services.access import Role
from app.services.plain import plain
from app.services.transactions import PAGE_MAX

api = APIBlueprint("transactions", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="transactions", description="Why a client got what it got.")])


class TransactionsAsked(BaseModel):
    """Whose messages."""

    model_config = ConfigDict(extra="forbid")

    client: str | None = Field(None, min_length=1, max_length=255, description="A hardware address, a client "
                               "identifier, an address that the client has or had, or part of its host name.")
    reason: str | None = Field(None, min_length=1, max_length=80, description="Only what ended so: a code, such as "
                               "`POOL-EXHAUSTED`.")
    since: Time | None = Field(None, description="Not received before that time (RFC 3339).")
    until: Time | None = Field(None, description="Not received after that time (RFC 3339).")
    cursor: str | None = Field(None, min_length=1, max_length=40, description="`next_cursor` of the page before.")
    limit: int = Field(20, ge=1, le=PAGE_MAX, description="At most so many.")


class Transaction(BaseModel):
    """One message and its fate."""

    received_at: str
    message: str = Field(description="Its type, such as DISCOVER.")
    client: str
    source: str = Field(description="The address that it came from.")
    reason: str = Field(description="The stable code of what became of it; see the manual's page on reasons.")
    text: str = Field(description="The same in a sentence.")
    steps: list[str] = Field(description="How it came to that.")


class Transactions(BaseModel):
    """Messages, newest first.  A page may be short, or empty, and have a cursor: ask on until that is null."""

    items: list[Transaction]
    next_cursor: str | None


@api.get("/transactions", responses={200: Transactions, **Problems.of(404, 503)}, operation_id="list_transactions",
         summary="Explain a client's latest messages")
@auth.needs(Role.VIEWER)
def list_transactions(query: TransactionsAsked) -> Response:
    """What became of the latest messages, of one client or of all, newest first.

    The engine writes down what it saw once a second.
    """
    page = transactions.search(context().appliance, client=query.client, reason=query.reason, since=query.since,
                               until=query.until, cursor=query.cursor, limit=query.limit)
    return jsonify(items=plain(page.transactions), next_cursor=page.next_cursor)
