"""One appliance and one Chromium for all tests of this folder, logged in once; a page of its own for each test.

They end with the last test of the folder: Playwright keeps an event loop running in the thread of the tests, beside
which nobody else there can run one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app.services.access import Role
from tests.browser.site import PASSWORD, PEOPLE, Site, running_site
from tests.browser.witness import Witness
from tests.conftest import BROWSERS

#: Nothing may be asked of anybody: the browser's own housekeeping is off as well.
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update")

Opened = Callable[..., tuple[Page, Witness]]


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def tabs(site: Site, chromium: Browser) -> dict[Role, tuple[Page, Witness]]:
    """A browser's tab that is logged in, for each role, once for all tests: what is loaded once is in its cache."""
    kept = {}
    for role, name in PEOPLE.items():
        page = _context(chromium, site).new_page()
        page.goto("/login")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(f"{site.url}/")
        kept[role] = page, Witness(page, site.url)
    return kept


@pytest.fixture
def opened(site: Site, chromium: Browser, tabs: dict[Role, tuple[Page, Witness]]) -> Iterator[Opened]:
    """Opens a page of the site as somebody: `page, witness = opened("/leases", role=Role.VIEWER, width=390)`.

    A role has one tab: who opens another page in a test leaves the one before.
    """
    strangers: list[BrowserContext] = []

    def open_page(path: str = "/", *, role: Role | None = Role.ADMIN, width: int = 1280) -> tuple[Page, Witness]:
        if role is None:
            strangers.append(_context(chromium, site))
            page = strangers[-1].new_page()
            witness = Witness(page, site.url)
        else:
            page, witness = tabs[role]
            page.goto("about:blank")  # What the page before still does is over before the witness forgets it.
            witness.forget()
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="light")
        page.goto(path)
        return page, witness

    yield open_page
    for context in strangers:
        context.close()


def _context(chromium: Browser, site: Site) -> BrowserContext:
    context = chromium.new_context(color_scheme="light", base_url=site.url, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    return context
