import re

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.dialects import sqlite

from dhcpcore.lease.model import Lease, State
from dhcpcore.store import queries
from dhcpcore.store.database import Database
from dhcpcore.store.queries import LeaseFilter, Span, Use
from dhcpcore.store.schema import engine, history, lease, quarantine

NOW = 1_000_000


@pytest.fixture
def sqlite_database(sqlite_url):
    opened = Database(sqlite_url)
    yield opened
    opened.dispose()


def row(last, *, state=State.LEASED, expires=NOW + 60, subnet=1, hostname="", kind=4, mac=None, address=None, space=0):
    hw = b"\x01\x02\x00\x00\x00\x00" + bytes([mac if mac is not None else last])
    return Lease(space, kind, address or bytes([192, 0, 2, last]), 32 if kind == 4 else 128, b"\x00" + hw, hw,
                 int(state), expires, NOW - 60, subnet, 1, 1, hostname, b"", b"")


def fill(database, *rows):
    with database.writer() as connection:
        connection.execute(insert(lease), [r._asdict() for r in rows])


def list_all(database, wanted=None, limit=100, after=None):
    with database.reader() as connection:
        return queries.leases(connection, wanted or LeaseFilter(), after, limit)


def test_pages_follow_each_other_without_gap_or_double(database):
    rows = [row(n) for n in range(25)] + [row(n, space=2) for n in range(3)]
    fill(database, *reversed(rows))
    seen, after = [], None
    while page := list_all(database, limit=7, after=after):
        seen += page
        after = page[-1].key
    assert seen == rows


def test_each_filter_keeps_its_own(database):
    rows = [row(1, hostname="Printer-1"), row(2, subnet=2), row(3, state=State.RELEASED), row(4, expires=NOW - 1),
            row(5, kind=6, address=b"\x20\x01" + bytes(13) + b"\5"), row(6, hostname="100%_sure")]
    fill(database, *rows)

    def last(**fields):
        return [r.address[-1] for r in list_all(database, LeaseFilter(**fields))]

    assert last(subnet=2) == [2]
    assert last(kind=6) == [5]
    assert last(active_at=NOW) == [1, 2, 6, 5]
    assert last(text="printer") == [1]
    assert last(text="0%_") == [6]
    assert last(text="_") == [6]
    assert last(address=rows[2].address) == [3]
    assert last(address=rows[4].address) == [5]
    assert last(address=rows[2].address, spaces=(1, 7)) == []
    assert last(identities=(rows[3].client, b"nobody")) == [4]
    assert last(identities=(rows[3].hw,)) == [4]
    assert last(identities=(b"nobody",)) == []
    assert last(subnet=1, active_at=NOW, kind=4) == [1, 6]


def test_one_address_in_one_space(database):
    fill(database, row(1), row(1, space=3), row(2))
    with database.reader() as connection:
        assert [r.space for r in queries.leases_at(connection, bytes([192, 0, 2, 1]))] == [0]
        assert [r.space for r in queries.leases_at(connection, bytes([192, 0, 2, 1]), 3)] == [3]
        assert queries.leases_at(connection, bytes([192, 0, 2, 9])) == []


def test_what_is_held_is_counted_in_its_range_alone(database):
    fill(database, row(10), row(11), row(12, state=State.DECLINED), row(13, expires=NOW), row(14, state=State.EXPIRED),
         row(20), row(11, space=1, subnet=2), row(12, kind=6, address=bytes(16)))
    span = Span(0, 4, bytes([192, 0, 2, 10]), bytes([192, 0, 2, 19]))
    with database.reader() as connection:
        assert queries.use_of(connection, span, NOW) == Use(held=2, declined=1)
        assert queries.use_of(connection, span, NOW + 60) == Use(held=0, declined=0)
        assert queries.held_outside(connection, [], NOW) == {1: 4, 2: 1}
        assert queries.held_outside(connection, [span], NOW) == {1: 2, 2: 1}
        others = [Span(1, 4, bytes(4), b"\xff" * 4), Span(0, 6, bytes(16), bytes(16)), span]
        assert queries.held_outside(connection, others, NOW) == {1: 1}
        assert queries.held_outside(connection, [*others, Span(0, 4, bytes([192, 0, 2, 20]), b"\xff" * 4)], NOW) == {}


