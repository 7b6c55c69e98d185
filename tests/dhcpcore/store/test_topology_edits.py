"""Subnets, pools, options and globals one at a time, on both databases: the document's validator, and few rows."""

import pytest
from sqlalchemy import event, insert

from dhcpcore.errors import Busy, Conflict, InvalidDocument, NotFound, Outdated
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.plan import TABLES
from dhcpcore.store.schema import lease
from dhcpcore.store.topology_edits import TopologyEdits, Wish
from dhcpcore.store.topology_list import listed
from dhcpcore.topology.validate import validate
from tests.dhcpcore.store.test_effects import NOW, fixed, row
from tests.dhcpcore.topology.documents import FULL, full

LAB = {"prefix": "198.51.100.0/24", "name": "laboratory", "lifetime": "2h",
       "pools": [{"first": "198.51.100.10", "last": "198.51.100.99"}]}
POOL = {"first": "192.0.2.20", "last": "192.0.2.29"}


@pytest.fixture
def edits(database):
    Definitions(database).apply(validate(FULL), "alice")
    return TopologyEdits(database)


def counts(database):
    with database.reader() as connection:
        return {table: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() for table in TABLES}


def grown(database, before):
    return {table: number - before[table] for table, number in counts(database).items() if number != before[table]}


def made(edits, *wishes):
    draft = edits.draft(wishes)
    edits.make(draft, "alice")
    return draft


def document(database):
    return Definitions(database).document()


def number(database, name):
    return next(one.number for one in listed(database).subnets if one.name == name)


def faults(edits, *wishes, kind=InvalidDocument):
    with pytest.raises(kind) as caught:
        edits.draft(wishes)
    assert type(caught.value) is kind
    told = {}
    for fault in caught.value.faults:
        told[fault.path] = f"{told[fault.path]}; {fault.message}" if fault.path in told else fault.message
    return told


def test_a_subnet_with_its_pools_is_added_and_nothing_else_written(edits, database):
    before = counts(database)
    draft = edits.draft([Wish("subnet", LAB)])
    assert (counts(database), draft.effects) == (before, ())
    assert [str(change) for change in draft.plan.changes] == [
        "+ subnet laboratory", "+ pool 198.51.100.10 - 198.51.100.99 of laboratory"]
    assert edits.make(draft, "alice") == Definitions(database).revision() == 2
    assert grown(database, before) == {"subnet": 1, "pool": 1}
    assert document(database)["subnets"] == [*FULL_CANONICAL["subnets"], LAB]
    assert draft.keys == (number(database, "laboratory"),)


FULL_CANONICAL = validate(FULL).canonical()


def test_the_same_subnet_again_is_the_same_one(edits, database):
    first = made(edits, Wish("subnet", LAB))
    again = edits.draft([Wish("subnet", {**LAB, "lifetime": 7200})])
    assert (again.keys, again.plan.size) == (first.keys, 0)
    assert edits.make(again, "bob") == Definitions(database).revision() == 2
    assert "overlaps 198.51.100.0/24 of subnet laboratory" in faults(
        edits, Wish("subnet", {**LAB, "lifetime": 60}), kind=Conflict)["prefix"]


def test_a_subnet_is_changed_and_keeps_number_pools_and_assignments(edits, database):
    before, office = document(database), number(database, "office")
    held = counts(database)
    form = {**listed(database).subnets[0].form, "name": "bureau", "lifetime": "3h"}
    draft = made(edits, Wish("subnet", form, office))
    (change,) = draft.plan.changes
    assert str(change) == "~ subnet bureau: name: office -> bureau; lifetime: 2h -> 3h"
    assert grown(database, held) == {"subnet": 1}
    after = document(database)["subnets"]
    assert after[0] == {**before["subnets"][0], "name": "bureau", "lifetime": "3h"}
    assert after[1:] == before["subnets"][1:]
    assert number(database, "bureau") == office


def test_what_is_not_changed_is_not_written(edits, database):
    held = counts(database)
    one = listed(database).subnets[0]
    draft = made(edits, Wish("subnet", {**one.form, "lifetime": 7200}, one.number))
    assert (draft.plan.size, draft.keys, Definitions(database).revision()) == (0, (one.number,), 1)
    assert grown(database, held) == {}


def test_a_subnets_pools_are_replaced_where_they_are_named(edits, database):
    one = listed(database).subnets[0]
    wider = [{"first": "192.0.2.90", "last": "192.0.2.199"}, {"first": "192.0.2.230", "last": "192.0.2.240"}]
    draft = made(edits, Wish("subnet", {**one.form, "pools": wider}, one.number))
    assert [change.action for change in draft.plan.changes] == ["removed", "changed", "added"]
    after = listed(database).subnets[0]
    assert [pool.form for pool in after.pools] == wider
    assert after.pools[0].number == one.pools[0].number
    assert after.since == 2


