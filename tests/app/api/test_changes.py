"""Subnets, pools, shared networks, globals and option definitions over REST: the same promises for each."""

import pytest

from app.services.access import Role
from tests.app.people import EngineThatAnswers, a_lease, store
from tests.app.site import define, web

PROBLEM = "application/problem+json"
V1 = "/api/v1"
ANY = {"If-Match": "*"}
LAB = {"prefix": "203.0.113.0/24", "name": "cellar", "lifetime": "2h",
       "pools": [{"first": "203.0.113.10", "last": "203.0.113.19", "class": "known"}]}
POOL = {"subnet": "office", "first": "192.0.2.100", "last": "192.0.2.109"}
OPTION = {"space": "dhcp4", "code": 224, "name": "x-colour", "type": "string"}
#: Where things of a kind are, a new one, what changes of it, and what of that is wrong, with the field.
KINDS = {
    "subnets": (LAB, {"lifetime": "3h"}, {"lifetime": "soon"}, "lifetime.default"),
    "pools": (POOL, {"last": "192.0.2.119"}, {"last": "198.51.100.9"}, "last"),
    "option-definitions": (OPTION, {"code": 225}, {"code": 0}, "code"),
}


@pytest.fixture
def rest(sqlite_database):
    define(sqlite_database)
    return web(sqlite_database)


def added(rest, kind):
    answer = rest.post(f"{V1}/{kind}", json=KINDS[kind][0])
    assert answer.status_code == 201, answer.text
    return answer


@pytest.mark.parametrize("kind", KINDS)
def test_one_is_added_and_says_where_it_is_and_what_was_done(rest, kind):
    answer = added(rest, kind)
    assert (answer.json["revision"], answer.json["losses"], answer.json["engine_told"]) == (2, [], False)
    found = rest.get(answer.headers["Location"])
    assert found.headers["ETag"] == answer.headers["ETag"] == '"2"'
    assert found.json == {key: value for key, value in answer.json.items()
                          if key not in {"revision", "losses", "engine_told"}}
    assert rest.get(answer.headers["Location"], headers={"If-None-Match": '"2"'}).status_code == 304


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_again_is_the_same_one(rest, kind):
    first = added(rest, kind)
    again = rest.post(f"{V1}/{kind}", json=KINDS[kind][0])
    assert (again.status_code, again.headers["Location"]) == (200, first.headers["Location"])
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "revision" not in again.json


@pytest.mark.parametrize("kind", KINDS)
def test_one_is_patched_replaced_and_removed(rest, kind):
    new, change, _, _ = KINDS[kind]
    made = added(rest, kind)
    where = made.headers["Location"]
    patched = rest.patch(where, json=change, headers={"If-Match": made.headers["ETag"]})
    assert (patched.status_code, patched.json["revision"]) == (200, 3)
    assert change.items() <= rest.get(where).json.items()
    replaced = rest.put(where, json=new, headers={"If-Match": patched.headers["ETag"]})
    assert (replaced.status_code, replaced.json["revision"]) == (200, 4)
    same = rest.put(where, json=new, headers=ANY)
    assert (same.status_code, same.headers["ETag"]) == (200, replaced.headers["ETag"])
    assert "revision" not in same.json
    gone = rest.delete(where, headers={"If-Match": replaced.headers["ETag"]})
    assert (gone.status_code, gone.json) == (200, {"revision": 5, "losses": [], "engine_told": False})
    for answer in (rest.get(where), rest.delete(where, headers=ANY), rest.put(where, json=new, headers=ANY)):
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROBLEM)


@pytest.mark.parametrize("kind", KINDS)
def test_of_two_the_second_is_told_and_shown_both(rest, kind):
    _, change, _, _ = KINDS[kind]
    made = added(rest, kind)
    where, tag = made.headers["Location"], {"If-Match": made.headers["ETag"]}
    assert rest.patch(where, json=change, headers=tag).status_code == 200
    late = rest.patch(where, json={"doc": "mine"}, headers=tag)
    assert (late.status_code, late.headers["Content-Type"]) == (412, PROBLEM)
    assert late.json["yours"] == {"doc": "mine"}
    assert change.items() <= late.json["present"].items()
    assert rest.delete(where, headers=tag).status_code == 412
    for without in (rest.put(where, json={}), rest.patch(where, json={}), rest.delete(where)):
        assert (without.status_code, without.headers["Content-Type"]) == (428, PROBLEM)
    assert rest.get(where).headers["ETag"] == '"3"'


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_wrong_is_told_by_field_and_changes_nothing(rest, kind):
    new, _, wrong, field = KINDS[kind]
    where = added(rest, kind).headers["Location"]
    for answer in (rest.post(f"{V1}/{kind}", json={**new, **wrong}), rest.patch(where, json=wrong, headers=ANY),
                   rest.put(where, json={**new, **wrong}, headers=ANY)):
        assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM), answer.text
        assert [one["field"] for one in answer.json["errors"]] == [field]
    for body in ("[]", "{", '{"a": 1, "a": 2}'):
        assert rest.post(f"{V1}/{kind}", data=body, content_type="application/json").status_code == 422
    assert rest.post(f"{V1}/{kind}", data="{}", content_type="text/plain").status_code == 415
    assert rest.get(where).headers["ETag"] == '"2"'


