"""`lessor option-definition`: every option by name, and the site's own."""

import json

import click

from app.cli.entries import entry_of, pairs_argument, tell
from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, table

_family_option = click.option("--family", type=click.Choice(["4", "6"]),
                              help="Only needed where both families have an option of that name.")


@click.group(name="option-definition")
def command() -> None:
    """List options by name, and add, change and remove the site's own."""


@command.command(name="list")
@click.option("--find", help="Part of a name or a description, or a code.")
@click.option("--space", help="dhcp4, dhcp6, or a space defined here.")
@json_option
@click.pass_obj
def list_(invocation: Invocation, *, find: str | None, space: str | None, as_json: bool) -> None:
    """List options with what their values are."""
    from app.services import option_definitions

    with invocation.appliance() as appliance:
        found = option_definitions.list_options(appliance, find=find, space=space)
    if as_json:
        emit({"items": found})
        return
    table(("SPACE", "CODE", "NAME", "VALUE", "EXAMPLE"),
          ((one.space, one.code, one.name, one.value, "" if one.example is None else json.dumps(one.example))
           for one in found), "No such option.")


@command.command(name="add")
@click.argument("space")
@click.argument("code", type=int)
@click.argument("name")
@click.argument("type_", metavar="TYPE")
@pairs_argument
@json_option
@click.pass_obj
def add(invocation: Invocation, space: str, code: int, name: str, type_: str, pairs: tuple[str, ...], *,
        as_json: bool) -> None:
    """Define an option; KEY=VALUE are further keys of a definition, such as array=true."""
    from app.services import option_definitions
    from app.services.access import terminal

    entry = {"space": space, "code": code, "name": name, "type": type_, **entry_of(pairs)}
    with invocation.appliance(make=True) as appliance:
        view, done = option_definitions.add(appliance, entry, by=terminal())
    tell(view.entry, done, f"The option {view.name} is defined", as_json=as_json)


@command.command(name="set")
@click.argument("space")
@click.argument("name")
@pairs_argument
@_family_option
@json_option
@click.pass_obj
def set_(invocation: Invocation, space: str, name: str, pairs: tuple[str, ...], *, family: str | None,
         as_json: bool) -> None:
    """Change keys of a definition and keep the rest; KEY= takes a key out."""
    from app.services import option_definitions
    from app.services.access import terminal
    from app.services.changes import merged

    patch = entry_of(pairs)
    with invocation.appliance() as appliance:
        piece = option_definitions.find(appliance, space, name, int(family) if family else None)
        view, done = option_definitions.replace(appliance, piece, merged(piece.entry, patch), by=terminal())
    tell(view.entry, done, f"The option {view.name} is changed", as_json=as_json)


@command.command(name="remove")
@click.argument("space")
@click.argument("name")
@_family_option
@json_option
@click.pass_obj
def remove(invocation: Invocation, space: str, name: str, *, family: str | None, as_json: bool) -> None:
    """Remove a definition; refused while somebody is told the option."""
    from app.services import option_definitions
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        piece = option_definitions.find(appliance, space, name, int(family) if family else None)
        done = option_definitions.remove(appliance, piece, by=terminal())
    tell(piece.entry, done, f"The option {piece.name} is removed", as_json=as_json)
