"""The engine's end of the script host: questions out, answers in, and a new host for one that hangs or dies.

The loop watches the pipe; nothing here waits.  Each question has its answer, if only that there is none: one whose hook
overruns ends so, and the host goes on with the others; those that it was at when it died end so, and the others are
asked again of the next host, which stands by.
"""

from __future__ import annotations

import logging
import selectors
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dhcpcore.errors import SettingsError
from dhcpcore.pipeline.questions import Question, Said, Word
from dhcpcore.script import built_in, frames, judgement, translate
from dhcpcore.script.blame import Blame
from dhcpcore.script.calls import Calls, Then
from dhcpcore.script.figures import Asked, Figures
from dhcpcore.script.kept import Kept
from dhcpcore.script.lines import Lines
from dhcpcore.script.parameters import Loaded
from dhcpcore.script.process import Process, Terms
from dhcpcore.script.progress import Doing, State
from dhcpcore.script.restarts import Restarts
from dhcpcore.script.running import Running

log = logging.getLogger(__name__)

#: Seconds that each kind of work may take; a client asks again after 4 s, and nobody waits for a dashboard.
BUDGETS: Mapping[Doing, float] = {
    Doing.BEGINNING: 60.0, Doing.HOOK: 2.0, Doing.TICK: 3.0, Doing.STATISTICS: 1.0, Doing.WEB: 3.0,
    Doing.REINITIALISING: 30.0,
}  # fmt: skip
#: An answer to a question that is older comes too late for its client.  RFC 2131 4.1.
AGE_S_MAX = 4.0
#: Seconds that a host has run before another one stands by: its start is work, and who starts has enough of that.
_SPARE_AFTER_S = 2.0
#: Octets that wait to be sent; beyond it, statistics are left out.
_UNSENT_MAX = 8 * 1024 * 1024
_READ_MAX = 256 * 1024
_ALONE_S = 0.25  #: A suspect that has not ended its host by then is slow; the others are not to wait for it.
_CALLED = frozenset((Doing.WEB, Doing.REINITIALISING))


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
        self._running: Running | None = None
        self._spare: Process | None = None
        self._kept = Kept()
        self._blame = Blame()
        self._gone: list[Process] = []
        self._selector: selectors.BaseSelector | None = None
        self._asked: OrderedDict[int, Asked] = OrderedDict()
        self._calls = Calls()
        self._restarts = Restarts()
        self._suspects: deque[int] = deque()  #: One of them ends hosts: they are asked one at a time.
        self._alone: int | None = None  #: The one that is under way.
        self._again_at: float | None = None
        self._lines = Lines(clock)
        self._closed = False

    # The loop's side.

    def register(self, selector: selectors.BaseSelector) -> None:
        """Have the loop's selector watch the pipe; ``key.data`` is this host."""
        self._selector = selector
        if self._running is not None:
            self._running.watch(selector)

    def handle(self, key: selectors.SelectorKey, mask: int) -> None:
        """Read what is there, and send what waits."""
        running = self._running
        if running is None:
            return
        if key.fileobj is running.process.output:
            running.hear_output(self._lines)
        elif mask & selectors.EVENT_READ:
            self._read(running)
        if self._running is running and mask & selectors.EVENT_WRITE:
            running.write()

    def watch(self) -> float:
        """Once in a while: look at budgets, begin again, reap.  In how many seconds to look again."""
        now = self._clock()
        self._gone = [process for process in self._gone if not process.ended()]
        running = self._running
        if running is None:
            if self._again_at is not None and now >= self._again_at:
                self.start()
        elif running.process.ended():
            self._hear_out(running)
        else:
            self._judge(running, now)
            if self._alone is not None and now - running.alone_since > _ALONE_S:
                self._next_suspect(running)
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
            running.forget()
            self._dismiss(running.process)
        if self._spare is not None:
            self._dismiss(self._spare)
        for process in self._gone:
            while not process.ended():
                time.sleep(0.001)
        self._kept.close()
        self._calls.fail("The engine stops.")
        self._kept.fail("The engine stops.")

    # What the engine wants.

    def start(self, kept: int | None = None) -> None:
        """Start a host; what waits for an answer is asked of it.  ``kept``: what it begins from instead of files."""
        self._again_at = None
        process, self._spare = self._spare, None
        if process is not None and (kept is not None or process.ended()):
            self._dismiss(process)
            process = None
        if process is None:
            process = self._process(kept)
        running = Running(process, self._clock(), self)
        process.progress.write(Doing.BEGINNING, 0, running.since)
        self._running = running
        self.figures.started += 1
        if self._selector is not None:
            running.watch(self._selector)
        running.send({"begin": [(int(doing), seconds) for doing, seconds in self._budgets.items()]})

    def _process(self, kept: int | None = None) -> Process:
        return Process(self.path, log.getEffectiveLevel(), self._terms, kept)

    def _dismiss(self, process: Process) -> None:
        process.kill()
        process.close()
        self._gone.append(process)

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
        admitted = []
        for question in questions:
            if self._blame.is_out(question, now):
                self._said(Said(question.number, Word.AWAY))
            else:
                self._asked[question.number] = Asked(question, now)
                admitted.append(question)
        self.figures.asked += len(admitted)
        if admitted and running is not None and running.ready:
            running.send({"questions": [translate.to_pipe(question) for question in admitted]})

    def count(self, rows: list[list[Any]]) -> None:
        """Tell it of packets; left out where it does not keep up."""
        running = self._running
        if rows and running is not None and running.ready and running.waiting < _UNSENT_MAX:
            running.send({"statistics": rows})

    def call(self, name: str, arguments: Mapping[str, Any], then: Then) -> None:
        """Call something in the host; ``then`` is told the result, or why there is none."""
        running = self._running
        if running is None or not running.ready:
            then(None, f"The script does not run: {self.failure or 'it is just beginning'}.")
            return
        if name == "reinitialise" and running.process.is_kept:
            self._kept.wait(then)
            self._leave(running)
            self._calls.fail("The script begins anew.")
            self.start()
            return
        self._calls.add(name, arguments, then,
                        self._clock() + self._budgets[built_in.doing(name, arguments)] + self._age_s)
        self._call_next(running)

    def _call_next(self, running: Running) -> None:
        while (message := self._calls.take()) is not None:
            try:
                running.send(message)
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
            "kept": self._kept.because,
            "waiting": len(self._asked),
            **self.figures.as_document(),
            "lines_dropped": self._lines.left_out,
        }

    # The pipe.

    def _hear_out(self, running: Running) -> None:
        """It has ended: its last words, which may say why, still wait in the pipe."""
        while self._running is running and self._read(running):
            pass
        if self._running is running:
            self._end(running, Word.FAILED, f"ended {running.process.how()}")

    def _read(self, running: Running) -> bool:
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
            self._end(running, Word.FAILED, f"broke the pipe's protocol: {error}", is_clear=False)
        return True

    def _take(self, running: Running, message: dict[str, Any]) -> None:
        if "answers" in message:
            for answer in message["answers"]:
                self._take_answer(answer)
        elif "log" in message:
            self._lines.logged(message["log"])
        elif "dropped" in message:
            self._lines.drop(int(message["dropped"]))
        elif "called" in message:
            self._take_called(running, message)
        elif "ready" in message:
            running.ready = True
            self.failure = None
            self._kept.begun(running.process, is_written=bool(message.get("kept")))
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

    def _ask_again(self, running: Running) -> None:
        """What waits: all of it but the suspects, and of those the first."""
        suspects = set(self._suspects)
        waiting = [asked.question for number, asked in self._asked.items() if number not in suspects]
        if waiting:
            running.send({"questions": [translate.to_pipe(question) for question in waiting]})
        self._next_suspect(running)

    def _next_suspect(self, running: Running) -> None:
        self._alone = None
        while self._suspects and self._alone is None:
            asked = self._asked.get(self._suspects.popleft())
            if asked is not None:
                self._alone, running.alone_since = asked.question.number, self._clock()
                running.send({"questions": [translate.to_pipe(asked.question)]})

    def _take_answer(self, answer: Any) -> None:
        said, wrong = translate.from_pipe(answer)
        known = self._asked.pop(said.number, None)
        if said.number == self._alone and self._running is not None:
            self._next_suspect(self._running)
        if known is None:
            return  # It was too old already.
        if wrong is not None:
            log.critical("SCRIPT-FAILED: the script gave what cannot be given: %s.", wrong)
        if said.word == Word.OVERRUN:
            self._overran(known.question)
        elif said.word == Word.FAILED:
            self.figures.failed += 1
        else:
            self._blame.acquit(known.question)
        self._said(said)

    def _take_called(self, running: Running, message: dict[str, Any]) -> None:
        number, error = message["called"], message.get("error")
        self._calls.told(number, message.get("result"), None if error is None else str(error))
        if message.get("unusable"):
            self._end(running, Word.FAILED, str(error))
        else:
            self._call_next(running)

    def _judge(self, running: Running, now: float) -> None:
        """Calls that take too long: each ends for who waits for it, and the host where it cannot go on beside them."""
        late, is_lost = judgement.late(running.process.progress, self._budgets, now)
        if not late:
            running.late.clear()
            if running.ready and self._spare is None and now - running.since > _SPARE_AFTER_S:
                self._spare = self._process()
        elif is_lost:
            doing = late[0].doing
            self._end(running, Word.OVERRUN, f"took over {self._budgets[doing]:g} s of {doing.name.lower()}")
        else:
            for state in set(late) - running.late:
                self._give_up(running, state)
            running.late = set(late)

    def _give_up(self, running: Running, state: State) -> None:
        """Nobody waits for this call any more; another thread of the host goes on without it."""
        doing, number = state.doing, state.number
        why = f"took over {self._budgets[doing]:g} s of {doing.name.lower()}"
        if doing == Doing.HOOK:
            asked = self._asked.pop(number, None)
            if asked is not None:
                self._overran(asked.question)
                self._said(Said(number, Word.OVERRUN))
            if number == self._alone:
                self._next_suspect(running)
            return
        self.figures.overruns += 1
        log.critical("SCRIPT-OVERRUN: the script %s; the host goes on without it.", why)
        if doing in _CALLED:
            self._calls.told(number, None, f"The script {why}.")
            self._call_next(running)

    def _overran(self, question: Question) -> None:
        self.figures.overruns += 1
        self._blame.charge(question, self._clock())
        log.critical(
            "SCRIPT-OVERRUN: a hook took over %g s of a %s of %s, which is not answered.",
            self._budgets[Doing.HOOK], question.method, question.data[28:34].hex(":"),
        )  # fmt: skip

    def _end(self, running: Running, word: Word, why: str, *, is_clear: bool = True) -> None:
        """The host is of no more use: kill it, say what it was at, and have another one started.

        ``is_clear``: what it is at is what it ended of.
        """
        if not running.ready and self._kept.helps(running.process):
            self._leave(running)
            self.failure = why
            self._kept.go_back(why)
            self.start(self._kept.descriptor)
            return
        busy = running.process.progress.busy()
        culprits = {state.number for state in busy if state.doing == Doing.HOOK and is_clear}
        if self._alone is not None:
            culprits = culprits or {self._alone}
        self._leave(running)
        if word == Word.OVERRUN:
            self.figures.overruns += 1
        else:
            self.figures.deaths += 1
        self.failure = why
        now = self._clock()
        ended = [asked for number in culprits if (asked := self._asked.pop(number, None)) is not None]
        pause = self._restarts.pause(now - running.since)
        if ended:
            self._restarts.clients(sum(self._blame.charge(asked.question, now) for asked in ended))
        elif self._asked:
            self._suspects = deque(self._asked)  # The next one finds out.
            self._restarts.clients(1)
        else:
            self._restarts.script()
        self._again_at = now + pause
        log.critical(
            "SCRIPT-%s: the script host %s while it was at %s; it begins again %s.",
            word.name, why, ", ".join(sorted({state.doing.name.lower() for state in busy})) or "nothing",
            "at once" if not pause else f"in {pause:g} s",
        )  # fmt: skip
        for asked in ended:
            self.figures.failed += 1
            self._said(Said(asked.question.number, word))
        if pause:
            for waiting in list(self._asked):
                del self._asked[waiting]
                self._said(Said(waiting, Word.AWAY))
        self._calls.fail(f"The script host {why}.")
        self._kept.fail(f"The script host {why}.")
        if not pause:
            self.start()

    def _leave(self, running: Running) -> None:
        self._running = self._alone = None
        running.forget()
        self._dismiss(running.process)
        self.listening = False

    def _outdate(self, now: float) -> None:
        """Who has waited for too long does not wait any more."""
        while self._asked:
            number, asked = next(iter(self._asked.items()))
            if now - asked.at <= self._age_s:
                break
            del self._asked[number]
            self._said(Said(number, Word.OVERRUN))
        self._calls.outdate(now)