def test_what_is_held_outside_of_many_ranges_is_found_by_the_key(sqlite_database):
    spans = [Span(space, kind, bytes([10, n, 0, 0]), bytes([10, n, 255, 255])) for space in (0, 2) for kind in (4, 6)
             for n in (1, 2, 7)]
    with sqlite_database.reader() as connection:
        for gap in queries._gaps(spans):
            query = select(func.count()).select_from(lease).where(*gap)
            made = query.compile(dialect=sqlite.dialect())
            ordered = tuple(made.params[name] for name in made.positiontup)
            plan = " ".join(str(r) for r in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {made}", ordered))
            columns = {name for name in ("space", "kind", "address") if f"lease.{name} " in str(made)}
            assert set(re.findall(r"(space|kind|address)[=<>]", plan)) == columns, (plan, made)


def holding(version, opened_at, closed_at, last=1, mac=7):
    hw = b"\x01\x02\x00\x00\x00\x00" + bytes([mac])
    return {"space": 0, "kind": 4, "address": bytes([192, 0, 2, last]), "plen": 32, "version": version,
            "client": b"\x00" + hw, "hw": hw, "subnet": 1, "hostname": "", "relay": b"", "agent": b"",
            "opened_at": opened_at, "closed_at": closed_at, "reason": None if closed_at is None else 1}


def test_history_of_an_address_and_of_a_client_latest_first(database):
    rows = [holding(1, 100, 200), holding(5, 300, 400, mac=8), holding(9, 500, None), holding(1, 250, None, last=2)]
    with database.writer() as connection:
        connection.execute(insert(history), rows)
    address, client = bytes([192, 0, 2, 1]), rows[0]["client"]
    with database.reader() as connection:
        assert [h.opened_at for h in queries.holdings(connection, address=address, limit=10)] == [500, 300, 100]
        assert [h.opened_at for h in queries.holdings(connection, identities=(client,), limit=10)] == [500, 250, 100]
        assert [h.opened_at for h in queries.holdings(connection, identities=(rows[1]["hw"],), limit=10)] == [300]
        # Who had it then?
        assert [h.version for h in queries.holdings(connection, address=address, at=350, limit=10)] == [5]
        assert [h.version for h in queries.holdings(connection, address=address, at=9999, limit=10)] == [9]
        assert queries.holdings(connection, address=address, at=250, limit=10) == []
        assert queries.holdings(connection, address=address, at=200, limit=10) == []
        second = queries.holdings(connection, address=address, before=(500, 9), limit=1)
        assert [h.opened_at for h in second] == [300]


def test_quarantine_and_engines_are_listed(database):
    with database.writer() as connection:
        connection.execute(insert(quarantine), [
            {"at": n, "place": f"pool {n}", "fault": "first is after last", "row": {}} for n in range(3)])
        connection.execute(insert(engine), [{"duid": b"a", "name": "one", "seen_at": 5, "status": {}}])
    with database.reader() as connection:
        assert [q.place for q in queries.quarantined(connection, 2)] == ["pool 2", "pool 1"]
        assert [(e.name, e.seen_at) for e in queries.engines(connection)] == [("one", 5)]


@pytest.mark.parametrize(("wanted", "after"), [
    (LeaseFilter(), row(5).key), (LeaseFilter(active_at=NOW), row(5).key), (LeaseFilter(address=b"\xc0\0\2\5"), None)])
def test_a_lease_list_is_found_by_its_key_and_sorts_nothing(sqlite_database, wanted, after):
    """A sort of ten million rows for one page would be seen by everybody."""
    with sqlite_database.reader() as connection:
        captured = []
        original = connection.execute
        connection.execute = lambda query: captured.append(query) or original(query)
        queries.leases(connection, wanted, after, 10)
        made = captured[0].compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True})
        ordered = tuple(made.params[name] for name in made.positiontup)
        plan = " ".join(str(r) for r in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {made}", ordered))
    assert "TEMP B-TREE" not in plan
    assert "SEARCH lease USING PRIMARY KEY" in plan


def search_all(database, wanted, limit, *, descending=False):
    after, seen, pages = None, [], 0
    with database.reader() as connection:
        while True:
            page, after = queries.search(connection, wanted, after, limit, descending=descending)
            assert len(page) <= limit
            seen += page
            pages += 1
            if after is None:
                return seen, pages
            assert pages < 100


@pytest.mark.parametrize("limit", [1, 3, 100])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("scan", [2, 100_000])
def test_a_search_finds_all_whatever_the_pages(database, monkeypatch, limit, descending, scan):
    monkeypatch.setattr(queries, "SCAN_MAX", scan)
    rows = [row(n, hostname=f"host-{n}", subnet=n % 2) for n in range(20)] + [row(30, mac=3, expires=NOW - 1)]
    rows.append(row(31, mac=3)._replace(client=b"\x01other"))
    fill(database, *rows)
    order = -1 if descending else 1

    def found(**fields):
        return [r.address[-1] for r in search_all(database, LeaseFilter(**fields), limit, descending=descending)[0]]

    assert found() == [r.address[-1] for r in rows][::order]
    assert found(text="host-1") == [1, *range(10, 20)][::order]
    assert found(subnet=1) == [*range(1, 20, 2), 30, 31][::order]
    assert found(expired_at=NOW) == [30]
    assert found(state=int(State.RELEASED)) == []
    # By its client's key first, which an index finds; then by the hardware address alone.
    assert found(identities=(rows[3].client, rows[3].hw)) == [*[3, 30][::order], 31]
    assert found(identities=(rows[3].client, rows[3].hw), hardware=rows[3].hw) == [*[3, 30][::order], 31]
    assert found(hardware=rows[5].hw) == [5]
    assert found(span=Span(0, 4, bytes([192, 0, 2, 4]), bytes([192, 0, 2, 6])), text="HOST") == [4, 5, 6][::order]
    assert found(address=rows[3].address) == [3]


def test_a_search_looks_at_so_many_rows_at_once(database, monkeypatch):
    monkeypatch.setattr(queries, "SCAN_MAX", 5)
    fill(database, *(row(n, hostname="last" if n == 19 else "") for n in range(20)))
    found, pages = search_all(database, LeaseFilter(text="last"), 10)
    assert [r.address[-1] for r in found] == [19]
    assert pages in {4, 5}
