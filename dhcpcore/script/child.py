"""The script host: a process without sockets and capabilities, in which the site's script lives.

Started as ``python -m dhcpcore.script PIPE PROGRESS TEXT KEPT LEVEL PATH``; the first four are descriptors: TEXT of
what it was loaded from, KEPT (-1: none) of what it is to be loaded from instead of its files.  It waits until it is
told to begin: one that stands by costs nobody the time of its start.  Hooks, ticks, statistics and web callbacks run
one after the other, as long as each is short: ``lanes`` says what becomes of the others.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import os
import resource
import select
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dhcpcore.errors import LessorError, Refused
from dhcpcore.pipeline.questions import Word
from dhcpcore.script import built_in, frames, lines, sources, web
from dhcpcore.script.compat.generic import Database
from dhcpcore.script.compat.ipv4 import IPv4
from dhcpcore.script.compat.mac import MAC
from dhcpcore.script.compat.statistics import Address, Statistics
from dhcpcore.script.hooks import Hooks
from dhcpcore.script.lanes import Lanes, Overrun
from dhcpcore.script.loader import Site
from dhcpcore.script.progress import Doing, Progress

log = logging.getLogger("script")

#: Answers are sent together, but none waits longer than this for the others of its batch.
_FLUSH_S = 0.005
_READ_MAX = 1024 * 1024
#: Address space of the host: a script that leaks ends in MemoryError, in its own process.
MEMORY_MAX = 2 * 1024**3
#: Lines a second that go to the engine, which writes some less: the others are only counted.
_LINES_MAX = 250
#: Packets of which statistics handlers have not been told; of more they are not.
_ROWS_MAX = 65_536
_PR_SET_PDEATHSIG = 1
#: Where memory runs short, the host ends before the engine, and before most else.
_OOM_SCORE = "500"


class PipeHandler(logging.Handler):
    """Log lines go to the engine, which writes them into its own log; who logs without end is not made to wait."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self._send = send
        self._second = self._lines = self._dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            second = int(time.monotonic())
            if second != self._second:
                dropped, self._second, self._lines, self._dropped = self._dropped, second, 0, 0
                if dropped:
                    self._send({"dropped": dropped})
            self._lines += 1
            if self._lines > _LINES_MAX:
                self._dropped += 1
                return
            self._send({"log": lines.packed(record)})
        except Exception:
            self.handleError(record)


