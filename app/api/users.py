"""``/api/v1/users``: who may log in; for administrators."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app.api.conditions import IfMatch, required, tagged
from app.api.responses import Problems
from app.auth import needs, principal
from app.context import context
from app.services import accounts, passwords
from app.services.access import Role
from app.services.accounts import Secret, UserView
from app.services.plain import plain

api = APIBlueprint("users_api", __name__, url_prefix="/api/v1",
                   abp_tags=[Tag(name="users", description="Who may log in.")])

RoleWord = Literal["viewer", "operator", "admin"]


class AskedUsers(BaseModel):
    """Which users."""

    model_config = ConfigDict(extra="forbid")

    cursor: str | None = Field(None, max_length=63, description="`next_cursor` of the page before.")
    limit: int = Field(100, ge=1, le=accounts.PAGE_MAX, description="At most so many.")


class WhichUser(BaseModel):
    """One user."""

    name: str = Field(max_length=63, description="The name, whatever its capitals.")


class NewUser(BaseModel):
    """A user to be added."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=63, description=accounts.NAME_RIGHT)
    role: RoleWord = "viewer"
    password: str | None = Field(None, max_length=passwords.LENGTH_MAX, description="Without one, it is made up and "
                                 "told in the answer.")


class UserChange(BaseModel):
    """What changes of a user."""

    model_config = ConfigDict(extra="forbid")

    role: RoleWord | None = None
    enabled: bool | None = None


class NewPassword(BaseModel):
    """A new password."""

    model_config = ConfigDict(extra="forbid")

    password: str | None = Field(None, max_length=passwords.LENGTH_MAX, description="Without one, it is made up and "
                                 "told in the answer.")


class User(BaseModel):
    """One user."""

    name: str
    role: str
    enabled: bool
    must_change: bool = Field(description="The password was set by somebody else and is changed at the next log-in.")
    created_at: str
    login_at: str | None = Field(description="The last log-in; null: never.")
    version: int = Field(description="Rises with each change; the ETag.")


class Users(BaseModel):
    """A page of users."""

    items: list[User]
    next_cursor: str | None


class UserWithPassword(BaseModel):
    """A user, with the password where it was made up."""

    user: User
    password: str | None = Field(description="Told this one time; null where it was given.")


@api.get("/users", responses={200: Users, **Problems.of(503)}, operation_id="list_users", summary="List users")
@needs(Role.ADMIN)
def list_users(query: AskedUsers) -> Response:
    """Users in the order of their names, a page at a time."""
    found = accounts.list_users(context().appliance, by=principal(), after=query.cursor or "", limit=query.limit)
    return jsonify(items=plain(found), next_cursor=found[-1].name if len(found) == query.limit else None)


@api.post("/users", responses={201: UserWithPassword, **Problems.of(409, 503)}, operation_id="add_user",
          summary="Add a user")
@needs(Role.ADMIN)
def add_user(body: NewUser) -> tuple[Response, int]:
    """Add a user, who changes the password at the first log-in."""
    made = accounts.add(context().appliance, body.name, body.role, body.password, by=principal())
    answer = _secret(made)
    answer.headers["Location"] = f"/api/v1/users/{made.user.name}"
    return answer, HTTPStatus.CREATED


@api.get("/users/<name>", responses={200: User, **Problems.of(404, 503)}, operation_id="get_user", summary="One user")
@needs(Role.ADMIN)
def get_user(path: WhichUser) -> Response:
    """One user, with its version as ETag."""
    return _user(accounts.show(context().appliance, path.name, by=principal()))


@api.patch("/users/<name>", responses={200: User, **Problems.of(404, 409, 412, 428, 503)}, operation_id="change_user",
           summary="Change a user")
@needs(Role.ADMIN)
def change_user(path: WhichUser, body: UserChange, header: IfMatch) -> Response:
    """Another role, or disabled and enabled."""
    return _user(accounts.change(context().appliance, path.name, by=principal(), role=body.role, enabled=body.enabled,
                                 version=_seen(path.name, header)))


@api.post("/users/<name>/password", responses={200: UserWithPassword, **Problems.of(404, 409, 412, 428, 503)},
          operation_id="set_user_password", summary="New password")
@needs(Role.ADMIN)
def set_password(path: WhichUser, body: NewPassword, header: IfMatch) -> Response:
    """A new password, which the user changes at the next log-in; the user's sessions end."""
    return _secret(accounts.set_password(context().appliance, path.name, body.password, by=principal(),
                                         version=_seen(path.name, header)))


@api.delete("/users/<name>", responses={200: User, **Problems.of(404, 409, 412, 428, 503)}, operation_id="remove_user",
            summary="Remove a user")
@needs(Role.ADMIN)
def remove_user(path: WhichUser, header: IfMatch) -> Response:
    """Remove a user with sessions and tokens; the answer is what it was."""
    return _user(accounts.remove(context().appliance, path.name, by=principal(), version=_seen(path.name, header)))


def _seen(name: str, header: IfMatch) -> int | None:
    """The version that the change may replace."""
    view = accounts.show(context().appliance, name, by=principal())
    return required(header, view.version, plain(view))


def _user(user: UserView) -> Response:
    return tagged(jsonify(plain(user)), user.version)


def _secret(made: Secret) -> Response:
    return tagged(jsonify(plain(made)), made.user.version)
