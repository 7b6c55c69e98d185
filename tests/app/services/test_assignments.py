import pytest

from app.services import assignments
from dhcpcore.errors import Busy, Conflict, Forbidden, InvalidDocument, InvalidValue, NotFound, Outdated, Refused
from dhcpcore.lease.model import State
from dhcpcore.store.edits import AssignmentEdits
from tests.app.people import ANN, VERA, EngineThatAnswers, a_lease, appliance, store
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


def test_one_is_disabled_and_enabled_again(here):
    view, done = assignments.disable(here, 1, by=ANN)
    assert (view.enabled, view.addresses, done.revision) == (False, ("192.0.2.5",), 2)
    assert assignments.disable(here, 1, by=ANN) == (view, None)
    assert assignments.named(here, "192.0.2.5") == view
    assignments.add(here, entry(5, 9), by=ANN)
    with pytest.raises(Conflict, match=r"assignment 2 .* of office already"):
        assignments.enable(here, 1, by=ANN)
    assignments.remove(here, "02:00:00:00:00:09", by=ANN)
    assert assignments.enable(here, 1, by=ANN)[0].enabled


def test_one_is_replaced_unless_somebody_was_quicker(here):
    seen = assignments.get(here, 1)
    after, _done = assignments.replace(here, 1, assignments.merged(seen, {"hostname": None}), by=ANN,
                                       version=seen.version)
    assert (after.hostname, after.version) == ("", 2)
    with pytest.raises(Outdated):
        assignments.delete(here, 1, by=ANN, version=seen.version)


def test_the_same_again_is_found(here):
    made, done = assignments.create(here, entry(6, 6), by=ANN)
    assert done.revision == 2
    assert assignments.create(here, entry(6, 6), by=ANN, subnet="office") == (made, None)
    with pytest.raises(Conflict):
        assignments.create(here, entry(6, 6, hostname="x"), by=ANN)


def test_who_comes_second_is_let_in_after_a_moment(here, monkeypatch):
    tries = []
    made = AssignmentEdits.make

    def busy(self, draft, actor, note=""):
        tries.append(draft)
        if len(tries) < 3:
            raise Busy("Another change has just begun.")
        return made(self, draft, actor, note)

    monkeypatch.setattr(assignments, "_PAUSE_S", 0)
    monkeypatch.setattr(AssignmentEdits, "make", busy)
    assert assignments.add(here, entry(6, 6), by=ANN).revision == 2

    monkeypatch.setattr(AssignmentEdits, "make", lambda *_: (_ for _ in ()).throw(Busy("Still.")))
    with pytest.raises(Busy, match="Still"):
        assignments.add(here, entry(7, 7), by=ANN)


def test_a_lease_becomes_an_assignment(here, database):
    store(database, a_lease(15))
    view, done = assignments.from_lease(here, "192.0.2.15", by=ANN)
    assert (view.value, view.hostname, view.subnet, done.losses) == ("02:00:00:00:00:0f", "host-15", "office", ())
    assert assignments.from_lease(here, "192.0.2.15", by=ANN)[1] is None


@pytest.mark.parametrize("change", [
    lambda here: assignments.create(here, entry(6, 6), by=VERA),
    lambda here: assignments.replace(here, 1, {}, by=VERA),
    lambda here: assignments.delete(here, 1, by=VERA), lambda here: assignments.enable(here, 1, by=VERA),
    lambda here: assignments.disable(here, 1, by=VERA),
    lambda here: assignments.from_lease(here, "192.0.2.5", by=VERA)])
def test_who_only_sees_changes_nothing(here, change):
    with pytest.raises(Forbidden):
        change(here)
    assert assignments.get(here, 1).version == 1


@pytest.mark.parametrize(
    ("form", "line"),
    [("eth-0-1-7", "eth-0-1-7"), ({"hex": "00:01:02"}, "{hex: '00:01:02'}"), ({"text": "a b"}, "{text: 'a b'}")],
)
def test_an_identifier_in_one_line_is_read_as_it_was(form, line):
    assert assignments.write_identifier(form) == line
    assert assignments.read_identifier(line) == form


def test_what_only_looks_like_a_form_stays_text():
    assert assignments.read_identifier(assignments.write_identifier("{x}")) == {"text": "{x}"}
    for text in ("{x}", "{hex}", "hex: 00", "{hexa: 00}"):
        assert assignments.read_identifier(text) == text
    assert assignments.read_identifier("{ hex: 00:01 }") == {"hex": "00:01"}