class Child:
    """The loop.  What of it belongs to whoever leads is touched by that lane alone."""

    def __init__(self, pipe: socket.socket, progress: Progress) -> None:
        self._pipe = pipe
        self._progress = progress
        self._decoder = frames.Decoder()
        self._sending = threading.Lock()
        self._work: deque[tuple[Callable[[int, Any], None], Any]] = deque()
        self._answers: list[list[Any]] = []
        self._flush_at = 0.0
        self._rows: deque[list[Any]] = deque(maxlen=_ROWS_MAX)
        self._is_counting = self._is_ticking = False
        self._tick_at = 0.0
        self._listening = False
        self._told = 0
        self.site: Site
        self.hooks: Hooks
        self.database: Database
        self.lanes: Lanes

    def send(self, message: dict[str, Any]) -> None:
        """To the engine; who ends because the engine is gone ends quietly."""
        octets = frames.encode(message)
        try:
            with self._sending:
                self._pipe.sendall(octets)
        except OSError:
            os._exit(0)

    def wait(self) -> bool:
        """Until the engine wants this host; False: it never did."""
        while data := self._pipe.recv(_READ_MAX):
            for message in self._decoder.feed(data):
                if "begin" in message:
                    budgets = {Doing(doing): float(seconds) for doing, seconds in message["begin"]}
                    self.lanes = Lanes(self._progress, self._turn, budgets)
                    return True
        return False

    def load(self, path: Path, text: int, kept: int) -> None:
        """Run conf.py, make its database, and call its ``init``."""
        read = sources.Sources(path.parent, None if kept < 0 else sources.kept(kept))
        self.site = Site(path, read)
        callbacks = self.site.namespace.callbacks
        built_in.register(callbacks, self.site.parameters, self._reinitialise)
        self.database = self.site.database()
        callbacks.systemAddReinitHandler(self.database.reinitialise)
        if (init := self.site.hooks["init"]) is not None:
            init()
        self.hooks = Hooks(self.site, self.database)
        self._tick_at = time.monotonic() + 1.0
        self._progress.done()
        self._listening = bool(callbacks.statistics)
        self._told = callbacks.changes
        self.send({"ready": self.site.described(), "listening": self._listening, "registry": self._registry(),
                   "kept": read.keep(text)})  # fmt: skip

    def run(self) -> None:
        """Until the engine closes the pipe."""
        self.lanes.run()

    def _turn(self, lane: int) -> bool:
        """One thing that is to be done, or else the next messages."""
        if self._work:
            do, what = self._work.popleft()
            do(lane, what)
            return True
        self._flush()
        if self._rows and not self._is_counting:  # They came while others were counted.
            self._count(lane)
        elif time.monotonic() >= self._tick_at and not self._is_ticking:
            self._tick(lane)
        else:
            return self._receive()
        return True

    def _receive(self) -> bool:
        self._tell_changes()
        until = time.monotonic() + 1.0 if self._is_ticking else self._tick_at
        if select.select([self._pipe], [], [], max(0.0, until - time.monotonic()))[0]:
            data = self._pipe.recv(_READ_MAX)
            if not data:
                return False
            for message in self._decoder.feed(data):
                if "questions" in message:
                    self._work.extend((self._answer, question) for question in message["questions"])
                elif "statistics" in message:
                    self._rows.extend(message["statistics"])
                    if not self._is_counting:
                        self._work.append((self._count, None))
                elif "call" in message:
                    self._work.append((self._call, message))
        return True

    def _tell_changes(self) -> None:
        callbacks = self.site.namespace.callbacks
        listening = bool(callbacks.statistics)
        if listening != self._listening:
            self._listening = listening
            self.send({"listening": listening})
        if callbacks.changes != self._told:
            self._told = callbacks.changes
            self.send({"registry": self._registry()})

    def _answer(self, lane: int, question: list[Any]) -> None:
        lanes = self.lanes
        lanes.begin(lane, Doing.HOOK, question[0])
        try:
            answer = self.hooks.answer(question)
        except Overrun:
            answer = [question[0], Word.OVERRUN]
        if not lanes.end(lane):
            self.send({"answers": [answer]})
            return
        now = time.monotonic()
        if not self._answers:
            self._flush_at = now + _FLUSH_S
        self._answers.append(answer)
        if now >= self._flush_at:
            self._flush()

    def _flush(self) -> None:
        if self._answers:
            answers, self._answers = self._answers, []
            self.send({"answers": answers})

    def _tick(self, lane: int) -> None:
        self._tick_at = time.monotonic() + 1.0
        self._is_ticking = True
        try:
            for callback in list(self.site.namespace.callbacks.ticks):
                self._call_back(lane, Doing.TICK, "tick", callback)
        finally:
            self._is_ticking = False

    def _count(self, lane: int, _: None = None) -> None:
        if self._is_counting:
            return
        self._flush()
        self._is_counting = True
        try:
            while self._rows:
                statistics = _statistics(self._rows.popleft())
                for callback in list(self.site.namespace.callbacks.statistics):
                    self._call_back(lane, Doing.STATISTICS, "statistics", callback, statistics)
        finally:
            self._is_counting = False

    def _call_back(self, lane: int, doing: Doing, kind: str, callback: Callable[..., object], *about: object) -> None:
        self.lanes.begin(lane, doing)
        try:
            callback(*about)
        except (Exception, SystemExit, Overrun):
            log.critical("The %s handler %r failed.", kind, callback, exc_info=True)
        self.lanes.end(lane)

    def _call(self, lane: int, message: dict[str, Any]) -> None:
        self._flush()
        number, name = message["number"], message["call"]
        arguments = message.get("arguments") or {}
        self.lanes.begin(lane, built_in.doing(name, arguments), number)
        try:
            result = self._called(name, arguments)
            answer: dict[str, Any] = {"called": number, "result": result}
            frames.encode(answer)
        except built_in.Unusable as error:
            answer = {"called": number, "error": str(error), "unusable": True}
        except LessorError as error:
            answer = {"called": number, "error": str(error)}
        except Overrun:
            answer = {"called": number, "error": "The script took longer than it may."}
        self.lanes.end(lane)
        self.send(answer)

    def _called(self, name: str, arguments: dict[str, Any]) -> Any:
        callbacks = self.site.namespace.callbacks
        if name == "reinitialise":
            return self._reinitialise()
        if name == "registry":
            return self._registry()
        request = web.Request(arguments)
        if name == "dashboard":
            return {"elements": web.dashboard(callbacks, request), "headers": web.headers(callbacks, request)}
        if name == "element":
            return web.element(callbacks, int(arguments.get("number") or 0), request)
        if name == "method":
            return web.call(callbacks, request)
        raise Refused(f"The script host knows no {name!r:.40}.")

    def _registry(self) -> dict[str, Any]:
        """What the pages must know before they call anything; told whenever it changes."""
        return {
            **_without_secrets(self.site.described()),
            **web.described(self.site.namespace.callbacks),
            "web": web.parameters_of(self.site),
        }

    def _reinitialise(self) -> dict[str, Any]:
        """Every handler in the order of registration; the first that fails ends the host, which begins anew."""
        for callback in list(self.site.namespace.callbacks.reinits):
            try:
                callback()
            except (Exception, SystemExit) as error:
                log.critical("The reinitialisation handler %r failed.", callback, exc_info=True)
                raise built_in.Unusable(f"A reinitialisation handler failed: {error!r:.200}; the script begins "
                                        "anew.") from None
        return {"reinitialised": True}


