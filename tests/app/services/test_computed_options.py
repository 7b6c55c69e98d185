"""Options that are worked out, as pages, REST and command line show and write them."""

import pytest

from dhcpcore.store.definitions import Definitions
from tests.app.cli.conftest import document, on_sqlite
from tests.app.site import define, web

__all__ = ["document", "on_sqlite"]
BY_MAC = {"expression": "hexstring(pkt4.mac, '')"}
DOCUMENT = {
    "version": 1,
    "globals": {"options": {"dhcp4": {"host-name": {**BY_MAC, "if_absent": True}, "domain-name": "far.example"}}},
    "subnets": [{"prefix": "192.0.2.0/24", "name": "office", "options": {
        "domain-name": BY_MAC, "routers": {"remove_when": "known"}, "subnet-mask": BY_MAC}}],
}


@pytest.fixture
def rest(sqlite_database):
    define(sqlite_database, DOCUMENT)
    return web(sqlite_database)


def test_what_a_client_will_receive_shows_how_it_is_worked_out(rest):
    found = rest.get("/api/v1/subnets/1/effective-options").json
    shown = {one["name"]: one for one in found["options"]}
    assert (shown["domain-name"]["value"], shown["domain-name"]["hex"]) == (BY_MAC, "")
    assert shown["domain-name"]["overrides"] == [{"level": "globals", "name": ""}]
    assert shown["host-name"]["value"] == {**BY_MAC, "if_absent": True}
    assert "routers" not in shown
    assert found["warnings"] == []
    assert "worked out for each packet" in rest.get("/subnets/1/options").get_data(as_text=True)


def test_what_takes_an_option_away_is_told_with_it(sqlite_database):
    made = {**DOCUMENT, "globals": {"options": {"dhcp4": {"routers": ["192.0.2.1"]}}}}
    define(sqlite_database, made)
    options = web(sqlite_database).get("/api/v1/subnets/1/effective-options").json["options"]
    (why,) = [one["why"] for one in options if one["name"] == "routers"]
    assert why.endswith("; not to clients for whom known")


def test_a_preview_has_no_octets_and_a_wrong_one_its_caret(rest):
    options = {"domain-name": BY_MAC, "host-name": {"expression": "pkt4.mac =="}}
    good, bad = rest.post("/api/v1/options/preview", json={"options": options}).json["items"]
    assert (good["value"], good["wire"], good.get("fault")) == (BY_MAC, "", None)
    assert "^" in bad["fault"]


def test_it_is_written_in_pages_and_over_rest(rest, sqlite_database):
    rest.patch("/api/v1/subnets/1", json={"options": {"host-name": BY_MAC}}, headers={"If-Match": "*"},
               content_type="application/merge-patch+json")
    assert Definitions(sqlite_database).document()["subnets"][0]["options"]["host-name"] == BY_MAC
    form = {"identifier": "hw_address", "value": "02:00:00:00:00:07", "address": "192.0.2.7", "enabled": "yes",
            "options": 'host-name: {expression: "option[60].hex"}'}
    assert rest.post("/assignments/new", data=form).status_code == 303
    (kept,) = Definitions(sqlite_database).document()["subnets"][0]["assignments"]
    assert kept["options"] == {"host-name": {"expression": "option[60].hex"}}
    bad = rest.post("/assignments/new", data={**form, "options": 'host-name: {expression: "option[60]"}'})
    assert bad.status_code == 422
    assert 'id="h-options"' in bad.get_data(as_text=True)
    wrong = rest.patch("/api/v1/subnets/1", json={"options": {"host-name": {"expression": "pkt"}}},
                       headers={"If-Match": "*"}, content_type="application/merge-patch+json")
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "options.host-name")


def test_from_the_command_line(on_sqlite, document):
    on_sqlite.ok("apply", document)
    on_sqlite.ok("subnet", "set", "office", 'options.host-name={expression: "pkt4.mac", if_absent: true}')
    assert on_sqlite.json("subnet", "show", "office")["options"]["host-name"] == {
        "expression": "pkt4.mac", "if_absent": True}
    assert "worked out for each packet" in on_sqlite.ok("option", "preview", "host-name", '{expression: "pkt4.mac"}')
    assert "^" in on_sqlite.refused("subnet", "set", "office", 'options.host-name={expression: "pkt4.mac =="}')
