"""Compiled modules: those that a packet passes most, as mypyc made them of the very sources beside them.

``./lessor compile`` (``bootstrap/compile.py``) puts them into ``dhcpcore/_compiled`` with a manifest; an image has them
built in.  They are taken only by the Python that they were made for and while every source of the core is what it was:
mypyc writes constants and the layout of classes of one module into another.  Without them the sources run, as ever.

``LESSOR_COMPILED`` in the environment: 0 leaves them out, 1 insists on them (``ImportError`` says what is wrong).
"""

import json
import os
import sys
import zlib
from collections.abc import Mapping, Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

CORE = Path(__file__).resolve().parent
FOLDER = CORE / "_compiled"
MANIFEST = "manifest.json"


def checksum(core: Path = CORE) -> int:
    """Of all sources of the core, by name: it guards against change, not against harm."""
    total = 0
    for source in sorted(core.rglob("*.py")):
        if source.is_relative_to(core / "_data"):  # Only a wheel has it: migrations, which are never compiled.
            continue
        if source.name.startswith("."):  # An editor's, and perhaps a link to nothing.
            continue
        total = zlib.crc32(f"{source.relative_to(core)}\0".encode(), total)
        total = zlib.crc32(source.read_bytes(), total)
    return total


class Finder:
    """Hands Python the compiled file of each module that has one."""

    def __init__(self, folder: Path, modules: Sequence[str]) -> None:
        self._files = {name: str(folder / (name + EXTENSION_SUFFIXES[0])) for name in modules}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """``importlib.abc.MetaPathFinder``'s only method."""
        file = self._files.get(name)
        return spec_from_file_location(name, file, loader=ExtensionFileLoader(name, file)) if file else None


def why_not(manifest: Mapping[str, Any], folder: Path) -> str | None:
    """What forbids these compiled modules here, in words; None: nothing."""
    suffix = EXTENSION_SUFFIXES[0]
    if manifest.get("suffix") != suffix:
        return f"they are for another Python ({manifest.get('suffix')}; this one takes {suffix})"
    if manifest.get("sources") != checksum():
        return "the sources have changed since"
    for name, octets in manifest["modules"].items():
        file = folder / (name + suffix)
        if not os.access(file, os.R_OK) or file.stat().st_size != octets:
            return f"{file} is missing, cannot be read or is not what was compiled"
    return None


class Installed(NamedTuple):
    """What imports find: compiled modules by name, or why what is there is left out."""

    modules: tuple[str, ...] = ()
    stale: str | None = None


def install(folder: Path = FOLDER) -> Installed:
    """Let imports find the compiled modules, where there are some that may be taken."""
    asked = os.environ.get("LESSOR_COMPILED")
    if asked == "0":
        return Installed()
    try:
        there = folder.is_dir() and any(folder.iterdir())
        manifest = json.loads((folder / MANIFEST).read_text())
        reason = why_not(manifest, folder)
    except FileNotFoundError:
        reason = f"{folder / MANIFEST} is missing" if there else "there are none"
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        there, reason = True, f"{folder / MANIFEST} cannot be read: {error}"
    if reason is None:
        sys.meta_path.insert(0, Finder(folder, tuple(manifest["modules"])))
        return Installed(tuple(name for name in manifest["modules"] if name.startswith("dhcpcore.")))
    if asked == "1":
        raise ImportError(f"LESSOR_COMPILED=1 asks for compiled modules in {folder}, but {reason}: ./lessor compile")
    return Installed(stale=reason if there else None)
