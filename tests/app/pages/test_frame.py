"""What holds on every page: nothing inline, nothing foreign, what clients say stays text, one way to every page."""

import re

import pytest

from app.auth import needs
from app.rendering import POLICY
from app.services.access import Role
from dhcpcore.settings.model import Web
from tests.app.people import EngineThatAnswers
from tests.app.site import HOSTILE, fill, web
from tests.app.traces import some

PAGES = ("/", "/leases", "/leases?show=all", "/leases/192.0.2.5", "/leases/192.0.2.30", "/subnets", "/subnets/1",
         "/assignments", "/assignments/new", "/assignments/1", "/assignments/import",
         "/definitions", "/events", "/manual", "/manual/definitions", "/nowhere")


@pytest.fixture
def page(sqlite_database):
    fill(sqlite_database)
    some(sqlite_database)
    return web(sqlite_database)


def text(answer) -> str:
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(page, path):
    shown = page.get(path).get_data(as_text=True)
    assert not re.search(r"<script(?![^>]*\bsrc=)", shown)
    assert not re.search(r"\s(?:on[a-z]+|style)=|<style|javascript:|hx-on", shown)
    assert not re.search(r"(?:src|href|action|hx-get)=\"(?:https?:)?//", shown) or path.startswith("/manual")


@pytest.mark.parametrize("path", PAGES)
def test_what_a_client_calls_itself_stays_text(page, path):
    shown = page.get(path).get_data(as_text=True)
    assert HOSTILE not in shown
    assert "\u202e" not in shown
    assert "\x1b" not in shown
    if path == "/leases?show=all":
        assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in shown
        assert r"\u202eevil\x1b[31m" in shown


@pytest.mark.parametrize("what", ["<b>x</b>", '"><script>', "' onfocus='x", "%", "\x00<b>x", "a" * 5000])
@pytest.mark.parametrize("path", ["/leases", "/events", "/subnets/1"])
def test_what_is_asked_for_stays_text(page, what, path):
    answer = page.get(path, query_string=dict.fromkeys(("find", "subnet", "show", "client", "reason", "at"), what))
    shown = answer.get_data(as_text=True)
    assert answer.status_code in {200, 422}
    assert what not in shown or what == "%"
    assert "<b>x" not in shown


@pytest.mark.parametrize("path", PAGES[:-1])
def test_every_page_leads_to_every_other_and_says_where_it_is(page, path):
    shown = text(page.get(path))
    for there in ("/", "/leases", "/subnets", "/assignments", "/definitions", "/events", "/manual"):
        assert f'href="{there}"' in shown
    assert len(re.findall(r'aria-current="page"', shown)) == 1
    assert shown.count("<h1>") == 1
    assert 'class="skip" href="#main"' in shown


@pytest.mark.parametrize("path", ["/leases", "/subnets", "/events"])
def test_an_engine_that_is_away_is_told_on_every_page(page, sqlite_database, path):
    assert "nobody is answered" in text(page.get(path))
    serving = web(sqlite_database, EngineThatAnswers(status={"ready": True}, statistics={}))
    assert "nobody is answered" not in text(serving.get(path))


def test_every_answer_forbids_what_it_does_not_need(page):
    for path in (*PAGES, "/fragments/dashboard", "/api/v1/leases", "/healthz", "/static/lessor.css"):
        with page.get(path) as answer:
            headers = answer.headers
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
    assert "unsafe" not in POLICY
    assert page.get("/").headers["Cache-Control"] == "no-store"


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
def test_what_shows_changes_nothing(page, method):
    for path in ("/", "/fragments/dashboard", "/leases", "/subnets", "/events", "/manual", "/healthz"):
        assert getattr(page, method)(path, json={}).status_code == 405


def test_an_unknown_page_is_told_as_a_page(page):
    answer = page.get("/nowhere")
    assert answer.status_code == 404
    shown = answer.get_data(as_text=True)
    assert "<h1>Not Found</h1>" in shown
    assert "There is no page /nowhere here." in shown
    assert 'href="/leases"' in shown, "the menu is there"


def test_a_stranger_is_told_so_too_and_sees_no_menu(sqlite_database):
    answer = web(sqlite_database, role=None).get("/nowhere")
    assert answer.status_code == 404
    assert 'href="/leases"' not in answer.get_data(as_text=True)


def test_a_page_that_fails_has_the_menu_and_a_way_back(page, monkeypatch):
    page.application.testing = page.application.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setitem(page.application.view_functions, "page_subnets.page", needs(Role.VIEWER)(lambda: 1 / 0))
    answer = page.get("/subnets")
    shown = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert "This page failed" in shown
    assert "division" not in shown
    for there in ("/leases", "/subnets?", "/"):
        assert f'href="{there}"' in shown


def test_a_database_that_is_away_is_told_and_comes_back(sqlite_database, monkeypatch):
    from dhcpcore.errors import StoreUnavailable
    from dhcpcore.store.database import Database

    fill(sqlite_database)
    page = web(sqlite_database)
    with monkeypatch.context() as patch:
        def away(*_, **__):
            raise StoreUnavailable("The database does not answer.")
        patch.setattr(Database, "reader", away)
        for path in ("/", "/leases", "/api/v1/leases"):
            answer = page.get(path)
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "5"
            assert "does not answer" in answer.get_data(as_text=True)
    assert page.get("/").status_code == 200