def test_a_subnet_goes_with_its_pools_and_assignments_and_no_other(edits, database):
    others = document(database)["subnets"][1:]
    draft = made(edits, Wish("subnet", None, number(database, "office")))
    assert [change.kind for change in draft.plan.changes].count("assignment") == 5
    assert document(database)["subnets"] == others
    with pytest.raises(NotFound, match="There is no subnet 1"):
        edits.draft([Wish("subnet", None, 1)])


def test_a_pool_is_added_changed_and_removed(edits, database):
    office, held = number(database, "office"), counts(database)
    (pool_id,) = made(edits, Wish("pool", POOL, home=office)).keys
    assert grown(database, held) == {"pool": 1}
    assert made(edits, Wish("pool", POOL, home=office)).plan.size == 0
    moved = {"first": "192.0.2.40", "last": "192.0.2.49", "class": "known"}
    assert made(edits, Wish("pool", moved, pool_id)).keys == (pool_id,)
    assert document(database)["subnets"][0]["pools"][-1] == moved
    made(edits, Wish("pool", None, pool_id))
    assert document(database) == FULL_CANONICAL
    with pytest.raises(NotFound, match=f"There is no pool {pool_id}"):
        edits.draft([Wish("pool", None, pool_id)])
    with pytest.raises(NotFound, match="no subnet with the number 99"):
        edits.draft([Wish("pool", POOL, home=99)])


def test_a_prefix_pool_is_a_pool(edits, database):
    home = number(database, "2001:db8:1::/64")
    form = {"prefix": "2001:db8:7000::/40", "delegated_length": 56}
    (pool_id,) = made(edits, Wish("pool", form, home=home)).keys
    assert document(database)["subnets"][1]["prefix_pools"][-1] == form
    assert faults(edits, Wish("pool", {**form, "delegated_length": 8}, pool_id)) == {
        "pool": "delegated_length is 8: 40 (the prefix's own) to 128 are right"}


@pytest.mark.parametrize(("wish", "place", "says"), [
    (Wish("subnet", {**LAB, "lifetim": 5}), "lifetim", "did you mean lifetime"),
    (Wish("subnet", {**LAB, "prefix": "198.51.100.1/24"}), "prefix", "198.51.100"),
    (Wish("subnet", {**LAB, "options": {"router": 1}}), "options.router", "did you mean routers"),
    (Wish("subnet", {**LAB, "pools": [{"first": "192.0.2.1", "last": "198.51.100.9"}]}), "pools[0].first", "outside"),
    (Wish("subnet", {**LAB, "pools": [{"first": "198.51.100.9"}]}), "pools[0].last", "is missing"),
    (Wish("subnet", {**LAB, "pools": 5}), "pools", "is not a list"),
    (Wish("subnet", {"name": "nowhere"}), "prefix", "is missing"),
    (Wish("pool", {**POOL, "last": "192.0.2.19"}, home=1), "pool", "first comes after last"),
    (Wish("pool", {**POOL, "last": "198.51.100.9"}, home=1), "last", "outside the subnet"),
    (Wish("pool", {**POOL, "options": {"routers": "here"}}, home=1), "options.routers", "list"),
    (Wish("option definition", {"space": "dhcp4", "code": 225}), "option_definition", "missing"),
    (Wish("option definition", {"space": "dhcp4", "code": 224, "name": "y", "type": "string"}), "code", "x-colour"),
    (Wish("globals", {"offer_hold": 0}), "offer_hold", "1 second to 1 hour"),
    (Wish("globals", {"options": {"dhcp4": {"nope": 1}}}), "options.dhcp4.nope", "not an option"),
], ids=str)
def test_what_is_wrong_is_told_by_its_place_in_what_was_wished(edits, database, wish, place, says):
    before = counts(database)
    told = faults(edits, wish)
    assert says in told.get(place, ""), told
    assert "subnets[" not in str(told)
    assert counts(database) == before


