import re

import pytest

from app.services import neighbours
from app.services.access import Role
from dhcpcore.store.definitions import Definitions
from tests.app.people import EngineThatAnswers
from tests.app.services.test_setup import BARE, ETH1
from tests.app.site import define, web

OTHER = {"asking": False, "servers": [{"server": "192.0.2.1", "offered": "192.0.2.77"}]}
TYPED = {"interface": "eth1", "name": "office", "prefix": "192.0.2.0/24", "router": "192.0.2.1", "resolvers": "",
         "domain": "", "first": "192.0.2.100", "last": "192.0.2.199"}


@pytest.fixture
def page(sqlite_database):
    return web(sqlite_database, EngineThatAnswers(status={"ready": False}, statistics={}, interfaces=[BARE, ETH1],
                                                  neighbours=OTHER))


def text(answer, status=200) -> str:
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def value_of(shown, name):
    return re.search(rf'name="{name}" value="([^"]*)"', shown)[1]


def test_from_the_dashboard_to_a_subnet_in_three_steps(page, sqlite_database):
    assert 'href="/setup"' in text(page.get("/"))
    first = text(page.get("/setup"))
    assert re.search(r'value="eth1" checked', first)
    second = text(page.post("/setup", data={"step": "interface", "interface": "eth1"}))
    assert [value_of(second, name) for name in ("interface", "prefix", "router", "resolvers")] == [
        "eth1", "192.0.2.0/24", "192.0.2.1", "192.0.2.200"]
    third = text(page.post("/setup", data={**TYPED, "step": "subnet", "first": "", "last": ""}))
    assert (value_of(third, "first"), value_of(third, "last")) == ("192.0.2.128", "192.0.2.254")
    made = page.post("/setup", data={**TYPED, "step": "pool"})
    assert (made.status_code, made.location) == (303, "/setup/done")
    assert "192.0.2.0/24 on eth1 is defined" in text(page.get("/setup/done"))
    assert Definitions(sqlite_database).snapshot().subnets[0].name == "office"
    # Then there is nothing to set up any more.
    assert 'href="/setup"' not in text(page.get("/"))
    assert "There are subnets already" in text(page.get("/setup"))
    assert "There are subnets already" in text(page.post("/setup", data={**TYPED, "step": "pool"}), 409)


def test_what_is_wrong_is_told_by_field_at_its_step_and_nothing_typed_is_lost(page, sqlite_database):
    shown = text(page.post("/setup", data={**TYPED, "step": "subnet", "prefix": "192.0.2.0/33"}), 422)
    assert re.search(r'id="f-prefix"[^>]*value="192.0.2.0/33"[^>]*aria-invalid="true"', shown)
    assert value_of(shown, "name") == "office"
    # A fault of an earlier step leads back to it.
    shown = text(page.post("/setup", data={**TYPED, "step": "pool", "router": "nowhere"}), 422)
    assert re.search(r'id="f-router"[^>]*aria-invalid="true"', shown)
    assert (value_of(shown, "first"), value_of(shown, "last")) == ("192.0.2.100", "192.0.2.199")
    shown = text(page.post("/setup", data={**TYPED, "step": "pool", "last": "192.0.2.9"}), 422)
    assert re.search(r'id="f-first"[^>]*aria-invalid="true"', shown)
    assert "Pick an interface" in text(page.post("/setup", data={"step": "interface"}), 422)
    assert Definitions(sqlite_database).revision() == 0


def test_back_keeps_what_was_typed(page):
    shown = text(page.post("/setup", data={**TYPED, "step": "pool", "back": "subnet"}))
    assert value_of(shown, "name") == "office"
    assert value_of(shown, "first") == "192.0.2.100"
    again = text(page.post("/setup", data={**TYPED, "step": "subnet", "back": "interface"}))
    assert re.search(r'value="eth1" checked', again)
    # What was typed goes before what the interface suggests.
    kept = text(page.post("/setup", data={**TYPED, "step": "interface", "prefix": "198.51.100.0/24"}))
    assert value_of(kept, "prefix") == "198.51.100.0/24"


def test_other_servers_are_told_and_block_nothing(page):
    second = text(page.post("/setup", data={"step": "interface", "interface": "eth1"}))
    assert 'hx-trigger="load, submit"' in second
    part = text(page.post("/setup/probe", data={"interface": "eth1"}, headers={"HX-Request": "true"}))
    assert '<span class="mono">192.0.2.1</span> offered <span class="mono">192.0.2.77</span>' in part
    assert "<html" not in part
    assert "<html" in text(page.post("/setup/probe", data={"interface": "eth1"}))
    assert page.post("/setup/probe", data={"interface": "a/b"}).status_code == 422


def test_without_an_engine_a_name_is_typed_and_all_else_works(sqlite_database, monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(neighbours, "servers_on", refuse)
    page = web(sqlite_database)
    shown = text(page.get("/setup"))
    assert "could not be asked for the machine&#39;s interfaces" in shown.replace("machine's", "machine&#39;s")
    assert 'id="f-interface"' in shown
    assert "Nobody could be asked" in text(page.post("/setup/probe", data={"interface": "eth1"}))
    assert page.post("/setup", data={**TYPED, "step": "pool"}).status_code == 303


def test_html_in_a_field_stays_text(page):
    shown = text(page.post("/setup", data={**TYPED, "step": "subnet", "prefix": '"><script>alert(1)</script>'}), 422)
    assert "<script>alert(1)" not in shown


def test_who_may_not_is_not_invited(sqlite_database):
    viewer = web(sqlite_database, role=Role.OPERATOR)
    assert 'href="/setup"' not in text(viewer.get("/"))
    assert viewer.get("/setup").status_code == viewer.post("/setup").status_code == 403


def test_done_without_a_subnet_leads_to_the_first_step(page, sqlite_database):
    assert page.get("/setup/done").location == "/setup"
    define(sqlite_database)
    assert page.get("/setup/done").status_code == 200


def test_rest_does_the_same(page, sqlite_database):
    told = page.get("/api/v1/setup").get_json()
    assert (told["needed"], [one["name"] for one in told["interfaces"]]) == (True, ["eth1", "eth0"])
    assert told["interfaces"][0]["suggestion"]["prefix"] == "192.0.2.0/24"
    assert page.post("/api/v1/setup/probe", json={"interface": "eth1"}).get_json() == {
        "interface": "eth1", "why_not": "", "servers": [{"interface": "eth1", **OTHER["servers"][0]}]}
    wrong = page.post("/api/v1/setup", json={**TYPED, "router": "x"})
    assert (wrong.status_code, wrong.get_json()["errors"][0]["field"]) == (422, "router")
    assert page.post("/api/v1/setup", json=TYPED).get_json() == {"revision": 1, "engine_told": True}
    assert page.post("/api/v1/setup", json=TYPED).status_code == 409
    assert page.get("/api/v1/setup").get_json()["needed"] is False


def test_rest_without_an_engine_says_so(sqlite_database):
    assert web(sqlite_database).get("/api/v1/setup").status_code == 503
