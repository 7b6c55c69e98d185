import re

import pytest

from app.services.access import Role
from dhcpcore.store.definitions import Definitions
from tests.app.pages.form_pages import button
from tests.app.people import EngineThatAnswers
from tests.app.site import fill, web

GOOD = {"identifier": "hw_address", "value": "02:00:00:00:00:77", "address": "192.0.2.77", "hostname": "door",
        "enabled": "yes"}


@pytest.fixture
def page(sqlite_database):
    fill(sqlite_database)
    return web(sqlite_database, role=Role.OPERATOR)


def text(answer, status=200) -> str:
    assert answer.status_code == status, answer.get_data(as_text=True)[-400:]
    return answer.get_data(as_text=True)


def listed(shown: str) -> list[str]:
    return re.findall(r'class="address"><a[^>]*>([^<]*)<', shown)


def test_one_is_added_and_its_undo_removes_it(page):
    answer = page.post("/assignments/new", data=GOOD, follow_redirects=True)
    shown = text(answer)
    assert "192.0.2.77 is assigned to" in shown
    undo = re.search(r'action="([^"]*)"[^>]*>(?:<input[^>]*>)+<button[^>]*id="undo"', shown)[1]
    assert listed(text(page.post(undo, follow_redirects=True))) == ["192.0.2.5"]


def test_a_removed_one_is_brought_back_as_it_was(page):
    number = re.search(r'href="/assignments/(\d+)"', text(page.get("/assignments")))[1]
    shown = text(page.post(f"/assignments/{number}/remove", follow_redirects=True))
    assert "is no longer assigned to" in shown
    undo = re.search(r'action="([^"]*)"[^>]*>(?:<input[^>]*>)+<button[^>]*id="undo"', shown)[1]
    again = text(page.post(undo, follow_redirects=True))
    assert "is assigned again to" in again
    assert "printer" in again


@pytest.mark.parametrize(("wrong", "field"), [
    ({"value": "nonsense"}, "value"), ({"hostname": "<b>"}, "hostname"), ({"address": "192.0.2.5"}, "")])
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(page, wrong, field):
    shown = text(page.post("/assignments/new", data={**GOOD, **wrong}), 422)
    assert "Nothing was changed" in shown
    for value in {**GOOD, **wrong}.values():
        assert value.replace("<", "&lt;").replace(">", "&gt;") in shown
    if field:
        assert f'id="h-{field}"' in shown
        assert f'id="f-{field}" name="{field}"' in shown


def test_one_is_changed_disabled_and_enabled(page):
    shown = text(page.get("/assignments"))
    number = re.search(r'href="/assignments/(\d+)"', shown)[1]
    version = re.search(r'name="version" value="(\d+)"', text(page.get(f"/assignments/{number}")))[1]
    form = {**GOOD, "value": "02:00:00:00:00:05", "address": "192.0.2.6", "version": version}
    assert "192.0.2.6" in text(page.post(f"/assignments/{number}", data=form, follow_redirects=True))
    late = text(page.post(f"/assignments/{number}", data={**form, "hostname": "mine"}), 409)
    assert "Somebody else has changed it meanwhile" in late
    both = re.findall(r'<th scope="row">([^<]*)</th><td class="mono">([^<]*)</td><td class="mono">([^<]*)</td>', late)
    assert both == [("Host name", "mine", "door")]
    assert 'value="mine"' in late
    assert "disabled" in text(page.post(f"/assignments/{number}/disable", follow_redirects=True))
    assert "in effect again" in text(page.post(f"/assignments/{number}/enable", follow_redirects=True))


def test_a_lease_is_reserved_in_one_step(page):
    shown = text(page.post("/leases/192.0.2.12/reserve", follow_redirects=True))
    assert "192.0.2.12 is assigned to" in shown
    assert "02:00:00:00:00:0c" in shown
    assert "somebody else was found using it" in text(page.post("/leases/192.0.2.19/reserve"), 409)


