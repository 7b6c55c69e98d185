"""The text of a script and of the modules beside it, as it last began: for when the files do not begin any more.

A host writes it into memory that the engine keeps, once its ``init`` has run; the next one may be begun from it.  Paths
stay what they are, so what else a script reads beside itself, such as an INI file, it reads as it is now.
"""

from __future__ import annotations

import contextlib
import json
import linecache
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

#: Octets of text that are kept; a script with more of it is not.
TEXT_MAX = 16 * 1024 * 1024


class Text(NamedTuple):
    """One module: its file, whether it is a package, and what stood there."""

    path: str
    is_package: bool
    octets: bytes


class Sources(MetaPathFinder):
    """Imports what lies in the script's folder, and remembers it; what is ``kept`` is taken from there instead."""

    def __init__(self, folder: Path, kept: dict[str, Text] | None = None) -> None:
        self._folder = f"{folder}{os.sep}"
        self._kept = kept or {}
        self._read: dict[str, Text] = {}

    def loader(self, name: str, path: str) -> SourceFileLoader:
        """What loads one module of that file."""
        return _Loader(name, path, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Of the script's folder alone; all others are found as ever."""
        kept = self._kept.get(fullname)
        if kept is not None:
            return spec_from_file_location(
                fullname, kept.path, loader=_Loader(fullname, kept.path, self),
                submodule_search_locations=[str(Path(kept.path).parent)] if kept.is_package else None,
            )  # fmt: skip
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None or type(spec.loader) is not SourceFileLoader:
            return None
        if not spec.origin.startswith(self._folder):
            return None
        spec.loader = _Loader(fullname, spec.origin, self)
        return spec

    def text(self, name: str, path: str) -> bytes:
        """What a module's file says, or said; a traceback shows the lines of that."""
        kept = self._kept.get(name)
        octets = Path(path).read_bytes() if kept is None else kept.octets
        self._read[name] = Text(path, Path(path).name == "__init__.py", octets)
        if kept is not None:
            lines = octets.decode("utf-8", "replace").splitlines(keepends=True)
            linecache.cache[path] = (len(octets), None, lines, path)
        return octets

    def keep(self, descriptor: int) -> bool:
        """Write down all that was loaded, once; whether it could be."""
        body = json.dumps([
            [name, text.path, text.is_package, text.octets.decode("latin-1")] for name, text in self._read.items()
        ]).encode()  # fmt: skip
        try:
            if len(body) > TEXT_MAX:
                return False
            at = 0
            while at < len(body):
                at += os.pwrite(descriptor, body[at:], at)
        except OSError:  # A script can close any descriptor.
            return False
        finally:
            with contextlib.suppress(OSError):
                os.close(descriptor)
        return True


class _Loader(SourceFileLoader):
    """Reads the source and no compiled file: what is kept is what ran."""

    def __init__(self, name: str, path: str, sources: Sources) -> None:
        super().__init__(name, path)
        self._sources = sources

    def path_stats(self, path: str) -> dict[str, float]:
        """None: so a compiled file is neither looked for nor written."""
        raise OSError("the source is read")

    def get_data(self, path: str) -> bytes:
        """The module's own file is read once; others as they are."""
        return self._sources.text(self.name, path) if path == self.path else super().get_data(path)


def install(sources: Sources) -> None:
    """Have it asked before all others."""
    sys.meta_path.insert(0, sources)


def kept(descriptor: int) -> dict[str, Text]:
    """What a former host has written there."""
    body = os.pread(descriptor, TEXT_MAX, 0)
    os.close(descriptor)
    return {name: Text(path, is_package, said.encode("latin-1"))
            for name, path, is_package, said in json.loads(body)}  # fmt: skip
