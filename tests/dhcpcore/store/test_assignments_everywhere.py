"""Assignments that are of no subnet, in both databases: stored, looked up, edited, told."""

from typing import Any

import pytest

from dhcpcore.errors import Conflict, NotFound, Refused
from dhcpcore.interchange import to_yaml
from dhcpcore.lease.model import Identifier
from dhcpcore.store.assignment_list import AssignmentFilter, AssignmentList
from dhcpcore.store.database import Database
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.edits import AssignmentEdits
from dhcpcore.store.topology_edits import TopologyEdits, Wish
from dhcpcore.store.topology_undo import undo_of
from dhcpcore.topology.validate import validate

HW = bytes((1, 2, 0, 0, 0, 0, 1))
A: dict[str, Any] = {
    "hw_address": "02:00:00:00:00:01", "address": "192.0.2.10", "hostname": "wanderer", "options": {"x-colour": "red"},
}  # fmt: skip
DOCUMENT: dict[str, Any] = {
    "version": 1,
    "globals": {"assignment_key": "option[60].hex"},
    "option_definitions": [{"space": "dhcp4", "code": 224, "name": "x-colour", "type": "string"}],
    "subnets": [{"prefix": "192.0.2.0/24", "name": "office", "assignment_key": "pkt4.mac",
                 "assignments": [{"hw_address": "02:00:00:00:00:01", "address": "192.0.2.11"}]}],
    "assignments": [A, {"expression": "tel", "classes": []}, {"expression": {"hex": "00:01"}, "enabled": False}],
}  # fmt: skip


@pytest.fixture
def definitions(database: Database) -> Definitions:
    made = Definitions(database)
    made.apply(validate(DOCUMENT), "alice")
    return made


def test_an_export_that_is_applied_is_exported_byte_for_byte(definitions: Definitions) -> None:
    exported = definitions.document()
    assert to_yaml(validate(exported).canonical()) == to_yaml(exported)
    assert definitions.apply(validate(exported), "alice") == 1
    assert [one.get("expression") for one in exported["assignments"]] == [None, {"hex": "00:01"}, "tel"]


def test_the_look_up_finds_them_beside_those_of_subnets(definitions: Definitions) -> None:
    keys = [(int(Identifier.HW_ADDRESS), HW), (int(Identifier.FLEX), b"tel"), (int(Identifier.FLEX), b"\0\1")]
    found = definitions.assignments_by_identifier(keys, 1)
    assert sorted(one.subnet for one in found[keys[0]]) == [0, 1]
    assert [one.options for one in found[keys[0]] if one.subnet == 0] == [((224, b"red"),)]
    assert [one.subnet for one in found[keys[1]]] == [0]
    assert keys[2] not in found


def test_a_document_without_them_takes_them_away(definitions: Definitions) -> None:
    rest = {key: value for key, value in DOCUMENT.items() if key != "assignments"}
    changes = [str(change) for change in definitions.diff(validate(rest))]
    assert "- assignment hw_address 02:00:00:00:00:01 of all subnets" in changes
    definitions.apply(validate(rest), "alice")
    assert "assignments" not in definitions.document()


def test_one_is_added_changed_and_removed(definitions: Definitions, database: Database) -> None:
    edits = AssignmentEdits(database)
    new = {"hw_address": "02:00:00:00:00:02", "hostname": "new"}
    draft = edits.add("*", new)
    edits.make(draft, "alice")
    row = edits.find(draft.assignment_id)
    assert (row.subnet, row.form) == ("*", new)
    found = edits.same_as("*", new)
    assert found is not None
    assert found.assignment_id == draft.assignment_id
    edits.make(edits.replace(draft.assignment_id, {**new, "hostname": "other"}), "alice")
    listed = AssignmentList(database).page(AssignmentFilter("*")).rows
    assert [one.form.get("hostname") for one in listed] == ["wanderer", None, None, "other"]
    edits.make(edits.remove(draft.assignment_id), "alice")
    with pytest.raises(NotFound):
        edits.find(draft.assignment_id)
    assert len(AssignmentList(database).page(AssignmentFilter("office")).rows) == 1


def test_what_collides_is_named_both_ways(definitions: Definitions, database: Database) -> None:
    edits = AssignmentEdits(database)
    with pytest.raises(Conflict, match=r"assignment 1 .* of office"):
        edits.add("*", {"hw_address": "02:00:00:00:00:02", "address": "192.0.2.11"})
    with pytest.raises(Conflict, match="of all subnets"):
        edits.add("office", {"hw_address": "02:00:00:00:00:02", "address": "192.0.2.10"})
    with pytest.raises(Conflict, match="names the same client"):
        edits.add("*", {"hw_address": "02:00:00:00:00:01"})


def test_an_option_that_one_is_told_stays_defined(definitions: Definitions, database: Database) -> None:
    edits = TopologyEdits(database)
    with pytest.raises(Conflict, match="all subnets"):
        edits.draft([Wish("option definition", None, "dhcp4/x-colour")])


def test_a_subnet_goes_and_they_stay(definitions: Definitions, database: Database) -> None:
    edits = TopologyEdits(database)
    edits.make(edits.draft([Wish("subnet", None, 1)]), "alice")
    assert [one["hostname"] for one in definitions.document()["assignments"] if "hostname" in one] == ["wanderer"]


def test_a_revision_that_changed_one_is_not_taken_back_here(definitions: Definitions, database: Database) -> None:
    edits = AssignmentEdits(database)
    revision = edits.make(edits.add("*", {"hw_address": "02:00:00:00:00:02"}), "alice")
    with pytest.raises(Refused, match="changed assignments"):
        undo_of(database, revision)
