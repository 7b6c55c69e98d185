"""The page in a real Chromium: it lives, under the strict policy, and asks nobody else."""

import shutil
import subprocess
import threading
from contextlib import contextmanager

import pytest
from flask import request
from werkzeug.serving import make_server

from dhcpcore.control import EngineAway
from tests.app.site import cookies, fill, web
from tests.conftest import BROWSERS

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--enable-logging=stderr", "--v=0")


class EngineThatComes:
    """Away at the first question, serving from the second on."""

    def __init__(self):
        self.asked = 0

    def call(self, verb, **_):
        self.asked += 1
        if self.asked == 1:
            raise EngineAway("No engine answers.")
        return {"ready": True, "revision": 1}


@contextmanager
def served(database, engine, *, live=True):
    client = web(database, engine)
    application, header = client.application, cookies(client)
    asked = []

    @application.before_request
    def remember():
        asked.append(request.full_path)
        return None if live or not request.path.startswith("/fragments") else ("", 503)

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
    program = next(filter(None, map(shutil.which, BROWSERS)))
    done = subprocess.run(
        [program, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", f"--virtual-time-budget={budget_ms}", *flags, url],
        capture_output=True, text=True, timeout=100, check=False)
    return done.stdout, done.stderr


@pytest.mark.browser
def test_the_page_lives_under_its_policy(sqlite_database, tmp_path):
    fill(sqlite_database)
    with served(sqlite_database, EngineThatComes()) as (url, asked):
        shown, said = look(f"{url}/?show=all", tmp_path, "--dump-dom")
    assert "Serving" in shown, "the page that was sent said Away; the script brought the news"
    assert "Content Security Policy" not in said
    assert "Uncaught" not in said
    assert 'id="lost" role="status" hidden' in shown
    assert any(path.startswith("/fragments/overview?show=all") for path in asked)
    # The hostile name is text in the document that the browser built, and nothing ran.
    assert "&lt;script&gt;alert" in shown
    assert "<script>alert" not in shown


@pytest.mark.browser
def test_when_the_server_fails_the_page_says_so_and_keeps_what_it_shows(sqlite_database, tmp_path):
    fill(sqlite_database)
    with served(sqlite_database, EngineThatComes(), live=False) as (url, _):
        shown, _ = look(f"{url}/", tmp_path, "--dump-dom")
    assert 'id="lost" role="status">' in shown
    assert "192.0.2.12" in shown
