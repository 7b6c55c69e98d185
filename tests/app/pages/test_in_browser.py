"""The page in a real Chromium: it lives, under the strict policy, and asks nobody else."""

import shutil
import subprocess
import threading
from contextlib import contextmanager

import pytest
from flask import request
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from dhcpcore.control import EngineAway
from dhcpcore.store.definitions import Definitions
from tests.app.pages.test_setup import OTHER
from tests.app.people import EngineThatAnswers
from tests.app.services.test_setup import ETH1
from tests.app.site import cookies, fill, web
from tests.app.traces import some
from tests.conftest import BROWSERS

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--enable-logging=stderr", "--v=0")


LOG = {"last": 9, "lost": 0, "lines": [
    {"id": 8, "logged_at": 100.0, "level": "info", "logger": "dhcpcore.main", "text": "Serving."},
    {"id": 9, "logged_at": 101.0, "level": "error", "logger": "dhcpcore.net", "text": "<script>alert('x')</script>"}]}


class EngineThatComes:
    """Away at the first look, serving from the second on."""

    def __init__(self):
        self.looks = 0

    def call(self, verb, **_):
        self.looks += verb == "status"
        if self.looks <= 1:
            raise EngineAway("No engine answers.")
        if verb == "log":
            return LOG
        return {"ready": True, "revision": 1} if verb == "status" else {
            "started_at": 1.0, "received": self.looks * 10, "types": {"DISCOVER": {"OFFER": self.looks * 10}},
            "reasons": {"OFFER": self.looks * 10}}


@contextmanager
def served(database, engine, *, live=True):
    client = web(database, engine)
    application, header = client.application, cookies(client)
    asked = []

    @application.before_request
    def remember():
        asked.append(request.full_path)
        return None if live or not request.path.startswith(("/fragments", "/events/")) else ("", 503)

    def logged_in(environ, start_response):
        return application({**environ, "HTTP_COOKIE": header}, start_response)

    server = make_server("127.0.0.1", 0, logged_in, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def look(url, tmp_path, *flags, budget_ms=6000):
    """What the browser built and said."""
    program = next(filter(None, map(shutil.which, BROWSERS)))
    done = subprocess.run(
        [program, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", f"--virtual-time-budget={budget_ms}", *flags, url],
        capture_output=True, text=True, timeout=100, check=False)
    return done.stdout, done.stderr


def troubles(said):
    return [line for line in said.splitlines() if "Content Security Policy" in line or "Uncaught" in line]


@pytest.mark.browser
def test_the_dashboard_lives_under_its_policy(sqlite_database):
    fill(sqlite_database)
    some(sqlite_database)
    with served(sqlite_database, EngineThatComes()) as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=next(filter(None, map(shutil.which, BROWSERS))),
                                             args=["--no-sandbox", "--disable-quic"])
        try:
            said, page = [], browser.new_page()
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(f"Uncaught {error}"))
            with page.expect_response("**/events/stream*") as stream:
                page.goto(f"{url}/")
            assert stream.value.ok
            page.locator('.theme [aria-pressed="true"]').wait_for()
            assert page.locator("#lost").is_hidden()
        finally:
            browser.close()
    assert troubles("\n".join(said)) == []


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/leases?show=all", "/leases/192.0.2.5", "/subnets/1", "/subnets/1/edit", "/events",
                                  "/manual/definitions"])
def test_pages_break_no_policy_and_ask_nobody_else(sqlite_database, tmp_path, path):
    fill(sqlite_database)
    some(sqlite_database)
    with served(sqlite_database, EngineThatComes()) as (url, _):
        shown, said = look(url + path, tmp_path, "--dump-dom")
    assert troubles(said) == []
    # The hostile name is text in the document that the browser built, and nothing ran.
    assert "<script>alert" not in shown
    if path in {"/leases?show=all", "/leases/192.0.2.5"}:
        assert "&lt;script&gt;alert" in shown


@pytest.mark.browser
def test_when_the_server_fails_the_page_says_so_and_keeps_what_it_shows(sqlite_database, tmp_path):
    fill(sqlite_database)
    with served(sqlite_database, EngineThatComes(), live=False) as (url, _):
        shown, _ = look(f"{url}/", tmp_path, "--dump-dom", budget_ms=15_000)
    assert 'id="lost" role="status">' in shown
    assert "192.0.2.19" in shown


@pytest.mark.browser
def test_the_log_lives_and_html_in_it_stays_text(sqlite_database, tmp_path):
    class EngineThatWrites(EngineThatComes):
        """Has nothing to show when the page is made, and then two lines."""

        def call(self, verb, **given):
            return {"lines": [], "last": 0, "lost": 0} if verb == "log" and given.get("level") else super().call(verb)

    with served(sqlite_database, EngineThatWrites()) as (url, asked), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=next(filter(None, map(shutil.which, BROWSERS))),
                                             args=["--no-sandbox", "--disable-quic"])
        try:
            said, page = [], browser.new_page()
            page.on("console", lambda message: said.append(message.text))
            page.goto(f"{url}/log?level=error")
            lines = page.locator("#log li")
            lines.first.wait_for()
            # The level is held to by what comes as well.
            assert lines.count() == 1
            assert lines.locator(".log-text").all_inner_texts() == ["<script>alert('x')</script>"]
            assert page.locator("#none").is_hidden()
            page.get_by_role("button", name="Pause").click()
            page.get_by_role("button", name="Go on").click()
            page.get_by_label("At least").select_option("debug")
            page.wait_for_url("**/log?find=&level=debug")
        finally:
            browser.close()
    assert troubles("\n".join(said)) == []
    assert any(path.startswith("/log/stream") for path in asked)


@pytest.mark.browser
def test_the_first_subnet_is_made_on_a_telephone_by_keyboard_alone(sqlite_database, tmp_path):
    engine = EngineThatAnswers(status={"ready": False}, statistics={}, interfaces=[ETH1], neighbours=OTHER)
    with served(sqlite_database, engine) as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=next(filter(None, map(shutil.which, BROWSERS))),
                                             args=["--no-sandbox", "--disable-quic"])
        try:
            said, page = [], browser.new_page(viewport={"width": 390, "height": 800})
            page.on("console", lambda message: said.append(message.text))
            page.goto(f"{url}/setup")
            page.get_by_role("radio", name="eth1").focus()
            page.keyboard.press("Enter")
            # Who else serves the link is told while the form is there already.
            page.get_by_text("1 other DHCP server on eth1").wait_for()
            page.screenshot(path=tmp_path / "subnet.png", full_page=True)
            page.get_by_label("Network").fill("192.0.2.0/33")
            page.keyboard.press("Enter")
            assert "is not a prefix" in page.locator(".field.wrong .fault").inner_text()
            page.get_by_label("Network").fill("192.0.2.0/24")
            page.keyboard.press("Enter")
            first = page.get_by_label("First address")
            first.wait_for()
            assert first.input_value() == "192.0.2.128"
            wide = page.evaluate("document.documentElement.scrollWidth")
            page.screenshot(path=tmp_path / "pool.png", full_page=True)
            first.press("Enter")
            page.get_by_text("192.0.2.0/24 on eth1 is defined").wait_for()
        finally:
            browser.close()
    assert wide <= 390
    assert troubles("\n".join(said)) == []
    assert Definitions(sqlite_database).snapshot().subnets[0].interface == "eth1"
