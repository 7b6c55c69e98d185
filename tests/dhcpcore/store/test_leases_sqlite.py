"""What the packet path's own connection to SQLite must be, whoever had it before."""

from pathlib import Path

from dhcpcore.store import migrate
from dhcpcore.store.database import Database
from dhcpcore.store.leases_sqlite import SqliteRows

FULL = 2


def test_leases_wait_for_the_disk_even_on_a_connection_that_did_not(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/lessor.db"
    migrate.upgrade(url)
    database = Database(url)
    with database.writer(durable=False) as connection:
        connection.exec_driver_sql("DELETE FROM trace")
    rows = SqliteRows(database)
    try:
        with rows._told() as cursor:
            assert cursor.execute("PRAGMA synchronous").fetchone() == (FULL,)
    finally:
        rows.close()
    with database.writer(durable=False) as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() != FULL
    database.dispose()
