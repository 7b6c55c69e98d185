import pytest

from app.services import assignments
from dhcpcore.errors import InvalidDocument, InvalidValue, NotFound, Refused
from dhcpcore.lease.model import State
from tests.app.people import ANN, EngineThatAnswers, a_lease, appliance, store
from tests.app.site import define


@pytest.fixture
def here(database):
    define(database)
    return appliance(database)


def entry(last, mac, **more):
    return {"address": f"192.0.2.{last}", "hw_address": f"02:00:00:00:00:{mac:02x}", **more}


def test_an_assignment_comes_and_goes_and_nothing_else_changes(here):
    before = list(assignments.list_assignments(here))
    added = assignments.add(here, entry(6, 6, hostname="scanner"), by=ANN)
    assert (added.revision, added.changes[0].action, added.engine_told) == (2, "added", False)
    (new,) = [one for one in assignments.list_assignments(here, "office") if one not in before]
    assert (new.addresses, new.identifier, new.value, new.hostname, new.enabled) == (
        ("192.0.2.6",), "hw_address", "02:00:00:00:00:06", "scanner", True)
    view, removed = assignments.remove(here, "192.0.2.6", by=ANN)
    assert (view, removed.revision) == (new, 3)
    assert list(assignments.list_assignments(here)) == before


def test_the_engine_is_told(database):
    define(database)
    engine = EngineThatAnswers()
    assert assignments.add(appliance(database, engine), entry(6, 6), by=ANN).engine_told
    assert engine.calls == [("reload", {})]


@pytest.mark.parametrize("wrong", [entry(5, 9), entry(9, 5), entry(9, 9, colour="red"), {"address": "192.0.2.9"},
                                   {"address": "192.0.2.9", "hw_address": "x"}])
def test_a_wrong_one_is_refused_by_the_one_validator(here, wrong):
    before = list(assignments.list_assignments(here))
    with pytest.raises(InvalidDocument):
        assignments.add(here, wrong, by=ANN)
    assert list(assignments.list_assignments(here)) == before


def test_an_address_of_no_subnet_is_refused(here):
    with pytest.raises(InvalidValue, match="lies in no subnet"):
        assignments.add(here, {"address": "203.0.113.1", "hw_address": "02:00:00:00:00:09"}, by=ANN)


def test_an_address_of_two_subnets_needs_a_word(sqlite_database):
    define(sqlite_database, {"version": 1, "subnets": [
        {"prefix": "192.0.2.0/24", "name": "here"}, {"prefix": "192.0.2.0/24", "name": "there", "space": 7}]})
    both = appliance(sqlite_database)
    with pytest.raises(InvalidValue, match="lies in here and in there: say which with --subnet"):
        assignments.add(both, entry(6, 6), by=ANN)
    assignments.add(both, entry(6, 6), by=ANN, subnet="there")
    assignments.add(both, entry(6, 6), by=ANN, subnet="here")
    assert [one.subnet for one in assignments.list_assignments(both)] == ["there", "here"]
    with pytest.raises(Refused, match="2 assignments are of"):
        assignments.remove(both, "02:00:00:00:00:06", by=ANN)


@pytest.mark.parametrize("what", [
    "192.0.2.5", "02:00:00:00:00:05", "02-00-00-00-00-05", "0200.0000.0005", "2:0:0:0:0:5"])
def test_one_is_found_by_any_usual_spelling(here, what):
    assert assignments.remove(here, what, by=ANN)[0].addresses == ("192.0.2.5",)


@pytest.mark.parametrize("what", ["192.0.2.99", "printer", "02:00:00:00:00:99", ""])
def test_what_nobody_has_is_not_removed(here, what):
    with pytest.raises(NotFound, match="No assignment has"):
        assignments.remove(here, what, by=ANN)


def test_who_loses_an_address_by_it_is_told(here, database):
    store(database, a_lease(15))
    done = assignments.add(here, entry(15, 99), by=ANN)
    assert sum(loss.clients for loss in done.losses) == 1


def test_more_than_a_page_is_listed(sqlite_database, monkeypatch):
    monkeypatch.setattr(assignments, "_ROWS_A_PAGE", 3)
    define(sqlite_database, {"version": 1, "subnets": [{"prefix": "192.0.2.0/24",
                                                        "assignments": [entry(n, n) for n in range(1, 9)]}]})
    assert len(list(assignments.list_assignments(appliance(sqlite_database)))) == 8


def test_an_address_that_somebody_else_was_found_to_use_is_shown_while_it_is_on_probation(database, here):
    store(database, a_lease(5, state=State.DECLINED), a_lease(6))
    assignments.add(here, entry(6, 6), by=ANN)
    assignments.add(here, entry(7, 7), by=ANN)
    shown = {one.addresses: one.conflicts for one in assignments.list_assignments(here)}
    assert shown == {("192.0.2.5",): ("192.0.2.5",), ("192.0.2.6",): (), ("192.0.2.7",): ()}


def test_once_the_probation_is_over_it_is_in_conflict_no_longer(database, here):
    store(database, a_lease(5, state=State.DECLINED, expires=5))
    assert [one.conflicts for one in assignments.list_assignments(here)] == [()]
