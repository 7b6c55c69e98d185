"""`lessor option`: options on the wire, and what a client will receive."""

import json

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, note, say, table


@click.group(name="option")
def command() -> None:
    """Show options on the wire, and what a client will receive."""


@command.command(name="preview")
@click.argument("name")
@click.argument("value")
@click.option("--family", type=click.Choice(["4", "6"]), default="4", help="4 for DHCPv4 (the default), 6 for DHCPv6.")
@json_option
@click.pass_obj
def preview(invocation: Invocation, name: str, value: str, *, family: str, as_json: bool) -> None:
    """Show the octets of option NAME with VALUE, written as in the document."""
    from app.services import option_preview
    from dhcpcore.errors import InvalidValue

    with invocation.appliance() as appliance:
        made = option_preview.typed(appliance, name, value, int(family))
    if made.fault is not None:
        raise InvalidValue(f"{name}: {made.fault}")
    if as_json:
        emit(made)
        return
    if not made.wire:
        say(f"{made.name} ({made.code}), worked out for each packet: {_shown(made.value)}")
        return
    say(f"{made.name} ({made.code}), {made.octets} octets: {_shown(made.value)}")
    if made.unreadable:
        say(f"no value of this option: {made.unreadable}")
    say(f"payload  {made.payload}")
    say(f"wire     {made.wire}")


@command.command(name="effective")
@click.argument("subnet")
@click.option("--hw-address", metavar="MAC", help="The client's hardware address.")
@click.option("--client-id", metavar="HEX", help="The client's identifier (option 61), type octet included.")
@click.option("--circuit-id", metavar="TEXT", help="The circuit that its relay names.")
@click.option("--remote-id", metavar="TEXT", help="The remote end that its relay names.")
@click.option("--expression", metavar="TEXT", help="What `assignment_key` makes of its packets.")
@click.option("--duid", metavar="HEX", help="DHCPv6: the client's DUID.")
@click.option("--address", metavar="ADDRESS", help="The client's address, which decides the pool.")
@click.option("--requested", metavar="LIST", help="What it requests: names or codes with commas between them.")
@json_option
@click.pass_obj
def effective(invocation: Invocation, /, subnet: str, *, address: str | None, requested: str | None, as_json: bool,
              **client: str | None) -> None:
    """Show what a client of SUBNET will receive, and which level of the definitions says so."""
    from app.services import effective_options

    listed = None if requested is None else [one.strip() for one in requested.split(",") if one.strip()]
    with invocation.appliance() as appliance:
        found = effective_options.effective(appliance, subnet, client, address=address, requested=listed)
    if as_json:
        emit(found)
        return
    table(("CODE", "OPTION", "VALUE", "FROM", "SENT", "WHY"),
          ((one.code, one.name, _shown(one.value), f"{one.origin.level} {one.origin.name}".replace("_", " ").strip(),
            "yes" if one.sent else "no", one.why) for one in found.options), "No option has a value for it.")
    if found.unknown:
        say(f"Requested, and without a value: {', '.join(found.unknown)}.")
    for warning in found.warnings:
        note(f"warning: {warning}")


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
