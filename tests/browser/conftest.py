"""One appliance and one Chromium for all tests of this folder; a page of its own, and a count of clicks, for each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

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


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sessions(site: Site, chromium: Browser) -> dict[Role, Any]:
    """What a browser keeps of a log-in with each role."""
    kept = {}
    for role, name in PEOPLE.items():
        context = chromium.new_context()
        page = context.new_page()
        page.goto(f"{site.url}/login")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(f"{site.url}/")
        kept[role] = context.storage_state()
        context.close()
    return kept


@pytest.fixture
def opened(site: Site, chromium: Browser, sessions: dict[Role, Any]) -> Iterator[Opened]:
    """Opens a page of the site as somebody: `page, witness = opened("/leases", role=Role.VIEWER, width=390)`."""
    contexts: list[BrowserContext] = []

    def open_page(path: str = "/", *, role: Role | None = Role.ADMIN, dark: bool = False, width: int = 1280) -> Any:
        context = chromium.new_context(
            storage_state=sessions[role] if role else None, color_scheme="dark" if dark else "light",
            viewport={"width": width, "height": 900}, base_url=site.url, reduced_motion="reduce")
        contexts.append(context)
        context.set_default_timeout(15_000)
        page = context.new_page()
        witness = Witness(page, site.url)
        page.goto(path)
        return page, witness

    yield open_page
    for context in contexts:
        context.close()
