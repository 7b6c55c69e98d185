"""The script host: what a script may do to itself, and to nobody else.  Each script here runs in a real child."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dhcpcore import logs
from dhcpcore.errors import SettingsError
from dhcpcore.pipeline.questions import Matter, Question, Said, Word
from dhcpcore.script import host, judgement
from dhcpcore.script.built_in import REINITIALISE_PATH
from dhcpcore.script.host import AGE_S_MAX, BUDGETS, Host
from dhcpcore.script.process import Terms, load, script_path
from dhcpcore.script.progress import Doing
from tests.packets4 import DISCOVER, client, request
from tests.sites import FOLDER, PATIENCE_S, Site

#: A second is a long time in a test.
SHORT = {**BUDGETS, Doing.HOOK: 20.0, Doing.TICK: 0.5, Doing.WEB: 0.5, Doing.STATISTICS: 20.0}
Begin = Callable[..., Site]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    made: list[Site] = []

    def make(text: str, **fields: Any) -> Site:
        made.append(Site(tmp_path / "site", text, **{"budgets": SHORT, **fields}))
        return made[-1]

    yield make
    for site in made:
        site.close()


def question(number: int) -> Question:
    """A DISCOVER of the client of that number."""
    data = request(DISCOVER, client(number), number)
    return Question(number, Matter.ADMIT, data, "DISCOVER", bytes(4), 67, b"\xc0\0\2\1")


def asked(site: Site, *numbers: int) -> dict[int, Word]:
    """What the script says of each."""
    site.said.clear()
    site.host.ask([question(number) for number in numbers])
    site.until(lambda: len(site.said) == len(numbers))
    return {said.number: Word(said.word) for said in site.said}


def messages(caplog: pytest.LogCaptureFixture, level: int = logging.ERROR) -> str:
    """What was logged, tracebacks among it."""
    return "\n".join(f"{one.getMessage()}\n{one.exc_text}" for one in caplog.records if one.levelno >= level)


#: What the client of number 1 does to the host, and what its transaction ends with.  All others are let through.
MISDEEDS = {
    "loops": ("while True: pass", Word.OVERRUN),
    "sleeps": ("time.sleep(60)", Word.OVERRUN),
    "raises": ("raise KeyError('x')", Word.FAILED),
    "sys-exit": ("sys.exit(3)", Word.FAILED),
    "os-exit": ("os._exit(3)", Word.FAILED),
    "kills-itself": ("os.kill(os.getpid(), 9)", Word.FAILED),
    "writes-to-the-pipe": ("[os.write(fd, b'x' * 4096) for fd in range(3, 256) if is_socket(fd)]", Word.FAILED),
    "closes-the-pipe": ("os.closerange(3, 256)", Word.FAILED),
    "leaks": ("LEAK.extend(bytearray(1 << 28) for _ in range(64))", Word.FAILED),
    "catches": ("exec('while True:\\n try: time.sleep(0.1)\\n except Exception: pass')", Word.OVERRUN),
    "keeps-the-interpreter": ("re.match('(a+)+$', 'a' * 64 + 'b')", Word.OVERRUN),
    "recurses": ("filterPacket(packet, method, mac, client_ip, relay_ip, port)", Word.FAILED),
}


@pytest.mark.parametrize("misdeed", MISDEEDS)
def test_what_a_hook_does_ends_its_own_transaction_and_no_other(begin: Begin, misdeed: str) -> None:
    code, word = MISDEEDS[misdeed]
    site = begin(f"""
        import os, re, stat, sys, time

        LEAK = []

        def is_socket(fd):
            try:
                return stat.S_ISSOCK(os.fstat(fd).st_mode)
            except OSError:
                return False

        def filterPacket(packet, method, mac, client_ip, relay_ip, port):
            if mac[5] == 1:
                {code}
            return True
    """, budgets={**BUDGETS, Doing.HOOK: 0.5 if word == Word.OVERRUN else 20.0})
    assert asked(site, 2, 1, 3, 4) == {1: word, 2: Word.GO, 3: Word.GO, 4: Word.GO}
    assert asked(site, 5) == {5: Word.GO}


class TestLanes:
    """A call that takes long keeps nobody else waiting, and its host alive."""

    SLEEPER = """
        import threading, time

        SEEN = []

        def filterPacket(packet, method, mac, client_ip, relay_ip, port):
            SEEN.append((mac[5], threading.current_thread() is threading.main_thread()))
            if mac[5] == 1:
                time.sleep(NAP)
            return True

        def slow(*a):
            time.sleep(NAP)
            return ('text/plain', 'late')

        def init():
            callbacks.webAddMethod('/seen', lambda *a: ('text/plain', repr(SEEN)))
            callbacks.webAddMethod('/slow', slow)
    """

    def seen(self, site: Site) -> list[tuple[int, bool]]:
        result, _ = site.call("method", path="/seen")
        found: list[tuple[int, bool]] = eval(base64.b64decode(result["data"]))  # noqa: S307, RUF100
        return found

    def test_others_are_answered_while_one_sleeps_and_the_main_thread_has_them_again_later(self, begin: Begin) -> None:
        site = begin("        NAP = 1.0\n" + self.SLEEPER)
        site.host.ask([question(number) for number in (1, 2, 3)])
        site.until(lambda: len(site.said) == 2)
        assert [said.number for said in site.said] == [2, 3]
        site.until(lambda: len(site.said) == 3)
        assert site.said[-1] == Said(1, Word.GO), "it took long, and not too long"
        site.until(lambda: asked(site, 4) and self.seen(site)[-1] == (4, True))
        assert self.seen(site)[:3] == [(1, True), (2, False), (3, False)]
        assert site.host.state["started"] == 1

    def test_one_that_takes_too_long_ends_alone_and_its_host_goes_on(
        self, begin: Begin, caplog: pytest.LogCaptureFixture
    ) -> None:
        site = begin("        NAP = 60.0\n" + self.SLEEPER, budgets={**SHORT, Doing.HOOK: 0.3})
        assert asked(site, 1, 2) == {1: Word.OVERRUN, 2: Word.GO}
        assert (site.host.state["started"], site.host.state["overruns"]) == (1, 1)
        assert "a hook took over 0.3 s of a DISCOVER of 02:00:00:00:00:01" in messages(caplog)

    def test_what_loops_is_ended_where_it_loops(self, begin: Begin) -> None:
        site = begin("""
            import threading

            def filterPacket(packet, method, mac, client_ip, relay_ip, port):
                while mac[5] == 1:
                    try:
                        pass
                    except Exception:
                        pass
                return True

            def init():
                callbacks.webAddMethod('/threads', lambda *a: ('text/plain', str(threading.active_count())))
        """, budgets={**SHORT, Doing.HOOK: 0.3})

        def threads() -> int:
            result, _ = site.call("method", path="/threads")
            return int(base64.b64decode(result["data"]))

        assert asked(site, 1) == {1: Word.OVERRUN}
        site.until(lambda: threads() == 2)

    def test_a_web_method_that_sleeps_keeps_neither_packets_nor_other_methods_waiting(self, begin: Begin) -> None:
        site = begin("        NAP = 60.0\n" + self.SLEEPER)
        told: list[str | None] = []
        site.host.call("method", {"path": "/slow"}, lambda _, error: told.append(error))
        assert asked(site, 2) == {2: Word.GO}
        site.until(lambda: told)
        assert "took over 0.5 s of web" in str(told)
        assert self.seen(site) == [(2, False)]
        assert site.host.state["started"] == 1

    def test_a_host_in_which_too_much_hangs_is_replaced(
        self, begin: Begin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(judgement, "HUNG_S", 0.3)
        site = begin("        NAP = 60.0\n" + self.SLEEPER, budgets={**SHORT, Doing.HOOK: 0.3})
        assert asked(site, 1) == {1: Word.OVERRUN}
        site.until(lambda: site.host.state["started"] == 2)
        assert asked(site, 2) == {2: Word.GO}


class TestBlame:
    """One client that ends hosts costs the others a new host now and then."""

    KILLER = """
        import os

        def filterPacket(packet, method, mac, client_ip, relay_ip, port):
            if mac[5] == 1:
                os._exit(1)
            return True
    """

    def test_a_client_that_ends_hosts_is_not_asked_about_for_a_while(self, begin: Begin) -> None:
        site = begin(self.KILLER)
        assert asked(site, 1) == {1: Word.FAILED}
        assert asked(site, 1, 2) == {1: Word.AWAY, 2: Word.GO}
        site.host._clock = lambda: time.monotonic() + 5.0
        assert asked(site, 1, 2) == {1: Word.FAILED, 2: Word.GO}
        assert site.host.state["started"] == 3

    def test_another_host_stands_by(self, begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(host, "_SPARE_AFTER_S", 0.0)
        site = begin(self.KILLER)
        spare = site.until(lambda: site.host._spare).pid
        assert asked(site, 1, 2) == {1: Word.FAILED, 2: Word.GO}
        assert site.host.state["pid"] == spare
        site.until(lambda: site.host._spare)

    def test_one_that_stands_by_and_is_gone_is_no_matter(self, begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(host, "_SPARE_AFTER_S", 0.0)
        site = begin(self.KILLER)
        spare = site.until(lambda: site.host._spare)
        os.kill(spare.pid, 9)
        site.until(spare.ended)
        assert asked(site, 1, 2) == {1: Word.FAILED, 2: Word.GO}

    def test_one_that_breaks_the_pipe_is_found_among_those_of_its_batch(self, begin: Begin) -> None:
        """The pipe says nothing of whom it was broken about."""
        site = begin("""
            import os, stat

            def filterPacket(packet, method, mac, client_ip, relay_ip, port):
                if mac[5] == 3:
                    for fd in range(3, 64):
                        try:
                            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                                os.write(fd, b'x' * 64)
                        except OSError:
                            pass
                return True
        """)
        found = asked(site, *range(1, 30))
        assert found.pop(3) == Word.FAILED
        assert set(found.values()) == {Word.GO}

    def test_where_memory_runs_short_it_ends_before_the_engine(self, begin: Begin) -> None:
        site = begin("pass")
        assert int(Path(f"/proc/{site.host.state['pid']}/oom_score_adj").read_text()) == 500


def test_a_script_that_prints_without_end_loses_lines_and_nothing_else(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    site = begin("""
        def filterPacket(packet, method, mac, client_ip, relay_ip, port):
            for n in range(20000):
                print('line', n)
            logger.warning('said')
            return True
    """)
    assert asked(site, 1) == {1: Word.GO}
    site.until(lambda: site.host.state["lines_dropped"] > 19_000)
    assert "SCRIPT-OUTPUT: line 1" in messages(caplog, logging.INFO)
    assert len(caplog.records) < 1000


def test_the_host_has_neither_the_engines_sockets_nor_its_settings(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LESSOR_DATABASE_URL", "postgresql://a:secret@b/c")
    site = begin("""
        import os, stat

        def init():
            callbacks.webAddMethod('/seen', lambda *a: ('text/plain', repr((sockets(), sorted(os.environ)))))

        def sockets():
            found = []
            for fd in range(3, 64):
                try:
                    found.append(stat.S_ISSOCK(os.fstat(fd).st_mode))
                except OSError:
                    pass
            return sum(found)
    """)
    result, _ = site.call("method", path="/seen")
    sockets, names = eval(base64.b64decode(result["data"]))  # noqa: S307, RUF100
    assert sockets == 1, "its pipe alone"
    assert not [name for name in names if name.startswith("LESSOR_")]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_of_a_script_is_readable_in_the_engines_log(begin: Begin, form: str) -> None:
    root, stream = logging.getLogger(), io.StringIO()
    before = root.handlers[:], root.level
    try:
        logs.configure("info", form, stream)
        site = begin("""
            def filterPacket(packet, method, mac, client_ip, relay_ip, port):
                return {}['absent']
        """)
        assert asked(site, 1) == {1: Word.FAILED}
        told = site.until(lambda: "absent" in stream.getvalue() and stream.getvalue())
    finally:
        root.handlers[:], root.level = before
        logging.captureWarnings(capture=False)
    rows = told.splitlines()
    if form == "json":
        (entry,) = [entry for entry in map(json.loads, rows) if "exception" in entry]
        rows = [f"  {row}" for row in entry["exception"].split("\n")]
        assert entry["event"].endswith("it is not answered.")
    assert "  KeyError: 'absent'" in rows
    assert any(row.startswith('    File "') and row.endswith("in filterPacket") for row in rows)


def test_a_script_that_logs_without_end_loses_lines_too(begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
    site = begin("""
        def filterPacket(packet, method, mac, client_ip, relay_ip, port):
            for n in range(20000 if mac[5] == 1 else 1):
                logger.warning('line %d', n)
            return True
    """)
    assert asked(site, 1) == {1: Word.GO}
    time.sleep(1.0)
    site.until(lambda: asked(site, 2) and site.host.state["lines_dropped"] > 19_000)
    assert "line 1" in messages(caplog, logging.WARNING)
    assert len(caplog.records) < 1000


def test_a_host_that_fails_again_and_again_is_away_for_a_while(begin: Begin) -> None:
    site = begin("""
        import os

        def filterPacket(packet, method, mac, client_ip, relay_ip, port):
            os._exit(1)
    """)
    for number in range(1, 6):
        assert asked(site, number) == {number: Word.FAILED}, "it began again at once"
    assert asked(site, 6) == {6: Word.AWAY}
    assert site.host.state["running"] is False
    assert "ended" in str(site.host.failure)


def test_who_waits_too_long_is_told_so_without_anybody_being_killed(begin: Begin) -> None:
    """Hooks that are quick enough, each, and too many for the time that a client waits."""
    now = [0.0]
    site = begin("""
        def filterPacket(packet, method, mac, client_ip, relay_ip, port):
            return True
    """)
    assert AGE_S_MAX == 4.0, "a client asks again after 4 s"
    site.host._clock = lambda: now[0]
    pid = site.host.state["pid"]
    site.host.ask([question(1)])
    now[0] = PATIENCE_S + 1
    site.host.watch()
    assert [(said.number, said.word) for said in site.said] == [(1, Word.OVERRUN)]
    site.host._clock = time.monotonic
    assert asked(site, 2) == {2: Word.GO}
    assert site.host.state["pid"] == pid


def test_closing_the_engines_end_ends_the_host(begin: Begin) -> None:
    site = begin("pass")
    pid = site.host.state["pid"]
    site.host.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    site.host.close()


class TestBeginning:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("x = 1\nraise ValueError('no')", "conf.py, line 2: ValueError: no"),
            ("def init():\n    raise ValueError('no')", "conf.py, line 2: ValueError: no"),
            ("def init(:\n", "conf.py, line 1: SyntaxError"),
            ("import sys\nsys.exit(2)", "SystemExit: 2"),
            ("import os\nos._exit(2)", "ended"),
            ("DATABASE_ENGINE = 'Oracle'", "Oracle is not supported"),
            ("DATABASE_ENGINE = 'MySQL'", "no driver for it is installed: install pymysql beside Lessor"),
            ("DATABASE_ENGINE = 'dBase'", "right is None, SQLite"),
            ("DATABASE_ENGINE = 'INI'\nINI_FILE = 'nowhere.ini'", "cannot be read"),
        ],
        ids=["raises", "init-raises", "syntax", "sys-exit", "os-exit", "oracle", "mysql", "unknown-engine", "no-ini"],
    )
    def test_a_script_that_cannot_begin_stops_the_start_with_its_words(
        self, begin: Begin, text: str, said: str
    ) -> None:
        with pytest.raises(SettingsError) as error:
            begin(text)
        assert str(error.value).startswith("script: ")
        assert said in str(error.value)

    def test_its_last_words_are_heard_when_its_end_is_seen_first(self, tmp_path: Path) -> None:
        path = tmp_path / "conf.py"
        path.write_text("raise ValueError('no')\n")
        host = Host(path, lambda _said: None)
        host.start()
        try:
            os.waitid(os.P_PID, int(host.state["pid"]), os.WEXITED | os.WNOWAIT)
            host.watch()
            assert host.failure == "conf.py, line 1: ValueError: no"
        finally:
            host.close()

    def test_one_that_never_comes_to_its_end_is_given_up(self, begin: Begin) -> None:
        with pytest.raises(SettingsError, match="took over"):
            begin("while True: pass", budgets={**SHORT, Doing.BEGINNING: 0.5})

    def test_parameters_are_told_before_anything_is_opened(self, tmp_path: Path) -> None:
        path = tmp_path / "conf.py"
        path.write_text(f"{FOLDER}\nPXE_PORT = 4011\n_MINE = 1\nALLOWED_DHCP_RELAYS = ('1.2.3.4',)\n"
                        "DATABASE_ENGINE = lambda: None\ndef filterPacket(*a): return True\n")
        loaded = load(path, Terms())
        assert loaded.folder
        assert loaded.hooks == {"filterPacket"}
        assert (loaded.get("PROXY_PORT"), loaded.get("ALLOWED_DHCP_RELAYS")) == (4011, ["1.2.3.4"])
        assert (loaded.get("SUSPEND_THRESHOLD"), "_MINE" in loaded.said) == (10, False)
        assert loaded.get("DATABASE_ENGINE") == "<object>"

    def test_what_else_a_script_calls_in_capitals_is_its_own_and_may_be_large(self, begin: Begin) -> None:
        """A block list of 200,000 is told nobody: neither at the start nor whenever a page asks what is registered."""
        site = begin("""
            API_TOKEN = 'secret'
            BLOCKED = {'02:00:00:%06x' % n: 'stolen' for n in range(200_000)}
            EXTRA_MAPS = {'rack': {str(n): 'x' * 1000 for n in range(5000)}}

            def filterPacket(packet, method, mac, client_ip, relay_ip, port):
                return len(BLOCKED) == 200_000 and len(EXTRA_MAPS['rack']) == 5000
        """)
        registry, _ = site.call("registry")
        assert registry["said"] == {"EXTRA_MAPS": "<object>"}
        assert asked(site, 1) == {1: Word.GO}

    def test_a_script_that_does_not_end_is_told(self, tmp_path: Path) -> None:
        path = tmp_path / "conf.py"
        path.write_text("while True: pass\n")
        with pytest.raises(SettingsError, match="did not come to its end"):
            load(path, Terms(), limit_s=0.5)

    def test_one_that_dies_is_told(self, tmp_path: Path) -> None:
        path = tmp_path / "conf.py"
        path.write_text("import os\nos._exit(1)\n")
        with pytest.raises(SettingsError, match="ended before"):
            load(path, Terms())

    def test_the_folder_will_do_and_what_is_not_there_will_not(self, tmp_path: Path) -> None:
        (tmp_path / "conf.py").write_text("")
        assert script_path(tmp_path) == script_path(tmp_path / "conf.py") == (tmp_path / "conf.py").resolve()
        with pytest.raises(SettingsError, match="no file"):
            script_path(tmp_path / "other.py")

    def test_extensions_lie_beside_it_and_have_name_spaces_of_their_own(self, begin: Begin, tmp_path: Path) -> None:
        folder = tmp_path / "site" / "staticDHCPd_extensions"
        folder.mkdir(parents=True)
        (folder / "_greeting.py").write_text("WORD = 'hello'\n")
        (folder / "counting.py").write_text(
            "from staticdhcpdlib import config\n"
            "SAID = config.conf.extensions.counting.extension_config_merge(defaults={'MIN': 0}, required=['MAX'])\n"
        )
        site = begin("""
            with extensions.counting as x:
                x.MAX = 7
            import _greeting
            import staticDHCPd_extensions.counting as counting

            def init():
                import conf
                from libpydhcpserver.dhcp_types.ipv4 import IPv4
                from staticdhcpdlib.databases.generic import Definition
                writeLog('about to begin')
                seen = (_greeting.WORD, counting.SAID, conf.strToList('a'), str(IPv4(1)), Definition.__name__)
                callbacks.webAddMethod('/seen', lambda *a: ('text/plain', repr(seen)))
        """)
        result, _ = site.call("method", path="/seen")
        assert eval(base64.b64decode(result["data"])) == (  # noqa: S307, RUF100
            "hello", {"MIN": 0, "MAX": 7}, [97], "0.0.0.1", "Definition",
        )  # fmt: skip


class TestKept:
    """A host that ends while the script's files are broken is followed by one of the text that began last."""

    TEXT = """
        import os
        from site_words import WORD

        def init():
            import counting
            callbacks.webAddMethod('/word', lambda *a: ('text/plain', '%s %s %s' % (WORD, counting.STEP, __file__)))

        def filterPacket(packet, method, mac, client_ip, relay_ip, port):
            if mac[5] in (1, 4):
                os._exit(3)
            if mac[5] == 2:
                raise ValueError('a mistake')
            return True
    """

    def begun(self, begin: Begin, folder: Path) -> Site:
        extensions = folder / "staticDHCPd_extensions"
        (extensions / "counting").mkdir(parents=True)
        (extensions / "counting" / "__init__.py").write_text("from counting.step import STEP\n")
        (extensions / "counting" / "step.py").write_text("STEP = 'one'\n")
        (folder / "site_words.py").write_text("WORD = 'old'\n")
        return begin(self.TEXT)

    def word(self, site: Site) -> str:
        result, error = site.call("method", path="/word")
        assert error is None
        return base64.b64decode(result["data"]).decode()

    def end(self, site: Site, number: int = 1) -> None:
        """Have its host end of a client's packet, and wait until another one has begun."""
        assert asked(site, number) == {number: Word.FAILED}
        site.until(lambda: site.host.state["running"])

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "site"

    @pytest.mark.parametrize("breaks", ["conf", "extension", "gone", "exits"])
    def test_one_that_cannot_begin_any_more_goes_on_with_what_it_began_from(
        self, begin: Begin, folder: Path, caplog: pytest.LogCaptureFixture, breaks: str
    ) -> None:
        site = self.begun(begin, folder)
        said = self.word(site)
        assert said == f"old one {site.path}"
        match breaks:
            case "conf":
                site.path.write_text("def filterPacket(:\n")
            case "extension":
                (folder / "staticDHCPd_extensions" / "counting" / "step.py").write_text("WORD = 'new'\n")
            case "gone":
                folder.rename(folder.with_name("elsewhere"))
            case "exits":
                site.path.write_text("import os\nos._exit(1)\n")
        assert asked(site, 1, 3) == {1: Word.FAILED, 3: Word.GO}
        assert "SCRIPT-KEPT: the script cannot begin any more: " in messages(caplog, logging.CRITICAL)
        assert self.word(site) == said
        assert site.host.state["kept"]
        assert asked(site, 2) == {2: Word.FAILED}
        assert "raise ValueError('a mistake')" in messages(caplog), "the lines are those of the text that runs"

    def test_a_mended_one_begins_where_it_is_reinitialised(self, begin: Begin, folder: Path) -> None:
        site = self.begun(begin, folder)
        site.path.write_text("def filterPacket(:\n")
        self.end(site)
        assert "conf.py, line 1: SyntaxError" in site.host.state["kept"]
        waiting: list[tuple[Any, str | None]] = []
        site.host.call("method", {"path": "/word"}, lambda *told: waiting.append(told))
        result, error = site.call("reinitialise")
        assert waiting == [(None, "The script begins anew.")]
        assert result is None
        assert "The script cannot begin: conf.py, line 1: SyntaxError" in str(error)
        site.until(lambda: site.host.state["running"])
        assert self.word(site).startswith("old one")
        site.path.write_text(textwrap.dedent(self.TEXT).replace("'%s %s %s'", "'mended %s %s %s'"))
        assert site.call("reinitialise") == ({"reinitialised": True}, None)
        assert self.word(site).startswith("mended old one")
        assert site.host.state["kept"] == ""
        site.path.write_text("import nothing_of_the_kind\n")
        self.end(site, 4)
        assert self.word(site).startswith("mended old one"), "what is kept is what began last"

    def test_one_that_still_begins_is_taken_as_it_is_now(self, begin: Begin, folder: Path) -> None:
        site = self.begun(begin, folder)
        (folder / "site_words.py").write_text("WORD = 'new'\n")
        self.end(site)
        assert self.word(site).startswith("new one")
        assert site.host.state["kept"] == ""
        assert not list(folder.rglob("__pycache__")), "nothing is written beside it"

    def test_what_neither_begins_is_tried_again_after_a_pause(self, begin: Begin, folder: Path) -> None:
        (folder).mkdir()
        (folder / "there").write_text("")
        site = begin("""
            import os

            def init():
                open(os.path.join(os.path.dirname(__file__), 'there')).close()

            def filterPacket(packet, method, mac, client_ip, relay_ip, port):
                if mac[5] == 1:
                    os._exit(3)
                return True
        """)
        (folder / "there").unlink()
        asked(site, 1)
        site.until(lambda: not site.host.state["running"] and site.host._again_at is not None)
        assert "FileNotFoundError" in str(site.host.failure)
        (folder / "there").write_text("")
        site.host._again_at = 0.0
        site.until(lambda: site.host.state["running"])
        assert site.host.state["kept"] == ""
        assert asked(site, 3) == {3: Word.GO}


