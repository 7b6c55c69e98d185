import re

import pytest

from app.services.access import Role
from dhcpcore.store.definitions import Definitions
from tests.app.pages.form_pages import button, followed, text, typed
from tests.app.site import HOSTILE, define, web

FORM = {"name": "campus", "subnets": "office, 198.51.100.0/24", "lifetime.default": "2h",
        "option4-name-0": "domain-name", "option4-value-0": "example.org"}


@pytest.fixture
def page(sqlite_database):
    define(sqlite_database)
    return web(sqlite_database)


def document(database):
    return Definitions(database).document()


def wires(database):
    return [one.get("shared_network") for one in document(database)["subnets"]]


def test_one_is_added_edited_and_removed_and_its_subnets_stay(page, sqlite_database):
    assert "No shared network" in text(page.get("/shared-networks"))
    shown = followed(page, page.post("/shared-networks/new", data=FORM))
    assert "The shared network is added." in shown
    assert re.search(r">campus</a>.*?>office</a>, <a[^>]*>laboratory</a>.*?lifetime, options", shown, re.DOTALL)
    assert wires(sqlite_database) == ["campus", "campus"]
    form = typed(page.get("/shared-networks/one/campus"))
    assert (form["subnets"], form["option4-value-0"]) == ("office, laboratory", "example.org")
    followed(page, page.post("/shared-networks/one/campus", data={**form, "subnets": "office", "name": "court"}))
    assert wires(sqlite_database) == ["court", None]
    action = "/shared-networks/remove/court"
    shown = text(page.get("/shared-networks/one/court"))
    shown = followed(page, page.post(action, data=button(shown, action)))
    assert "its subnets are alone on their wires" in shown
    assert wires(sqlite_database) == [None, None]
    undo = re.search(r'action="(/revisions/\d+/undo)"', shown)[1]
    shown = followed(page, page.post(undo, data={"back": "page_shared_networks.page"}))
    assert "It is as it was before." in shown
    assert wires(sqlite_database) == ["court", None]


def test_an_emptied_field_of_subnets_is_none(page, sqlite_database):
    page.post("/shared-networks/new", data=FORM)
    form = typed(page.get("/shared-networks/one/campus"))
    followed(page, page.post("/shared-networks/one/campus", data={**form, "subnets": ""}))
    assert wires(sqlite_database) == [None, None]
    assert document(sqlite_database)["shared_networks"][0]["name"] == "campus"


@pytest.mark.parametrize(("wrong", "said"), [
    ({"subnets": "office, attic"}, "There is no subnet attic"), ({"name": ""}, "name"),
    ({"lifetime.default": "soon"}, "'soon' is not a duration"), ({"option4-name-0": "nonsense"}, "nonsense")])
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(page, sqlite_database, wrong, said):
    shown = text(page.post("/shared-networks/new", data={**FORM, **wrong}), 422)
    assert "Nothing was changed." in shown
    assert said in shown
    assert 'value="example.org"' in shown
    assert wires(sqlite_database) == [None, None]


def test_a_name_that_is_there_is_not_taken_over(page, sqlite_database):
    page.post("/shared-networks/new", data=FORM)
    shown = text(page.post("/shared-networks/new", data={**FORM, "subnets": "office"}), 422)
    assert "campus is there already" in shown
    assert wires(sqlite_database) == ["campus", "campus"]


def test_of_two_administrators_the_second_is_told_and_shown_both(page, sqlite_database):
    page.post("/shared-networks/new", data=FORM)
    shown = page.get("/shared-networks/one/campus")
    mine, removal = typed(shown), button(text(shown), "/shared-networks/remove/campus")
    followed(page, page.post("/shared-networks/one/campus", data={**mine, "lifetime.default": "3h"}))
    answer = page.post("/shared-networks/one/campus", data={**mine, "lifetime.default": "4h"})
    told = text(answer, 409)
    assert "Somebody else has changed it meanwhile." in told
    assert re.search(r'<td class="mono">4h</td><td class="mono">3h</td>', told)
    told = text(page.post("/shared-networks/remove/campus", data=removal), 409)
    assert "it was not removed" in told
    assert "3h" in told
    assert wires(sqlite_database) == ["campus", "campus"]
    followed(page, page.post("/shared-networks/one/campus", data=typed(answer)))
    again = button(text(page.get("/shared-networks/one/campus")), "/shared-networks/remove/campus")
    followed(page, page.post("/shared-networks/remove/campus", data=again))
    assert wires(sqlite_database) == [None, None]


def test_who_may_not_change_one_sees_it(sqlite_database):
    define(sqlite_database, {"version": 1, "subnets": [{"prefix": "192.0.2.0/24", "shared_network": "campus"}]})
    page = web(sqlite_database, role=Role.OPERATOR)
    assert "campus" in text(page.get("/shared-networks"))
    shown = text(page.get("/shared-networks/one/campus"))
    assert '<fieldset class="whole" disabled>' in shown
    assert "Remove this" not in shown
    assert page.get("/shared-networks/new").status_code == 403
    assert page.get("/shared-networks/one/nobody").status_code == 404


def test_a_name_stays_text(sqlite_database):
    define(sqlite_database, {"version": 1, "subnets": [{"prefix": "192.0.2.0/24", "shared_network": HOSTILE}]})
    page = web(sqlite_database)
    shown = page.get("/shared-networks").get_data(as_text=True)
    assert HOSTILE not in shown
    link = re.search(r'href="(/shared-networks/one/[^"]*)"', shown)[1]
    assert HOSTILE not in page.get(link).get_data(as_text=True)
