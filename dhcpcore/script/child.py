"""The script host: a process without sockets and capabilities, in which the site's script lives.

Started as ``python -m dhcpcore.script PIPE PROGRESS LEVEL PATH``; PIPE and PROGRESS are descriptors.  One thread:
hooks, ticks, statistics and web callbacks run one after the other, so that a script's globals are one.
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
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dhcpcore.errors import LessorError, Refused
from dhcpcore.script import built_in, frames, web
from dhcpcore.script.compat.generic import Database
from dhcpcore.script.compat.ipv4 import IPv4
from dhcpcore.script.compat.mac import MAC
from dhcpcore.script.compat.statistics import Address, Statistics
from dhcpcore.script.hooks import Hooks
from dhcpcore.script.loader import Site
from dhcpcore.script.progress import Doing, Progress

log = logging.getLogger("script")

#: Answers are sent together, but none waits longer than this for the others of its batch.
_FLUSH_S = 0.005
_READ_MAX = 1024 * 1024
#: Address space of the host: a script that leaks ends in MemoryError, in its own process.
MEMORY_MAX = 2 * 1024**3
_LOG_LETTERS_MAX = 8000
_PR_SET_PDEATHSIG = 1


class PipeHandler(logging.Handler):
    """Log lines go to the engine, which writes them into its own log."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self._send = send
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._send({"log": [record.levelno, record.name, self.format(record)[:_LOG_LETTERS_MAX]]})
        except Exception:
            self.handleError(record)


class Child:
    """The loop."""

    def __init__(self, pipe: socket.socket, progress: Progress) -> None:
        self._pipe = pipe
        self._progress = progress
        self._decoder = frames.Decoder()
        self._tick_at = 0.0
        self._listening = False
        self._told = 0
        self.site: Site
        self.hooks: Hooks
        self.database: Database

    def send(self, message: dict[str, Any]) -> None:
        """To the engine; who ends because the engine is gone ends quietly."""
        try:
            self._pipe.sendall(frames.encode(message))
        except OSError:
            os._exit(0)

    def load(self, path: Path) -> None:
        """Run conf.py, make its database, and call its ``init``."""
        self._progress.write(Doing.BEGINNING, 0, time.monotonic())
        self.site = Site(path)
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
        self.send({"ready": self.site.described(), "listening": self._listening, "registry": self._registry()})

    def run(self) -> None:
        """Until the engine closes the pipe."""
        while True:
            wait = max(0.0, self._tick_at - time.monotonic())
            if select.select([self._pipe], [], [], wait)[0]:
                data = self._pipe.recv(_READ_MAX)
                if not data:
                    return
                for message in self._decoder.feed(data):
                    self._do(message)
            if time.monotonic() >= self._tick_at:
                self._tick()
            listening = bool(self.site.namespace.callbacks.statistics)
            if listening != self._listening:
                self._listening = listening
                self.send({"listening": listening})
            if self.site.namespace.callbacks.changes != self._told:
                self._told = self.site.namespace.callbacks.changes
                self.send({"registry": self._registry()})

    def _do(self, message: dict[str, Any]) -> None:
        if "questions" in message:
            self._answer(message["questions"])
        elif "statistics" in message:
            self._count(message["statistics"])
        elif "call" in message:
            self._call(message)

    def _answer(self, questions: list[list[Any]]) -> None:
        answers: list[list[Any]] = []
        progress, hooks = self._progress, self.hooks
        flush_at = 0.0
        for question in questions:
            now = time.monotonic()
            if now > flush_at and answers:
                progress.done()  # An engine that does not read for a while is no fault of the hook's.
                self.send({"answers": answers})
                answers = []
            if not answers:
                flush_at = now + _FLUSH_S
            progress.write(Doing.HOOK, question[0], now)
            answers.append(hooks.answer(question))
        progress.done()
        if answers:
            self.send({"answers": answers})

    def _tick(self) -> None:
        begun = time.monotonic()
        for callback in list(self.site.namespace.callbacks.ticks):
            self._progress.write(Doing.TICK, 0, time.monotonic())
            try:
                callback()
            except (Exception, SystemExit):
                log.critical("The tick handler %r failed.", callback, exc_info=True)
        self._progress.done()
        self._tick_at = begun + 1.0

    def _count(self, rows: list[list[Any]]) -> None:
        for row in rows:
            statistics = _statistics(row)
            for callback in list(self.site.namespace.callbacks.statistics):
                self._progress.write(Doing.STATISTICS, 0, time.monotonic())
                try:
                    callback(statistics)
                except (Exception, SystemExit):
                    log.critical("The statistics handler %r failed.", callback, exc_info=True)
        self._progress.done()

    def _call(self, message: dict[str, Any]) -> None:
        number, name = message["number"], message["call"]
        arguments = message.get("arguments") or {}
        self._progress.write(built_in.doing(name, arguments), number, time.monotonic())
        try:
            result = self._called(name, arguments)
            answer: dict[str, Any] = {"called": number, "result": result}
            frames.encode(answer)
        except built_in.Unusable as error:
            answer = {"called": number, "error": str(error), "unusable": True}
        except LessorError as error:
            answer = {"called": number, "error": str(error)}
        self._progress.done()
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
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def main(arguments: list[str]) -> int:
    """Serve one script until the pipe is closed."""
    confine()
    descriptor, shared, level, path = arguments
    child = Child(socket.socket(fileno=int(descriptor)), Progress(int(shared)))
    logging.raiseExceptions = False
    logging.basicConfig(level=int(level), handlers=[PipeHandler(child.send)])
    try:
        child.load(Path(path))
    except (Exception, SystemExit) as error:
        log.critical("The script %s failed to begin.", path, exc_info=True)
        child.send({"failed": _told(error, Path(path))})
        return 1
    # What the script made until here lives as long as the process, mostly: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    child.run()
    return 0


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
    return f"{path.name}{where}: {type(error).__name__}: {error}"


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
