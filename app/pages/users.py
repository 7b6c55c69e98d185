"""Users, for administrators: add, another role, disable, new password, remove."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import auth
from app.context import context
from app.services import accounts
from app.services.access import Role
from app.services.accounts import Secret
from dhcpcore.errors import InvalidDocument, InvalidValue, NotFound, Refused

blueprint = Blueprint("users", __name__)

ROWS = 200


@blueprint.get("/users")
@auth.needs(Role.ADMIN)
def page() -> Response:
    """Everybody who may log in."""
    return _page()


@blueprint.post("/users")
@auth.needs(Role.ADMIN)
def add() -> Response:
    """Add a user; the password that is made up is shown this one time."""
    asked = {name: request.form.get(name, "") for name in ("name", "role")}
    typed = request.form.get("password", "")
    try:
        made = accounts.add(context().appliance, asked["name"], asked["role"], typed or None, by=auth.principal())
    except InvalidDocument as error:
        faults = {fault.path: fault.message for fault in error.faults}
        return _page(faults=faults, asked=asked, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except Refused as error:
        return _page(refused=str(error), asked=asked, status=HTTPStatus.CONFLICT)
    return _page(secret=made, added=True, status=HTTPStatus.CREATED)


@blueprint.post("/users/<name>/change")
@auth.needs(Role.ADMIN)
def change(name: str) -> AnyResponse:
    """Another role, or disabled and enabled."""
    enabled = request.form.get("enabled")
    try:
        done = accounts.change(
            context().appliance, name, by=auth.principal(), role=request.form.get("role"), version=_version(),
            enabled=None if enabled is None else enabled == "true")
    except Refused as error:
        return _refused(error)
    flash(f"{done.name} has the role {done.role} and is {'enabled' if done.enabled else 'disabled'}.", "success")
    return redirect(url_for("users.page"), HTTPStatus.SEE_OTHER)


@blueprint.post("/users/<name>/password")
@auth.needs(Role.ADMIN)
def password(name: str) -> AnyResponse:
    """A new password, made up and shown this one time; the user's sessions end."""
    try:
        done = accounts.set_password(context().appliance, name, by=auth.principal(), version=_version())
    except Refused as error:
        return _refused(error)
    return _page(secret=done)


@blueprint.post("/users/<name>/remove")
@auth.needs(Role.ADMIN)
def remove(name: str) -> AnyResponse:
    """Remove a user with sessions and tokens."""
    try:
        gone = accounts.remove(context().appliance, name, by=auth.principal(), version=_version())
    except Refused as error:
        return _refused(error)
    flash(f"{gone.name} is removed.", "success")
    return redirect(url_for("users.page"), HTTPStatus.SEE_OTHER)


def _version() -> int | None:
    typed = request.form.get("version", "")
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and len(typed) < 18):
        raise InvalidValue("version is not one that the page gave.")
    return int(typed)


def _refused(error: Refused) -> AnyResponse:
    status = HTTPStatus.NOT_FOUND if isinstance(error, NotFound) else HTTPStatus.CONFLICT
    return _page(refused=str(error), status=status)


def _page(*, faults: dict[str, str] | None = None, asked: dict[str, str] | None = None, secret: Secret | None = None,
          added: bool = False, refused: str = "", status: HTTPStatus = HTTPStatus.OK) -> Response:
    after = request.args.get("after", "")[:63]
    users = accounts.list_users(context().appliance, by=auth.principal(), after=after, limit=ROWS)
    return make_response(render_template(
        "users/page.html", users=users, more=users[-1].name if len(users) == ROWS else None, faults=faults or {},
        asked=asked or {"name": "", "role": Role.VIEWER.word}, secret=secret, added=added, refused=refused,
        own=auth.caller().account, now=context().appliance.database.now(), roles=[role.word for role in Role]), status)
