"""What strangers on the network write (a host's name, a relay's words) and what the definitions hold stays text in the
browser, on every page that shows it: no element comes of it, and nothing runs."""

import pytest
from playwright.sync_api import expect

from tests.browser.site import HOSTILE

#: The first test also starts the appliance and the browser, which takes its time on a loaded machine.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

SHOWN = {
    "a host's name in a list": "/leases?find=203.0.113.10",
    "a host's name, its past one and its relay's circuit": "/leases/203.0.113.10",
    "a host's name as a search": "/leases?find=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E",
    "a subnet's name": "/subnets",
    "a subnet's name and who has an address": "/subnets/20",
    "a subnet's name in a filter": "/events",
    "a subnet's name and an option's value in a table": "/subnets/20/options",
    "a circuit as an identifier": "/assignments",
    "a circuit in a form": "/assignments/2",
    "a subnet's name in a form": "/assignments/new",
    "an option's value": "/definitions",
    "a client's name in a search of events": "/events?client=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E",
    "a page's name": "/%3Cimg%20src=x%20onerror=alert(1)%3E",
    "a name in what was just done": "/assignments?said=changed&id=2",
    "a pool's subnet": "/",
    "an option's value in a form": "/subnets/20/edit",
    "what a handler is for": "/handlers",
    "that in its form": "/handlers/one/late",
    "a field of a handler of no type": "/handlers/one/of-no-package",
    "what an option of the site's own is for": "/option-definitions",
    "that of an option in its form": "/option-definitions/one/dhcp4/x-colour",
}
#: A title's text and a field's value are text, too.
HELD = """(text) => [...document.querySelectorAll('*')].some((it) =>
  [...it.childNodes].some((node) => node.nodeType === 3 && node.data.includes(text)) ||
  [...it.attributes].some((attribute) => attribute.value.includes(text)) ||
  (it.value || '').toString().includes(text))"""


#: Pages where it is looked for and need not be.
MAYBE = {"a subnet's name in a filter", "a pool's subnet"}


@pytest.mark.parametrize("what", SHOWN)
def test_it_is_there_and_stays_text(opened, what):
    page, witness = opened(SHOWN[what])
    page.wait_for_load_state("load")
    assert page.locator("[onerror], img[src='x'], img[src$='/x']").count() == 0
    assert page.evaluate(HELD, HOSTILE) or what in MAYBE
    assert (witness.troubles, witness.foreign) == ([], [])


def test_what_a_list_takes_in_later_stays_text_too(opened):
    """htmx puts a part of the answer into the page."""
    page, witness = opened("/leases")
    page.get_by_role("searchbox", name="Find", exact=True).type(HOSTILE)
    expect(page.locator("#list tbody tr")).to_have_count(1)
    expect(page.locator("#list")).to_contain_text(HOSTILE)
    assert page.locator("[onerror]").count() == 0
    assert (witness.troubles, witness.foreign) == ([], [])


def test_what_is_in_a_document_that_is_compared_stays_text(opened):
    page, witness = opened("/definitions")
    field = page.get_by_label("Definitions, YAML or JSON")
    field.fill(field.input_value().replace("name: laboratory", "name: '<svg onload=alert(2)>'"))
    page.get_by_role("button", name="Show what this changes").click()
    expect(page.locator(".diff")).to_contain_text("<svg onload=alert(2)>")
    assert page.locator("[onerror], [onload]").count() == 0
    assert (witness.troubles, witness.foreign) == ([], [])
