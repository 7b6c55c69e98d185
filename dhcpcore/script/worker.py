"""The engine's end of one process that is called, and of those that follow it when it ends.

Calls of one batch go as one message, and nobody waits for their answers: each is told when it is there.  The process
takes one call after the other; when it takes too long, dies or says what is no message, it is ended, the call that it
was at ends with it, and the others are made in the next process.
"""

from __future__ import annotations

import contextlib
import logging
import select
import selectors
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from dhcpcore.errors import LessorError
from dhcpcore.hooks.awaited import Call
from dhcpcore.hooks.registry import Away, Overrun
from dhcpcore.script import frames
from dhcpcore.script.lines import unpacked
from dhcpcore.script.pending import Pending
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
#: A pause that is no longer is waited for, as a start is.
_WAIT_S = 2.0


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
        self.pending = Pending()
        self._out = bytearray()  #: What it has had no room for.
        self._ended = False  #: Whether no other process follows.
        self._lines = (0, 0)  #: The second, and the lines of it.
        self._gone: list[subprocess.Popen[bytes]] = []

    @property
    def is_gone(self) -> bool:
        """Whether it was stopped, and all of its processes are reaped."""
        return self._ended and not self._gone

    @property
    def ready(self) -> bool:
        """Whether it can be asked now."""
        return self._ready is not None and self._wrong is None

    # Calls.

    def put(self, call: Call) -> None:
        """Have it made with the others of this batch; it is told, once, what became of it: ``Away`` at once where the
        process is away for longer than a start takes.
        """
        now = self._clock()
        if self._ended or (self._process is None and self._again_at > now + _WAIT_S):
            call.end(None, Away(self._being_started))
            return
        if not self.pending.keeps_up(now):
            call.end(None, Away(f"The process of {self.name} does not keep up."))
            return
        self.pending.put(call, now)
        if len(self.pending) == 1:
            self.soon()

    @property
    def _being_started(self) -> str:
        return f"The process of {self.name} is being started."

    def flush(self) -> None:
        """A batch has ended: one message for all that was put."""
        if not self.pending.untold or not self.ready:
            return
        calls = self.pending.tell(self._clock())
        try:
            self._send({"calls": calls})
        except frames.BrokenPipeProtocol:  # They are too long for one.
            for call in calls:
                self._send_alone(call)

    def _send_alone(self, call: dict[str, Any]) -> None:
        try:
            self._send({"calls": [call]})
        except frames.BrokenPipeProtocol as error:
            self.pending.fail((call["call"],), str(error))

    def ask(self, message: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Call and wait: the call's number and what the process answers; raises what became of it otherwise."""
        if not self.ready:
            raise Away(self._being_started)
        call = Call(message, None, lambda _: None)
        self.put(call)
        self.flush()
        until = self._clock() + self.answer_s
        while not call.is_over and self.ready:
            left = until - self._clock()
            if left > 0:
                self._turn(left)
            else:
                self._end(f"a call took longer than {self.answer_s * 1000:.0f} ms", Overrun())
        self.pending.drop(call, self._being_started)  # It was behind one that the process has ended of.
        if call.fault is not None:
            raise call.fault
        assert call.answer is not None
        return call.number, call.answer

    def nonsense(self, error: Exception) -> NoReturn:
        """What it answered is no answer: it is ended, too."""
        why = f"it said what is no answer: {error!r:.80}"
        self._end(why)
        raise Died(why) from None

    def _said_of_call(self, number: Any, said: dict[str, Any]) -> None:
        call = self.pending.over(number, self._clock())
        if call is None:
            return
        if "raised" in said:
            call.end(None, Raised(f"In its process:\n{said['raised']}"))
        else:
            call.end(said)

    def _send(self, message: dict[str, Any]) -> None:
        self._out += frames.encode(message)
        self._write()

    def _write(self) -> None:
        """As much as there is room for."""
        try:
            while self._out:
                del self._out[: self._pipe.send(self._out)]
        except BlockingIOError:
            pass
        except OSError:
            return  # It is gone: the other direction says so.
        if self._selector is not None:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.modify(self._pipe, self._wanted, self)

    @property
    def _wanted(self) -> int:
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self._out else 0)

    def _turn(self, seconds: float) -> None:
        """Where there is no loop: wait until it says something, or takes something, for so long at most."""
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN | (select.POLLOUT if self._out else 0))
        for _, mask in poll.poll(max(1.0, seconds * 1000)):
            if mask & ~select.POLLOUT:
                self._read()
            elif mask & select.POLLOUT:
                self._write()

    # The loop's side.

    def register(self, selector: selectors.BaseSelector) -> None:
        """Have the loop's selector watch the pipe; ``key.data`` is this one."""
        self._selector = selector
        if self._process is not None:
            selector.register(self._pipe, self._wanted, self)

    def handle(self, key: selectors.SelectorKey, mask: int) -> None:
        """Hear what it says, and send what waits."""
        if self._process is None or key.fileobj is not self._pipe:
            return
        process = self._process
        if mask & selectors.EVENT_READ:
            self._read()
        if mask & selectors.EVENT_WRITE and self._process is process:
            self._write()

    def _read(self) -> bool:
        """What is there; whether there was anything, and the process goes on."""
        process = self._process
        try:
            data = self._pipe.recv(_READ_MAX)
            if not data:
                raise Died("it ended")
            for said in self._decoder.feed(data):
                self._heard(said)
                if self._process is not process:
                    return False
        except BlockingIOError:
            return False
        except (OSError, LessorError) as error:
            died = self._wrong or f"it died, or said what is no message: {error}"
            self._end(died, Died(died))
            return False
        self.flush()
        return True

    def watch(self) -> float:
        """Once in a while: end what is of no use, reap, begin again.  In how many seconds to look again."""
        self._gone = [process for process in self._gone if process.poll() is None]
        now = self._clock()
        if self._ended:
            return 0.1 if self._gone else 1.0
        if self._process is None:
            if now >= self._again_at:
                self._start()
        elif self._wrong is not None:
            self._end(self._wrong)
        elif self._ready is None:
            self._judge_beginning(now)
        else:
            self.flush()
            self._judge(now)
        self.pending.outdate(now, f"The process of {self.name} does not begin.")
        if self.ready and self.pending.is_busy:
            return max(0.001, self.pending.since + self.answer_s - self._clock())
        return 0.1 if self._ready is None or self._gone else 1.0

    def _judge_beginning(self, now: float) -> None:
        if now - self._since > BEGIN_S:
            self._end(f"it had not begun within {BEGIN_S:g} s")

    def _judge(self, now: float) -> None:
        """Whether the call that it is at takes too long; an answer that nobody has read yet was in time."""
        pending = self.pending
        if not pending.is_busy or now - pending.since <= self.answer_s:
            return
        process, since = self._process, pending.since
        while self._process is process and self._read():
            pass
        if self._process is process and pending.since == since and pending.is_busy:
            self._end(f"a call took longer than {self.answer_s * 1000:.0f} ms", Overrun())

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
        ours.setblocking(False)
        self._pipe, self._decoder, self._out = ours, frames.Decoder(), bytearray()
        self._ready = self._wrong = None
        self._since = self._clock()
        self.started += 1
        if self._selector is not None:
            self._selector.register(ours, self._wanted, self)

    def _wait(self, begun: Callable[[], bool], limit_s: float) -> None:
        """Hear it until it has come so far; ``Died`` with why it cannot, ``TimeoutError`` where it takes longer."""
        until = self._clock() + limit_s
        while not begun():
            left = until - self._clock()
            if left <= 0:
                raise TimeoutError
            poll = select.poll()
            poll.register(self._pipe, select.POLLIN | (select.POLLOUT if self._out else 0))
            for _, mask in poll.poll(max(1.0, left * 1000)):
                if mask & ~select.POLLOUT:
                    self._hear_beginning()
                else:
                    self._write()

    def _hear_beginning(self) -> None:
        data = b""
        try:
            data = self._pipe.recv(_READ_MAX)
            for said in self._decoder.feed(data):
                self._heard(said)
        except BlockingIOError:
            return
        except (OSError, frames.BrokenPipeProtocol) as error:
            self._wrong = str(error)
        if self._wrong is not None or not data:
            raise Died(self._wrong or "")

    def _heard(self, said: dict[str, Any]) -> None:
        if "ready" in said:
            self._begun(said["ready"])
            self._ready = said["ready"]
        elif "failed" in said:
            self._wrong = str(said["failed"])
        elif "said" in said:
            self._said_of_call(said["said"], said)
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

    def _end(self, why: str, fault: BaseException | None = None) -> None:
        """The process is of no more use.  ``fault``: what has become of the call that it was at, and of no other."""
        self._wrong = why
        now = self._clock()
        self.failures = 1 if now - self._since > _SOUND_S else self.failures + 1
        pause = _PAUSES[min(self.failures, len(_PAUSES)) - 1]
        self._again_at = now + pause
        culprit = self.pending.begin_anew(now, is_culprit=fault is not None)
        self._clean_up()
        self.soon()
        log.error("%s: the process of %s was ended: %s; another one is started.", self.ended, self.name, why)
        if culprit is not None:
            culprit.end(None, fault)
        if pause > _WAIT_S:
            self.pending.give_up(self._being_started)

    def stop(self, *, waits: bool = True) -> None:
        """End the process.  ``waits``: for a moment, or more where it had much memory; else ``watch`` reaps it."""
        self._ended = True
        self._clean_up()
        if waits:
            for process in self._gone:
                process.wait()
            self._gone = []
        self.pending.give_up(self._being_started)

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
