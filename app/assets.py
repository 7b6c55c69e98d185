"""The files of others that pages use: found by their short name in the manifest, with their hash in the address.

A changed file has another address, so browsers may keep what they have for ever.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from flask import Flask, url_for
from markupsafe import Markup, escape

_VENDOR = "vendor"
#: Eight hexadecimal figures tell the few versions of one file apart.
_MARK = 8
#: For files whose address names their content.
FOREVER_S = 365 * 86_400


def install(app: Flask) -> None:
    """Give templates ``asset(name)``, ``static_file(name)`` and ``icon(name)``."""
    folder = Path(str(app.static_folder))
    vendored = _vendored(folder / _VENDOR / "manifest.json")
    own = {path.name: _mark(path.read_bytes()) for path in folder.iterdir() if path.is_file()}

    def asset(name: str) -> str:
        file, mark = vendored[name]
        return url_for("static", filename=f"{_VENDOR}/{file}", v=mark)

    def own_file(name: str) -> str:
        return url_for("static", filename=name, v=own[name])

    def icon(name: str, size: int = 20) -> Markup:
        return Markup('<svg class="icon" width="{0}" height="{0}" aria-hidden="true" focusable="false">'
                      '<use href="{1}#{2}"/></svg>').format(size, asset("icons"), escape(name))

    app.jinja_env.globals.update(asset=asset, static_file=own_file, icon=icon)


def _vendored(manifest: Path) -> Mapping[str, tuple[str, str]]:
    """The file and the mark of each short name."""
    told = json.loads(manifest.read_text())
    return {name: (file, told["files"][file][:_MARK]) for name, file in told["assets"].items()}


def _mark(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_MARK]
