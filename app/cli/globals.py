"""`lessor globals`: what holds in every subnet unless it says otherwise."""

import click

from app.cli.entries import entry_of, pairs_argument, tell, tell_entry
from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, say


@click.group(name="globals")
def command() -> None:
    """Show and change what holds in every subnet, the global options among it."""


@command.command(name="show")
@json_option
@click.pass_obj
def show(invocation: Invocation, *, as_json: bool) -> None:
    """Show what is written; what is not has its default."""
    from app.services import global_settings

    with invocation.appliance() as appliance:
        view = global_settings.get(appliance)
    if as_json:
        emit(dict(view.entry))
    elif view.entry:
        tell_entry(view.entry)
    else:
        say("All are the defaults.")


@command.command(name="set")
@pairs_argument
@json_option
@click.pass_obj
def set_(invocation: Invocation, pairs: tuple[str, ...], *, as_json: bool) -> None:
    """Change some and keep the rest; KEY= puts the default back.

    Such as: lessor globals set lifetime=2h options.dhcp4.domain-name-servers=[192.0.2.53]
    """
    from app.services import global_settings
    from app.services.access import terminal

    with invocation.appliance(make=True) as appliance:
        view, done = global_settings.change(appliance, entry_of(pairs), by=terminal())
    tell(view.entry, done, "Globals are changed", as_json=as_json)
