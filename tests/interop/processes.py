"""A process of the test bed with its output in a file; it is ended by its own id, never by a name."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

POLL_S = 0.02


class TimedOut(AssertionError):
    """Something awaited did not come."""


def wait_for(what: str, ready: Callable[[], object], limit_s: float = 10, log: Path | None = None) -> None:
    """Wait until ``ready`` holds, and say what was awaited and what the log said when it never does."""
    until = time.monotonic() + limit_s
    while not ready():
        if time.monotonic() > until:
            raise TimedOut(f"not within {limit_s} s: {what}" + (f"\n{tail(log)}" if log else ""))
        time.sleep(POLL_S)


def tail(log: Path, lines: int = 40) -> str:
    """Give the end of a log, for a failure's message."""
    content = log.read_text(errors="replace").splitlines() if log.exists() else []
    return f"--- {log.name}\n" + "\n".join(content[-lines:])


class Process:
    """One started program."""

    def __init__(self, argv: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self.log = log
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                env={**os.environ, **(environment or {})},
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """Give the process id."""
        return self.popen.pid

    @property
    def alive(self) -> bool:
        """Tell whether it still runs."""
        return self.popen.poll() is None

    def output(self) -> str:
        """Give all that it has printed."""
        return self.log.read_text(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to this process alone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def family(self) -> list[int]:
        """Give the process and its descendants, the youngest last."""
        found = [self.pid]
        for parent in found:
            for tasks in Path("/proc", str(parent), "task").glob("*/children"):
                with contextlib.suppress(OSError):
                    found += [pid for pid in map(int, tasks.read_text().split()) if pid not in found]
        return found

    def kill(self) -> None:
        """End it and its descendants at once, as a power cut would, and wait for the end."""
        for pid in self.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.popen.wait(10)

    def stop(self, limit_s: float = 10) -> int:
        """Ask it to end; give its exit code."""
        self.signal(signal.SIGTERM)
        try:
            return self.popen.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise TimedOut(f"{self.pid} did not end on SIGTERM\n{tail(self.log)}") from None
