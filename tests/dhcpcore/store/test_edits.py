"""Single assignments, on both databases: the same validator as for a document, and no other row is touched."""

import time

import pytest
from sqlalchemy import insert

from dhcpcore.errors import Busy, Conflict, InvalidDocument, NotFound, Outdated, Refused
from dhcpcore.store.assignment_list import AssignmentList
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.edits import AssignmentEdits
from dhcpcore.store.plan import TABLES
from dhcpcore.store.schema import lease
from dhcpcore.topology.validate import validate
from tests.dhcpcore.store.test_effects import NOW, row
from tests.dhcpcore.topology.documents import FULL


@pytest.fixture
def edits(database):
    Definitions(database).apply(validate(FULL), "alice")
    return AssignmentEdits(database)


def counts(database):
    with database.reader() as connection:
        return {table: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() for table in TABLES}


def listed(database, **wanted):
    return AssignmentList(database).page(**wanted).rows


NEW = {"hw_address": "02:00:00:00:00:99", "address": "192.0.2.99", "hostname": "new", "options": {"x-colour": "red"}}


def test_an_assignment_is_added_and_nothing_else_written(edits, database):
    before = counts(database)
    draft = edits.add("office", NEW)
    assert counts(database) == before
    assert draft.effects == ()
    assert str(draft.change) == "+ assignment hw_address 02:00:00:00:00:99 of office"
    assert edits.make(draft, "alice") == Definitions(database).revision() == 2
    after = counts(database)
    assert {table: after[table] - before[table] for table in TABLES if after[table] != before[table]} == {
        "assignment": 1,
        "assignment_address": 1,
    }
    office = Definitions(database).document()["subnets"][0]
    assert NEW in office["assignments"]


def test_a_subnet_is_found_by_its_prefix_too(edits):
    assert edits.add("192.0.2.0/24", NEW).change.name.endswith("of office")
    with pytest.raises(NotFound, match="no subnet 'attic'"):
        edits.add("attic", NEW)


def test_an_assignment_is_replaced_and_keeps_its_id(edits, database):
    (found,) = [one for one in listed(database) if one.form.get("hostname") == "printer"]
    draft = edits.replace(found.assignment_id, {**found.form, "address": "192.0.2.30"})
    edits.make(draft, "alice")
    assert edits.find(found.assignment_id).form == {**found.form, "address": "192.0.2.30"}
    assert len(listed(database)) == 6
    # What is not changed is no fault of its own: the same form again is taken.
    assert edits.replace(found.assignment_id, edits.find(found.assignment_id).form).plan.size


def test_an_assignment_is_removed(edits, database):
    first = listed(database)[0]
    edits.make(edits.remove(first.assignment_id), "alice")
    with pytest.raises(Refused, match="no assignment with the id"):
        edits.find(first.assignment_id)
    with pytest.raises(Refused, match="no assignment with the id"):
        edits.remove(first.assignment_id)
    assert len(listed(database)) == 5


def test_what_was_changed_meanwhile_is_not_overwritten(edits, database):
    first = listed(database)[0]
    form = {**first.form, "hostname": "other"}
    edits.make(edits.replace(first.assignment_id, form, since=first.since), "alice")
    for again in (lambda: edits.replace(first.assignment_id, first.form, since=first.since),
                  lambda: edits.remove(first.assignment_id, since=first.since)):
        with pytest.raises(Outdated, match="changed by somebody else meanwhile"):
            again()
    assert edits.find(first.assignment_id).form == form


def test_one_that_says_the_same_is_found_whatever_its_spelling(edits):
    draft = edits.add("office", NEW)
    edits.make(draft, "alice")
    spelt = {**NEW, "hw_address": "02-00-00-00-00-99", "enabled": True}
    same = edits.same_as("192.0.2.0/24", spelt)
    assert (same.assignment_id, same.form) == (draft.assignment_id, NEW)
    for other in ({**NEW, "hostname": "newer"}, {**NEW, "enabled": False}, {**NEW, "hw_address": "02:00:00:00:00:98"},
                  {**NEW, "nope": 1}):
        assert edits.same_as("office", other) is None


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"address": "192.0.2.10"}, "hw_address 02:00:00:00:00:01 with 192.0.2.10) of office"),
        ({"hw_address": "02:00:00:00:00:01"}, "hw_address 02:00:00:00:00:01 with 192.0.2.10) of office"),
    ],
    ids=str,
)
def test_a_collision_names_the_other_as_people_know_it(edits, change, names):
    with pytest.raises(Conflict, match=r"assignment [0-9]+ [(]") as caught:
        edits.add("office", {**NEW, **change})
    (fault,) = caught.value.faults
    assert names in fault.message
    assert "subnets[" not in fault.message
    assert fault.path in change


