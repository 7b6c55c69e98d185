"""`lessor user`: who may log in."""

import sys
from typing import TYPE_CHECKING

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, say, table

if TYPE_CHECKING:
    from app.services.accounts import Secret, UserView

_ROLES = click.Choice(["viewer", "operator", "admin"])
_stdin = click.option("--stdin", is_flag=True, help="Read the password from standard input; otherwise it is made up.")


@click.group(name="user")
def command() -> None:
    """List, add, change and remove those who may log in."""


@command.command(name="list")
@json_option
@click.pass_obj
def list_(invocation: Invocation, *, as_json: bool) -> None:
    """List the users."""
    from app.services import accounts
    from app.services.access import terminal
    from app.services.plain import time_text

    with invocation.appliance() as appliance:
        found: list[UserView] = []
        while page := accounts.list_users(appliance, by=terminal(), after=found[-1].name if found else "",
                                          limit=accounts.PAGE_MAX):
            found += page
    if as_json:
        emit(found)
        return
    table(("NAME", "ROLE", "STATE", "LAST LOG-IN"),
          ((one.name, one.role,
            "disabled" if not one.enabled else "must change the password" if one.must_change else "enabled",
            "never" if one.login_at is None else time_text(one.login_at)) for one in found), "No user.")


@command.command(name="add")
@click.argument("name")
@click.option("--role", type=_ROLES, default="viewer", show_default=True)
@_stdin
@json_option
@click.pass_obj
def add(invocation: Invocation, name: str, *, role: str, stdin: bool, as_json: bool) -> None:
    """Add a user; the password that is made up is printed once, and changed at the first log-in."""
    from app.services import accounts
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        done = accounts.add(appliance, name, role, _read(stdin=stdin), by=terminal())
    _tell(done, f"{done.user.name} is added with the role {role}.", as_json=as_json)


@command.command(name="password")
@click.argument("name")
@_stdin
@json_option
@click.pass_obj
def password(invocation: Invocation, name: str, *, stdin: bool, as_json: bool) -> None:
    """Give a user a new password, which is changed at the next log-in; the user's sessions end."""
    from app.services import accounts
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        done = accounts.set_password(appliance, name, _read(stdin=stdin), by=terminal())
    _tell(done, f"{done.user.name} has a new password.", as_json=as_json)


@command.command(name="change")
@click.argument("name")
@click.option("--role", type=_ROLES)
@click.option("--enable/--disable", "enabled", default=None, help="Whether the user may log in.")
@json_option
@click.pass_obj
def change(invocation: Invocation, name: str, *, role: str | None, enabled: bool | None, as_json: bool) -> None:
    """Give a user another role, or disable and enable it."""
    from app.services import accounts
    from app.services.access import terminal

    if role is None and enabled is None:
        raise click.UsageError("Say what changes: --role, --enable or --disable.")
    with invocation.appliance() as appliance:
        done = accounts.change(appliance, name, role=role, enabled=enabled, by=terminal())
    if as_json:
        emit(done)
    else:
        say(f"{done.name} has the role {done.role} and is {'enabled' if done.enabled else 'disabled'}.")


@command.command(name="remove")
@click.argument("name")
@json_option
@click.pass_obj
def remove(invocation: Invocation, name: str, *, as_json: bool) -> None:
    """Remove a user with sessions and tokens."""
    from app.services import accounts
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        gone = accounts.remove(appliance, name, by=terminal())
    if as_json:
        emit(gone)
    else:
        say(f"{gone.name} is removed.")


def _read(*, stdin: bool) -> str | None:
    if not stdin:
        return None
    return sys.stdin.readline(1024).rstrip("\r\n")


def _tell(done: "Secret", sentence: str, *, as_json: bool) -> None:
    if as_json:
        emit(done)
        return
    say(sentence)
    if done.password is not None:
        say(f"Password: {done.password}")
