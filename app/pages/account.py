"""One's own account: the password, the browsers that are logged in, the tokens of programs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import auth
from app.context import context
from app.services import sessions, tokens
from app.services.access import Role
from app.services.throttle import TooManyAttempts
from dhcpcore.errors import InvalidDocument

blueprint = Blueprint("account", __name__)


@blueprint.get("/account")
@auth.needs(Role.VIEWER, before_new_password=True)
def page() -> Response:
    """Password, sessions and tokens of whoever asks."""
    return _page()


@blueprint.post("/account/password")
@auth.needs(Role.VIEWER, before_new_password=True)
def password() -> AnyResponse:
    """Change one's own password."""
    asked, caller = request.form, auth.caller()
    try:
        sessions.change_password(context().appliance, asked.get("present", ""), asked.get("new", ""),
                                 asked.get("again", ""), caller=caller)
    except InvalidDocument as error:
        return _page(faults=_by_field(error), status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except TooManyAttempts as error:
        return _page(faults={"present": str(error)}, status=HTTPStatus.TOO_MANY_REQUESTS)
    flash("The password is changed. Your other sessions have ended.", "success")
    return redirect("/" if caller.must_change else url_for("account.page"), HTTPStatus.SEE_OTHER)


@blueprint.post("/account/sessions/<int:session_id>/revoke")
@auth.needs(Role.VIEWER)
def revoke_session(session_id: int) -> AnyResponse:
    """End one of one's own sessions."""
    sessions.revoke(context().appliance, session_id, caller=auth.caller())
    flash("The session has ended.", "success")
    return redirect(url_for("account.page"), HTTPStatus.SEE_OTHER)


@blueprint.post("/account/sessions/revoke-others")
@auth.needs(Role.VIEWER)
def revoke_others() -> AnyResponse:
    """End every session but this one."""
    ended = sessions.revoke_others(context().appliance, caller=auth.caller())
    flash(f"{ended} other session{' has' if ended == 1 else 's have'} ended.", "success")
    return redirect(url_for("account.page"), HTTPStatus.SEE_OTHER)


@blueprint.post("/account/tokens")
@auth.needs(Role.VIEWER)
def make_token() -> Response:
    """Make a token, and show its text this one time."""
    asked = {name: request.form.get(name, "") for name in ("name", "role", "days")}
    try:
        days = _days(asked["days"])
        made = tokens.create(context().appliance, asked["name"], asked["role"], caller=auth.caller(), days=days)
    except InvalidDocument as error:
        return _page(faults=_by_field(error), asked=asked, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _page(made=made, status=HTTPStatus.CREATED)


@blueprint.post("/account/tokens/<int:token_id>/revoke")
@auth.needs(Role.VIEWER)
def revoke_token(token_id: int) -> AnyResponse:
    """Revoke a token."""
    gone = tokens.revoke(context().appliance, token_id, caller=auth.caller())
    flash(f"The token {gone.name} is revoked.", "success")
    return redirect(url_for("account.page"), HTTPStatus.SEE_OTHER)


def _days(text: str) -> int | None:
    """What was typed: a number of days, nothing for a token without end; 0 for what is no number, which is refused."""
    typed = text.strip()
    return None if not typed else int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0


def _by_field(error: InvalidDocument) -> dict[str, str]:
    return {fault.path: fault.message for fault in error.faults}


def _page(*, faults: dict[str, str] | None = None, asked: dict[str, str] | None = None, made: Any = None,
          status: HTTPStatus = HTTPStatus.OK) -> Response:
    appliance, caller = context().appliance, auth.caller()
    default = {"name": "", "role": Role.VIEWER.word, "days": str(tokens.DAYS_DEFAULT)}
    return make_response(render_template(
        "account/page.html", caller=caller, sessions=sessions.list_sessions(appliance, caller=caller),
        tokens=tokens.list_tokens(appliance, caller=caller, limit=tokens.PAGE_MAX), faults=faults or {},
        asked=asked or default, made=made, now=appliance.database.now(), days_max=tokens.DAYS_MAX,
        roles=[role.word for role in Role if role <= caller.principal.role]), status)
