"""A site's script in a real script host, driven by a test instead of the loop."""

from __future__ import annotations

import selectors
import textwrap
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dhcpcore.batch import Batch
from dhcpcore.engine import Engine
from dhcpcore.pipeline.questions import Said
from dhcpcore.pipeline.scripted import Script
from dhcpcore.script.host import BUDGETS, Host
from dhcpcore.script.parameters import rules_of
from dhcpcore.script.progress import Doing

#: A whole staticDHCPd configuration names these three.
FOLDER = """
UID = 99
GID = 99
DHCP_SERVER_IP = '192.0.2.1'
WEB_ENABLED = True
"""
#: A test waits so long for a child at most.
PATIENCE_S = 40.0


class Site:
    """The script, its host, and a selector in the loop's place."""

    def __init__(self, folder: Path, text: str, budgets: Mapping[Doing, float] = BUDGETS) -> None:
        folder.mkdir(exist_ok=True)
        self.path = folder / "conf.py"
        self.path.write_text(textwrap.dedent(text))
        self.said: list[Said] = []
        self.host = Host(self.path, self.said.append, budgets=budgets, age_s=PATIENCE_S)
        self.selector = selectors.DefaultSelector()
        self.host.begin()
        self.host.register(self.selector)
        assert self.host.loaded is not None
        self.script = Script(rules_of(self.host.loaded))

    def turn(self, wait_s: float = 0.05) -> None:
        """One round of the loop."""
        for key, mask in self.selector.select(wait_s):
            self.host.handle(key, mask)
        self.host.watch()

    def until(self, condition: Callable[[], Any]) -> Any:
        """Turn until the condition holds."""
        end = time.monotonic() + PATIENCE_S
        while not (found := condition()):
            assert time.monotonic() < end, "the script host did not do it"
            self.turn()
        return found

    def answer(self, engine: Engine, now: float, run: Callable[[Batch], object]) -> None:
        while questions := engine.take_questions():
            waiting = {question.number for question in questions}
            self.host.ask(questions)
            self.until(lambda waiting=waiting: waiting <= {said.number for said in self.said})
            for said in self.said:
                engine.script_said(said)
            self.said.clear()
            run(engine.open([], now))

    def call(self, name: str, **arguments: Any) -> tuple[Any, str | None]:
        """Call something in the host: the result, or what is wrong."""
        told: list[tuple[Any, str | None]] = []
        self.host.call(name, arguments, lambda result, error: told.append((result, error)))
        self.until(lambda: told)
        return told[0]

    def close(self) -> None:
        self.host.close()
        self.selector.close()
