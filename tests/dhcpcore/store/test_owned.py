"""The leases of one DUID, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from dhcpcore.lease.facts import Facts, Wants
from dhcpcore.lease.model import Change, Lease
from dhcpcore.lease.owner import LASTING, TEMPORARY, key_of, ranges_of, stem_of
from dhcpcore.store import owned
from dhcpcore.store.database import Database
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.leases import LeaseStore

DUID, LONGER = b"\0\3\0\1\2\0\0\0\0\1", b"\0\3\0\1\2\0\0\0\0\1\0"
T0 = 1_700_000_000


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    made = Database(sqlite_url)
    yield made
    made.dispose()


def _row(number: int, client: bytes, kind: int = 6) -> Lease:
    address = bytes.fromhex("20010db8") + number.to_bytes(12, "big")
    return Lease(0, kind, address, 128 if kind == 6 else 56, client, b"", 1, T0 + 60, T0, 1, 1, 1, "", b"", b"")


def test_all_of_a_duid_are_found_by_the_index_and_no_others(database: Database) -> None:
    mine = [_row(1, key_of(LASTING, DUID, bytes(4))), _row(2, key_of(LASTING, DUID, b"\xff" * 4), 8),
            _row(3, key_of(TEMPORARY, DUID, b"\0\0\0\1"))]  # fmt: skip
    others = [_row(4, key_of(LASTING, LONGER, bytes(4))), _row(5, b"\1" + DUID), _row(6, b"\0" + DUID)]
    with closing(LeaseStore(database, Definitions(database))) as store:
        store.commit([Change(None, row, True, None) for row in (*mine, *others)], T0)
        facts = Facts()
        wants = Wants(duids=frozenset((DUID, b"\0\3\7")))
        assert wants
        store.fetch(wants, facts, 0, assigned=False)
    assert sorted(facts.by_client[stem_of(DUID)]) == sorted(mine)
    assert facts.by_client[stem_of(b"\0\3\7")] == []


def test_it_is_the_index_that_finds_them(sqlite: Database) -> None:
    with sqlite.reader_engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {owned._ASK}", ranges_of(DUID)[0]).fetchall()
    assert "USING INDEX ix_lease_client (client>? AND client<?)" in plan[0][-1]


def test_only_so_many_are_read(sqlite: Database) -> None:
    rows = [_row(n, key_of(LASTING, DUID, n.to_bytes(4, "big"))) for n in range(owned.OWNED_MAX + 10)]
    with closing(LeaseStore(sqlite, Definitions(sqlite))) as store:
        store.commit([Change(None, row, True, None) for row in rows], T0)
        facts = Facts()
        store.fetch(Wants(duids=frozenset((DUID,))), facts, 0, assigned=False)
    assert len(facts.by_client[stem_of(DUID)]) == owned.OWNED_MAX
