"""The audit: who changed what, when, with the object before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, null

from dhcpcore.store.schema import audit
from dhcpcore.topology.changes import DefinitionChange

#: A change of more objects than this is told in one row a kind and action, with the number; each object's own rows
#: keep what it was before (``from_revision`` and ``to_revision``), so nothing is lost.
OBJECTS_MAX = 500


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