class TestTicks:
    TICKED = """
        TICKS = []

        def tick():
            TICKS.append(1)
            logger.debug('Ticked!')

        def init():
            callbacks.systemAddTickHandler(tick)
            callbacks.webAddMethod('/ticks', lambda *a: ('text/plain', str(len(TICKS))))
    """

    def ticks(self, site: Site) -> int:
        result, _ = site.call("method", path="/ticks")
        return int(base64.b64decode(result["data"]))

    def test_example_2_once_a_second(self, begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        begun = time.monotonic()
        site = begin(self.TICKED)
        site.until(lambda: messages(caplog, logging.DEBUG).count("Ticked!") >= 2)
        assert self.ticks(site) <= time.monotonic() - begun + 1
        assert "Ticked!" in messages(caplog, logging.DEBUG)

    def test_example_3_twice_registered_it_runs_once_and_is_removed_once(
        self, begin: Begin, caplog: pytest.LogCaptureFixture
    ) -> None:
        site = begin(self.TICKED + """
            callbacks.systemAddTickHandler(tick)
            callbacks.webAddMethod('/remove', lambda *a: (
                'text/plain', repr((len(callbacks.ticks), callbacks.systemRemoveTickHandler(tick),
                                    callbacks.systemRemoveTickHandler(tick)))))
        """)
        result, _ = site.call("method", path="/remove")
        assert base64.b64decode(result["data"]) == b"(1, True, False)"
        assert "is registered already" in messages(caplog)
        assert "is not registered" in messages(caplog)

    def test_one_that_raises_does_not_stop_the_next(self, begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
        site = begin(self.TICKED.replace("        def init():\n", "        def init():\n"
                     "            callbacks.systemAddTickHandler(lambda: 1 / 0)\n"))
        site.until(lambda: "ZeroDivisionError" in messages(caplog))
        assert self.ticks(site) >= 1

    def test_one_that_hangs_is_left_to_itself(self, begin: Begin) -> None:
        site = begin("""
            import time

            def init():
                callbacks.systemAddTickHandler(lambda: time.sleep(60))

            def filterPacket(packet, method, mac, client_ip, relay_ip, port):
                return True
        """)
        site.until(lambda: site.host.figures.overruns == 1)
        assert asked(site, 1) == {1: Word.GO}
        assert site.host.state["started"] == 1


class TestStatistics:
    def test_example_30_every_handler_gets_one_a_packet(self, begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
        site = begin("""
            GOT = []

            def broken(statistics):
                raise RuntimeError('on purpose')

            def init():
                callbacks.statsAddHandler(broken)
                callbacks.statsAddHandler(GOT.append)
                callbacks.webAddMethod('/got', lambda *a: ('text/plain', repr([
                    (str(s.source_address.ip), s.source_address.port, str(s.mac), str(s.ip), s.subnet, s.serial,
                     s.method, s.processing_time, s.processed, s.port) for s in GOT])))
        """)
        site.until(lambda: site.host.listening)
        row = ["c0000205", 68, "020000000001", "c0000209", "office", 3, "DISCOVER", 0.25, True, 67]
        site.host.count([row, [None, 68, None, None, None, None, None, 0.0, False, 67]])
        result, _ = site.call("method", path="/got")
        assert eval(base64.b64decode(result["data"])) == [  # noqa: S307, RUF100
            ("192.0.2.5", 68, "02:00:00:00:00:01", "192.0.2.9", "office", 3, "DISCOVER", 0.25, True, 67),
            ("None", 68, "None", "None", None, None, None, 0.0, False, 67),
        ]
        assert messages(caplog).count("RuntimeError: on purpose") == 2

    def test_who_has_no_handler_is_not_told(self, begin: Begin) -> None:
        site = begin("pass")
        assert not site.host.listening


def paths(site: Site) -> set[str]:
    return {one["path"] for one in site.host.registry["methods"]}


class TestReinitialise:
    def test_its_own_method_does_it_too_and_tells_what_fails(self, begin: Begin) -> None:
        site = begin("""
            RAN = []

            def init():
                callbacks.systemAddReinitHandler(lambda: RAN.append(1))
                callbacks.systemAddReinitHandler(lambda: 1 / (2 - len(RAN)))
        """)
        pid = site.host.state["pid"]
        assert "has reinitialised" in site.call("method", path=REINITIALISE_PATH)[0]["html"]
        assert "ZeroDivisionError" in str(site.call("method", path=REINITIALISE_PATH)[1])
        site.until(lambda: site.host.state["running"] and site.host.state["pid"] != pid)

    def test_handlers_run_in_their_order(self, begin: Begin) -> None:
        site = begin("""
            RAN = []

            def init():
                callbacks.systemAddReinitHandler(lambda: RAN.append(1))
                callbacks.systemAddReinitHandler(lambda: RAN.append(2))
                callbacks.webAddMethod('/ran', lambda *a: ('text/plain', repr(RAN)))
        """)
        assert site.call("reinitialise") == ({"reinitialised": True}, None)
        result, _ = site.call("method", path="/ran")
        assert base64.b64decode(result["data"]) == b"[1, 2]"

    def test_example_28_one_that_raises_is_told_and_ends_the_scripts_process(
        self, begin: Begin, caplog: pytest.LogCaptureFixture
    ) -> None:
        site = begin("""
            def init():
                callbacks.systemAddReinitHandler(lambda: 1 / 0)

            def filterPacket(packet, method, mac, client_ip, relay_ip, port):
                return True
        """)
        pid = site.host.state["pid"]
        result, error = site.call("reinitialise")
        assert result is None
        assert "ZeroDivisionError" in str(error)
        assert "ZeroDivisionError" in messages(caplog, logging.CRITICAL)
        assert asked(site, 1) == {1: Word.GO}, "another one has begun"
        assert site.host.state["pid"] != pid


class TestWeb:
    """Examples 22 to 26, as far as the channel to the pages goes."""

    def test_example_22_a_raw_method_and_its_headers(self, begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
        site = begin("""
            def init():
                callbacks.webAddMethod('/x.csv', lambda **k: ('text/csv', 'a,b'))
                callbacks.webAddMethod('/x.csv', lambda **k: ('text/csv', 'other'))
                callbacks.webAddMethod('/y', lambda *a: ('text/plain', b'y', {'X-A': '1'}))
                callbacks.webAddMethod('/told', lambda path, queryargs, mimetype, data, headers: (
                    'text/plain', repr((path, queryargs, mimetype, data, headers))))
        """)
        assert site.call("method", path="/x.csv")[0] == {
            "display_mode": 3, "mimetype": "text/csv", "data": base64.b64encode(b"a,b").decode(), "headers": [],
        }  # fmt: skip
        assert "already" in messages(caplog)
        assert site.call("method", path="/y")[0]["headers"] == [["X-A", "1"]]
        result, _ = site.call("method", path="/told", queryargs={"a": ["1", ""], "b": [""]}, mimetype="text/x",
                              data=base64.b64encode(b"\0z").decode(), headers={"H": "1"})
        assert eval(base64.b64decode(result["data"])) == (  # noqa: S307, RUF100
            "/told", {"a": ["1"]}, "text/x", b"\0z", {"H": "1"},
        )  # fmt: skip
        registry, _ = site.call("registry")
        (method,) = [one for one in registry["methods"] if one["path"] == "/x.csv"]
        assert (method["hidden"], method["cacheable"], method["secure"]) == (True, False, False)

    def test_example_22_what_is_not_there_or_fails_is_refused(
        self, begin: Begin, caplog: pytest.LogCaptureFixture
    ) -> None:
        site = begin("""
            def init():
                callbacks.webAddMethod('/bad', lambda *a: 1 / 0)
                callbacks.webAddMethod('/odd', lambda *a: 'no tuple at all')
        """)
        assert "no web method" in str(site.call("method", path="/x")[1])
        assert "ZeroDivisionError" not in str(site.call("method", path="/bad")[1])
        assert "ZeroDivisionError" in messages(caplog)
        assert "failed" in str(site.call("method", path="/odd")[1])
        assert "base64" in str(site.call("method", path="/bad", data="?")[1])

    def test_example_23_elements_stand_by_their_order(self, begin: Begin) -> None:
        site = begin("""
            def init():
                callbacks.webAddDashboard('m', 'after', lambda path, queryargs, mimetype, data, headers: '<b>1</b>')
                callbacks.webAddDashboard('m', 'before', lambda **k: '<b>0</b>', ordering=-5)
                callbacks.webAddDashboard('<m>', 'nothing', lambda **k: None, 7)
        """)
        registry, _ = site.call("registry")
        assert [(one["name"], one["ordering"], one["built_in"]) for one in registry["elements"]] == [
            ("before", -5, ""), ("nothing", 7, ""), ("events", 1000, "log"), ("after", 1001, ""),
        ]  # fmt: skip
        assert registry["elements"][1]["module"] == "&lt;m&gt;"
        shown, _ = site.call("dashboard", path="/")
        assert [one["html"] for one in shown["elements"]] == ["<b>0</b>", "<b>1</b>"]

    def test_example_24_that_a_method_is_secure_is_told(self, begin: Begin) -> None:
        site = begin("""
            WEB_DIGEST_PASSWORD = 'secret'

            def init():
                callbacks.webAddMethod('/s', lambda *a: ('text/plain', ''), secure=True, confirm=True,
                                       module='m', name='n')
        """)
        registry, _ = site.call("registry")
        (method,) = [one for one in registry["methods"] if not one["built_in"]]
        assert (method["secure"], method["confirm"], method["module"], method["name"]) == (True, True, "m", "n")
        assert registry["said"] == {"WEB_DIGEST_PASSWORD": "…"}

    def test_example_25_html_of_the_other_two_modes(self, begin: Begin) -> None:
        site = begin("""
            def init():
                for mode in (callbacks.WEB_METHOD_TEMPLATE, callbacks.WEB_METHOD_DASHBOARD):
                    callbacks.webAddMethod(f'/{mode}', lambda path, queryargs, mimetype, data, headers: '<p>hi</p>',
                                           display_mode=mode)
                callbacks.webAddHeader(lambda *a: '<meta name="x"/>')
                callbacks.webAddHeader(lambda *a: None)
        """)
        head = ['<meta name="x"/>']
        assert site.call("method", path="/2")[0] == {"display_mode": 2, "html": "<p>hi</p>", "headers": head}
        assert site.call("method", path="/1")[0] == {"display_mode": 1, "html": "<p>hi</p>", "headers": head}
        assert site.call("dashboard", path="/")[0]["headers"] == ['<meta name="x"/>']

    def test_example_26_an_element_that_raises_is_left_out(
        self, begin: Begin, caplog: pytest.LogCaptureFixture
    ) -> None:
        site = begin("""
            def init():
                callbacks.webAddDashboard('m', 'bad', lambda **k: 1 / 0)
                callbacks.webAddDashboard('m', 'good', lambda **k: 'x')
        """)
        shown, error = site.call("dashboard", path="/")
        assert error is None
        assert [one["name"] for one in shown["elements"]] == ["good"]
        assert "ZeroDivisionError" in messages(caplog)

    def test_one_element_is_made_by_its_number_and_one_that_raises_is_told(
        self, begin: Begin, caplog: pytest.LogCaptureFixture
    ) -> None:
        site = begin("""
            MADE = []

            def init():
                callbacks.webAddHeader(lambda *a: '<style></style>')
                callbacks.webAddDashboard('m', 'bad', lambda **k: 1 / 0)
                callbacks.webAddDashboard('m', 'good', lambda **k: MADE.append(1) or 'x' * len(MADE))
        """)
        numbers = {one["name"]: one["number"] for one in site.host.registry["elements"]}
        assert site.call("element", number=numbers["good"])[0] == {"html": "x", "headers": ["<style></style>"]}
        result, error = site.call("element", number=numbers["bad"])
        assert (result, "the log says how" in str(error)) == (None, True)
        assert "ZeroDivisionError" in messages(caplog)
        assert "load the page again" in str(site.call("element", number=99)[1])

    def test_what_is_registered_later_is_told_without_being_asked(self, begin: Begin) -> None:
        site = begin("""
            def once():
                callbacks.systemRemoveTickHandler(once)
                callbacks.webAddMethod('/later', lambda *a: ('text/plain', ''))

            def init():
                callbacks.systemAddTickHandler(once)
        """)
        assert "/later" not in paths(site)
        site.until(lambda: "/later" in paths(site))

    def test_a_script_that_registers_without_end_is_stopped(
        self, begin: Begin, caplog: pytest.LogCaptureFixture
    ) -> None:
        site = begin("""
            def init():
                for n in range(1200):
                    callbacks.webAddMethod(f'/{n}', lambda *a: ('text/plain', ''))
                    callbacks.webAddDashboard('m', str(n), lambda n=n, **k: '')
        """)
        assert (len(site.host.registry["methods"]), len(site.host.registry["elements"])) == (1000, 100)
        assert "as many as there may be" in messages(caplog)

    def test_what_is_no_text_of_unicode_breaks_no_answer(self, begin: Begin) -> None:
        """A client's name may hold any octets."""
        site = begin(r"""
            def init():
                callbacks.webAddMethod('/raw', lambda *a: ('text/plain', 'a\udcffb', {'X-A': '\udcff'}))
                callbacks.webAddMethod('/page', lambda **k: 'a\udcffb', display_mode=callbacks.WEB_METHOD_TEMPLATE)
        """)
        result, _ = site.call("method", path="/raw")
        assert (base64.b64decode(result["data"]), result["headers"]) == (b"a?b", [["X-A", "?"]])
        assert site.call("method", path="/page")[0]["html"] == "a?b"

    @pytest.mark.parametrize("answer", ["'ab'", "5", "None", "('text/plain', 5)", "('text/plain', {})", "('a',)"])
    def test_what_is_no_answer_is_refused_with_what_would_be_right(
        self, begin: Begin, answer: str
    ) -> None:
        site = begin(f"def init():\n    callbacks.webAddMethod('/raw', lambda *_: {answer})\n")
        assert site.call("method", path="/raw")[1]

    def test_html_may_come_as_octets_and_what_is_too_much_is_refused(self, begin: Begin) -> None:
        site = begin("""
            def init():
                template = callbacks.WEB_METHOD_TEMPLATE
                callbacks.webAddMethod('/octets', lambda **k: '<p>\u00f6'.encode(), display_mode=template)
                callbacks.webAddMethod('/much', lambda **k: 'x' * 5_000_000, display_mode=template)
        """)
        assert site.call("method", path="/octets")[0]["html"] == "<p>\u00f6"
        assert "5000000 characters, of 2097152" in site.call("method", path="/much")[1]

    def test_the_servers_own_are_there_unless_the_folder_says_otherwise(self, begin: Begin) -> None:
        site = begin("""
            WEB_LOG_HISTORY = 0
            WEB_REINITIALISE_ENABLED = False
            WEB_DIGEST_USERNAME = 'ann'
            WEB_DIGEST_PASSWORD = 'secret'
            SYSTEM_NAME = 'the "site"'
        """)
        registry = site.host.registry
        assert (registry["methods"], registry["elements"]) == ([], [])
        assert (registry["web"]["digest"], registry["web"]["realm"]) == (True, "the 'site'")
        assert "secret" not in repr(registry)

    def test_a_method_whose_path_says_reinitialisation_ends_nothing(self, begin: Begin) -> None:
        site = begin("""
            def init():
                callbacks.webAddMethod('/reinitialisation', lambda *a: 1 / 0)
        """)
        pid = site.host.state["pid"]
        assert "reinitialisation" in str(site.call("method", path="/reinitialisation")[1])
        assert site.host.state["pid"] == pid

    def test_who_calls_without_end_does_not_make_packets_wait(self, begin: Begin) -> None:
        site = begin("""
            import time

            def init():
                callbacks.webAddMethod('/slow', lambda *a: time.sleep(0.05) or ('text/plain', ''))

            def filterPacket(packet, method, mac, client_ip, relay_ip, port):
                return True
        """)
        answered: list[str | None] = []
        for _ in range(30):
            site.host.call("method", {"path": "/slow"}, lambda _, error: answered.append(error))
        assert asked(site, 1) == {1: Word.GO}
        assert len(answered) <= 2, "the one that was under way, and at most another"
        site.until(lambda: len(answered) == 30)
        assert answered == [None] * 30

    def test_no_more_wait_than_can_be_served(self, begin: Begin) -> None:
        site = begin("""
            def init():
                callbacks.webAddMethod('/x', lambda *a: ('text/plain', ''))
        """)
        answered: list[str | None] = []
        for _ in range(70):
            site.host.call("method", {"path": "/x"}, lambda _, error: answered.append(error))
        site.until(lambda: len(answered) == 70)
        assert sum("wait for the script" in str(error) for error in answered) == 6

    def test_one_that_hangs_is_told_to_who_called(self, begin: Begin) -> None:
        site = begin("""
            import time

            def init():
                callbacks.webAddMethod('/slow', lambda *a: time.sleep(60))
        """)
        result, error = site.call("method", path="/slow")
        assert (result, "took over 0.5 s" in str(error)) == (None, True)


def test_an_answer_that_nobody_waits_for_is_no_matter(begin: Begin) -> None:
    site = begin("""
        def filterPacket(packet, method, mac, client_ip, relay_ip, port):
            return True
    """)
    site.host._take_answer([99, int(Word.GO)])
    assert site.said == []
    assert asked(site, 1) == {1: Word.GO}
    assert isinstance(site.said[0], Said)
