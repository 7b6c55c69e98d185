"""The log's file and severities, as a conf.py says them."""

from __future__ import annotations

import io
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dhcpcore import logs
from dhcpcore.errors import SettingsError
from dhcpcore.net import script_log
from dhcpcore.script.parameters import Loaded
from dhcpcore.settings import Settings

log = logging.getLogger("conf")


class Log:
    """A log as the engine has it, and what became of it."""

    def __init__(self, tmp_path: Path) -> None:
        self.console = io.StringIO()
        self.ring = logs.Ring()
        self.outlets = logs.configure("info", "text", self.console, self.ring)
        self._tmp_path = tmp_path

    def heed(self, said: dict[str, Any], **more: Any) -> None:
        """The script's words, beside these settings."""
        settings = Settings.model_validate({
            "state_dir": self._tmp_path, "database_url": "sqlite:///l.db", "control_socket": "/tmp/c.sock", **more,
        })
        script_log.heed(Loaded(said, frozenset()), self._tmp_path, settings, self.outlets)

    @property
    def kept(self) -> str:
        return "\n".join(line.text for line in self.ring.tail(1000).lines)


Begin = Callable[..., Log]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield lambda said, **more: _begun(tmp_path, said, more)
    for handler in root.handlers:
        for outlet in getattr(handler, "_outlets", ()):
            outlet.close()
    root.handlers[:], root.level = before
    logging.captureWarnings(capture=False)


def _begun(tmp_path: Path, said: dict[str, Any], more: dict[str, Any]) -> Log:
    made = Log(tmp_path)
    made.heed(said, **more)
    return made


class TestFile:
    def test_it_has_what_is_as_severe_as_it_says(self, begin: Begin, tmp_path: Path) -> None:
        made = begin({"LOG_FILE": "dhcp.log"})
        log.info("quiet")
        log.warning("loud")
        told = (tmp_path / "dhcp.log").read_text()
        assert "loud" in told
        assert "quiet" not in told  # LOG_FILE_SEVERITY is WARN.
        assert "\x1b" not in told
        assert "quiet" in made.console.getvalue()

    def test_more_than_the_engine_logs_is_in_the_file_alone(self, begin: Begin, tmp_path: Path) -> None:
        made = begin({"LOG_FILE": str(tmp_path / "dhcp.log"), "LOG_FILE_SEVERITY": "debug"})
        log.debug("fine print")
        assert "fine print" in (tmp_path / "dhcp.log").read_text()
        assert "fine print" not in made.console.getvalue() + made.kept

    def test_a_new_one_each_day_and_so_many_of_them(self, begin: Begin, tmp_path: Path) -> None:
        path = tmp_path / "dhcp.log"
        for day in ("2026-01-01", "2026-01-02", "2026-01-03"):
            (tmp_path / f"dhcp.log.{day}").write_text("old\n")
        path.write_text("of yesterday\n")
        yesterday = time.time() - 90_000
        os.utime(path, (yesterday, yesterday))
        begin({"LOG_FILE": str(path), "LOG_FILE_HISTORY": 2})
        log.warning("of today")
        assert "of yesterday" not in path.read_text()
        assert "of today" in path.read_text()
        dated = sorted(tmp_path.glob("dhcp.log.*"))
        assert len(dated) == 2
        assert (dated[0].name, dated[1].read_text()) == ("dhcp.log.2026-01-03", "of yesterday\n")

    def test_one_that_grows_and_may_be_moved_away(self, begin: Begin, tmp_path: Path) -> None:
        path = tmp_path / "dhcp.log"
        path.write_text("of yesterday\n")
        os.utime(path, (0, 0))
        begin({"LOG_FILE": str(path), "LOG_FILE_HISTORY": None})
        log.warning("one")
        assert path.read_text().startswith("of yesterday\n")
        path.rename(tmp_path / "dhcp.log.1")
        log.warning("two")
        assert "two" in path.read_text()
        assert "one" not in path.read_text()

    def test_one_that_cannot_be_written_is_said_and_the_server_serves(self, begin: Begin, tmp_path: Path) -> None:
        made = begin({"LOG_FILE": str(tmp_path / "nowhere" / "dhcp.log")})
        assert "LOG_FILE: " in made.console.getvalue()
        assert f"install -d -o {script_log._own_name()} {tmp_path}/nowhere" in made.console.getvalue()
        log.warning("told all the same")
        assert "told all the same" in made.console.getvalue()

    def test_one_that_fails_later_is_said_once_and_once_when_it_is_well_again(
        self, begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = begin({"LOG_FILE": "dhcp.log", "LOG_FILE_SEVERITY": "INFO"})

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(logging.StreamHandler, "flush", full)
            patched.setattr(script_log._Daily, "flush", full)
            log.error("a")
            log.error("b")
        log.error("c")
        assert made.kept.count("is not written") == 1
        assert made.kept.count("is written again") == 1

    def test_a_day_that_cannot_begin_goes_on_in_the_old_file(
        self, begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "dhcp.log"
        path.write_text("of yesterday\n")
        os.utime(path, (0, 0))
        made = begin({"LOG_FILE": "dhcp.log"})

        def refused(*_: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(script_log._Daily, "rotate", refused)
        log.warning("of today")
        log.warning("of today, too")
        assert path.read_text().startswith("of yesterday\n")
        assert path.read_text().count("of today") == 2
        assert made.kept.count("no new file can be begun: Permission denied") == 1


class TestConsole:
    def test_the_script_says_how_severe_and_the_pages_log_keeps_what_it_kept(self, begin: Begin) -> None:
        made = begin({"LOG_CONSOLE_SEVERITY": "ERROR"})
        log.info("quiet")
        log.error("loud")
        assert "quiet" not in made.console.getvalue()
        assert "loud" in made.console.getvalue()
        assert "quiet" in made.kept

    def test_more_on_the_console_is_more_in_the_pages(self, begin: Begin) -> None:
        made = begin({"LOG_CONSOLE_SEVERITY": "DEBUG"})
        log.debug("fine print")
        assert "fine print" in made.console.getvalue()
        assert "fine print" in made.kept

    def test_the_operators_setting_goes_first(self, begin: Begin) -> None:
        made = begin({"LOG_CONSOLE_SEVERITY": "ERROR"}, log={"level": "info"})
        log.info("quiet")
        assert "quiet" in made.console.getvalue()


@pytest.mark.parametrize(
    ("said", "fault"),
    [({"LOG_FILE": 7}, "LOG_FILE is 7"), ({"LOG_FILE": "a\0b"}, "LOG_FILE is .*right is the path"),
     ({"LOG_FILE": "/dev/null"}, "/dev/null is no file"),
     ({"LOG_FILE": "x", "LOG_FILE_HISTORY": 0}, "LOG_FILE_HISTORY is 0"),
     ({"LOG_FILE": "x", "LOG_FILE_SEVERITY": "LOUD"}, "LOG_FILE_SEVERITY is 'LOUD'"),
     ({"LOG_CONSOLE_SEVERITY": 10}, "LOG_CONSOLE_SEVERITY is 10")],
)  # fmt: skip
def test_what_makes_no_sense_is_named(begin: Begin, said: dict[str, Any], fault: str) -> None:
    with pytest.raises(SettingsError, match=fault):
        begin(said)
