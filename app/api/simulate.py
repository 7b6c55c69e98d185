"""``/api/v1/simulate``: other definitions tried on the messages that came in last; nothing is stored or sent."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app import auth
from app.api.responses import Problems
from app.context import context
from app.services import simulation
from app.services.access import Role
from app.services.plain import plain

api = APIBlueprint("simulate", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="simulate", description="Tried before use: definitions on recorded messages.")])


class Question(BaseModel):
    """What is tried, and on which messages."""

    model_config = ConfigDict(extra="forbid")

    definitions: dict[str, Any] | None = Field(None, description="A definitions document; without it those in force.")
    client: str | None = Field(None, min_length=1, max_length=255, description="Only messages of this client: a "
                               "hardware address, a client identifier, an address that it has or had.")
    limit: int = Field(simulation.LIMIT, ge=1, le=simulation.LIMIT_MAX, description="So many of the latest messages.")


class Fate(BaseModel):
    """What becomes of a message."""

    reason: str = Field(description="The stable code; see the manual's page on reasons.")
    text: str = Field(description="The same in a sentence.")
    answer: str = Field(description="The answer in hex; empty where there is none.")
    says: list[str] = Field(description="The answer in words: address, boot fields, options.")
    steps: list[str] = Field(description="How it came to that.")


class Tried(BaseModel):
    """One message under both."""

    received_at: str
    message: str = Field(description="Its type, such as DISCOVER.")
    client: str
    hw_address: str
    source: str
    before: Fate
    after: Fate
    changed: bool = Field(description="Whether it would end otherwise, or be answered otherwise.")


class Trial(BaseModel):
    """All messages, the oldest first."""

    revision: int = Field(description="That is in force.")
    changed: int
    items: list[Tried]
    quarantined: list[str] = Field(description="What of the tried definitions is set aside.")
    log: list[str] = Field(description="What scripts and handlers logged as errors, with tracebacks; 20 at most.")


@api.post("/simulate", responses={200: Trial, **Problems.of(404, 409, 503)}, operation_id="simulate",
          summary="Try definitions on the latest messages")
@auth.needs(Role.OPERATOR)
def simulate(body: Question) -> Response:
    """Puts the latest messages to the definitions in force and to others, over the leases of now.

    Nothing is stored, sent or called back.  A script's version is tried with `lessor simulate --script`: files are
    never named over REST.
    """
    trial = simulation.run(context().appliance, by=auth.principal(), document=body.definitions, client=body.client,
                           limit=body.limit)
    return jsonify(revision=trial.revision, changed=trial.changed, items=plain(trial.transactions),
                   quarantined=list(trial.quarantined), log=list(trial.log))
