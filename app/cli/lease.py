"""`lessor lease`: who has which address, who had it, and taking one back."""

from datetime import datetime

import click

from app.cli.invocation import Invocation
from app.cli.output import TIMES, emit, json_option, note, say, table
from app.services.plain import time_text

#: As in ``app.services.leases``, which is not loaded for a word of help.
SORTS = ("address", "-address", "expires_at", "-expires_at", "last_seen_at", "-last_seen_at", "hw_address",
         "-hw_address", "hostname", "-hostname")
COLUMNS = ("ADDRESS", "STATE", "HARDWARE", "HOST NAME", "EXPIRES", "SUBNET")


@click.group(name="lease")
def command() -> None:
    """Show leases and their history, and release them."""


@command.command(name="list")
@click.option("--find", metavar="TEXT", help="An address, hardware address, client identifier or part of a host name.")
@click.option("--subnet", metavar="NAME", help="Only this subnet: its name, prefix or number.")
@click.option("--active", is_flag=True, help="Only leases that are held now.")
@click.option("--state", type=click.Choice(("active", "expired", "released", "declined")), help="Only those.")
@click.option("--hostname", metavar="TEXT", help="Only host names that contain this.")
@click.option("--hw-address", metavar="MAC", help="Only this hardware address.")
@click.option("--sort", type=click.Choice(SORTS), default="address", show_default=True,
              help="With - before it: from the highest, the latest or the last of the alphabet on.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="At most so many.")
@click.option("--cursor", help="Go on where the last list ended.")
@json_option
@click.pass_obj
def list_(invocation: Invocation, *, find: str | None, subnet: str | None, active: bool, state: str | None,
          hostname: str | None, hw_address: str | None, sort: str, limit: int, cursor: str | None,
          as_json: bool) -> None:
    """List leases, where nothing else is said in the order of their addresses."""
    from app.services import leases, subnets

    with invocation.appliance() as appliance:
        names = subnets.names(appliance)
        number = None if subnet is None else subnets.number(appliance, subnet)
        page = leases.list_leases(appliance, find=find, subnet=number, active=active, cursor=cursor, limit=limit,
                                  state=state, hostname=hostname, hw_address=hw_address, sort=sort)
    if as_json:
        emit(page)
        return
    table(COLUMNS, ((lease.address, lease.state, lease.hw_address or lease.client, lease.hostname,
                     "never" if lease.expires_at is None else time_text(lease.expires_at),
                     names.get(lease.subnet, f"#{lease.subnet}")) for lease in page.leases),
          "No lease." if page.next_cursor is None else "None so far.")
    if page.next_cursor:
        note(f"There are more: --cursor {page.next_cursor}")


@command.command(name="show")
@click.argument("address")
@json_option
@click.pass_obj
def show(invocation: Invocation, address: str, as_json: bool) -> None:
    """Show all that is known of one address."""
    from app.services import leases, subnets

    with invocation.appliance() as appliance:
        found = leases.show(appliance, address)
        names = subnets.names(appliance)
    if as_json:
        emit(found)
        return
    for lease in found:
        rows = (("address", lease.address), ("state", lease.state), ("hardware", lease.hw_address),
                ("client", lease.client), ("host name", lease.hostname),
                ("subnet", names.get(lease.subnet, f"#{lease.subnet} (gone)")),
                ("expires", "never" if lease.expires_at is None else time_text(lease.expires_at)),
                ("last seen", time_text(lease.last_seen_at)), ("relay", lease.relay), ("agent options", lease.agent))
        for name, value in rows:
            if value:
                say(f"{name:<14}{value}")


@command.command(name="history")
@click.argument("what", metavar="ADDRESS|HARDWARE|CLIENT-ID")
@click.option("--at", type=click.DateTime(TIMES),
              help="Only who had it then (local time).")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="At most so many.")
@json_option
@click.pass_obj
def history(invocation: Invocation, what: str, at: datetime | None, limit: int, as_json: bool) -> None:
    """Show who held an address, or what a client held, latest first."""
    from app.services import leases

    with invocation.appliance() as appliance:
        found = leases.history(appliance, what, at=None if at is None else _seconds(at),
                               limit=limit)
    if as_json:
        emit(found)
        return
    table(("ADDRESS", "HARDWARE", "HOST NAME", "FROM", "TO", "ENDED BY", "RELAY"),
          ((one.address, one.hw_address or one.client, one.hostname, time_text(one.from_at),
            "" if one.to_at is None else time_text(one.to_at), one.ended_by or "held now", one.relay)
           for one in found), "Nobody, as far as the history goes.")


def _seconds(at: datetime) -> float:
    """Local time in seconds since 1970; the calendar's own ends have none in every time zone."""
    try:
        return at.timestamp()
    except (OverflowError, ValueError):
        raise click.BadParameter(f"{at} is beyond all history.", param_hint="'--at'") from None


@command.command(name="release")
@click.argument("address")
@json_option
@click.pass_obj
def release(invocation: Invocation, address: str, as_json: bool) -> None:
    """End a lease at once, so that others can have the address."""
    from app.services import leases
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        result = leases.release(appliance, address, by=terminal())
    if as_json:
        emit(result)
    elif result["released"]:
        say(f"{result['address']} is released.")
    else:
        say(f"No engine runs now; {result['address']} will be released by the next one that starts "
            f"(request {result['request']}).")


@command.command(name="renew")
@click.argument("address")
@json_option
@click.pass_obj
def renew(invocation: Invocation, address: str, as_json: bool) -> None:
    """Ask the client that holds ADDRESS to renew its lease now, so that it hears of what was changed."""
    from app.services import leases
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        result = leases.renew(appliance, address, by=terminal())
    if as_json:
        emit(result)
    else:
        say(f"The client of {result['address']} ({result['client']}) was asked to renew.")


@command.command(name="assign")
@click.argument("address")
@json_option
@click.pass_obj
def assign(invocation: Invocation, address: str, as_json: bool) -> None:
    """Keep ADDRESS for the client that has it, or had it last: make its lease an assignment."""
    from app.services import assignments
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        view, done = assignments.from_lease(appliance, address, by=terminal())
    if as_json:
        emit(view if done is None else done)
    elif done is None:
        say(f"{address} is assigned to {view.value} already; nothing was changed.")
    else:
        say(f"{address} is assigned to {view.value} (revision {done.revision}).")
        if not done.engine_told:
            note("No engine runs now; the next one that starts reads it.")
