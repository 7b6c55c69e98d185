"""`lessor audit`: who changed what."""

from datetime import datetime

import click

from app.cli.invocation import Invocation
from app.cli.output import TIMES, emit, json_option, note, table
from app.services.plain import time_text


@click.group(name="audit")
def command() -> None:
    """Show who changed what, and when."""


@command.command(name="list")
@click.option("--actor", metavar="NAME", help="Only what this one did.")
@click.option("--action", metavar="TEXT", help="Only actions that begin so, such as definitions.removed")
@click.option("--object", "about", metavar="TEXT", help="Only what was done to things whose name contains this.")
@click.option("--since", type=click.DateTime(TIMES), help="Not before then (local time).")
@click.option("--until", type=click.DateTime(TIMES), help="Not after then (local time).")
@click.option("--sort", type=click.Choice(("-id", "id")), default="-id", show_default=True,
              help="id: the oldest first.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@click.option("--cursor", help="Go on where the last list ended.")
@json_option
@click.pass_obj
def list_(invocation: Invocation, *, actor: str | None, action: str | None, about: str | None, since: datetime | None,
          until: datetime | None, sort: str, limit: int, cursor: str | None, as_json: bool) -> None:
    """List changes; with --json, with what was before and after."""
    from app.services import audit

    with invocation.appliance() as appliance:
        page = audit.list_audit(appliance, actor=actor, action=action, about=about, since=since, until=until,
                                limit=limit, cursor=cursor, sort=sort)
    if as_json:
        emit(page)
        return
    table(("TIME", "BY", "ACTION", "OBJECT", "REVISION"),
          ((time_text(one.changed_at), one.actor, one.action, one.object, one.revision or "") for one in page.rows),
          "No change is on record." if page.next_cursor is None else "None so far.")
    if page.next_cursor:
        note(f"There are more: --cursor {page.next_cursor}")
