"""Runs a conf.py, and takes from it what the server wants: parameters, hooks, and a database."""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import sys
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from dhcpcore.errors import LessorError
from dhcpcore.script.cache import cache_of
from dhcpcore.script.compat.definition import Definition
from dhcpcore.script.compat.generic import CachingDatabase, Database, Null
from dhcpcore.script.namespace import TYPES, Namespace
from dhcpcore.script.parameters import DEFAULTS, HOOKS, RENAMED, TOLD, check
from dhcpcore.script.sources import Sources, install

#: What a parameter is told as that JSON cannot carry, or that nobody outside needs: that it is there.
_OPAQUE = "<object>"


class Site:
    """A site's script, loaded."""

    def __init__(self, path: Path, sources: Sources | None = None) -> None:
        """Run it.  Whatever it raises comes through.  ``sources`` has its text and that of the modules beside it."""
        self.path = path
        self.namespace = Namespace(path.parent)
        if sources is not None:
            install(sources)
        # A loader of its own: without one a file would have to end in .py.
        loader = SourceFileLoader("conf", str(path)) if sources is None else sources.loader("conf", str(path))
        spec = importlib.util.spec_from_file_location("conf", path, loader=loader)
        assert spec is not None
        assert spec.loader is not None
        self.module = importlib.util.module_from_spec(spec)
        vars(self.module).update(self.namespace.injected)
        sys.modules["conf"] = self.module
        spec.loader.exec_module(self.module)
        for old, new in RENAMED.items():
            if hasattr(self.module, old) and not hasattr(self.module, new):
                setattr(self.module, new, getattr(self.module, old))
        self.said = _parameters(self.module)
        check(self.said)
        self.parameters: dict[str, Any] = {**DEFAULTS, **self.said}
        vars(self.namespace.config).update(self.parameters)
        for name, value in {**self.namespace.injected, **TYPES}.items():
            vars(self.module).setdefault(name, value)
        self.hooks = {name: _bound(self.module, name) for name in HOOKS}

    def described(self) -> dict[str, Any]:
        """The parameters that it sets, as JSON can carry them, and the names of its hooks.

        What else it calls in capitals is its own, a block list of any size among it.
        """
        return {
            "said": {name: _plain(value) for name, value in self.said.items() if name in TOLD},
            "hooks": [name for name, hook in self.hooks.items() if hook is not None],
        }

    def database(self) -> Database:
        """The one that DATABASE_ENGINE names, with its cache; ``LessorError`` where it is none that there is."""
        made = self._database()
        if self.parameters["USE_CACHE"] and isinstance(made, CachingDatabase):
            engine = self.parameters["DATABASE_ENGINE"]
            name = str(engine).lower() if isinstance(engine, str) else f"{type(made).__module__}.{type(made).__name__}"
            made.remember(cache_of(self.parameters, self._beside, name))
        return made

    def _database(self) -> Database:
        engine = self.parameters["DATABASE_ENGINE"]
        if engine is None:
            return Null()
        if callable(engine):
            made = engine()
            return made if isinstance(made, Database) else _Foreign(made)
        name = str(engine).lower()
        if name == "ini":
            from dhcpcore.script.ini import INI  # noqa: PLC0415 - What is not named is not loaded.

            return INI(self._beside(str(self.parameters["INI_FILE"] or "")))
        if name == "oracle":
            raise LessorError("DATABASE_ENGINE: Oracle is not supported; put its two tables into SQLite or PostgreSQL.")
        from dhcpcore.script.tables import ENGINES  # noqa: PLC0415

        if name not in ENGINES:
            raise LessorError(f"DATABASE_ENGINE is {engine!r}; right is None, SQLite, PostgreSQL, MySQL, INI or a "
                              "callable that makes a database.")  # fmt: skip
        parameters = dict(self.parameters)
        if parameters["SQLITE_FILE"]:
            parameters["SQLITE_FILE"] = self._beside(str(parameters["SQLITE_FILE"]))
        return ENGINES[name](parameters)

    def _beside(self, path: str) -> Path:
        """A relative path is relative to the script."""
        return self.path.parent / path


class _Foreign(Database):
    """What a callable made that is no ``Database`` by class: it has the method all the same."""

    def __init__(self, made: Any) -> None:
        self._made = made

    def lookupMAC(self, mac: Any) -> Any:
        return self._made.lookupMAC(mac)

    def reinitialise(self) -> None:
        if hasattr(self._made, "reinitialise"):
            self._made.reinitialise()


def _parameters(module: ModuleType) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(module).items()
        if name.isupper() and not name.startswith("_") and not isinstance(value, ModuleType)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, dict):  # Of the parameters EXTRA_MAPS is one, and as large as a site likes.
        return _OPAQUE
    if isinstance(value, tuple | set | frozenset):
        value = list(value)
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return [str(one) for one in value] if isinstance(value, list) else _OPAQUE
    return value


def _bound(module: ModuleType, name: str) -> Callable[..., Any] | None:
    hook = getattr(module, name, None)
    if not callable(hook):
        return None
    try:
        arguments = list(inspect.signature(hook).parameters)
    except (TypeError, ValueError):
        return hook  # type: ignore[no-any-return]
    if name == "handleUnknownMAC" and arguments == ["mac"]:
        return _old_unknown(hook)
    if name == "loadDHCPPacket" and arguments == [
        "packet", "mac", "client_ip", "relay_ip", "subnet", "serial", "pxe", "vendor",
    ]:  # fmt: skip
        return _old_load(hook)
    return hook  # type: ignore[no-any-return]


def _old_unknown(hook: Callable[..., Any]) -> Callable[..., Any]:
    """Of before release 2: it knew the hardware address alone, and answered with ten values."""

    def wrapped(*arguments: Any) -> Any:
        found = hook(str(arguments[2]))
        if not found:
            return None
        ip, hostname, mask, broadcast, domain, dns, ntp, lease_time, subnet, serial = found
        return Definition(
            ip=ip, lease_time=lease_time, subnet=subnet, serial=serial, hostname=hostname, subnet_mask=mask,
            broadcast_address=broadcast, domain_name=domain, domain_name_servers=dns, ntp_servers=ntp,
        )  # fmt: skip

    return wrapped


def _old_load(hook: Callable[..., Any]) -> Callable[..., Any]:
    """Of before release 2: addresses as text, what a booting machine said, and its vendor's words."""

    def wrapped(
        packet: Any, _method: str, mac: Any, definition: Any, relay_ip: Any, port: int, source_packet: Any
    ) -> Any:
        pxe = port == 4011 and [source_packet.getOption(code) for code in (93, 94, 97)]
        vendor = [source_packet.getOption(code) for code in (43, 60, 124, 125)]
        relay = None if relay_ip is None else str(relay_ip)
        return hook(
            packet, str(mac), str(definition.ip), relay, definition.subnet, definition.serial, pxe, vendor
        )

    return wrapped
