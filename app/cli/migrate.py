"""`lessor migrate`: makes the database, or brings it to this program's version."""

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, say


@click.command(name="migrate")
@json_option
@click.pass_obj
def command(invocation: Invocation, as_json: bool) -> None:
    """Make the database, or bring it to this program's version; an SQLite file is copied beside itself first."""
    from app.services import schema

    moved = schema.upgrade(invocation.load().settings)
    if as_json:
        emit(moved)
    elif moved.before is None:
        say(f"The database is made, with schema version {moved.after}.")
    elif moved.before == moved.after:
        say(f"The database has schema version {moved.after} already; nothing to do.")
    else:
        say(f"The database went from schema version {moved.before} to {moved.after}.")
        if moved.backup:
            say(f"A copy of what it was: {moved.backup}")
