"""`lessor token`: what programs show to REST."""

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, say, table


@click.group(name="token")
def command() -> None:
    """Make, list and revoke the tokens of programs."""


@command.command(name="create")
@click.option("--role", type=click.Choice(["viewer", "operator", "admin"]), required=True)
@click.option("--name", required=True, help="What it is for.")
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="It ends after so many.")
@click.option("--forever", is_flag=True, help="It never ends.")
@json_option
@click.pass_obj
def create(invocation: Invocation, *, role: str, name: str, days: int, forever: bool, as_json: bool) -> None:
    """Make a token and print it, this one time."""
    from app.services import tokens
    from app.services.access import terminal
    from app.services.sessions import Caller

    with invocation.appliance() as appliance:
        made = tokens.create(appliance, name, role, caller=Caller(terminal()), days=None if forever else days)
    if as_json:
        emit(made)
    else:
        say(made.secret)


@command.command(name="list")
@json_option
@click.pass_obj
def list_(invocation: Invocation, *, as_json: bool) -> None:
    """List every token, without its secret."""
    from app.services import tokens
    from app.services.access import terminal
    from app.services.plain import time_text
    from app.services.sessions import Caller

    caller, after = Caller(terminal()), 0
    found: list[tokens.TokenView] = []
    with invocation.appliance() as appliance:
        while page := tokens.list_tokens(appliance, caller=caller, everybodys=True, after=after,
                                         limit=tokens.PAGE_MAX):
            found += page
            after = page[-1].id
    if as_json:
        emit(found)
        return
    table(("NUMBER", "NAME", "ROLE", "OWNER", "ENDS", "LAST USED"),
          ((one.id, one.name, one.role, one.owner or "",
            "never" if one.expires_at is None else time_text(one.expires_at),
            "never" if one.used_at is None else time_text(one.used_at)) for one in found), "No token.")


@command.command(name="revoke")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@json_option
@click.pass_obj
def revoke(invocation: Invocation, number: int, *, as_json: bool) -> None:
    """Revoke the token of that number, at once."""
    from app.services import tokens
    from app.services.access import terminal
    from app.services.sessions import Caller

    with invocation.appliance() as appliance:
        gone = tokens.revoke(appliance, number, caller=Caller(terminal()))
    if as_json:
        emit(gone)
    else:
        say(f"Token {gone.id} ({gone.name}) is revoked.")
