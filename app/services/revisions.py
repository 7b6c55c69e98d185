"""Revisions of the definitions: who published what, when and why, and what each changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.services import definitions
from app.services.appliance import Appliance
from app.services.cursors import NEWEST_FIRST, from_cursor, is_newest_first, to_cursor
from app.services.moments import seconds_of
from dhcpcore.errors import InvalidValue, NotFound
from dhcpcore.store import journal
from dhcpcore.store.between import between
from dhcpcore.store.journal import AuditRow, Revision, RevisionFilter
from dhcpcore.topology.changes import DefinitionChange

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ACTION = "definitions."
#: To look for the assignments that were written in between, all of them are passed by.
_PATIENT_S = 30.0


@dataclass(frozen=True, slots=True)
class RevisionView:
    """One published revision."""

    id: int
    author: str
    note: str
    published_at: int


@dataclass(frozen=True, slots=True)
class RevisionChange:
    """One thing that a revision changed: in words, and in the document's form before and after."""

    action: str
    object: str
    text: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class RevisionDiff:
    """A revision and what makes it another than the one before.

    A change of more than some hundred things is told by numbers, and one that is older than the audit is kept by
    nothing: then ``changes`` is empty.
    """

    id: int
    author: str
    note: str
    published_at: int
    changes: tuple[RevisionChange, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What has to be changed of one revision for it to be another.

    ``more_assignments`` is how many assignments were written in between besides those that are told.
    """

    first: RevisionView
    second: RevisionView
    changes: tuple[RevisionChange, ...]
    more_assignments: int


@dataclass(frozen=True, slots=True)
class RevisionPage:
    """Some revisions, and the cursor of those that follow; None at the end."""

    revisions: tuple[RevisionView, ...]
    next_cursor: str | None


def list_revisions(appliance: Appliance, *, author: str | None = None, note: str | None = None,
                   since: datetime | None = None, until: datetime | None = None, cursor: str | None = None,
                   limit: int = 100, sort: str = NEWEST_FIRST) -> RevisionPage:
    """Published revisions in the order of ``sort``, ``-id`` (newest first) or ``id``, a page at a time.

    Those of one author, whose note contains a text, or that were published from one time to another.
    """
    if not 1 <= limit <= journal.PAGE_MAX:
        raise InvalidValue(f"limit is {limit}; right is a whole number from 1 to {journal.PAGE_MAX}.")
    with appliance.database.reader() as connection:
        rows = journal.revisions(connection, RevisionFilter(author, note, seconds_of(since), seconds_of(until)),
                                 from_cursor(cursor), limit, descending=is_newest_first(sort))
    return RevisionPage(tuple(map(_view, rows)), to_cursor(rows[-1].id if len(rows) == limit else None))


def show(appliance: Appliance, number: int) -> RevisionDiff:
    """One revision with what it changed; refused where it was never published."""
    with appliance.database.reader() as connection:
        row = _published(connection, number)
        changes = journal.changes_of(connection, row, journal.PAGE_MAX)
    view = _view(row)
    return RevisionDiff(view.id, view.author, view.note, view.published_at, tuple(map(_audited, changes)))


def compare(appliance: Appliance, first: int, second: int) -> Comparison:
    """What is otherwise in ``second`` than in ``first``, in that direction, however far apart they are."""
    with appliance.database.reader(seconds=_PATIENT_S) as connection:
        views = _view(_published(connection, first)), _view(_published(connection, second))
        found = between(connection, first, second)
    return Comparison(*views, tuple(map(_change, found.changes)), found.more_assignments)


def document(appliance: Appliance, number: int) -> dict[str, Any]:
    """The definitions as they were in a revision, as a document; refused where it was never published."""
    with appliance.database.reader() as connection:
        _published(connection, number)
    return definitions.export(appliance, number)[0]


def _published(connection: Connection, number: int) -> Revision:
    row = journal.revision_of(connection, number)
    if row is None:
        raise NotFound(f"There is no revision {number}. See: lessor revision list")
    return row


def _view(row: Revision) -> RevisionView:
    return RevisionView(row.id, row.author, row.note, row.published_at)


def _audited(row: AuditRow) -> RevisionChange:
    action = row.action.removeprefix(_ACTION)
    known: dict[str, Any] = {"added": "added", "removed": "removed"}
    told = DefinitionChange(known.get(action, "changed"), row.object, "", row.before, row.after)
    return RevisionChange(action, row.object, str(told), row.before, row.after)


def _change(one: DefinitionChange) -> RevisionChange:
    return RevisionChange(one.action, f"{one.kind} {one.name}".rstrip(), str(one), one.before, one.after)
