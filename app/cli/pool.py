"""`lessor pool`: pools of addresses and of prefixes, one at a time."""

from typing import TYPE_CHECKING

import click

from app.cli.entries import agreed, entry_of, pairs_argument, tell, tell_entry, yes_option
from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, note, say, table

if TYPE_CHECKING:
    from app.services.declared import DeclaredPool


@click.group(name="pool")
def command() -> None:
    """List, show, add, change and remove pools."""


@command.command(name="list")
@click.option("--subnet", metavar="NAME", help="Only those of this subnet: its name, prefix or number.")
@click.option("--sort", default="id", show_default=True,
              help="id, subnet, first, held or use; - before it turns it round.")
@click.option("--limit", type=click.IntRange(1, 1000), default=1000, show_default=True, help="At most so many.")
@click.option("--cursor", help="Go on where the last list ended.")
@json_option
@click.pass_obj
def list_(invocation: Invocation, *, subnet: str | None, sort: str, limit: int, cursor: str | None,
          as_json: bool) -> None:
    """List pools with their numbers."""
    from app.services import pools

    with invocation.appliance() as appliance:
        page = pools.page(appliance, subnet=subnet, sort=sort, limit=limit, cursor=cursor)
    if as_json:
        emit({"items": [_shown(one) for one in page.items], "next_cursor": page.next_cursor})
        return
    table(("NUMBER", "POOL", "SUBNET", "CLASS"),
          ((one.id, one.said.partition("pool ")[2], one.subnet, one.entry.get("class", "")) for one in page.items),
          "No pool: lessor pool add SUBNET first=ADDRESS last=ADDRESS")
    if page.next_cursor:
        note(f"There are more: --cursor {page.next_cursor}")


@command.command(name="show")
@click.argument("pool", metavar="POOL")
@json_option
@click.pass_obj
def show(invocation: Invocation, pool: str, *, as_json: bool) -> None:
    """Show a pool, by its number, first address or prefix, as it is declared."""
    from app.services import pools

    with invocation.appliance() as appliance:
        view = pools.named(appliance, pool)
    if as_json:
        emit(_shown(view))
        return
    say(f"pool {view.id} of {view.subnet}")
    tell_entry(view.entry)


@command.command(name="add")
@click.argument("subnet", metavar="SUBNET")
@pairs_argument
@json_option
@click.pass_obj
def add(invocation: Invocation, subnet: str, pairs: tuple[str, ...], *, as_json: bool) -> None:
    """Serve a range of SUBNET; KEY=VALUE are keys of a pool (or a prefix pool) in the definitions document.

    Such as: lessor pool add office first=192.0.2.10 last=192.0.2.99
    """
    from app.services import pools
    from app.services.access import terminal

    entry = entry_of(pairs)
    with invocation.appliance() as appliance:
        view, done = pools.add(appliance, entry, by=terminal(), subnet=subnet)
    tell(_shown(view), done, f"The {view.said} is added to {view.subnet}", as_json=as_json)


@command.command(name="set")
@click.argument("pool", metavar="POOL")
@pairs_argument
@yes_option
@json_option
@click.pass_obj
def set_(invocation: Invocation, pool: str, pairs: tuple[str, ...], *, yes: bool, as_json: bool) -> None:
    """Change keys of a pool, its ends among them, and keep the rest; KEY= takes a key out."""
    from app.services import pools
    from app.services.access import terminal

    patch = entry_of(pairs)
    with invocation.appliance() as appliance:
        number = pools.named(appliance, pool).id
        view, done = agreed(lambda consent: pools.change(appliance, number, patch, by=terminal(), consent=consent),
                            yes=yes)
    tell(_shown(view), done, f"It is the {view.said} now", as_json=as_json)


@command.command(name="remove")
@click.argument("pool", metavar="POOL")
@yes_option
@json_option
@click.pass_obj
def remove(invocation: Invocation, pool: str, *, yes: bool, as_json: bool) -> None:
    """Remove a pool."""
    from app.services import pools
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        number = pools.named(appliance, pool).id
        view, done = agreed(lambda consent: pools.remove(appliance, number, by=terminal(), consent=consent), yes=yes)
    tell(_shown(view), done, f"The {view.said} is removed from {view.subnet}", as_json=as_json)


def _shown(view: "DeclaredPool") -> dict[str, object]:
    return {"id": view.id, "subnet": view.subnet, **view.entry}
