from unittest.mock import ANY

import pytest

from dhcpcore.control import ControlRefused
from tests.app.people import EngineThatAnswers, a_lease, remember, store
from tests.app.site import HOSTILE, fill, web

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


@pytest.mark.parametrize(("asked", "found"), [
    ("state=declined", ["192.0.2.19"]), ("state=expired", ["192.0.2.30"]), ("state=released", []),
    ("hostname=HOST-1&limit=2", ["192.0.2.10", "192.0.2.11"]), ("hw_address=02-00-00-00-00-0c", ["192.0.2.12"]),
    ("hw_address=0200.0000.0099", []), ("sort=-address&limit=2", ["192.0.2.30", "192.0.2.19"]),
    ("subnet=1&state=active&hostname=host-14", ["192.0.2.14"])])
def test_more_filters(rest, asked, found):
    assert [one["address"] for one in rest.get(f"/api/v1/leases?{asked}").json["items"]] == found


@pytest.mark.parametrize(("sort", "first"), [
    ("expires_at", "192.0.2.30"), ("-expires_at", "192.0.2.5"), ("last_seen_at", "192.0.2.5"),
    ("hw_address", "192.0.2.5"), ("-hw_address", "192.0.2.30"), ("hostname", "192.0.2.5"), ("-hostname", "192.0.2.30")])
def test_orders(rest, sort, first):
    found, cursor = [], None
    while not found or cursor:
        going_on = {"cursor": cursor} if cursor else {}
        page = rest.get("/api/v1/leases", query_string={"sort": sort, "limit": 5, **going_on})
        found += [one["address"] for one in page.json["items"]]
        cursor = page.json["next_cursor"]
    assert found[0] == first
    assert len(found) == len(set(found)) == 12
    assert rest.get(f"/api/v1/leases?sort=address&cursor={page.request.args['cursor']}").status_code == 422


@pytest.mark.parametrize("asked", [
    "state=dead", "sort=colour", "sort=", "sort=--address", "hw_address=x", "find=host&hostname=host"])
def test_filters_that_make_no_sense(rest, asked):
    assert rest.get(f"/api/v1/leases?{asked}").status_code == 422


def test_a_lease_is_released_by_the_engine(sqlite_database):
    fill(sqlite_database)
    engine = EngineThatAnswers(lease_release={"state": "released"})
    answer = web(sqlite_database, engine).post("/api/v1/leases/192.0.2.12/release")
    assert (answer.status_code, answer.json) == (200, {"released": True, "address": "192.0.2.12"})
    assert engine.calls == [("lease-release", {"address": "192.0.2.12", "space": 0})]


def test_without_an_engine_the_wish_is_kept(rest):
    answer = rest.post("/api/v1/leases/192.0.2.12/release?space=0")
    assert (answer.status_code, answer.json) == (202, {"released": False, "address": "192.0.2.12", "request": 1})


@pytest.mark.parametrize(("path", "status"), [
    ("192.0.2.99/release", 409), ("nowhere/release", 422), ("192.0.2.12/release?space=x", 422)])
def test_what_cannot_be_released(rest, path, status):
    answer = rest.post(f"/api/v1/leases/{path}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM)


def test_an_engine_that_refuses_a_release_is_heard(sqlite_database):
    fill(sqlite_database)
    engine = EngineThatAnswers(lease_release=ControlRefused("not-leased", "Nobody has it."))
    answer = web(sqlite_database, engine).post("/api/v1/leases/192.0.2.12/release")
    assert (answer.status_code, answer.json["detail"]) == (409, "Nobody has it.")


def test_a_client_is_asked_to_renew_and_the_audit_says_by_whom(sqlite_database):
    fill(sqlite_database)
    engine = EngineThatAnswers(lease_renew={
        "address": "192.0.2.12", "client": "hardware address 02:00:00:00:00:0c", "sent": ["authenticated"],
        "last_seen_at": 100})
    api = web(sqlite_database, engine)
    answer = api.post("/api/v1/leases/192.0.2.12/renew")
    assert (answer.status_code, answer.json) == (200, {
        "address": "192.0.2.12", "client": "hardware address 02:00:00:00:00:0c", "sent": ["authenticated"],
        "last_seen_at": "1970-01-01T00:01:40Z"})
    assert engine.calls == [("lease-renew", {"address": "192.0.2.12", "space": 0})]
    (row,) = api.get("/api/v1/audit?object=192.0.2.12").json["items"]
    assert (row["action"], row["object"]) == ("lease.renew", "lease 192.0.2.12")
    assert row["after"]["sent"] == ["authenticated"]


def test_what_cannot_be_asked_to_renew_is_said_and_not_in_the_audit(sqlite_database, rest):
    assert rest.post("/api/v1/leases/192.0.2.12/renew").status_code == 503, "no engine runs"
    assert rest.post("/api/v1/leases/nowhere/renew").status_code == 422
    engine = EngineThatAnswers(lease_renew=ControlRefused("refused", "globals.forcerenew is never: set it."))
    answer = web(sqlite_database, engine).post("/api/v1/leases/192.0.2.12/renew")
    assert (answer.status_code, answer.json["detail"]) == (409, "globals.forcerenew is never: set it.")
    assert rest.get("/api/v1/audit?object=lease").json["items"] == []


def test_a_lease_becomes_an_assignment_in_one_call(rest):
    answer = rest.post("/api/v1/leases/192.0.2.12/assignment")
    assert (answer.status_code, answer.json["losses"]) == (201, [])
    made = rest.get(answer.headers["Location"]).json
    assert made == {"id": 2, "subnet": "office", "hw_address": "02:00:00:00:00:0c", "address": "192.0.2.12",
                    "hostname": "host-12", "enabled": True, "conflicts": [], "usage": "in-use", "holders": ANY,
                    "last_used_at": "1970-01-01T00:16:40Z"}
    again = rest.post("/api/v1/leases/192.0.2.12/assignment", json={})
    assert (again.status_code, again.json["id"]) == (200, 2)


def test_the_assignment_takes_what_it_is_given(rest):
    given = {"hostname": None, "enabled": False, "options": {"domain-name": "example.org"}}
    made = rest.post("/api/v1/leases/192.0.2.13/assignment", json=given).json
    assert (made.get("hostname"), made["enabled"], made["options"]) == (None, False, {"domain-name": "example.org"})


def test_a_client_without_ethernet_is_known_by_its_identifier(sqlite_database):
    fill(sqlite_database)
    store(sqlite_database, a_lease(40, hw=b"\x20" + bytes(20), client=b"\x01\xff\x01\x02", hostname=HOSTILE))
    made = web(sqlite_database).post("/api/v1/leases/192.0.2.40/assignment").json
    assert made["client_id"] == "ff:01:02"
    assert "hostname" not in made


@pytest.mark.parametrize(("address", "body", "status"), [
    ("192.0.2.99", {}, 404), ("192.0.2.19", {}, 409), ("192.0.2.12", {"address": "192.0.2.13"}, 422),
    ("192.0.2.12", {"hostname": "no name!"}, 422), ("192.0.2.12", [], 422), ("nowhere", {}, 422)])
def test_what_does_not_become_an_assignment(rest, address, body, status):
    answer = rest.post(f"/api/v1/leases/{address}/assignment", json=body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM)
