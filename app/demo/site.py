"""The demonstration's folder, settings and definitions."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dhcpcore import places
from dhcpcore.settings.model import SOCKET_PATH_MAX
from dhcpcore.wire.addresses import parse_ipv4

VARIABLE = "LESSOR_DEMO_DIR"

#: The pretend relays, each with its clients; loopback's whole 127.0.0.0/8 is this machine.
RELAYS = ((parse_ipv4("127.0.0.2"), 40), (parse_ipv4("127.0.0.3"), 24))

#: Addresses of the documentation's own networks (RFC 5737); short leases, so that something is always happening.
DEFINITIONS: Mapping[str, Any] = {
    "version": 1,
    "globals": {"lifetime": {"default": "2m", "min": "1m", "max": "10m"},
                "options": {"dhcp4": {"domain-name-servers": ["192.0.2.53"], "domain-name": "demo.example.org"}}},
    "subnets": [
        {"prefix": "192.0.2.0/24", "name": "office", "relays": ["127.0.0.2"],
         "pools": [{"first": "192.0.2.100", "last": "192.0.2.199"}],
         "options": {"routers": ["192.0.2.1"]},
         "assignments": [{"hw_address": "02:00:5e:02:00:00", "address": "192.0.2.10", "hostname": "reception"}]},
        {"prefix": "198.51.100.0/24", "name": "laboratory", "relays": ["127.0.0.3"],
         "pools": [{"first": "198.51.100.10", "last": "198.51.100.35"}],
         "options": {"routers": ["198.51.100.1"]}},
    ],
}


def folder(env: Mapping[str, str]) -> Path:
    """Where the demonstration keeps its database: ``LESSOR_DEMO_DIR``, else ``var/demo`` of the checkout, else home."""
    if env.get(VARIABLE):
        return Path(env[VARIABLE]).absolute()
    checkout = places.data_dir("migrations").parent
    if (checkout / "pyproject.toml").is_file() and os.access(checkout, os.W_OK):
        return checkout / "var" / "demo"
    return Path(env.get("XDG_STATE_HOME") or Path(env.get("HOME") or "~").expanduser() / ".local" / "state",
                "lessor", "demo").absolute()


def settings(home: Path, dhcp_port: int, web_port: int, script: Path | None = None) -> str:
    """The settings file of the demonstration, which every verb can be given: nothing of the user's own is touched."""
    scripted = "" if script is None else f"script = {json.dumps(str(script.absolute()))}\n"
    return f"""\
# Written by each start of lessor demo.
state_dir = {json.dumps(str(home))}
control_socket = {json.dumps(str(_socket(home)))}
interfaces = ["lo"]
{scripted}
[dhcp4]
port = {dhcp_port}

[web]
bind = "127.0.0.1:{web_port}"
"""


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """The user's environment without the settings that it may hold."""
    return {name: value for name, value in env.items() if not name.startswith("LESSOR_")}


def _socket(home: Path) -> Path:
    """In the folder, unless its path is too long for a socket's."""
    beside = home / "control.sock"
    if len(os.fsencode(beside)) <= SOCKET_PATH_MAX:
        return beside
    return Path(tempfile.mkdtemp(prefix="lessor-demo-")) / "control.sock"
