"""``python -m dhcpcore.simulation``: recorded messages, put once more to the present definitions and to others.

A process of its own: the engine that serves is not asked for anything, nothing is committed, sent or called back, and
what the leases are is read from the database.  The question comes as JSON on standard input, the answer is JSON.
"""

from __future__ import annotations

import json
import logging
import os
import random
import selectors
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from dhcpcore.builtin import FACTORIES
from dhcpcore.engine import Datagram, Engine
from dhcpcore.errors import LessorError, Refused
from dhcpcore.net import budget, cycle, privileges
from dhcpcore.net.interfaces import read as read_interfaces
from dhcpcore.pipeline.finished import Traced
from dhcpcore.pipeline.instances import Instances
from dhcpcore.pipeline.scripted import Script
from dhcpcore.pipeline.trace import describe
from dhcpcore.script.host import Host
from dhcpcore.script.isolated_handler import IsolatedHandlers
from dhcpcore.script.parameters import rules_of
from dhcpcore.script.process import Terms, script_path
from dhcpcore.script.process import load as load_script
from dhcpcore.store import migrate
from dhcpcore.store.database import Database
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.definitions_copy import copy_definitions
from dhcpcore.store.explain import message_of
from dhcpcore.store.overlay import SimulatedStore
from dhcpcore.store.traces import Record, TraceLog
from dhcpcore.topology.installed_types import installed
from dhcpcore.topology.links import Interface
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.topology.validate import validate
from dhcpcore.wire.addresses import format_address, parse_address
from dhcpcore.wire.v4.message import NOWHERE

#: Messages of one simulation.
MESSAGES_MAX = 1000
#: Times that a transaction may wait for its script, its probe or its time.
_WAITS_MAX = 50
#: Seconds that the script may take for one message.
_SCRIPT_S = 10.0
#: Seconds that an isolated handler may take for one call: here nobody waits for it.
_ISOLATED_S = 1.0
#: What of the log is told: so many records, so many letters of each.
_LINES_MAX = 20
_LINE_MAX = 4000
_BROADCAST = b"\xff\xff\xff\xff"


class Side:
    """One engine with its definitions and its script, over the same leases."""

    def __init__(
        self, leases: Database, definitions: Definitions, snapshot: Snapshot, interfaces: Mapping[int, Interface],
        script: Path | None,
    ) -> None:  # fmt: skip
        types = {one.type.name: one.factory for one in installed()}
        terms = Terms(confine=privileges.forget, simulated=True)
        self._apart = IsolatedHandlers(terms, answer_s=_ISOLATED_S)
        instances = Instances({**FACTORIES, **types}, time.perf_counter, budget.limited, simulated=True,
                              apart=self._apart)  # fmt: skip
        loaded = None if script is None else load_script(script_path(script), terms)
        dice = random.Random(0)  # noqa: S311 - The same in every simulation.
        self._engine = Engine(
            draw=dice.randrange, script=None if loaded is None else Script(rules_of(loaded)), instances=instances
        )
        self._engine.set_interfaces(interfaces)
        self._engine.install(snapshot)
        self._store = SimulatedStore(leases, definitions)
        self._store.follow(snapshot)
        self._selector = selectors.DefaultSelector()
        self._apart.register(self._selector)
        self._host: Host | None = None
        if script is not None:
            self._host = Host(script_path(script), self._engine.script_said, terms)
            self._host.begin()
            self._host.register(self._selector)

    def fate(self, datagram: Datagram) -> Traced:
        """What becomes of a message: whatever it waits for is waited for, and a probe stays without an answer."""
        engine, now = self._engine, datagram.received_at
        known = len(engine.traces)
        self._batch([datagram], now)
        for _ in range(_WAITS_MAX):
            if len(engine.traces) > known:
                return engine.traces[-1]
            engine.take_probes()
            if engine.waiting.asks and not engine.due:
                self._hear()
            if not engine.due and (timer := engine.timer()) is not None:
                now = max(now, timer)
            self._batch([], now)
        raise Refused("A message waited for longer than a simulation lasts; the script does not answer.")

    def close(self) -> None:
        """End the script and isolated handlers, and give the connection back."""
        self._apart.close()
        if self._host is not None:
            self._host.close()
        self._selector.close()
        self._store.close()

    def _batch(self, datagrams: Sequence[Datagram], now: float) -> None:
        self._apart.settle()
        batch = self._engine.open(datagrams, now)
        cycle.run(batch, self._store, self._engine.snapshot, lambda _: None)
        self._apart.after(now)
        if self._host is not None:
            self._host.ask(self._engine.take_questions())

    def _hear(self) -> None:
        until = time.monotonic() + _SCRIPT_S
        while not self._engine.due and time.monotonic() < until:
            for key, mask in self._selector.select(0.05):
                key.data.handle(key, mask)
            self._apart.watch()
            if self._host is not None:
                self._host.watch()