def test_a_lease_in_the_list_is_reserved_there_and_then_shown_as_reserved(page):
    before = page.get("/leases?find=192.0.2.12").get_data(as_text=True)
    assert 'action="/leases/192.0.2.12/reserve"' in before
    assert ">Reserved<" not in before
    shown = page.get(page.post("/leases/192.0.2.12/reserve").location).get_data(as_text=True)
    number = re.search(r"/assignments/(\d+)/remove", shown)[1]
    for path in ("/leases?find=192.0.2.12", "/leases/192.0.2.12"):
        after = page.get(path).get_data(as_text=True)
        assert f'href="/assignments/{number}"' in after
        assert 'action="/leases/192.0.2.12/reserve"' not in after


def test_what_was_reserved_already_is_told_and_has_no_undo(page):
    """An undo would take away what somebody else has made."""
    page.post("/leases/192.0.2.12/reserve")
    shown = page.get(page.post("/leases/192.0.2.12/reserve").location).get_data(as_text=True)
    assert "was assigned already" in shown
    assert 'id="undo"' not in shown


def test_a_release_is_asked_about_first(page):
    assert "Release 192.0.2.12?" in text(page.post("/leases/192.0.2.12/release"))
    done = text(page.post("/leases/192.0.2.12/release", data={"confirmed": "yes"}))
    assert "will be released by the next engine that starts" in done


def test_a_client_is_asked_to_renew_with_one_button(sqlite_database):
    fill(sqlite_database)
    engine = EngineThatAnswers(lease_renew={
        "address": "192.0.2.12", "client": "hardware address 02:00:00:00:00:0c", "sent": ["authenticated"],
        "last_seen_at": 100})
    page = web(sqlite_database, engine)
    assert "Ask to renew" in text(page.get("/leases/192.0.2.12"))
    assert "The client was asked to renew." in text(page.post("/leases/192.0.2.12/renew"))
    assert "No engine answers" in text(web(sqlite_database).post("/leases/192.0.2.12/renew"), 409)
    assert "Ask to renew" not in text(page.get("/leases/192.0.2.19")), "nobody holds it"


def test_who_only_sees_changes_nothing(sqlite_database):
    fill(sqlite_database)
    page = web(sqlite_database, role=Role.VIEWER)
    assert "Remove" not in text(page.get("/assignments"))
    assert "Reserve" not in text(page.get("/leases/192.0.2.12"))
    for path in ("/assignments/new", "/assignments/1", "/assignments/1/remove", "/assignments/1/restore",
                 "/assignments/1/enable", "/assignments/1/disable", "/assignments/import", "/leases/192.0.2.12/reserve",
                 "/leases/192.0.2.12/release", "/leases/192.0.2.12/renew", "/definitions"):
        assert page.post(path, data=GOOD).status_code == 403, path


def test_a_table_goes_out_and_comes_in_again(page):
    table = text(page.get("/assignments.csv"))
    assert table.splitlines()[1] == "office,192.0.2.5,02:00:00:00:00:05,,,,,,printer,yes"
    rows = "address,hw_address,hostname\n192.0.2.50,02:00:00:00:01:01,one\n192.0.2.51,02:00:00:00:01:02,two\n"
    preview = text(page.post("/assignments/import", data={"text": rows}))
    assert "2 assignments are right and will be added" in preview
    assert listed(text(page.get("/assignments"))) == ["192.0.2.5"]
    assert "2 assignments added" in text(page.post("/assignments/import", data={"text": rows, "confirmed": "yes"}))
    assert len(listed(text(page.get("/assignments")))) == 3


def test_every_wrong_row_is_told_and_none_is_added(page):
    rows = "address,hw_address\n192.0.2.50,nonsense\n203.0.113.1,02:00:00:00:01:02\n192.0.2.5,02:00:00:00:01:03\n"
    shown = text(page.post("/assignments/import", data={"text": rows, "confirmed": "yes"}), 422)
    for number in (2, 3, 4):
        assert f"Row {number}" in shown
    assert listed(text(page.get("/assignments"))) == ["192.0.2.5"]


