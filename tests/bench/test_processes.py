import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench import processes


@contextmanager
def started(script: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own that has run the script."""
    words = [sys.executable, "-c", f"import os, time; {script}\nprint(flush=True); time.sleep(60)"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            assert process.stdout
            process.stdout.readline()
            yield process
        finally:
            processes.stop(process)


def test_a_tree_is_a_process_and_its_descendants():
    with started("child = os.fork(); child or os.fork()") as process:
        deadline = time.monotonic() + 20
        while len(found := processes.tree([process.pid])) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert found[0] == process.pid
        assert len(found) == 3
        assert os.getpid() not in found


def test_a_process_that_is_gone_is_no_tree():
    with started("pass") as process:
        processes.stop(process)
        assert processes.tree([process.pid]) == ()
        assert processes.usage([process.pid]) == processes.Usage(0.0, 0.0, 0.0)


def test_usage_adds_up_the_tree():
    with started("os.fork(); end = time.process_time() + 0.3\nwhile time.process_time() < end: pass") as process:
        deadline = time.monotonic() + 20
        while (used := processes.usage([process.pid])).cpu_s < 0.4 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert used.cpu_s >= 0.4
        assert 0 < used.pss_mib < used.rss_mib


@pytest.mark.parametrize("script", ["pass", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"])
def test_a_stop_ends_the_whole_session(monkeypatch, script):
    monkeypatch.setattr(processes, "STOP_S_MAX", 0.5)
    with started(f"{script}; os.fork()") as process:
        members = processes.tree([process.pid])
        processes.stop(process)
        assert process.returncode in (-signal.SIGTERM, -signal.SIGKILL)
        deadline = time.monotonic() + 10
        while processes.tree(members) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert processes.tree(members) == ()


def test_a_process_is_put_behind_others_when_asked():
    with started("pass") as process:
        processes.favour(process.pid, 5)
        session = processes.PROC / str(process.pid) / "autogroup"
        if session.exists():
            assert session.read_text().endswith("nice 5\n")
        else:
            assert os.getpriority(os.PRIO_PROCESS, process.pid) == 5


def test_nice_0_touches_nothing(monkeypatch):
    monkeypatch.setattr(processes, "PROC", None)
    processes.favour(os.getpid(), 0)
