"""Subnets and pools in forms: types, faults by field, nothing typed is lost, two administrators, undo."""

import re

import pytest
from pydantic import Field

from app.pages.model_form import ModelForm, fields_of
from app.pages.option_rows import hint_of, value_of
from app.services.access import Role
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.document import PoolEntry, SubnetSettings
from dhcpcore.version import __version__
from dhcpcore.wire.v4.options import DHCP4_OPTIONS
from tests.app.pages.form_pages import button, followed, text, typed
from tests.app.people import a_lease, store
from tests.app.site import HOSTILE, define, web
from tests.dhcpcore.topology.documents import FULL

FORM = {"prefix": "203.0.113.0/24", "name": "cellar", "lifetime.default": "2h", "boot.file": "pxe.0",
        "relays": "203.0.113.2, 203.0.113.3", "authoritative": "true", "adopt": "reserved",
        "option-name-0": "routers", "option-value-0": "203.0.113.1", "option-name-1": "domain-name",
        "option-value-1": "example.org", "pool-first": "203.0.113.10", "pool-last": "203.0.113.19"}
ENTRY = {"prefix": "203.0.113.0/24", "name": "cellar", "lifetime": "2h", "boot": {"file": "pxe.0"},
         "relays": ["203.0.113.2", "203.0.113.3"], "authoritative": True, "adopt": "reserved",
         "options": {"routers": ["203.0.113.1"], "domain-name": "example.org"},
         "pools": [{"first": "203.0.113.10", "last": "203.0.113.19"}]}


@pytest.fixture
def page(sqlite_database):
    define(sqlite_database)
    return web(sqlite_database)


def subnets(database):
    return Definitions(database).document()["subnets"]


def test_a_subnet_is_added_with_its_types_and_its_pool_and_undo_removes_it(page, sqlite_database):
    assert "Add a subnet" in text(page.get("/subnets"))
    shown = followed(page, page.post("/subnets/new", data=FORM))
    assert "The subnet is added." in shown
    assert "cellar" in shown
    assert subnets(sqlite_database)[-1] == ENTRY
    back = re.search(r'action="(/revisions/\d+/undo)"', shown)[1]
    assert "It is as it was before." in followed(page, page.post(back))
    assert len(subnets(sqlite_database)) == 2


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(page, sqlite_database):
    wrong = {**FORM, "prefix": "203.0.113.1/24", "lifetime.default": "soon", "relays": "here",
             "option-name-0": "router", "option-name-1": "domain-search", "option-value-1": "a..b",
             "boot.server_name": HOSTILE, "preference": "many"}
    shown = text(page.post("/subnets/new", data=wrong), 422)
    assert "Nothing was changed." in shown
    for said in ("soon' is not a duration", "203.0.113.1/24", "'many' is not a whole number"):
        assert said in shown, said
    options = {name: value for name, value in wrong.items() if name.startswith("option-")}
    told = text(page.post("/subnets/new", data={**FORM, **options}), 422)
    assert re.search(r'<p class="fault" id="option-hint-0">[^<]*did you mean routers', told)
    assert re.search(r'<p class="fault" id="option-hint-1">[^<]*a\.\.b', told)
    for value in ("203.0.113.1/24", "soon", "here", "router", "a..b", "pxe.0", "203.0.113.10", HOSTILE):
        assert f'value="{value}"' in shown, value
    assert f'value="{HOSTILE}"' not in page.post("/subnets/new", data=wrong).get_data(as_text=True)
    assert len(subnets(sqlite_database)) == 2


def test_what_collides_is_told_by_the_others_name(page):
    shown = text(page.post("/subnets/new", data={"prefix": "192.0.2.0/25"}), 422)
    assert "overlaps 192.0.2.0/24 of subnet office" in shown


def test_every_key_of_a_subnet_goes_through_its_form_and_back(sqlite_database):
    define(sqlite_database, FULL)
    page, before = web(sqlite_database), Definitions(sqlite_database).document()
    for number in (1, 2, 3):
        answer = page.post(f"/subnets/{number}/edit", data=typed(page.get(f"/subnets/{number}/edit")))
        assert answer.status_code == 303, text(answer, answer.status_code)
    for number in (1, 2, 3, 4):
        answer = page.post(f"/pools/{number}", data=typed(page.get(f"/pools/{number}")))
        assert answer.status_code == 303, text(answer, answer.status_code)
    assert Definitions(sqlite_database).document() == before
    assert Definitions(sqlite_database).revision() == 1


def test_of_two_administrators_the_second_is_told_and_shown_both(page, sqlite_database):
    mine = typed(page.get("/subnets/1/edit"))
    theirs = {**mine, "interface": "eth1"}
    assert page.post("/subnets/1/edit", data=theirs).status_code == 303
    answer = page.post("/subnets/1/edit", data={**mine, "interface": "eth2", "name": "bureau"})
    shown = text(answer, 409)
    assert "Somebody else has changed it meanwhile." in shown
    assert re.search(r"<td>Interface</td><td class=\"mono\">eth2</td><td class=\"mono\">eth1</td>", shown)
    assert subnets(sqlite_database)[0]["interface"] == "eth1"
    again = typed(answer)
    assert (again["interface"], again["name"]) == ("eth2", "bureau")
    assert page.post("/subnets/1/edit", data=again).status_code == 303
    assert subnets(sqlite_database)[0]["name"] == "bureau"