def test_a_table_whose_columns_cannot_be_told_apart_is_refused_whole(page):
    for rows, said in (("address,address,hw_address\n192.0.2.50,192.0.2.51,02:00:00:00:01:01\n", "address twice"),
                       ("address,hw_address\n192.0.2.50,02:00:00:00:01:01,one\n", "Row 2 has 3 cells")):
        assert said in text(page.post("/assignments/import", data={"text": rows, "confirmed": "yes"}), 422)
    assert listed(text(page.get("/assignments"))) == ["192.0.2.5"]


def test_options_are_edited_and_what_is_wrong_with_them_is_told(sqlite_database):
    fill(sqlite_database)
    client = web(sqlite_database)
    typed = {"identifier": "hw_address", "value": "02:00:00:00:00:66", "address": "192.0.2.66", "enabled": "yes",
             "options": "routers: [192.0.2.1]\n", "always_send": "routers", "never_send": "host-name, 6"}
    for wrong, said in (({"options": "router: [192.0.2.1]"}, "router: "), ({"options": "["}, "options"),
                        ({"never_send": "router"}, "[0]: "), ({"options": "5"}, "no mapping")):
        answer = client.post("/assignments/new", data={**typed, **wrong})
        assert answer.status_code == 422
        assert said in answer.text
    client.post("/assignments/new", data=typed)
    listed = Definitions(sqlite_database).document()["subnets"][0]["assignments"]
    (made,) = [one for one in listed if one["hw_address"] == "02:00:00:00:00:66"]
    assert (made["options"], made["always_send"], made["never_send"]) == (
        {"routers": ["192.0.2.1"]}, ["routers"], ["host-name", "6"])
    shown = client.get("/assignments/2").text
    assert "- 192.0.2.1" in shown
    assert "host-name, 6" in shown
    assert client.post("/assignments/2", data={**typed, "version": "2", "options": "", "always_send": "",
                                               "never_send": ""}).status_code == 303
    (made,) = [one for one in Definitions(sqlite_database).document()["subnets"][0]["assignments"]
               if one["hw_address"] == "02:00:00:00:00:66"]
    assert made.keys() == {"hw_address", "address"}


def test_a_table_of_a_subnet_that_is_not_there_is_refused_before_its_first_line(page):
    answer = page.get("/assignments.csv?subnet=nowhere")
    assert "There is no subnet" in text(answer, 404)
    assert answer.mimetype == "text/html"
    assert text(page.get("/assignments.csv?subnet=office")).startswith("subnet,address,")


def test_what_few_need_is_edited_too(page):
    more = {"boot": "file: own.0\nnext_server: 192.0.2.6", "shared": "yes", "takeover": "wait",
            "always_send": "routers"}
    text(page.post("/assignments/new", data={**GOOD, **more}, follow_redirects=True))
    made = page.get("/api/v1/assignments?find=192.0.2.77").json["items"][0]
    assert made["boot"] == {"file": "own.0", "next_server": "192.0.2.6"}
    assert (made["shared"], made["takeover"], made["always_send"]) == (True, "wait", ["routers"])
    shown = text(page.get(f"/assignments/{made['id']}"))
    assert "file: own.0" in shown
    assert '<option value="wait" selected' in shown
    assert re.search(r'name="shared" value="yes" checked', shown)
    version = re.search(r'name="version" value="(\d+)"', shown)[1]
    text(page.post(f"/assignments/{made['id']}", data={**GOOD, "version": version}, follow_redirects=True))
    left = page.get(f"/api/v1/assignments/{made['id']}").json
    assert not {"boot", "shared", "takeover", "always_send"} & {key for key, value in left.items() if value not in (
        None, [], {}, False, "nak")}


@pytest.mark.parametrize(("wrong", "field", "said"), [
    ({"boot": "filename: x"}, "boot", "did you mean file"), ({"boot": "- x"}, "boot", "mapping"),
    ({"takeover": "never"}, "takeover", "wait"), ({"classes": "nobody's"}, "classes", "not a class")])
