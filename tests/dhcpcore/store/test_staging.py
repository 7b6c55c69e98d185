"""Staging: small transactions, the lock free between them, and no revision ever seen half."""

import threading
import time

import pytest

from dhcpcore.store import staging
from dhcpcore.store.database import Database
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.plan import plan
from dhcpcore.store.rows import load
from dhcpcore.store.staging import Stager
from dhcpcore.topology.validate import validate
from tests.dhcpcore.store.test_definitions import many


@pytest.fixture
def sqlite(sqlite_url):
    database = Database(sqlite_url)
    yield database
    database.dispose()


def staged(database, document, sleep):
    stager = Stager(database, sleep)
    stage = stager.begin("alice", "")
    with database.reader() as connection:
        planned = plan(connection, load(connection, 0), validate(document))
    told = []
    stager.write(stage, planned, lambda done, total: told.append((done, total)))
    return stager, stage, told


def test_the_lock_is_free_after_every_chunk(sqlite):
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        with sqlite.writer() as connection:  # Another writer gets in.
            connection.exec_driver_sql("UPDATE head SET revision = revision")

    _stager, _stage, told = staged(sqlite, many(1000), sleep)
    assert len(pauses) == len(told)
    assert min(pauses) >= staging._PAUSE_S


def test_a_change_of_a_few_rows_is_one_transaction_and_waits_for_nothing(sqlite):
    pauses = []
    _stager, _stage, told = staged(sqlite, many(20), pauses.append)
    assert len(told) == 1
    assert told[0][0] == told[0][1]
    assert pauses == []


def test_a_chunk_that_took_long_makes_the_next_one_small(sqlite, monkeypatch):
    clock = iter(range(100_000))  # Each transaction takes a second.
    monkeypatch.setattr(staging.time, "perf_counter", lambda: float(next(clock)))
    _stager, _stage, told = staged(sqlite, many(50), lambda _seconds: None)
    sizes = [after - before for (before, _), (after, _) in zip([(0, 0), *told], told, strict=False)]
    assert sizes[0] == staging._ROWS_FIRST
    assert set(sizes[1:]) == {1}


def test_chunks_grow_to_a_limit_only(sqlite, monkeypatch):
    monkeypatch.setattr(staging.time, "perf_counter", lambda: 0.0)  # No time at all.
    monkeypatch.setattr(staging, "_ROWS_MAX", 400)
    _stager, _stage, told = staged(sqlite, many(1500), lambda _seconds: None)
    sizes = {after - before for (before, _), (after, _) in zip([(0, 0), *told], told, strict=False)}
    assert max(sizes) == 400


def test_what_is_staged_is_seen_only_when_it_is_published(sqlite):
    stager, stage, _told = staged(sqlite, many(30), lambda _seconds: None)
    definitions = Definitions(sqlite)
    assert definitions.document() == {"version": 1, "subnets": []}
    recorded = []
    stager.publish(stage, 0, lambda _connection, now: recorded.append(now))
    assert definitions.document() == many(30)
    assert abs(recorded[0] - time.time()) < 60


def test_what_is_undone_leaves_no_row(database):
    stager, stage, _told = staged(database, many(30), lambda _seconds: None)
    stager.undo(stage)
    with database.reader() as connection:
        for table in ("subnet", "assignment", "assignment_address"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0
        assert connection.exec_driver_sql("SELECT state FROM revision").scalar_one() == "abandoned"


@pytest.mark.slow
def test_another_writer_has_its_turns_while_100_000_assignments_are_applied(sqlite):
    """The engine is such a writer: it commits, with a sync, all the time."""
    ended = threading.Event()
    waits = []

    def write() -> None:
        while not ended.is_set():
            began = time.perf_counter()
            with sqlite.writer() as connection:
                connection.exec_driver_sql("UPDATE head SET revision = revision")
            waits.append(time.perf_counter() - began)
            time.sleep(0.002)

    document = validate(many(100_000))
    writer = threading.Thread(target=write)
    writer.start()
    began = time.perf_counter()
    try:
        Definitions(sqlite).apply(document, "alice")
    finally:
        whole = time.perf_counter() - began
        ended.set()
        writer.join()
    assert max(waits) < whole / 4, "one transaction would keep it waiting for most of the time"
    assert len(waits) > 100
