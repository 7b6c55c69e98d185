"""Revisions that changed handlers, taken back: those handlers are as they were, and what came since stays."""

import pytest

from dhcpcore.errors import Refused
from dhcpcore.store.database import Database
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.handler_edits import HandlerEdits
from dhcpcore.store.handler_undo import take_back_handlers
from dhcpcore.store.topology_undo import changed_handlers_alone
from dhcpcore.topology.validate import validate


def mark(name, **more):
    return {"type": "mark", "name": name, "fields": {"marks": [name]}, **more}


DOCUMENT = {"version": 1, "subnets": [{"prefix": "192.0.2.0/24", "name": "office"}],
            "handlers": [mark("a"), mark("b"), mark("c")]}
CHANGES = {
    "added": lambda edits: edits.put(mark("d"), "ada"),
    "added first": lambda edits: edits.put(mark("d"), "ada", before="a"),
    "changed": lambda edits: edits.put(mark("b", enabled=False), "ada", name="b"),
    "renamed": lambda edits: edits.put(mark("z"), "ada", name="b"),
    "moved up": lambda edits: edits.put(mark("c"), "ada", name="c", before="a"),
    "moved last": lambda edits: edits.put(mark("a"), "ada", name="a", before=""),
    "changed and moved": lambda edits: edits.put(mark("c", enabled=False), "ada", name="c", before="a"),
    "removed first": lambda edits: edits.remove("a", "ada"),
    "removed": lambda edits: edits.remove("b", "ada"),
    "removed last": lambda edits: edits.remove("c", "ada"),
}


@pytest.fixture
def edits(sqlite_url):
    opened = Database(sqlite_url)
    Definitions(opened).apply(validate(DOCUMENT), "test")
    yield HandlerEdits(opened)
    opened.dispose()


def handlers(edits):
    return [dict(one.form) for one in edits.listed()]


def take_back(edits, revision):
    return take_back_handlers(edits._database, revision, "ada", "taken back")


@pytest.mark.parametrize("change", CHANGES)
def test_all_is_as_it_was_and_back_again(edits, change):
    before = handlers(edits)
    made = CHANGES[change](edits)
    after = handlers(edits)
    assert after != before
    assert changed_handlers_alone(edits._database, made.revision)
    back = take_back(edits, made.revision)
    assert handlers(edits) == before
    take_back(edits, back.revision)
    assert handlers(edits) == after


@pytest.mark.parametrize("change", CHANGES)
def test_what_came_since_stays_where_it_is(edits, change):
    made = CHANGES[change](edits)
    edits.put(mark("new"), "ada")
    take_back(edits, made.revision)
    assert [one["name"] for one in handlers(edits)] == ["a", "b", "c", "new"]


def test_what_somebody_has_changed_since_is_not_taken_back(edits):
    made = CHANGES["changed"](edits)
    edits.put(mark("b", description="theirs"), "ann", name="b")
    with pytest.raises(Refused, match=r"'b' was changed by somebody else meanwhile: look at it"):
        take_back(edits, made.revision)


def test_an_order_that_somebody_has_changed_since_is_not(edits):
    made = CHANGES["moved up"](edits)
    edits.put(mark("b"), "ann", name="b", before="c")
    with pytest.raises(Refused, match="order of handlers was changed"):
        take_back(edits, made.revision)


def test_twice_is_no_change(edits):
    made = CHANGES["removed"](edits)
    assert take_back(edits, made.revision).changed
    assert not take_back(edits, made.revision).changed


def test_one_whose_subnet_has_gone_does_not_come_back(edits):
    edits.put(mark("b", scope={"subnet": "office"}), "ada", name="b")
    made = edits.remove("b", "ada")
    Definitions(edits._database).apply(validate({"version": 1, "handlers": handlers(edits)}), "test")
    with pytest.raises(Refused, match="no subnet 'office'"):
        take_back(edits, made.revision)


def test_a_revision_that_changed_more_is_not_one_of_handlers_alone(edits):
    document = {**DOCUMENT, "handlers": [mark("a")], "globals": {"probe": True}}
    Definitions(edits._database).apply(validate(document), "test")
    assert not changed_handlers_alone(edits._database, 2)
    assert not changed_handlers_alone(edits._database, 999)