@pytest.mark.parametrize(("form", "action"), [
    ("/subnets/1/edit", "/subnets/1/remove"), ("/pools/1", "/pools/1/remove")])
def test_the_remove_button_of_a_stale_page_does_nothing(page, sqlite_database, form, action):
    shown = page.get(form)
    removal = button(text(shown), action)
    theirs = {"option-name-0": "domain-name", "option-value-0": "theirs.example"}
    followed(page, page.post(form, data={**typed(shown), **theirs}))
    before = subnets(sqlite_database)
    told = text(page.post(action, data=removal), 409)
    assert "it was not removed" in told
    assert re.search(r"<td>options</td><td class=\"mono\">[^<]*</td><td class=\"mono\">[^<]*theirs.example", told)
    assert subnets(sqlite_database) == before
    followed(page, page.post(action, data=button(text(page.get(form)), action)))
    assert subnets(sqlite_database) != before


def test_a_subnet_goes_after_a_yes_and_comes_back_whole(sqlite_database):
    define(sqlite_database)
    store(sqlite_database, a_lease(5), a_lease(12))
    page, before = web(sqlite_database), subnets(sqlite_database)
    shown = text(page.post("/subnets/1/remove"))
    assert "2 clients lose addresses that they hold" in shown
    assert subnets(sqlite_database) == before
    shown = followed(page, page.post("/subnets/1/remove", data={"losses": "2"}))
    assert "The subnet is removed, with its pools and assignments." in shown
    assert len(subnets(sqlite_database)) == 1
    followed(page, page.post(re.search(r'action="(/revisions/\d+/undo)"', shown)[1]))
    assert sorted(subnets(sqlite_database), key=lambda one: one["prefix"]) == before


def test_a_pool_is_added_edited_and_removed_with_undo(page, sqlite_database):
    shown = text(page.get("/subnets/1/pools/new"))
    assert "First address" not in shown  # That is the subnet's form.
    pool = {"first": "192.0.2.100", "last": "192.0.2.109", "class": "known", "option-name-0": "domain-name",
            "option-value-0": "a.example"}
    assert "The pool is added." in followed(page, page.post("/subnets/1/pools/new", data=pool))
    assert subnets(sqlite_database)[0]["pools"][1] == {
        "first": "192.0.2.100", "last": "192.0.2.109", "class": "known", "options": {"domain-name": "a.example"}}
    given = typed(page.get("/pools/2"))
    assert given["class"] == "known"
    wrong = text(page.post("/pools/2", data={**given, "first": "192.0.2.15"}), 422)
    assert "overlaps pool 192.0.2.10 - 192.0.2.19 of office" in wrong
    followed(page, page.post("/pools/2", data={**given, "last": "192.0.2.119"}))
    shown = followed(page, page.post("/pools/2/remove"))
    assert len(subnets(sqlite_database)[0]["pools"]) == 1
    followed(page, page.post(re.search(r'action="(/revisions/\d+/undo)"', shown)[1]))
    assert subnets(sqlite_database)[0]["pools"][1]["last"] == "192.0.2.119"


def test_a_prefix_pool_has_a_form_of_its_own(sqlite_database):
    define(sqlite_database, {"version": 1, "subnets": [{"prefix": "2001:db8:1::/64", "name": "six"}]})
    page = web(sqlite_database)
    assert "Add a prefix pool" in text(page.get("/subnets/1"))
    form = {"prefix": "2001:db8:8000::/36", "delegated_length": "56"}
    followed(page, page.post("/subnets/1/pools/new?kind=prefix", data=form))
    assert subnets(sqlite_database)[0]["prefix_pools"] == [{"prefix": "2001:db8:8000::/36", "delegated_length": 56}]
    assert typed(page.get("/pools/1"))["delegated_length"] == "56"


def test_a_pool_that_takes_addresses_is_saved_after_a_second_yes(sqlite_database):
    define(sqlite_database)
    store(sqlite_database, a_lease(12))
    page = web(sqlite_database)
    given = typed(page.get("/pools/1")) | {"first": "192.0.2.15"}
    answer = page.post("/pools/1", data=given)
    assert "1 client loses an address that it holds" in text(answer)
    assert "192.0.2.10" in str(subnets(sqlite_database)[0]["pools"])
    followed(page, page.post("/pools/1", data=typed(answer)))
    assert "192.0.2.15" in str(subnets(sqlite_database)[0]["pools"])


def test_more_rows_keep_what_was_typed_and_change_nothing(page, sqlite_database):
    shown = text(page.post("/subnets/new", data={**FORM, "more": "yes"}))
    assert 'name="option-name-3"' in shown
    assert 'value="example.org"' in shown
    assert len(subnets(sqlite_database)) == 2


def test_an_option_twice_is_told(page):
    twice = {**FORM, "option-name-1": "routers"}
    assert "The option routers is there twice" in text(page.post("/subnets/new", data=twice), 422)


