"""`lessor engine`: the DHCP engine in the foreground."""

import os

import click

from app.cli.invocation import Invocation


@click.command(name="engine")
@click.option("--interface", "interfaces", multiple=True, metavar="NAME", help="Serve this interface; may be repeated.")
@click.pass_obj
def command(invocation: Invocation, interfaces: tuple[str, ...]) -> None:
    """Run the DHCP engine alone, in the foreground, until SIGTERM; its log goes to standard error."""
    from app.cli.processes import engine_command, environment

    loaded = invocation.load(interfaces=interfaces or None)
    flags = {"interfaces": ",".join(interfaces)} if interfaces else {}
    command_line = engine_command(loaded.config)
    os.execve(command_line[0], command_line, environment(loaded.config, **flags))  # noqa: S606 - ourselves
