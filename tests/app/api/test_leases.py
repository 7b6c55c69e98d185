import pytest

from tests.app.people import a_lease, remember
from tests.app.site import fill, web

PROBLEM = "application/problem+json"


@pytest.fixture
def rest(sqlite_database):
    fill(sqlite_database)
    remember(sqlite_database, a_lease(10), 100, 200, 1)
    return web(sqlite_database)


def test_leases_come_in_pages(rest):
    first = rest.get("/api/v1/leases?limit=7").json
    second = rest.get("/api/v1/leases", query_string={"limit": 7, "cursor": first["next_cursor"]}).json
    addresses = [one["address"] for one in first["items"] + second["items"]]
    assert len(addresses) == len(set(addresses)) == 12
    assert second["next_cursor"] is None


def test_a_lease_has_the_command_lines_names_and_rfc_3339_times(rest):
    lease = rest.get("/api/v1/leases/192.0.2.12").json
    assert lease == {
        "address": "192.0.2.12", "state": "active", "hw_address": "02:00:00:00:00:0c",
        "client": "hardware 02:00:00:00:00:0c", "hostname": "host-12", "subnet": 1,
        "expires_at": "2096-10-02T07:06:40Z", "last_seen_at": "1970-01-01T00:16:40Z", "relay": "", "agent": "",
        "space": 0}


def test_filters(rest):
    assert len(rest.get("/api/v1/leases?active=true").json["items"]) == 10
    assert [one["address"] for one in rest.get("/api/v1/leases?find=host-14").json["items"]] == ["192.0.2.14"]
    assert rest.get("/api/v1/leases?subnet=9").json["items"] == []


def test_history(rest):
    (holding,) = rest.get("/api/v1/leases/192.0.2.10/history").json["items"]
    assert (holding["from_at"], holding["to_at"], holding["ended_by"]) == (
        "1970-01-01T00:01:40Z", "1970-01-01T00:03:20Z", "released")


@pytest.mark.parametrize(("path", "status", "fields"), [
    ("/api/v1/leases?limit=0", 422, ["limit"]),
    ("/api/v1/leases?limit=1001", 422, ["limit"]),
    ("/api/v1/leases?limit=x&colour=red", 422, ["limit", "colour"]),
    ("/api/v1/leases?find=", 422, ["find"]),
    ("/api/v1/leases?subnet=-1", 422, ["subnet"]),
    ("/api/v1/leases?cursor=nonsense", 422, None),
    ("/api/v1/leases/nowhere", 422, None),
    ("/api/v1/leases/192.0.2.99", 404, None),
    ("/api/v1/leases/192.0.2.99/history", 404, None),
    ("/api/v1/leases/nowhere/history", 422, None),
    ("/api/v1/nothing", 404, None),
])
def test_what_is_wrong_is_told_as_a_problem(rest, path, status, fields):
    answer = rest.get(path)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == PROBLEM
    body = answer.json
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    if fields:
        assert [error["field"] for error in body["errors"]] == fields
        assert all(error["message"] for error in body["errors"])


def test_what_must_not_be_done_says_what_may(rest):
    answer = rest.post("/api/v1/leases", json={})
    assert (answer.status_code, answer.headers["Content-Type"]) == (405, PROBLEM)
    assert "GET" in answer.headers["Allow"]
