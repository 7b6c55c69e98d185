"""Joins the parts of the engine's process: the only file that knows all of them."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import secrets
import signal
import socket
import sys
import time
from functools import partial
from pathlib import Path

from dhcpcore import COMPILED, logs
from dhcpcore.builtin import FACTORIES
from dhcpcore.control import ControlServer, Dispatch
from dhcpcore.engine import Engine
from dhcpcore.errors import LessorError, StoreError
from dhcpcore.handlers.reply import SERVER_PORT
from dhcpcore.hooks import libraries
from dhcpcore.hooks.registry import Registry
from dhcpcore.net import budget, interfaces, privileges, pxe, script_log, scripts, vlan_tags
from dhcpcore.net.bulk import BulkPort, BulkServer
from dhcpcore.net.chores import Chores
from dhcpcore.net.clock import Clock
from dhcpcore.net.face import Face
from dhcpcore.net.identity import IDENTITY, server_duid
from dhcpcore.net.loop import Chore, Loop
from dhcpcore.net.mailer import Mailer
from dhcpcore.net.neighbours import Neighbours
from dhcpcore.net.notify import Notify
from dhcpcore.net.probes import ArpProber, IcmpProber
from dhcpcore.net.udp4 import Udp4
from dhcpcore.net.udp6 import Dhcp6Server, Udp6
from dhcpcore.pipeline.instances import Instances
from dhcpcore.pipeline.scripted import Script
from dhcpcore.script import process
from dhcpcore.script.host import Host
from dhcpcore.script.isolated import Isolated
from dhcpcore.script.isolated_handler import IsolatedHandlers
from dhcpcore.script.parameters import Loaded, rules_of
from dhcpcore.script.reporting import letterbox_of
from dhcpcore.settings import Settings, load
from dhcpcore.settings.credentials import Credentials
from dhcpcore.store import catalogue
from dhcpcore.store.accounts import nonce_key
from dhcpcore.store.database import Database, shown
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.leases import LeaseStore
from dhcpcore.store.schema_version import require_current
from dhcpcore.topology.installed_types import Installed, installed

log = logging.getLogger(__name__)

#: Seconds between tries to reach a database that is away at the start.
_RETRY_S = 1.0


def serve(settings: Settings, ring: logs.Ring, outlets: logs.Outlets) -> None:
    """Open the sockets, give up privileges, and serve until told to stop."""
    os.umask(0o027)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    account = privileges.target(settings)
    settings, loaded = scripts.load(settings, _terms(account))
    udp, pxe_port, script_port = _open_udp(settings, loaded) if settings.dhcp4.enabled else (None, None, None)
    udp6 = _open_udp6(settings)
    bulk_ports = _open_bulk(settings)
    neighbours = Neighbours.open(settings.dhcp4.port) if settings.dhcp4.enabled else None
    probers = tuple(prober for prober in (IcmpProber.open(), ArpProber.open(), neighbours) if prober is not None)
    hearing = tuple(one for one in (udp, udp6, pxe_port, script_port, *probers) if one is not None)
    changes = interfaces.Changes()
    if account is not None:
        privileges.hand_over(account, (settings.state_dir, *_files(settings)))
    privileges.drop(account)
    mailer = _log_as_said(loaded, settings, outlets)
    duid = server_duid(settings.state_dir)
    database = Database(settings.database_url)
    types = installed()  # Like hooks and scripts: once privileges are given up.
    budget.install()
    apart = IsolatedHandlers(_terms(None))
    instances = Instances({**FACTORIES, **{one.type.name: one.factory for one in types}}, time.perf_counter,
                          budget.limited, apart=apart)  # fmt: skip
    engine = Engine(
        draw=secrets.randbelow, script=None if loaded is None else Script(rules_of(loaded)), instances=instances,
        duid=duid,
    )  # fmt: skip
    registry = Registry(time.perf_counter, budget.limited)
    hooks = libraries.load(registry, settings.hooks, lambda text: Isolated(text, _terms(None)))
    if hooks:
        engine.hook(registry)
        log.info("Hook libraries: %s.", ", ".join(library.name for library in hooks))
    clock = Clock(database.now)
    notify = Notify(lambda: clock.ready and engine.defined)
    _wait_for_schema(settings, database, notify)
    _list_types(database, types)
    engine.nonces.key = nonce_key(database, secrets.token_bytes(32))
    definitions = Definitions(database)
    store = LeaseStore(database, definitions)

    def refresh() -> None:
        found = interfaces.read(settings.interfaces)
        engine.set_interfaces(found)
        for one in hearing:
            one.set_interfaces(found)
        for name in settings.interfaces:
            if all(interface.name != name for interface in found.values()):
                log.warning("NO-INTERFACE: %s is not there; it will be served when it comes.", name)

    loop: Loop

    def stop() -> None:
        loop.stopping = True

    def send(answers: list) -> None:  # type: ignore[type-arg]
        loop.send(answers)

    face = Face(engine, store, clock, duid, send, stop, shown(database), time.time(), ring)
    control = ControlServer(settings.control_socket, Dispatch(face))
    face.neighbourhood = neighbours
    face.read_interfaces = lambda: interfaces.describe(settings.interfaces)
    loop = Loop(engine, store, clock, udp, changes, refresh, control, probers)
    chores = Chores(engine, database, store, definitions, clock, send, duid, socket.gethostname(), face.do)
    face.chores = chores
    loop.chores = [
        Chore("keep time", chores.keep_time),
        Chore("follow definitions", chores.follow_definitions),
        Chore("beat", chores.beat),
        Chore("survey assignments", chores.survey),
        Chore("follow requests", chores.follow_requests),
        Chore("write traces", chores.write_traces),
        Chore("fill hints", chores.fill_hints),
        Chore("search", chores.search),
        Chore("sweep", chores.sweep),
        Chore("checkpoint", chores.checkpoint),
        Chore("prune", chores.prune),
        Chore("collect garbage", chores.collect_garbage),
        Chore("tell systemd", notify.beat),
    ]
    _watch(loop, hooks)
    loop.attach(apart)
    loop.chores.append(Chore("watch isolated handlers", apart.watch))
    apart.soon = partial(_soon, loop, "watch isolated handlers")
    loop.asked.append(apart)
    if settings.script is not None:
        _begin_script(settings.script, engine, face, loop, mailer)
    if udp is not None and script_port is not None:
        udp.beside(script_port)
        loop.attach(scripts.ScriptPort(script_port, loop))
    _attach(loop, engine, store, clock, pxe_port, udp6)
    credentials = Credentials(settings.leasequery)
    for name, port in bulk_ports.items():
        _serve_bulk(loop, BulkServer(port, engine, store, clock, partial(_soon, loop, name), credentials), name, chores)
    refresh()
    signal.signal(signal.SIGTERM, lambda *_: stop())
    signal.signal(signal.SIGINT, lambda *_: stop())
    signal.signal(signal.SIGHUP, lambda *_: _soon(loop, "follow definitions", "reinitialise the script"))
    loop.wake_on_signals()
    # What was made until here lives as long as the process: the collector need not look at it again.  From now on it
    # looks when it is called (``Chores.collect_garbage``): by itself it would come amid a batch, for 5 to 60 ms.
    gc.collect()
    gc.freeze()
    gc.disable()
    if COMPILED.stale:
        log.warning("COMPILED-STALE: compiled modules are left out: %s; ./lessor compile mends it.", COMPILED.stale)
    so = f", {len(COMPILED.modules)} modules compiled" if COMPILED.modules else ""
    log.info("Serving %s%s; control socket %s.", _served(settings), so, settings.control_socket)
    try:
        loop.run()
    finally:
        notify.stopping()
        loop.close()
        try:
            chores.write_traces()
            store.flush(at_once=True)
            chores.leave()
        except StoreError as error:
            log.warning("The last traces were not written: %s", error)
        store.close()
        database.dispose()
        libraries.unload(registry, hooks)
    log.info("Stopped.")


def _attach(
    loop: Loop, engine: Engine, store: LeaseStore, clock: Clock, pxe_port: Udp4 | None, udp6: Udp6 | None
) -> None:
    """The other ports that clients send to."""
    if pxe_port is not None:
        loop.attach(pxe.PxeServer(pxe_port, engine, store, clock))
    if udp6 is not None:
        loop.attach(Dhcp6Server(udp6, engine, store, clock))


def _open_bulk(settings: Settings) -> dict[str, BulkPort]:
    """Leasequery's ports, by the name of the chore that answers there."""
    ports = {}
    if settings.dhcp4.enabled:
        ports["answer bulk queries"] = BulkPort(settings.dhcp4.port)
    if settings.dhcp6.enabled:
        ports["answer bulk queries of DHCPv6"] = BulkPort(settings.dhcp6.port, socket.AF_INET6)
    return ports


