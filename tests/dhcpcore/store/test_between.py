import copy

import pytest

from dhcpcore.store import between as module
from dhcpcore.store.between import between
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.validate import validate

FIRST = {
    "version": 1,
    "globals": {"lifetime": "1h"},
    "classes": [{"name": "voip", "test": "option[60].text == 'AAVAYA'"}],
    "assignments": [{"hw_address": "02:00:00:00:00:09", "hostname": "roaming"}],
    "subnets": [
        {"prefix": "192.0.2.0/24", "name": "office", "pools": [{"first": "192.0.2.10", "last": "192.0.2.19"}],
         "assignments": [{"hw_address": "02:00:00:00:00:05", "address": "192.0.2.5"},
                         {"hw_address": "02:00:00:00:00:06", "address": "192.0.2.6"}]},
        {"prefix": "198.51.100.0/24", "name": "laboratory"},
    ],
}


@pytest.fixture
def apply(database):
    def done(change=lambda document: None):
        document = copy.deepcopy(FIRST)
        change(document)
        return Definitions(database).apply(validate(document), "test")
    return done


def compared(database, first, second):
    with database.reader() as connection:
        return between(connection, first, second)


def words(database, first, second):
    return [f"{one.action} {one.kind} {one.name}".rstrip() for one in compared(database, first, second).changes]


def test_every_kind_of_thing_is_told_in_either_direction(database, apply):
    def change(document):
        document["globals"]["lifetime"] = "2h"
        document["classes"] = []
        document["assignments"] = []
        office = document["subnets"][0]
        office["pools"] = [{"first": "192.0.2.10", "last": "192.0.2.29"}, {"first": "192.0.2.40", "last": "192.0.2.49"}]
        office["assignments"] = [{"hw_address": "02:00:00:00:00:05", "address": "192.0.2.7"},
                                 {"hw_address": "02:00:00:00:00:08", "address": "192.0.2.8"}]
        document["subnets"][1] = {"prefix": "203.0.113.0/24", "name": "workshop"}

    first, second = apply(), apply(change)
    assert words(database, first, second) == [
        "removed class voip", "changed globals", "removed subnet laboratory", "added subnet workshop",
        "changed pool 192.0.2.10 - 192.0.2.29 of office", "added pool 192.0.2.40 - 192.0.2.49 of office",
        "changed assignment hw_address 02:00:00:00:00:05 of office",
        "removed assignment hw_address 02:00:00:00:00:06 of office",
        "removed assignment hw_address 02:00:00:00:00:09 of all subnets",
        "added assignment hw_address 02:00:00:00:00:08 of office"]
    told = compared(database, first, second).changes
    assert (told[1].before, told[1].after) == ({"lifetime": "1h"}, {"lifetime": "2h"})
    back = compared(database, second, first).changes
    assert {(one.kind, str(one.before), str(one.after)) for one in back} == {
        (one.kind, str(one.after), str(one.before)) for one in told}


def test_what_came_and_went_again_in_between_is_not_told(database, apply):
    first = apply()
    apply(lambda document: document["subnets"][0]["assignments"].append(
        {"hw_address": "02:00:00:00:00:07", "address": "192.0.2.7"}))
    apply(lambda document: document["subnets"][1].update(lifetime="3h"))
    last = apply()
    assert words(database, first, last) == []
    assert words(database, first, first) == []


def test_what_came_back_under_another_number_is_the_same_thing(database, apply):
    first = apply()
    apply(lambda document: document.update(subnets=[]))
    assert words(database, first, apply()) == []
    apply(lambda document: document.update(subnets=[]))
    last = apply(lambda document: document["subnets"][0].update(lifetime="3h"))
    assert words(database, first, last) == ["changed subnet office"]


def test_another_place_in_the_order_is_a_change(database, apply):
    first = apply()
    second = apply(lambda document: document["subnets"].reverse())
    (one,) = compared(database, first, second).changes
    assert "another place in the order" in str(one)


def test_of_very_many_assignments_some_are_told_and_the_rest_is_counted(database, apply, monkeypatch):
    monkeypatch.setattr(module, "ASSIGNMENTS_MAX", 2)
    first = apply()
    second = apply(lambda document: document["subnets"][0].update(assignments=[
        {"hw_address": f"02:00:00:00:01:{n:02x}", "address": f"192.0.2.{n}"} for n in range(50, 55)]))
    found = compared(database, first, second)
    assert (len(found.changes), found.more_assignments) == (2, 5)
