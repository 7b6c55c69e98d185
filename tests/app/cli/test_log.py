"""`lessor log`, against a control socket with a real ring behind it."""

import dataclasses
import json
import logging
import time

import pytest
from click.testing import CliRunner

from app.cli.__main__ import cli
from dhcpcore.logs import Ring
from tests.dhcpcore.control.test_server import running


@pytest.fixture
def ring():
    made = Ring(first=100)
    for text in ("Serving.", "\x1b[2Jhost"):
        made.keep(logging.LogRecord("dhcpcore.net", logging.INFO, "x.py", 1, text, (), None))
    made.keep(logging.LogRecord("dhcpcore.net", logging.ERROR, "x.py", 1, "Bad.", (), None))
    return made


@pytest.fixture
def lessor(tmp_path, ring):
    path = tmp_path / "control.sock"

    def ask(*words):
        return CliRunner().invoke(cli, ["log", *words], env={"LESSOR_CONTROL_SOCKET": str(path),
                                                             "LESSOR_STATE_DIR": str(tmp_path)})

    with running(path) as loop:
        loop.engine.log = lambda limit, after, level, find: dataclasses.asdict(ring.tail(limit, after, level, find))
        yield ask


def test_lines_for_people_and_for_programs(lessor):
    done = lessor("--level", "info", "--limit", "2")
    assert [line.partition(" ")[2] for line in done.stdout.splitlines()] == [
        "info dhcpcore.net: \\x1b[2Jhost", "error dhcpcore.net: Bad."]
    told = json.loads(lessor("--json", "--find", "serving").stdout)
    assert [line["text"] for line in told["lines"]] == ["Serving."]
    assert lessor("--level", "error").stdout.count("\n") == 1


@pytest.mark.parametrize("words", [("--limit", "301"), ("--limit", "0"), ("--level", "loud")])
def test_what_is_wrong_is_wrong_usage(lessor, words):
    assert lessor(*words).exit_code == 2


def test_an_engine_that_is_away_is_told(tmp_path):
    done = CliRunner().invoke(cli, ["log"], env={"LESSOR_STATE_DIR": str(tmp_path)})
    assert done.exit_code == 1
    assert "Start it with: lessor engine" in done.stderr


def test_following_tells_each_line_once(lessor, ring, monkeypatch):
    rounds = iter(["new", "newer", None])

    def sleep(seconds):
        text = next(rounds)
        if text is None:
            raise KeyboardInterrupt
        ring.keep(logging.LogRecord("dhcpcore.net", logging.INFO, "x.py", 1, text, (), None))

    monkeypatch.setattr(time, "sleep", sleep)
    done = lessor("--follow", "--limit", "1", "--json")
    assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == ["Bad.", "new", "newer"]


def test_following_outlasts_an_engine_that_is_away_and_says_so_once(lessor, tmp_path, ring, monkeypatch):
    path, rounds = tmp_path / "control.sock", iter(["away", "away", "here", None])

    def sleep(seconds):
        match next(rounds):
            case None:
                raise KeyboardInterrupt
            case "away" if path.exists():
                path.rename(tmp_path / "elsewhere")
            case "here":
                (tmp_path / "elsewhere").rename(path)
                ring.keep(logging.LogRecord("dhcpcore.net", logging.INFO, "x.py", 1, "back", (), None))

    monkeypatch.setattr(time, "sleep", sleep)
    done = lessor("--follow", "--limit", "1")
    assert [line.rpartition(": ")[2] for line in done.stdout.splitlines()] == ["Bad.", "back"]
    assert done.stderr.count("It is asked again every second.") == 1
