"""`/api/v1/suspensions`: seen, lifted, and refused where nobody is or may."""

import pytest

from app.services.access import Role
from dhcpcore.control import ControlRefused
from tests.app.people import EngineThatAnswers
from tests.app.site import fill, web

SUSPENDED = [{"hw_address": "02:00:00:00:00:09", "why": "rate", "since": 1.0, "until": 151.0, "subnet": "office"}]


@pytest.fixture
def engine():
    return EngineThatAnswers(suspensions=SUSPENDED, suspension_lift={"hw_address": "02:00:00:00:00:09"})


def test_they_are_listed(sqlite_database, engine):
    fill(sqlite_database)
    assert web(sqlite_database, engine).get("/api/v1/suspensions").json == {"items": [
        {"hw_address": "02:00:00:00:00:09", "why": "rate", "since_at": "1970-01-01T00:00:01Z",
         "until_at": "1970-01-01T00:02:31Z", "subnet": "office"}]}


def test_one_is_lifted(sqlite_database, engine):
    fill(sqlite_database)
    answer = web(sqlite_database, engine).delete("/api/v1/suspensions/02:00:00:00:00:09")
    assert (answer.status_code, answer.json) == (200, {"hw_address": "02:00:00:00:00:09"})
    assert engine.calls == [("suspension-lift", {"hw_address": "02:00:00:00:00:09"})]
    (row,) = web(sqlite_database, role=Role.VIEWER).get("/api/v1/audit?action=suspension.").json["items"]
    assert (row["actor"], row["object"]) == ("ada", "client 02:00:00:00:00:09")


def test_one_that_is_none_is_refused_in_the_engines_words(sqlite_database):
    fill(sqlite_database)
    engine = EngineThatAnswers(suspension_lift=ControlRefused("refused", "02:00:00:00:00:08 is not suspended."))
    answer = web(sqlite_database, engine).delete("/api/v1/suspensions/02:00:00:00:00:08")
    assert answer.status_code == 409
    assert "is not suspended" in answer.json["detail"]


def test_without_an_engine_it_is_told(sqlite_database):
    fill(sqlite_database)
    assert web(sqlite_database).get("/api/v1/suspensions").status_code == 503


def test_a_viewer_lifts_none(sqlite_database, engine):
    fill(sqlite_database)
    page = web(sqlite_database, engine, role=Role.VIEWER)
    assert page.get("/api/v1/suspensions").status_code == 200
    assert page.delete("/api/v1/suspensions/02:00:00:00:00:09").status_code == 403
