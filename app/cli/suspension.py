"""`lessor suspension`: who is not answered for a time, and answering it again."""

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, say, table
from app.services.plain import time_text

COLUMNS = ("HARDWARE", "SUBNET", "UNTIL", "WHY")


@click.group(name="suspension")
def command() -> None:
    """Show clients that are not answered for a time, and answer them again."""


@command.command(name="list")
@json_option
@click.pass_obj
def list_(invocation: Invocation, *, as_json: bool) -> None:
    """List them, that whose time ends last first."""
    from app.services import suspensions

    with invocation.appliance() as appliance:
        found = suspensions.listed(appliance)
    if as_json:
        emit(found)
        return
    table(COLUMNS, ((one.hw_address, one.subnet, time_text(one.until_at), one.words) for one in found),
          "Nobody is suspended.")


@command.command(name="lift")
@click.argument("hw_address", metavar="HARDWARE")
@json_option
@click.pass_obj
def lift(invocation: Invocation, hw_address: str, *, as_json: bool) -> None:
    """Answer a client again, at once."""
    from app.services import suspensions
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        lifted = suspensions.lift(appliance, hw_address, by=terminal())
    if as_json:
        emit({"hw_address": lifted})
    else:
        say(f"{lifted} is answered again.")
