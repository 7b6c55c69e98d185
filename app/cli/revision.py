"""`lessor revision`: the published states of the definitions, and what each changed."""

from datetime import datetime

import click

from app.cli.entries import agreed, tell, yes_option
from app.cli.invocation import Invocation
from app.cli.output import TIMES, emit, json_option, note, say, table
from app.services.plain import time_text


@click.group(name="revision")
def command() -> None:
    """Show who published which definitions when, and what each changed; take one back."""


@command.command(name="list")
@click.option("--author", metavar="NAME", help="Only those that this user published.")
@click.option("--note", "about", metavar="TEXT", help="Only those whose note contains this.")
@click.option("--since", type=click.DateTime(TIMES), help="Not before then (local time).")
@click.option("--until", type=click.DateTime(TIMES), help="Not after then (local time).")
@click.option("--sort", type=click.Choice(("-id", "id")), default="-id", show_default=True,
              help="id: the oldest first.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="At most so many.")
@click.option("--cursor", help="Go on where the last list ended.")
@json_option
@click.pass_obj
def list_(invocation: Invocation, *, author: str | None, about: str | None, since: datetime | None,
          until: datetime | None, sort: str, limit: int, cursor: str | None, as_json: bool) -> None:
    """List published revisions."""
    from app.services import revisions

    with invocation.appliance() as appliance:
        page = revisions.list_revisions(appliance, author=author, note=about, since=since, until=until, cursor=cursor,
                                        limit=limit, sort=sort)
    if as_json:
        emit(page)
        return
    table(("REVISION", "PUBLISHED", "BY", "NOTE"),
          ((one.id, time_text(one.published_at), one.author, one.note) for one in page.revisions),
          "No revision" + (" like that." if author or about or since or until else ": lessor apply FILE"))
    if page.next_cursor:
        note(f"There are more: --cursor {page.next_cursor}")


@command.command(name="show")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@json_option
@click.pass_obj
def show(invocation: Invocation, number: int, *, as_json: bool) -> None:
    """Show what a revision changed, beside the one before."""
    from app.services import revisions

    with invocation.appliance() as appliance:
        found = revisions.show(appliance, number)
    if as_json:
        emit(found)
        return
    say(f"Revision {found.id}, published {time_text(found.published_at)} by {found.author}"
        f"{': ' + found.note if found.note else '.'}")
    for one in found.changes:
        say(one.text)
    if not found.changes:
        say("What it changed is no longer on record.")


@command.command(name="diff")
@click.argument("first", type=click.IntRange(1, 2**63 - 1))
@click.argument("second", type=click.IntRange(1, 2**63 - 1))
@json_option
@click.pass_obj
def diff(invocation: Invocation, first: int, second: int, *, as_json: bool) -> None:
    """Show what has to be changed of revision FIRST for it to be SECOND."""
    from app.services import revisions

    with invocation.appliance() as appliance:
        found = revisions.compare(appliance, first, second)
    if as_json:
        emit(found)
        return
    for one in found.changes:
        say(one.text)
    if not found.changes:
        say("No difference.")
    if found.more_assignments:
        note(f"{found.more_assignments} more assignments were written in between.")


@command.command(name="export")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@json_option
@click.pass_obj
def export(invocation: Invocation, number: int, *, as_json: bool) -> None:
    """Print the definitions as they were in a revision, in YAML or with --json in JSON."""
    from app.services import revisions
    from dhcpcore import interchange

    with invocation.appliance() as appliance:
        document = revisions.document(appliance, number)
    click.echo(interchange.to_json(document) if as_json else interchange.to_yaml(document), nl=False)


@command.command(name="undo")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@yes_option
@json_option
@click.pass_obj
def undo(invocation: Invocation, number: int, *, yes: bool, as_json: bool) -> None:
    """Have all that a revision changed of subnets, pools, options, globals and handlers be as it was before."""
    from app.services import undo as service
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        done = agreed(lambda consent: service.undo(appliance, number, by=terminal(), consent=consent), yes=yes)
    tell({}, done, f"Revision {number} is taken back", as_json=as_json)
