import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from app.cli.processes import Event, Family, environment

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
STUBBORN = [sys.executable, "-c", ("import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
                                  "print('up', flush=True); time.sleep(60)")]
SIGNALLED = [sys.executable, "-c", ("import signal,sys; signal.signal(signal.SIGHUP, lambda *_: sys.exit(7)); "
                                   "print('up', flush=True); signal.pause()")]


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def start(tmp_path):
    def begin(family, name, command):
        log = tmp_path / f"{name}.log"
        family.start(name, command, os.environ, log)
        wait_for(lambda: "up" in log.read_text())
        return family.children[name].pid
    return begin


def test_children_end_with_the_family(start):
    with Family() as family:
        pids = [start(family, name, SLEEP) for name in ("one", "two")]
        assert all(map(is_running, pids))
    assert not any(map(is_running, pids))
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set(), "signals are as before"


def test_children_end_with_the_family_when_it_fails(start):
    with pytest.raises(RuntimeError), Family() as family:  # noqa: PT012
        pid = start(family, "one", SLEEP)
        raise RuntimeError
    assert not is_running(pid)


def test_a_child_that_will_not_end_is_ended(start):
    with Family() as family:
        pid = start(family, "one", STUBBORN)
        family.stop(seconds=0.3)
        assert not is_running(pid)


def test_an_end_is_told_with_its_code(start):
    with Family() as family:
        start(family, "one", SIGNALLED)
        family.send("one", signal.SIGHUP)
        event = family.wait(10)
        while event == Event():
            event = family.wait(10)
        assert event == Event(ended="one", code=7)
        assert family.wait(0) == Event()
        family.send("one", signal.SIGHUP)  # Nobody is there to hear it.


def test_a_signal_is_told_and_not_acted_upon():
    with Family() as family:
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            # To this thread: another one of the test runner's has no mask, and would die of it.
            signal.pthread_kill(threading.get_ident(), number)
            assert family.wait(5) == Event(signal=number)


def test_children_do_not_outlive_a_killed_parent(tmp_path):
    code = ("import sys,os,time; sys.path.insert(0, sys.argv[1])\nfrom app.cli.processes import Family\n"
            "with Family() as family:\n"
            "    family.start('x', [sys.executable, '-c', 'import time; time.sleep(60)'], os.environ)\n"
            "    print(family.children['x'].pid, flush=True)\n    time.sleep(60)\n")
    parent = subprocess.Popen([sys.executable, "-c", code, str(Path(__file__).parents[3])], stdout=subprocess.PIPE,
                              text=True)
    child = int(parent.stdout.readline())
    try:
        assert is_running(child)
        parent.kill()
        parent.wait()
        wait_for(lambda: not is_running(child), seconds=5)
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        parent.stdout.close()


def test_a_childs_environment_has_our_settings_and_not_their_files(monkeypatch):
    monkeypatch.setenv("LESSOR_WEB__BIND_FILE", "/secret")
    env = environment(Path("/etc/x.toml"), web__bind="127.0.0.1:1")
    assert env["LESSOR_CONFIG"] == "/etc/x.toml"
    assert env["LESSOR_WEB__BIND"] == "127.0.0.1:1"
    assert "LESSOR_WEB__BIND_FILE" not in env
    assert env["PATH"] == os.environ["PATH"]
