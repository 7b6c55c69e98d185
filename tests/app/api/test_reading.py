"""What is only read: revisions, audit, engine, statistics, transactions, option definitions."""

import pytest

from dhcpcore.stats.reasons import Reason
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.validate import validate
from tests.app.people import EngineThatAnswers
from tests.app.site import DOCUMENT, define, web
from tests.app.traces import tell

PROBLEM = "application/problem+json"


@pytest.fixture
def rest(sqlite_database):
    define(sqlite_database)
    own = [{"space": "dhcp4", "code": 224, "name": "x-colour", "type": "string"}]
    Definitions(sqlite_database).apply(validate({**DOCUMENT, "option_definitions": own}), actor="bob", note="colours")
    return web(sqlite_database)


def test_revisions_and_what_each_changed(rest):
    first = rest.get("/api/v1/revisions?limit=1").json
    assert [(one["id"], one["author"], one["note"]) for one in first["items"]] == [(2, "bob", "colours")]
    second = rest.get("/api/v1/revisions", query_string={"cursor": first["next_cursor"]}).json
    assert [one["id"] for one in second["items"]] == [1]
    one = rest.get("/api/v1/revisions/2").json
    assert [change["text"] for change in one["changes"]] == ["+ option definition dhcp4/x-colour"]
    assert one["published_at"].endswith("Z")


def test_any_two_revisions_are_compared(rest):
    there = rest.get("/api/v1/revisions/1/difference?to=2").json
    assert [(one["action"], one["object"]) for one in there["changes"]] == [
        ("added", "option definition dhcp4/x-colour")]
    assert (there["first"]["id"], there["second"]["note"], there["more_assignments"]) == (1, "colours", 0)
    back = rest.get("/api/v1/revisions/2/difference?to=1").json
    assert [(one["action"], one["after"]) for one in back["changes"]] == [("removed", None)]


def test_an_old_revision_is_had_whole(rest):
    assert rest.get("/api/v1/revisions/1/definitions").json == Definitions(
        rest.application.extensions["lessor"].appliance.database).document(1)
    answer = rest.get("/api/v1/revisions/2/definitions", headers={"Accept": "application/yaml"})
    assert (answer.mimetype, "x-colour" in answer.text) == ("application/yaml", True)
    assert rest.get("/api/v1/revisions/1/definitions", headers={"Accept": "text/html"}).status_code == 406


@pytest.mark.parametrize(("asked", "count"), [
    ("", 5), ("actor=bob", 1), ("object=OFFICE", 3), ("action=definitions.removed", 0),
    ("since=2001-01-01T00:00:00Z", 5),
    ("until=2001-01-01T00:00:00Z", 0), ("since=2001-01-01", 5)])
def test_the_audit(rest, asked, count):
    body = rest.get(f"/api/v1/audit?{asked}").json
    assert (len(body["items"]), body["next_cursor"]) == (count, None)
    assert all(one["actor"] in {"bob", "test"} for one in body["items"])


def test_options_by_name(rest):
    own = rest.get("/api/v1/option-definitions?built_in=false").json["items"]
    assert [(one["space"], one["code"], one["name"], one["value"]) for one in own] == [
        ("dhcp4", 224, "x-colour", "string")]
    (routers,) = rest.get("/api/v1/option-definitions?space=dhcp4&find=routers").json["items"][:1]
    assert (routers["code"], routers["value"], routers["settable"]) == (3, "list: IPv4 address", True)
    assert len(rest.get("/api/v1/option-definitions").json["items"]) > 200


STATUS = {"version": "1", "ready": True, "why_not_ready": [], "started_at": 100, "host": "h", "server_duid": "00",
          "compiled": 0, "revision": 2, "subnets": 2, "quarantined": [], "offers_under_way": 0, "suspended": 0,
          "share": {"index": 0, "count": 1}, "interfaces": [], "database": "sqlite",
          "clock": {"offset_s": 0, "uncertainty_s": 0, "suspect": False}}


