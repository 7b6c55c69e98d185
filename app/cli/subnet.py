"""`lessor subnet`: subnets with their pools and their use; added, changed and removed one at a time."""

from typing import TYPE_CHECKING

import click

from app.cli.entries import agreed, entry_of, pairs_argument, tell, tell_entry, yes_option
from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, note, say, table

if TYPE_CHECKING:
    from app.services.declared import DeclaredSubnet


@click.group(name="subnet")
def command() -> None:
    """List, show, add, change and remove subnets."""


@command.command(name="list")
@json_option
@click.pass_obj
def list_(invocation: Invocation, *, as_json: bool) -> None:
    """List subnets with their pools, and how much of each is in use."""
    from app.services import subnets

    with invocation.appliance() as appliance:
        found = subnets.overview(appliance)
    if as_json:
        emit(found)
        return
    rows: list[tuple[object, ...]] = []
    for subnet in found.subnets:
        for number, pool in enumerate(subnet.pools or (None,)):
            head = (subnet.name, subnet.prefix) if number == 0 else ("", "")
            if pool is None:
                rows.append((*head, "none", subnet.held, "", "", ""))
            else:
                use = 100 * (pool.held + pool.declined) / pool.size
                rows.append((*head, f"{pool.first} - {pool.last}", pool.held, pool.declined or "", pool.free,
                             f"{use:.1f} %"))
    table(("SUBNET", "PREFIX", "POOL", "HELD", "DECLINED", "FREE", "IN USE"), rows,
          "No subnet: lessor subnet add PREFIX")
    for fault in found.quarantined:
        note(f"warning: quarantined: {fault}")


@command.command(name="show")
@click.argument("subnet", metavar="SUBNET")
@json_option
@click.pass_obj
def show(invocation: Invocation, subnet: str, *, as_json: bool) -> None:
    """Show a subnet, by name, prefix or number, as it is declared."""
    from app.services import subnets

    with invocation.appliance() as appliance:
        view = subnets.get(appliance, subnets.number(appliance, subnet))
    if as_json:
        emit(_shown(view))
        return
    say(f"subnet {view.id}")
    tell_entry(view.entry)
    for pool in view.pools:
        say(f"pool {pool.id}: {pool.said.partition('pool ')[2]}")


@command.command(name="add")
@click.argument("prefix")
@pairs_argument
@yes_option
@json_option
@click.pass_obj
def add(invocation: Invocation, prefix: str, pairs: tuple[str, ...], *, yes: bool, as_json: bool) -> None:
    """Serve the subnet PREFIX; KEY=VALUE are keys of a subnet in the definitions document.

    Such as: lessor subnet add 192.0.2.0/24 name=office interface=eth0 pools='[{first: 192.0.2.10, last: 192.0.2.99}]'
    """
    from app.services import subnets
    from app.services.access import terminal

    entry = {"prefix": prefix, **entry_of(pairs)}
    with invocation.appliance(make=True) as appliance:
        view, done = agreed(lambda consent: subnets.add(appliance, entry, by=terminal(), consent=consent), yes=yes)
    tell(_shown(view), done, f"The subnet {view.name} is added", as_json=as_json)


@command.command(name="set")
@click.argument("subnet", metavar="SUBNET")
@pairs_argument
@yes_option
@json_option
@click.pass_obj
def set_(invocation: Invocation, subnet: str, pairs: tuple[str, ...], *, yes: bool, as_json: bool) -> None:
    """Change keys of a subnet and keep the rest; KEY= takes a key out."""
    from app.services import subnets
    from app.services.access import terminal

    patch = entry_of(pairs)
    with invocation.appliance() as appliance:
        number = subnets.number(appliance, subnet)
        view, done = agreed(lambda consent: subnets.change(appliance, number, patch, by=terminal(), consent=consent),
                            yes=yes)
    tell(_shown(view), done, f"The subnet {view.name} is changed", as_json=as_json)


@command.command(name="remove")
@click.argument("subnet", metavar="SUBNET")
@yes_option
@json_option
@click.pass_obj
def remove(invocation: Invocation, subnet: str, *, yes: bool, as_json: bool) -> None:
    """Remove a subnet with its pools and assignments."""
    from app.services import subnets
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        number = subnets.number(appliance, subnet)
        view, done = agreed(lambda consent: subnets.remove(appliance, number, by=terminal(), consent=consent), yes=yes)
    tell(_shown(view), done, f"The subnet {view.name} is removed", as_json=as_json)


def _shown(view: "DeclaredSubnet") -> dict[str, object]:
    from app.services.declared import LISTS

    lists = {key: [{"id": pool.id, **pool.entry} for pool in view.pools if pool.list == key] for key in LISTS}
    return {"id": view.id, **view.entry, **lists}
