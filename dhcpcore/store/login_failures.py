"""Failed log-ins, counted in SQL: every web process of an installation sees the same numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dhcpcore.store.schema import login_failure

#: What is counted: the kind (``account``, ``address``) and whose it is.
Subject = tuple[str, str]


class Rule(NamedTuple):
    """What failures cost: seconds to wait after so many, and how long after the last one all are forgotten."""

    pause: Callable[[int], int]
    forget_s: int


def begin(connection: Connection, attempt: Sequence[tuple[Subject, Rule]], now: int) -> int:
    """Count an attempt as failed before its password is looked at, so that many at once are counted, too.

    Tells for how many seconds to wait where any of the subjects must; nothing is counted then.
    """
    found = []
    for (kind, whose), rule in attempt:
        key = {"kind": kind, "subject": _digest(whose)}
        make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        row = make(login_failure).values(**key, count=0, last_at=now, until=0)
        # Touching the row locks it on PostgreSQL; on SQLite the whole transaction has the write lock.
        connection.execute(row.on_conflict_do_update(
            index_elements=["kind", "subject"], set_={"kind": login_failure.c.kind}))
        where = (login_failure.c.kind == kind) & (login_failure.c.subject == key["subject"])
        count, last_at, until = connection.execute(select(
            login_failure.c.count, login_failure.c.last_at, login_failure.c.until).where(where)).one()
        found.append((where, 0 if last_at < now - rule.forget_s else count, until))
    wait = max(until for *_, until in found) - now
    if wait > 0:
        return int(wait)
    for (where, count, _), (_, rule) in zip(found, attempt, strict=True):
        connection.execute(update(login_failure).where(where).values(
            count=count + 1, last_at=now, until=now + rule.pause(count + 1)))
    return 0


def forgive(connection: Connection, subject: Subject) -> None:
    """Forget the failures of a subject: the right password came."""
    kind, whose = subject
    connection.execute(delete(login_failure).where(login_failure.c.kind == kind,
                                                   login_failure.c.subject == _digest(whose)))


def take_back(connection: Connection, subject: Subject) -> None:
    """Take back one counted attempt of a subject, and the wait that it brought."""
    kind, whose = subject
    connection.execute(update(login_failure).where(
        login_failure.c.kind == kind, login_failure.c.subject == _digest(whose), login_failure.c.count > 0,
    ).values(count=login_failure.c.count - 1, until=0))


def sweep(connection: Connection, before: int) -> None:
    """Delete what is long ago."""
    connection.execute(delete(login_failure).where(login_failure.c.last_at < before))


def _digest(whose: str) -> bytes:
    return hashlib.sha256(whose.encode(errors="surrogatepass")).digest()
