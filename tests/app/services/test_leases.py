import pytest

from app.services import audit, leases
from dhcpcore.control import ControlRefused
from dhcpcore.errors import InvalidValue, Refused
from dhcpcore.lease.model import NEVER, Close, State
from dhcpcore.store import requests
from tests.app.people import ANN, EngineThatAnswers, a_lease, appliance, remember, store
from tests.app.site import define


def addresses(page):
    return [int(one.address.rpartition(".")[2]) for one in page.leases]


def test_pages_follow_by_cursor_to_the_end(database):
    store(database, *(a_lease(n) for n in range(10)))
    here = appliance(database)
    first = leases.list_leases(here, limit=4)
    second = leases.list_leases(here, limit=4, cursor=first.next_cursor)
    third = leases.list_leases(here, limit=4, cursor=second.next_cursor)
    assert addresses(first) + addresses(second) + addresses(third) == list(range(10))
    assert third.next_cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "MC40", "é", "MC40LmMwMDAwMjAxLjk5OTk5", "!" * 5000])
def test_a_strange_cursor_is_refused(database, cursor):
    with pytest.raises(InvalidValue, match="cursor is not one"):
        leases.list_leases(appliance(database), cursor=cursor)


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_a_limit(database, limit):
    with pytest.raises(InvalidValue, match="from 1 to 1000"):
        leases.list_leases(appliance(database), limit=limit)


def test_where_there_are_too_many_an_order_is_refused_with_its_remedy(database, monkeypatch):
    monkeypatch.setattr("dhcpcore.store.lease_orders.ROWS_MAX", 3)
    define(database)
    store(database, a_lease(1), a_lease(2), *(a_lease(n, subnet=2, address=bytes([198, 51, 100, n])) for n in (3, 4)))
    here = appliance(database)
    with pytest.raises(InvalidValue, match="more than 3: name a subnet, or sort by address"):
        leases.list_leases(here, sort="expires_at")
    assert addresses(leases.list_leases(here, sort="-hostname", subnet=2)) == [4, 3]
    assert addresses(leases.list_leases(here, sort="-address")) == [4, 3, 2, 1]


def test_a_client_is_found_by_what_people_know_of_it(database):
    store(database, a_lease(1), a_lease(2, hostname="Printer"), a_lease(3, subnet=2),
          a_lease(4, client=b"\x01\xff\x01\x02"))
    here = appliance(database)
    assert addresses(leases.list_leases(here, find="192.0.2.3")) == [3]
    assert addresses(leases.list_leases(here, find="02:00:00:00:00:01")) == [1]
    assert addresses(leases.list_leases(here, find="print")) == [2]
    assert addresses(leases.list_leases(here, find="ff:01:02")) == [4]
    assert addresses(leases.list_leases(here, find="02:00:00:00:00:01", subnet=2)) == []
    assert addresses(leases.list_leases(here, subnet=2)) == [3]


def test_an_address_is_found_in_every_space_that_a_subnet_names(sqlite_database):
    define(sqlite_database, {"version": 1, "subnets": [
        {"prefix": "192.0.2.0/24"}, {"prefix": "192.0.2.0/24", "space": 7, "name": "other"}]})
    store(sqlite_database, a_lease(1), a_lease(1, space=7), a_lease(1, space=9))
    found = leases.list_leases(appliance(sqlite_database), find="192.0.2.1").leases
    assert [one.space for one in found] == [0, 7]


def test_a_state_is_a_word_and_an_ended_lease_is_expired_before_anybody_swept_it(database):
    store(database, a_lease(1), a_lease(2, expires=5), a_lease(3, state=State.RELEASED),
          a_lease(4, state=State.EXPIRED), a_lease(5, state=State.DECLINED), a_lease(6, expires=NEVER))
    here = appliance(database)
    views = leases.list_leases(here).leases
    assert [view.state for view in views] == ["active", "expired", "released", "expired", "declined", "active"]
    assert views[5].expires_at is None
    assert addresses(leases.list_leases(here, active=True)) == [1, 6]


def test_one_lease_or_none(database):
    store(database, a_lease(1))
    (view,) = leases.show(appliance(database), "192.0.2.1")
    assert (view.address, view.hw_address, view.client) == (
        "192.0.2.1", "02:00:00:00:00:01", "hardware 02:00:00:00:00:01")
    with pytest.raises(Refused, match=r"No lease of 192\.0\.2\.9 is known"):
        leases.show(appliance(database), "192.0.2.9")
    with pytest.raises(InvalidValue, match="not an address such as"):
        leases.show(appliance(database), "somewhere")


def test_who_had_it_when(database):
    remember(database, a_lease(1, opened=1), 100, 200, Close.RELEASED)
    remember(database, a_lease(1, opened=5, hostname="other"), 300)
    store(database, a_lease(1, opened=5, version=9, expires=500))
    here = appliance(database)
    latest, first = leases.history(here, "192.0.2.1")
    assert (first.from_at, first.to_at, first.ended_by) == (100, 200, "released")
    # The lease ended, though nobody swept it: the interval ends with it.
    assert (latest.from_at, latest.to_at, latest.ended_by) == (300, 500, "expired")
    assert [one.from_at for one in leases.history(here, "192.0.2.1", at=150)] == [100]
    assert leases.history(here, "192.0.2.1", at=250) == ()
    assert [one.from_at for one in leases.history(here, "192.0.2.1", at=499)] == [300]
    assert leases.history(here, "192.0.2.1", at=501) == ()
    assert len(leases.history(here, "02:00:00:00:00:01")) == 2
    with pytest.raises(InvalidValue, match="is no address"):
        leases.history(here, "printer")


def test_a_holding_that_goes_on_has_no_end(database):
    remember(database, a_lease(1), 100)
    store(database, a_lease(1))
    (one,) = leases.history(appliance(database), "192.0.2.1")
    assert (one.to_at, one.ended_by) == (None, "")


def test_the_engine_releases_at_once(database):
    engine = EngineThatAnswers(lease_release={"state": "released"})
    result = leases.release(appliance(database, engine), "192.0.2.1", by=ANN)
    assert result == {"released": True, "address": "192.0.2.1", "lease": {"state": "released"}}
    assert engine.calls == [("lease-release", {"address": "192.0.2.1", "space": 0})]
    (row,) = audit.list_audit(appliance(database), action="lease.").rows
    assert (row.actor, row.action, row.object) == ("ann", "lease.release", "lease 192.0.2.1")


def test_without_an_engine_the_wish_waits(database):
    store(database, a_lease(1))
    result = leases.release(appliance(database), "192.0.2.1", by=ANN)
    assert result["released"] is False
    with database.reader() as connection:
        (row,) = requests.waiting(connection)
    assert (row.verb, row.body, row.actor) == ("lease-release", {"address": "192.0.2.1", "space": 0}, "ann")
    assert [one.after for one in audit.list_audit(appliance(database), actor="ann").rows] == [{"request": row.id}]


def test_what_is_not_leased_is_not_released(database):
    store(database, a_lease(2, state=State.RELEASED))
    with pytest.raises(Refused, match="not leased to anybody"):
        leases.release(appliance(database), "192.0.2.2", by=ANN)
    refusing = EngineThatAnswers(lease_release=ControlRefused("refused", "There is no lease."))
    with pytest.raises(ControlRefused, match="There is no lease"):
        leases.release(appliance(database, refusing), "192.0.2.2", by=ANN)
    with database.reader() as connection:
        assert requests.waiting(connection) == []
    assert audit.list_audit(appliance(database)).rows == ()
