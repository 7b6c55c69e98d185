import pytest

from app.services.access import Role
from tests.app.people import EngineThatAnswers, a_lease, store
from tests.app.site import define, web

PROBLEM = "application/problem+json"
LIST = "/api/v1/assignments"
SCANNER = {"hw_address": "02:00:00:00:00:06", "address": "192.0.2.6", "hostname": "scanner"}


@pytest.fixture
def rest(sqlite_database):
    define(sqlite_database)
    return web(sqlite_database)


def add(rest, entry=SCANNER):
    answer = rest.post(LIST, json=entry)
    assert answer.status_code == 201, answer.text
    return answer


def test_one_is_added_and_says_where_it_is_and_what_was_done(rest):
    answer = add(rest)
    assert answer.headers["Location"] == f"{LIST}/{answer.json['id']}"
    assert answer.json == {"id": 2, "subnet": "office", **SCANNER, "enabled": True, "revision": 2, "losses": [],
                           "engine_told": False, "conflicts": [], "usage": "unused", "holders": [],
                           "last_used_at": None}
    found = rest.get(answer.headers["Location"])
    assert found.json == {"id": 2, "subnet": "office", **SCANNER, "enabled": True, "conflicts": [],
                          "usage": "unused", "holders": [], "last_used_at": None}
    assert found.headers["ETag"] == answer.headers["ETag"] == '"2"'


def test_the_engine_is_told(sqlite_database):
    define(sqlite_database)
    engine = EngineThatAnswers()
    assert add(web(sqlite_database, engine)).json["engine_told"] is True
    assert engine.calls == [("reload", {})]


def test_the_same_again_is_the_same_one(rest):
    first = add(rest)
    for again in (SCANNER, {**SCANNER, "hw_address": "02-00-00-00-00-06", "subnet": "office"},
                  {**SCANNER, "subnet": "192.0.2.0/24", "enabled": True}, {**SCANNER, "subnet": 1}):
        answer = rest.post(LIST, json=again)
        assert (answer.status_code, answer.json["id"]) == (200, first.json["id"])
        assert answer.headers["Location"] == first.headers["Location"]
        assert answer.headers["ETag"] == first.headers["ETag"]
        assert "revision" not in answer.json
    assert len(rest.get(LIST).json["items"]) == 2


@pytest.mark.parametrize("change", [{"hostname": "other"}, {"hw_address": "02:00:00:00:00:09"},
                                    {"address": "192.0.2.9"}])
def test_what_collides_names_the_other(rest, change):
    add(rest)
    answer = rest.post(LIST, json={**SCANNER, **change})
    assert (answer.status_code, answer.headers["Content-Type"]) == (409, PROBLEM)
    assert "assignment 2 (hw_address 02:00:00:00:00:06 with 192.0.2.6) of office" in answer.json["detail"]
    assert len(rest.get(LIST).json["items"]) == 2


@pytest.mark.parametrize(("entry", "field", "says"), [
    ({**SCANNER, "address": "192.0.3.9", "subnet": "office"}, "address", "outside the subnet"),
    ({**SCANNER, "address": "nowhere"}, "address", "nowhere"),
    ({**SCANNER, "hw_address": "02:00"}, None, None),
    ({**SCANNER, "hw_address": "x"}, "hw_address", "x"),
    ({**SCANNER, "colour": "red"}, "colour", "is no key here"),
    ({**SCANNER, "options": {"router": ["192.0.2.1"]}}, "options.router", "did you mean routers"),
    ({**SCANNER, "enabled": "yes"}, "enabled", "neither true nor false"),
    ({"address": "192.0.2.6"}, "assignment", "exactly one of"),
    ({"hw_address": "02:00:00:00:00:06"}, "subnet", "is missing"),
    ({**SCANNER, "subnet": ["office"]}, "subnet", "is not a subnet's name"),
    ([SCANNER], "body", "is not a JSON object"),
])
def test_what_is_wrong_is_told_by_field(rest, entry, field, says):
    answer = rest.post(LIST, json=entry)
    if field is None:
        assert answer.status_code in {201, 422}
        return
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)
    assert [says in fault["message"] for fault in answer.json["errors"] if fault["field"] == field] == [True]
    assert len(rest.get(LIST).json["items"]) == 1


