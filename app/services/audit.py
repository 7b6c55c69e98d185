"""The audit: who changed what, when, from what to what; newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.services.appliance import Appliance
from app.services.cursors import NEWEST_FIRST, from_cursor, is_newest_first, to_cursor
from app.services.moments import seconds_of
from dhcpcore.errors import InvalidValue
from dhcpcore.store import journal
from dhcpcore.store.journal import AuditFilter

#: What is audited, by how its actions begin, and what people call it.
KINDS: Mapping[str, str] = {
    "definitions.": "Definitions", "lease.": "Leases", "suspension.": "Suspended clients", "session.": "Log-ins",
    "user.": "Users", "token.": "Tokens", "script.": "The script"}


@dataclass(frozen=True, slots=True)
class AuditView:
    """One row: ``before`` and ``after`` in the form that the thing has in documents, None where it was not there."""

    id: int
    changed_at: int
    actor: str
    action: str
    object: str
    revision: int | None
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some rows, and the cursor of those that follow; None at the end."""

    rows: tuple[AuditView, ...]
    next_cursor: str | None


def list_audit(appliance: Appliance, *, actor: str | None = None, action: str | None = None, about: str | None = None,
               since: datetime | None = None, until: datetime | None = None, cursor: str | None = None,
               limit: int = 100, sort: str = NEWEST_FIRST) -> AuditPage:
    """The audit's rows in the order of ``sort``, ``-id`` (newest first) or ``id``.

    Of one actor, of actions that begin so, about what contains a text, in a time.
    A page may be short, or empty, and have a cursor all the same: the search looked at enough rows for once.
    """
    if not 1 <= limit <= journal.PAGE_MAX:
        raise InvalidValue(f"limit is {limit}; right is a whole number from 1 to {journal.PAGE_MAX}.")
    wanted = AuditFilter(actor, action, about, seconds_of(since), seconds_of(until))
    with appliance.database.reader() as connection:
        rows, following = journal.audited(connection, wanted, from_cursor(cursor), limit,
                                          descending=is_newest_first(sort))
    views = (AuditView(row.id, row.at, row.actor, row.action, row.object, row.revision, row.before, row.after)
             for row in rows)
    return AuditPage(tuple(views), to_cursor(following))
