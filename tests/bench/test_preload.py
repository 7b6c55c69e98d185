"""The rows that `--preload-leases` writes: right for the schema, and the same in both databases."""

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert

from bench.errors import CannotRun
from bench.servers import postgres, preload
from dhcpcore.store.schema import metadata, subnet

COUNT = 1_000
# What depends on the clock is left out.
LEASE = """
    SELECT space, kind, hex(address), plen, hex(client), hex(hw), subnet, hostname, hex(relay), version, opened
    FROM lease ORDER BY address
"""
LEASE_PG = """
    SELECT concat_ws('|', space, kind, upper(encode(address, 'hex')), plen, upper(encode(client, 'hex')),
        upper(encode(hw, 'hex')), subnet, hostname, upper(encode(relay, 'hex')), version, opened)
    FROM lease ORDER BY address
"""
OTHERS = {"id": 2, "from_revision": 1, "position": 0, "family": 4, "prefix": b"\n\x80\0\0", "plen": 9, "name": "others"}


def make_tables(url: str) -> None:
    engine = create_engine(url)
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(subnet).values(**OTHERS, body={}))
    engine.dispose()


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    make_tables(f"sqlite:///{tmp_path / 'lessor.db'}")
    preload.fill_sqlite(tmp_path / "lessor.db", "others", COUNT)
    return tmp_path / "lessor.db"


def read(file: Path, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(sql).fetchall()


def test_each_row_is_another_address_and_another_client(filled):
    assert read(filled, "SELECT count(*), count(DISTINCT address), count(DISTINCT client) FROM lease") == [(COUNT,) * 3]
    assert read(filled, "SELECT hex(min(address)) FROM lease") == [("0A800001",)]


def test_leases_are_active_and_their_holdings_are_open(filled):
    wrong = "SELECT count(*) FROM lease WHERE state <> 1 OR expires < unixepoch() + 80000 OR subnet <> 2"
    assert read(filled, wrong) == [(0,)]
    joined = "SELECT count(*) FROM lease JOIN history USING (space, kind, address, plen) WHERE history.version = opened"
    assert read(filled, f"{joined} AND closed_at IS NULL AND opened_at <= unixepoch()") == [(COUNT,)]


def test_the_indexes_are_there_again(filled):
    assert ("ix_lease_client",) in read(filled, "SELECT name FROM sqlite_master WHERE type = 'index'")
    assert read(filled, "PRAGMA integrity_check") == [("ok",)]


def test_more_than_the_prefix_holds_is_refused():
    preload.check(preload.LEASES_MAX)
    with pytest.raises(CannotRun, match="holds no more"):
        preload.check(preload.LEASES_MAX + 1)


@pytest.mark.pg
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to run PostgreSQL as its own account")
def test_postgresql_gets_the_same_rows(filled):
    folder = Path(tempfile.mkdtemp(prefix="lessor-bench-"))
    try:
        folder.chmod(0o755)
        postgres.create(folder / "database")
        server = postgres.start(folder / "database")
        try:
            make_tables(f"postgresql+psycopg://{postgres.ROLE}@/{postgres.DATABASE}?host={folder / 'database'}")
            preload.fill_postgres(folder / "database", "others", COUNT)
            rows = postgres.query(folder / "database", LEASE_PG)
            holdings = "SELECT count(*) FROM history WHERE closed_at IS NULL AND opened_at > 1600000000"
            assert postgres.query(folder / "database", holdings) == [str(COUNT)]
        finally:
            postgres.stop(server)
    finally:
        shutil.rmtree(folder)
    assert rows == ["|".join(map(str, row)) for row in read(filled, LEASE)]
