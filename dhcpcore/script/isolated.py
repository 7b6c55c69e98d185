"""The engine's end of an isolated hook library: its callouts run in a process of their own, on data.

A call waits for its answer, as one in this process would; whoever takes too long, dies or says what is no message is
ended, the call's status is DROP, and another process is started.  Until that is ready, the status is DROP at once.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dhcpcore.errors import LessorError, SettingsError
from dhcpcore.hooks.handle import CalloutHandle, Status
from dhcpcore.hooks.parking import PARKED_MAX, ParkingLot
from dhcpcore.hooks.registry import Away, Function, Overrun
from dhcpcore.script import frames, isolated_data
from dhcpcore.script.lines import unpacked
from dhcpcore.script.process import Terms, start

log = logging.getLogger(__name__)

#: Seconds that a call may take, more than in the engine: it has to wait for another process's turn, too.
ANSWER_S = 0.1
#: Seconds until a library must be loaded: it imports what it likes.
BEGIN_S = 60.0
#: Seconds before a process that ended soon after its beginning is started again.
_PAUSES = (0.0, 1.0, 2.0, 5.0, 15.0, 30.0)
#: One that has lived so long begins with a clean slate.
_SOUND_S = 10.0
#: Seconds that ``unload`` may take.
_UNLOAD_S = 1.0
_READ_MAX = 256 * 1024
#: Lines a second that a library may log; the others are left out.
_LINES_MAX = 200


class Died(LessorError):
    """The process ended, or said what is no message, while it was asked."""


class Raised(LessorError):
    """The callout raised in its process; the text is its traceback there."""


class _Call:
    """One callout of the library, as the registry calls it."""

    def __init__(self, library: Isolated, number: int, name: str) -> None:
        self._library = library
        self._number = number
        self.__name__ = name
        self.budget_s = library.answer_s  #: The registry does not end it: the library does.

    def __call__(self, handle: CalloutHandle) -> int | None:
        return self._library.call(self._number, handle)


class Isolated:
    """One library and its process, and those that follow it."""

    def __init__(
        self, text: str, terms: Terms | None = None, *, answer_s: float = ANSWER_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """Start it and wait until it is loaded; ``SettingsError`` where it cannot be, or takes too long."""
        self._text = text
        self._name = Path(text.partition("=")[0]).stem
        self._terms = terms or Terms()
        self.answer_s = answer_s
        self._clock = clock
        self._selector: selectors.BaseSelector | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: socket.socket
        self._decoder: frames.Decoder
        self._ready: list[list[str]] | None = None
        self._wrong: str | None = None  #: Why the process is of no more use.
        self._since = 0.0
        self._again_at = 0.0
        self._failures = 0
        self._number = 0
        self._registered: list[list[str]] | None = None
        self._parked: dict[int, tuple[ParkingLot, Any]] = {}
        self._lines = (0, 0)  #: The second, and the lines of it.
        self._gone: list[subprocess.Popen[bytes]] = []
        self._start()
        try:
            self._registered = self._wait()
        except BaseException:
            self._clean_up()
            self._reap()
            raise
        self.callouts: list[tuple[str, Function]] = [
            (hook, _Call(self, number, name)) for number, (hook, name) in enumerate(self._registered)
        ]

    @property
    def ready(self) -> bool:
        """Whether it can be called now."""
        return self._ready is not None and self._wrong is None

    # Calls.

    def call(self, callout: int, handle: CalloutHandle) -> int | None:
        """Have the process call it, and do here what it did there; raises what became of it otherwise."""
        if not self.ready:
            raise Away(f"The process of {self._name} is being started.")
        self._number = number = self._number + 1
        arguments: dict[str, Any] = {}
        for name, value in handle.arguments.items():
            with contextlib.suppress(isolated_data.NotData):  # Of another library in this process: not for this one.
                arguments[name] = isolated_data.pack(value)
        query = handle.arguments.get("query4")
        message = {
            "call": number, "callout": callout, "status": int(handle.status), "arguments": arguments,
            "context": isolated_data.pack(handle.contexts.get(handle.library, {})),
            "references": None if handle.lot is None else handle.lot.references(query),
        }  # fmt: skip
        try:
            answer = self._asked(number, message)
        except TimeoutError:
            self._end(f"a call took longer than {self.answer_s * 1000:.0f} ms")
            raise Overrun(self._wrong or "") from None
        except (OSError, LessorError) as error:
            self._end(f"it died, or said what is no message: {error}")
            raise Died(self._wrong or "") from None
        if "raised" in answer:
            raise Raised(f"In its process:\n{answer['raised']}")
        return self._take_over(number, answer, handle, query)

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

    def _take_over(
        self, number: int, answer: dict[str, Any], handle: CalloutHandle, query: Any
    ) -> int | None:
        try:
            for name, value in answer["arguments"].items():
                isolated_data.apply(handle.arguments, name, value)
            for name in answer["gone"]:
                handle.arguments.pop(name, None)
            handle.contexts[handle.library] = isolated_data.unpack(answer["context"])
            handle.status = Status(answer["status"])
            returned, done = int(answer["returned"]), list(answer["done"])
        except (KeyError, TypeError, AttributeError) as error:
            self._end(f"it said what is no answer: {error!r:.80}")
            raise Died(self._wrong or "") from None
        if handle.lot is not None and done:
            if len(self._parked) >= PARKED_MAX:
                self._parked = {token: place for token, place in self._parked.items() if place[1] in place[0]}
            self._parked[number] = (handle.lot, query)
            self._do(number, done)
        return returned

    def _do(self, number: int, done: list[Any]) -> None:
        """What it did to a parking lot."""
        if number not in self._parked:
            return
        lot, query = self._parked[number]
        for what, force in done:
            if query not in lot:
                break
            match what:
                case "reference":
                    lot.reference(query)
                case "dereference":
                    lot.dereference(query)
                case "unpark":
                    lot.unpark(query, force=bool(force))
                case "drop":
                    lot.drop(query)
        if query not in lot:
            self._parked.pop(number, None)

    # The loop's side.

    def register(self, selector: selectors.BaseSelector) -> None:
        """Have the loop's selector watch the pipe; ``key.data`` is this library."""
        self._selector = selector
        if self._process is not None:
            selector.register(self._pipe, selectors.EVENT_READ, self)

    def handle(self, key: selectors.SelectorKey, mask: int) -> None:
        """Hear what it says unasked: that it is ready, lines for the log, what may go on."""
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
            self._end(f"it was not loaded within {BEGIN_S:g} s")
        return 0.1 if self._ready is None or self._gone else 1.0

    def close(self) -> None:
        """The loop ends; what is left is ``unload``'s."""
        self._selector = None

    def unload(self) -> None:
        """Have the library unload, and end its process."""
        if self._process is not None and self._ready is not None:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                self._pipe.settimeout(_UNLOAD_S)
                self._pipe.sendall(frames.encode({"unload": True}))
                self._process.wait(_UNLOAD_S)
                for said in self._rest():
                    self._heard(said)
        self._clean_up()
        self._reap()

    # Its life.

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            library = Path(self._text.partition("=")[0])
            self._process = start(
                ["--isolated", str(theirs.fileno()), str(log.getEffectiveLevel()), self._text],
                library.parent if library.is_absolute() else Path.cwd(), (theirs.fileno(),), self._terms, None,
            )  # fmt: skip
        finally:
            theirs.close()
        self._pipe, self._decoder = ours, frames.Decoder()
        self._ready = self._wrong = None
        self._since = self._clock()
        if self._selector is not None:
            self._selector.register(ours, selectors.EVENT_READ, self)

    def _wait(self) -> list[list[str]]:
        """Until it is loaded: its hooks, and the names of its functions there."""
        until = self._clock() + BEGIN_S
        while self._ready is None:
            self._pipe.settimeout(max(0.01, until - self._clock()))
            try:
                data = self._pipe.recv(_READ_MAX)
                for said in self._decoder.feed(data):
                    self._heard(said)
            except TimeoutError:
                raise SettingsError(f"hooks: {self._text} was not loaded within {BEGIN_S:g} s") from None
            except (OSError, frames.BrokenPipeProtocol) as error:
                self._wrong = str(error)
            if not data or self._wrong is not None:
                raise SettingsError(self._wrong or f"hooks: the process of {self._text} ended while it was loaded")
        return self._ready

    def _heard(self, said: dict[str, Any]) -> None:
        if "ready" in said:
            if self._registered not in (None, said["ready"]):
                raise Died("its hooks are others than when the engine started; the engine must be started again")
            self._ready = said["ready"]
        elif "failed" in said:
            self._wrong = str(said["failed"])
        elif "lot" in said:
            self._do(said["lot"], said.get("done") or [])
        elif "log" in said:
            self._log(said["log"])

    def _log(self, line: list[Any]) -> None:
        second = int(self._clock())
        self._lines = (second, self._lines[1] + 1 if self._lines[0] == second else 1)
        if self._lines[1] <= _LINES_MAX:
            try:
                unpacked(line, f"hooks.{self._name}")
            except (TypeError, ValueError):
                raise Died("it broke the pipe's protocol with a log line that is none") from None

    def _rest(self) -> Iterator[dict[str, Any]]:
        while data := self._pipe.recv(_READ_MAX):
            yield from self._decoder.feed(data)

    def _end(self, why: str) -> None:
        """The process is of no more use; ``watch`` does what an exception in the midst of this left undone."""
        self._wrong = why
        now = self._clock()
        self._failures = 1 if now - self._since > _SOUND_S else self._failures + 1
        self._again_at = now + _PAUSES[min(self._failures, len(_PAUSES)) - 1]
        self._clean_up()
        log.error("HOOK-PROCESS-ENDED: the process of %s was ended: %s; another one is started.", self._name, why)

    def _reap(self) -> None:
        """They were killed, or have ended: it is a moment."""
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
