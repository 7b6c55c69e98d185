"""`lessor shared-network`: which subnets share one wire."""

from typing import TYPE_CHECKING

import click

from app.cli.entries import entry_of, tell
from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, table

if TYPE_CHECKING:
    from app.services.shared_networks import SharedNetwork


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
        emit({"items": [_shown(one) for one in found]})
        return
    table(("SHARED NETWORK", "SUBNETS"), ((one.name, ", ".join(one.subnets)) for one in found),
          "No subnet names a shared network.")


@command.command(name="set")
@click.argument("name")
@click.argument("given", metavar="[SUBNET|KEY=VALUE]", nargs=-1, required=True)
@json_option
@click.pass_obj
def set_(invocation: Invocation, name: str, given: tuple[str, ...], *, as_json: bool) -> None:
    """Have exactly these subnets share the wire NAME; KEY=VALUE say what holds for all of them.

    Without a subnet they stay as they are, and so do keys that are not given; KEY= takes a key out.
    """
    from app.services import shared_networks
    from app.services.access import terminal
    from app.services.changes import merged

    entry = entry_of(one for one in given if "=" in one)
    members = [one for one in given if "=" not in one]
    with invocation.appliance() as appliance:
        form = merged(shared_networks.find(appliance, name).entry, entry)
        view, done = shared_networks.put(appliance, name, form | ({"subnets": members} if members else {}),
                                         by=terminal())
    tell(_shown(view), done, f"{view.name} has the subnets {', '.join(view.subnets) or '(none)'}", as_json=as_json)


@command.command(name="remove")
@click.argument("name")
@json_option
@click.pass_obj
def remove(invocation: Invocation, name: str, *, as_json: bool) -> None:
    """Have each subnet of NAME be alone on its wire; the subnets stay."""
    from app.services import shared_networks
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        view = shared_networks.get(appliance, name)
        done = shared_networks.remove(appliance, name, by=terminal())
    tell(_shown(view), done, f"There is no shared network {name} any longer", as_json=as_json)


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
        view, done = shared_networks.change(appliance, name, {"name": new_name}, by=terminal())
    tell(_shown(view), done, f"{name} is called {view.name} now", as_json=as_json)


def _shown(view: "SharedNetwork") -> dict[str, object]:
    return {"name": view.name, "subnets": list(view.subnets), **view.entry}
