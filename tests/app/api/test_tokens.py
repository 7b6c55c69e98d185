import pytest

from app.services import tokens
from app.services.access import Role
from tests.app.people import appliance
from tests.app.site import web

PROBLEM = "application/problem+json"
TOKENS = "/api/v1/tokens"


@pytest.fixture
def rest(sqlite_database):
    return web(sqlite_database)


def test_a_token_is_made_used_listed_and_revoked(rest, sqlite_database):
    made = rest.post(TOKENS, json={"name": "export", "role": "viewer", "days": 30})
    assert made.status_code == 201
    stranger, header = web(sqlite_database, role=None), {"Authorization": f"Bearer {made.json['secret']}"}
    assert stranger.get("/api/v1/leases", headers=header).status_code == 200
    assert [one["name"] for one in rest.get(TOKENS).json["items"]] == ["export"]
    assert "secret" not in rest.get(made.headers["Location"]).json
    assert rest.delete(made.headers["Location"]).status_code == 200
    assert stranger.get("/api/v1/leases", headers=header).status_code == 401
    assert rest.delete(made.headers["Location"]).status_code == 404


def test_a_user_sees_and_revokes_only_his_own(rest, sqlite_database):
    viewer = web(sqlite_database, role=Role.VIEWER)
    hers = rest.post(TOKENS, json={"name": "hers"}).headers["Location"]
    own = viewer.post(TOKENS, json={"name": "own"}).headers["Location"]
    assert [one["name"] for one in viewer.get(TOKENS).json["items"]] == ["own"]
    for answer in (viewer.get(hers), viewer.delete(hers), viewer.get(f"{TOKENS}?all=true")):
        assert answer.status_code == 403
    assert [one["name"] for one in rest.get(f"{TOKENS}?all=true").json["items"]] == ["hers", "own"]
    assert rest.delete(own).status_code == 200


def test_they_come_in_pages(rest):
    for number in range(3):
        rest.post(TOKENS, json={"name": f"token {number}"})
    first = rest.get(f"{TOKENS}?limit=2").json
    second = rest.get(TOKENS, query_string={"limit": 2, "cursor": first["next_cursor"]}).json
    assert len(first["items"] + second["items"]) == 3
    assert second["next_cursor"] is None


@pytest.mark.parametrize(("body", "fields"), [
    ({"name": ""}, ["name"]), ({"name": "x", "role": "admin"}, ["role"]), ({"name": "x", "days": 0}, ["days"]),
    ({"name": "\x00"}, ["name"]), ({}, ["name"]), ({"name": "x", "days": 10**9}, ["days"]),
])
def test_what_is_wrong_is_told_by_field(sqlite_database, body, fields):
    answer = web(sqlite_database, role=Role.OPERATOR).post(TOKENS, json=body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)
    assert [error["field"] for error in answer.json["errors"]] == fields


@pytest.mark.parametrize("number", ["0", "x", "99999999999999999999999"])
def test_a_strange_number(rest, number):
    assert rest.get(f"{TOKENS}/{number}").status_code == 422


def test_a_stranger_may_nothing(sqlite_database):
    rest = web(sqlite_database, role=None)
    for answer in (rest.get(TOKENS), rest.post(TOKENS, json={"name": "x"}), rest.delete(f"{TOKENS}/1")):
        assert (answer.status_code, answer.headers["Content-Type"]) == (401, PROBLEM)


def test_a_token_without_end(rest, sqlite_database):
    made = rest.post(TOKENS, json={"name": "x", "days": None}).json
    assert made["token"]["expires_at"] is None
    assert tokens.caller_of(appliance(sqlite_database), made["secret"]) is not None
