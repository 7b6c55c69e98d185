"""The guard before every view: strangers, foreign pages, tokens, passwords that must be changed, and local paths."""

import pytest
from flask import Blueprint

from app import auth
from app.services import accounts, sessions, tokens
from app.services.access import Principal, Role
from app.services.sessions import Caller
from tests.app.people import ADA, appliance
from tests.app.site import session_cookie, web

PASSWORD = "correct horse battery"
PROBLEM = "application/problem+json"
TERMINAL = Caller(Principal("root", Role.ADMIN, "terminal"))


@pytest.fixture
def stranger(sqlite_database):
    return web(sqlite_database, role=None)


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def test_a_stranger_is_sent_to_log_in_and_comes_back(stranger):
    answer = stranger.get("/?find=x&show=all")
    assert answer.status_code == 303
    assert answer.location == "/login?next=/%3Ffind%3Dx%26show%3Dall"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_program_without_a_token_is_told_401(stranger):
    answer = stranger.get("/api/v1/leases")
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, PROBLEM)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "Authorization: Bearer TOKEN" in answer.json["detail"]


@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {"Sec-Fetch-Mode": "cors"}])
def test_a_part_of_a_page_is_not_replaced_by_the_log_in_page(stranger, headers):
    answer = stranger.get("/fragments/dashboard", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/login")


def test_what_needs_no_log_in(stranger):
    for path in ("/healthz", "/readyz", "/api/v1/openapi.json", "/login", "/static/lessor.css"):
        with stranger.get(path) as answer:
            assert answer.status_code == 200, path


def test_a_view_that_says_nothing_answers_nobody(sqlite_database):
    page = web(sqlite_database)
    forgotten = Blueprint("forgotten", __name__)
    forgotten.add_url_rule("/forgotten", "view", lambda: "secret")
    page.application.register_blueprint(forgotten)
    answer = page.get("/forgotten")
    assert answer.status_code == 500
    assert b"secret" not in answer.data


def test_every_view_says_who_may(sqlite_database):
    views = web(sqlite_database).application.view_functions
    assert [name for name, view in views.items() if not hasattr(view, auth._MARK)] == []


def test_a_token_is_as_good_as_a_session_and_needs_no_form(sqlite_database, stranger):
    secret = tokens.create(appliance(sqlite_database), "x", "viewer", caller=TERMINAL).secret
    assert stranger.get("/api/v1/leases", headers=bearer(secret)).status_code == 200
    assert stranger.get("/", headers=bearer(secret)).status_code == 200
    del stranger.environ_base["HTTP_X_CSRFTOKEN"]
    answer = stranger.post("/users", data={}, headers=bearer(secret))
    assert answer.status_code == 403, "the role, not the form"
    assert b"needs the role admin" in answer.data


@pytest.mark.parametrize("value", ["Bearer x", "Bearer ", "Bearer", "Basic YWRhOng=", "", "lsr_1_x", "Bearer \xe9"])
def test_a_wrong_token_is_401_even_beside_a_good_cookie(sqlite_database, value):
    page = web(sqlite_database)
    assert page.get("/api/v1/leases", headers={"Authorization": value}).status_code == 401
    assert page.get("/api/v1/leases").status_code == 200


@pytest.mark.parametrize("cookie", ["", "x", "x" * 3000])
def test_a_strange_cookie_is_a_stranger(stranger, cookie):
    stranger.set_cookie("lessor", cookie)
    assert stranger.get("/").status_code == 303


def test_what_a_foreign_page_sends_is_refused(sqlite_database):
    page = web(sqlite_database)
    for site in ("cross-site", "same-site"):
        answer = page.post("/users", data={"name": "eve", "role": "admin"}, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403
        assert b"another site" in answer.data
    del page.environ_base["HTTP_X_CSRFTOKEN"]
    for given in ({}, {"csrf_token": "wrong"}):
        answer = page.post("/users", data={"name": "eve", "role": "admin", **given})
        assert answer.status_code == 400
        assert b"Load the page again" in answer.data
    assert "/users/eve/" not in page.get("/users").get_data(as_text=True)


def test_the_field_of_one_browser_is_no_good_in_another(sqlite_database):
    one, other = web(sqlite_database), web(sqlite_database, role=None)
    with other.session_transaction() as session:
        session["csrf_token"] = "1" * 40
    other.set_cookie("lessor", session_cookie(sqlite_database, Role.ADMIN))
    taken = one.environ_base["HTTP_X_CSRFTOKEN"]
    assert other.post("/users", data={}, headers={"X-CSRFToken": taken}).status_code == 400


def test_who_must_change_the_password_can_do_nothing_else(sqlite_database, stranger):
    here = appliance(sqlite_database)
    made = accounts.add(here, "bob", "admin", by=ADA)
    stranger.set_cookie("lessor", sessions.log_in(here, "bob", made.password, address="", agent="").cookie)
    assert stranger.get("/").location == "/account"
    assert stranger.get("/api/v1/leases").status_code == 403
    assert stranger.post("/users", data={}).status_code == 403
    assert stranger.get("/account").status_code == 200
    assert stranger.post("/logout").status_code == 303


def test_a_role_that_is_too_low_is_403(sqlite_database):
    viewer = web(sqlite_database, role=Role.VIEWER)
    answer = viewer.get("/users")
    assert answer.status_code == 403
    assert "This needs the role admin; vera has the role viewer." in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/", "/leases?find=x", "/a//b", "/?next=//evil.example.org"])
def test_local_paths_are_gone_on_to(path):
    assert auth.local_path(path) == path


@pytest.mark.parametrize("path", [
    None, "", "leases", "//evil.example.org", "/\\evil.example.org", "https://evil.example.org", "/a\\b", "/\t/evil",
    "\t//evil.example.org", "javascript:alert(1)", "/\n/evil", "/" + "x" * 3000,
])
def test_other_places_are_not(path):
    assert auth.local_path(path) == "/"
