"""Puts the compatibility modules under the names that scripts import them by, and makes ``extensions``."""

from __future__ import annotations

import importlib.machinery
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from dhcpcore.script import ready
from dhcpcore.script.compat import callbacks, conversion, definition, generic, ipv4, mac, packet, rfc, statistics, words

#: Of the environment of a host whose messages are simulated.
SIMULATED = "LESSOR_SIMULATED"
#: Folder of a script's extensions, beside it.
EXTENSIONS = "staticDHCPd_extensions"


class ExtensionSpace:
    """Parameters of one extension, set before it is imported: attributes, also within a ``with``."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def extension_config_iter(self) -> Iterator[tuple[str, Any]]:
        """Names and values."""
        return iter(self.extension_config_dict().items())

    def extension_config_dict(self) -> dict[str, Any]:
        """The same as a dictionary."""
        return dict(vars(self))

    def extension_config_merge(
        self, defaults: Mapping[str, Any] | None = None, required: Any = ()
    ) -> dict[str, Any]:
        """What was set over ``defaults``; ``AttributeError`` where one of ``required`` was not set."""
        merged = {**(defaults or {}), **vars(self)}
        for name in required or ():
            if name not in merged:
                raise AttributeError(f"The extension needs {name}, which conf.py does not set.")
        return merged


class Extensions:
    """``extensions.NAME``: made when it is named."""

    def __getattr__(self, name: str) -> ExtensionSpace:
        if name.startswith("__"):
            raise AttributeError(name)
        space = ExtensionSpace()
        setattr(self, name, space)
        return space


class Namespace:
    """What one conf.py is given."""

    def __init__(self, folder: Path) -> None:
        self.callbacks = callbacks.Callbacks()
        self.extensions = Extensions()
        self.logger = logging.getLogger("conf")
        self.config = ModuleType("staticdhcpdlib.config")
        self.injected: dict[str, Any] = {
            **{name: getattr(conversion, name) for name in conversion.NAMES},
            **{name: getattr(rfc, name) for name in rfc.NAMES},
            "logger": self.logger,
            "writeLog": self.logger.warning,
            "callbacks": self.callbacks,
            "extensions": self.extensions,
            "simulated": SIMULATED in os.environ,
        }
        self._put_modules()
        for path in (folder / EXTENSIONS, folder):
            sys.path.insert(0, str(path))

    def _put_modules(self) -> None:
        constants = ModuleType("constants")
        vars(constants).update(
            {"FLAGBIT_BROADCAST": packet.FLAGBIT_BROADCAST,
             "DHCP_OPTIONS_BY_NAME": {name: word.code for name, word in words.BY_NAME.items()}}
        )  # fmt: skip
        vars(self.config).update(
            {**self.injected, "callbacks": self.callbacks, "conf": self.config, "extensions": self.extensions}
        )
        modules = {
            "databases": ModuleType("databases"),
            "databases.generic": generic,
            # Not a module: `import databases.generic.Definition` finds the class itself.
            "databases.generic.Definition": definition.Definition,
            "staticdhcpdlib": ModuleType("staticdhcpdlib"),
            "staticdhcpdlib.config": self.config,
            "staticdhcpdlib.statistics": statistics,
            "staticdhcpdlib.databases": ModuleType("staticdhcpdlib.databases"),
            "staticdhcpdlib.databases.generic": generic,
            "lessor_scripts": ready,
            "libpydhcpserver": ModuleType("libpydhcpserver"),
            "libpydhcpserver.dhcp_types": ModuleType("libpydhcpserver.dhcp_types"),
            "libpydhcpserver.dhcp_types.ipv4": ipv4,
            "libpydhcpserver.dhcp_types.mac": mac,
            "libpydhcpserver.dhcp_types.packet": packet,
            "libpydhcpserver.dhcp_types.rfc": rfc,
            "libpydhcpserver.dhcp_types.conversion": conversion,
            "libpydhcpserver.dhcp_types.constants": constants,
        }
        for name, module in modules.items():
            sys.modules[name] = module  # type: ignore[assignment] # One of them is a class, on purpose.
            parent, _, child = name.rpartition(".")
            if parent:
                setattr(sys.modules[parent], child, module)
            if isinstance(module, ModuleType) and module.__spec__ is None:
                module.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
                module.__path__ = []


#: What else a conf.py may name without importing it.
TYPES = {"MAC": mac.MAC, "IPv4": ipv4.IPv4, "Definition": definition.Definition}
