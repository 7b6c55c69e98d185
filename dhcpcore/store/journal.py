"""What was done to the definitions and to all else that is audited, newest first: revisions, and the audit's rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from dhcpcore.store.schema import audit, head, revision

PAGE_MAX = 1000
#: Ids that one request looks at, whatever is asked for.
SCAN_MAX = 100_000


class Revision(NamedTuple):
    """One published revision."""

    id: int
    author: str
    note: str
    created_at: int
    published_at: int


class AuditRow(NamedTuple):
    """Who did what to what, and how it was before and after."""

    id: int
    at: int
    actor: str
    action: str
    object: str
    revision: int | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which rows; what is None does not filter.  ``object`` is part of what it was done to."""

    actor: str | None = None
    action: str | None = None
    object: str | None = None
    since: float | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True)
class RevisionFilter:
    """Which revisions; what is None does not filter.  ``note`` is part of why it was made."""

    author: str | None = None
    note: str | None = None
    since: float | None = None
    until: float | None = None


_REVISION_COLUMNS = tuple(revision.c[name] for name in Revision._fields)
_AUDIT_COLUMNS = tuple(audit.c[name] for name in AuditRow._fields)


def revisions(
    connection: Connection, wanted: RevisionFilter, after: int | None, limit: int, *, descending: bool = True
) -> list[Revision]:
    """Up to ``limit`` published revisions behind ``after``, newest first where nothing else is said."""
    assert 1 <= limit <= PAGE_MAX
    query = _published()
    if after is not None:
        query = query.where(revision.c.id < after if descending else revision.c.id > after)
    if wanted.author is not None:
        query = query.where(revision.c.author == wanted.author)
    if wanted.note is not None:
        query = query.where(func.lower(revision.c.note).contains(wanted.note.lower(), autoescape=True))
    if wanted.since is not None:
        query = query.where(revision.c.published_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(revision.c.published_at <= wanted.until)
    order = revision.c.id.desc() if descending else revision.c.id
    return [Revision(*row) for row in connection.execute(query.order_by(order).limit(limit))]


def revision_of(connection: Connection, number: int) -> Revision | None:
    """One published revision; None where there is none of that number."""
    row = connection.execute(_published().where(revision.c.id == number)).first()
    return None if row is None else Revision(*row)


def changes_of(connection: Connection, one: Revision, limit: int) -> list[AuditRow]:
    """What a revision changed, in the audit's words and order; found by its time, which is the audit's too."""
    query = select(*_AUDIT_COLUMNS).where(audit.c.at == one.published_at, audit.c.revision == one.id)
    return [AuditRow(*row) for row in connection.execute(query.order_by(audit.c.id).limit(limit))]


def audited(
    connection: Connection, wanted: AuditFilter, after: int | None, limit: int, *, descending: bool = True
) -> tuple[list[AuditRow], int | None]:
    """Up to ``limit`` rows behind ``after``, newest first where nothing else is said, and where to go on.

    None: nothing follows.  Fewer may come, or none, and more follow all the same: no request looks at more than
    ``SCAN_MAX`` rows.
    """
    assert 1 <= limit <= PAGE_MAX
    ends = connection.execute(select(func.min(audit.c.id), func.max(audit.c.id))).one()
    lowest, highest = (int(one or 0) for one in ends)
    query = select(*_AUDIT_COLUMNS)
    if descending:
        start = highest + 1 if after is None else min(after, highest + 1)
        end = start - SCAN_MAX
        query = query.where(audit.c.id < start, audit.c.id >= end).order_by(audit.c.id.desc())
        following = end if end > lowest else None
    else:
        start = lowest - 1 if after is None else max(after, lowest - 1)
        end = start + SCAN_MAX
        query = query.where(audit.c.id > start, audit.c.id <= end).order_by(audit.c.id)
        following = end if end < highest else None
    if wanted.actor is not None:
        query = query.where(audit.c.actor == wanted.actor)
    if wanted.action is not None:
        query = query.where(audit.c.action.startswith(wanted.action, autoescape=True))
    if wanted.object is not None:
        query = query.where(func.lower(audit.c.object).contains(wanted.object.lower(), autoescape=True))
    if wanted.since is not None:
        query = query.where(audit.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(audit.c.at <= wanted.until)
    rows = [AuditRow(*row) for row in connection.execute(query.limit(limit))]
    return rows, rows[-1].id if len(rows) == limit else following


def _published() -> Select[Any]:
    # A revision that waits to become the definitions is nobody's yet.
    newest = select(head.c.revision).where(head.c.id == 1).scalar_subquery()
    return select(*_REVISION_COLUMNS).where(revision.c.state == "published", revision.c.id <= newest)
