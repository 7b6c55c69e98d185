"""What is changed in the browser is what the next client is told: no restart, no second command."""

import socket

import pytest
from playwright.sync_api import expect

from dhcpcore.wire.v4.message import MessageType
from tests.browser.site import OFFICE_RELAY

#: The first test also starts the appliance and the browser, which takes its time on a loaded machine.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

HW, KEPT = "02:00:5e:00:09:05", "192.0.2.55"


def offered(site):
    answer = site.ask(OFFICE_RELAY, 5, waits_s=3)
    assert answer is not None
    assert answer.kind == MessageType.OFFER
    return socket.inet_ntoa(answer.address)


def test_an_assignment_added_in_the_browser_is_what_the_next_discover_gets(opened, site):
    before = offered(site)
    assert before.startswith("192.0.2.1")
    page, _ = opened("/assignments")
    page.get_by_role("link", name="Add", exact=True).click()
    page.get_by_label("Which is").fill(HW)
    page.get_by_label("Address", exact=True).fill(KEPT)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("status").filter(has_text=f"{KEPT} is assigned to")).to_be_visible()
    assert offered(site) == KEPT
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status").filter(has_text="is no longer assigned to")).to_be_visible()
    assert offered(site) != KEPT


def test_one_that_is_without_effect_changes_nothing_for_the_client(opened, site):
    page, _ = opened("/assignments/new")
    page.get_by_label("Which is").fill(HW)
    page.get_by_label("Address", exact=True).fill(KEPT)
    page.get_by_label("In effect").uncheck()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="is assigned to")).to_be_visible()
    assert offered(site) != KEPT
    page.get_by_role("button", name=f"Enable {KEPT}").click()
    expect(page.get_by_role("status").filter(has_text="is in effect again")).to_be_visible()
    assert offered(site) == KEPT
    page.get_by_role("button", name=f"Remove {KEPT}").click()
    expect(page.get_by_role("status").filter(has_text="is no longer assigned to")).to_be_visible()


def test_a_handler_added_in_the_browser_meets_the_next_discover_and_disabled_it_does_not(opened, site):
    offered(site)
    page, _ = opened("/handlers")
    page.get_by_role("link", name="Add", exact=True).click()
    page.get_by_role("link", name="ignore-request").click()
    page.get_by_label("Clients").fill(f'["{HW}"]')
    page.get_by_label("Name", exact=True).fill("not him")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="not him is configured")).to_be_visible()
    assert site.ask(OFFICE_RELAY, 5, waits_s=1) is None
    page.get_by_role("button", name="Move not him up").click()
    expect(page.get_by_role("status").filter(has_text="not him is moved")).to_be_visible()
    page.get_by_role("button", name="Disable not him").click()
    expect(page.get_by_role("status").filter(has_text="not him is disabled")).to_be_visible()
    offered(site)
    page.get_by_role("link", name="not him", exact=True).click()
    page.get_by_role("button", name="Remove this handler").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="not him is no more")).to_be_visible()
