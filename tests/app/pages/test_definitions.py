import pytest

from app.services.access import Role
from tests.app.site import fill, web


@pytest.fixture
def page(sqlite_database):
    fill(sqlite_database)
    return web(sqlite_database, role=Role.ADMIN)


def text(answer, status=200) -> str:
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def test_a_document_is_shown_compared_and_applied(page):
    document = text(page.get("/definitions.yaml"))
    wider = document.replace("192.0.2.19", "192.0.2.29")
    assert "This changes 1 thing" in text(page.post("/definitions", data={"text": wider}))
    assert "192.0.2.29" not in text(page.get("/definitions.yaml"))
    done = text(page.post("/definitions", data={"text": wider, "confirmed": "yes", "losses": "0"}))
    assert "Applied as revision" in done
    assert "192.0.2.29" in text(page.get("/definitions.yaml"))


def test_whom_it_takes_an_address_from_is_told_and_must_have_been_seen(page):
    smaller = text(page.get("/definitions.yaml")).replace("192.0.2.19", "192.0.2.14")
    assert "4 clients lose their addresses" in text(page.post("/definitions", data={"text": smaller}))
    unseen = page.post("/definitions", data={"text": smaller, "confirmed": "yes", "losses": "0"})
    assert "Nothing was changed" in text(unseen, 409)
    seen = page.post("/definitions", data={"text": smaller, "confirmed": "yes", "losses": "4"})
    assert "Applied as revision" in text(seen)


def test_every_fault_is_told_by_its_path_and_the_text_stays(page):
    wrong = "version: 1\nsubnets: [{prefix: 192.0.2.0/240}, {prefix: <b>}]\n"
    shown = text(page.post("/definitions", data={"text": wrong}), 422)
    assert "subnets[0].prefix" in shown
    assert "subnets[1].prefix" in shown
    assert "<b>}" not in shown
    assert "192.0.2.0/240" in shown


def test_shared_networks_and_what_is_always_and_never_sent_are_edited(page):
    before = text(page.get("/definitions.yaml"))
    campus = "shared_networks:\n- name: campus\n  lifetime: 2h\n  always_send:\n    dhcp4:\n    - routers\n"
    after = before.replace("subnets:\n", f"{campus}subnets:\n")
    after = after.replace("  name: office\n", "  name: office\n  never_send: [6]\n")
    assert "Nothing was changed" in text(page.post("/definitions", data={"text": after}), 422), "6 wants quotes"
    after = after.replace("[6]", "['6']")
    assert "shared network campus" in text(page.post("/definitions", data={"text": after}))
    assert "Applied as revision" in text(page.post("/definitions", data={"text": after, "confirmed": "yes",
                                                                         "losses": "0"}))
    shown = text(page.get("/definitions.yaml"))
    assert "- name: campus\n  lifetime: 2h\n" in shown
    again = page.post("/definitions", data={"text": shown})
    assert "changes nothing" in text(again).lower()
