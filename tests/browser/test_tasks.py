"""What an administrator comes for, done in Chromium on a real appliance with 100,000 leases, and the clicks it takes.

Each begins at the dashboard.  The browser counts: only a real pointer's clicks are any, typing and Enter are none.
"""

import pytest
from playwright.sync_api import expect

from app.services.access import Role
from tests.browser.site import KNOWN_ADDRESS, KNOWN_HW, KNOWN_NAME, LAB_RELAY, WORKSHOP_RELAY

#: The first test also starts the appliance and the browser, which takes its time on a loaded machine.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def find(page, what):
    """As a person does it: the slash puts the keyboard into the search field."""
    page.keyboard.press("/")
    page.keyboard.type(what)
    page.keyboard.press("Enter")
    page.wait_for_url("**/leases?find=*")


@pytest.mark.parametrize("what", [KNOWN_NAME, KNOWN_HW, KNOWN_HW.replace(":", "-").upper(), KNOWN_ADDRESS])
def test_a_client_is_found_without_a_click(opened, what):
    page, witness = opened()
    find(page, what)
    row = page.get_by_role("row").filter(has_text=KNOWN_HW)
    expect(row).to_have_count(1)
    expect(row).to_contain_text(KNOWN_ADDRESS)
    expect(row).to_contain_text(KNOWN_NAME)
    assert (witness.clicks, witness.troubles, witness.foreign) == (0, [], [])


def test_who_is_not_there_is_not_found(opened):
    page, witness = opened()
    find(page, "host-100001")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    expect(page.get_by_text("No message of such a client is remembered either")).to_be_visible()
    assert witness.clicks == 0


def test_why_a_client_got_nothing_is_told_without_a_click(opened, site):
    assert site.ask(LAB_RELAY, 1, waits_s=0.5) is None, "the laboratory's only address is taken"
    site.told("02:00:5e:00:09:01")
    page, witness = opened()
    find(page, "02:00:5e:00:09:01")
    expect(page.get_by_text("But it was heard from")).to_be_visible()
    event = page.locator(".event").first
    expect(event).to_contain_text("silent")
    expect(event).to_contain_text("Every address that this client might get is in use.")
    assert (witness.clicks, witness.troubles) == (0, [])


def test_an_address_is_reserved_with_one_click_and_that_is_undone_with_one(opened):
    page, witness = opened()
    find(page, KNOWN_HW)
    page.get_by_role("button", name=f"Reserve {KNOWN_ADDRESS}").click()
    said = page.get_by_role("status").filter(has_text="is assigned to")
    expect(said).to_contain_text(KNOWN_ADDRESS)
    assert witness.clicks == 1
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status").filter(has_text="is no longer assigned to")).to_contain_text(KNOWN_ADDRESS)
    assert (witness.clicks, witness.troubles) == (2, [])
    page.goto("/")
    find(page, KNOWN_HW)
    expect(page.get_by_role("button", name=f"Reserve {KNOWN_ADDRESS}")).to_be_visible()


def test_who_only_sees_is_offered_no_change(opened):
    page, _ = opened(role=Role.VIEWER)
    find(page, KNOWN_HW)
    expect(page.get_by_role("row").filter(has_text=KNOWN_ADDRESS)).to_have_count(1)
    expect(page.get_by_role("button", name="Reserve")).to_have_count(0)


def test_a_pool_is_widened_with_three_clicks_and_the_next_client_is_served(opened, site):
    assert site.ask(WORKSHOP_RELAY, 2, waits_s=0.5) is None, "its only address is taken"
    page, witness = opened()
    page.get_by_role("link", name="workshop", exact=True).click()
    page.get_by_text("Widen or narrow").click()
    expect(page.get_by_label("Last address")).to_be_focused()
    page.keyboard.type("10.77.0.20")  # The last address has the keyboard, and typing replaces it.
    page.get_by_role("button", name="Change the pool").click()
    expect(page.get_by_role("status").filter(has_text="The pool is changed.")).to_be_visible()
    expect(page.locator(".pools .range")).to_contain_text("10.77.0.20")
    assert (witness.clicks, witness.troubles) == (3, [])
    answer = site.ask(WORKSHOP_RELAY, 2, waits_s=3)
    assert answer is not None, "the engine serves from the wider pool without a restart"
    assert bytes((10, 77, 0, 11)) <= answer.address <= bytes((10, 77, 0, 20))
