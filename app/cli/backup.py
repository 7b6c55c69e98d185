"""`lessor backup`: the whole database in one file, while the engine works."""

from pathlib import Path

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, progress, say


@click.command(name="backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--without", "without", multiple=True, metavar="TABLE", help="Leave out: history, trace or audit.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@json_option
@click.pass_obj
def command(invocation: Invocation, file: Path, without: tuple[str, ...], force: bool, as_json: bool) -> None:
    """Write everything in the database to FILE, as it is at one moment; the engine goes on."""
    from app.services import backup

    url = invocation.load().settings.database_url
    with progress("Writing") as step:
        made = backup.make(url, file, without=without, force=force, progress=step)
    if as_json:
        emit(made)
        return
    rows = sum(made.rows.values())
    say(f"{made.path}: {rows:,} rows, {made.size:,} octets. Only its owner can read it: it holds every client's name.")
