"""The audit: who changed what, when, with the object before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, null, select

from dhcpcore.store.schema import audit
from dhcpcore.topology.changes import DefinitionChange

#: A change of more objects than this is told in one row a kind and action, with the number; each object's own rows
#: keep what it was before (``from_revision`` and ``to_revision``), so nothing is lost.
OBJECTS_MAX = 500
#: Of the newest rows so many are looked at for what was done between two revisions: some milliseconds.
RECENT_MAX = 2000


def record_changes(
    connection: Connection, changes: Sequence[DefinitionChange], *, actor: str, revision: int, now: int
) -> None:
    """Audit rows of a published change, in its transaction."""
    common = {"at": now, "actor": actor, "revision": revision}
    if len(changes) <= OBJECTS_MAX:
        rows: list[dict[str, Any]] = [
            {
                **common,
                "action": f"definitions.{change.action}",
                "object": f"{change.kind} {change.name}".rstrip(),
                "before": null() if change.before is None else dict(change.before),
                "after": null() if change.after is None else dict(change.after),
            }
            for change in changes
        ]
    else:
        counts = Counter((change.action, change.kind) for change in changes)
        rows = [
            {
                **common,
                "action": f"definitions.{action}",
                "object": f"{count} of {kind}",
                "before": null(),
                "after": {"count": count},
            }
            for (action, kind), count in counts.items()
        ]
    for row in rows:
        connection.execute(insert(audit), row)


def record(connection: Connection, *, actor: str, action: str, what: str, now: int,
           before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None) -> None:
    """One audit row of a change that raises no revision, in its transaction.  What is secret is not for the audit."""
    connection.execute(insert(audit), {
        "at": now, "actor": actor, "action": action, "object": what, "revision": None,
        "before": null() if before is None else dict(before), "after": null() if after is None else dict(after)})


def entries_between(connection: Connection, after: int, until: int) -> list[dict[str, Any]]:
    """The rows of the revisions above ``after`` up to ``until``, oldest first, of the newest ``RECENT_MAX`` rows."""
    newest = select(func.max(audit.c.id)).scalar_subquery()
    chosen = audit.c.revision.between(after + 1, until) & (audit.c.id > newest - RECENT_MAX)
    return [dict(row) for row in connection.execute(select(audit).where(chosen).order_by(audit.c.id)).mappings()]
