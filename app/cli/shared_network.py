"""`lessor shared-network`: which subnets share one wire."""

import click

from app.cli.entries import tell
from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, table


@click.group(name="shared-network")
def command() -> None:
    """List shared networks, and say which subnets share one wire."""


@command.command(name="list")
@json_option
@click.pass_obj
def list_(invocation: Invocation, *, as_json: bool) -> None:
    """List shared networks with their subnets."""
    from app.services import shared_networks

    with invocation.appliance() as appliance:
        found = shared_networks.list_all(appliance)
    if as_json:
        emit({"items": [{"name": one.name, "subnets": one.subnets} for one in found]})
        return
    table(("SHARED NETWORK", "SUBNETS"), ((one.name, ", ".join(one.subnets)) for one in found),
          "No subnet names a shared network.")


@command.command(name="set")
@click.argument("name")
@click.argument("subnets", metavar="SUBNET", nargs=-1)
@json_option
@click.pass_obj
def set_(invocation: Invocation, name: str, subnets: tuple[str, ...], *, as_json: bool) -> None:
    """Have exactly these subnets share the wire NAME; without any, there is no such network any longer."""
    from app.services import shared_networks
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        view, done = shared_networks.put(appliance, name, subnets, by=terminal())
    members = view.subnets if view is not None else ()
    tell({"name": name, "subnets": list(members)}, done,
         f"{name} has the subnets {', '.join(members)}" if members else f"No subnet is of {name} any longer",
         as_json=as_json)


@command.command(name="rename")
@click.argument("name")
@click.argument("new_name", metavar="NEW-NAME")
@json_option
@click.pass_obj
def rename(invocation: Invocation, name: str, new_name: str, *, as_json: bool) -> None:
    """Call a shared network otherwise, in all its subnets at once."""
    from app.services import shared_networks
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        view, done = shared_networks.rename(appliance, name, new_name, by=terminal())
    assert view is not None
    tell({"name": view.name, "subnets": list(view.subnets)}, done, f"{name} is called {view.name} now",
         as_json=as_json)
