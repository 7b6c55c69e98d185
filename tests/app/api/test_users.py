import pytest

from app.services import accounts, sessions
from app.services.access import Role
from tests.app.people import ADA, appliance
from tests.app.site import PEOPLE, web

PROBLEM = "application/problem+json"
ANY = {"If-Match": "*"}
PASSWORD = "correct horse battery"
USERS = "/api/v1/users"


@pytest.fixture
def rest(sqlite_database):
    return web(sqlite_database)


def test_a_user_is_added_seen_changed_and_removed(rest, sqlite_database):
    made = rest.post(USERS, json={"name": "Bob", "role": "operator"})
    assert (made.status_code, made.headers["Location"]) == (201, f"{USERS}/bob")
    here = appliance(sqlite_database)
    assert sessions.log_in(here, "bob", made.json["password"], address="", agent="").must_change
    assert rest.patch(f"{USERS}/bob", json={"role": "viewer"}, headers=ANY).json["role"] == "viewer"
    assert rest.patch(f"{USERS}/bob", json={"enabled": False}, headers=ANY).json["enabled"] is False
    assert rest.post(f"{USERS}/bob/password", json={"password": PASSWORD}, headers=ANY).json["password"] is None
    assert rest.get(f"{USERS}/bob").json["created_at"].endswith("Z")
    assert rest.delete(f"{USERS}/bob", headers=ANY).status_code == 200
    assert rest.get(f"{USERS}/bob").status_code == 404


def test_users_come_in_pages(rest, sqlite_database):
    for name in ("bob", "carol"):
        accounts.add(appliance(sqlite_database), name, "viewer", PASSWORD, by=ADA)
    first = rest.get(f"{USERS}?limit=2").json
    second = rest.get(USERS, query_string={"limit": 2, "cursor": first["next_cursor"]}).json
    assert [one["name"] for one in first["items"] + second["items"]] == ["ada", "bob", "carol"]
    assert second["next_cursor"] is None


def test_of_two_who_change_one_user_the_second_is_refused(rest, sqlite_database):
    accounts.add(appliance(sqlite_database), "bob", "viewer", PASSWORD, by=ADA)
    seen = {"If-Match": rest.get(f"{USERS}/bob").headers["ETag"]}
    assert rest.patch(f"{USERS}/bob", json={"role": "operator"}, headers=seen).status_code == 200
    answer = rest.patch(f"{USERS}/bob", json={"role": "admin"}, headers=seen)
    assert (answer.status_code, answer.headers["Content-Type"]) == (412, PROBLEM)
    assert answer.json["present"]["role"] == "operator"
    assert answer.json["yours"] == {"role": "admin"}
    assert rest.patch(f"{USERS}/bob", json={}, headers={"If-Match": "nonsense"}).status_code == 412


def test_a_change_says_what_it_was_made_from(rest):
    rest.post(USERS, json={"name": "bob"})
    for answer in (rest.patch(f"{USERS}/bob", json={"role": "admin"}), rest.post(f"{USERS}/bob/password", json={}),
                   rest.delete(f"{USERS}/bob")):
        assert (answer.status_code, answer.headers["Content-Type"]) == (428, PROBLEM)
    assert rest.get(f"{USERS}/bob").json["role"] == "viewer"


@pytest.mark.parametrize(("body", "fields"), [
    ({"name": "<b>", "password": "short"}, ["name", "password"]), ({}, ["name"]),
    ({"name": "bob", "role": "king"}, ["role"]), ({"name": "bob", "colour": 1}, ["colour"]), ({"name": 1}, ["name"]),
])
def test_what_is_wrong_is_told_by_field(rest, body, fields):
    answer = rest.post(USERS, json=body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)
    assert [error["field"] for error in answer.json["errors"]] == fields


def test_a_name_that_is_taken(rest):
    answer = rest.post(USERS, json={"name": "ADA"})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (409, "name")


@pytest.mark.parametrize("name", ["eve", "a" * 60, "%ff"])
def test_whoever_is_not_there(rest, name):
    for answer in (rest.get(f"{USERS}/{name}"), rest.patch(f"{USERS}/{name}", json={"role": "admin"}, headers=ANY),
                   rest.delete(f"{USERS}/{name}", headers=ANY)):
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROBLEM)


def test_the_last_administrator_stays(rest):
    answer = rest.delete(f"{USERS}/{PEOPLE[Role.ADMIN]}", headers=ANY)
    assert answer.status_code == 409
    assert "last administrator" in answer.json["detail"]


def test_a_change_by_cookie_needs_the_header(rest):
    del rest.environ_base["HTTP_X_CSRFTOKEN"]
    answer = rest.post(USERS, json={"name": "eve"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, PROBLEM)
    assert rest.get(f"{USERS}/eve").status_code == 404


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, None])
def test_nobody_else_may(sqlite_database, role):
    rest = web(sqlite_database, role=role)
    wanted = 401 if role is None else 403
    for answer in (rest.get(USERS), rest.post(USERS, json={"name": "eve"}), rest.get(f"{USERS}/ada"),
                   rest.patch(f"{USERS}/ada", json={}), rest.post(f"{USERS}/ada/password", json={}),
                   rest.delete(f"{USERS}/ada")):
        assert (answer.status_code, answer.headers["Content-Type"]) == (wanted, PROBLEM)