@pytest.mark.parametrize(("kind", "body", "says"), [
    ("subnets", {"prefix": "192.0.2.128/25"}, "overlaps 192.0.2.0/24 of subnet office"),
    ("pools", {**POOL, "first": "192.0.2.19"}, "overlaps pool 192.0.2.10 - 192.0.2.19 of office")])
def test_what_collides_names_the_other(rest, kind, body, says):
    answer = rest.post(f"{V1}/{kind}", json=body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (409, PROBLEM)
    assert says in answer.json["detail"]


def test_what_takes_addresses_from_clients_wants_to_be_confirmed(sqlite_database):
    define(sqlite_database)
    store(sqlite_database, a_lease(12), a_lease(13))
    rest = web(sqlite_database, EngineThatAnswers())
    for change, first in (
            (lambda more="": rest.patch(f"{V1}/pools/1{more}", json={"first": "192.0.2.13"}, headers=ANY), 10),
            (lambda more="": rest.delete(f"{V1}/pools/1{more}", headers=ANY), 13)):
        answer = change()
        assert (answer.status_code, answer.json["losses"]) == (
            409, [{"what": f"pool 192.0.2.{first} - 192.0.2.19 of office", "clients": 1}])
        done = change("?confirm=true&note=because")
        assert (done.status_code, done.json["losses"][0]["clients"], done.json["engine_told"]) == (200, 1, True)
    assert rest.get(f"{V1}/revisions/3").json["note"] == "because"


def test_a_subnet_is_told_with_its_pools_and_their_use(sqlite_database):
    define(sqlite_database)
    store(sqlite_database, a_lease(12))
    rest = web(sqlite_database)
    assert rest.get(f"{V1}/subnets/1").json == {
        "id": 1, "held": 1, "prefix": "192.0.2.0/24", "name": "office", "prefix_pools": [],
        "pools": [{"id": 1, "first": "192.0.2.10", "last": "192.0.2.19", "size": 10, "held": 1, "declined": 0,
                   "free": 9}]}
    assert rest.get(f"{V1}/pools").json["items"] == [
        {"id": 1, "subnet": "office", "first": "192.0.2.10", "last": "192.0.2.19", "size": 10, "held": 1,
         "declined": 0, "free": 9}]


def test_a_pool_keeps_its_subnet(rest):
    where = added(rest, "pools").headers["Location"]
    assert rest.patch(where, json={"subnet": "office"}, headers=ANY).status_code == 200
    answer = rest.patch(where, json={"subnet": "laboratory"}, headers=ANY)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "subnet")


def test_lists_page_sort_and_filter(rest, sqlite_database):
    store(sqlite_database, a_lease(12))
    added(rest, "subnets")
    page = rest.get(f"{V1}/subnets?sort=-name&limit=2").json
    assert [one["name"] for one in page["items"]] == ["office", "laboratory"]
    rest_of = rest.get(f"{V1}/subnets?sort=-name&limit=2&cursor={page['next_cursor']}").json
    assert ([one["name"] for one in rest_of["items"]], rest_of["next_cursor"]) == (["cellar"], None)
    assert [one["name"] for one in rest.get(f"{V1}/subnets?find=203.0").json["items"]] == ["cellar"]
    assert [one["subnet"] for one in rest.get(f"{V1}/pools?sort=-first").json["items"]] == ["cellar", "office"]
    assert [one["subnet"] for one in rest.get(f"{V1}/pools?sort=-use").json["items"]] == ["office", "cellar"]
    assert [one["subnet"] for one in rest.get(f"{V1}/pools?sort=held").json["items"]] == ["cellar", "office"]
    for wrong in ("subnets?sort=colour", "pools?sort=colour", "subnets?limit=0", "pools?cursor=x", "pools?colour=red",
                  "subnets?family=5"):
        answer = rest.get(f"{V1}/{wrong}")
        assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM), wrong
    assert rest.get(f"{V1}/pools?subnet=attic").status_code == 404