def _without_secrets(described: dict[str, Any]) -> dict[str, Any]:
    said = {name: "…" if "PASSWORD" in name else value for name, value in described["said"].items()}
    return {**described, "said": said}


def _statistics(row: list[Any]) -> Statistics:
    source, source_port, mac, ip, subnet, serial, method, seconds, processed, port = row
    return Statistics(
        Address(_ip(source), source_port), MAC(bytes.fromhex(mac)) if mac else None, _ip(ip), subnet, serial, method,
        seconds, processed, port,
    )  # fmt: skip


def _ip(octets: str | None) -> IPv4 | None:
    return IPv4(bytes.fromhex(octets)) if octets else None


def confine() -> None:
    """End with the engine, whatever the script is at; no more memory than the limit; ^C is the engine's."""
    parent = os.getppid()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def main(arguments: list[str]) -> int:
    """Serve one script until the pipe is closed."""
    confine()
    descriptor, shared, text, kept, level, path = arguments
    child = Child(socket.socket(fileno=int(descriptor)), Progress(int(shared)))
    logging.raiseExceptions = False
    logging.basicConfig(level=int(level), handlers=[PipeHandler(child.send)])
    # What is there until here lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    if not child.wait():
        return 0
    try:
        child.load(Path(path), int(text), int(kept))
    except (Exception, SystemExit) as error:
        log.critical("The script %s failed to begin.", path, exc_info=True)
        child.send({"failed": _told(error, Path(path))})
        return 1
    gc.freeze()  # The same of what the script made, mostly.
    gc.set_threshold(20_000, 20, 20)
    child.run()
    return 0


#: Letters of what went wrong; some errors hold all that they are about.
_TOLD_MAX = 4000


def _told(error: BaseException, path: Path) -> str:
    """What went wrong, where in the script."""
    if isinstance(error, LessorError):
        return str(error)
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    where = f", line {line}" if line else ""
    return f"{path.name}{where}: {type(error).__name__}: {error}"[:_TOLD_MAX]


def describe(arguments: list[str]) -> int:
    """Only run conf.py and tell its parameters: before sockets are opened."""
    confine()
    descriptor, path = arguments
    pipe = socket.socket(fileno=int(descriptor))
    try:
        message: dict[str, Any] = {"ready": Site(Path(path)).described()}
    except (Exception, SystemExit) as error:
        message = {"failed": _told(error, Path(path))}
    pipe.sendall(frames.encode(message))
    sys.stdout.flush()
    return 0