def _serve_bulk(loop: Loop, server: BulkServer, name: str, chores: Chores) -> None:
    loop.attach(server)
    loop.chores.append(Chore(name, lambda: server.work(busy=chores.busy())))


def _open_udp6(settings: Settings) -> Udp6 | None:
    return Udp6(settings.dhcp6.port) if settings.dhcp6.enabled else None


def _served(settings: Settings) -> str:
    both = (("DHCPv4", settings.dhcp4), ("DHCPv6", settings.dhcp6))
    return " and ".join(f"{name} on port {one.port}" for name, one in both if one.enabled) or "nothing"


def _open_udp(settings: Settings, loaded: Loaded | None) -> tuple[Udp4, Udp4 | None, Udp4 | None]:
    """The server's port; the one where the definitions' boot answers are asked for; and the script's, where it has one.

    What comes to 4011 is the script's where it says so.
    """
    number, tags = scripts.port_of(loaded, settings.dhcp4.port), vlan_tags.tags_of(loaded)
    edits = loaded is not None and "loadDHCPPacket" in loaded.hooks
    udp = Udp4(settings.dhcp4.port, segmentation=settings.dhcp4.segmentation, any_port=edits, tags=tags)
    pxe_port = pxe.open_port() if settings.dhcp4.port == SERVER_PORT and number != pxe.PORT else None
    return udp, pxe_port, None if number is None else pxe.open_port(number, tags)


