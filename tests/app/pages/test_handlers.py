"""The page of the site's own code, REST, and what both say where there is none."""

import re

import pytest

from app.services.access import Role
from tests.app.pages.form_pages import text
from tests.app.people import EngineThatAnswers
from tests.app.site import fill, web

CALLOUTS = [
    {"hook": "pkt4_receive", "library": "site", "function": "pkt4_receive", "calls": 12345, "errors": 0, "overruns": 0,
     "stopped": 7, "mean_us": 3.4, "slowest_us": 1800.0, "disabled": ""},
    {"hook": "pkt4_send", "library": "<b>slow</b>", "function": "pkt4_send", "calls": 3, "errors": 3, "overruns": 3,
     "stopped": 3, "mean_us": 25000.0, "slowest_us": 25100.0,
     "disabled": "it took longer than 25 ms, 3 times in a row"},
]


@pytest.fixture
def engine():
    return EngineThatAnswers(status={"ready": True}, hooks=CALLOUTS)


@pytest.mark.parametrize("role", Role)
def test_callouts_are_shown_with_what_they_cost_and_did(sqlite_database, engine, role):
    fill(sqlite_database)
    answer = web(sqlite_database, engine, role=role).get("/handlers")
    shown = text(answer)
    assert re.search(r"12\W?345", shown)
    for part in ("3 µs", "1.8 ms", "25.0 ms", "Not called any more", "longer than 25 ms"):
        assert part in shown, part
    assert "<b>slow" not in answer.get_data(as_text=True)
    assert 'aria-current="page"' in shown


def test_where_there_is_none_it_says_how_to_have_one(sqlite_database):
    fill(sqlite_database)
    shown = text(web(sqlite_database, EngineThatAnswers(status={"ready": True}, hooks=[])).get("/handlers"))
    assert "No hook library" in shown
    assert "/manual/hooks" in shown


def test_without_an_engine_it_is_told(sqlite_database):
    fill(sqlite_database)
    assert "The engine is away" in text(web(sqlite_database).get("/handlers"))
    assert web(sqlite_database).get("/api/v1/hooks").status_code == 503


def test_rest_tells_the_same(sqlite_database, engine):
    fill(sqlite_database)
    found = web(sqlite_database, engine).get("/api/v1/hooks").json["items"]
    assert [(one["library"], one["calls"], one["disabled"]) for one in found] == [
        ("site", 12345, ""), ("<b>slow</b>", 3, "it took longer than 25 ms, 3 times in a row")]
