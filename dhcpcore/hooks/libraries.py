"""Hook libraries: Python modules with functions named like hooks and perhaps ``version``, ``load``, ``unload``.

A library is a file (``/etc/lessor/hooks/count.py``), or the name of an entry point of the group ``lessor.hooks``, or of
a module.  One that cannot be loaded leaves nothing behind, and the server does not start without it.
"""
# ruff: noqa: N802 - The methods have Kea's names.

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from dhcpcore.errors import SettingsError
from dhcpcore.hooks.points import POINTS, command_point
from dhcpcore.hooks.registry import Function, Registry

log = logging.getLogger(__name__)

GROUP = "lessor.hooks"
#: What a library's ``version()`` must return, where it has one.
VERSION = 1
#: Before the name of a library that runs in a process of its own.
ISOLATED = "isolated:"


class Isolated(Protocol):
    """A library in a process of its own."""

    @property
    def callouts(self) -> Sequence[tuple[str, Function]]:
        """Its hooks, and what calls its function there, in the order of registration."""
        ...

    def unload(self) -> None:
        """Have it unload, and end its process."""
        ...


#: Starts the process of a library, ``LIBRARY`` or ``LIBRARY=FILE``; ``SettingsError`` where that cannot be loaded.
Isolate = Callable[[str], Isolated]


@dataclass(frozen=True, slots=True)
class Library:
    """One that is loaded.  ``number``: the first one is 1."""

    number: int
    name: str
    module: ModuleType | Isolated


class LibraryHandle:
    """What ``load`` is given: it registers callouts and reads parameters."""

    def __init__(self, registry: Registry, number: int, name: str, parameters: Mapping[str, Any]) -> None:
        self._registry = registry
        self._number = number
        self._name = name
        self._parameters = dict(parameters)

    def registerCallout(self, hook: str, function: Function) -> None:
        """After those that the library has there; the same one may be registered again, and is then called again."""
        self._registry.register(self._number, self._name, hook, function)

    def deregisterCallout(self, hook: str, function: Function) -> bool:
        """Whether it was there."""
        return self._registry.deregister(self._number, hook, function)

    def deregisterAllCallouts(self, hook: str) -> bool:
        """Whether any was there."""
        return self._registry.deregister(self._number, hook)

    def registerCommandCallout(self, command: str, function: Function) -> None:
        """The function answers a command of the control channel, be it a new one or one that the server has."""
        self._registry.register(self._number, self._name, command_point(command), function)

    def getParameter(self, name: str) -> Any:
        """The value, or None."""
        return self._parameters.get(name)

    def getParameters(self) -> dict[str, Any]:
        """All of them."""
        return dict(self._parameters)

    def getParameterNames(self) -> list[str]:
        """Their names."""
        return list(self._parameters)


def load(registry: Registry, names: Sequence[str], isolate: Isolate | None = None) -> list[Library]:
    """Load libraries in order.  ``SettingsError`` names the one that fails; then none of them is left.

    A name is ``LIBRARY`` or ``LIBRARY=FILE``, where FILE is TOML with its parameters; ``isolate`` makes the process of
    one that has ``isolated:`` before it.
    """
    loaded: list[Library] = []
    try:
        for number, name in enumerate(names, 1):
            if name.startswith(ISOLATED):
                loaded.append(_load_isolated(registry, number, name.removeprefix(ISOLATED), isolate))
            else:
                loaded.append(_load(registry, number, name))
    except SettingsError:
        unload(registry, loaded)
        raise
    return loaded


def unload(registry: Registry, libraries: Sequence[Library]) -> None:
    """The last one first: its ``unload``, whose result is only logged, and then its callouts."""
    for library in reversed(libraries):
        farewell = getattr(library.module, "unload", None)
        if callable(farewell):
            try:
                farewell()
            except Exception:
                log.exception("HOOK-FAILED: unload() of %s raised.", library.name)
        registry.forget(library.number)


def _load(registry: Registry, number: int, text: str) -> Library:
    name, _, file = text.partition("=")
    module = _module(name)
    handle = LibraryHandle(registry, number, Path(name).stem, _parameters(name, file))
    version = getattr(module, "version", None)
    if callable(version) and (told := _asked(name, version)) != VERSION:
        raise SettingsError(f"hooks: {name} is of version {told}, this server's hooks are of version {VERSION}")
    try:
        for hook in POINTS:
            if callable(function := getattr(module, hook, None)):
                handle.registerCallout(hook, function)
        _begin(name, module, handle)
    except SettingsError:
        registry.forget(number)
        raise
    return Library(number, Path(name).stem, module)


def _load_isolated(registry: Registry, number: int, text: str, isolate: Isolate | None) -> Library:
    if isolate is None:
        raise SettingsError(f"hooks: {text} cannot have a process of its own here")
    library = isolate(text)
    name = Path(text.partition("=")[0]).stem
    for hook, function in library.callouts:
        registry.register(number, name, hook, function)
    return Library(number, name, library)


def _begin(name: str, module: ModuleType, handle: LibraryHandle) -> None:
    begin = getattr(module, "load", None)
    if callable(begin) and (result := _asked(name, begin, handle)):
        raise SettingsError(f"hooks: {name} refuses to be loaded: load() returned {result}")


def _asked(name: str, function: Any, *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except (Exception, SystemExit) as error:
        log.exception("HOOK-FAILED: %s() of %s raised.", function.__name__, name)
        raise SettingsError(f"hooks: {function.__name__}() of {name} raised {type(error).__name__}: {error}") from error


def _module(name: str) -> ModuleType:
    try:
        if name.endswith(".py"):
            return _from_file(Path(name))
        for entry in entry_points(group=GROUP, name=name):
            return importlib.import_module(entry.module)
        return importlib.import_module(name)
    except (ImportError, OSError) as error:
        raise SettingsError(
            f"hooks: {name} cannot be loaded: {error}; write the path of a .py file, or the name of an installed "
            f"module or of an entry point of the group {GROUP}"
        ) from error
    except (Exception, SystemExit) as error:
        log.exception("HOOK-FAILED: %s raised while it was loaded.", name)
        raise SettingsError(f"hooks: {name} raised {type(error).__name__} while it was loaded: {error}") from error


def _from_file(path: Path) -> ModuleType:
    name = f"lessor_hooks_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _parameters(name: str, file: str) -> Mapping[str, Any]:
    if not file:
        return {}
    try:
        return tomllib.loads(Path(file).read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"hooks: the parameters of {name} in {file} cannot be read: {error}") from error
