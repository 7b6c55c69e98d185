"""Tells systemd how the engine is: serving, alive, stopping (sd_notify, without a library).

A unit of ``Type=notify`` names a socket in ``NOTIFY_SOCKET``; where there is none, nothing here does anything.  The
loop calls ``beat`` between batches: an engine that hangs falls silent, and the watchdog starts it again.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Mapping

#: Without a watchdog the state is looked at this often.
_PAUSE_S = 1.0
#: How much longer systemd shall wait for an engine whose database is away; asked for again each second.
_PATIENCE_S = 30


class Notify:
    """The line to systemd.  ``serving`` says whether clients are answered."""

    def __init__(self, serving: Callable[[], bool], env: Mapping[str, str] | None = None) -> None:
        env = os.environ if env is None else env
        self._path = env.get("NOTIFY_SOCKET", "")
        self._serving = serving
        self._ready = False
        interval_s = int(env.get("WATCHDOG_USEC", "0") or 0) / 1e6
        # A third of it: one beat may come late and one may be lost.
        self._pause_s = min(_PAUSE_S, interval_s / 3) if interval_s else _PAUSE_S

    def beat(self) -> float:
        """Say that the loop goes round, and once that clients are served; in how many seconds to be called again."""
        if self._ready:
            self.tell("WATCHDOG=1")
        elif self._serving():
            self._ready = True
            self.tell("READY=1\nWATCHDOG=1\nSTATUS=Serving.")
        else:
            self.wait("Waiting for the clock and the definitions.")
        return self._pause_s

    def wait(self, why: str) -> None:
        """Say that the start takes longer, and why: it is no reason to be ended."""
        self.tell(f"EXTEND_TIMEOUT_USEC={_PATIENCE_S * 1_000_000}\nWATCHDOG=1\nSTATUS={why}")

    def stopping(self) -> None:
        """Say that the end was asked for."""
        self.tell("STOPPING=1\nSTATUS=Stopping.")

    def tell(self, state: str) -> None:
        """Send lines of systemd's protocol; an engine that cannot is not worse for it."""
        if not self._path:
            return
        # A name that begins with @ is one of the kernel's own name space, where a zero octet stands first.
        address = f"\0{self._path[1:]}" if self._path.startswith("@") else self._path
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock, contextlib.suppress(OSError):
            sock.setblocking(False)
            sock.sendto(state.encode(), address)
