"""`lessor explain`: the latest transactions, and why each ended as it did."""

from datetime import datetime

import click

from app.cli.invocation import Invocation
from app.cli.output import TIMES, emit, json_option, say


@click.command(name="explain")
@click.argument("client", required=False)
@click.option("--reason", metavar="CODE", help="Only what ended so, such as POOL-EXHAUSTED.")
@click.option("--since", type=click.DateTime(TIMES), help="Not received before then (local time).")
@click.option("--until", type=click.DateTime(TIMES), help="Not received after then (local time).")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="At most so many.")
@json_option
@click.pass_obj
def command(invocation: Invocation, *, client: str | None, reason: str | None, since: datetime | None,
            until: datetime | None, limit: int, as_json: bool) -> None:
    """Say what became of the latest messages, newest first, and why.

    CLIENT is a hardware address, a client identifier, an address that it holds or held, or part of its host name;
    without it, the messages of all clients are told.
    """
    from app.services import transactions

    with invocation.appliance() as appliance:
        page = transactions.search(appliance, client=client, reason=reason, since=since, until=until, limit=limit)
    if as_json:
        emit(page.transactions)
        return
    if not page.transactions:
        whose, kind = f" of {client}" if client else "", " like that" if reason or since or until else ""
        say(f"No message is on record{whose}{kind}.")
    for one in page.transactions:
        moment = datetime.fromtimestamp(one.received_at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        say(f"{moment}  {one.message} of {one.client or one.source}: {one.text} [{one.reason}]")
        for step in one.steps:
            say(f"    {step}")
