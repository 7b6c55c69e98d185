"""The log-in page and the way out; both work without JavaScript."""

from __future__ import annotations

import ipaddress
from http import HTTPStatus

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import auth
from app.context import context
from app.services import sessions
from app.services.access import Role
from app.services.sessions import WrongLogin
from app.services.throttle import TooManyAttempts

blueprint = Blueprint("login", __name__)

#: Longer ones are refused by the services anyway; this keeps what is shown again small.
_NAME_MAX = 100


@blueprint.get("/login")
@auth.open_to_all
def form() -> AnyResponse:
    """The form; who is logged in already goes on."""
    came = auth.cookie()
    if came and sessions.caller_of(context().appliance, came) is not None:
        return redirect(auth.local_path(request.args.get("next")), HTTPStatus.SEE_OTHER)
    return _page("", request.args.get("next"))


@blueprint.post("/login")
@auth.open_to_all
def submit() -> AnyResponse:
    """Begin a session, with a cookie that nobody knew before."""
    name, following = request.form.get("name", ""), request.form.get("next")
    try:
        begun = sessions.log_in(
            context().appliance, name, request.form.get("password", ""), address=request.remote_addr or "",
            agent=request.user_agent.string, instead_of=auth.cookie())
    except WrongLogin as error:
        return _page(name, following, str(error), HTTPStatus.UNPROCESSABLE_ENTITY)
    except TooManyAttempts as error:
        answer = _page(name, following, str(error), HTTPStatus.TOO_MANY_REQUESTS)
        answer.headers["Retry-After"] = str(error.seconds)
        return answer
    where = url_for("account.page") if begun.must_change else auth.local_path(following)
    onwards = redirect(where, HTTPStatus.SEE_OTHER)
    auth.begin(begun.cookie, onwards)
    if begun.must_change:
        flash("Your password was set by somebody else. Choose your own now.", "warning")
    return onwards


@blueprint.post("/logout")
@auth.needs(Role.VIEWER, before_new_password=True)
def log_out() -> AnyResponse:
    """End the session."""
    came = auth.cookie()
    if came:
        sessions.log_out(context().appliance, came)
    answer = redirect(url_for("login.form"), HTTPStatus.SEE_OTHER)
    auth.end(answer)
    return answer


def in_the_clear() -> bool:
    """Whether what is typed can be read on its way: no TLS, and the browser is on another machine."""
    if request.is_secure:
        return False
    try:
        return not ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return True


def _page(name: str, following: str | None, fault: str = "", status: HTTPStatus = HTTPStatus.OK) -> Response:
    return make_response(render_template(
        "login/page.html", name=name[:_NAME_MAX], next=auth.local_path(following), fault=fault,
        in_the_clear=in_the_clear()), status)
