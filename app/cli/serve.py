"""`lessor serve`: engine and web pages together, for the small site."""

import os
import signal
import time
from typing import TYPE_CHECKING

import click

from app.cli.invocation import Invocation
from app.cli.output import note
from app.cli.processes import Family, engine_command, environment

if TYPE_CHECKING:
    from dhcpcore.settings import Settings

#: A web process that ends this soon after its start will not do better the next time.
_STILLBORN_S = 5.0
_PAUSE_S_MAX = 30.0


@click.command(name="serve")
@click.option("--interface", "interfaces", multiple=True, metavar="NAME", help="Serve this interface; may be repeated.")
@click.option("--bind", metavar="ADDRESS:PORT", help="Serve the pages there.  [default: 127.0.0.1:8067]")
@click.pass_context
def command(ctx: click.Context, interfaces: tuple[str, ...], bind: str | None) -> None:
    """Run the engine and the web pages, until SIGTERM or Ctrl-C.

    The database is made or brought to this version first.  SIGHUP goes to the engine.  When the engine ends, all ends,
    with its code; web pages that fail are started again.
    """
    from app.cli import webserver
    from app.services import schema
    from app.services.appliance import Appliance

    invocation: Invocation = ctx.obj
    loaded = invocation.load(interfaces=interfaces or None, web__bind=bind)
    settings = loaded.settings
    for said in webserver.check(settings):
        note(said)
    moved = schema.upgrade(settings)
    if moved.before != moved.after:
        note(f"The database has schema version {moved.after} now.")
    appliance = Appliance.open(settings)
    webserver.tell_first_password(appliance)
    appliance.close()
    schema.hand_over(settings, webserver.account(settings) if os.geteuid() == 0 else None)
    flags = {**({"interfaces": ",".join(interfaces)} if interfaces else {}), **({"web__bind": bind} if bind else {})}
    env = environment(loaded.config, **flags)
    with Family() as family:
        family.start("engine", engine_command(loaded.config), env)
        code = _run(family, settings)
    ctx.exit(code)


def _run(family: Family, settings: "Settings") -> int:
    from app.cli import webserver

    def start_web() -> None:
        family.start("web", webserver.command(settings), webserver.environment(settings),
                     account=webserver.becomes(settings))

    note(f"Pages: {webserver.address(settings)}   Stop: Ctrl-C")
    start_web()
    started, pause, again_at = time.monotonic(), 1.0, float("inf")
    while True:
        event = family.wait(max(0.0, min(3600.0, again_at - time.monotonic())))
        if event.signal in {signal.SIGTERM, signal.SIGINT}:
            return 0
        if event.signal == signal.SIGHUP:
            family.send("engine", signal.SIGHUP)
        elif event.ended == "engine":
            note("The engine ended; its last lines say why." if event.code else "The engine ended.")
            return 1 if event.code else 0
        elif event.ended == "web":
            if pause == 1.0 and time.monotonic() - started < _STILLBORN_S:
                note("The web pages could not be started; their last lines say why.")
                return 1
            pause = min(_PAUSE_S_MAX, pause * 2) if time.monotonic() - started < 60 else 2.0
            note(f"The web pages ended (code {event.code}); the engine goes on. They are started again in {pause:g} s.")
            again_at = time.monotonic() + pause
        if time.monotonic() >= again_at:
            start_web()
            started, again_at = time.monotonic(), float("inf")