@pytest.mark.parametrize(("wish", "place", "says"), [
    (Wish("subnet", {"prefix": "192.0.2.128/25"}), "prefix", "overlaps 192.0.2.0/24 of subnet office"),
    (Wish("subnet", {"prefix": "198.51.100.0/24", "name": "office"}), "name", "is the name of subnet office already"),
    (Wish("subnet", {"prefix": "2001:db8:2::/64", "interface_id": "6c616e31"}), "interface_id",
     "means subnet 2001:db8:1::/64 already"),
    (Wish("pool", {"first": "192.0.2.190", "last": "192.0.2.199"}, home=1), "pool",
     "overlaps pool 192.0.2.100 - 192.0.2.199 of office"),
    # An address pool may stand over assigned addresses; a prefix pool over assigned prefixes may not.
    (Wish("pool", {"prefix": "2001:db8:f::/48", "delegated_length": 60}, home=2), "pool",
     "assignment 6 (duid 00:03:00:01:02:00:00:00:00:01 with"),
    (Wish("pool", {"prefix": "2001:db8:f:80::/58", "delegated_length": 60}, home=2), "pool", "assignment 6"),
    (Wish("pool", {"prefix": "2001:db8:1::/64", "delegated_length": 80}, home=2), "pool", "2001:db8:1::10"),
], ids=str)
def test_a_collision_names_the_other_as_people_know_it(edits, wish, place, says):
    told = faults(edits, wish, kind=Conflict)
    assert any(says in message for path, message in told.items() if path.startswith(place)), told
    assert "subnets[" not in str(told)


def test_a_prefix_that_leaves_pools_or_assignments_outside_is_refused(edits, database):
    one = listed(database).subnets[0]
    smaller = {**one.form, "prefix": "192.0.2.0/25"}
    told = faults(edits, Wish("subnet", smaller, one.number), kind=Conflict)
    assert "192.0.2.199 is outside" in told["pools[0].last"]
    made(edits, Wish("subnet", {**one.form, "pools": []}, one.number))
    told = faults(edits, Wish("subnet", smaller, one.number), kind=Conflict)
    assert "remote_id" in told["subnet"]
    assert "192.0.2.150 is outside the subnet 192.0.2.0/25" in told["subnet"]
    # A disabled assignment counts as well, and what becomes the broadcast address.
    told = faults(edits, Wish("subnet", {**smaller, "prefix": "192.0.2.128/25"}, one.number), kind=Conflict)
    assert "192.0.2.1" in told["subnet"]


def test_a_prefix_that_holds_all_may_change(edits, database):
    one = listed(database).subnets[0]
    made(edits, Wish("subnet", {**one.form, "prefix": "192.0.2.0/23"}, one.number))
    assert document(database)["subnets"][0]["prefix"] == "192.0.2.0/23"
    assert len(document(database)["subnets"][0]["assignments"]) == 5


def test_a_space_changes_only_without_assignments(edits, database):
    one = listed(database).subnets[0]
    assert "has assignments" in faults(edits, Wish("subnet", {**one.form, "space": 3}, one.number),
                                       kind=Conflict)["space"]
    other = listed(database).subnets[2]
    made(edits, Wish("subnet", {**other.form, "space": 8}, other.number))
    assert document(database)["subnets"][2]["space"] == 8


def test_an_option_definition_comes_changes_and_goes(edits, database):
    form = {"space": "dhcp4", "code": 225, "name": "x-size", "type": "uint8"}
    assert made(edits, Wish("option definition", form)).keys == ("dhcp4/x-size",)
    assert made(edits, Wish("option definition", form)).plan.size == 0
    renamed = {**form, "name": "x-height"}
    assert made(edits, Wish("option definition", renamed, "dhcp4/x-size")).keys == ("dhcp4/x-height",)
    assert document(database)["option_definitions"][-1] == renamed
    made(edits, Wish("option definition", None, "dhcp4/x-height"))
    assert document(database) == FULL_CANONICAL


def test_an_option_that_is_in_use_stays(edits, database):
    told = faults(edits, Wish("option definition", None, "dhcp4/x-colour"), kind=Conflict)
    assert "subnet office: options.x-colour" in told["option_definition"]
    raw = full()
    del raw["subnets"][0]["options"]["x-colour"]
    raw["subnets"][0]["always_send"] = []
    raw["subnets"][0]["assignments"][0]["options"]["x-colour"] = "red"
    Definitions(database).apply(validate(raw), "alice")
    told = faults(edits, Wish("option definition", None, "dhcp4/x-colour"), kind=Conflict)
    assert "assignment 1 (hw_address 02:00:00:00:00:01 with 192.0.2.10) of office" in told["option_definition"]
    changed = {"space": "dhcp4", "code": 224, "name": "x-colour", "type": "uint8"}
    assert "assignment 1" in faults(edits, Wish("option definition", changed, "dhcp4/x-colour"),
                                    kind=Conflict)["option_definition"]
    made(edits, Wish("option definition", {**changed, "type": "string", "code": 230}, "dhcp4/x-colour"))


def test_globals_change_and_go_back_to_the_defaults(edits, database):
    made(edits, Wish("globals", {"lifetime": "2h", "options": {"dhcp4": {"domain-name": "example.net"}}}, since=1))
    assert document(database)["globals"]["options"] == {"dhcp4": {"domain-name": "example.net"}}
    made(edits, Wish("globals", {}))
    assert "globals" not in document(database)
    assert listed(database).globals.since == 3
    with pytest.raises(Outdated, match="Globals was changed"):
        edits.draft([Wish("globals", {"probe": True}, since=2)])
    made(edits, Wish("globals", {"probe": True}, since=3))


