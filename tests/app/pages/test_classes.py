import re

import pytest

from app.services.access import Role
from dhcpcore.stats.reasons import Reason
from tests.app.pages.form_pages import button
from tests.app.site import fill, web
from tests.app.traces import tell
from tests.packets4 import DISCOVER, client, request

GOOD = {"name": "voip", "kind": "test", "expression": "option[60].text == 'AAVAYA'",
        "options": "domain-name: v.example.org\nrouters: [192.0.2.1]", "lifetime": "8h", "next_server": "192.0.2.6",
        "server_name": "tftp", "file": "phone", "by_architecture": "x64-uefi: phone.efi", "description": "Phones"}
ENTRY = {"name": "voip", "test": "option[60].text == 'AAVAYA'",
         "options": {"dhcp4": {"domain-name": "v.example.org", "routers": ["192.0.2.1"]}}, "lifetime": "8h",
         "boot": {"next_server": "192.0.2.6", "server_name": "tftp", "file": "phone",
                  "by_architecture": {"x64-uefi": "phone.efi"}}, "description": "Phones"}


@pytest.fixture
def page(sqlite_database):
    fill(sqlite_database)
    tell(sqlite_database, (12, Reason.OFFER))
    return web(sqlite_database)


def text(answer, status=200) -> str:
    shown = answer.get_data(as_text=True)
    assert answer.status_code == status, re.findall(r"fault[^>]*>([^<]*)", shown)
    return shown


def values(shown: str) -> dict[str, str]:
    """The form's fields as a browser would send them back."""
    import html

    sent = [one for one in re.findall(r"<input[^>]*>", shown) if "checkbox" not in one or "checked" in one]
    found = dict(re.findall(r'<input[^>]* name="(\w+)" value="([^"]*)"', "".join(sent)))
    found |= dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>([^<]*)<', shown))
    found["kind"] = re.search(r'<option value="(test|template_test|none)" selected', shown)[1]
    return {name: html.unescape(value) for name, value in found.items()}


