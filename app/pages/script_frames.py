"""The frames in which a script's HTML is shown: sandboxed, with scripts and never with our origin.

A frame has a policy of its own, asks nobody for anything with the reader's session, and tells its page how high it is.
"""

from __future__ import annotations

import contextlib
from http import HTTPStatus

from flask import Blueprint, Response, make_response, render_template, request

from app.auth import needs, principal
from app.context import context
from app.rendering import POLICY
from app.services import engine_log, scripts
from app.services.access import Role
from app.services.engine_log import LogTail
from app.services.scripts import Asked, Catalogue, Html, ScriptAway, ScriptFailed
from dhcpcore.control import EngineAway

blueprint = Blueprint("script_frames", __name__)

#: Links and forms open nothing by themselves: their page is asked, which opens its own addresses and asks its reader of
#: others.  Forms must be allowed to be heard of; the policy lets none go anywhere.
SANDBOX = "allow-scripts allow-forms"
#: Whatever a client's name makes of such a page: it has no origin, and there is nobody whom it could tell.
FRAME_POLICY = (
    f"sandbox {SANDBOX}; default-src 'none'; script-src 'unsafe-inline' 'self'; style-src 'unsafe-inline' 'self'; "
    "img-src 'self' data:; font-src 'self' data:; media-src 'self' data:; form-action 'none'; base-uri 'self'; "
    "frame-ancestors 'self'"
)


def may_frame(answer: Response) -> None:
    """Let a page of ours show frames of ours; all others may show none."""
    answer.headers["Content-Security-Policy"] = f"{POLICY}; frame-src 'self'"


@blueprint.get("/scripts/elements/<int:number>")
@needs(Role.VIEWER)
def element(number: int) -> Response:
    """One dashboard element, or why it is not there, as a document of its own."""
    here, told, status = context(), None, HTTPStatus.OK
    fault = "The engine is away, and its script with it."
    try:
        found = scripts.catalogue(here.appliance)
        if found is None:
            fault = "The engine has no script any more."
        else:
            headers = {"User-Agent": request.headers.get("User-Agent", "")}
            told = scripts.element(here.appliance, found, number, Asked(headers=headers), by=principal())
    except (ScriptFailed, ScriptAway) as error:
        fault = str(error)
    except EngineAway:
        status = HTTPStatus.SERVICE_UNAVAILABLE
    return framed(document(told, fault if told is None else ""), status)


@blueprint.get("/scripts/shell")
@needs(Role.VIEWER)
def shell() -> Response:
    """A frame that waits for its page to hand it a document: of what was called once, and must not be called again."""
    return framed(render_template("scripts/shell.html"))


def framed(text: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """A document for a frame, with the frame's own policy."""
    answer = make_response(text, status)
    answer.headers["Content-Security-Policy"] = FRAME_POLICY
    # What the policy has no word for: WebRTC, connections and names that are looked up in advance.
    answer.headers["Connection-Allowlist"] = "(response-origin)"
    answer.headers["X-DNS-Prefetch-Control"] = "off"
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    answer.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return answer


def document(told: Html | None, fault: str = "", base: str = "/") -> str:
    """A script's HTML as a whole document; ``base``: the path that its addresses begin from."""
    return render_template("scripts/frame.html", told=told, fault=fault, base=base)


def paths(found: Catalogue | None) -> list[str]:
    """Where forms in frames may send something: the methods that the reader may call."""
    role = principal().role
    return [] if found is None else [one.path for one in found.methods if not one.fault and role >= one.role]


def elements(found: Catalogue | None) -> dict[str, object]:
    """What the dashboard shows of a script."""
    if found is None or not found.elements or not found.may_see_elements(principal().role):
        return {"script": found, "elements": ()}
    sees_log = principal().role >= Role.OPERATOR
    shown = tuple(one for one in found.elements if one.built_in != "log" or sees_log)
    has_log = any(one.built_in == "log" for one in shown)
    return {"script": found, "elements": shown, "log": _log(found) if has_log else None, "paths": paths(found)}


def _log(found: Catalogue) -> LogTail | None:
    with contextlib.suppress(EngineAway):
        return engine_log.tail(context().appliance.engine, by=principal(), limit=found.surface.log_lines,
                               level=found.surface.log_level)  # fmt: skip
    return None
