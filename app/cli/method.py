"""`lessor method`: what the site's script answers at its own paths."""

from typing import IO

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, say, table

COLUMNS = ("PATH", "MODULE", "NAME", "SHOWN", "NEEDS", "DOES NOT ANSWER BECAUSE")


@click.group(name="method")
def command() -> None:
    """List the script's web methods, and call them."""


@command.command(name="list")
@json_option
@click.pass_obj
def list_(invocation: Invocation, *, as_json: bool) -> None:
    """List them by module and name."""
    from app.services import scripts

    with invocation.appliance() as appliance:
        found = scripts.catalogue(appliance)
    methods = () if found is None else found.methods
    if as_json:
        emit(methods)
        return
    table(COLUMNS, ((one.path, one.module, one.name, one.mode, one.role.word, one.fault) for one in methods),
          "There is no script." if found is None else "The script has registered no method.")


@command.command(name="call")
@click.argument("path")
@click.option("--query", "queries", multiple=True, metavar="NAME=VALUE", help="A parameter; may be given again.")
@click.option("--data", type=click.File("rb"), help="A file to post; - is standard input.")
@click.option("--type", "mimetype", help="The media type of what is posted.")
@json_option
@click.pass_obj
def call(invocation: Invocation, path: str, queries: tuple[str, ...], data: IO[bytes] | None, mimetype: str | None,
         *, as_json: bool) -> None:
    """Call one, and print what it answers."""
    import base64

    from app.services import scripts
    from app.services.access import terminal
    from app.services.scripts import Asked, Raw

    given: dict[str, list[str]] = {}
    for query in queries:
        name, mark, value = query.partition("=")
        if not mark:
            raise click.BadParameter(f"{query!r} is no NAME=VALUE", param_hint="--query")
        given.setdefault(name, []).append(value)
    posted = None if data is None else data.read()
    with invocation.appliance() as appliance:
        method = scripts.method_at(appliance, path)
        told = scripts.call(appliance, method, Asked(given, mimetype, posted), by=terminal())
    if isinstance(told, Raw):
        if as_json:
            emit({"mode": "raw", "mimetype": told.mimetype, "data": base64.b64encode(told.data).decode(),
                  "headers": [list(pair) for pair in told.headers]})
        else:
            click.echo(told.data, nl=False)
    elif as_json:
        emit({"mode": "html", "html": told.body})
    else:
        say(told.body or "")
