"""The engine's end of one process that is asked and waited for, and of those that follow it when it ends.

A call waits for its answer, as one in this process would; whoever takes too long, dies or says what is no message is
ended, and another process is started.  Until that is ready, nobody is asked.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from dhcpcore.errors import LessorError
from dhcpcore.hooks.registry import Away, Overrun
from dhcpcore.script import frames
from dhcpcore.script.lines import unpacked
from dhcpcore.script.process import Terms, start

log = logging.getLogger(__name__)

#: Seconds that a call may take, more than in the engine: it has to wait for another process's turn, too.
ANSWER_S = 0.1
#: Seconds until a process must have begun: it imports what it likes.
BEGIN_S = 60.0
#: Seconds before a process that ended soon after its beginning is started again.
_PAUSES = (0.0, 1.0, 2.0, 5.0, 15.0, 30.0)
#: One that has lived so long begins with a clean slate.
_SOUND_S = 10.0
_READ_MAX = 256 * 1024
#: Lines a second that it may log; the others are left out.
_LINES_MAX = 200


class Died(LessorError):
    """The process ended, or said what is no message, while it was asked."""


class Raised(LessorError):
    """What was called raised in its process; the text is its traceback there."""


class Worker:
    """One process, and those that follow it.

    ``arguments`` are those of ``python -m dhcpcore.script`` behind the pipe's descriptor and the log's level, and
    ``kind`` the word before those; ``place`` is the folder that it runs in.
    """

    #: What the log calls its end.
    ended = "PROCESS-ENDED"

    def __init__(
        self, name: str, kind: str, arguments: Sequence[str], place: Path, terms: Terms | None, answer_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.name = name
        self.answer_s = answer_s
        self.started = 0  #: Processes so far.
        self.soon: Callable[[], None] = lambda: None  #: Has ``watch`` called soon: the next one is to begin.
        self.failures = 0  #: Processes that ended soon after their beginning, one after the other.
        self._kind = kind
        self._arguments = tuple(arguments)
        self._place = place
        self._terms = terms or Terms()
        self._clock = clock
        self._selector: selectors.BaseSelector | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: socket.socket
        self._decoder: frames.Decoder
        self._ready: Any = None  #: What it said when it had begun.
        self._wrong: str | None = None  #: Why the process is of no more use.
        self._since = 0.0
        self._again_at = 0.0
        self._number = 0
        self._lines = (0, 0)  #: The second, and the lines of it.
        self._gone: list[subprocess.Popen[bytes]] = []

    @property
    def ready(self) -> bool:
        """Whether it can be asked now."""
        return self._ready is not None and self._wrong is None

    # Calls.

    def ask(self, message: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The call's number and what the process answers; raises what became of it otherwise."""
        if not self.ready:
            raise Away(f"The process of {self.name} is being started.")
        self._number = number = self._number + 1
        try:
            answer = self._asked(number, {"call": number, **message})
        except TimeoutError:
            self._end(f"a call took longer than {self.answer_s * 1000:.0f} ms")
            raise Overrun(self._wrong or "") from None
        except (OSError, LessorError) as error:
            self._end(f"it died, or said what is no message: {error}")
            raise Died(self._wrong or "") from None
        if "raised" in answer:
            raise Raised(f"In its process:\n{answer['raised']}")
        return number, answer

    def nonsense(self, error: Exception) -> NoReturn:
        """What it answered is no answer: it is ended, too."""
        self._end(f"it said what is no answer: {error!r:.80}")
        raise Died(self._wrong or "") from None

    def _asked(self, number: int, message: dict[str, Any]) -> dict[str, Any]:
        until = self._clock() + self.answer_s
        self._pipe.settimeout(self.answer_s)
        self._pipe.sendall(frames.encode(message))
        while True:
            left = until - self._clock()
            if left <= 0:
                raise TimeoutError
            self._pipe.settimeout(left)
            data = self._pipe.recv(_READ_MAX)
            if not data:
                raise Died("it ended")
            answer = None
            for said in self._decoder.feed(data):
                if said.get("said") == number:
                    answer = said
                else:
                    self._heard(said)
            if answer is not None:
                return answer

    # The loop's side.

    def register(self, selector: selectors.BaseSelector) -> None:
        """Have the loop's selector watch the pipe; ``key.data`` is this one."""
        self._selector = selector
        if self._process is not None:
            selector.register(self._pipe, selectors.EVENT_READ, self)

    def handle(self, key: selectors.SelectorKey, mask: int) -> None:
        """Hear what it says unasked: that it is ready, lines for the log, and whatever else it may say."""
        if self._process is None or key.fileobj is not self._pipe:
            return
        self._pipe.settimeout(0.0)
        try:
            data = self._pipe.recv(_READ_MAX)
            if not data:
                raise Died("it ended")
            for said in self._decoder.feed(data):
                self._heard(said)
        except BlockingIOError:
            return
        except (OSError, LessorError) as error:
            self._end(self._wrong or str(error))

    def watch(self) -> float:
        """Once in a while: end what is of no use, reap, begin again.  In how many seconds to look again."""
        self._gone = [process for process in self._gone if process.poll() is None]
        now = self._clock()
        if self._process is None:
            if now >= self._again_at:
                self._start()
        elif self._wrong is not None:
            self._end(self._wrong)
        elif self._ready is None and now - self._since > BEGIN_S:
            self._end(f"it had not begun within {BEGIN_S:g} s")
        return 0.1 if self._ready is None or self._gone else 1.0

    def close(self) -> None:
        """The loop ends."""
        self._selector = None

    # Its life.

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            self._process = start(
                [self._kind, str(theirs.fileno()), str(log.getEffectiveLevel()), *self._arguments],
                self._place, (theirs.fileno(),), self._terms, None,
            )  # fmt: skip
        finally:
            theirs.close()
        self._pipe, self._decoder = ours, frames.Decoder()
        self._ready = self._wrong = None
        self._since = self._clock()
        self.started += 1
        if self._selector is not None:
            self._selector.register(ours, selectors.EVENT_READ, self)

    def _wait(self, begun: Callable[[], bool], limit_s: float) -> None:
        """Hear it until it has come so far; ``Died`` with why it cannot, ``TimeoutError`` where it takes longer."""
        until = self._clock() + limit_s
        while not begun():
            self._pipe.settimeout(max(0.01, until - self._clock()))
            data = b""
            try:
                data = self._pipe.recv(_READ_MAX)
                for said in self._decoder.feed(data):
                    self._heard(said)
            except TimeoutError:
                raise
            except (OSError, frames.BrokenPipeProtocol) as error:
                self._wrong = str(error)
            if self._wrong is not None:
                raise Died(self._wrong)
            if not data:
                raise Died("")
            if self._clock() > until and not begun():
                raise TimeoutError

    def _heard(self, said: dict[str, Any]) -> None:
        if "ready" in said:
            self._begun(said["ready"])
            self._ready = said["ready"]
        elif "failed" in said:
            self._wrong = str(said["failed"])
        elif "log" in said:
            self._log(said["log"])
        else:
            self._said(said)

    def _begun(self, told: Any) -> None:
        """It is ready; ``Died`` where what it tells makes it of no use."""

    def _said(self, said: dict[str, Any]) -> None:
        """It said something else."""

    def _log(self, line: list[Any]) -> None:
        second = int(self._clock())
        self._lines = (second, self._lines[1] + 1 if self._lines[0] == second else 1)
        if self._lines[1] <= _LINES_MAX:
            try:
                unpacked(line, f"{self._kind.removeprefix('--')}.{self.name}")
            except (TypeError, ValueError):
                raise Died("it broke the pipe's protocol with a log line that is none") from None

    def _rest(self) -> Iterator[dict[str, Any]]:
        while data := self._pipe.recv(_READ_MAX):
            yield from self._decoder.feed(data)

    def _end(self, why: str) -> None:
        """The process is of no more use; ``watch`` does what an exception in the midst of this left undone."""
        self._wrong = why
        now = self._clock()
        self.failures = 1 if now - self._since > _SOUND_S else self.failures + 1
        self._again_at = now + _PAUSES[min(self.failures, len(_PAUSES)) - 1]
        self._clean_up()
        self.soon()
        log.error("%s: the process of %s was ended: %s; another one is started.", self.ended, self.name, why)

    def stop(self) -> None:
        """End the process, and wait for it and those before it: they were killed, it is a moment."""
        self._clean_up()
        for process in self._gone:
            process.wait()
        self._gone = []

    def _clean_up(self) -> None:
        process = self._process
        if process is None:
            return
        process.kill()
        if self._selector is not None:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(self._pipe)
        self._pipe.close()
        self._gone.append(process)
        self._process = self._ready = None
