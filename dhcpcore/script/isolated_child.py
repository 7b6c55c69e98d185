"""The process of one hook library: ``python -m dhcpcore.script --hooks PIPE LEVEL LIBRARY[=FILE]``.

It has no sockets and capabilities, and as much memory as a script.  One call after the other comes through the pipe;
threads of the library's own may let parked answers go at any time.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import socket
import threading
import traceback
from typing import Any

from dhcpcore.errors import SettingsError
from dhcpcore.hooks import libraries
from dhcpcore.hooks.handle import CalloutHandle, Status
from dhcpcore.hooks.registry import Callout, Registry
from dhcpcore.script import frames, isolated_data
from dhcpcore.script.child import PipeHandler, confine
from dhcpcore.script.engine_pipe import EnginePipe

_READ_MAX = 1024 * 1024
_TRACEBACK_LETTERS_MAX = 8000
#: The library's number in its own process.
_LIBRARY = 1


class Lot:
    """The parking lot of one call's message: what is done while the callout runs is told with its answer."""

    def __init__(self, child: Child, number: int, references: int) -> None:
        self._child = child
        self._number = number
        self._references = references
        self._lock = threading.Lock()
        self._done: list[list[Any]] | None = []

    def reference(self, packet: object) -> int:
        """One more wants the message to wait; how many there are now."""
        return self._counted("reference", 1)

    def dereference(self, packet: object) -> int:
        """One less, without letting it go on."""
        return self._counted("dereference", -1)

    def unpark(self, packet: object, force: bool = False) -> bool:
        """One less; the last one, or ``force``, lets it go on.  Whether it still waits, only the server knows."""
        self._do("unpark", force)
        return True

    def drop(self, packet: object) -> bool:
        """Forget it without letting it go on."""
        self._do("drop", False)
        return True

    def take(self) -> list[list[Any]]:
        """The child's: what was done while the callout ran; from now on it is told at once."""
        with self._lock:
            done, self._done = self._done or [], None
        return done

    def _counted(self, what: str, by: int) -> int:
        self._references += by
        self._do(what, False)
        return self._references

    def _do(self, what: str, force: bool) -> None:
        with self._lock:
            if self._done is not None:
                self._done.append([what, bool(force)])
                return
        self._child.send({"lot": self._number, "done": [[what, bool(force)]]})


class Child(EnginePipe):
    """The loop."""

    def __init__(self, pipe: socket.socket) -> None:
        super().__init__(pipe)
        self._callouts: list[Callout] = []

    def run(self, text: str) -> int:
        """Load the library, and answer calls until the engine says that it is to be unloaded."""
        registry = Registry()
        try:
            loaded = libraries.load(registry, [text])
        except SettingsError as error:
            self.send({"failed": str(error)})
            return 1
        self._callouts = registry.callouts()
        gc.collect()
        gc.freeze()  # What the library made until here lives as long as the process, mostly.
        gc.set_threshold(20_000, 20, 20)
        self.send({"ready": [[one.hook, getattr(one.function, "__name__", "callout")] for one in self._callouts]})
        decoder = frames.Decoder()
        while data := self._pipe.recv(_READ_MAX):
            for message in decoder.feed(data):
                if "unload" in message:
                    libraries.unload(registry, loaded)
                    return 0
                for call in message["calls"]:
                    self.send(self._answer(call))
        return 0

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        number = message["call"]
        try:
            answer = self._called(number, message)
            frames.encode(answer)
        except BaseException:  # noqa: BLE001 - The engine logs it, whatever it is.
            return {"said": number, "raised": traceback.format_exc()[-_TRACEBACK_LETTERS_MAX:]}
        return answer

    def _called(self, number: int, message: dict[str, Any]) -> dict[str, Any]:
        callout = self._callouts[message["callout"]]
        given: dict[str, Any] = message["arguments"]
        handle = CalloutHandle()
        handle.hook, handle.library, handle.status = callout.hook, _LIBRARY, Status(message["status"])
        handle.arguments = {name: isolated_data.unpack(value) for name, value in given.items()}
        handle.contexts = {_LIBRARY: isolated_data.unpack(message["context"])}
        lot = None if message["references"] is None else Lot(self, number, message["references"])
        handle.lot = lot  # type: ignore[assignment]  # What a callout does with it is the same.
        returned = callout.function(handle)
        left = {name: isolated_data.pack(value) for name, value in handle.arguments.items()}
        return {
            "said": number,
            "status": int(handle.status),
            "returned": int(returned) if isinstance(returned, int) else 0,
            "arguments": {name: value for name, value in left.items() if name not in given or given[name] != value},
            "gone": [name for name in given if name not in left],
            "context": isolated_data.pack(handle.contexts.get(_LIBRARY, {})),
            "done": [] if lot is None else lot.take(),
        }


def main(arguments: list[str]) -> int:
    """Serve one library until the pipe is closed."""
    confine()
    descriptor, level, text = arguments
    child = Child(socket.socket(fileno=int(descriptor)))
    logging.raiseExceptions = False
    logging.basicConfig(level=int(level), handlers=[PipeHandler(child.send)])
    with contextlib.suppress(KeyboardInterrupt):
        return child.run(text)
    return 0
