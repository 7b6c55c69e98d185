import re

import pytest

from app.rendering import POLICY
from dhcpcore.settings.model import Web
from tests.app.people import EngineThatAnswers
from tests.app.site import HOSTILE, fill, web


@pytest.fixture
def page(sqlite_database):
    fill(sqlite_database)
    return web(sqlite_database)


def text(answer) -> str:
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_pools_show_how_full_they_are(page):
    shown = text(page.get("/"))
    assert "192.0.2.10 \u2013 192.0.2.19" in shown
    assert "<strong>9</strong> of 10" in shown
    assert "1 on probation" in shown
    assert "100.0 % in use" in shown
    assert "No pool: only assignments are served." in shown


def test_leases_are_listed_with_their_subnet(page):
    shown = text(page.get("/"))
    assert re.search(r"192\.0\.2\.12</td>.*?host-12.*?02:00:00:00:00:0c.*?active.*?office", shown, re.DOTALL)
    assert "192.0.2.30" not in shown, "a past lease is shown only when asked for"
    assert "192.0.2.30" in text(page.get("/?show=all"))


def test_what_a_client_calls_itself_stays_text(page):
    shown = text(page.get("/?show=all"))
    assert HOSTILE not in shown
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in shown
    assert "\u202e" not in shown
    assert "\x1b" not in shown
    assert r"\u202eevil\x1b[31m" in shown


@pytest.mark.parametrize("what", ["<b>x</b>", '"><script>', "' onfocus='x", "%", "\x00<b>x", "a" * 5000])
def test_what_is_asked_for_stays_text(page, what):
    shown = text(page.get("/", query_string={"find": what, "subnet": what, "show": what}))
    assert what not in shown or what == "%"
    assert "<b>x" not in shown
    assert "Nothing found" in shown


def test_a_search_finds_by_address_hardware_name_and_subnet(page):
    for find, found in (("192.0.2.12", "192.0.2.12"), ("02:00:00:00:00:0d", "192.0.2.13"), ("HOST-14", "192.0.2.14")):
        shown = text(page.get("/fragments/overview", query_string={"find": find}))
        assert set(re.findall(r'class="address">([^<]*)<', shown)) == {found}
    assert "Nothing found" in text(page.get("/fragments/overview?subnet=laboratory&find=host"))


def test_a_strange_cursor_is_told_and_the_pools_stay(page):
    shown = text(page.get("/?cursor=xyz"))
    assert "cursor is not one that a list gave" in shown
    assert "office" in shown


def test_long_lists_go_on_by_cursor(sqlite_database):
    from tests.app.people import a_lease, store
    fill(sqlite_database)
    store(sqlite_database, *(a_lease(n) for n in range(100, 180)))
    page = web(sqlite_database)
    first = text(page.get("/"))
    following = re.search(r'rel="next" href="([^"]*)"', first)[1].replace("&amp;", "&")
    second = text(page.get(following))
    shown = [re.findall(r'class="address">([^<]*)<', one) for one in (first, second)]
    assert len(shown[0]) == 50
    assert not set(shown[0]) & set(shown[1])
    assert "First page" in second


def test_the_engine_is_told_away_ready_and_not_ready(sqlite_database):
    fill(sqlite_database)
    assert "Away" in text(web(sqlite_database).get("/"))
    assert "Serving" in text(web(sqlite_database, EngineThatAnswers(status={"ready": True, "revision": 1})).get("/"))
    troubled = EngineThatAnswers(status={"ready": False, "why_not_ready": ["clock <b>"]})
    shown = text(web(sqlite_database, troubled).get("/"))
    assert "Not ready" in shown
    assert "clock &lt;b&gt;" in shown


def test_without_definitions_the_page_says_what_to_do(sqlite_database):
    assert "lessor apply FILE" in text(web(sqlite_database).get("/"))


def test_every_answer_forbids_what_it_does_not_need(page):
    for path in ("/", "/fragments/overview", "/nowhere", "/api/v1/leases", "/healthz", "/static/lessor.css"):
        with page.get(path) as answer:
            headers = answer.headers
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
    assert "unsafe" not in POLICY
    assert page.get("/").headers["Cache-Control"] == "no-store"


def test_nothing_is_inline_and_nothing_comes_from_elsewhere(page):
    for path in ("/", "/nowhere", "/?show=all"):
        shown = page.get(path).get_data(as_text=True)
        assert not re.search(r"<script(?![^>]*\bsrc=)", shown)
        assert not re.search(r"\son[a-z]+=|\sstyle=|<style|javascript:", shown)
        assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", shown)


def test_a_foreign_name_that_points_here_is_refused(page):
    """DNS rebinding: a foreign page must not read leases under its own name."""
    for host in ("evil.example.org", "evil.example.org:8067", "192.0.2.1:8067", "127.0.0.1.evil.example.org"):
        answer = page.get("/", headers={"Host": host})
        assert answer.status_code == 421
        assert "office" not in answer.get_data(as_text=True)
    for host in ("127.0.0.1:8067", "localhost", "localhost:8067", "[::1]:8067", "127.0.0.2"):
        assert page.get("/healthz", headers={"Host": host}).status_code == 200


def test_when_it_is_open_on_purpose_any_name_will_do(sqlite_database):
    open_to_all = web(sqlite_database, web=Web(bind="0.0.0.0:8067", unprotected=True))
    assert open_to_all.get("/healthz", headers={"Host": "lessor.example.org"}).status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_nothing_can_be_changed(page, method):
    for path in ("/", "/fragments/overview", "/healthz", "/api/v1/leases", "/api/v1/subnets"):
        assert getattr(page, method)(path, json={}).status_code == 405


def test_an_unknown_page_is_told_as_a_page(page):
    answer = page.get("/nowhere")
    assert answer.status_code == 404
    assert "<h1>Not Found</h1>" in answer.get_data(as_text=True)


def test_a_database_that_is_away_is_told_and_comes_back(sqlite_database, monkeypatch):
    from dhcpcore.errors import StoreUnavailable
    from dhcpcore.store.database import Database

    fill(sqlite_database)
    page = web(sqlite_database)
    with monkeypatch.context() as patch:
        def away(*_, **__):
            raise StoreUnavailable("The database does not answer.")
        patch.setattr(Database, "reader", away)
        for path in ("/", "/api/v1/leases"):
            answer = page.get(path)
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "5"
            assert "does not answer" in answer.get_data(as_text=True)
    assert page.get("/").status_code == 200
