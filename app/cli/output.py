"""How verbs print: tables for people, JSON for programs, progress bars while something long goes on.

Text that came from the network (host names, identifiers) is printed without its control characters.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from app.services.plain import plain, printable

#: How a time is written on the command line.
TIMES = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d")
JSON_KEY = "lessor.json"


def _remember(ctx: click.Context, _: click.Parameter, value: bool) -> bool:
    if value:
        ctx.find_root().meta[JSON_KEY] = True
    return value


json_option = click.option("--json", "as_json", is_flag=True, callback=_remember, is_eager=True,
                           help="Print JSON instead of text.")


def say(text: str = "") -> None:
    """Print one line for people."""
    click.echo("\n".join(printable(line) for line in text.split("\n")))


def note(text: str) -> None:
    """Print one line that is not the answer, on standard error."""
    click.echo("\n".join(printable(line) for line in text.split("\n")), err=True)


def emit(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(plain(value), indent=2, ensure_ascii=False))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], empty: str) -> None:
    """Print rows under their columns; ``empty`` where there is none."""
    rows = list(rows)
    if not rows:
        say(empty)
        return
    shown = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold", no_wrap=not sys.stdout.isatty())
    for row in rows:
        shown.add_row(*(escape(printable(cell)) for cell in row))
    # Piped output is for programs: never folded to the width of a terminal that is not there.
    Console(width=None if sys.stdout.isatty() else 400, highlight=False).print(shown)


@contextmanager
def progress(what: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on standard error while something long goes on; silent where standard error is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        bar = bars.add_task(what, total=None)

        def step(part: str, done: int, total: int) -> None:
            bars.update(bar, description=f"{what} {part}".strip(), completed=done, total=total)

        yield step