def simulate(question: Mapping[str, Any]) -> dict[str, Any]:
    """Both sides of every message, the oldest first; ``LessorError`` where nothing can be simulated.

    ``database_url``; ``interfaces`` as the engine's status tells them (null: those of this machine that are
    ``served``); ``limit`` and ``client`` (hex) choose messages;
    ``document``, ``script`` and ``present_script`` are what is tried and what is in force.
    """
    with ExitStack() as stack:
        database = Database(question["database_url"])
        stack.callback(database.dispose)
        client = question.get("client")
        limit = min(question["limit"], MESSAGES_MAX)
        found = TraceLog(database).latest(limit, None if client is None else bytes.fromhex(client))[::-1]
        records = [record for record in found if len(record.source) == 4]  # DHCPv6's messages are not tried.
        present = Definitions(database)
        before = present.snapshot()
        interfaces = _interfaces(question)
        tried, after = present, before
        if question.get("document") is not None:
            tried = _tried(stack, database, question["document"])
            after = tried.snapshot()
        scripts = {name: Path(question[name]) if question.get(name) else None for name in ("present_script", "script")}
        sides = [
            Side(database, present, before, interfaces, scripts["present_script"]),
            Side(database, tried, after, interfaces, scripts["script"]),
        ]
        for side in sides:
            stack.callback(side.close)
        told = [_compared(record, datagram, sides) for record, datagram in _again(records, interfaces, database.now())]
        return {"revision": before.revision, "transactions": told,
                "quarantined": [{"place": one.place, "fault": one.fault} for one in after.quarantined]}


def _interfaces(question: Mapping[str, Any]) -> dict[int, Interface]:
    told = question["interfaces"]
    if told is None:
        return read_interfaces(tuple(question["served"]))
    return {
        one["index"]: Interface(one["index"], one["name"], tuple(map(parse_address, one["addresses"]))) for one in told
    }


def _tried(stack: ExitStack, database: Database, document: Any) -> Definitions:
    """The document, applied to a copy of the definitions; numbers of what stays are the same."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="lessor-simulation-"))
    url = f"sqlite:///{folder}/definitions.db"
    migrate.upgrade(url)
    copy = Database(url)
    stack.callback(copy.dispose)
    copy_definitions(database, copy)
    definitions = Definitions(copy)
    definitions.apply(validate(document), "simulation")
    return definitions


def _again(
    records: Sequence[Record], interfaces: Mapping[int, Interface], now: float
) -> list[tuple[Record, Datagram]]:
    """The messages as if the last of them came now, as far apart as they came."""
    last = records[-1].received_at if records else 0.0
    made = []
    for record in records:
        here = interfaces.get(record.interface)
        local = next((one for one in here.addresses if len(one) == 4), b"") if here is not None else b""
        unicast = record.datagram[12:16] != NOWHERE or record.datagram[24:28] != NOWHERE
        made.append((record, Datagram(
            record.datagram, record.source, record.port, record.interface, local if unicast and local else _BROADCAST,
            local, now - (last - record.received_at),
        )))  # fmt: skip
    return made


def _compared(record: Record, datagram: Datagram, sides: Sequence[Side]) -> dict[str, Any]:
    before, after = (_told(side.fate(datagram)) for side in sides)
    return {
        "received_at": record.received_at, "message": message_of(record), "client": record.client.hex(),
        "source": format_address(record.source), "datagram": record.datagram.hex(),
        "recorded": {"reason": record.reason.code, "answer": record.answer.hex()},
        "before": before, "after": after,
        "changed": (before["reason"], before["answer"]) != (after["reason"], after["answer"]),
    }  # fmt: skip


def _told(traced: Traced) -> dict[str, Any]:
    return {"reason": traced.reason.code, "text": traced.reason.text, "answer": traced.answer.hex(),
            "steps": [describe(step) for step in traced.steps]}  # fmt: skip


class Heard(logging.Handler):
    """Keeps what is logged for who tries something: the traceback of a script or a handler above all."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Of each record the end, where a traceback says what it is about."""
        if len(self.lines) < _LINES_MAX:
            self.lines.append(self.format(record)[-_LINE_MAX:])


def main() -> int:
    """Read the question, write the answer; 1 and a sentence on standard error where it cannot be answered."""
    heard = Heard()
    logging.basicConfig(level=logging.ERROR, handlers=[heard, logging.StreamHandler()], format="%(message)s")
    budget.install()
    # What a package prints must not stand in the answer.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answer_to:
        os.dup2(2, 1)
        try:
            answer = simulate(json.load(sys.stdin))
        except LessorError as error:
            faults = [{"path": one.path, "message": one.message} for one in getattr(error, "faults", ())]
            json.dump({"error": str(error), "faults": faults}, answer_to)
            return 1
        json.dump({**answer, "log": heard.lines}, answer_to)
    return 0


if __name__ == "__main__":
    sys.exit(main())
