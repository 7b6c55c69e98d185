"""`lessor export`: the definitions as a document."""

import click

from app.cli.invocation import Invocation
from app.cli.output import json_option, note


@click.command(name="export")
@json_option
@click.pass_obj
def command(invocation: Invocation, *, as_json: bool) -> None:
    """Print the definitions as a document, in YAML or with --json in JSON; applied again, it changes nothing."""
    from app.services import definitions
    from dhcpcore import interchange

    with invocation.appliance() as appliance:
        document, quarantined = definitions.export(appliance)
    click.echo(interchange.to_json(document) if as_json else interchange.to_yaml(document), nl=False)
    for fault in quarantined:
        note(f"warning: not in this document, as it makes no sense: {fault}")
