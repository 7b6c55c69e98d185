"""staticDHCPd's parameters: every upper-case name of a conf.py, their defaults, and what they mean to the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from dhcpcore.errors import LessorError, SettingsError
from dhcpcore.pipeline.scripted import Rules
from dhcpcore.topology.policy import Flood
from dhcpcore.wire.addresses import parse_ipv4

#: What a parameter is where a conf.py does not set it.
DEFAULTS: Mapping[str, Any] = MappingProxyType({
    "DEBUG": False, "SYSTEM_NAME": "staticDHCPd", "DAEMON": True, "PID_FILE": None,
    "DHCP_RESPONSE_INTERFACE": "-", "DHCP_RESPONSE_INTERFACE_QTAGS": None,
    "DHCP_SERVER_PORT": 67, "DHCP_CLIENT_PORT": 68, "PROXY_PORT": None,
    "ALLOW_LOCAL_DHCP": True, "ALLOW_DHCP_RELAYS": False, "ALLOWED_DHCP_RELAYS": (), "ENABLE_RAPIDCOMMIT": True,
    "AUTHORITATIVE": False, "NAK_RENEWALS": False, "UNAUTHORIZED_CLIENT_TIMEOUT": 60,
    "MISBEHAVING_CLIENT_TIMEOUT": 150, "ENABLE_SUSPEND": True, "SUSPEND_THRESHOLD": 10,
    "USE_CACHE": False, "CACHING_MODEL": "in-process", "DISK_CACHE": False, "DISK_CACHE_PERSISTENT": None,
    "MEMCACHED_HOST": None, "MEMCACHED_PORT": 11211, "MEMCACHED_AGE_TIME": 300,
    "DATABASE_ENGINE": None, "CASE_INSENSITIVE_MACS": False, "EXTRA_MAPS": None, "EXTRA_SUBNETS": None,
    "USE_POOL": True, "SQLITE_FILE": None, "INI_FILE": None,
    "POSTGRESQL_DATABASE": None, "POSTGRESQL_USERNAME": None, "POSTGRESQL_PASSWORD": None, "POSTGRESQL_HOST": None,
    "POSTGRESQL_PORT": 5432, "POSTGRESQL_SSLMODE": "disable", "POSTGRESQL_MAXIMUM_CONNECTIONS": 4,
    "MYSQL_DATABASE": None, "MYSQL_USERNAME": None, "MYSQL_PASSWORD": None, "MYSQL_HOST": None, "MYSQL_PORT": 3306,
    "MYSQL_MAXIMUM_CONNECTIONS": 4,
    "ORACLE_DATABASE": None, "ORACLE_USERNAME": None, "ORACLE_PASSWORD": None, "ORACLE_MAXIMUM_CONNECTIONS": 4,
    "LOG_FILE": None, "LOG_FILE_HISTORY": 7, "LOG_FILE_SEVERITY": "WARN", "LOG_CONSOLE_SEVERITY": "INFO",
    "EMAIL_ENABLED": False, "EMAIL_SERVER": None, "EMAIL_PORT": 25, "EMAIL_TIMEOUT": 4.0, "EMAIL_SOURCE": None,
    "EMAIL_DESTINATION": None, "EMAIL_SUBJECT": "staticDHCPd encountered a problem", "EMAIL_USER": None,
    "EMAIL_PASSWORD": None,
    "WEB_ENABLED": True, "WEB_IP": "0.0.0.0", "WEB_PORT": 30880,  # noqa: S104 - A conf.py's default; nothing binds it.
    "WEB_LOG_HISTORY": 200, "WEB_LOG_SEVERITY": "INFO", "WEB_LOG_MAX_HEIGHT": 400, "WEB_DIGEST_USERNAME": None,
    "WEB_DIGEST_PASSWORD": None, "WEB_DASHBOARD_SECURE": False, "WEB_REINITIALISE_CONFIRM": True,
    "WEB_REINITIALISE_SECURE": False, "WEB_REINITIALISE_HIDDEN": False, "WEB_REINITIALISE_ENABLED": True,
    "WEB_DASHBOARD_ORDER_LOG": 1000, "WEB_HEADER_TITLE": True, "WEB_HEADER_CSS": True, "WEB_HEADER_FAVICON": True,
})  # fmt: skip

#: Those that the server is told of: with a default, and the one that has none.
TOLD = frozenset({"DHCP_SERVER_IP", *DEFAULTS})

#: Names of before release 3, or of its code, and what its manual calls them.
RENAMED = {"PXE_PORT": "PROXY_PORT", "CACHE_ON_DISK": "DISK_CACHE", "PERSISTENT_CACHE": "DISK_CACHE_PERSISTENT",
           "MEMCACHED_SERVER": "MEMCACHED_HOST"}  # fmt: skip

#: Numbers by which the pages show the log, and whether None is right, too.
_OF_PAGES = {"WEB_LOG_HISTORY": True, "WEB_LOG_MAX_HEIGHT": True, "WEB_DASHBOARD_ORDER_LOG": False}
_OF_PAGES_MAX = 1_000_000
#: Compared with what a program sends: no object is told to the engine, so another one would be let in by its name.
_OF_DIGEST = ("WEB_DIGEST_USERNAME", "WEB_DIGEST_PASSWORD")

HOOKS = ("init", "filterPacket", "handleUnknownMAC", "filterRetrievedDefinitions", "loadDHCPPacket")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a conf.py says before anything is served: the parameters that it sets, and its hooks."""

    said: Mapping[str, Any]
    hooks: frozenset[str]

    @property
    def folder(self) -> bool:
        """Whether it is a whole staticDHCPd configuration: those must name the server's address."""
        return bool(self.said.get("DHCP_SERVER_IP"))

    def get(self, name: str) -> Any:
        """A parameter's value."""
        return self.said.get(name, DEFAULTS.get(name))


