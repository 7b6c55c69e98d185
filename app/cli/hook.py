"""`lessor hook`: the callouts of hook libraries."""

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, table

COLUMNS = ("HOOK", "LIBRARY", "FUNCTION", "CALLS", "STOPPED", "FAILED", "MEAN_US", "SLOWEST_US", "NOT CALLED BECAUSE")


@click.group(name="hook")
def command() -> None:
    """Show the callouts of hook libraries."""


@command.command(name="list")
@json_option
@click.pass_obj
def list_(invocation: Invocation, *, as_json: bool) -> None:
    """List them in the order of a message's way."""
    from app.services import hooks
    from app.services.plain import plain

    with invocation.appliance() as appliance:
        found = hooks.listed(appliance)
    if as_json:
        emit(plain(found))
        return
    table(COLUMNS, ((one.hook, one.library, one.function, one.calls, one.stopped, one.errors, one.mean_us,
                     one.slowest_us, one.disabled) for one in found),
          "There is no hook library.")
