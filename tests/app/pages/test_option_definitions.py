import re

import pytest

from app.services.access import Role
from dhcpcore.store.definitions import Definitions
from tests.app.pages.form_pages import button, followed, text, typed
from tests.app.site import DOCUMENT, define, web

FORM = {"space": "dhcp4", "code": "224", "name": "x-colour", "type": "string", "doc": "What the telephones show."}
ONE = "/option-definitions/one/dhcp4/x-colour"
REMOVE = "/option-definitions/remove/dhcp4/x-colour"


@pytest.fixture
def page(sqlite_database):
    define(sqlite_database)
    return web(sqlite_database)


def own(database):
    return Definitions(database).document().get("option_definitions", [])


def test_one_is_defined_edited_used_and_removed(page, sqlite_database):
    assert "No option of your own" in text(page.get("/option-definitions"))
    shown = followed(page, page.post("/option-definitions/new", data=FORM))
    assert "The option is defined." in shown
    assert re.search(r">x-colour</a>.*?dhcp4.*?224.*?string.*?What the telephones show\.", shown, re.DOTALL)
    assert own(sqlite_database) == [{"space": "dhcp4", "code": 224, "name": "x-colour", "type": "string",
                                     "doc": "What the telephones show."}]
    followed(page, page.post(ONE, data={**typed(page.get(ONE)), "array": "true", "type": "ipv4-address"}))
    assert (own(sqlite_database)[0]["type"], own(sqlite_database)[0]["array"]) == ("ipv4-address", True)
    shown = followed(page, page.post(REMOVE, data=button(text(page.get(ONE)), REMOVE)))
    assert own(sqlite_database) == []
    undo = re.search(r'action="(/revisions/\d+/undo)"', shown)[1]
    followed(page, page.post(undo, data={"back": "page_option_definitions.page"}))
    assert own(sqlite_database)[0]["code"] == 224


def test_a_record_of_one_family(page, sqlite_database):
    form = {**FORM, "type": "record", "fields": "[uint8, {name: place, type: string}]", "family": "4",
            "space": "vendor-9"}
    shown = followed(page, page.post("/option-definitions/new", data=form))
    (one,) = own(sqlite_database)
    assert (one["fields"], one["family"]) == (["uint8", {"name": "place", "type": "string"}], 4)
    link = re.search(r'href="(/option-definitions/one/[^"]*)"', shown)[1]
    again = typed(page.get(link))
    assert again["family"] == "4"
    assert page.post(link, data=again).status_code == 303
    assert own(sqlite_database) == [one]


@pytest.mark.parametrize(("wrong", "said"), [
    ({"code": "x"}, "'x' is not a code"), ({"type": "colour"}, "colour"), ({"name": "routers"}, "routers"),
    ({"code": "3"}, "3"), ({"name": "", "family": "7"}, "is no family: write 4 or 6")])
def test_what_is_wrong_is_told_and_nothing_is_lost(page, sqlite_database, wrong, said):
    answer = page.post("/option-definitions/new", data={**FORM, **wrong})
    shown = text(answer, answer.status_code)
    assert answer.status_code in {409, 422}
    assert "Nothing was changed." in shown
    assert said in shown
    assert "What the telephones show." in shown
    assert own(sqlite_database) == []


def test_one_in_use_stays(sqlite_database):
    used = {**DOCUMENT["subnets"][0], "options": {"x-colour": "red"}}
    define(sqlite_database, {"version": 1, "subnets": [used], "option_definitions": [
        {"space": "dhcp4", "code": 224, "name": "x-colour", "type": "string"}]})
    page = web(sqlite_database)
    answer = page.post(REMOVE, data=button(text(page.get(ONE)), REMOVE))
    assert answer.status_code in {409, 422}
    assert "office" in text(answer, answer.status_code)
    assert len(own(sqlite_database)) == 1


def test_of_two_administrators_the_second_is_told_and_shown_both(page, sqlite_database):
    page.post("/option-definitions/new", data=FORM)
    shown = page.get(ONE)
    mine, removal = typed(shown), button(text(shown), REMOVE)
    followed(page, page.post(ONE, data={**mine, "doc": "theirs"}))
    answer = page.post(ONE, data={**mine, "doc": "mine"})
    told = text(answer, 409)
    assert "Somebody else has changed it meanwhile." in told
    assert re.search(r'<td class="mono">mine</td><td class="mono">theirs</td>', told)
    told = text(page.post(REMOVE, data=removal), 409)
    assert "it was not removed" in told
    assert "theirs" in told
    followed(page, page.post(ONE, data=typed(answer)))
    assert own(sqlite_database)[0]["doc"] == "mine"


def test_who_may_not_sees_no_button(page, sqlite_database):
    page.post("/option-definitions/new", data=FORM)
    viewer = web(sqlite_database, role=Role.VIEWER)
    assert ">Define<" not in text(viewer.get("/option-definitions"))
    assert "Remove this" not in text(viewer.get(ONE))
    assert viewer.get("/option-definitions/new").status_code == 403
    assert viewer.get("/option-definitions/one/dhcp4/nothing").status_code == 404
