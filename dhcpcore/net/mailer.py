"""Critical events go out by mail, as a conf.py's EMAIL_… say: the first at once, more of them together later.

A process of its own sends each mail; the loop only starts it and looks whether it is done.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from dhcpcore.logs import printable
from dhcpcore.script import frames, lines
from dhcpcore.script.process import Terms, start
from dhcpcore.script.reporting import Letterbox

log = logging.getLogger(__name__)

#: Seconds between two mails, and the most after failures: each failure doubles them.
PAUSE_S, PAUSE_S_MAX = 60.0, 3600.0
#: Events of one mail, and letters of each; more events are counted.
EVENTS_MAX = 50
_LETTERS_MAX = 4000
#: A process that has had each of its steps time out is not waited for any longer.
_STEPS = 10
_AGAIN_S = 0.2
_READ_MAX = 64 * 1024


class Mailer(logging.Handler):
    """Gathers what is logged, and has it mailed.  ``clock`` tells seconds."""

    def __init__(self, box: Letterbox, terms: Terms, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._box = box
        self._terms = terms
        self._clock = clock
        self._waiting: deque[str] = deque()
        self._left_out = 0
        self._sending: list[str] = []
        self._sending_left_out = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe: socket.socket | None = None
        self._began = 0.0
        self._not_before = 0.0
        self._failures = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Put it among those that wait: the loop is not to wait here."""
        try:
            if len(self._waiting) >= EVENTS_MAX:
                self._left_out += 1
            else:
                self._waiting.append(_event(record))
        except Exception:  # noqa: BLE001 - As every handler.
            self.handleError(record)

    def work(self) -> float:
        """Start what is due, and see what became of the one before; in how many seconds to look again."""
        now = self._clock()
        if self._child is not None:
            self._look(self._child, now)
        if self._child is None and self._waiting and now >= self._not_before:
            self._begin(now)
        return 1.0 if self._child is None else _AGAIN_S

    def close(self) -> None:
        """Have what waits mailed, and wait for nothing."""
        super().close()
        if self._child is None and self._waiting and not self._failures:
            self._begin(self._clock())
        if self._pipe is not None:
            self._pipe.close()
        self._waiting.clear()

    def _begin(self, now: float) -> None:
        self._sending = list(self._waiting)
        self._waiting.clear()
        self._sending_left_out, self._left_out = self._left_out, 0
        text = "\n\n".join(self._sending)
        if self._sending_left_out:
            text += f"\n\n{self._sending_left_out} more are in the log alone."
        text = f"What went wrong with DHCP on {socket.gethostname()}:\n\n{text}\n"
        self._pipe, theirs = socket.socketpair()
        try:
            self._child = start(["--mail", str(theirs.fileno())], Path("/"), (theirs.fileno(),), self._terms,
                                subprocess.DEVNULL)  # fmt: skip
            self._pipe.sendall(frames.encode({**asdict(self._box), "text": text}))
        except OSError as error:
            self._done(now, os.strerror(error.errno or 0))
        finally:
            theirs.close()
        self._began = now

    def _look(self, child: subprocess.Popen[bytes], now: float) -> None:
        if child.poll() is None:
            if now - self._began > self._box.timeout_s * _STEPS:
                child.kill()
                child.wait()
                self._done(now, "it took too long")
            return
        assert self._pipe is not None
        self._pipe.setblocking(False)
        try:
            answer = next(frames.Decoder().feed(self._pipe.recv(_READ_MAX)), None)
        except (OSError, frames.BrokenPipeProtocol):
            answer = None
        self._done(now, f"its process ended with status {child.returncode}" if answer is None
                   else str(answer.get("failed") or ""))  # fmt: skip

    def _done(self, now: float, failed: str) -> None:
        """Failures are said once; what was not mailed is tried again with what comes."""
        if self._pipe is not None:
            self._pipe.close()
        self._pipe = self._child = None
        box = self._box
        if failed:
            if not self._failures:
                log.error(
                    "MAIL-FAILED: what is critical could not be mailed to %s by %s, port %d: %s. It is in this log, "
                    "and mail is tried again.", ", ".join(box.destinations), box.server, box.port,
                    printable(failed)[:400],
                )  # fmt: skip
            self._failures += 1
            room = EVENTS_MAX - len(self._waiting)
            self._waiting.extendleft(reversed(self._sending[:room]))
            self._left_out += self._sending_left_out + max(0, len(self._sending) - room)
        else:
            if self._failures:
                log.info("What is critical is mailed again.")
            self._failures = 0
        self._sending = []
        self._not_before = now + min(PAUSE_S * 2**min(self._failures, 10), PAUSE_S_MAX)


def _event(record: logging.LogRecord) -> str:
    """Its time, its text, and its traceback, whose end says most."""
    _, name, text, told, *_ = lines.packed(record)
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds")
    rows = [f"{at} {name}: {printable(text)[:_LETTERS_MAX]}"]
    if told:
        rows += [f"  {printable(row)}" for row in told[-_LETTERS_MAX:].split("\n")]
    return "\n".join(rows)
