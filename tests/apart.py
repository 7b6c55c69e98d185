"""Isolated handlers of a package in real processes, driven by a test instead of the loop."""

from __future__ import annotations

import importlib
import os
import selectors
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dhcpcore.batch import Batch
from dhcpcore.builtin import FACTORIES
from dhcpcore.engine import Engine
from dhcpcore.pipeline.instances import Instances
from dhcpcore.script.isolated_handler import IsolatedHandler, IsolatedHandlers
from dhcpcore.script.process import Terms
from dhcpcore.topology.installed_types import installed
from tests.playbook import World
from tests.scenarios.served import served
from tests.scenarios.test_handlers import document

#: How long a call may take here: what a loaded machine holds up is no fault of a handler's.
ANSWER_S = 2.0
PATIENCE_S = 20.0
_MODULE = "apart_handlers"


def install(folder: Path, package: str, *types: str) -> Path:
    """A package as pip would leave it; a type ``x`` is made by its ``OfX``."""
    info = folder / "apart-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: apart\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[lessor.handlers]\n" + "".join(
        f"{name} = {_MODULE}:Of{name.capitalize()}\n" for name in types))
    (folder / f"{_MODULE}.py").write_text(package)
    return folder


class Site:
    """A world whose engine has the package's types, and starts processes for isolated ones."""

    def __init__(self, w: World, *rows: dict[str, Any], waits: bool = True, **more: Any) -> None:
        self.world = w
        self.apart = IsolatedHandlers(Terms(), answer_s=ANSWER_S)
        self.selector = selectors.DefaultSelector()
        self.apart.register(self.selector)
        self.instances = w.engine.instances = Instances(
            {**FACTORIES, **{one.type.name: one.factory for one in installed()}}, time.perf_counter, apart=self.apart)
        served(lambda: w, document(*rows, **more))
        w.site = self if waits else None

    script = None

    def answer(self, engine: Engine, now: float, run: Callable[[Batch], object]) -> None:
        """Where a test is not about who waits: every call is over before the next packet comes."""
        while engine.waiting.asks or self.busy:
            self.apart.after(now)
            self.until(lambda: engine.due or not self.busy)
            run(engine.open([], now))

    @property
    def busy(self) -> bool:
        return any(len(one.pending) for one in self.apart._all)

    @property
    def alone(self) -> IsolatedHandler:
        return self.apart._all[0]

    def until(self, come: Callable[[], object]) -> None:
        """Do what the loop does, until something has come to pass."""
        end = time.monotonic() + PATIENCE_S
        while not come():
            assert time.monotonic() < end, "it never came"
            for key, mask in self.selector.select(0.02):
                key.data.handle(key, mask)
            self.apart.watch()


Begin = Callable[..., Site]


def sites(tmp_path: Path, installation: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """Begins sites whose processes find the package, and ends them."""
    monkeypatch.syspath_prepend(str(installation))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(
        filter(None, [str(installation), os.environ.get("PYTHONPATH", "")])))
    importlib.invalidate_caches()
    made: list[Site] = []

    def make(*rows: dict[str, Any], **more: Any) -> Site:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Site(World(folder), *rows, **more))
        return made[-1]

    yield make
    for site in made:
        site.world.close()
        site.apart.close()
        site.selector.close()
    sys.modules.pop(_MODULE, None)


def isolated(type_: str, **more: Any) -> dict[str, Any]:
    """The row of an isolated handler."""
    return {"type": type_, "isolated": True, **more}
