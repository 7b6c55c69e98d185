import re

import pytest

from app.services.access import Role
from dhcpcore.store.definitions import Definitions
from tests.app.pages.form_pages import followed, text, typed
from tests.app.site import define, web
from tests.dhcpcore.topology.documents import FULL

FORM = {"lifetime.default": "2h", "authoritative": "true", "always_send.dhcp4": "domain-name", "offer_hold": "90s",
        "option4-name-0": "domain-name", "option4-value-0": "example.org",
        "option6-name-0": "dns-servers", "option6-value-0": "2001:db8::53", "compatibility.lenient_options": "true",
        "random_mac": "deny", "flood.client_rate": "20"}
ENTRY = {"lifetime": "2h", "authoritative": True, "offer_hold": "90s", "always_send": {"dhcp4": ["domain-name"]},
         "options": {"dhcp4": {"domain-name": "example.org"}, "dhcp6": {"dns-servers": ["2001:db8::53"]}},
         "compatibility": {"lenient_options": True}, "random_mac": "deny", "flood": {"client_rate": 20}}


@pytest.fixture
def page(sqlite_database):
    define(sqlite_database)
    return web(sqlite_database)


def globals_of(database):
    return Definitions(database).document().get("globals", {})


def test_they_are_changed_with_their_types_and_brought_back(page, sqlite_database):
    shown = followed(page, page.post("/globals", data={**typed(page.get("/globals")), **FORM}))
    assert "The globals are changed." in shown
    kept = globals_of(sqlite_database)
    assert {key: kept[key] for key in ENTRY if key not in {"lifetime", "offer_hold"}} == {
        key: value for key, value in ENTRY.items() if key not in {"lifetime", "offer_hold"}}
    assert (kept["lifetime"], kept["offer_hold"]) in {("2h", "90s"), (7200, 90), ("2h", 90)}
    undo = re.search(r'action="(/revisions/\d+/undo)"', shown)[1]
    back = re.search(r'name="back" value="([^"]*)"', shown)[1]
    answer = page.post(undo, data={"back": back})
    assert answer.headers["Location"] == "/globals?said=undone"
    assert globals_of(sqlite_database) == {}


def test_saving_what_is_shown_changes_nothing(sqlite_database):
    define(sqlite_database, FULL)
    page, before = web(sqlite_database), Definitions(sqlite_database).document()
    assert page.post("/globals", data=typed(page.get("/globals"))).status_code == 303
    assert Definitions(sqlite_database).document() == before
    assert Definitions(sqlite_database).revision() == 1


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(page, sqlite_database):
    wrong = {**FORM, "lifetime.default": "soon", "option4-value-0": "a..b", "flood.client_rate": "many"}
    shown = text(page.post("/globals", data=wrong), 422)
    assert "Nothing was changed." in shown
    assert "'soon' is not a duration" in shown
    assert "'many' is not a whole number" in shown
    for value in wrong.values():
        assert value in shown
    assert globals_of(sqlite_database) == {}
    shown = text(page.post("/globals", data={**FORM, "option4-name-0": "no-such-option"}), 422)
    assert re.search(r'<p class="fault" id="option4-hint-0">[^<]*no-such-option', shown)


def test_of_two_administrators_the_second_is_told_and_shown_both(page, sqlite_database):
    mine = typed(page.get("/globals"))
    followed(page, page.post("/globals", data={**mine, "lifetime.default": "3h", "option4-name-0": "domain-name",
                                               "option4-value-0": "theirs.example"}))
    answer = page.post("/globals", data={**mine, "lifetime.default": "4h"})
    shown = text(answer, 409)
    assert "Somebody else has changed it meanwhile." in shown
    assert re.search(r'<td class="mono">4h</td><td class="mono">3h</td>', shown)
    assert "theirs.example" in shown
    assert globals_of(sqlite_database)["lifetime"] in {"3h", 10800}
    followed(page, page.post("/globals", data=typed(answer)))
    assert globals_of(sqlite_database)["lifetime"] in {"4h", 14400}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_who_may_not_change_them_sees_them(sqlite_database, role):
    define(sqlite_database)
    page = web(sqlite_database, role=role)
    shown = text(page.get("/globals"))
    assert '<fieldset class="whole" disabled>' in shown
    assert "Save" not in shown
    assert page.post("/globals", data=FORM).status_code == 403


def test_a_row_more_of_options_keeps_what_was_typed(page):
    shown = text(page.post("/globals", data={**FORM, "more": "yes"}))
    assert 'value="2001:db8::53"' in shown
    assert 'value="example.org"' in shown
