"""The engine's end of the script host: questions out, answers in, and a new host for one that hangs or dies.

The loop watches the pipe; nothing here waits.  Each question has its answer, if only that there is none: the one that
the host was at when it overran or died ends so, and the others are asked again of the next host.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dhcpcore.errors import SettingsError
from dhcpcore.pipeline.questions import Question, Said, Word
from dhcpcore.script import built_in, frames, translate
from dhcpcore.script.calls import Calls, Then
from dhcpcore.script.parameters import Loaded
from dhcpcore.script.process import Process, Terms
from dhcpcore.script.progress import Doing, Progress

log = logging.getLogger(__name__)

#: Seconds that each kind of work may take; a client asks again after 4 s, and nobody waits for a dashboard.
BUDGETS: Mapping[Doing, float] = {
    Doing.BEGINNING: 60.0, Doing.HOOK: 2.0, Doing.TICK: 3.0, Doing.STATISTICS: 1.0, Doing.WEB: 3.0,
    Doing.REINITIALISING: 30.0,
}  # fmt: skip
#: An answer to a question that is older comes too late for its client.  RFC 2131 4.1.
AGE_S_MAX = 4.0
#: Seconds before a host that failed soon after its beginning is started again.
_PAUSES = (0.0, 1.0, 2.0, 5.0, 15.0, 30.0)
#: A host that has lived so long begins with a clean slate.
_SOUND_S = 10.0
#: Octets that wait to be sent; beyond it, statistics are left out.
_UNSENT_MAX = 8 * 1024 * 1024
_READ_MAX = 256 * 1024
#: Lines a second that a script may log or print; the others are counted.
_LINES_MAX = 200


@dataclass(slots=True)
class Asked:
    """A question under way."""

    question: Question
    at: float


@dataclass(slots=True)
class Figures:
    """What became of the host so far."""

    started: int = 0
    overruns: int = 0
    deaths: int = 0
    asked: int = 0
    failed: int = 0
    lines_dropped: int = 0


@dataclass(slots=True)
class _Lines:
    """How many lines came in this second."""

    second: int = 0
    count: int = 0
    dropped: int = 0


@dataclass(slots=True)
class _Running:
    process: Process
    decoder: frames.Decoder = field(default_factory=frames.Decoder)
    unsent: bytearray = field(default_factory=bytearray)
    ready: bool = False
    since: float = 0.0
    partial: bytes = b""


class Host:
    """The host of one script, and those that follow it."""

    def __init__(
        self, path: Path, said: Callable[[Said], None], terms: Terms | None = None,
        budgets: Mapping[Doing, float] = BUDGETS, age_s: float = AGE_S_MAX,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """``said`` is told each answer, at the latest when its question is ``age_s`` old."""
        self.path = path
        self.listening = False  #: Whether it wants to hear of every packet.
        self.figures = Figures()
        self.failure: str | None = None  #: Why it does not run.
        self.loaded: Loaded | None = None  #: What the script said when it last began.
        self.registry: dict[str, Any] = {}  #: What it registered when it last told; known while it is away, too.
        self._said = said
        self._terms = terms or Terms()
        self._budgets = budgets
        self._age_s = age_s
        self._clock = clock
        self._progress = Progress()
        self._running: _Running | None = None
        self._gone: list[Process] = []
        self._selector: selectors.BaseSelector | None = None
        self._asked: OrderedDict[int, Asked] = OrderedDict()
        self._calls = Calls()
        self._failures = 0
        self._careful = False  #: One question at a time, as one of them ends hosts and it is not known which.
        self._alone: int | None = None  #: The one that is under way.
        self._again_at: float | None = None
        self._lines = _Lines()
        self._closed = False

    # The loop's side.

    def register(self, selector: selectors.BaseSelector) -> None:
        """Have the loop's selector watch the pipe; ``key.data`` is this host."""
        self._selector = selector
        if self._running is not None:
            self._watch_pipes(self._running)

    def handle(self, key: selectors.SelectorKey, mask: int) -> None:
        """Read what is there, and send what waits."""
        running = self._running
        if running is None:
            return
        if key.fileobj is running.process.output:
            self._hear_output(running)
            return
        if mask & selectors.EVENT_READ:
            self._read(running)
        if self._running is running and mask & selectors.EVENT_WRITE:
            self._write(running)

    def watch(self) -> float:
        """Once in a while: look at budgets, begin again, reap.  In how many seconds to look again."""
        now = self._clock()
        self._gone = [process for process in self._gone if not process.ended()]
        running = self._running
        if running is None:
            if self._again_at is not None and now >= self._again_at:
                self.start()
        else:
            doing, _, since = self._progress.read()
            if doing != Doing.NOTHING and now - since > self._budgets[doing]:
                self._end(running, Word.OVERRUN, f"took over {self._budgets[doing]:g} s of {doing.name.lower()}")
            elif running.process.ended():
                self._hear_out(running)
        self._outdate(now)
        return 0.1 if self._asked or self._calls or self._running is None else 0.5

    def close(self) -> None:
        """End the host; no other one follows."""
        if self._closed:
            return
        self._closed = True
        running, self._running = self._running, None
        self._again_at = None
        if running is not None:
            self._forget_pipes(running)
            running.process.kill()
            self._gone.append(running.process)
            running.process.close()
        for process in self._gone:
            while not process.ended():
                time.sleep(0.001)
        self._calls.fail("The engine stops.")
        self._progress.close()

    # What the engine wants.

    def start(self) -> None:
        """Start a host; what waits for an answer is asked of it."""
        self._again_at = None
        self._progress.write(Doing.BEGINNING, 0, self._clock())
        running = _Running(Process(self.path, self._progress, log.getEffectiveLevel(), self._terms))
        running.since = self._clock()
        self._running = running
        self.figures.started += 1
        if self._selector is not None:
            self._watch_pipes(running)

    def begin(self) -> None:
        """Start the first host, and wait until the script's ``init`` has run; ``SettingsError`` where it fails.

        Before the loop watches it.
        """
        assert self._selector is None
        self.start()
        running = self._running
        assert running is not None
        with selectors.DefaultSelector() as selector:
            selector.register(running.process.pipe, selectors.EVENT_READ, self)
            selector.register(running.process.output, selectors.EVENT_READ, self)
            while not self._settled():
                for key, _ in selector.select(0.1):
                    self.handle(key, selectors.EVENT_READ)
                if not self._settled():
                    self.watch()
        if self.failure is not None:
            self.close()
            raise SettingsError(f"script: {self.failure}")

    def _settled(self) -> bool:
        return self.failure is not None or (self._running is not None and self._running.ready)

    def ask(self, questions: Sequence[Question]) -> None:
        """One message for all of them."""
        if not questions:
            return
        running = self._running
        if running is None and (self._again_at is None or self._again_at > self._clock()):
            for question in questions:
                self._said(Said(question.number, Word.AWAY))
            return
        now = self._clock()
        for question in questions:
            self._asked[question.number] = Asked(question, now)
        self.figures.asked += len(questions)
        if running is not None and running.ready and not self._careful:
            self._send(running, {"questions": [translate.to_pipe(question) for question in questions]})

    def count(self, rows: list[list[Any]]) -> None:
        """Tell it of packets; left out where it does not keep up."""
        running = self._running
        if rows and running is not None and running.ready and len(running.unsent) < _UNSENT_MAX:
            self._send(running, {"statistics": rows})

    def call(self, name: str, arguments: Mapping[str, Any], then: Then) -> None:
        """Call something in the host; ``then`` is told the result, or why there is none."""
        running = self._running
        if running is None or not running.ready:
            then(None, f"The script does not run: {self.failure or 'it is just beginning'}.")
            return
        self._calls.add(name, arguments, then,
                        self._clock() + self._budgets[built_in.doing(name, arguments)] + self._age_s)
        self._call_next(running)

    def _call_next(self, running: _Running) -> None:
        while (message := self._calls.take()) is not None:
            try:
                self._send(running, message)
            except frames.BrokenPipeProtocol as error:
                self._calls.told(message["number"], None, str(error))

    def reinitialise(self) -> None:
        """Have the script's reinitialisation handlers run; the log says how it went."""
        self.call("reinitialise", {}, self._reinitialised)

    def _reinitialised(self, result: Any, error: str | None) -> None:
        if error is None:
            log.info("The script %s was reinitialised.", self.path.name)

    @property
    def state(self) -> dict[str, Any]:
        """What a person asks first."""
        running = self._running
        return {
            "path": str(self.path),
            "running": running is not None and running.ready,
            "pid": None if running is None else running.process.pid,
            "failure": self.failure,
            "waiting": len(self._asked),
            "started": self.figures.started,
            "overruns": self.figures.overruns,
            "deaths": self.figures.deaths,
            "questions": self.figures.asked,
            "failed": self.figures.failed,
            "lines_dropped": self.figures.lines_dropped,
        }

    # The pipe.

    def _watch_pipes(self, running: _Running) -> None:
        assert self._selector is not None
        self._selector.register(running.process.pipe, self._wanted(running), self)
        self._selector.register(running.process.output, selectors.EVENT_READ, self)

    def _forget_pipes(self, running: _Running) -> None:
        if self._selector is not None:
            for end in (running.process.pipe, running.process.output):
                try:
                    self._selector.unregister(end)
                except (KeyError, ValueError):
                    continue

    def _wanted(self, running: _Running) -> int:
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if running.unsent else 0)

    def _send(self, running: _Running, message: dict[str, Any]) -> None:
        empty = not running.unsent
        running.unsent += frames.encode(message)
        if empty:
            self._write(running)

    def _write(self, running: _Running) -> None:
        try:
            while running.unsent:
                del running.unsent[: running.process.pipe.send(running.unsent)]
        except BlockingIOError:
            pass
        except OSError:
            return  # It is gone: the other direction says so.
        if self._selector is not None:
            with contextlib.suppress(KeyError):
                self._selector.modify(running.process.pipe, self._wanted(running), self)

    def _hear_out(self, running: _Running) -> None:
        """It has ended: its last words, which may say why, still wait in the pipe."""
        while self._running is running and self._read(running):
            pass
        if self._running is running:
            self._end(running, Word.FAILED, f"ended {running.process.how()}")

    def _read(self, running: _Running) -> bool:
        """Whether there was something."""
        try:
            data = running.process.pipe.recv(_READ_MAX)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            how = running.process.how() if running.process.ended() else "or closed its pipe"
            running.process.kill()  # Nothing can be said to it any more.
            self._end(running, Word.FAILED, f"ended {how}")
            return False
        try:
            for message in running.decoder.feed(data):
                self._take(running, message)
                if self._running is not running:
                    break
        except (frames.BrokenPipeProtocol, TypeError, ValueError, KeyError) as error:
            self._end(running, Word.FAILED, f"broke the pipe's protocol: {error}")
        return True

    def _take(self, running: _Running, message: dict[str, Any]) -> None:
        if "answers" in message:
            for answer in message["answers"]:
                self._take_answer(answer)
        elif "log" in message:
            level, name, text = message["log"]
            if self._admit_line():
                logging.getLogger(str(name)).log(int(level), "%s", text)
        elif "called" in message:
            self._take_called(running, message)
        elif "ready" in message:
            running.ready = True
            self.failure = None
            described = message["ready"]
            self.loaded = Loaded(dict(described["said"]), frozenset(described["hooks"]))
            self.listening = bool(message.get("listening"))
            self.registry = dict(message["registry"])
            self._ask_again(running)
        elif "registry" in message:
            self.registry = dict(message["registry"])
        elif "listening" in message:
            self.listening = bool(message["listening"])
        elif "failed" in message:
            self._end(running, Word.FAILED, str(message["failed"])[:2000])

    def _ask_again(self, running: _Running) -> None:
        """What waits: all of it, or the first."""
        self._alone = next(iter(self._asked), None) if self._careful else None
        self._careful = self._alone is not None
        waiting = list(self._asked.values())[: 1 if self._careful else None]
        if waiting:
            self._send(running, {"questions": [translate.to_pipe(asked.question) for asked in waiting]})

    def _take_answer(self, answer: Any) -> None:
        said, wrong = translate.from_pipe(answer)
        known = self._asked.pop(said.number, None)
        if said.number == self._alone and self._running is not None:
            self._ask_again(self._running)
        if known is None:
            return  # It was too old already.
        if wrong is not None:
            log.critical("SCRIPT-FAILED: the script gave what cannot be given: %s.", wrong)
        if said.word == Word.FAILED:
            self.figures.failed += 1
        self._said(said)

    def _take_called(self, running: _Running, message: dict[str, Any]) -> None:
        number, error = message["called"], message.get("error")
        self._calls.told(number, message.get("result"), None if error is None else str(error))
        if message.get("unusable"):
            self._end(running, Word.FAILED, str(error))
        else:
            self._call_next(running)

    # What it prints.

    def _hear_output(self, running: _Running) -> None:
        try:
            data = os.read(running.process.output.fileno(), _READ_MAX)
        except BlockingIOError:
            return
        if not data:
            if self._selector is not None:
                self._selector.unregister(running.process.output)
            return
        *lines, running.partial = (running.partial + data).split(b"\n")
        if len(running.partial) > 4096:
            lines.append(running.partial)
            running.partial = b""
        for line in lines:
            if self._admit_line():
                log.info("SCRIPT-OUTPUT: %s", line[:4096].decode("utf-8", "replace"))

    def _admit_line(self) -> bool:
        lines, second = self._lines, int(self._clock())
        if second != lines.second:
            if lines.dropped:
                log.warning("SCRIPT-OUTPUT: %d more lines of the script were left out.", lines.dropped)
            lines.second, lines.count, lines.dropped = second, 0, 0
        lines.count += 1
        if lines.count > _LINES_MAX:
            lines.dropped += 1
            self.figures.lines_dropped += 1
            return False
        return True

    # Its end.

    def _end(self, running: _Running, word: Word, why: str) -> None:
        """The host is of no more use: kill it, say what it was at, and have another one started."""
        doing, number, _ = self._progress.read()
        self._running = None
        self._forget_pipes(running)
        running.process.kill()
        running.process.close()
        self._gone.append(running.process)
        self.listening = False
        if word == Word.OVERRUN:
            self.figures.overruns += 1
        else:
            self.figures.deaths += 1
        self.failure = why
        now = self._clock()
        culprit = number if doing == Doing.HOOK else self._alone
        self._alone = None
        if now - running.since > _SOUND_S:
            self._failures = 0
        pause = _PAUSES[min(self._failures, len(_PAUSES) - 1)]
        if doing == Doing.NOTHING and culprit is None and self._asked and not self._careful:
            self._careful, pause = True, 0.0  # The next one finds out.
        else:
            self._failures += 1
        self._again_at = now + pause
        log.critical(
            "SCRIPT-%s: the script host %s while it was at %s; it begins again %s.",
            word.name, why, doing.name.lower(), "at once" if not pause else f"in {pause:g} s",
        )  # fmt: skip
        if culprit is not None and self._asked.pop(culprit, None) is not None:
            self.figures.failed += 1
            self._said(Said(culprit, word))
        if pause:
            for waiting in list(self._asked):
                del self._asked[waiting]
                self._said(Said(waiting, Word.AWAY))
        self._calls.fail(f"The script host {why}.")

    def _outdate(self, now: float) -> None:
        """Who has waited for too long does not wait any more."""
        while self._asked:
            number, asked = next(iter(self._asked.items()))
            if now - asked.at <= self._age_s:
                break
            del self._asked[number]
            self._said(Said(number, Word.OVERRUN))
        self._calls.outdate(now)
