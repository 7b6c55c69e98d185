"""`lessor log`: the newest lines of the engine's log, and those that come."""

import json
import time

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, note, say
from dhcpcore.control.verbs import LOG_LEVELS, LOG_LINES_MAX

#: Between two questions of one who follows; the engine answers between its batches.
_PAUSE_S = 1.0


@click.command(name="log")
@click.option("--follow", "-f", is_flag=True, help="Go on with the lines that come, until Ctrl-C.")
@click.option("--level", type=click.Choice(LOG_LEVELS), default="debug", help="The least severe lines.")
@click.option("--find", help="Lines that hold this, or whose logger does.")
@click.option("--limit", type=click.IntRange(1, LOG_LINES_MAX), default=100, show_default=True, help="At most so many.")
@json_option
@click.pass_obj
def command(invocation: Invocation, *, follow: bool, level: str, find: str | None, limit: int, as_json: bool) -> None:
    """Show the newest lines of the engine's log, and follow it."""
    from app.services import engine_log
    from app.services.access import terminal
    from app.services.plain import plain, time_text
    from dhcpcore.control import ControlClient, EngineAway

    engine = ControlClient(invocation.load().settings.control_socket)
    found = engine_log.tail(engine, by=terminal(), limit=limit, level=level, find=find)
    if as_json and not follow:
        emit(found)
        return
    away = False
    while True:
        if found.lost:
            note(f"{found.lost} lines came too fast to be kept.")
        for line in found.lines:
            if as_json:  # One object a line, so that a program reads them as they come.
                click.echo(json.dumps(plain(line), ensure_ascii=False))
            else:
                say(f"{time_text(line.logged_at)} {line.level} {line.logger}: {line.text}")
        if not follow:
            return
        time.sleep(_PAUSE_S)
        try:
            found = engine_log.tail(engine, by=terminal(), limit=LOG_LINES_MAX, after=found.last, level=level,
                                    find=find)
            away = False
        except EngineAway as error:
            if not away:
                note(f"{error} It is asked again every second.")
            away, found = True, engine_log.LogTail((), found.last, 0)
