import threading
from types import SimpleNamespace

import pytest

from app.services import subnets
from app.services.subnets import PoolView, RememberedOverview
from dhcpcore.errors import NotFound
from tests.app.people import appliance
from tests.app.site import DOCUMENT, define, fill


def test_an_overview_counts_held_declined_and_free(database):
    fill(database)
    found = subnets.overview(appliance(database))
    office, laboratory = found.subnets
    assert office.pools == (PoolView(1, "192.0.2.10", "192.0.2.19", 10, 9, 1, None),)
    assert (office.pools[0].free, office.held, office.nearly_full) == (0, 10, True)
    assert (laboratory.pools, laboratory.size, laboratory.nearly_full) == ((), 0, False)
    assert (found.revision, found.held) == (1, 10)


def test_a_pool_of_prefixes_is_counted_in_prefixes(database):
    define(database, {"version": 1, "subnets": [{
        "prefix": "2001:db8:1::/64", "pools": [{"first": "2001:db8:1::1000", "last": "2001:db8:1::1fff"}],
        "prefix_pools": [{"prefix": "2001:db8:8000::/36", "delegated_length": 56}]}]})
    (subnet,) = subnets.overview(appliance(database)).subnets
    assert sorted(pool.size for pool in subnet.pools) == [4096, 1 << 20]


def test_a_subnet_is_known_by_name_prefix_and_number(database):
    define(database)
    here = appliance(database)
    assert {subnets.number(here, named) for named in ("office", "192.0.2.0/24", "1")} == {1}
    with pytest.raises(NotFound, match="there are office, laboratory"):
        subnets.number(here, "cellar")


def test_without_any_subnet_the_remedy_is_told(database):
    with pytest.raises(NotFound, match="lessor subnet add"):
        subnets.number(appliance(database), "office")


def test_a_bad_row_is_quarantined_and_the_rest_is_shown(sqlite_database):
    define(sqlite_database)
    with sqlite_database.writer() as connection:
        connection.exec_driver_sql("UPDATE subnet SET prefix = x'00' WHERE name = 'laboratory'")
    found = subnets.overview(appliance(sqlite_database))
    assert [subnet.name for subnet in found.subnets] == ["office"]
    assert any("subnet 2" in fault for fault in found.quarantined), found.quarantined


def test_many_readers_cost_one_count(sqlite_database, monkeypatch):
    define(sqlite_database)
    counted, now = [], [100.0]
    real = subnets.overview
    monkeypatch.setattr(subnets, "overview", lambda here: counted.append(now[0]) or real(here))
    remembered = RememberedOverview(appliance(sqlite_database), clock=lambda: now[0])
    assert remembered.get() is remembered.get()
    now[0] += 0.9
    remembered.get()
    assert counted == [100.0]
    now[0] += 0.2
    remembered.get()
    assert len(counted) == 2


def test_a_slow_count_is_kept_fifty_times_as_long(sqlite_database, monkeypatch):
    now = [0.0]

    def slow(_):
        now[0] += 2.0
        return SimpleNamespace(revision=0)

    monkeypatch.setattr(subnets, "overview", slow)
    remembered = RememberedOverview(appliance(sqlite_database), clock=lambda: now[0])
    first = remembered.get()
    now[0] += 99.0
    assert remembered.get() is first
    now[0] += 2.0
    assert remembered.get() is not first


def test_nobody_waits_for_a_slow_count_but_after_a_change(sqlite_database, monkeypatch):
    define(sqlite_database)
    real, goes, began = subnets.overview, threading.Event(), threading.Event()
    now = [0.0]

    def slow(here):
        began.set()
        assert goes.wait(10)
        return real(here)

    remembered = RememberedOverview(appliance(sqlite_database), clock=lambda: now[0])
    first = remembered.get()
    now[0] += 60.0
    monkeypatch.setattr(subnets, "overview", slow)
    assert remembered.get() is first, "the count goes on; the page has what there was"
    assert began.is_set()
    goes.set()
    define(sqlite_database, {**DOCUMENT, "subnets": DOCUMENT["subnets"][:1]})
    assert len(remembered.get().subnets) == 1