@pytest.mark.parametrize(("body", "kind", "status"), [
    ("{", "application/json", 422), ('{"a": 1, "a": 2}', "application/json", 422),
    ('{"hostname": "\\ud800"}', "application/json", 422), ("", "application/json", 422),
    ("{}", "text/plain", 415), ("a=b", "application/x-www-form-urlencoded", 415)])
def test_a_body_that_is_no_json_is_a_problem(rest, body, kind, status):
    answer = rest.post(LIST, data=body, content_type=kind)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM)


@pytest.mark.parametrize("entry", [{**SCANNER, "subnet": "attic"}, {**SCANNER, "subnet": 99}])
def test_a_subnet_that_is_not_there(rest, entry):
    assert rest.post(LIST, json=entry).status_code == 404


def test_who_loses_an_address_by_it_is_told(sqlite_database):
    define(sqlite_database)
    store(sqlite_database, a_lease(15))
    answer = add(web(sqlite_database), {**SCANNER, "address": "192.0.2.15"})
    assert answer.json["losses"] == [{"what": "assignments of office", "clients": 1}]


def test_one_is_replaced_whole_and_keeps_its_number(rest):
    made = add(rest)
    where, tag = made.headers["Location"], made.headers["ETag"]
    answer = rest.put(where, json={"hw_address": SCANNER["hw_address"], "address": "192.0.2.7"},
                      headers={"If-Match": tag})
    assert (answer.status_code, answer.json["address"], answer.json["revision"]) == (200, "192.0.2.7", 3)
    assert "hostname" not in answer.json
    assert answer.headers["ETag"] == rest.get(where).headers["ETag"] != tag


def test_a_patch_changes_what_it_names(rest):
    where = add(rest).headers["Location"]
    answer = rest.patch(where, json={"enabled": False, "hostname": None}, headers={"If-Match": "*"})
    assert (answer.status_code, answer.json["enabled"], answer.json["address"]) == (200, False, "192.0.2.6")
    assert "hostname" not in answer.json
    again = rest.patch(where, data='{"enabled": true}', content_type="application/merge-patch+json",
                       headers={"If-Match": answer.headers["ETag"]})
    assert again.json["enabled"] is True


def test_one_is_removed(rest):
    made = add(rest)
    answer = rest.delete(made.headers["Location"], headers={"If-Match": made.headers["ETag"]})
    assert (answer.status_code, answer.json) == (200, {"revision": 3, "losses": [], "engine_told": False})
    assert rest.get(made.headers["Location"]).status_code == 404
    assert rest.delete(made.headers["Location"], headers={"If-Match": "*"}).status_code == 404


def change(rest, verb, where, **more):
    return getattr(rest, verb)(where, **({} if verb == "delete" else {"json": {**SCANNER, "hostname": "mine"}}), **more)


@pytest.mark.parametrize("verb", ["put", "patch", "delete"])
def test_two_who_change_one_the_second_is_told(rest, verb):
    made = add(rest)
    where, tag = made.headers["Location"], made.headers["ETag"]
    rest.patch(where, json={"hostname": "theirs"}, headers={"If-Match": tag})
    answer = change(rest, verb, where, headers={"If-Match": tag})
    assert (answer.status_code, answer.headers["Content-Type"]) == (412, PROBLEM)
    assert "changed meanwhile" in answer.json["detail"]
    assert rest.get(where).json["hostname"] == "theirs"


