"""The engine's end of an isolated hook library: its callouts run in a process of their own, on data.

A message that is called about waits, and nobody else; where there is no message to be put aside, everybody does.  Who
takes too long, dies or says what is no message is ended (``worker``), and the call's status is DROP.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dhcpcore.errors import LessorError, SettingsError
from dhcpcore.hooks.awaited import Call
from dhcpcore.hooks.handle import CalloutHandle, Status
from dhcpcore.hooks.parking import PARKED_MAX, ParkingLot
from dhcpcore.hooks.registry import Function
from dhcpcore.script import frames, isolated_data
from dhcpcore.script.process import Terms
from dhcpcore.script.worker import ANSWER_S, BEGIN_S, Died, Worker

#: Seconds that ``unload`` may take.
_UNLOAD_S = 1.0


class _Call:
    """One callout of the library, as the registry calls it."""

    def __init__(self, library: Isolated, number: int, name: str) -> None:
        self._library = library
        self._number = number
        self.__name__ = name
        self.budget_s = library.answer_s  #: The registry does not end it: the library does.

    def __call__(self, handle: CalloutHandle) -> int | None:
        """Where nothing can be put aside: everybody waits."""
        return self._library.call(self._number, handle)

    def ask(self, handle: CalloutHandle, heard: Callable[[Call], None]) -> Call:
        """Have it called with what else this batch has for its library."""
        return self._library.put_callout(self._number, handle, heard)

    def take_over(self, call: Call, handle: CalloutHandle) -> int | None:
        """Do here what it did there."""
        return self._library.take_over(call, handle)


class Isolated(Worker):
    """One library and its process, and those that follow it."""

    ended = "HOOK-PROCESS-ENDED"

    def __init__(
        self, text: str, terms: Terms | None = None, *, answer_s: float = ANSWER_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """Start it and wait until it is loaded; ``SettingsError`` where it cannot be, or takes too long."""
        library = Path(text.partition("=")[0])
        place = library.parent if library.is_absolute() else Path.cwd()
        super().__init__(library.stem, "--hooks", (text,), place, terms, answer_s, clock)
        self._registered: list[list[str]] | None = None
        self._parked: dict[int, tuple[ParkingLot, Any]] = {}
        self._start()
        try:
            self._wait(lambda: self._ready is not None, BEGIN_S)
        except TimeoutError:
            self.stop()
            raise SettingsError(f"hooks: {text} was not loaded within {BEGIN_S:g} s") from None
        except Died as error:
            self.stop()
            raise SettingsError(str(error) or f"hooks: the process of {text} ended while it was loaded") from None
        except BaseException:
            self.stop()
            raise
        registered: list[list[str]] = self._ready
        self._registered = registered
        self.callouts: list[tuple[str, Function]] = [
            (hook, _Call(self, number, name)) for number, (hook, name) in enumerate(registered)
        ]

    def call(self, callout: int, handle: CalloutHandle) -> int | None:
        """Have the process call it, and do here what it did there; raises what became of it otherwise."""
        made = Call(self._message(callout, handle), None, lambda _: None)
        made.number, made.answer = self.ask(made.message)
        self._park(made, handle)
        if made.fault is not None:
            raise made.fault
        return self.take_over(made, handle)

    def put_callout(self, callout: int, handle: CalloutHandle, heard: Callable[[Call], None]) -> Call:
        """The same, without waiting."""

        def told(call: Call) -> None:
            self._park(call, handle)
            heard(call)

        try:
            call = Call(self._message(callout, handle), None, told)
        except isolated_data.NotData as error:
            call = Call({}, None, heard)
            call.end(None, error)
        else:
            self.put(call)
        return call

    def _message(self, callout: int, handle: CalloutHandle) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        for name, value in handle.arguments.items():
            with contextlib.suppress(isolated_data.NotData):  # Of another library in this process: not for this one.
                arguments[name] = isolated_data.pack(value)
        query = handle.arguments.get("query4")
        return {
            "callout": callout, "status": int(handle.status), "arguments": arguments,
            "context": isolated_data.pack(handle.contexts.get(handle.library, {})),
            "references": None if handle.lot is None else handle.lot.references(query),
        }  # fmt: skip

    def _park(self, call: Call, handle: CalloutHandle) -> None:
        """What it did to the parking lot is done when it is heard: a thread of it may let the message go right then."""
        if call.answer is None or handle.lot is None:
            return
        try:
            done = list(call.answer["done"])
            if done:
                if len(self._parked) >= PARKED_MAX:
                    self._parked = {token: place for token, place in self._parked.items() if place[1] in place[0]}
                self._parked[call.number] = (handle.lot, handle.arguments.get("query4"))
                self._do(call.number, done)
        except (LessorError, KeyError, TypeError, ValueError) as error:
            call.answer, call.fault = None, error

    def take_over(self, call: Call, handle: CalloutHandle) -> int | None:
        """Do here what it did there, but for the parking lot."""
        answer = call.answer
        assert answer is not None
        try:
            for name, value in answer["arguments"].items():
                isolated_data.apply(handle.arguments, name, value)
            for name in answer["gone"]:
                handle.arguments.pop(name, None)
            handle.contexts[handle.library] = isolated_data.unpack(answer["context"])
            handle.status = Status(answer["status"])
            return int(answer["returned"])
        except (KeyError, TypeError, AttributeError) as error:
            self.nonsense(error)

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

    def unload(self) -> None:
        """Have the library unload, and end its process."""
        if self._process is not None and self._ready is not None:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                self._pipe.settimeout(_UNLOAD_S)
                self._pipe.sendall(bytes(self._out) + frames.encode({"unload": True}))
                self._process.wait(_UNLOAD_S)
                for said in self._rest():
                    self._heard(said)
        self.stop()

    def _begun(self, told: Any) -> None:
        if self._registered not in (None, told):
            raise Died("its hooks are others than when the engine started; the engine must be started again")

    def after(self, now: float) -> None:
        """A batch has ended: what it has for the process goes there as one message."""
        self.flush()

    def _said(self, said: dict[str, Any]) -> None:
        if "lot" in said:
            self._do(said["lot"], said.get("done") or [])
