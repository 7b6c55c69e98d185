"""`lessor doctor`: what keeps leases from being granted, and what to do about it."""

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, progress, say

_MARKS = {
    "ok": click.style("ok      ", fg="green"),
    "note": click.style("note    ", fg="cyan"),
    "warning": click.style("WARNING ", fg="yellow", bold=True),
    "broken": click.style("BROKEN  ", fg="red", bold=True),
}


@click.command(name="doctor")
@click.option("--only", multiple=True, metavar="CHECK", help="Look at this alone; may be repeated.")
@json_option
@click.pass_context
def command(ctx: click.Context, *, only: tuple[str, ...], as_json: bool) -> None:
    """Look at ports, rights, other servers, firewall, database, clock, disk and definitions.

    Says what it found and what to do; exit code 1 when something is broken.  As root it sees more.  With --only, a
    warning is exit code 1, too: that is for health checks.
    """
    from app.services import doctor
    from app.services.plain import printable

    invocation: Invocation = ctx.obj
    with progress("Looking at") as step:
        found = doctor.examine(invocation.load().settings, progress=step, only=only)
    if as_json:
        emit(found)
    else:
        for one in found:
            click.echo(f"{_MARKS[one.severity]}{one.check:<14} {printable(one.message)}")
            if one.remedy:
                say(f"{'':<23}→ {one.remedy}")
    ctx.exit(1 if doctor.is_broken(found, strict=bool(only)) else 0)
