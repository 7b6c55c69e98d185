"""Other clients' leases: millions of rows of leases and history in our store before a run starts.

Row `n` (from 0) is the n-th address of PREFIX, held by a client whose hardware address is 06:00 and four scrambled
bytes of n, so that the order of clients is not that of addresses. The rows are written by SQL alone; the engine never
sees this code.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench.errors import CannotRun
from bench.servers import postgres

PREFIX = "10.128.0.0/9"
FIRST, LAST = "10.128.0.1", "10.255.255.254"
FIRST_NUMBER = 0x0A80_0001
LEASES_MAX = 8_000_000
# Odd, hence each number of four bytes comes out once (Knuth's multiplicative hash).
SCRAMBLE = 2_654_435_761
# The leases end after any run does: from a day to a week from now.
DAY_S = 86_400
ROWS_A_CHUNK = 100_000

INDEXES = """
    SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name IN ('lease', 'history') AND sql IS NOT NULL
"""
INSERT_LEASE = """
    INSERT INTO lease (space, kind, address, plen, client, hw, subnet, hostname, relay, agent,
                       version, opened, state, expires, cltt)
    VALUES (0, 4, ?, 32, ?, ?, ?, ?, x'0a800001', x'', 1, 1, 1, ?, ?)
"""
INSERT_HISTORY = """
    INSERT INTO history (space, kind, address, plen, client, hw, subnet, hostname, relay, agent, version, opened_at)
    VALUES (0, 4, ?, 32, ?, ?, ?, ?, x'0a800001', x'', 1, ?)
"""
# The same in PostgreSQL's words, and then what autovacuum would come to do.
FILL_POSTGRES = """
    CREATE TEMPORARY VIEW rows AS
    SELECT n, decode(lpad(to_hex(:first_number + n), 8, '0'), 'hex') AS address,
           decode('010600' || lpad(to_hex(n * :scramble % 4294967296), 8, '0'), 'hex') AS hw,
           (SELECT id FROM subnet WHERE name = :'subnet') AS subnet, 'host-' || n AS hostname,
           extract(epoch FROM now())::bigint AS now_s
    FROM generate_series(0::bigint, :count - 1) AS n;

    INSERT INTO lease (space, kind, address, plen, client, hw, subnet, hostname, relay, agent,
                       version, opened, state, expires, cltt)
    SELECT 0, 4, address, 32, '\\x00'::bytea || hw, hw, subnet, hostname, '\\x0a800001', '',
           1, 1, 1, now_s + :day + n % (6 * :day), now_s FROM rows;

    INSERT INTO history (space, kind, address, plen, client, hw, subnet, hostname, relay, agent, version, opened_at)
    SELECT 0, 4, address, 32, '\\x00'::bytea || hw, hw, subnet, hostname, '\\x0a800001', '',
           1, now_s - n % :day FROM rows;

    VACUUM ANALYZE lease;
    VACUUM ANALYZE history;
    CHECKPOINT;
"""


def check(count: int) -> None:
    """Refuses what the prefix cannot hold."""
    if not 0 <= count <= LEASES_MAX:
        raise CannotRun(f"--preload-leases takes 0 to {LEASES_MAX:,}: {PREFIX} holds no more.")


def _rows(first: int, last: int, subnet: int) -> Iterator[tuple[bytes, bytes, bytes, int, str]]:
    for number in range(first, last):
        hardware = b"\x01\x06\x00" + (number * SCRAMBLE % (1 << 32)).to_bytes(4, "big")
        address = (FIRST_NUMBER + number).to_bytes(4, "big")
        yield address, b"\x00" + hardware, hardware, subnet, f"host-{number}"


def fill_sqlite(file: Path, subnet_name: str, count: int) -> None:
    """Indexes are dropped meanwhile and built again at the end, which is several times quicker."""
    now = int(time.time())
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        execute = connection.execute
        ((subnet,),) = execute("SELECT id FROM subnet WHERE name = ?", (subnet_name,)).fetchall()
        indexes = execute(INDEXES).fetchall()
        execute("PRAGMA synchronous = OFF")
        execute("PRAGMA cache_size = -262144")
        for name, _ in indexes:
            execute(f'DROP INDEX "{name}"')
        for first in range(0, count, ROWS_A_CHUNK):
            rows = tuple(_rows(first, min(first + ROWS_A_CHUNK, count), subnet))
            numbered = tuple(enumerate(rows, first))
            execute("BEGIN IMMEDIATE")
            connection.executemany(INSERT_LEASE, ((*row, now + DAY_S + n % (6 * DAY_S), now) for n, row in numbered))
            connection.executemany(INSERT_HISTORY, ((*row, now - n % DAY_S) for n, row in numbered))
            execute("COMMIT")
        for _, sql in indexes:
            execute(sql)
        execute("PRAGMA wal_checkpoint(TRUNCATE)")


def fill_postgres(folder: Path, subnet_name: str, count: int) -> None:
    """The same rows, made by the database itself."""
    postgres.query(
        folder,
        FILL_POSTGRES,
        first_number=str(FIRST_NUMBER),
        scramble=str(SCRAMBLE),
        subnet=subnet_name,
        count=str(count),
        day=str(DAY_S),
    )
