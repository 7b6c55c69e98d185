"""Two engines write the same row of one PostgreSQL: the one that waited for the other's lock has lost."""

import threading
import time
from collections.abc import Iterator

import pytest

from dhcpcore.lease.facts import Outcome
from dhcpcore.lease.model import Change, Close, Lease
from dhcpcore.lease.transitions import end, grant
from dhcpcore.store import leases_postgresql
from dhcpcore.store.database import Database
from dhcpcore.store.leases_postgresql import PostgresqlRows

pytestmark = pytest.mark.pg
NOW = 1_700_000_000
KEY = (0, 4, b"\xc0\x00\x02\x0a", 32)


def granted(before: Lease | None, client: bytes, now: int, lifetime_s: int = 60) -> Change:
    change = grant(
        before, KEY, client=client, hw=b"", subnet=1, expires=now + lifetime_s, now=now, hostname="", relay=None,
        agent=None, renewing=before is not None,
    )  # fmt: skip
    assert change is not None
    return change


@pytest.fixture
def database(pg_migrated_url: str) -> Iterator[Database]:
    opened = Database(pg_migrated_url)
    yield opened
    opened.dispose()


@pytest.fixture
def rows(database: Database) -> Iterator[PostgresqlRows]:
    opened = PostgresqlRows(database)
    yield opened
    opened.close()


def overtaken(database: Database, rows: PostgresqlRows, row: Lease, change: Change) -> Outcome:
    """The outcome of ``change``, whose row another engine holds locked meanwhile and then writes first."""
    outcomes: list[Outcome] = []
    rows.by_key([KEY])  # The connection is there: what is waited for below is the row's lock alone.
    with database.writer() as other:
        other.exec_driver_sql("UPDATE lease SET version = version + 1, client = 'other'")
        thread = threading.Thread(target=lambda: outcomes.append(rows.commit([change], NOW)))
        thread.start()
        for _ in range(200):
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            if other.exec_driver_sql(waiting).scalar_one():
                break
            time.sleep(0.01)
        else:
            pytest.fail("the second writer never waited for the first one's lock")
    thread.join(10)
    (kept,) = rows.by_key([KEY])
    assert (kept.client, kept.version) == (b"other", row.version + 1), "the second writer wrote over the first"
    return outcomes[0]


@pytest.mark.parametrize("kind", ["renewal", "release", "takeover"])
def test_the_second_writer_of_a_row_has_lost_it(database: Database, rows: PostgresqlRows, kind: str):
    first = granted(None, b"mine", NOW)
    rows.commit([first], NOW)
    row = first.after
    change = {
        "renewal": granted(row, b"mine", NOW + 10),
        "release": end(row, NOW + 10, Close.RELEASED),
        "takeover": granted(row, b"third", NOW + 1000),
    }[kind]
    assert overtaken(database, rows, row, change).lost == {KEY}


@pytest.mark.parametrize("statement", [leases_postgresql._COMMIT, leases_postgresql._RENEW])
def test_the_guard_is_part_of_the_update_itself(statement: str):
    # Before 15.15, 16.11, 17.7 the server does not look at "ctid = …" again once it has waited for another's lock.
    update = statement[statement.index("UPDATE lease") :].partition("RETURNING")[0]
    assert "l.version = " in update.partition("WHERE")[2]
