"""`lessor audit`: who changed what."""

from datetime import datetime

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, note, table
from app.services.plain import time_text

_TIMES = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"]


@click.group(name="audit")
def command() -> None:
    """Show who changed what, and when."""


@command.command(name="list")
@click.option("--actor", metavar="NAME", help="Only what this one did.")
@click.option("--action", metavar="TEXT", help="Only actions that begin so, such as definitions.removed")
@click.option("--object", "about", metavar="TEXT", help="Only what was done to things whose name contains this.")
@click.option("--since", type=click.DateTime(_TIMES), help="Not before then (local time).")
@click.option("--until", type=click.DateTime(_TIMES), help="Not after then (local time).")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@click.option("--cursor", help="Go on where the last list ended.")
@json_option
@click.pass_obj
def list_(invocation: Invocation, *, actor: str | None, action: str | None, about: str | None, since: datetime | None,
          until: datetime | None, limit: int, cursor: str | None, as_json: bool) -> None:
    """List changes, newest first; with --json, with what was before and after."""
    from app.services import audit

    with invocation.appliance() as appliance:
        page = audit.list_audit(appliance, actor=actor, action=action, about=about, since=since, until=until,
                                limit=limit, cursor=cursor)
    if as_json:
        emit(page)
        return
    table(("TIME", "BY", "ACTION", "OBJECT", "REVISION"),
          ((time_text(one.changed_at), one.actor, one.action, one.object, one.revision or "") for one in page.rows),
          "No change is on record." if page.next_cursor is None else "None so far.")
    if page.next_cursor:
        note(f"There are more: --cursor {page.next_cursor}")
