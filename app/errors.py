"""The one place that turns an error into an answer: problem+json (RFC 9457) for programs, a page for people."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, render_template, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from app.context import PROGRAMS
from app.services.definitions import TakesAddresses
from app.services.plain import plain
from app.services.scripts import ScriptAway, ScriptFailed
from dhcpcore.control import ControlRefused, EngineAway
from dhcpcore.errors import (
    Conflict,
    Forbidden,
    InvalidDocument,
    InvalidValue,
    LessorError,
    NotFound,
    Outdated,
    Refused,
    StoreError,
    StoreUnavailable,
)

log = logging.getLogger(__name__)

#: Of a path that is told back.
_PATH_MAX = 200
PROBLEM = "application/problem+json"

#: The first row that fits an error gives its status.
STATUSES: tuple[tuple[type[LessorError], HTTPStatus], ...] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (Outdated, HTTPStatus.PRECONDITION_FAILED),
    (Conflict, HTTPStatus.CONFLICT),
    (InvalidValue, HTTPStatus.UNPROCESSABLE_ENTITY),
    (InvalidDocument, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ControlRefused, HTTPStatus.CONFLICT),
    (Refused, HTTPStatus.CONFLICT),
    (EngineAway, HTTPStatus.SERVICE_UNAVAILABLE),
    (ScriptAway, HTTPStatus.SERVICE_UNAVAILABLE),
    (ScriptFailed, HTTPStatus.INTERNAL_SERVER_ERROR),
    (StoreUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (StoreError, HTTPStatus.INTERNAL_SERVER_ERROR),
)


def install(app: Flask) -> None:
    """Have every error of a request answered here."""
    app.register_error_handler(LessorError, _lessor)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def problem(status: int, detail: str, faults: Sequence[dict[str, str]] = (), **more: Any) -> Response:
    """An answer that says what is wrong: to programs as problem+json, to people as a page."""
    title = HTTPStatus(status).phrase
    if not request.path.startswith(PROGRAMS):
        page = render_template("errors/problem.html", status=int(status), title=title, detail=detail, faults=faults)
        return Response(page, status=status, mimetype="text/html")
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": int(status), "detail": detail}
    if faults:
        body["errors"] = list(faults)
    body |= more
    answer = Response(_json(body), status=status)
    answer.headers["Content-Type"] = PROBLEM
    return answer


def invalid_query(error: ValidationError) -> Response:
    """Wrong parameters of a request, each by its name."""
    faults = [{"field": ".".join(map(str, fault["loc"])), "message": fault["msg"]} for fault in error.errors()]
    named = ", ".join(fault["field"] for fault in faults)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"Wrong: {named}.", faults)


def _lessor(error: LessorError) -> Response:
    status = next((found for kind, found in STATUSES if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    faults = [{"field": fault.path, "message": fault.message} for fault in getattr(error, "faults", ())]
    more: dict[str, Any] = {}
    if isinstance(error, TakesAddresses):
        more["losses"] = plain(error.losses)
    elif isinstance(error, Outdated) and error.present is not None:
        more |= {"present": plain(dict(error.present)), "yours": error.yours}
    answer = problem(status, str(error), faults, **more)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = "5"
    return answer


def _http(error: HTTPException) -> Response:
    detail = error.description or ""
    if isinstance(error, RequestEntityTooLarge):
        detail = (f"What was sent is too large: at most {(request.max_content_length or 0) // 1024} KB are right here. "
                  "Nothing was changed.")
    elif error.code == HTTPStatus.NOT_FOUND and request.endpoint is None:
        detail = f"There is no page {request.path[:_PATH_MAX]} here."
    answer = problem(error.code or HTTPStatus.INTERNAL_SERVER_ERROR, detail)
    for name, value in error.get_headers():
        if name in {"Allow", "WWW-Authenticate"}:
            answer.headers[name] = value
    return answer


def _unexpected(error: Exception) -> Response:
    log.error("WEB_FAULT: a page failed.", exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "This page failed; the log of the web process says where.")


def _json(body: dict[str, Any]) -> str:
    from flask import json  # noqa: PLC0415 - the app's own encoder, which needs a request

    return json.dumps(body)
