"""`lessor restore`: a backup back into a database, of either kind."""

from pathlib import Path

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, progress, say
from app.services.plain import time_text


@click.command(name="restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help="Delete everything in the database first.")
@json_option
@click.pass_obj
def command(invocation: Invocation, file: Path, replace: bool, as_json: bool) -> None:
    """Put the backup FILE into the database, whole or not at all; made on either kind of database."""
    from app.services import backup, schema

    settings = invocation.load().settings
    schema.make_folder(settings)
    with progress("Restoring") as step:
        restored = backup.restore(settings.database_url, file, replace=replace, progress=step)
    if as_json:
        emit(restored)
        return
    say(f"{sum(restored.rows.values()):,} rows are restored, as they were at {time_text(restored.made_at)}.")
    say()
    say(restored.note)