@pytest.mark.parametrize(
    ("subnet", "form", "place", "says"),
    [
        ("office", {**NEW, "address": "192.0.2.10"}, "address", "already"),
        ("office", {**NEW, "address": "192.0.3.10"}, "address", "outside the subnet"),
        ("office", {**NEW, "hw_address": "02:00:00:00:00:01"}, "hw_address", "same client"),
        ("office", {**NEW, "options": {"router": 1}}, "options.router", "did you mean routers"),
        ("office", {"address": "192.0.2.99"}, "assignment", "exactly one of"),
        ("office", {**NEW, "nope": 1}, "nope", "no key here"),
        ("office", "text", "assignment", "not a mapping"),
        ("2001:db8:1::/64", {"duid": "000300010203", "addresses": ["2001:db8:1::11"]}, "addresses[0]", "already"),
        ("2001:db8:1::/64", {"duid": "000300010203", "prefixes": ["2001:db8:f:80::/57"]}, "prefixes[0]", "overlaps"),
        ("2001:db8:1::/64", {"duid": "000300010203", "prefixes": ["2001:db8:e::/47"]}, "prefixes[0]", "overlaps"),
        ("2001:db8:1::/64", {"duid": "000300010203", "prefixes": ["2001:db8:8000::/56"]}, "prefixes[0]", "overlaps"),
    ],
    ids=str,
)
def test_a_wrong_assignment_is_refused_with_the_place_inside_it(edits, database, subnet, form, place, says):
    before = counts(database)
    with pytest.raises(InvalidDocument) as caught:
        edits.add(subnet, form)
    told = {fault.path: fault.message for fault in caught.value.faults}
    assert place in told, told
    assert says in told[place]
    assert counts(database) == before


def test_a_prefix_that_another_subnets_client_has_is_refused(edits, database):
    document = Definitions(database).document()
    document["subnets"].insert(0, {"prefix": "2001:db8:2::/64"})
    Definitions(database).apply(validate(document), "alice")
    with pytest.raises(InvalidDocument, match="overlaps"):
        edits.add("2001:db8:2::/64", {"duid": "000300010203", "prefixes": ["2001:db8:f::/60"]})


def test_faults_that_were_there_before_stop_no_edit(edits, database):
    with database.writer() as connection:
        connection.exec_driver_sql("UPDATE pool SET subnet_id = 77 WHERE id = 1")
        connection.exec_driver_sql("UPDATE subnet SET body = '[]' WHERE id = 2")
    edits.make(edits.add("office", NEW), "alice")
    with pytest.raises(Refused, match="no subnet"):
        edits.add("2001:db8:1::/64", {"duid": "000300010203"})


def test_what_it_takes_from_an_active_client_is_told(edits, database):
    with database.writer() as connection:
        connection.execute(insert(lease), row(99, hw=b"\x01another"))
    assert [effect.clients for effect in edits.add("office", NEW, NOW).effects] == [1]
    held = listed(database)[0]
    with database.writer() as connection:
        connection.execute(insert(lease), row(10, expires=int(time.time()) + 500))
    assert [effect.clients for effect in edits.remove(held.assignment_id).effects] == [1]


def test_a_draft_of_old_definitions_is_refused(edits, database):
    draft = edits.add("office", NEW)
    edits.make(edits.add("office", {"hw_address": "02:00:00:00:00:98"}), "bob")
    before = Definitions(database).document()
    with pytest.raises(Busy, match="changed by somebody else"):
        edits.make(draft, "alice")
    assert Definitions(database).document() == before
    edits.make(edits.add("office", NEW), "alice")


def test_an_edit_has_its_audit_row(edits, database):
    edits.make(edits.add("office", NEW), "bob", "a note")
    with database.reader() as connection:
        told = connection.exec_driver_sql("SELECT actor, action, object FROM audit ORDER BY id DESC LIMIT 1").one()
        note = connection.exec_driver_sql("SELECT note FROM revision ORDER BY id DESC LIMIT 1").scalar_one()
    assert tuple(told) == ("bob", "definitions.added", "assignment hw_address 02:00:00:00:00:99 of office")
    assert note == "a note"
