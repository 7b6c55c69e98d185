import re

import pytest

from app.services import accounts, sessions
from app.services.access import Role
from tests.app.people import ADA, appliance
from tests.app.site import HOSTILE, PEOPLE, web

PASSWORD = "correct horse battery"


@pytest.fixture
def page(sqlite_database):
    return web(sqlite_database)


@pytest.fixture
def here(sqlite_database):
    return appliance(sqlite_database)


def text(answer, status=200):
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def test_a_user_is_added_and_the_password_shown_once(page, here):
    shown = text(page.post("/users", data={"name": "Bob", "role": "operator", "password": ""}), 201)
    secret = re.search(r"<code class=\"user-select-all\">(\S{19})</code>", shown)[1]
    assert sessions.log_in(here, "bob", secret, address="", agent="").must_change
    assert secret not in text(page.get("/users"))
    with here.database.reader() as connection:
        row = connection.exec_driver_sql("SELECT actor, action FROM audit WHERE object = 'user bob'").first()
    assert tuple(row) == (PEOPLE[Role.ADMIN], "user.add")


def test_what_is_wrong_stands_beside_its_field_and_nothing_but_the_password_is_lost(page):
    shown = text(page.post("/users", data={"name": HOSTILE, "role": "operator", "password": "short"}), 422)
    assert 'id="name-says">A name begins with' in shown
    assert 'id="password-says">A password has at least' in shown
    assert HOSTILE not in shown
    assert "&lt;script&gt;" in shown, "what was typed is kept"
    assert '<option value="operator" selected>' in shown
    assert "short" not in shown
    assert "A role is one of" in text(page.post("/users", data={"name": "bob", "role": "king"}), 422)


def test_role_state_and_password_are_changed_and_a_user_is_removed(page, here):
    accounts.add(here, "bob", "viewer", PASSWORD, by=ADA, must_change=False)
    assert page.post("/users/bob/change", data={"role": "operator"}).location == "/users"
    assert page.post("/users/bob/change", data={"enabled": "false"}).status_code == 303
    found = accounts.show(here, "bob", by=ADA)
    assert (found.role, found.enabled) == ("operator", False)
    page.post("/users/bob/change", data={"enabled": "true"})
    secret = re.search(r"user-select-all\">(\S+)</code>", text(page.post("/users/bob/password")))[1]
    assert sessions.log_in(here, "bob", secret, address="", agent="").must_change
    page.post("/users/bob/remove")
    assert "bob is removed" in text(page.get("/users"))
    text(page.post("/users/bob/remove"), 404)


def test_the_last_administrator_stays(page):
    for path, data in (("change", {"role": "viewer"}), ("change", {"enabled": "false"}), ("remove", {})):
        shown = text(page.post(f"/users/{PEOPLE[Role.ADMIN]}/{path}", data=data), 409)
        assert "last administrator" in shown


def test_of_two_who_edit_one_user_the_second_is_told(page, here):
    accounts.add(here, "bob", "viewer", PASSWORD, by=ADA)
    shown = text(page.get("/users"))
    version = re.search(r'/users/bob/change.*?name="version" value="(\d+)"', shown, re.DOTALL)[1]
    assert page.post("/users/bob/change", data={"role": "operator", "version": version}).status_code == 303
    shown = text(page.post("/users/bob/change", data={"role": "admin", "version": version}), 409)
    assert "changed by somebody else" in shown
    text(page.post("/users/bob/change", data={"role": "admin", "version": "x"}), 422)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_nobody_else_may(sqlite_database, role):
    page = web(sqlite_database, role=role)
    text(page.get("/users"), 403)
    text(page.post("/users", data={"name": "eve", "role": "admin"}), 403)
    for path in ("change", "password", "remove"):
        text(page.post(f"/users/{PEOPLE[role]}/{path}", data={"role": "admin"}), 403)
    assert "/users" not in text(page.get("/account"))