def test_what_was_changed_meanwhile_is_not_overwritten(edits, database):
    one = listed(database).subnets[0]
    made(edits, Wish("pool", POOL, home=one.number))
    with pytest.raises(Outdated, match=r"changed by somebody else meanwhile \(in revision 2\)"):
        edits.draft([Wish("subnet", one.form, one.number, since=one.since)])
    pool = listed(database).subnets[0].pools[-1]
    made(edits, Wish("pool", {**POOL, "class": "known"}, pool.number, since=pool.since))
    for form in (POOL, None):
        with pytest.raises(Outdated):
            edits.draft([Wish("pool", form, pool.number, since=pool.since)])


def test_a_draft_of_old_definitions_is_refused(edits, database):
    draft = edits.draft([Wish("subnet", LAB)])
    made(edits, Wish("pool", POOL, home=1))
    with pytest.raises(Busy, match="changed by somebody else"):
        edits.make(draft, "alice")
    assert len(document(database)["subnets"]) == 3


def test_several_wishes_are_one_revision(edits, database):
    one, other = listed(database).subnets[0], listed(database).subnets[2]
    both = [Wish("subnet", {**each.form, "shared_network": "yard"}, each.number) for each in (one, other)]
    draft = made(edits, *both)
    assert len(draft.plan.changes) == 2
    assert Definitions(database).revision() == 2
    assert [subnet.get("shared_network") for subnet in document(database)["subnets"]] == ["yard", None, "yard"]


def test_whom_it_takes_an_address_from(database):
    office = {"prefix": "192.0.2.0/24", "name": "office", "pools": [{"first": "192.0.2.100", "last": "192.0.2.199"}],
              "assignments": [fixed(20), fixed(120)]}
    Definitions(database).apply(validate({"version": 1, "subnets": [office]}), "alice")
    edits = TopologyEdits(database)
    with database.writer() as connection:
        for values in (row(20), row(110), row(120), row(130), row(140, expires=5)):
            connection.execute(insert(lease), values)
    pool = listed(database).subnets[0].pools[0]

    def told(*wishes):
        return [(one.place, one.clients) for one in edits.draft(wishes, NOW).effects]

    assert told(Wish("pool", {"first": "192.0.2.90", "last": "192.0.2.199"}, pool.number)) == []
    # The client of 192.0.2.120 keeps it by its assignment.
    assert told(Wish("pool", {"first": "192.0.2.125", "last": "192.0.2.199"}, pool.number)) == [
        ("pool 192.0.2.100 - 192.0.2.199 of office", 1)]
    assert told(Wish("pool", None, pool.number)) == [("pool 192.0.2.100 - 192.0.2.199 of office", 2)]
    assert sum(clients for _place, clients in told(Wish("subnet", None, 1))) == 4


def test_faults_that_were_there_before_stop_no_edit(edits, database):
    with database.writer() as connection:
        connection.exec_driver_sql("UPDATE subnet SET body = '[]' WHERE id = 2")
        connection.exec_driver_sql("UPDATE pool SET subnet_id = 77 WHERE id = 2")
    made(edits, Wish("subnet", LAB))
    made(edits, Wish("pool", POOL, home=1))
    assert {one.name for one in listed(database).subnets} == {"office", "office of another network", "laboratory"}


def test_the_audit_has_a_row_a_change(edits, database):
    edits.make(edits.draft([Wish("subnet", LAB)]), "bob", "a note")
    with database.reader() as connection:
        told = connection.exec_driver_sql("SELECT actor, action, object, revision FROM audit ORDER BY id").all()
    assert [tuple(one) for one in told[-2:]] == [
        ("bob", "definitions.added", "subnet laboratory", 2),
        ("bob", "definitions.added", "pool 198.51.100.10 - 198.51.100.99 of laboratory", 2)]


@pytest.mark.parametrize("wish", [
    Wish("pool", {"first": "192.0.2.90", "last": "192.0.2.199", "class": "known"}, 1),
    Wish("subnet", {"prefix": "192.0.2.0/24", "name": "office", "lifetime": "5h"}, 1),
], ids=str)
def test_no_assignment_is_read_or_written(edits, wish):
    said = []
    for engine in (edits._database.reader_engine, edits._database.writer_engine):
        event.listen(engine, "before_cursor_execute", lambda *call: said.append(call[2]))
    made(edits, wish)
    assert len(said) > 10
    assert [one for one in said if "assignment" in one] == []
