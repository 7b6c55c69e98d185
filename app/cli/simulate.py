"""`lessor simulate`: other definitions, or another script, tried on the messages that came in last."""

from datetime import datetime
from pathlib import Path

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, say

_FILE = click.Path(exists=True, path_type=Path)


@click.command(name="simulate")
@click.option("--definitions", "file", type=_FILE, help="The document to try instead of the definitions in force.")
@click.option("--script", type=_FILE, help="The conf.py, or its folder, to try instead of the one in force.")
@click.option("--client", help="Only messages of this client: a hardware address, a client identifier, an address.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="So many messages.")
@click.option("--all", "everything", is_flag=True, help="Show messages that end as they do now, too.")
@json_option
@click.pass_obj
def command(invocation: Invocation, *, file: Path | None, script: Path | None, client: str | None, limit: int,
            everything: bool, as_json: bool) -> None:
    """Put the latest messages to the definitions and the script in force, and to those to be tried; show both ends.

    Nothing is stored, sent or called back: leases are read as they are now, and what the simulation grants is its own.
    """
    from app.services import simulation
    from app.services.access import terminal
    from dhcpcore import interchange

    with invocation.appliance() as appliance:
        trial = simulation.run(appliance, by=terminal(), script=script, client=client, limit=limit,
                               document=None if file is None else interchange.read_file(file))
    if as_json:
        emit(trial)
        return
    for fault in trial.quarantined:
        say(f"Set aside: {fault}")
    for one in trial.transactions:
        if one.changed or everything:
            moment = datetime.fromtimestamp(one.received_at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
            say(f"{moment}  {one.message} of {one.client or one.hw_address or one.source}")
            for name, fate in (("now", one.before), ("tried", one.after)):
                say(f"    {name + ':':6} {fate.text} [{fate.reason}]")
            before, after = set(one.before.says), set(one.after.says)
            for line in one.before.says:
                if line not in after:
                    say(f"      - {line}")
            for line in one.after.says:
                if line not in before:
                    say(f"      + {line}")
    for line in trial.log:
        say(f"Logged: {line}")
    count = len(trial.transactions)
    say(f"{trial.changed} of {count} message{'' if count == 1 else 's'} would end otherwise." if count
        else "No message is on record: there is nothing to try it on.")
