"""``/api/v1/transactions``: what became of the latest messages, and why; read-only."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app import auth
from app.api.responses import Problems
from app.context import context
from app.services import transactions
from app.services.access import Role
from app.services.plain import plain

api = APIBlueprint("transactions", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="transactions", description="Why a client got what it got.")])

#: One answer tells no more; the latest are what people ask for.
LIMIT_MAX = 200


class TransactionsAsked(BaseModel):
    """Whose messages."""

    model_config = ConfigDict(extra="forbid")

    client: str | None = Field(None, min_length=1, max_length=255, description="A hardware address, a client "
                               "identifier, an address that the client has or had, or part of its host name.")
    limit: int = Field(20, ge=1, le=LIMIT_MAX, description="At most so many.")


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
    """The latest messages, newest first."""

    items: list[Transaction]


@api.get("/transactions", responses={200: Transactions, **Problems.of(404, 503)}, operation_id="list_transactions",
         summary="Explain a client's latest messages")
@auth.needs(Role.VIEWER)
def list_transactions(query: TransactionsAsked) -> Response:
    """What became of the latest messages, of one client or of all, newest first.

    The engine writes down what it saw once a second.
    """
    return jsonify(items=plain(transactions.latest(context().appliance, query.client, query.limit)))
