import json
import re

import pytest

from app.services import watching
from app.services.access import Role
from tests.app.people import EngineThatAnswers
from tests.app.site import HOSTILE, web

LINES = [{"id": 7, "logged_at": 100.5, "level": "info", "logger": "dhcpcore.main", "text": "Serving."},
         {"id": 8, "logged_at": 101.0, "level": "error", "logger": "dhcpcore.net", "text": f"{HOSTILE} failed"}]
TAIL = {"lines": LINES, "last": 8, "lost": 0}


@pytest.fixture
def engine():
    return EngineThatAnswers(status={"ready": True}, statistics={}, log=TAIL)


@pytest.fixture
def page(sqlite_database, engine):
    return web(sqlite_database, engine, role=Role.OPERATOR)


def text(answer) -> str:
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_lines_are_shown_newest_first_and_html_stays_text(page):
    shown = text(page.get("/log"))
    assert re.findall(r'data-id="(\d+)"', shown) == ["8", "7"]
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; failed" in shown
    assert "1970-01-01T00:01:40Z" in shown


def test_level_and_text_are_asked_of_the_engine(page, engine):
    shown = text(page.get("/log?level=error&find=disk"))
    assert ("log", {"limit": 300, "level": "error", "find": "disk"}) in engine.calls
    assert "<option selected>error</option>" in shown
    assert 'value="disk"' in shown
    # A level that there is not is every level, and blanks are no search.
    text(page.get("/log?level=loud&find=+"))
    assert engine.calls[-1] == ("log", {"limit": 300, "level": "debug"}) or (
        "log", {"limit": 300, "level": "debug"}) in engine.calls


def test_nothing_found_is_said(page, engine):
    engine.answers["log"] = {"lines": [], "last": 8, "lost": 0}
    assert "No line like that" in text(page.get("/log?find=disk"))
    assert "No line yet" in text(page.get("/log"))


def test_an_engine_that_is_away_is_told_and_the_page_stays(sqlite_database):
    assert "The engine is away" in text(web(sqlite_database).get("/log"))


def test_lines_can_be_asked_for(page):
    told = page.get("/log/recent?after=7").get_json()
    assert (told["engine"], [line["id"] for line in told["lines"]]) == ("here", [8])
    assert told["lines"][0]["logged_at"] == "1970-01-01T00:01:41Z"
    assert len(page.get("/log/recent?after=nonsense").get_json()["lines"]) == 2


def test_the_stream_tells_what_was_missed_and_goes_on(page):
    answer = page.get("/log/stream?after=7", buffered=False)
    assert answer.mimetype == "text/event-stream"
    told = ""
    for part in answer.iter_encoded():
        told += part.decode()
        if "data: " in told:
            break
    answer.close()
    news = json.loads(told.partition("data: ")[2].partition("\n")[0])
    assert [line["id"] for line in news["lines"]] == [8]
    assert "id: 8\nevent: news\n" in told


def test_the_cap_of_streams_counts_the_dashboards_too(page, monkeypatch):
    monkeypatch.setattr(watching, "WATCHERS_MAX", 1)
    first = page.get("/events/stream", buffered=False)
    assert page.get("/log/stream").status_code == 503
    first.close()
    again = page.get("/log/stream", buffered=False)
    assert again.status_code == 200
    again.close()


@pytest.mark.parametrize("path", ["/log", "/log/recent", "/log/stream"])
def test_a_viewer_sees_no_log_and_no_way_to_it(sqlite_database, engine, path):
    viewer = web(sqlite_database, engine, role=Role.VIEWER)
    assert viewer.get(path).status_code == 403
    assert 'href="/log"' not in text(viewer.get("/events"))


def test_rest_tells_the_same(page, engine):
    told = page.get("/api/v1/engine/log?level=info&limit=5&after=3").get_json()
    assert told == {**TAIL, "lines": [{**line, "logged_at": f"1970-01-01T00:01:4{n}Z"} for n, line in enumerate(LINES)]}
    assert ("log", {"limit": 5, "level": "info", "after": 3}) in engine.calls


@pytest.mark.parametrize("asked", ["limit=301", "limit=0", "level=loud", "after=-1", "after=9007199254740992", "find=",
                                   "colour=red"])
def test_rest_refuses_by_field(page, asked):
    answer = page.get(f"/api/v1/engine/log?{asked}")
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"] == asked.partition("=")[0]