def test_the_engine_in_its_own_words(sqlite_database):
    counted = {"started_at": 100, "received": 1, "reasons": {"ACKNOWLEDGED": 1}, "types": {}, "subnets": {},
               "batches": 1, "rows_committed": 1, "events": {}}
    rest = web(sqlite_database, EngineThatAnswers(status=STATUS, statistics=counted))
    assert rest.get("/api/v1/engine").json == {**STATUS, "started_at": "1970-01-01T00:01:40Z"}
    assert rest.get("/api/v1/statistics").json == {**counted, "started_at": "1970-01-01T00:01:40Z"}


@pytest.mark.parametrize("path", ["engine", "statistics"])
def test_an_engine_that_is_away_is_told(rest, path):
    answer = rest.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, PROBLEM)
    assert answer.headers["Retry-After"]


def test_no_message_is_on_record(rest):
    assert rest.get("/api/v1/transactions").json == {"items": [], "next_cursor": None}


def test_messages_by_reason_and_time_and_in_pages(rest, sqlite_database):
    tell(sqlite_database, *[(7, Reason.OFFER)] * 5, (8, Reason.MALFORMED), at=1_000_000.0)
    first = rest.get("/api/v1/transactions?limit=4").json
    second = rest.get("/api/v1/transactions", query_string={"limit": 4, "cursor": first["next_cursor"]}).json
    assert (len(first["items"]), len(second["items"]), second["next_cursor"]) == (4, 2, None)
    assert first["items"][-1]["received_at"] > second["items"][0]["received_at"]

    def count(asked):
        return len(rest.get(f"/api/v1/transactions?{asked}").json["items"])

    assert count("reason=malformed") == 1
    assert count("since=1970-01-12T13:46:43Z") == 3
    assert count("until=1970-01-12T13:46:41Z&reason=OFFER") == 2
    assert count("until=1970-01-12T15:46:41%2B02:00") == 2
    assert count("until=1970-01-12T13:46:39Z") == 0


@pytest.mark.parametrize(("asked", "numbers"), [
    ("", [2, 1]), ("sort=id", [1, 2]), ("author=bob", [2]), ("author=bo", []), ("note=COLOUR", [2]),
    ("since=2001-01-01T00:00:00Z&sort=-id", [2, 1]), ("until=2001-01-01T00:00:00Z", [])])
def test_some_revisions(rest, asked, numbers):
    assert [one["id"] for one in rest.get(f"/api/v1/revisions?{asked}").json["items"]] == numbers


def test_both_ways_round_a_cursor_goes_on(rest):
    for path in ("revisions", "audit"):
        whole = [one["id"] for one in rest.get(f"/api/v1/{path}?sort=id").json["items"]]
        assert whole == sorted(whole)
        first = rest.get(f"/api/v1/{path}?sort=id&limit=1").json
        rest_of_it = rest.get(f"/api/v1/{path}?sort=id&cursor={first['next_cursor']}").json["items"]
        assert [one["id"] for one in first["items"] + rest_of_it] == whole


@pytest.mark.parametrize(("path", "status"), [
    ("revisions/9", 404), ("revisions/9/definitions", 404), ("revisions/9/difference?to=1", 404),
    ("revisions/1/difference?to=9", 404), ("revisions/1/difference", 422), ("revisions/1/difference?to=x", 422),
    ("revisions/0", 422), ("revisions/x", 422), ("revisions?limit=0", 422),
    ("revisions?cursor=x", 422), ("audit?limit=1001", 422), ("audit?since=yesterday", 422), ("audit?colour=red", 422),
    ("audit?cursor=-1", 422), ("audit?sort=name", 422), ("revisions?sort=", 422), ("revisions?since=x", 422),
    ("transactions?reason=NONE", 404), ("transactions?cursor=x", 422), ("transactions?cursor=1.5", 422),
    ("transactions?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", 422),
    ("transactions?limit=201", 422), ("transactions?client=192.0.2.77", 404),
    ("option-definitions?built_in=perhaps", 422), ("option-definitions?find=", 422)])
def test_what_is_wrong_in_a_question(rest, path, status):
    answer = rest.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM)
