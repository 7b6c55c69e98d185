"""Reads leases and their history straight from SQL, with the database's own driver and none of the server's code."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

ADDRESS4 = 4  # The kind of a row about an IPv4 address.
LEASED, RELEASED, EXPIRED, DECLINED = 1, 2, 3, 4
SQLITE = "sqlite:///"
LEASE_COLUMNS = "address, client, state, expires, version, relay, agent"
HISTORY_COLUMNS = "address, client, opened_at, closed_at, reason"


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """What the lease table says of an address."""

    address: bytes
    client: bytes
    state: int
    expires: int
    version: int
    relay: bytes
    agent: bytes


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One holding of an address."""

    address: bytes
    client: bytes
    opened_at: int
    closed_at: int | None
    reason: int | None


def leases(url: str, *, crashed: bool = False) -> dict[bytes, LeaseRow]:
    """Give the lease rows by address; ``crashed`` says that no process has the database open."""
    rows = query(url, f"SELECT {LEASE_COLUMNS} FROM lease WHERE kind = {ADDRESS4}", crashed=crashed)
    return {row.address: row for row in (LeaseRow(*values) for values in rows)}


def history(url: str, *, crashed: bool = False) -> list[HistoryRow]:
    """Give the holdings, the oldest first."""
    statement = f"SELECT {HISTORY_COLUMNS} FROM history WHERE kind = {ADDRESS4} ORDER BY opened_at, version"
    return [HistoryRow(*values) for values in query(url, statement, crashed=crashed)]


def query(url: str, statement: str, *, crashed: bool = False) -> list[tuple[Any, ...]]:
    """Ask the database by its own driver."""
    if not url.startswith(SQLITE):
        with psycopg.connect(url) as connection:
            return connection.execute(statement).fetchall()
    path = Path("/" + url.removeprefix(SQLITE).lstrip("/"))
    if not crashed:
        with contextlib.closing(sqlite3.connect(path, timeout=10)) as connection:
            return connection.execute(statement).fetchall()
    # To open the crashed file would recover it, and that is what the engine's next start is to show that it can.
    with tempfile.TemporaryDirectory(prefix="lessor-interop-copy-") as folder:
        for suffix in ("", "-wal"):
            source = path.with_name(path.name + suffix)
            if source.exists():
                shutil.copy(source, folder)
        with contextlib.closing(sqlite3.connect(Path(folder, path.name))) as connection:
            return connection.execute(statement).fetchall()
