"""`lessor demo`: a living server to look at, as an ordinary user, on this machine alone."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.output import note, say
from dhcpcore.errors import LessorError, Refused

if TYPE_CHECKING:
    from app.cli.processes import Event, Family
    from app.demo.fleet import Fleet
    from dhcpcore.settings import Settings

_START_S_MAX = 30.0
_STATUS_S = 1.0
_ROOM_MIN = 50 << 20


@click.command(name="demo")
@click.option("--web-port", type=click.IntRange(1, 65535), default=8067, show_default=True, help="Port of the pages.")
@click.option("--dhcp-port", type=click.IntRange(1024, 65535), default=6767, show_default=True,
              help="UDP port of the server.")
@click.option("--script", type=click.Path(exists=True, path_type=Path), metavar="PATH",
              help="Try this conf.py, or the folder that it is in.")
@click.option("--keep", is_flag=True, help="Go on with the database of the last demonstration.")
@click.option("--seconds", type=click.FloatRange(min=0), help="End by itself after so long.")
@click.pass_context
def command(
    ctx: click.Context, *, web_port: int, dhcp_port: int, script: Path | None, keep: bool, seconds: float | None
) -> None:
    """Show a living server: pretend clients come, renew and go; the pages show it.

    Nothing leaves this machine, and no right is needed.  The database is in var/demo of the checkout, or where
    LESSOR_DEMO_DIR says.  Ctrl-C ends it.  Settings of your own (lessor.toml, LESSOR_… variables) are not used.
    """
    from app.cli import webserver
    from app.cli.processes import Family, engine_command
    from app.demo import site
    from app.demo.fleet import Fleet
    from app.services import accounts
    from dhcpcore.settings import load

    if script is None and os.environ.get("LESSOR_SCRIPT"):
        note(f"LESSOR_SCRIPT is not used here; to try it: lessor demo --script {os.environ['LESSOR_SCRIPT']}")
    home = site.folder(os.environ)
    config = home / "lessor.toml"
    _require_free_udp(dhcp_port)
    try:
        webserver.require_free("127.0.0.1", web_port, "The web pages")
    except Refused as error:
        raise Refused(f"{error} For instance: lessor demo --web-port {web_port + 1}") from None
    _prepare(home, config, site.settings(home, dhcp_port, web_port, script), keep=keep)
    env = site.environment(os.environ)
    settings = load(config, env).settings
    password = _define(settings)
    with Family() as family:
        say(f"Lessor's demonstration, in {home}")
        family.start("engine", engine_command(config), env, home / "engine.log")
        _until_ready(family, home, lambda: _engine_ready(settings), "engine")
        family.start("web", webserver.command(settings), webserver.environment(settings), home / "web.log",
                     account=webserver.becomes(settings))
        _until_ready(family, home, lambda: _web_ready(web_port), "web")
        fleet = Fleet(dhcp_port, site.RELAYS)
        say(f"  Open    http://127.0.0.1:{web_port}/")
        say(f"  Log in  {accounts.FIRST_ADMIN}, password {password}")
        say(f"  Server  127.0.0.1 port {dhcp_port}; {len(fleet.crowd.clients)} pretend clients behind 2 relays")
        say(f"  Ask it  lessor --config {config} lease list")
        say("  Stop    Ctrl-C")
        try:
            code = _run(family, fleet, home, seconds)
        finally:
            fleet.close()
    ctx.exit(code)


def _run(family: Family, fleet: Fleet, home: Path, seconds: float | None) -> int:
    from app.demo.clients import Doing

    fleet.begin()
    end = time.monotonic() + seconds if seconds is not None else float("inf")
    told = 0.0
    while time.monotonic() < end:
        fleet.step()
        event = family.wait(0)
        if event.signal in {signal.SIGINT, signal.SIGTERM}:
            break
        if event.ended:
            _told_why(event, home)
            return 1
        if sys.stderr.isatty() and time.monotonic() - told > _STATUS_S:
            told = time.monotonic()
            held = fleet.crowd.count(Doing.BOUND, Doing.RENEWING)
            line = f"  {held} clients hold an address; {fleet.crowd.messages} messages, {fleet.received} answers  "
            click.echo(f"\r{line}", nl=False, err=True)
    note("\nStopping …" if sys.stderr.isatty() else "Stopping …")
    return 0


def _prepare(home: Path, config: Path, text: str, *, keep: bool) -> None:
    from app.services.appliance import is_running
    from dhcpcore.settings import load

    try:
        home.mkdir(mode=0o750, parents=True, exist_ok=True)
        if config.is_file() and is_running(load(config, {}).settings):
            raise Refused(f"A demonstration runs already in {home}. Stop it, or set LESSOR_DEMO_DIR to another folder.")
        if not keep:
            for old in [*home.glob("lessor.db*"), home / "engine.log", home / "web.log"]:
                old.unlink(missing_ok=True)
        config.write_text(text, encoding="utf-8")
        config.chmod(0o600)
        room = shutil.disk_usage(home).free
    except OSError as error:
        raise Refused(f"{home} cannot be used ({error.strerror}): set LESSOR_DEMO_DIR to a folder that you may write."
                      ) from None
    if room < _ROOM_MIN:
        raise Refused(f"{home}: the disk is nearly full. Free some space, or set LESSOR_DEMO_DIR.")


def _define(settings: Settings) -> str | None:
    """Make the database with its definitions and its administrator, whose password of this start is the answer."""
    from app.demo import site
    from app.services import accounts, schema
    from app.services.access import Principal, Role
    from app.services.appliance import Appliance
    from dhcpcore.store.definitions import Definitions
    from dhcpcore.topology.validate import validate

    schema.upgrade(settings)
    appliance = Appliance.open(settings)
    try:
        Definitions(appliance.database).apply(validate(site.DEFINITIONS), actor="demo")
        made = accounts.first_admin(appliance, must_change=False)
        if made is None:  # Kept from the last time, and nobody was asked to write the password down.
            by = Principal("demo", Role.ADMIN, "demo")
            made = accounts.set_password(appliance, accounts.FIRST_ADMIN, by=by, must_change=False)
        return made.password
    finally:
        appliance.close()


def _until_ready(family: Family, home: Path, ready: Callable[[], bool], name: str) -> None:
    end = time.monotonic() + _START_S_MAX
    while not ready():
        event = family.wait(0.1)
        if event.signal in {signal.SIGINT, signal.SIGTERM}:
            raise Refused("Stopped.")
        if event.ended:
            raise Refused(f"The {name} did not start. {_last_words(home / f'{name}.log')}")
        if time.monotonic() > end:
            raise Refused(f"The {name} is not ready after {_START_S_MAX:g} s. {_last_words(home / f'{name}.log')}")


def _engine_ready(settings: Settings) -> bool:
    from dhcpcore.control import ControlClient

    try:
        return bool(ControlClient(settings.control_socket, 1.0).call("status").get("ready"))
    except LessorError:
        return False


def _web_ready(port: int) -> bool:
    # Not urllib, which would ask a proxy of the environment.
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _require_free_udp(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - as the engine does
        except OSError as error:
            raise Refused(f"UDP port {port} cannot be opened: {error.strerror}. Another demonstration runs perhaps; "
                          f"stop it, or choose another port: lessor demo --dhcp-port {port + 1}") from None


def _told_why(event: Event, home: Path) -> None:
    note(f"\nThe {event.ended} ended (code {event.code}). {_last_words(home / f'{event.ended}.log')}")


def _last_words(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return f"Its last words, in {log}:\n" + "\n".join(lines[-8:])
