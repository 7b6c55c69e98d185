"""The definitions document: read, compared, applied as a whole, and written out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.services.access import Principal, Role
from app.services.appliance import Appliance
from dhcpcore import interchange
from dhcpcore.errors import Refused
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.declared import Document
from dhcpcore.topology.validate import validate

#: Told how many rows of how many are staged.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Change:
    """One object that a document changes, in words."""

    action: str
    kind: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Loss:
    """What takes addresses from clients that hold them now."""

    what: str
    clients: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What applying a document does."""

    changes: tuple[Change, ...]
    losses: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """What was applied; ``engine_told`` False: no engine runs, and the next one that starts reads it."""

    revision: int
    changes: tuple[Change, ...]
    losses: tuple[Loss, ...]
    engine_told: bool


def read(path: Path) -> Document:
    """The document of a file; refused with every fault by its path."""
    return validate(interchange.read_file(path))


def read_text(text: str | bytes, name: str) -> Document:
    """The document of a text, such as standard input's."""
    return validate(interchange.read(text, name))


def plan(appliance: Appliance, document: Document) -> Plan:
    """What applying the document would change, and whom it would take an address from.  Nothing is written."""
    definitions = Definitions(appliance.database)
    changes = tuple(Change(one.action, one.kind, one.name, str(one)) for one in definitions.diff(document))
    losses = tuple(Loss(one.place, one.clients) for one in definitions.effects(document)) if changes else ()
    return Plan(changes, losses)


def apply(appliance: Appliance, document: Document, *, by: Principal, agreed: Callable[[Plan], bool],
          note: str = "", progress: Progress = lambda *_: None) -> Applied:
    """Make the document the definitions, whole or not at all, and tell the engine.

    ``agreed`` is asked before anything is written when clients would lose their address.
    """
    by.must_be(Role.ADMIN)
    planned = plan(appliance, document)
    if planned.losses and not agreed(planned):
        raise Refused("Nothing was changed.")
    revision = Definitions(appliance.database).apply(
        document, by.name, note, progress=lambda done, total: progress("rows", done, total))
    told = appliance.tell_engine() if planned.changes else True
    return Applied(revision, planned.changes, planned.losses, told)


def export(appliance: Appliance) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The definitions as a document, and the rows that could not be told in it."""
    document, quarantined = Definitions(appliance.database).document_and_quarantined()
    return document, tuple(f"{one.place}: {one.fault}" for one in quarantined)
