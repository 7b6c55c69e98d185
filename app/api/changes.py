"""What every change of the definitions over REST has in common: what it may be asked, and what it answers."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from app.api.conditions import tagged
from app.services.changes import Consent
from app.services.definitions import Applied
from app.services.plain import plain


class ChangeAsked(BaseModel):
    """How a change is made."""

    model_config = ConfigDict(extra="forbid")

    confirm: bool = Field(False, description="Make it even where it takes addresses from clients that hold them.")
    note: str = Field("", max_length=1000, description="Why; kept with the revision.")

    def consent(self) -> Consent:
        """The same as services take it."""
        return Consent(None if self.confirm else 0, self.note)


class Lost(BaseModel):
    """Whom a change takes an address from."""

    what: str
    clients: int = Field(description="So many hold an address now that they will not be allowed to renew.")


class Done(BaseModel):
    """What a change did."""

    revision: int = Field(description="Of the definitions, with this change in it.")
    losses: list[Lost]
    engine_told: bool = Field(description="False: no engine runs now; the next one that starts reads it.")


class MaybeDone(BaseModel):
    """What a change did; the keys are missing where all was so already and nothing was changed."""

    revision: int | None = Field(None, description="Of the definitions, with this change in it.")
    losses: list[Lost] | None = None
    engine_told: bool | None = Field(None, description="False: no engine runs now; the next one that starts reads it.")


def done(applied: Applied | None) -> dict[str, Any]:
    """What a change did, as its schema says; nothing where nothing was changed."""
    if applied is None:
        return {}
    return {"revision": applied.revision, "losses": plain(applied.losses), "engine_told": applied.engine_told}


def made(shown: dict[str, Any], version: int | str, applied: Applied | None, *,
         location: str | None = None) -> Response:
    """What was made or changed, with its version; 201 and where it is for something new."""
    answer = tagged(jsonify(shown | done(applied)), version)
    if location is not None:
        answer.headers["Location"] = location
        answer.status_code = 200 if applied is None else 201
    return answer