@pytest.mark.parametrize("verb", ["put", "patch", "delete"])
def test_a_change_says_what_it_was_made_from(rest, verb):
    where = add(rest).headers["Location"]
    answer = change(rest, verb, where)
    assert (answer.status_code, answer.headers["Content-Type"]) == (428, PROBLEM)
    assert "If-Match" in answer.json["detail"]
    assert change(rest, verb, where, headers={"If-Match": 'W/"2"'}).status_code == 412
    assert change(rest, verb, where, headers={"If-Match": '"7", "2"'}).status_code == 200


def test_one_that_is_known_already_is_not_sent_again(rest):
    made = add(rest)
    answer = rest.get(made.headers["Location"], headers={"If-None-Match": made.headers["ETag"]})
    assert (answer.status_code, answer.data) == (304, b"")


@pytest.mark.parametrize("subnet", ["laboratory", "attic"])
def test_an_assignment_keeps_its_subnet(rest, subnet):
    where = add(rest).headers["Location"]
    answer = rest.patch(where, json={"subnet": subnet}, headers={"If-Match": "*"})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "subnet"
    assert rest.patch(where, json={"subnet": "office"}, headers={"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize(("asked", "found"), [
    ("", [1, 2]), ("?sort=-id", [2, 1]), ("?sort=-address", [2, 1]), ("?sort=hostname", [1, 2]),
    ("?sort=-hw_address", [2, 1]), ("?sort=last_used_at", [1, 2]),
    ("?find=192.0.2.6", [2]), ("?find=02-00-00-00-00-05", [1]),
    ("?find=print", [1]), ("?find=nobody", []), ("?subnet=office", [1, 2]), ("?subnet=laboratory", []),
    ("?enabled=false", []), ("?subnet=1&enabled=true&limit=2", [1, 2])])
def test_lists(rest, asked, found):
    add(rest)
    assert [one["id"] for one in rest.get(LIST + asked).json["items"]] == found


def test_lists_come_in_pages(rest):
    add(rest)
    first = rest.get(f"{LIST}?limit=1").json
    second = rest.get(LIST, query_string={"limit": 1, "cursor": first["next_cursor"]}).json
    assert [one["id"] for one in first["items"] + second["items"]] == [1, 2]


def test_pages_of_another_order_follow_too_and_too_many_are_refused_with_the_remedy(rest, monkeypatch):
    add(rest)
    first = rest.get(f"{LIST}?limit=1&sort=-address").json
    second = rest.get(LIST, query_string={"limit": 1, "sort": "-address", "cursor": first["next_cursor"]}).json
    third = rest.get(LIST, query_string={"limit": 1, "sort": "-address", "cursor": second["next_cursor"]}).json
    assert [one["id"] for one in first["items"] + second["items"]] == [2, 1]
    assert third == {"items": [], "next_cursor": None}
    assert rest.get(LIST, query_string={"sort": "hostname", "cursor": first["next_cursor"]}).status_code == 422
    monkeypatch.setattr("dhcpcore.store.assignment_orders.ROWS_MAX", 1)
    answer = rest.get(f"{LIST}?sort=address")
    assert (answer.status_code, "name a subnet" in answer.json["detail"]) == (422, True)
    assert rest.get(f"{LIST}?sort=-id").status_code == 200


@pytest.mark.parametrize(("path", "status"), [
    (f"{LIST}?sort=colour", 422), (f"{LIST}?limit=0", 422), (f"{LIST}?cursor=x", 422), (f"{LIST}?find=", 422),
    (f"{LIST}?subnet=attic", 404), (f"{LIST}/0", 422), (f"{LIST}/x", 422), (f"{LIST}/99", 404),
    (f"{LIST}/99999999999999999999", 422)])
def test_what_is_wrong_in_a_question(rest, path, status):
    answer = rest.get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM)


@pytest.mark.parametrize(("role", "status"), [(None, 401), (Role.VIEWER, 403), (Role.OPERATOR, 201), (Role.ADMIN, 201)])
def test_who_may_add(sqlite_database, role, status):
    define(sqlite_database)
    assert web(sqlite_database, role=role).post(LIST, json=SCANNER).status_code == status
