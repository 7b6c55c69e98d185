"""Child processes of `serve` and `demo`: started, watched, told of signals, and never left behind.

The parent waits for signals and for its children's ends in one place, so nothing is polled.  A child gets SIGTERM when
the parent dies in a way that it cannot handle.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

#: An engine ends within a batch, gunicorn within its graceful time-out.
STOP_S_MAX = 15.0
_PR_SET_PDEATHSIG = 1
SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD})


@dataclass(frozen=True, slots=True)
class Event:
    """A signal that came (``signal``), a child that ended (``ended``), or nothing in time."""

    signal: int | None = None
    ended: str | None = None
    code: int = 0


@dataclass(slots=True)
class Family:
    """The children by name.  Use it as a context: what still runs at its end is stopped."""

    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        # A second Ctrl-C during the stop has been waiting; it has done its work.
        while signal.sigtimedwait(SIGNALS, 0) is not None:
            pass
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str], log: Path | None = None,
              account: tuple[int, int] | None = None) -> None:
        """Start a child, as ``account`` if one is named, in a group of its own: Ctrl-C reaches it through us alone."""
        prctl = ctypes.CDLL(None).prctl
        uid, gid = account or (None, None)

        def prepare() -> None:
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

        with _output(log) as out:
            self.children[name] = subprocess.Popen(
                list(command), env=dict(env), stdin=subprocess.DEVNULL, stdout=out, stderr=out, process_group=0,
                user=uid, group=gid, extra_groups=None if gid is None else [gid],
                preexec_fn=prepare)  # noqa: PLW1509 - this process has one thread

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to one child, if it still runs."""
        child = self.children.get(name)
        if child is not None and child.poll() is None:
            child.send_signal(number)

    def wait(self, seconds: float) -> Event:
        """The next thing that happens, or an empty event after ``seconds``."""
        ended = self._ended()
        if ended is not None:
            return ended
        got = signal.sigtimedwait(SIGNALS, seconds)
        if got is None:
            return Event()
        if got.si_signo == signal.SIGCHLD:
            return self._ended() or Event()
        return Event(signal=got.si_signo)

    def stop(self, seconds: float = STOP_S_MAX) -> None:
        """Ask every child to end, and end those that do not."""
        for name in self.children:
            self.send(name, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        for child in self.children.values():
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                # Its own children (gunicorn's workers) are in its group.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        self.children.clear()

    def _ended(self) -> Event | None:
        for name, child in list(self.children.items()):
            code = child.poll()
            if code is not None:
                del self.children[name]
                return Event(ended=name, code=code)
        return None


@contextlib.contextmanager
def _output(log: Path | None) -> Iterator[IO[bytes] | None]:
    if log is None:
        yield None
        return
    with log.open("ab") as out:
        yield out


def engine_command(config: Path | None) -> list[str]:
    """How an engine is started."""
    return [sys.executable, "-m", "dhcpcore", *(["--config", str(config)] if config else [])]


def environment(config: Path | None, **settings: str) -> dict[str, str]:
    """The environment of a child that shall see our settings; ``dhcp4__port`` names ``LESSOR_DHCP4__PORT``."""
    env = dict(os.environ)
    if config is not None:
        env["LESSOR_CONFIG"] = str(config)
    for name, value in settings.items():
        env[f"LESSOR_{name.upper()}"] = value
        env.pop(f"LESSOR_{name.upper()}_FILE", None)
    return env
