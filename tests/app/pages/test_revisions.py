import re

import pytest
import yaml

from app.services.access import Role
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.validate import validate
from tests.app.pages.form_pages import button, followed, text
from tests.app.people import a_lease, store
from tests.app.site import DOCUMENT, define, web

WITHOUT_POOL = {**DOCUMENT, "subnets": [{"prefix": "192.0.2.0/24", "name": "office"}]}


@pytest.fixture
def page(sqlite_database):
    define(sqlite_database)
    Definitions(sqlite_database).apply(validate(WITHOUT_POOL), actor="bob", note="no laboratory")
    return web(sqlite_database)


def test_revisions_are_listed_and_found(page):
    shown = text(page.get("/revisions"))
    assert [int(one) for one in re.findall(r'aria-label="Revision (\d+) as a file"', shown)] == [2, 1]
    assert re.findall(r'<option value="(\d+)" selected>', shown) == ["1", "2"], "the latest beside the one before"
    for asked, there in (("author=bob", True), ("author=eve", False), ("note=LABOR", True), ("note=nothing", False),
                         ("until=1970-02-01T00:00", False)):
        found = text(page.get(f"/revisions?{asked}"))
        assert ("no laboratory" in found, "No revision like that" in found) == (there, not there), asked


def test_what_one_changed_is_told(page):
    shown = text(page.get("/revisions/2"))
    assert "What it changed" in shown
    assert re.findall(r"</span> <strong>([^<]*)</strong></summary>", shown) == [
        "pool 192.0.2.10 - 192.0.2.19 of office", "assignment hw_address 02:00:00:00:00:05 of office",
        "subnet laboratory"]
    assert page.get("/revisions/9").status_code == 404


def test_any_two_are_compared_in_either_direction(page, sqlite_database):
    define(sqlite_database, {**DOCUMENT, "globals": {"lifetime": "2h"}})
    shown = text(page.get("/revisions/difference?first=2&second=3"))
    assert shown.count('<span class="verdict answered">added</span>') == 4
    assert text(page.get("/revisions/difference?first=3&second=2")).count('<span class="verdict refused">') == 4
    one = text(page.get("/revisions/difference?first=1&second=3"))
    assert "1 thing differs" in one
    assert "lifetime" in one
    assert "No difference" in text(page.get("/revisions/difference?first=2&second=2"))


@pytest.mark.parametrize("asked", ["", "first=1", "first=1&second=9", "first=x&second=1", "first=1&second=-1"])
def test_what_is_no_revision_is_said(page, asked):
    assert "All revisions" in text(page.get(f"/revisions/difference?{asked}"), 404)


def test_one_is_had_as_a_file(page):
    answer = page.get("/revisions/1.yaml")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="lessor-revision-1.yaml"'
    assert [one["name"] for one in yaml.safe_load(answer.get_data())["subnets"]] == ["office", "laboratory"]
    assert page.get("/revisions/9.yaml").status_code == 404


def test_one_is_taken_back(page, sqlite_database):
    define(sqlite_database, {**WITHOUT_POOL, "globals": {"lifetime": "2h"}})
    given = button(text(page.get("/revisions/3")), "/revisions/3/undo")
    assert "as it was before" in followed(page, page.post("/revisions/3/undo", data=given))
    assert "globals" not in Definitions(sqlite_database).document()
    assert "Nothing was changed" in text(page.post("/revisions/3/undo", data=given), 409)
    assert "Nothing was changed" in text(page.post("/revisions/2/undo", data=given), 409)
    assert page.post("/revisions/9/undo", data=given).status_code == 404


def test_what_takes_addresses_wants_a_second_yes(page, sqlite_database):
    pool = [{"first": "192.0.2.10", "last": "192.0.2.19"}]
    define(sqlite_database, {**WITHOUT_POOL, "subnets": [{**WITHOUT_POOL["subnets"][0], "pools": pool}]})
    store(sqlite_database, a_lease(10), a_lease(11))
    shown = text(page.post("/revisions/3/undo", data={"back": "page_revisions.page"}))
    assert "2 clients lose addresses that they hold" in shown
    assert "pools" in Definitions(sqlite_database).document()["subnets"][0]
    given = dict(re.findall(r'name="(losses|back)" value="([^"]*)"', shown))
    assert "as it was before" in followed(page, page.post("/revisions/3/undo", data=given))
    assert "pools" not in Definitions(sqlite_database).document()["subnets"][0]


def test_who_only_looks_is_offered_nothing_else(sqlite_database):
    define(sqlite_database)
    page = web(sqlite_database, role=Role.VIEWER)
    assert "Take it back" not in text(page.get("/revisions/1"))
    assert page.post("/revisions/1/undo").status_code == 403


def test_an_empty_list_says_how_the_first_comes(sqlite_database):
    assert "No revision yet" in text(web(sqlite_database).get("/revisions"))
