"""`lessor diff`: what applying a document would change."""

from pathlib import Path

import click

from app.cli.apply import read, tell, tell_losses
from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, say


@click.command(name="diff")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@json_option
@click.pass_obj
def command(invocation: Invocation, file: Path, *, as_json: bool) -> None:
    """Show what applying the document FILE would change, and which clients would lose an address; changes nothing."""
    from app.services import definitions

    document = read(file)
    with invocation.appliance() as appliance:
        plan = definitions.plan(appliance, document)
    if as_json:
        emit(plan)
        return
    if not plan.changes:
        say("No difference.")
    tell(plan.changes)
    tell_losses(plan)
