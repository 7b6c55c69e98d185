"""What every page keeps: axe finds nothing serious, in light, in dark and at 390 pixels; the policy holds; the keyboard
is enough; nothing has to be scrolled sideways; nobody else is asked."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import expect

from app.services.access import Role
from tests.browser.addresses import pages

#: The first test also starts the appliance and the browser, which takes its time on a loaded machine.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
#: Not what passes, of which a long page has thousands.
ONLY = {"resultTypes": ["violations"]}
#: The rows of a list are made alike: Tab goes through the first eight, as axe does.
ALIKE = "document.querySelectorAll('.listing tbody tr:nth-child(n+9)').forEach((it) => { it.inert = true; })"
#: Everything that a pointer could act on and that can be seen.
ACTIONS = "a[href], button, input:not([type=hidden]), select, textarea, summary"
#: Parts of a time that Tab goes through inside its field: day, month, year, hour, minute, half of the day, calendar.
STOPS = 7
FOCUSED = """() => {
  const it = document.activeElement, style = getComputedStyle(it), box = it.getBoundingClientRect();
  const all = Array.from(document.querySelectorAll('%s'));
  return { number: all.indexOf(it), name: it.outerHTML.slice(0, 120),
    passed: it.matches("iframe, [tabindex='0']"),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight };
}""" % ACTIONS  # noqa: UP031 - braces abound
SEEN = """(within) => Array.from(document.querySelectorAll('%s')).map((it, number) => [number, it])
  .filter(([number, it]) => it.checkVisibility({visibilityProperty: true}) && !it.disabled && !it.closest("dialog")
    && !it.closest("[inert]") && it.closest(within))
  .map(([number, it]) => [number, it.outerHTML.slice(0, 120)])""" % ACTIONS  # noqa: UP031


#: What of the document cannot change with the colours alone.
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
#: A page of the manual with all that any of them has.
EXAMPLE = "/manual/definitions"
#: Of a list, whose rows are made alike, the first eight.
EXAMPLES = {"exclude": [".listing tbody tr:nth-child(n+9)"]}
ALL = (("light", WIDE, "light", {}), ("dark", WIDE, "dark", COLOURS), ("narrow", NARROW, "light", {}))
#: Dark and narrow at once, where the frame, which is the same everywhere, was looked at in all three.
EACH = (("light", WIDE, "light", {}), ("dark and narrow", NARROW, "dark", {}))


def serious(page, options):
    """What axe finds that somebody could not live with."""
    asked = [EXAMPLES, {**ONLY, **options}]
    found = page.evaluate("([where, options]) => axe.run(where, options)", asked)["violations"]
    return [f"{one['id']}: {one['help']}: {node['html'][:160]}" for one in found
            if one["impact"] in {"serious", "critical"} for node in one["nodes"]]


def sideways(page):
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def looks(page, some=ALL):
    """Everything wrong with how the page looks, as it is now: light, dark and narrow, without loading it again."""
    found = []
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    for name, size, scheme, options in some:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function("(it) => document.documentElement.dataset.bsTheme === it", arg=scheme)
        found += [f"{name}: {one}" for one in serious(page, options)]
        if sideways(page) > 0:
            found.append(f"{name}: {sideways(page)} pixels too wide")
    return found


@pytest.mark.parametrize("path", [path for path in pages() if not path.startswith("/manual/")] + [EXAMPLE])
def test_a_page_is_for_everybody_keeps_its_policy_and_asks_nobody_else(opened, path):
    page, witness = opened(path)
    if path != EXAMPLE:
        the_keyboard_reaches_every_action_and_shows_where_it_is(page, path)
    assert looks(page, ALL if path == "/" else EACH) == []
    assert (witness.troubles, witness.foreign) == ([], [])


def test_so_is_every_page_of_the_manual_which_differ_in_their_words_alone(opened):
    """Other words in the same elements can be too wide, or ask somebody else for a picture."""
    wrong = []
    for path in (path for path in pages() if path.startswith("/manual/")):
        page, witness = opened(path, width=NARROW["width"])
        if sideways(page) > 0:
            wrong.append(f"{path}: {sideways(page)} pixels too wide")
        wrong += [f"{path}: {said}" for said in (*witness.troubles, *witness.foreign)]
    assert wrong == []


def the_keyboard_reaches_every_action_and_shows_where_it_is(page, path):
    """Of the frame, which is the same everywhere, on the first page; of a list, in the first of its rows."""
    if path.startswith("/leases?find=nobody"):
        expect(page.get_by_text("No message of such a client is remembered")).to_be_visible()
    page.evaluate(ALIKE)
    wanted = dict(page.evaluate(SEEN, "main" if path != "/" else "body"))
    if path != "/":
        page.locator("main").focus()
    reached: set[int] = set()
    last = None
    within = STOPS * page.locator("input[type=datetime-local], iframe").count()
    for _ in range(2 * len(wanted) + 5 + within):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUSED)
        if here["number"] == last:
            continue
        last = here["number"]
        if here["passed"]:  # A frame or what scrolls: the keyboard goes on through it.
            continue
        if here["number"] in reached or (here["number"] == -1 and (reached or not wanted)):
            break
        assert here["outlined"], f"no focus is seen on {here['name']}"
        assert here["seen"], f"{here['name']} has the keyboard and cannot be seen"
        reached.add(here["number"])
    assert [html for number, html in wanted.items() if number not in reached] == []


def test_the_log_in_page_is_too(opened):
    page, witness = opened("/login", role=None)
    assert looks(page) == []
    page.get_by_label("Name").fill("nobody")
    page.get_by_label("Password").fill("wrong wrong wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    assert looks(page) == []
    assert (witness.troubles, witness.foreign) == ([], [])


def release_is_asked_about(page):
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def everything_is_unfolded(page):
    page.evaluate("document.querySelectorAll('details').forEach((it) => { it.open = true; })")


def a_form_is_wrong(page):
    page.get_by_label("Which is").fill("no hardware address")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Nothing was changed.")).to_be_visible()


def a_table_is_wrong(page):
    page.get_by_label("or the rows themselves").fill("address,hw_address\n192.0.2.300,02:00:00:00:00:01")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("Nothing was added")).to_be_visible()


def a_table_is_right(page):
    page.get_by_label("or the rows themselves").fill("address,hw_address\n192.0.2.30,02:00:00:00:aa:01")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("button", name="Add them")).to_be_visible()


def a_document_is_compared(page):
    field = page.get_by_label("Definitions, YAML or JSON")
    field.fill(field.input_value().replace("name: laboratory", "name: lab").replace("192.0.2.199", "192.0.2.250"))
    page.get_by_role("button", name="Show what this changes").click()
    expect(page.locator(".diff")).to_be_visible()


def the_menu_is_open(page):
    page.set_viewport_size(NARROW)
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("link", name="Leases", exact=True)).to_be_visible()


@pytest.mark.parametrize(("path", "happens"), [
    ("/leases/203.0.113.10", release_is_asked_about), ("/subnets/17", everything_is_unfolded),
    ("/events", everything_is_unfolded), ("/assignments/new", a_form_is_wrong),
    ("/assignments/import", a_table_is_wrong), ("/assignments/import", a_table_is_right),
    ("/definitions", a_document_is_compared), ("/", the_menu_is_open),
], ids=lambda one: getattr(one, "__name__", one))
def test_so_is_what_a_page_becomes(opened, path, happens):
    page, witness = opened(path)
    happens(page)
    assert looks(page) == []
    assert (witness.troubles, witness.foreign) == ([], [])


def test_a_page_that_one_may_not_see_is_told_with_the_menu_and_a_way_back(opened):
    page, _ = opened("/users", role=Role.VIEWER)
    expect(page.get_by_text("This needs the role admin")).to_be_visible()
    assert looks(page) == []
    page.get_by_role("main").get_by_role("link", name="Dashboard").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_the_first_tab_skips_to_the_content(opened):
    page, _ = opened("/leases")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_a_menu_that_was_opened_by_the_keyboard_is_closed_by_it(opened):
    page, witness = opened("/", width=390)
    page.get_by_role("button", name="Menu").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Leases", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Leases", exact=True)).to_be_hidden()
    assert witness.clicks == 0
