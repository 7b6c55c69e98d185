"""`lessor restore`: a backup back into a database, of either kind."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, progress, say
from app.services.plain import time_text
from dhcpcore.errors import Refused


@click.command(name="restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--replace", is_flag=True, help="Delete everything in the database first.")
@json_option
@click.pass_obj
def command(invocation: Invocation, file: Path, replace: bool, as_json: bool) -> None:
    """Put the backup FILE into the database, whole or not at all; made on either kind of database.

    FILE may be - for standard input: whoever may not read the file, as the account of a container, is given it so.
    """
    from app.services import backup, schema

    settings = invocation.load().settings
    schema.make_folder(settings)
    with _readable_twice(file) as path, progress("Restoring") as step:
        restored = backup.restore(settings.database_url, path, replace=replace, progress=step)
    if as_json:
        emit(restored)
        return
    say(f"{sum(restored.rows.values()):,} rows are restored, as they were at {time_text(restored.made_at)}.")
    say()
    say(restored.note)


@contextmanager
def _readable_twice(file: Path) -> Iterator[Path]:
    """The file itself; of standard input a copy, because a backup is checked to its end before it is put in place."""
    if str(file) != "-":
        yield file
        return
    with tempfile.NamedTemporaryFile(prefix="standard-input-", suffix=".backup") as copy:
        try:
            shutil.copyfileobj(sys.stdin.buffer, copy)
            copy.flush()
        except OSError as error:
            raise Refused(f"{copy.name}, the copy of standard input, cannot be written: {error.strerror}.") from None
        yield Path(copy.name)
