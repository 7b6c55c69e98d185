"""The process of one isolated handler: ``python -m dhcpcore.script --handlers PIPE LEVEL``.

The first message is the handler's row: type, name, fields, and whether it is simulated; each that follows has the calls
of one batch, each of a phase.  It has no sockets and capabilities, and as much memory as a script.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import socket
import traceback
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Any

from pydantic import ValidationError

from dhcpcore.pipeline.api import Handler, HandlerException
from dhcpcore.pipeline.making import PHASES, made_of, phases_of, said_of
from dhcpcore.script import frames, isolated_transaction
from dhcpcore.script.child import PipeHandler, confine
from dhcpcore.script.engine_pipe import EnginePipe
from dhcpcore.topology.installed_types import factory_of

_READ_MAX = 1024 * 1024
_TRACEBACK_LETTERS_MAX = 8000
#: Transactions of which something is kept from phase to phase.
_KEPT_MAX = 2048


class Child(EnginePipe):
    """The loop."""

    def __init__(self, pipe: socket.socket) -> None:
        super().__init__(pipe)
        self._handler: Handler
        self._kept: OrderedDict[int, dict[Hashable, Any]] = OrderedDict()

    def run(self) -> int:
        """Make the handler, and answer calls until the engine closes the pipe."""
        messages = self._messages()
        row = next(messages, None)
        if row is None:
            return 0
        self.send({"begun": True})
        try:
            factory = factory_of(row["type"])
            self._handler = made_of(factory, row["name"], row["fields"], simulated=row["simulated"])
        except BaseException as error:
            if not isinstance(error, LookupError | ValidationError):
                logging.getLogger(__name__).debug("It cannot be made.", exc_info=True)
            self.send({"failed": said_of(error)})
            return 1
        gc.collect()
        gc.freeze()  # What was made until here lives as long as the process, mostly.
        gc.set_threshold(20_000, 20, 20)
        self.send({"ready": sorted(phases_of(self._handler), key=PHASES.index)})
        for message in messages:
            for call in message["calls"]:
                self.send(self._answer(call))
        return 0

    def _messages(self) -> Iterator[dict[str, Any]]:
        decoder = frames.Decoder()
        while data := self._pipe.recv(_READ_MAX):
            yield from decoder.feed(data)

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        number = message["call"]
        try:
            answer = {"said": number, **self._called(message)}
            frames.encode(answer)
        except BaseException:  # noqa: BLE001 - The engine logs it, whatever it is.
            return {"said": number, "raised": traceback.format_exc()[-_TRACEBACK_LETTERS_MAX:]}
        return answer

    def _called(self, message: dict[str, Any]) -> dict[str, Any]:
        phase, given, of = message["phase"], message["given"], message["of"]
        kept = self._kept.setdefault(of, {})
        if len(self._kept) > _KEPT_MAX:
            self._kept.popitem(last=False)
        transaction, bundle = isolated_transaction.unpack(given, kept)
        places = {id(one): place for place, one in enumerate(bundle.responses)}
        signal = None
        given_answers = tuple(bundle.responses)  # Alive until the end: their places are found by ``id``.
        try:
            if (called := phases_of(self._handler).get(phase)) is not None:  # The engine may not know yet what it has.
                called(transaction)
        except HandlerException as error:
            signal = isolated_transaction.signal_of(error)
        left = isolated_transaction.done(transaction, bundle, places)
        del given_answers
        if phase == PHASES[-1]:
            self._kept.pop(of, None)
        return {"left": left, "signal": signal}


def main(arguments: list[str]) -> int:
    """Serve one handler until the pipe is closed."""
    confine()
    descriptor, level = arguments
    child = Child(socket.socket(fileno=int(descriptor)))
    logging.raiseExceptions = False
    logging.basicConfig(level=int(level), handlers=[PipeHandler(child.send)])
    with contextlib.suppress(KeyboardInterrupt):
        return child.run()
    return 0
