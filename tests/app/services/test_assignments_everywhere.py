"""Assignments that are of no subnet, and those by an expression, by page, REST and command line."""

import html
import re

import pytest

from app.services.access import Role
from dhcpcore.store.definitions import Definitions
from tests.app.cli.conftest import document, on_sqlite
from tests.app.site import define, web

__all__ = ["document", "on_sqlite"]
LIST = "/api/v1/assignments"
ROAMING = {"expression": "tel", "hostname": "phone", "subnet": "*", "boot": {"file": "its.0"}}
HEX = {"expression": {"hex": "00:01"}}


@pytest.fixture
def stored(sqlite_database):
    define(sqlite_database)
    return sqlite_database


def of_no_subnet(database) -> list:
    return Definitions(database).document().get("assignments", [])


def test_over_rest_one_is_added_changed_and_removed(stored):
    rest = web(stored)
    made = rest.post(LIST, json=ROAMING)
    assert (made.status_code, made.json["subnet"], made.json["expression"]) == (201, "*", "tel"), made.text
    assert rest.post(LIST, json=ROAMING).status_code == 200
    where = made.headers["Location"]
    changed = rest.patch(where, json={"hostname": "telephone", "subnet": "*"}, headers={"If-Match": "*"},
                         content_type="application/merge-patch+json")
    assert changed.status_code == 200, changed.text
    assert of_no_subnet(stored) == [{"expression": "tel", "hostname": "telephone", "boot": {"file": "its.0"}}]
    assert [one["hostname"] for one in rest.get(LIST, query_string={"subnet": "*"}).json["items"]] == ["telephone"]
    assert [one["hostname"] for one in rest.get(LIST, query_string={"find": "tel"}).json["items"]] == ["telephone"]
    assert rest.delete(where, headers={"If-Match": "*"}).status_code == 200
    assert of_no_subnet(stored) == []


def test_over_rest_what_is_wrong_is_told_at_its_field(stored):
    rest = web(stored)
    told = rest.post(LIST, json={**ROAMING, "address": "2001:db8::1"})
    assert (told.status_code, told.json["errors"][0]["field"]) == (422, "address"), told.text
    moved = rest.patch(f"{LIST}/1", json={"subnet": "*"}, headers={"If-Match": "*"},
                       content_type="application/merge-patch+json")
    assert moved.status_code == 422
    assert "stays so" in moved.text


def test_a_viewer_adds_none(stored):
    assert web(stored, role=Role.VIEWER).post(LIST, json=ROAMING).status_code == 403
    assert of_no_subnet(stored) == []


def test_in_the_page_one_is_added_shown_and_changed(stored):
    page = web(stored, role=Role.OPERATOR)
    form = {"identifier": "expression", "value": '{hex: "00:01"}', "subnet": "*", "enabled": "yes", "classes": "ALL",
            "boot": "{next_server: 192.0.2.6}"}
    shown = page.post("/assignments/new", data=form, follow_redirects=True).get_data(as_text=True)
    assert "Nothing but what it is told" in shown
    assert of_no_subnet(stored) == [{**HEX, "classes": ["ALL"], "boot": {"next_server": "192.0.2.6"}}]
    number = re.search(r'href="/assignments/(\d+)"', page.get("/assignments?subnet=*").get_data(as_text=True))[1]
    shown = page.get(f"/assignments/{number}").get_data(as_text=True)
    assert "It counts in all subnets." in shown
    value = re.search(r'id="f-value"[^>]*value="([^"]*)"', shown)[1]
    version = re.search(r'name="version" value="(\d+)"', shown)[1]
    changed = {**form, "value": html.unescape(value), "hostname": "x", "boot": "", "version": version}
    page.post(f"/assignments/{number}", data=changed)
    assert of_no_subnet(stored) == [{**HEX, "hostname": "x", "classes": ["ALL"]}]


def test_in_the_page_a_wrong_boot_field_stands_beside_it(stored):
    page = web(stored, role=Role.OPERATOR)
    form = {"identifier": "expression", "value": "tel", "subnet": "*", "enabled": "yes", "boot": "{next_server: x}"}
    answer = page.post("/assignments/new", data=form)
    assert answer.status_code == 422
    assert 'id="h-boot"' in answer.get_data(as_text=True)
    assert of_no_subnet(stored) == []


def test_what_it_is_told_is_what_a_client_of_any_subnet_will_receive(stored):
    rest = web(stored)
    rest.post(LIST, json={**ROAMING, "options": {"routers": ["192.0.2.1"]}})
    for subnet in (1, 2):
        found = rest.get(f"/api/v1/subnets/{subnet}/effective-options", query_string={"expression": "tel"}).json
        assert [one["value"] for one in found["options"] if one["code"] == 3] == [["192.0.2.1"]]
    assert not [one for one in rest.get("/api/v1/subnets/1/effective-options").json["options"] if one["code"] == 3]


def test_a_table_has_them_and_takes_them(stored):
    page = web(stored, role=Role.OPERATOR)
    page.post("/assignments/import", data={"text": "subnet,address,expression,hostname\n*,,tel,phone\n",
                                           "confirmed": "yes"})
    assert of_no_subnet(stored) == [{"expression": "tel", "hostname": "phone"}]
    assert "*,,,,,,,tel,phone,yes" in page.get("/assignments.csv").get_data(as_text=True)


def test_from_the_command_line_one_is_added_and_removed(on_sqlite, document):
    on_sqlite.ok("apply", document)
    said = on_sqlite.ok("assignment", "add", "--subnet", "*", "--expression", "tel", "--hostname", "phone")
    assert "An assignment was added for tel" in said
    assert "phone" in on_sqlite.ok("assignment", "list", "--subnet", "*")
    assert "phone" in on_sqlite.ok("assignment", "show", "tel")
    assert "name the subnet" in on_sqlite.refused("assignment", "add", "--expression", "other")
    assert "no longer assigned to tel" in on_sqlite.ok("assignment", "remove", "tel")
    on_sqlite.ok("globals", "set", "assignment_key=option[60].hex")
    assert "^" in on_sqlite.refused("globals", "set", "assignment_key=option[60]")