def test_an_option_says_what_it_wants(page):
    assert "list: IPv4 address, such as 192.0.2.1" in text(page.get("/fragments/option-hint?option-name-0=routers"))
    assert "list: IPv6 address" in text(page.get("/fragments/option-hint?option-name-3=dns-servers&family=6"))
    assert text(page.get("/fragments/option-hint?option-name-0=nonsense")).strip() == ""
    assert hint_of("no-such", DHCP4_OPTIONS) == ""


@pytest.mark.parametrize(("name", "said", "value"), [
    ("routers", "192.0.2.1, 192.0.2.2", ["192.0.2.1", "192.0.2.2"]), ("routers", "[192.0.2.1]", ["192.0.2.1"]),
    ("routers", '{hex: "c0000201"}', {"hex": "c0000201"}), ("domain-name", "a, b", "a, b"),
    ("time-offset", "-3600", -3600), ("time-offset", "soon", "soon"),
    ("time-offset", "--5", "--5"), ("time-offset", "-", "-"), ("ip-forwarding", "Yes", True),
    ("ip-forwarding", "perhaps", "perhaps"), ("path-mtu-plateau-table", "68, 1500", [68, 1500]),
    ("classless-static-route", '[["192.0.2.0/24", "192.0.2.1"]]', [["192.0.2.0/24", "192.0.2.1"]]),
    ("option-224", "0102ff", "0102ff"), ("no-such", "12", "12"), ("routers", "[", "[")])
def test_a_text_is_read_as_the_option_wants_it(name, said, value):
    assert value_of(name, said, DHCP4_OPTIONS) == value


def test_a_new_key_of_a_model_has_its_field_by_itself():
    class Later(PoolEntry):
        """A pool as it may become."""

        quota: int | None = Field(None, description="At most so many leases.")
        require: list[str] = Field(default_factory=list, description="Classes.")
        limits: list[dict[str, int]] = Field(default_factory=list, description="Something nobody thought of.")
        files: dict[str, str] = Field(default_factory=dict, description="A mapping that holds no options.")

    fields = fields_of(Later)
    kinds = {field.name: field.kind for field in fields}
    assert (kinds["quota"], kinds["require"], kinds["limits"], kinds["files"], kinds["options"]) == (
        "whole", "list", "yaml", "yaml", "options")
    entry = {"first": "192.0.2.1", "last": "192.0.2.2", "quota": 5, "require": ["a", "b"], "limits": [{"x": 1}],
             "files": {"x": "y"}}
    form = ModelForm.of_entry(fields, entry, {"options": DHCP4_OPTIONS})
    assert form.values["require"] == "a, b"
    assert form.entry() == entry


def test_keys_of_the_other_family_are_not_asked_for():
    four, six = ({field.name for field in fields_of(SubnetSettings, family=family)} for family in (4, 6))
    assert "boot.file" in four - six
    assert {"preference", "interface_id", "lifetime.preferred"} <= six - four


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_who_may_not_sees_no_form(sqlite_database, role):
    define(sqlite_database)
    page = web(sqlite_database, role=role)
    assert "Add a subnet" not in text(page.get("/subnets"))
    for shown in ("Edit", "Add a pool"):
        assert shown not in re.sub(r"<title>.*?</title>", "", text(page.get("/subnets/1")))
    assert page.get("/subnets/new").status_code == page.post("/pools/1/remove").status_code == 403


def test_the_sites_own_options_are_offered_and_read_by_their_type(sqlite_database):
    own = {"space": "dhcp4", "code": 224, "name": "x-places", "type": "ipv4-address", "array": True}
    define(sqlite_database, {"version": 1, "option_definitions": [own], "subnets": [{"prefix": "192.0.2.0/24"}]})
    page = web(sqlite_database)
    assert '<option value="x-places">' in text(page.get("/subnets/1/edit"))
    assert "list: IPv4 address" in text(page.get("/fragments/option-hint?option-name-0=x-places"))
    form = typed(page.get("/subnets/1/edit")) | {"option-name-0": "x-places", "option-value-0": "192.0.2.1, 192.0.2.2"}
    followed(page, page.post("/subnets/1/edit", data=form))
    assert subnets(sqlite_database)[0]["options"] == {"x-places": ["192.0.2.1", "192.0.2.2"]}


def test_what_few_need_is_folded_away_until_it_says_something(page):
    shown = text(page.get("/subnets/1/edit"))
    plain, folded = shown.split("<summary>More settings</summary>")
    assert 'name="prefix"' in plain
    assert 'name="bootp"' not in plain
    assert 'name="bootp"' in folded
    assert ">BOOTP</label>" in folded
    assert not re.search(r"<details class=\"group\" open>\s*$", plain)
    page.post("/subnets/1/edit", data={**typed(page.get("/subnets/1/edit")), "bootp": "free"})
    assert re.search(r"<details class=\"group\" open>$", text(page.get("/subnets/1/edit")).split("<summary>More")[0])


def test_a_page_of_something_with_a_version_does_not_call_it_lessors(page):
    assert f"Lessor {__version__} " in text(page.get("/subnets/1/edit"))
