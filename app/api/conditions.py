"""``ETag`` and ``If-Match`` (RFC 9110 13): nobody overwrites what somebody else changed meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.exceptions import PreconditionRequired
from werkzeug.http import parse_etags

from app.api.bodies import sent
from dhcpcore.errors import Outdated


class IfMatch(BaseModel):
    """What a change was made from."""

    model_config = ConfigDict(extra="ignore")

    if_match: str | None = Field(
        None, alias="If-Match", max_length=1000,
        description="The `ETag` of what was looked at; `*` for whatever is there. Without it: 428.",
        examples=['"17"'])


def tagged(answer: Response, version: int | str) -> Response:
    """The answer with its version as ``ETag``; 304 without a body where the asker has that version."""
    answer.set_etag(str(version))
    if request.method in {"GET", "HEAD"} and request.if_none_match:
        answer.make_conditional(request)
    return answer


V = TypeVar("V", int, str)


def required(header: IfMatch, version: V, present: Mapping[str, Any], *, echoes: bool = True) -> V | None:
    """The version that the change may replace; None where the asker takes whatever is there.

    Refused where the asker says nothing of it, or names another version than the present one; then both are shown, but
    not what was sent where it may be large (``echoes`` False).
    """
    if header.if_match is None:
        raise PreconditionRequired("Say what you looked at: send the ETag of your GET as If-Match, so that nobody "
                                   "else's change is lost; If-Match: * replaces whatever is there.")
    wanted = parse_etags(header.if_match)
    if wanted.star_tag:
        return None
    if not wanted.contains(str(version)):
        raise Outdated(f'This was changed meanwhile, or your If-Match is no ETag of it: it is at "{version}" now. '
                       "Look at it and try again.", present=present, yours=sent() if echoes else None)
    return version
