"""Tried before use: other definitions, or another script, on the messages that came in last, beside those of now.

The work is done by a process of its own (``dhcpcore.simulation``): nothing is stored, sent or called back.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.services.access import Principal, Role
from app.services.appliance import Appliance
from app.services.identities import client_text, hardware_of, hardware_text
from app.services.option_preview import read_back, spaces
from app.services.transactions import octets_of
from dhcpcore.control import EngineAway
from dhcpcore.errors import Busy, Fault, InvalidDocument, InvalidValue, Refused
from dhcpcore.topology.validate import validate
from dhcpcore.wire.addresses import format_address
from dhcpcore.wire.options import OptionSpace
from dhcpcore.wire.v4.tlv import scan

#: Messages of one simulation.
LIMIT_MAX = 1000
LIMIT = 100
#: Where the options begin.  RFC 2131 3.
_OPTIONS = 240
#: Seconds that it may take.
_S_MAX = 120.0
#: Each has a core for itself, so a process of the pages has one at a time.
_free = threading.BoundedSemaphore()


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a message: the reason (code, sentence), the answer (hex, words), and how it came to that."""

    reason: str
    text: str
    answer: str
    says: tuple[str, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """One message under both."""

    received_at: float
    message: str
    client: str
    hw_address: str
    source: str
    before: Fate
    after: Fate
    changed: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """All messages, the oldest first.

    ``quarantined`` is what of the tried definitions is set aside, in words; ``log`` what scripts and handlers have
    logged as errors, their tracebacks among it.
    """

    revision: int
    transactions: tuple[Tried, ...]
    quarantined: tuple[str, ...]
    log: tuple[str, ...]

    @property
    def changed(self) -> int:
        """How many messages end otherwise."""
        return sum(one.changed for one in self.transactions)


def run(appliance: Appliance, *, by: Principal, document: Any = None, script: Path | None = None,
        client: str | None = None, limit: int = LIMIT) -> Trial:
    """Put the latest messages to the definitions and the script in force, and to ``document`` or ``script``.

    ``document`` is raw; its faults are told as when it is applied.  ``script`` is a file that only who has a shell
    here may name.
    """
    by.must_be(Role.OPERATOR)
    if not 1 <= limit <= LIMIT_MAX:
        raise InvalidValue(f"limit is {limit}; right is a whole number from 1 to {LIMIT_MAX}.")
    if document is not None:
        validate(document)
    present = appliance.settings.script
    question = {
        "database_url": appliance.settings.database_url,
        "interfaces": _interfaces(appliance),
        "served": list(appliance.settings.interfaces),
        "limit": limit,
        "client": None if client is None else octets_of(appliance, client).hex(),
        "document": document,
        "present_script": None if present is None else str(present),
        "script": str(script or present) if script or present else None,
    }
    answer = _asked(question)
    space = spaces(appliance)[4]
    return Trial(answer["revision"], tuple(_tried(one, space) for one in answer["transactions"]),
                 tuple(f"{one['place']}: {one['fault']}" for one in answer["quarantined"]), tuple(answer["log"]))


def _interfaces(appliance: Appliance) -> list[dict[str, Any]] | None:
    """The engine's; where it is away, the simulation looks for itself."""
    try:
        found: list[dict[str, Any]] = appliance.engine.call("status")["interfaces"]
    except EngineAway:
        return None
    return found


def _asked(question: Mapping[str, Any]) -> dict[str, Any]:
    if not _free.acquire(blocking=False):
        raise Busy("Another simulation is under way. Try again when it is over.")
    try:
        done = subprocess.run([sys.executable, "-m", "dhcpcore.simulation"], input=json.dumps(question),
                              capture_output=True, text=True, timeout=_S_MAX, check=False)
    except subprocess.TimeoutExpired:
        raise Refused(f"The simulation took longer than {_S_MAX:.0f} s and was ended; try fewer messages.") from None
    finally:
        _free.release()
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        last = done.stderr.strip().rpartition("\n")[2]
        raise Refused(f"The simulation failed: {last or done.returncode}") from None
    if "error" in answer:
        if answer["faults"]:
            raise InvalidDocument(tuple(Fault(one["path"], one["message"]) for one in answer["faults"]))
        raise Refused(answer["error"])
    return answer


def _tried(told: Mapping[str, Any], space: OptionSpace) -> Tried:
    client = bytes.fromhex(told["client"])
    return Tried(
        received_at=told["received_at"], message=told["message"], client=client_text(client) if client else "",
        hw_address=hardware_text(hardware_of(bytes.fromhex(told["datagram"]))), source=told["source"],
        before=_fate(told["before"], space), after=_fate(told["after"], space), changed=told["changed"])


def _fate(told: Mapping[str, Any], space: OptionSpace) -> Fate:
    answer = bytes.fromhex(told["answer"])
    return Fate(told["reason"], told["text"], told["answer"], tuple(_says(answer, space)), tuple(told["steps"]))


def _says(answer: bytes, space: OptionSpace) -> Iterator[str]:
    """A DHCPv4 answer in words: its address, its boot fields and its options.  RFC 2131 2."""
    if len(answer) < _OPTIONS:
        return
    yield f"address: {format_address(answer[16:20])}"
    if any(answer[20:24]):
        yield f"next server: {format_address(answer[20:24])}"
    for name, field in (("server name", answer[44:108]), ("file", answer[108:236])):
        if any(field):
            yield f"{name}: {field.split(bytes(1))[0].decode('utf-8', 'replace')}"
    for code, payload in scan(answer, _OPTIONS, len(answer)).items():
        value, _ = read_back(space, code, payload)
        yield f"{space.row(code).name}: {value if isinstance(value, str) else json.dumps(value)}"
