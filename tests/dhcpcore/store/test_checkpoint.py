"""The write-ahead log is copied into the file beside the packets, and begins anew."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dhcpcore.lease.model import Change, Lease, State
from dhcpcore.store import leases_sqlite
from dhcpcore.store.checkpoint import Checkpointer
from dhcpcore.store.database import Database
from dhcpcore.store.leases_sqlite import SqliteRows


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    database = Database(sqlite_url)
    yield database
    database.dispose()


@pytest.fixture
def rows(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteRows]:
    monkeypatch.setattr(leases_sqlite, "_CHECKPOINT_CHANGES", 10)
    rows = SqliteRows(sqlite_database)
    rows.by_client([b"nobody"])  # Connected: the last connection that closes copies the whole log.
    yield rows
    rows.close()


def grant(rows: SqliteRows, number: int) -> None:
    address = bytes((10, 0, 0, number))
    row = Lease(0, 4, address, 32, b"\0" + address, b"\1" + address, State.LEASED, 2_000, 1_000, 1, 1, 1, "", b"", b"")
    rows.commit([Change(None, row, True, None)], 1_000)


def in_file_alone(path: Path, copy: Path) -> int:
    """How many leases the database file holds without its log."""
    shutil.copyfile(path, copy)
    with closing(sqlite3.connect(copy)) as connection:
        return int(connection.execute("SELECT count(*) FROM lease").fetchone()[0])


def settled(rows: SqliteRows) -> None:
    """A look that begins a checkpoint, and one that ends it."""
    rows.checkpoint()
    rows._checkpointer.wait()
    rows.checkpoint()


def test_the_log_is_copied_after_so_many_changes_and_not_before(
    rows: SqliteRows, sqlite_database: Database, tmp_path: Path
) -> None:
    assert sqlite_database.path is not None
    first = Checkpointer(sqlite_database.path)
    first.begin()  # In a thread of its own, whose priority is the lowest: nobody gets his own back without being root.
    first.wait()
    before = in_file_alone(sqlite_database.path, tmp_path / "copy")
    for number in range(9):
        grant(rows, number)
    settled(rows)
    assert in_file_alone(sqlite_database.path, tmp_path / "copy") == before
    grant(rows, 9)
    settled(rows)
    assert in_file_alone(sqlite_database.path, tmp_path / "copy") == before + 10


def test_what_is_committed_meanwhile_is_copied_at_the_end_and_the_log_begins_anew(
    rows: SqliteRows, sqlite_database: Database, tmp_path: Path
) -> None:
    assert sqlite_database.path is not None
    log = sqlite_database.path.with_name(sqlite_database.path.name + "-wal")
    for number in range(10):
        grant(rows, number)
    rows.checkpoint()
    rows._checkpointer.wait()
    grant(rows, 10)
    rows.checkpoint()
    assert in_file_alone(sqlite_database.path, tmp_path / "copy") == 11
    length = log.stat().st_size
    for number in range(11, 16):
        grant(rows, number)
    assert log.stat().st_size == length, "the log goes on where it could begin anew"


def test_a_reader_that_stays_holds_up_the_log_and_nobody_else(
    rows: SqliteRows, sqlite_database: Database, tmp_path: Path
) -> None:
    assert sqlite_database.path is not None
    with closing(sqlite3.connect(sqlite_database.path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM lease").fetchone()
        for number in range(10):
            grant(rows, number)
        settled(rows)
        assert in_file_alone(sqlite_database.path, tmp_path / "copy") == 0
        grant(rows, 10)
    for number in range(11, 21):
        grant(rows, number)
    settled(rows)
    assert in_file_alone(sqlite_database.path, tmp_path / "copy") == 21


def test_one_that_fails_is_told_and_costs_nothing(
    rows: SqliteRows, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows._checkpointer = Checkpointer(tmp_path / "nowhere" / "lessor.db")
    with caplog.at_level(logging.WARNING):
        for number in range(10):
            grant(rows, number)
        settled(rows)
    assert "CHECKPOINT-FAILED" in caplog.text
    assert len(rows.by_client([b"\0\x0a\0\0\1"])) == 1
