"""`/api/v1/assignments/{id}/takeover`: seen, chosen, and refused to who only sees."""

from app.services.access import Role
from tests.app.site import fill, web

NEW = {"hw_address": "02:00:00:00:00:99", "address": "192.0.2.12"}


def test_it_is_seen_and_chosen(sqlite_database):
    fill(sqlite_database)
    rest = web(sqlite_database)
    made = rest.post("/api/v1/assignments", json=NEW).json
    assert (made["usage"], made["holders"][0]["client"]) == ("held-by-another", "02:00:00:00:00:0c")
    place = f"/api/v1/assignments/{made['id']}/takeover"
    seen = rest.get(place).json
    assert (seen["takeover"], seen["others"][0]["address"], seen["moves_at"][:4]) == ("nak", "192.0.2.12", "2033")
    chosen = rest.post(place, json={"how": "wait"}).json
    assert (chosen["takeover"], chosen["revision"], chosen["moves_at"][:4]) == ("wait", 3, "2096")
    assert rest.get(f"/api/v1/assignments/{made['id']}").json["takeover"] == "wait"


def test_another_word_is_refused_and_changes_nothing(sqlite_database):
    fill(sqlite_database)
    answer = web(sqlite_database).post("/api/v1/assignments/1/takeover", json={"how": "now"})
    assert answer.status_code == 422


def test_a_viewer_chooses_nothing(sqlite_database):
    fill(sqlite_database)
    rest = web(sqlite_database, role=Role.VIEWER)
    assert rest.get("/api/v1/assignments/1/takeover").status_code == 200
    assert rest.post("/api/v1/assignments/1/takeover", json={"how": "wait"}).status_code == 403


def test_the_page_shows_it_and_offers_the_choice(sqlite_database):
    fill(sqlite_database)
    page = web(sqlite_database)
    number = page.post("/api/v1/assignments", json=NEW).json["id"]
    shown = page.get(f"/assignments/{number}").get_data(as_text=True)
    assert "What is in its way" in shown
    assert page.post(f"/assignments/{number}/takeover", data={"how": "wait"}).status_code == 303
    assert "when that lease is over" in page.get(f"/assignments/{number}").get_data(as_text=True)
    assert "held by another client: 02:00:00:00:00:0c" in page.get("/assignments").get_data(as_text=True)
    assert "What is in its way" not in page.get("/assignments/1").get_data(as_text=True)


def test_who_asks_for_renewal_without_an_engine_is_told(sqlite_database):
    fill(sqlite_database)
    rest = web(sqlite_database)
    number = rest.post("/api/v1/assignments", json=NEW).json["id"]
    told = rest.post(f"/api/v1/assignments/{number}/takeover", json={"how": "renew"}).json
    assert told["asked"] == []
    assert len(told["refused"]) == 1
