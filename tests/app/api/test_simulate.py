"""Definitions tried over REST and in the page on the messages that came in last."""

import time

import yaml

from app.services import simulation
from dhcpcore.pipeline.bundle import Datagram
from dhcpcore.pipeline.finished import Traced
from dhcpcore.stats.reasons import Reason
from tests.app.site import DOCUMENT, HOSTILE, define, web
from tests.packets4 import Client, request
from tests.stored import store_traces

RELAY = b"\xc0\0\2\1"
OTHER = {"version": 1, "subnets": [{**DOCUMENT["subnets"][0], "options": {"domain-name": HOSTILE}}]}


def heard(database):
    data = request(1, Client(b"\x02\0\0\0\0\1"), 1, giaddr=RELAY)
    came = Datagram(data, RELAY, 67, 1, RELAY, RELAY, time.time() - 10)
    store_traces(database, [Traced(came, Reason.OFFER, 1, [], b"\0\1\2\0\0\0\0\1", b"")])


def test_other_definitions_are_tried_over_rest(sqlite_database):
    define(sqlite_database)
    heard(sqlite_database)
    client = web(sqlite_database)
    answer = client.post("/api/v1/simulate", json={"definitions": OTHER}).json
    (one,) = answer["items"]
    assert (answer["changed"], one["message"], one["hw_address"]) == (1, "DISCOVER", "02:00:00:00:00:01")
    assert (one["before"]["reason"], one["after"]["reason"]) == ("OFFER", "OFFER")
    assert set(one["after"]["says"]) - set(one["before"]["says"]) == {f"domain-name: {HOSTILE}"}
    assert client.post("/api/v1/simulate", json={}).json["changed"] == 0
    assert client.get("/api/v1/revisions").json["items"][0]["id"] == answer["revision"] == 1


def test_what_is_wrong_is_said_by_its_path(sqlite_database):
    define(sqlite_database)
    client = web(sqlite_database)
    answer = client.post("/api/v1/simulate", json={"definitions": {"version": 1, "subnets": [{"prefix": "no"}]}})
    assert answer.status_code == 422
    assert "subnets[0].prefix" in answer.text
    for wrong in ({"limit": 0}, {"script": "/etc/passwd"}):
        assert client.post("/api/v1/simulate", json=wrong).status_code == 422


def test_the_page_shows_what_would_become_of_messages_and_applies_nothing(sqlite_database):
    define(sqlite_database)
    heard(sqlite_database)
    client = web(sqlite_database)
    form = {"text": yaml.safe_dump(OTHER), "confirmed": "yes", "revision": "1", "losses": "0", "try": "yes"}
    page = client.post("/definitions", data=form).text
    assert "1 of the latest 1 messages would end otherwise" in page
    assert "domain-name: &lt;script&gt;" in page
    assert HOSTILE not in page
    assert client.get("/api/v1/revisions").json["items"][0]["id"] == 1


def test_while_one_is_under_way_there_is_no_other(sqlite_database):
    define(sqlite_database)
    client = web(sqlite_database)
    with simulation._free:
        answer = client.post("/api/v1/simulate", json={})
    assert answer.status_code == 409
    assert "Another simulation is under way" in answer.text
