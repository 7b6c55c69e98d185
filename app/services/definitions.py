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


#: Losses that a sentence names; the list has them all.
_LOSSES_TOLD = 5


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


class TakesAddresses(Refused):
    """A change that takes addresses from clients that hold them now, and nobody agreed to it."""

    def __init__(self, losses: tuple[Loss, ...]) -> None:
        clients = sum(one.clients for one in losses)
        super().__init__(f"{clients} client{'s' if clients > 1 else ''} would lose an address held now ("
                         f"{'; '.join(f'{one.what}: {one.clients}' for one in losses[:_LOSSES_TOLD])}). Nothing was "
                         "changed: confirm it where that is meant.")
        self.losses = losses


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
          note: str = "", progress: Progress = lambda *_: None, based_on: int | None = None) -> Applied:
    """Make the document the definitions, whole or not at all, and tell the engine.

    ``agreed`` is asked before anything is written when clients would lose their address.  With ``based_on``, the
    revision that the document was made from, it is refused where somebody published another since.
    """
    by.must_be(Role.ADMIN)
    planned = plan(appliance, document)
    if planned.losses and not agreed(planned):
        raise Refused("Nothing was changed.")
    revision = Definitions(appliance.database).apply(
        document, by.name, note, progress=lambda done, total: progress("rows", done, total), based_on=based_on)
    told = appliance.tell_engine() if planned.changes else True
    return Applied(revision, planned.changes, planned.losses, told)


def revision(appliance: Appliance) -> int:
    """The published revision; 0 where nothing was ever applied."""
    return Definitions(appliance.database).revision()


def confirmed(plan: Plan, *, confirm: bool) -> bool:
    """For ``agreed`` where nobody can be asked: refuses what was not confirmed, with whom it concerns."""
    if plan.losses and not confirm:
        raise TakesAddresses(plan.losses)
    return True


def export(appliance: Appliance, number: int | None = None) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The definitions of a revision (None: the published one) as a document, and the rows that do not fit into it."""
    document, quarantined = Definitions(appliance.database).document_and_quarantined(number)
    return document, tuple(f"{one.place}: {one.fault}" for one in quarantined)
