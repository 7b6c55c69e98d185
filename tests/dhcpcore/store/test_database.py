"""Units of work on both databases: nothing is lost between threads, readers see one state, trouble comes in words."""

import sqlite3
import threading
import time

import pytest

from dhcpcore.errors import OutcomeUnknown, SettingsError, StoreError, StoreUnavailable
from dhcpcore.store import migrate
from dhcpcore.store.database import SQLITE, Database, Limits, shown

ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(30)",
}


def raised_by(database):
    with database.writer() as connection:
        connection.exec_driver_sql("UPDATE head SET revision = revision + 1")
        raise KeyError


def value(database):
    with database.reader() as connection:
        return connection.exec_driver_sql("SELECT revision FROM head").scalar_one()


def test_the_driver_finds_at_once_how_octets_are_adapted_which_is_not_at_all():
    octets = bytes(range(256))
    assert sqlite3.adapt(octets) is octets


def test_read_then_write_in_many_threads_loses_nothing(database):
    """With the driver's own transactions this ended at 232 of 600, without an error."""
    for_update = "" if database.dialect == SQLITE else " FOR UPDATE"

    def add() -> None:
        for _ in range(25):
            with database.writer(durable=False) as connection:
                seen = connection.exec_driver_sql(f"SELECT revision FROM head{for_update}").scalar_one()
                connection.exec_driver_sql(f"UPDATE head SET revision = {seen + 1}")

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(database) == 100


def test_a_block_that_raises_stores_nothing(database):
    with pytest.raises(KeyError):
        raised_by(database)
    assert value(database) == 0


def test_a_reader_sees_one_state_from_first_to_last(database):
    with database.reader() as connection:
        before = connection.exec_driver_sql("SELECT revision FROM head").scalar_one()
        with database.writer() as other:
            other.exec_driver_sql("UPDATE head SET revision = 7")
        assert connection.exec_driver_sql("SELECT revision FROM head").scalar_one() == before
    assert value(database) == 7


@pytest.mark.pg
def test_a_reader_may_not_write_on_postgresql(pg_url):
    database = Database(pg_url)
    with pytest.raises(Exception, match="read-only"), database.reader() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n int)")
    database.dispose()


def test_every_statement_has_a_time_limit(url):
    database = Database(url, Limits(statement_s=0.3, lock_s=0.1))
    started = time.monotonic()
    with pytest.raises(StoreUnavailable), database.reader() as connection:
        connection.exec_driver_sql(ENDLESS[database.dialect]).scalar()
    assert time.monotonic() - started < 10
    database.dispose()


def test_the_limit_can_be_another_for_one_transaction(url):
    database = Database(url)
    with pytest.raises(StoreUnavailable), database.writer(seconds=0.2) as connection:
        connection.exec_driver_sql(ENDLESS[database.dialect]).scalar()
    database.dispose()


def test_waiting_for_the_lock_has_a_limit(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db", Limits(lock_s=0.2))
    with database.writer(), pytest.raises(StoreUnavailable, match="write lock"), database.writer():
        pass
    database.dispose()


def test_sqlite_syncs_each_commit_unless_told_otherwise(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db")

    def level(**how):
        with database.writer(**how) as connection:
            return connection.exec_driver_sql("PRAGMA synchronous").scalar_one()

    assert [level(), level(durable=False), level()] == [2, 1, 2]
    with database.reader() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    database.dispose()


def test_missing_tables_name_the_verb(url):
    database = Database(url)
    with pytest.raises(StoreError, match="lessor migrate"), database.reader() as connection:
        connection.exec_driver_sql("SELECT revision FROM head")
    database.dispose()


def test_the_time_is_the_databases(database):
    assert abs(database.now() - time.time()) < 5


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("nonsense", "no address"),
        ("sqlite://", "memory"),
        ("sqlite:///:memory:", "memory"),
        ("mysql+pymysql://u@h/d", "not supported"),
    ],
)
def test_an_address_that_cannot_work_is_refused_in_words(address, says):
    with pytest.raises(SettingsError, match=says):
        Database(address)


def test_a_server_that_is_not_there_is_named_without_its_password():
    database = Database("postgresql://lessor:hidden@127.0.0.1:1/lessor")
    with pytest.raises(StoreUnavailable) as caught, database.reader():
        pass
    assert "127.0.0.1" in str(caught.value)
    assert "hidden" not in str(caught.value)
    assert "hidden" not in shown(database)
    database.dispose()


def cut(database, *, then=None):
    """A unit of work whose connection the server cuts in the middle."""
    with database.writer() as connection:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with database.writer() as killer:
            killer.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
        time.sleep(0.2)
        if then:
            connection.exec_driver_sql(then)


@pytest.mark.pg
def test_a_connection_lost_at_commit_is_an_unknown_outcome_and_the_next_one_is_new(pg_url):
    database = Database(pg_url)
    with pytest.raises(OutcomeUnknown):
        cut(database)
    with database.writer() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
    database.dispose()


@pytest.mark.pg
def test_a_connection_lost_before_commit_is_no_unknown_outcome(pg_url):
    database = Database(pg_url)
    with pytest.raises(StoreUnavailable):
        cut(database, then="SELECT 1")
    database.dispose()


@pytest.mark.parametrize(("octets", "says"), [
    (b"no pages of SQLite, whatever it is" * 100, "is no database of Lessor"),
    (None, "is damaged: move it away and restore a backup"),
])
def test_a_file_that_is_foreign_or_damaged_is_told_in_words(tmp_path, octets, says):
    file = tmp_path / "lessor.db"
    migrate.upgrade(f"sqlite:///{file}")
    file.write_bytes(octets or file.read_bytes()[:60_000])
    database = Database(f"sqlite:///{file}")
    with pytest.raises(StoreUnavailable, match=says) as caught:
        value(database)
    database.dispose()
    assert str(file) in str(caught.value)


def test_a_file_that_nobody_may_look_for_is_not_taken_for_a_missing_one(tmp_path, monkeypatch):
    database = Database(f"sqlite:///{tmp_path}/lessor.db")
    assert database.missing
    (tmp_path / "lessor.db").touch()
    assert not database.missing

    def forbidden(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.stat", forbidden)
    with pytest.raises(StoreUnavailable, match="cannot be reached: run this as root"):
        _ = database.missing
    database.dispose()
