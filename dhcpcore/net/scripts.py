"""The script host in the loop: after each batch, questions go out and statistics are told; answers make batches due."""

from __future__ import annotations

import logging

from dhcpcore.engine import Engine
from dhcpcore.net import interfaces
from dhcpcore.script.host import Host
from dhcpcore.script.observed import Observer
from dhcpcore.script.parameters import Loaded
from dhcpcore.script.process import Terms, script_path
from dhcpcore.script.process import load as load_script
from dhcpcore.settings import Settings
from dhcpcore.wire.addresses import format_ipv4, parse_ipv4

log = logging.getLogger(__name__)

_DEFAULT_PORT = 67


def load(settings: Settings, terms: Terms) -> tuple[Settings, Loaded | None]:
    """What conf.py says, before anything is opened, and the settings by it; what it asks for in vain is logged."""
    if settings.script is None:
        return settings, None
    loaded = load_script(script_path(settings.script), terms)
    for warning in loaded.warnings():
        log.warning("SCRIPT: %s", warning)
    return heed(settings, loaded), loaded


def heed(settings: Settings, loaded: Loaded) -> Settings:
    """The settings with what a whole staticDHCPd configuration says of the server; a setting that is made wins."""
    if not loaded.folder:
        return settings
    changed: dict[str, object] = {}
    port = loaded.get("DHCP_SERVER_PORT")
    if settings.dhcp4.port == _DEFAULT_PORT and port != _DEFAULT_PORT:
        changed["dhcp4"] = {**settings.dhcp4.model_dump(exclude_unset=True), "port": port}
    if not settings.interfaces:
        address = parse_ipv4(str(loaded.get("DHCP_SERVER_IP")))
        name = next((one.name for one in interfaces.read(()).values() if address in one.addresses), None)
        if name is None:
            log.warning("SCRIPT: no interface has DHCP_SERVER_IP, %s: all are served.", format_ipv4(address))
        else:
            changed["interfaces"] = (name,)
    if not changed:
        return settings
    return Settings.model_validate({**settings.model_dump(exclude_unset=True), **changed})


class Scripts:
    """Stands between an engine and its script's host."""

    def __init__(self, engine: Engine, host: Host) -> None:
        self._engine = engine
        self._host = host
        self._observer = Observer(engine)

    def after(self, now: float) -> None:
        """A batch has ended."""
        self._host.ask(self._engine.take_questions())
        if self._host.listening:
            self._host.count(self._observer.rows(now))
        else:
            self._observer.skip()
