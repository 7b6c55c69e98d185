import re

from tests.app.people import EngineThatAnswers
from tests.app.site import fill, web
from tests.app.traces import some

COUNTED = {"started_at": 1.0, "received": 20, "types": {"DISCOVER": {"OFFER": 12, "POOL-EXHAUSTED": 5}},
           "reasons": {"OFFER": 12, "POOL-EXHAUSTED": 5, "NAK-TAKEN": 3}}


def text(answer) -> str:
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_pools_show_how_full_they_are(sqlite_database):
    fill(sqlite_database)
    shown = text(web(sqlite_database).get("/"))
    assert "192.0.2.10 \u2013 192.0.2.19" in shown
    assert "<strong>9</strong> of 10" in shown
    assert "1 on probation" in shown
    assert 'aria-label="100.0 % in use"' in shown


def test_the_engine_is_told_away_ready_and_not_ready(sqlite_database):
    fill(sqlite_database)
    assert "Away" in text(web(sqlite_database).get("/"))
    serving = EngineThatAnswers(status={"ready": True, "revision": 1}, statistics={})
    assert "Serving" in text(web(sqlite_database, serving).get("/"))
    troubled = EngineThatAnswers(status={"ready": False, "why_not_ready": ["clock <b>"]}, statistics={})
    shown = text(web(sqlite_database, troubled).get("/"))
    assert "Not ready" in shown
    assert "clock &lt;b&gt;" in shown


def test_each_reason_is_counted_under_its_verdict_and_leads_to_its_events(sqlite_database):
    fill(sqlite_database)
    shown = text(web(sqlite_database, EngineThatAnswers(status={"ready": True}, statistics=COUNTED)).get("/"))
    order = [shown.index(word) for word in (">answered<", ">OFFER<", ">refused<", ">NAK-TAKEN<", ">silent<",
                                            ">POOL-EXHAUSTED<")]
    assert order == sorted(order)
    assert 'href="/events?reason=POOL-EXHAUSTED"' in shown


def test_the_newest_events_are_told_in_words(sqlite_database):
    fill(sqlite_database)
    some(sqlite_database)
    shown = text(web(sqlite_database).get("/fragments/dashboard"))
    assert "Every address that this client might get is in use." in shown
    assert re.search(r"The client gave its address back\..*?RELEASED", shown, re.DOTALL)
    assert "<html" not in shown


def test_without_definitions_the_page_says_what_to_do(sqlite_database):
    assert "lessor apply FILE" in text(web(sqlite_database).get("/"))