def test_a_shared_network_is_made_renamed_and_taken_apart(rest):
    where = f"{V1}/shared-networks/campus"
    assert rest.get(f"{V1}/shared-networks").json == {"items": []}
    assert rest.get(where).status_code == 404
    assert rest.put(where, json={"subnets": ["office"]}).status_code == 428
    made = rest.put(where, json={"subnets": ["office", 2]}, headers=ANY)
    assert (made.status_code, made.json["subnets"], made.json["revision"]) == (200, ["office", "laboratory"], 2)
    assert rest.get(where).headers["ETag"] == made.headers["ETag"]
    renamed = rest.patch(where, json={"name": "yard"}, headers={"If-Match": made.headers["ETag"]})
    assert (renamed.status_code, renamed.json["name"]) == (200, "yard")
    where = f"{V1}/shared-networks/yard"
    late = rest.put(where, json={"subnets": []}, headers={"If-Match": made.headers["ETag"]})
    assert (late.status_code, late.json["present"]["subnets"]) == (412, ["office", "laboratory"])
    for body, field in (({"subnets": "office"}, "subnets"), ({"subnets": [True]}, "subnets"), ({"colour": 1}, "colour"),
                        ({"subnets": ["attic"]}, "subnets")):
        answer = rest.put(where, json=body, headers=ANY)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
    assert rest.patch(where, json={"name": " "}, headers=ANY).status_code == 422
    assert rest.delete(where, headers={"If-Match": renamed.headers["ETag"]}).status_code == 200
    assert rest.get(f"{V1}/shared-networks").json == {"items": []}
    made = rest.put(where, json={"lifetime": "2h"}, headers=ANY)
    assert (made.status_code, rest.get(where).json) == (200, {"name": "yard", "subnets": [], "lifetime": "2h"})


def test_globals_are_changed(rest):
    first = rest.get(f"{V1}/globals")
    assert (first.json, first.headers["ETag"]) == ({}, '"0"')
    assert rest.patch(f"{V1}/globals", json={}).status_code == 428
    made = rest.patch(f"{V1}/globals", json={"lifetime": "2h", "options": {"dhcp4": {"domain-name": "a.example"}}},
                      headers={"If-Match": '"0"'})
    assert (made.status_code, made.json["lifetime"], made.headers["ETag"]) == (200, "2h", '"2"')
    late = rest.put(f"{V1}/globals", json={"probe": True}, headers={"If-Match": '"0"'})
    assert (late.status_code, late.json["present"]["lifetime"], late.json["yours"]) == (412, "2h", {"probe": True})
    wrong = rest.put(f"{V1}/globals", json={"offer_hold": "1d"}, headers=ANY)
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "offer_hold")
    assert rest.put(f"{V1}/globals", json={}, headers={"If-Match": '"2"'}).status_code == 200
    assert rest.get(f"{V1}/globals").json == {}


def test_an_option_that_is_in_use_stays(rest):
    where = added(rest, "option-definitions").headers["Location"]
    assert rest.patch(f"{V1}/subnets/1", json={"options": {"x-colour": "red"}}, headers=ANY).status_code == 200
    answer = rest.delete(where, headers=ANY)
    assert (answer.status_code, answer.headers["Content-Type"]) == (409, PROBLEM)
    assert "subnet office: options.x-colour" in answer.json["detail"]


def test_a_name_of_both_families_needs_the_family(rest):
    for family in (4, 6):
        body = {"space": "vendor-4491", "code": 2, "name": "x-s", "type": "string", "family": family}
        assert rest.post(f"{V1}/option-definitions", json=body).status_code == 201
    where = f"{V1}/option-definitions/vendor-4491/x-s"
    assert rest.get(where).status_code == 422
    assert rest.get(f"{where}?family=6").json["family"] == 6
    assert rest.delete(f"{where}?family=6", headers=ANY).status_code == 200
    assert rest.get(where).json["family"] == 4
    assert rest.get(f"{V1}/option-definitions/dhcp4/routers").status_code == 404


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, None])
def test_nobody_else_may_change_them(sqlite_database, role):
    define(sqlite_database)
    rest = web(sqlite_database, role=role)
    wanted = 401 if role is None else 403
    for where in ("subnets/1", "pools/1", "shared-networks/x", "globals", "option-definitions/dhcp4/x"):
        for verb in ("put", "patch", "delete") if where != "globals" else ("put", "patch"):
            answer = getattr(rest, verb)(f"{V1}/{where}", headers=ANY, **({} if verb == "delete" else {"json": {}}))
            assert (answer.status_code, answer.headers["Content-Type"]) == (wanted, PROBLEM), (verb, where)
    for kind, (new, *_rest) in KINDS.items():
        assert rest.post(f"{V1}/{kind}", json=new).status_code == wanted


def test_a_parameter_is_given_once(rest):
    answer = rest.get(f"{V1}/subnets?find=office&find=laboratory&limit=1")
    assert (answer.status_code, [one["field"] for one in answer.json["errors"]]) == (422, ["find"])


def test_a_body_that_says_it_is_json_is_json(rest):
    answer = rest.post(f"{V1}/subnets", data="prefix: 203.0.113.0/24", content_type="application/json")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "body, line 1, column 1")
    assert "is no JSON" in answer.json["detail"]


def test_a_revision_is_taken_back(rest):
    rest.patch(f"{V1}/pools/1", json={"last": "192.0.2.29"}, headers=ANY)
    answer = rest.post(f"{V1}/revisions/2/undo")
    assert (answer.status_code, answer.json["revision"]) == (200, 3)
    assert rest.get(f"{V1}/pools/1").json["last"] == "192.0.2.19"
    assert [rest.post(f"{V1}/revisions/{number}/undo").status_code for number in (2, 9)] == [409, 404]