def test_what_is_wrong_with_it_stands_beside_it(page, wrong, field, said):
    shown = text(page.post("/assignments/new", data={**GOOD, **wrong}), 422)
    told = re.search(rf'id="h-{field}">([^<]*)<', shown)
    assert told, re.findall(r"fault[^>]*>([^<]*)", shown)
    assert said in told[1].replace("&#39;", "'")


def test_octets_that_are_no_text_go_through_the_form(page):
    remote = {**GOOD, "identifier": "remote_id", "value": "{hex: 00:01:ff}"}
    text(page.post("/assignments/new", data=remote, follow_redirects=True))
    made = page.get("/api/v1/assignments?find=192.0.2.77").json["items"][0]
    assert made["remote_id"] == {"hex": "00:01:ff"}
    assert "{hex: &#39;00:01:ff&#39;}" in text(page.get(f"/assignments/{made['id']}"))


@pytest.mark.parametrize("verb", ["disable", "remove"])
def test_a_button_of_a_stale_page_does_nothing_and_what_changed_is_shown(page, sqlite_database, verb):
    stale = text(page.get("/assignments"))
    colleague = web(sqlite_database)
    form = {"identifier": "hw_address", "value": "02:00:00:00:00:05", "address": "192.0.2.6", "hostname": "plotter",
            "enabled": "yes", "version": re.search(r'name="version" value="(\d+)"', stale)[1]}
    assert colleague.post("/assignments/1", data=form).status_code == 303
    before = Definitions(sqlite_database).document()
    answer = page.post(f"/assignments/1/{verb}", data=button(stale, f"/assignments/1/{verb}"))
    shown = text(answer, 409)
    assert f"it was not {verb}d" in shown
    assert re.search(r'address</td><td class="mono">192\.0\.2\.5</td><td class="mono">192\.0\.2\.6</td>', shown)
    assert re.search(r'hostname</td><td class="mono">printer</td><td class="mono">plotter</td>', shown)
    assert Definitions(sqlite_database).document() == before
    # Who has seen that may do it all the same.
    fresh = text(page.get("/assignments"))
    assert page.post(f"/assignments/1/{verb}", data=button(fresh, f"/assignments/1/{verb}")).status_code == 303


def test_the_undo_of_a_stale_page_does_nothing_either(page, sqlite_database):
    shown = text(page.post("/assignments/new", data=GOOD, follow_redirects=True))
    undo = re.search(r'action="([^"]*)"[^>]*>(?:<input[^>]*>)+<button[^>]*id="undo"', shown)[1]
    stale = button(shown, undo)
    colleague = web(sqlite_database)
    assert colleague.post("/assignments/2/disable", data={}).status_code == 303
    answer = page.post(undo, data=stale)
    assert re.search(r'enabled</td><td class="mono">true</td><td class="mono">false</td>', text(answer, 409))


def test_what_somebody_else_has_switched_already_is_no_conflict(page, sqlite_database):
    stale = text(page.get("/assignments"))
    assert web(sqlite_database).post("/assignments/1/disable").status_code == 303
    assert page.post("/assignments/1/disable", data=button(stale, "/assignments/1/disable")).status_code == 303


def test_the_heads_of_the_columns_sort(page):
    page.post("/assignments/new", data=GOOD)
    assert listed(text(page.get("/assignments"))) == ["192.0.2.77", "192.0.2.5"]
    for sort, there in (("address", ["192.0.2.5", "192.0.2.77"]), ("hw_address", ["192.0.2.5", "192.0.2.77"]),
                        ("hostname", ["192.0.2.77", "192.0.2.5"]), ("-hostname", ["192.0.2.5", "192.0.2.77"]),
                        ("last_used_at", ["192.0.2.5", "192.0.2.77"]), ("colour", ["192.0.2.77", "192.0.2.5"])):
        shown = text(page.get(f"/assignments?sort={sort}"))
        assert listed(shown) == there, sort
        assert ("aria-sort" in shown) == (sort != "colour")
    shown = text(page.get("/assignments?sort=address"))
    assert 'href="/assignments?sort=-address"' in shown
    assert "never" in shown
    assert "cursor is not one" in text(page.get("/assignments?sort=address&cursor=7"))
