"""`lessor web`: pages and REST in the foreground."""

import os

import click

from app.cli.invocation import Invocation
from app.cli.output import note


@click.command(name="web")
@click.option("--bind", metavar="ADDRESS:PORT", help="Serve the pages there.  [default: 127.0.0.1:8067]")
@click.pass_obj
def command(invocation: Invocation, bind: str | None) -> None:
    """Run the web pages and REST alone, in the foreground, until SIGTERM."""
    from app.cli import webserver
    from app.services.appliance import Appliance

    settings = invocation.load(web__bind=bind).settings
    for said in webserver.check(settings):
        note(said)
    appliance = Appliance.open(settings)
    webserver.tell_first_password(appliance)
    appliance.close()
    note(f"Pages: {webserver.address(settings)}")
    command_line, env, whom = webserver.command(settings), webserver.environment(settings), webserver.becomes(settings)
    if whom is not None:
        os.setgroups([whom[1]])
        os.setgid(whom[1])
        os.setuid(whom[0])
    os.execve(command_line[0], command_line, env)  # noqa: S606 - ourselves
