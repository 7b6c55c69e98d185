"""The script host in the loop: after each batch, questions go out and statistics are told; answers make batches due."""

from __future__ import annotations

import logging
import selectors
from typing import Any

from dhcpcore.engine import Engine
from dhcpcore.errors import InvalidValue, SettingsError
from dhcpcore.net import interfaces
from dhcpcore.net.loop import Loop
from dhcpcore.net.udp4 import Udp4
from dhcpcore.script.host import Host
from dhcpcore.script.observed import Observer
from dhcpcore.script.parameters import Loaded
from dhcpcore.script.process import Terms, script_path
from dhcpcore.script.process import load as load_script
from dhcpcore.settings import Settings
from dhcpcore.wire.addresses import format_ipv4, parse_ipv4

log = logging.getLogger(__name__)

_DEFAULT_PORT = 67
_PORT_MAX = 65_535
#: Machines boot one after the other; what is more waits in the socket.
_BATCH_MAX = 64


def load(settings: Settings, terms: Terms) -> tuple[Settings, Loaded | None]:
    """What conf.py says, before anything is opened, and the settings by it."""
    if settings.script is None:
        return settings, None
    loaded = load_script(script_path(settings.script), terms)
    return heed(settings, loaded), loaded


def heed(settings: Settings, loaded: Loaded) -> Settings:
    """The settings with what a whole staticDHCPd configuration says of the server; a setting that is made wins."""
    if not loaded.folder:
        return settings
    changed: dict[str, Any] = {}
    port = loaded.get("DHCP_SERVER_PORT")
    if not _is_port(port):
        raise SettingsError(f"script: DHCP_SERVER_PORT is {port!r:.80}; right is a whole number from 1 to {_PORT_MAX}")
    if settings.dhcp4.port == _DEFAULT_PORT and port != _DEFAULT_PORT:
        changed["dhcp4"] = {**settings.dhcp4.model_dump(exclude_unset=True), "port": port}
    if not settings.interfaces:
        try:
            address = parse_ipv4(str(loaded.get("DHCP_SERVER_IP")))
        except InvalidValue as error:
            raise SettingsError(f"script: DHCP_SERVER_IP: {error}") from None
        name = next((one.name for one in interfaces.read(()).values() if address in one.addresses), None)
        if name is None:
            log.warning("SCRIPT: no interface has DHCP_SERVER_IP, %s: all are served.", format_ipv4(address))
        else:
            changed["interfaces"] = (name,)
    named = loaded.get("DHCP_RESPONSE_INTERFACE")
    if named not in (None, "-") and named not in changed.get("interfaces", settings.interfaces):
        log.warning("SCRIPT: DHCP_RESPONSE_INTERFACE is %r, which is not served: an answer leaves where its packet "
                    "came in.", named)  # fmt: skip
    if not changed:
        return settings
    return Settings.model_validate({**settings.model_dump(exclude_unset=True), **changed})


def port_of(loaded: Loaded | None, served: int) -> int | None:
    """PROXY_PORT, where what comes in is the script's; ``SettingsError`` where it is no port of its own."""
    port: int | None = None if loaded is None else loaded.get("PROXY_PORT")
    if port is None:
        return None
    if not _is_port(port) or port == served:
        raise SettingsError(f"script: PROXY_PORT is {port!r:.80}; right is another port than {served}, such as 4011")
    return port


def _is_port(said: Any) -> bool:
    return type(said) is int and 1 <= said <= _PORT_MAX


class ScriptPort:
    """PROXY_PORT: what comes in there meets the script as what comes to the server's port, and is answered from there.

    The socket is the loop's to close, as a listener's.
    """

    def __init__(self, udp: Udp4, loop: Loop) -> None:
        self._udp = udp
        self._loop = loop

    def register(self, selector: selectors.BaseSelector) -> None:
        """The loop's selector; ``key.data`` is this port."""
        selector.register(self._udp, selectors.EVENT_READ, self)

    def handle(self, key: selectors.SelectorKey, mask: int) -> None:
        """One batch of whatever is waiting."""
        now = self._loop.clock.now()
        heard = self._udp.drain(_BATCH_MAX, now)
        self._loop.serve([datagram._replace(at=self._udp.port) for datagram in heard], now)

    def close(self) -> None:
        """Close the socket."""
        self._udp.close()


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
