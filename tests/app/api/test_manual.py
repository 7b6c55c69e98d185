"""The manual's page on REST: its examples are run as they stand, and it names every route."""

import json
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from app.services import tokens
from app.services.sessions import Caller
from tests.app.people import ADA, a_lease, appliance, remember
from tests.app.site import fill, web

PAGE = (Path(__file__).parents[3] / "docs" / "rest.md").read_text()


def examples():
    """Every block of commands, without its indentation, in the order of the page."""
    blocks = re.findall(r"(?:^    .*\n(?:\n(?=    ))?)+", PAGE, re.MULTILINE)
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in blocks]


def answers(text):
    """The JSON values that were printed one after the other."""
    decoder, at, found = json.JSONDecoder(), 0, []
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        found.append(value)
    return found


@pytest.fixture
def address(sqlite_database):
    fill(sqlite_database)
    remember(sqlite_database, a_lease(12), 100)
    server = make_server("127.0.0.1", 0, web(sqlite_database).application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.skipif(not shutil.which("curl"), reason="no program curl here (Debian: apt-get install curl)")
def test_the_examples_do_what_the_page_says(sqlite_database, address, tmp_path):
    token = tokens.create(appliance(sqlite_database), "manual", "admin", caller=Caller(ADA)).secret
    environment = {"PATH": os.environ["PATH"], "LESSOR": address, "TOKEN": token}
    told = []
    for block in examples():
        done = subprocess.run(["bash", "-euc", block], cwd=tmp_path, env=environment, capture_output=True, text=True,
                              check=False, timeout=30)
        assert done.returncode == 0, block + done.stderr
        environment |= {"ETAG": '"2"'}
        told.append(answers(done.stdout))
    by_status = [one.get("status") for some in told for one in some if "title" in one]
    # Only what goes wrong on purpose, and the engine that does not run here.
    assert by_status == [503, 422, 503, 503, 503], told
    assert told[0][0]["items"][0]["address"] == "192.0.2.12"
    assert told[1][0]["hostname"] == "scanner"
    assert [one["address"] for one in told[2]] == ["192.0.2.12"]


def test_every_route_is_on_the_page_and_no_other(sqlite_database):
    document = web(sqlite_database).get("/api/v1/openapi.json").json
    shown = set(re.findall(r"`(?:GET|PUT|POST|PATCH|DELETE) (/api/v1/[^`]*)`", PAGE))
    elsewhere = ("/api/v1/users", "/api/v1/tokens")
    assert shown == {path for path in document["paths"] if not path.startswith(elsewhere)}
