"""`lessor subnet`: subnets and pools with their use."""

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, note, table


@click.group(name="subnet")
def command() -> None:
    """Show subnets and pools."""


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
    table(("SUBNET", "PREFIX", "POOL", "HELD", "DECLINED", "FREE", "IN USE"), rows, "No subnet: lessor apply FILE")
    for fault in found.quarantined:
        note(f"warning: quarantined: {fault}")
