import pytest

from app.services.access import Role
from dhcpcore.pipeline.api import NoFields
from dhcpcore.store import catalogue
from dhcpcore.topology.handler_types import type_of
from tests.app.people import EngineThatAnswers
from tests.app.site import define, web

LIST = "/api/v1/handlers"
MARK = {"type": "mark", "name": "late", "fields": {"marks": ["late"]}, "scope": {"elapsed": {"more_than": 10}}}
CALLS = [{"name": "late", "type": "mark", "calls": 5, "changed": 0, "stopped": 0, "errors": 0, "overruns": 0,
          "mean_us": 1.5, "slowest_us": 2.0, "disabled": "", "isolated": False, "restarts": 0}]


@pytest.fixture
def rest(sqlite_database):
    define(sqlite_database)
    return web(sqlite_database)


def add(rest, entry=MARK, **query):
    answer = rest.post(LIST, json=entry, query_string=query)
    assert answer.status_code == 201, answer.text
    return answer


def names(rest):
    return [one["name"] for one in rest.get(LIST).json["items"]]


def test_a_handler_is_added_read_replaced_and_removed(rest):
    answer = add(rest)
    assert answer.headers["Location"] == f"{LIST}/late"
    assert answer.json == {**MARK, "revision": 2, "losses": [], "engine_told": False}
    found = rest.get(f"{LIST}/late")
    assert (found.json, found.headers["ETag"]) == (MARK, '"2"')
    changed = rest.put(f"{LIST}/late", json={**MARK, "name": "later", "enabled": False}, headers={"If-Match": '"2"'})
    assert (changed.json["name"], changed.json["enabled"], changed.headers["ETag"]) == ("later", False, '"3"')
    assert rest.get(f"{LIST}/late").status_code == 404
    assert rest.put(f"{LIST}/later", json=MARK, headers={"If-Match": '"2"'}).status_code == 412
    assert rest.delete(f"{LIST}/later").status_code == 428
    assert rest.delete(f"{LIST}/later", headers={"If-Match": '"3"'}).json["revision"] == 4
    assert names(rest) == []
    assert "handlers" not in rest.get("/api/v1/definitions").json


def test_handlers_have_places_and_names_of_their_own(rest):
    for _ in range(2):
        add(rest, {"type": "mark", "fields": {"marks": ["a"]}})
    add(rest, {"type": "ignore-request"}, before="mark-2")
    assert names(rest) == ["mark", "ignore-request", "mark-2"]
    some = {"type": "mark", "fields": {"marks": ["a"]}}
    rest.put(f"{LIST}/mark-2", json=some, headers={"If-Match": "*"}, query_string={"before": "mark"})
    assert names(rest) == ["mark-2", "mark", "ignore-request"]
    rest.put(f"{LIST}/mark-2", json=some, headers={"If-Match": "*"}, query_string={"before": ""})
    assert names(rest) == ["mark", "ignore-request", "mark-2"]
    assert rest.post(LIST, json=MARK, query_string={"before": "nope"}).status_code == 404


@pytest.mark.parametrize(("entry", "field", "says"), [
    ({"type": "markk"}, "type", "did you mean mark?"),
    ({"type": "nothing-of-the-kind"}, "type", "lessor migrate"),
    ({"type": "mark"}, "fields.marks", "is missing"),
    ({**MARK, "scope": {"subnet": "ofice"}}, "scope.subnet", "did you mean 'office'"),
    ({**MARK, "order": 1}, "order", "is no key here"),
    ({**MARK, "isolated": True}, "isolated", "leave isolated out"),
    ({"type": "set-option", "fields": {"options": {"dhcp4": {"routers": "x"}}}}, "fields.options.dhcp4.routers", "x"),
], ids=["typing mistake", "unknown type", "fields", "scope", "key", "isolated", "option"])  # fmt: skip
def test_what_is_wrong_is_told_by_its_field(rest, entry, field, says):
    answer = rest.post(LIST, json=entry)
    assert answer.status_code == 422
    (told,) = answer.json["errors"]
    assert told["field"] == field
    assert says in told["message"]
    assert names(rest) == []


def test_a_name_that_is_taken_is_refused(rest):
    add(rest)
    assert rest.post(LIST, json=MARK).status_code in {409, 422}
    assert names(rest) == ["late"]


def test_what_a_handler_names_cannot_go_without_a_word(rest):
    add(rest, {**MARK, "scope": {"subnet": "office"}})
    refused = rest.delete("/api/v1/subnets/1", headers={"If-Match": "*"}, query_string={"confirm": "true"})
    assert refused.status_code == 409
    assert "handler late" in refused.text


def test_one_of_a_package_is_isolated_and_is_not_any_more(rest, sqlite_database):
    catalogue.write(sqlite_database, [type_of("odd", NoFields, "odd 1.0")])
    add(rest, {"type": "odd", "isolated": True})
    assert rest.get(f"{LIST}/odd").json == {"type": "odd", "name": "odd", "isolated": True}
    assert rest.get("/api/v1/definitions").json["handlers"][0]["isolated"] is True
    rest.put(f"{LIST}/odd", json={"type": "odd", "isolated": False}, headers={"If-Match": "*"})
    assert rest.get(f"{LIST}/odd").json == {"type": "odd", "name": "odd"}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_only_administrators_change_any(sqlite_database, role):
    define(sqlite_database)
    rest = web(sqlite_database, role=role)
    assert rest.post(LIST, json=MARK).status_code == 403
    assert rest.get(LIST).status_code == 200


def test_types_have_schema_and_source(rest):
    found = {one["name"]: one for one in rest.get("/api/v1/handler-types").json["items"]}
    assert next(iter(found)) == "set-option"
    assert found["mark"]["source"] == "built in"
    assert found["rate-limit"]["schema"]["properties"]["rate"]["minimum"] == 1
    assert rest.get("/api/v1/handler-types/mark").json == found["mark"]
    assert rest.get("/api/v1/handler-types/nope").status_code == 404


def test_calls_are_the_running_engines(sqlite_database):
    define(sqlite_database)
    engine = EngineThatAnswers(status={"ready": True}, handlers=CALLS)
    assert web(sqlite_database, engine).get("/api/v1/handler-calls").json["items"] == CALLS
    assert web(sqlite_database).get("/api/v1/handler-calls").status_code == 503
