import re

import pytest

from app.services import accounts, sessions, throttle
from dhcpcore.settings.model import Web
from tests.app.people import ADA, appliance
from tests.app.site import HOSTILE, web

PASSWORD = "correct horse battery"


@pytest.fixture
def page(sqlite_database):
    accounts.add(appliance(sqlite_database), "alice", "admin", PASSWORD, by=ADA, must_change=False)
    client = web(sqlite_database, role=None)
    del client.environ_base["HTTP_X_CSRFTOKEN"]
    return client


def field(answer):
    return re.search(r'name="csrf_token" value="([^"]+)"', answer.get_data(as_text=True))[1]


def log_in(page, password=PASSWORD, **given):
    asked = {"csrf_token": field(page.get("/login")), "name": "alice", "password": password, **given}
    return page.post("/login", data=asked)


def test_it_logs_in_without_javascript_and_goes_on(page):
    answer = log_in(page, next="/?show=all")
    assert (answer.status_code, answer.location) == (303, "/?show=all")
    assert page.get("/?show=all").status_code == 200
    assert page.get("/login").location == "/", "who is logged in needs no form"


def test_the_cookie_is_for_this_site_and_not_for_scripts(page):
    found = next(value for value in log_in(page).headers.getlist("Set-Cookie") if value.startswith("lessor="))
    assert "HttpOnly" in found
    assert "SameSite=Lax" in found
    assert "Path=/" in found
    assert "Secure" not in found, "a browser would not send it back without TLS"


def test_over_tls_the_cookie_is_secure(page):
    page.environ_base["wsgi.url_scheme"] = "https"
    base = {"base_url": "https://localhost/"}
    asked = {"csrf_token": field(page.get("/login", **base)), "name": "alice", "password": PASSWORD}
    cookies = page.post("/login", data=asked, **base).headers.getlist("Set-Cookie")
    assert any(value.startswith("__Host-lessor=") for value in cookies)
    assert all("Secure" in value for value in cookies)


def test_a_log_in_takes_no_cookie_and_no_field_from_before(page):
    """Session fixation: who gave the browser a cookie, or knows the field of its forms, knows nothing after it."""
    page.set_cookie("lessor", "known-to-somebody-else")
    before = field(page.get("/login"))
    log_in(page)
    assert page.get_cookie("lessor").value != "known-to-somebody-else"
    after = field(page.get("/account"))
    assert before != after
    assert page.post("/logout", data={"csrf_token": before}).status_code == 400


def test_a_wrong_log_in_keeps_the_name_and_loses_the_password(page):
    answer = log_in(page, "wrong password", next="/?show=all")
    shown = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "The name or the password is wrong." in shown
    assert 'value="alice"' in shown
    assert 'value="/?show=all"' in shown
    assert "wrong password" not in shown
    assert page.get("/").status_code == 303


def test_an_unknown_name_is_told_the_same(page):
    strip = re.compile(r'value="[^"]*"')
    one, other = (strip.sub("", log_in(page, "wrong password", name=name).get_data(as_text=True))
                  for name in ("alice", "eveee"))
    assert one == other


def test_a_crowd_of_guesses_is_told_how_long_to_wait(page, monkeypatch):
    monkeypatch.setattr(throttle, "_pause", lambda failures, free, _longest: 9 if failures >= free else 0)
    for _ in range(throttle.ACCOUNT_FREE):
        assert log_in(page, "wrong password").status_code == 422
    answer = log_in(page)
    assert answer.status_code == 429
    assert re.search(r"wait \d seconds? and try again", answer.get_data(as_text=True))
    assert int(answer.headers["Retry-After"]) >= 1


def test_it_needs_the_field_of_its_own_form(page):
    assert page.post("/login", data={"name": "alice", "password": PASSWORD}).status_code == 400


@pytest.mark.parametrize("place", ["https://evil.example.org/", "//evil.example.org", "/\\evil.example.org"])
def test_it_goes_on_to_no_other_place(page, place):
    assert log_in(page, next=place).location == "/"
    assert page.get("/login", query_string={"next": place}).location == "/"


def test_what_is_typed_stays_text(page):
    shown = log_in(page, "x", name=HOSTILE, next='/"><script>').get_data(as_text=True)
    assert "<script>" not in shown


def test_a_password_that_somebody_else_set_leads_to_the_account(page, sqlite_database):
    made = accounts.add(appliance(sqlite_database), "bob", "viewer", by=ADA)
    answer = log_in(page, made.password, name="bob")
    assert answer.location == "/account"
    assert "Choose your own now." in page.get("/account").get_data(as_text=True)


def test_the_log_out_ends_the_session_in_the_database_too(page, sqlite_database):
    log_in(page)
    cookie = page.get_cookie("lessor").value
    assert page.get("/logout").status_code == 405, "a picture on another page logs nobody out"
    assert page.post("/logout", data={"csrf_token": field(page.get("/account"))}).location == "/login"
    assert page.get_cookie("lessor") is None
    assert sessions.caller_of(appliance(sqlite_database), cookie) is None


@pytest.mark.parametrize(("proxies", "known_by"), [(0, "127.0.0.1"), (1, "192.0.2.7"), (2, "192.0.2.66")])
def test_only_so_many_proxies_are_believed(sqlite_database, proxies, known_by):
    """What a browser itself writes into the header is worth nothing."""
    accounts.add(appliance(sqlite_database), "alice", "admin", PASSWORD, by=ADA, must_change=False)
    page = web(sqlite_database, role=None, web=Web(proxies=proxies))
    page.post("/login", data={"name": "alice", "password": PASSWORD},
              headers={"X-Forwarded-For": "203.0.113.1, 192.0.2.66, 192.0.2.7"})
    with sqlite_database.reader() as connection:
        assert connection.exec_driver_sql("SELECT address FROM session").scalar_one() == known_by


def test_a_page_in_the_clear_warns_whoever_comes_from_afar(sqlite_database):
    page = web(sqlite_database, role=None, web=Web(bind="0.0.0.0:8067"))
    afar = {"REMOTE_ADDR": "192.0.2.7"}
    assert "not encrypted" in page.get("/login", environ_base=afar).get_data(as_text=True)
    assert "not encrypted" not in page.get("/login").get_data(as_text=True), "a tunnel, or this machine itself"
    assert "not encrypted" not in page.get("/login", base_url="https://lessor.example.org", environ_base=afar).get_data(
        as_text=True)
