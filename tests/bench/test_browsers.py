"""The browsers of the mode `watched`, against pages of our own; and the mode itself, once."""

import json
import shutil
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench import browsers, watching
from bench.__main__ import main
from bench.results import load

ROOT = Path(__file__).parents[2]


class Pages(BaseHTTPRequestHandler):
    """A stream of three events, and a living part; both for those who show the token."""

    broken = False

    def do_GET(self):
        if self.path != "/healthz" and (self.headers["Authorization"] != "Bearer secret" or self.broken):
            self.send_error(503)
            return
        self.send_response(200)
        self.end_headers()
        if self.path == browsers.STREAM:
            for number in range(3):
                self.wfile.write(f"id: {number}\nevent: sample\ndata: {{}}\n\n".encode())
            self.wfile.flush()
            time.sleep(5)
        else:
            self.wfile.write(b"<section></section>")

    def log_message(self, *_):
        pass


@pytest.fixture
def address(monkeypatch):
    monkeypatch.setattr(Pages, "broken", False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def watch(address, monkeypatch, seconds=1.0):
    monkeypatch.setattr(browsers, "PERIOD_S", 0.2)
    browser = browsers.Browser(address, "secret", 0, 1)
    browser.start()
    time.sleep(seconds)
    browser.ended.set()
    return browser


def test_a_browser_counts_events_and_asks_again_and_again(address, monkeypatch):
    seen = watch(address, monkeypatch)
    assert (seen.events, seen.failures) == (3, 0)
    assert 2 <= len(seen.took_ms) <= 6


def test_pages_that_fail_are_counted(address, monkeypatch):
    monkeypatch.setattr(Pages, "broken", True)
    seen = watch(address, monkeypatch)
    assert seen.failures >= 2
    assert (seen.events, seen.took_ms) == (0, [])


def test_the_program_says_when_it_watches_and_what_it_saw(address):
    with subprocess.Popen([sys.executable, "-m", "bench.browsers", address, "secret", "2"], cwd=ROOT, text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout.readline() == "watching\n"
        time.sleep(1)
        told = json.loads(program.communicate(timeout=30)[0])
    assert (told["events"], told["failures"]) == (6, 0)
    assert told["asked"] == 1, "the second one asks half a period later"
    assert told["p95_ms"] > 0


@pytest.mark.netns
@pytest.mark.skipif(any(not shutil.which(name) for name in ("cc", "taskset")), reason="needs cc and taskset")
def test_the_mode_measures_with_and_without_and_leaves_nothing_behind(short_folder, capsys, monkeypatch):
    monkeypatch.setattr(watching, "WATCHED_S", 2.0)
    monkeypatch.setattr(watching, "PAIRS", 1)
    words = ["--servers", "lessor", "--modes", "watched", "--reps", "1", "--window", "4", "--clients", "9000"]
    place = ["--server-cpus", "0", "--client-cpus", "0", "--folder", str(short_folder)]
    assert main([*words, *place, "--json", str(short_folder / "run.json")]) == 0
    (turn,) = load(short_folder / "run.json").turns
    assert turn.error is None
    assert turn.figures["watched_share"] == pytest.approx(turn.figures["watched"] / turn.figures["unwatched"])
    assert turn.figures["pages_share"] > 0
    assert turn.figures["watched_page_ms"] > 0
    assert "| The same while eight browsers watch the dashboard |" in capsys.readouterr().out
    assert [path.name for path in short_folder.iterdir()] == ["run.json"]
