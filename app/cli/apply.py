"""`lessor apply`: a document becomes the definitions."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, note, progress, say
from dhcpcore.errors import Refused

if TYPE_CHECKING:
    from app.services.definitions import Change, Plan
    from dhcpcore.topology.declared import Document

_SHOWN_MAX = 200


@click.command(name="apply")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--yes", is_flag=True, help="Ask nothing, even where clients lose their address.")
@click.option("--note", "remark", default="", help="Why, for the record of the change.")
@json_option
@click.pass_obj
def command(invocation: Invocation, file: Path, *, yes: bool, remark: str, as_json: bool) -> None:
    """Make the document FILE (YAML or JSON; - is standard input) the definitions, whole or not at all.

    A database that does not exist yet is made.  Says what it changes.  Where clients would lose an address that they
    hold, it says how many and asks first; with no terminal to ask at, it refuses unless --yes is said.
    """
    from app.services import definitions
    from app.services.access import terminal

    document = read(file)
    with invocation.appliance(make=True) as appliance, progress("Staging") as step:
        done = definitions.apply(appliance, document, by=terminal(), note=remark, progress=step,
                                 agreed=lambda plan: yes or _asked(plan))
    if as_json:
        emit(done)
        return
    if not done.changes:
        say(f"Nothing to change; the definitions are those of revision {done.revision} already.")
        return
    tell(done.changes)
    say(f"Revision {done.revision} is published: {len(done.changes)} change{'s' if len(done.changes) > 1 else ''}.")
    if not done.engine_told:
        note("No engine runs now; the next one that starts reads it.")


def read(file: Path) -> "Document":
    """The document of a file, or of standard input."""
    from app.services import definitions

    if str(file) == "-":
        return definitions.read_text(sys.stdin.buffer.read(), "standard input")
    return definitions.read(file)


def tell(changes: "tuple[Change, ...]") -> None:
    """Print changes, one a line."""
    for one in changes[:_SHOWN_MAX]:
        say(one.text)
    if len(changes) > _SHOWN_MAX:
        say(f"… and {len(changes) - _SHOWN_MAX} more.")


def tell_losses(plan: "Plan") -> None:
    """Print who loses an address."""
    for one in plan.losses:
        note(f"{one.clients} client{'s' if one.clients > 1 else ''} would lose an address held now: {one.what}")


def _asked(plan: "Plan") -> bool:
    tell_losses(plan)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Refused("Refused: clients would lose their address, and nobody is here to ask. Say --yes to apply it "
                      "all the same.")
    return click.confirm("Apply it?", default=False, err=True)
