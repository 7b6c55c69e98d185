"""Nonces that have served, in SQL: each serves once, whichever web process it comes back to."""

from __future__ import annotations

from sqlalchemy import Connection, delete
from sqlalchemy.dialects import postgresql, sqlite

from dhcpcore.store.schema import spent_nonce


def spend(connection: Connection, nonce: str, now: int, *, before: int) -> bool:
    """Note that it has served; False where it had.  Those of ``before`` are too old to be taken, and are forgotten."""
    connection.execute(delete(spent_nonce).where(spent_nonce.c.spent_at < before))
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = make(spent_nonce).values(nonce=nonce, spent_at=now)
    kept = row.on_conflict_do_nothing(index_elements=["nonce"]).returning(spent_nonce.c.nonce)
    return connection.execute(kept).first() is not None
