import re

import pytest

from app.services import accounts, sessions, tokens
from app.services.access import Role
from tests.app.people import ADA, appliance
from tests.app.site import HOSTILE, web

PASSWORD = "correct horse battery"
NEW = "another horse battery"


@pytest.fixture
def here(sqlite_database):
    found = appliance(sqlite_database)
    accounts.add(found, "bob", "operator", PASSWORD, by=ADA, must_change=False)
    return found


@pytest.fixture
def page(here):
    client = web(here.database, role=None)
    client.set_cookie("lessor", log_in(here))
    return client


def log_in(here, password=PASSWORD):
    return sessions.log_in(here, "bob", password, address="192.0.2.7", agent=HOSTILE).cookie


def text(answer, status=200):
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def test_it_shows_who_one_is_and_where_one_is_logged_in(page):
    shown = text(page.get("/account"))
    assert "Role: operator" in shown
    assert "192.0.2.7" in shown
    assert "This one" in shown
    assert HOSTILE not in shown


def test_the_password_is_changed_and_other_browsers_are_logged_out(page, here):
    other = log_in(here)
    answer = page.post("/account/password", data={"present": PASSWORD, "new": NEW, "again": NEW})
    assert answer.location == "/account"
    assert "The password is changed" in text(page.get("/account"))
    assert sessions.caller_of(here, other) is None


def test_what_is_wrong_with_a_new_password_stands_beside_its_field(page):
    shown = text(page.post("/account/password", data={"present": PASSWORD, "new": "short", "again": "other"}), 422)
    assert re.search(r'id="new-says">A password has at least 10 characters', shown)
    assert re.search(r'id="again-says">The two new passwords differ', shown)
    assert PASSWORD not in shown
    shown = text(page.post("/account/password", data={"present": "wrong", "new": NEW, "again": NEW}), 422)
    assert 'id="present-says">This is not the present password.' in shown


def test_another_session_is_logged_out(page, here):
    other = log_in(here)
    path = re.search(r'action="(/account/sessions/\d+/revoke)"', text(page.get("/account")))[1]
    assert page.post(path).status_code == 303
    assert sessions.caller_of(here, other) is None
    text(page.post(path), 404)
    log_in(here)
    page.post("/account/sessions/revoke-others")
    assert "1 other session has ended" in text(page.get("/account"))


def test_a_token_is_made_shown_once_and_revoked(page, here):
    shown = text(page.post("/account/tokens", data={"name": "export", "role": "viewer", "days": "30"}), 201)
    secret = re.search(r"lsr_\d+_[\w-]{43}", shown)[0]
    assert tokens.caller_of(here, secret).principal.role == Role.VIEWER
    shown = text(page.get("/account"))
    assert "export" in shown
    assert secret not in shown
    path = re.search(r'action="(/account/tokens/\d+/revoke)"', shown)[1]
    assert page.post(path).status_code == 303
    assert tokens.caller_of(here, secret) is None


@pytest.mark.parametrize(("asked", "field", "says"), [
    ({"name": "", "role": "viewer", "days": "1"}, "token-name", "1 to 100 printable"),
    ({"name": "kept", "role": "admin", "days": "1"}, "token-role", "at most your own role"),
    ({"name": "kept", "role": "king", "days": "1"}, "token-role", "A role is one of"),
    ({"name": "kept", "role": "viewer", "days": "-1"}, "token-days", "1 to 3650 days"),
    ({"name": "kept", "role": "viewer", "days": "soon"}, "token-days", "1 to 3650 days"),
    ({"name": "kept", "role": "viewer", "days": "9" * 99}, "token-days", "1 to 3650 days"),
])
def test_a_wrong_token_is_told_by_field_and_nothing_typed_is_lost(page, asked, field, says):
    shown = text(page.post("/account/tokens", data=asked), 422)
    assert re.search(rf'id="{field}-says">[^<]*{says}', shown)
    assert f'value="{asked["days"]}"' in shown
    assert f'value="{asked["name"]}"' in shown


def test_a_token_without_end(page, here):
    text(page.post("/account/tokens", data={"name": "x", "role": "viewer", "days": ""}), 201)
    assert "never" in text(page.get("/account"))


def test_anothers_token_is_not_revoked(page, here):
    accounts.add(here, "carol", "viewer", PASSWORD, by=ADA, must_change=False)
    carol = sessions.caller_of(here, sessions.log_in(here, "carol", PASSWORD, address="", agent="").cookie)
    made = tokens.create(here, "hers", "viewer", caller=carol)
    text(page.post(f"/account/tokens/{made.token.id}/revoke"), 403)
    assert tokens.caller_of(here, made.secret) is not None
    assert "hers" not in text(page.get("/account"))


def test_who_must_change_the_password_sees_only_that(here):
    made = accounts.set_password(here, "bob", by=ADA)
    page = web(here.database, role=None)
    page.set_cookie("lessor", log_in(here, made.password))
    shown = text(page.get("/account"))
    assert "Change password" in shown
    assert "Make token" not in shown
    assert page.post("/account/password", data={"present": made.password, "new": NEW, "again": NEW}).location == "/"
    assert page.get("/").status_code == 200


def test_with_a_token_there_is_no_password_to_change(page, here):
    bob = sessions.caller_of(here, log_in(here))
    headers = {"Authorization": f"Bearer {tokens.create(here, 'x', 'viewer', caller=bob).secret}"}
    assert "Change password" not in text(page.get("/account", headers=headers))