def _list_types(database: Database, types: list[Installed]) -> None:
    """Write down which handler types there are; another engine may be writing it, and knows as much."""
    try:
        catalogue.write(database, (one.type for one in types))
    except StoreError as error:
        log.warning("The catalogue of handler types was not written: %s", error)


def _soon(loop: Loop, *names: str) -> None:
    for chore in loop.chores:
        if chore.name in names:
            chore.due = 0.0


def _watch(loop: Loop, hooks: list[libraries.Library]) -> None:
    """Hear the hook libraries that have processes of their own."""
    for library in hooks:
        if isinstance(library.module, Isolated):
            loop.attach(library.module)
            loop.asked.append(library.module)
            chore = Chore(f"watch {library.name}", library.module.watch)
            library.module.soon = partial(_soon, loop, chore.name)
            loop.chores.append(chore)


def _terms(account: privileges.Account | None) -> process.Terms:
    """A script never has more than the account that the engine becomes."""
    if account is None:
        return process.Terms(confine=privileges.forget)
    return process.Terms(account.uid, account.gid, privileges.forget)


def _log_as_said(loaded: Loaded | None, settings: Settings, outlets: logs.Outlets) -> Mailer | None:
    """As the script wants it: as the account that the engine has become."""
    if loaded is None or settings.script is None:
        return None
    script_log.heed(loaded, process.script_path(settings.script).parent, settings, outlets)
    box = letterbox_of(loaded)
    if box is None:
        return None
    mailer = Mailer(box, _terms(None))
    outlets.add(mailer, logging.CRITICAL)
    return mailer


def _begin_script(setting: Path, engine: Engine, face: Face, loop: Loop, mailer: Mailer | None) -> None:
    """Its ``init`` has run before the first packet is served."""
    host = Host(process.script_path(setting), engine.script_said, _terms(None))
    face.script = host

    def reinitialise() -> float:
        host.reinitialise()
        return float("inf")

    host.begin()
    loop.asked.append(scripts.Scripts(engine, host))
    loop.attach(host)
    loop.chores.append(Chore("watch the script", host.watch))
    loop.chores.append(Chore("reinitialise the script", reinitialise, float("inf")))
    if mailer is not None:
        loop.chores.append(Chore("mail what is critical", mailer.work))


def _files(settings: Settings) -> list[Path]:
    """What the account must own to serve: the server's identity and SQLite's database."""
    path = settings.sqlite_path
    database = [] if path is None else [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm")]
    return [settings.state_dir / IDENTITY, *database]


def _wait_for_schema(settings: Settings, database: Database, notify: Notify) -> None:
    """A database that is away is waited for; one of another version is an error at once."""
    told = False
    while True:
        try:
            database.now()
            require_current(settings.database_url)
        except StoreError as error:
            if "lessor migrate" in str(error):
                raise
            if not told:
                log.error("DATABASE-UNAVAILABLE: %s It is tried again every second.", error)  # noqa: TRY400
                told = True
            notify.wait("Waiting for the database.")
            time.sleep(_RETRY_S)
        else:
            return


def main(arguments: list[str] | None = None) -> int:
    """``python -m dhcpcore [--config FILE]``."""
    parser = argparse.ArgumentParser(prog="lessor engine", description="The DHCP engine.")
    parser.add_argument("--config", type=Path, help="settings file (TOML)")
    options = parser.parse_args(arguments)
    try:
        loaded = load(options.config)
        ring = logs.Ring(first=int(time.time() * 1000))  # A log never grows by a thousand lines a second.
        outlets = logs.configure(loaded.settings.log.level, loaded.settings.log.format, ring=ring)
        for warning in loaded.warnings:
            log.warning("%s", warning)
        try:
            serve(loaded.settings, ring, outlets)
        finally:
            outlets.close()
    except LessorError as error:
        sys.stderr.write(f"lessor engine: {error}\n")
        return 1
    return 0
