"""The catalogue of handler types, and handlers of packages' types whose fields are checked by it, on both databases."""

import pytest
from sqlalchemy import text

from dhcpcore.errors import InvalidDocument
from dhcpcore.store import catalogue
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.handler_edits import HandlerEdits
from dhcpcore.topology.handler_types import BUILT_IN_FIELDS, HandlerType
from dhcpcore.topology.validate import validate

SIZE = HandlerType("size", "Has a size.", {"properties": {"size": {"type": "integer"}}, "required": ["size"]},
                   "sizes 1")


def document(**fields):
    return validate({"version": 1, "subnets": [], "handlers": [{"type": "size", "fields": fields}]})


def types(database):
    with database.reader() as connection:
        return catalogue.read(connection)


def test_the_built_in_ones_are_there_before_anything_is_written(database):
    assert list(types(database)) == list(BUILT_IN_FIELDS)


def test_what_is_written_is_read_and_written_only_once(database):
    assert catalogue.write(database, [SIZE])
    assert types(database)["size"] == SIZE
    assert not catalogue.write(database, [SIZE])
    assert catalogue.write(database, [])
    assert "size" not in types(database)


def test_a_row_that_somebody_broke_takes_no_other_with_it(database):
    catalogue.write(database, [SIZE])
    with database.writer() as connection:
        connection.execute(text("UPDATE handler_type SET fields = '5' WHERE name = 'size'"))
    assert types(database)["size"].schema == {}


def test_fields_of_a_packages_type_are_checked_when_a_document_is_applied(database):
    catalogue.write(database, [SIZE])
    definitions = Definitions(database)
    for wrong in (document(), document(size="x")):
        with pytest.raises(InvalidDocument) as told:
            definitions.apply(wrong, "alice")
        assert str(told.value.faults[0]).startswith("handlers[0].fields.size")
        with pytest.raises(InvalidDocument):
            definitions.diff(wrong)
    assert definitions.revision() == 0
    assert definitions.apply(document(size=5), "alice") > 0


def test_one_of_a_type_that_is_not_there_is_kept_and_others_are_edited_beside_it(database):
    definitions = Definitions(database)
    definitions.apply(document(size="x"), "alice")
    edits = HandlerEdits(database)
    edits.put({"type": "mark", "fields": {"marks": ["a"]}}, "alice", before="size")
    assert [one.name for one in edits.listed()] == ["mark", "size"]
    assert edits.find("size").form["fields"] == {"size": "x"}
    with pytest.raises(InvalidDocument):
        edits.put({"type": "size", "fields": {}}, "alice", name="size")
    edits.remove("mark", "alice")
    edits.remove("size", "alice")
    assert definitions.document() == {"version": 1, "subnets": []}


def test_a_row_that_somebody_broke_is_set_aside_and_the_rest_serves(database):
    definitions = Definitions(database)
    definitions.apply(validate({"version": 1, "subnets": [{"prefix": "192.0.2.0/24"}], "handlers": [
        {"type": "mark", "fields": {"marks": ["a"]}}, {"type": "ignore-request"}]}), "alice")
    with database.writer() as connection:
        connection.execute(text("UPDATE definition SET body = '{\"type\": \"mark\"}' WHERE name = 'mark'"))
    snapshot = definitions.snapshot()
    assert [one.name for one in snapshot.handlers] == ["ignore-request"]
    (one,) = snapshot.quarantined
    assert (one.place, "fields.marks" in one.fault) == ("handler mark", True)
