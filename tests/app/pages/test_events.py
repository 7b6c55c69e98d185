import json
import re

import pytest

from app.services import watching
from app.services.access import Role
from dhcpcore.stats.reasons import Reason
from tests.app.people import EngineThatAnswers
from tests.app.site import fill, web
from tests.app.traces import some, tell

COUNTED = {"started_at": 1.0, "types": {"DISCOVER": {"OFFER": 12}}, "reasons": {"OFFER": 12}}


@pytest.fixture
def page(sqlite_database):
    fill(sqlite_database)
    some(sqlite_database)
    return web(sqlite_database, EngineThatAnswers(status={"ready": True}, statistics=COUNTED))


def text(answer) -> str:
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_transactions_are_told_newest_first(page):
    shown = text(page.get("/events"))
    assert shown.count('class="event ') == 6
    assert shown.index("The client gave its address back.") < shown.index("An address was offered.")


def test_by_reason_and_by_client(page):
    assert text(page.get("/events?reason=POOL-EXHAUSTED")).count('class="event silent"') == 2
    assert text(page.get("/events?client=02:00:00:00:00:0c")).count('class="event ') == 2
    assert "No event like that" in text(page.get("/events?reason=MALFORMED"))
    assert "There is no reason NONSENSE" in text(page.get("/events?reason=NONSENSE"))
    for wrong in ("yesterday", "nan", "2026-13-01T00:00"):
        assert "is no time" in text(page.get(f"/events?since={wrong}"))
    assert "cursor is not one" in text(page.get("/events?cursor=nonsense"))


def test_older_ones_follow_and_none_of_a_batch_is_passed_over(page, sqlite_database):
    tell(sqlite_database, *[(7, Reason.OFFER)] * 60, at=1_000.0)
    shown = text(page.get("/events?client=02:00:00:00:00:07"))
    assert shown.count('class="event ') == 50
    older = text(page.get(re.search(r'rel="next" href="([^"]*)"', shown)[1].replace("&amp;", "&")))
    assert older.count('class="event ') == 10
    assert "Newest" in older
    assert 'rel="next"' not in older


def test_events_of_a_time(page, sqlite_database):
    tell(sqlite_database, (7, Reason.OFFER), (8, Reason.MALFORMED), at=1_000_000.0)  # 1970-01-12T13:46:40Z
    assert text(page.get("/events?until=1970-01-12T13:47")).count('class="event ') == 2
    assert text(page.get("/events?since=1970-01-12T13:46&until=1970-01-12T13:46:40")).count('class="event ') == 1
    assert text(page.get("/events?since=1970-01-12T13:47")).count('class="event ') == 6
    shown = text(page.get("/events?since=1970-01-12T13:47&until=1970-01-12T13:48"))
    assert "No event like that" in shown
    assert 'value="1970-01-12T13:47"' in shown
    assert "nothing is both" in text(page.get("/events?since=2026-01-02T00:00&until=2026-01-01T00:00"))


def test_samples_can_be_asked_for(page):
    page.get("/")
    first = page.get("/events/recent").get_json()["samples"]
    assert first[0]["engine"] == "ready"
    assert page.get(f"/events/recent?after={first[-1]['id'] + 1000}").get_json() == {"samples": []}
    assert page.get("/events/recent?after=nonsense").status_code == 200


def test_the_stream_tells_a_sample_and_goes_on_where_it_was_left(page):
    answer = page.get("/events/stream", buffered=False)
    assert answer.mimetype == "text/event-stream"
    assert answer.headers["X-Accel-Buffering"] == "no"
    told = ""
    for part in answer.iter_encoded():
        told += part.decode()
        if "data: " in told:
            break
    answer.close()
    sample = json.loads(told.partition("data: ")[2].partition("\n")[0])
    assert sample["engine"] == "ready"
    assert f"id: {sample['id']}\n" in told


def test_streams_have_a_cap_and_give_their_place_back(page, monkeypatch):
    monkeypatch.setattr(watching, "WATCHERS_MAX", 1)
    first = page.get("/events/stream", buffered=False)
    refused = page.get("/events/stream")
    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "5"
    first.close()
    again = page.get("/events/stream", buffered=False)
    assert again.status_code == 200
    again.close()


SUSPENDED = [{"hw_address": "02:00:00:00:00:09", "why": "declines", "since": 1.0, "until": 9e9, "subnet": "office"}]


def test_suspended_clients_are_shown_and_answered_again(sqlite_database):
    fill(sqlite_database)
    engine = EngineThatAnswers(status={"ready": True}, statistics=COUNTED, suspensions=SUSPENDED,
                               suspension_lift={"hw_address": "02:00:00:00:00:09"})
    page = web(sqlite_database, engine)
    assert "it declined too many addresses" in text(page.get("/events"))
    assert page.post("/events/suspensions/02:00:00:00:00:09/lift").status_code == 303
    assert ("suspension-lift", {"hw_address": "02:00:00:00:00:09"}) in engine.calls
    assert "02:00:00:00:00:09 is answered again." in text(page.get("/events"))


def test_where_nobody_is_the_page_says_nothing_of_it(sqlite_database):
    fill(sqlite_database)
    page = web(sqlite_database, EngineThatAnswers(status={"ready": True}, statistics=COUNTED, suspensions=[]))
    assert "Not answered for a time" not in text(page.get("/events"))
    assert "Not answered for a time" not in text(web(sqlite_database).get("/events"))


def test_a_viewer_sees_them_and_lifts_none(sqlite_database):
    fill(sqlite_database)
    engine = EngineThatAnswers(status={"ready": True}, statistics=COUNTED, suspensions=SUSPENDED)
    page = web(sqlite_database, engine, role=Role.VIEWER)
    assert "Answer again" not in text(page.get("/events"))
    assert page.post("/events/suspensions/02:00:00:00:00:09/lift").status_code == 403