def check(said: Mapping[str, Any]) -> None:
    """What a script's own process makes of parameters can be made; ``SettingsError`` names the one that is wrong."""
    for name, may_be_none in _OF_PAGES.items():
        value = said.get(name, DEFAULTS[name])
        if not (value is None and may_be_none) and not (isinstance(value, int | float) and abs(value) <= _OF_PAGES_MAX):
            raise SettingsError(f"{name} is {value!r:.80}; right is a whole number{', or None' * may_be_none}")
    for name in _OF_DIGEST:
        if not isinstance(said.get(name), str | int | None):
            raise SettingsError(f"{name} is no text; right is text, as it is asked for")


def rules_of(loaded: Loaded) -> Rules:
    """What the engine does by them; ``SettingsError`` names the parameter that is wrong.

    Beside Lessor's definitions only what the script says counts; a whole configuration brings its defaults.
    """
    folder = loaded.folder

    def said(name: str, otherwise: Any) -> Any:
        return loaded.get(name) if folder or name in loaded.said else otherwise

    flood = None
    if said("ENABLE_SUSPEND", False):
        flood = Flood(
            client_rate=1, burst=_number(loaded, "SUSPEND_THRESHOLD"), suspend_after=1,
            suspend_for_s=_number(loaded, "MISBEHAVING_CLIENT_TIMEOUT"),
        )  # fmt: skip
    relays = []
    allowed = said("ALLOWED_DHCP_RELAYS", ()) or ()
    if not isinstance(allowed, list | tuple):
        raise SettingsError(f"script: ALLOWED_DHCP_RELAYS is {allowed!r:.80}; right are several addresses in brackets, "
                            "such as ['192.0.2.1']")  # fmt: skip
    for address in allowed:
        try:
            relays.append(parse_ipv4(str(address)))
        except (ValueError, LessorError):
            raise SettingsError(f"script: ALLOWED_DHCP_RELAYS has {address!r}, which is no IPv4 address") from None
    return Rules(
        filters="filterPacket" in loaded.hooks,
        looks_up="handleUnknownMAC" in loaded.hooks or loaded.get("DATABASE_ENGINE") is not None,
        edits="loadDHCPPacket" in loaded.hooks,
        folder=folder,
        local=bool(said("ALLOW_LOCAL_DHCP", True)),
        relays=bool(said("ALLOW_DHCP_RELAYS", True)),
        relays_allowed=frozenset(relays),
        rapid_commit=bool(said("ENABLE_RAPIDCOMMIT", False)),
        authoritative=bool(said("AUTHORITATIVE", False)),
        nak_renewals=bool(said("NAK_RENEWALS", False)),
        unauthorized_s=_number(loaded, "UNAUTHORIZED_CLIENT_TIMEOUT"),
        client_port=_number(loaded, "DHCP_CLIENT_PORT", 1, 65_535),
        flood=flood,
    )


def _number(loaded: Loaded, name: str, least: int = 0, most: int = 86_400) -> int:
    value = loaded.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise SettingsError(f"script: {name} is {value!r}; right is a whole number from {least} to {most}")
    return value