def test_one_is_added_edited_and_removed(page):
    assert "No class yet" in text(page.get("/classes"))
    shown = text(page.post("/classes/new", data=GOOD, follow_redirects=True))
    assert "is declared" in shown
    assert page.get("/api/v1/classes/voip").json == ENTRY
    form = values(text(page.get("/classes/one/voip")))
    shown = text(page.post("/classes/one/voip", data=form, follow_redirects=True))
    assert page.get("/api/v1/classes/voip").json == ENTRY, "what is not changed stays as it is"
    form = values(text(page.get("/classes/one/voip")))
    shown = text(page.post("/classes/one/voip", data={**form, "kind": "none", "additional": "yes", "lifetime": ""},
                           follow_redirects=True))
    assert "is changed" in shown
    assert page.get("/api/v1/classes/voip").json.keys() == ENTRY.keys() - {"test", "lifetime"} | {
        "only_in_additional_list"}
    assert "is no more" in text(page.post("/classes/remove/voip", follow_redirects=True))
    assert page.get("/api/v1/classes").json["items"] == []


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"expression": "option[60].txt"}, "expression", "did you mean text?"),
        ({"name": ""}, "name", "is not a class"),
        ({"options": "domain-nam: x"}, "options", "did you mean domain-name"),
        ({"options": "- x"}, "options", "mapping"),
        ({"lifetime": "long"}, "lifetime", "not a duration"),
        ({"next_server": "::1"}, "next_server", "not an IPv4 address"),
        ({"by_architecture": "x64uefi: a"}, "by_architecture", "did you mean x64-uefi?"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(page, wrong, field, said):
    shown = text(page.post("/classes/new", data={**GOOD, **wrong}), 422)
    assert "Nothing was changed" in shown
    told = re.search(rf'id="h-{field}">([^<]*)<', shown)
    assert said in (told[1] if told else shown)
    kept = values(shown)
    for name, value in {**GOOD, **wrong}.items():
        assert kept[name] == value
    assert page.get("/api/v1/classes").json["items"] == []


def test_a_fault_of_an_expression_has_its_caret(page):
    shown = text(page.post("/classes/new", data={**GOOD, "expression": "option[60].txt"}), 422)
    assert re.search(r'<pre class="fault"[^>]*>[^<]*\n    option\[60\].txt\n               \^</pre>', shown)


def test_what_was_changed_meanwhile_is_not_overwritten(page):
    text(page.post("/classes/new", data=GOOD, follow_redirects=True))
    form = values(text(page.get("/classes/one/voip")))
    text(page.post("/classes/one/voip", data={**form, "description": "theirs"}, follow_redirects=True))
    shown = text(page.post("/classes/one/voip", data={**form, "description": "x"}), 409)
    assert "Somebody else has changed it meanwhile." in shown
    assert page.get("/api/v1/classes/voip").json["description"] == "theirs"


def test_one_that_is_named_is_not_removed(page):
    text(page.post("/classes/new", data=GOOD, follow_redirects=True))
    text(page.post("/classes/new", data={"name": "x", "kind": "test", "expression": "member('voip')"},
                   follow_redirects=True))
    assert "class x test" in text(page.post("/classes/remove/voip"), 409)


def test_an_expression_is_tried_out_without_changing_anything(page):
    packet = request(DISCOVER, client(5), 7, options={60: b"AAVAYA"}).hex(":")
    shown = text(page.post("/classes/try", data={**GOOD, "packet": packet}))
    assert "DISCOVER of 02:00:00:00:00:05" in shown
    assert re.search(r"<pre>  option\[60\].text</pre></td><td[^>]*>&#39;AAVAYA&#39;<", shown)
    assert values(shown)["options"] == GOOD["options"]
    at = re.search(r'<option value="([0-9.]+)"', shown)[1]
    shown = text(page.post("/classes/try", data={**GOOD, "expression": "pkt4.mac", "received_at": at}))
    assert 'class="mono">0x02000000000c<' in shown
    assert f'<option value="{at}" selected' in shown
    assert "It is right: a condition" in text(page.post("/classes/try", data=GOOD))
    wrong = text(page.post("/classes/try", data={**GOOD, "expression": "knownn"}))
    assert "Line 1, column 1" in wrong
    assert "not hex" in text(page.post("/classes/try", data={**GOOD, "packet": "xyz"}), 422)
    assert page.get("/api/v1/classes").json["items"] == []


def test_what_is_typed_stays_text(page):
    shown = text(page.post("/classes/try", data={**GOOD, "expression": "'<b>' == '</pre>'", "description": '"><i>'}))
    assert "<b>" not in shown
    assert '"><i>' not in shown


def test_a_viewer_sees_them_and_may_try(sqlite_database):
    fill(sqlite_database)
    text(web(sqlite_database).post("/classes/new", data=GOOD, follow_redirects=True))
    viewer = web(sqlite_database, role=Role.VIEWER)
    assert "voip" in text(viewer.get("/classes"))
    assert "Save" not in text(viewer.get("/classes/one/voip"))
    assert viewer.post("/classes/one/voip", data=GOOD).status_code == 403
    assert "It is right" in text(viewer.post("/classes/try", data={**GOOD, "editing": "voip"}))


def test_what_is_always_and_never_sent_is_edited(page):
    sent = {**GOOD, "always_send": "domain-name, routers", "never_send": "host-name"}
    text(page.post("/classes/new", data=sent, follow_redirects=True))
    shown = page.get("/api/v1/classes/voip").json
    assert (shown["always_send"], shown["never_send"]) == (
        {"dhcp4": ["domain-name", "routers"]}, {"dhcp4": ["host-name"]})
    form = values(text(page.get("/classes/one/voip")))
    assert (form["always_send"], form["never_send"]) == ("domain-name, routers", "host-name")
    text(page.post("/classes/one/voip", data={**form, "always_send": ""}, follow_redirects=True))
    assert "always_send" not in page.get("/api/v1/classes/voip").json
    wrong = text(page.post("/classes/new", data={**sent, "name": "x", "never_send": "host-nam"}), 422)
    assert "did you mean host-name" in re.search(r'id="h-never_send">([^<]*)<', wrong)[1]


def test_what_the_form_has_no_field_for_stays(page):
    made = {**ENTRY, "always_send": {"dhcp4": ["routers"], "dhcp6": ["dns-servers"]},
            "never_send": {"dhcp4": ["host-name"], "dhcp6": ["domain-search"]}}
    assert page.post("/api/v1/classes", json=made).status_code == 201
    form = values(text(page.get("/classes/one/voip")))
    text(page.post("/classes/one/voip", data={**form, "description": "Telephones"}, follow_redirects=True))
    shown = page.get("/api/v1/classes/voip").json
    assert (shown["always_send"], shown["never_send"]) == (made["always_send"], made["never_send"])
    assert shown["description"] == "Telephones"


def test_the_remove_button_of_a_stale_page_does_nothing_and_what_changed_is_shown(page, sqlite_database):
    page.post("/classes/new", data=GOOD)
    stale = text(page.get("/classes/one/voip"))
    form = values(stale)
    assert web(sqlite_database).post("/classes/one/voip", data={**form, "lifetime": "4h"}).status_code == 303
    shown = text(page.post("/classes/remove/voip", data=button(stale, "/classes/remove/voip")), 409)
    assert "it was not removed" in shown
    assert re.search(r'lifetime</td><td class="mono">8h</td><td class="mono">4h</td>', shown)
    assert len(page.get("/api/v1/classes").json["items"]) == 1
    fresh = text(page.get("/classes/one/voip"))
    assert page.post("/classes/remove/voip", data=button(fresh, "/classes/remove/voip")).status_code == 303
    assert page.get("/api/v1/classes").json["items"] == []


def test_of_two_administrators_the_second_is_told_and_shown_both(page, sqlite_database):
    page.post("/classes/new", data=GOOD)
    mine = values(text(page.get("/classes/one/voip")))
    assert web(sqlite_database).post("/classes/one/voip", data={**mine, "file": "theirs"}).status_code == 303
    shown = text(page.post("/classes/one/voip", data={**mine, "file": "mine"}), 409)
    assert "Somebody else has changed it meanwhile." in shown
    assert re.search(r'file</td><td class="mono">mine</td><td class="mono">theirs</td>', shown)
    assert page.get("/api/v1/classes/voip").json["boot"]["file"] == "theirs"
    assert page.post("/classes/one/voip", data=values(shown)).status_code == 303
    assert page.get("/api/v1/classes/voip").json["boot"]["file"] == "mine"
def test_limits_are_written_and_read(page):
    limits = {"max_leases": "20", "max_leases_per_subnet": "10", "rate": "50", "offer_hold": "10"}
    page.post("/classes/new", data={**GOOD, **limits})
    assert page.get("/api/v1/classes/voip").json == {**ENTRY, "max_leases": 20, "max_leases_per_subnet": 10,
                                                         "rate": 50, "offer_hold": 10}
    form = values(text(page.get("/classes/one/voip")))
    assert {name: form[name] for name in limits} == limits
    shown = text(page.post("/classes/one/voip", data={**form, "rate": "many"}), 422)
    assert 'id="h-rate"' in shown
    page.post("/classes/one/voip", data={**form, "max_leases": "", "max_leases_per_subnet": "", "rate": "0",
                                          "offer_hold": ""})
    assert page.get("/api/v1/classes/voip").json == ENTRY
