"""What is asked of an engine while it may be away: rows that one engine picks up, does and marks as done.

The command line and REST write them; the engine's loop calls ``waiting`` and ``finish``.  Several engines may share
the rows: ``finish`` says whether this one was the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from dhcpcore.errors import Refused
from dhcpcore.store.schema import request

#: The verbs that make sense later: an engine that is away cannot tell its status.
LASTING_VERBS = frozenset({"lease-release", "clock-confirm"})
#: More than this without an engine means that none is coming.
WAITING_MAX = 10_000


class Request(NamedTuple):
    """One thing asked; ``body`` holds the verb's arguments as text and numbers."""

    id: int
    at: int
    actor: str
    verb: str
    body: Mapping[str, Any]


def ask(connection: Connection, *, verb: str, body: Mapping[str, Any], actor: str, now: float) -> int:
    """Leave a request for whichever engine comes first; the same one waiting already is not doubled."""
    assert verb in LASTING_VERBS, verb
    rows = waiting(connection, WAITING_MAX)
    for row in rows:
        if (row.verb, dict(row.body)) == (verb, dict(body)):
            return row.id
    if len(rows) >= WAITING_MAX:
        raise Refused(f"{WAITING_MAX} requests wait for an engine already; start one: lessor engine")
    values = {"at": int(now), "actor": actor, "verb": verb, "body": dict(body)}
    return int(connection.execute(insert(request).values(values).returning(request.c.id)).scalar_one())


def waiting(connection: Connection, limit: int = 100) -> list[Request]:
    """The requests that no engine has done yet, oldest first."""
    columns = tuple(request.c[name] for name in Request._fields)
    query = select(*columns).where(request.c.done_at.is_(None)).order_by(request.c.id).limit(limit)
    return [Request(*row) for row in connection.execute(query)]


def finish(connection: Connection, request_id: int, result: Mapping[str, Any], now: float) -> bool:
    """Mark a request as done with its result; False when another engine had done it."""
    change = update(request).where(request.c.id == request_id, request.c.done_at.is_(None))
    return connection.execute(change.values(done_at=int(now), result=dict(result))).rowcount == 1
