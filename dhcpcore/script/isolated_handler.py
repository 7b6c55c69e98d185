"""The engine's end of isolated handlers: each has a process of its own, in which its phases are called on data.

A process for each, and not one for all: who crashes or hangs takes no other handler with it.  Whoever takes too long,
dies or says what is no answer is ended (``worker``), and that message is not answered; until the next process is ready,
no message is that the handler has to do with.
"""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dhcpcore.errors import LessorError
from dhcpcore.hooks.registry import Overrun
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.making import MAKING_S
from dhcpcore.pipeline.transaction import Transaction
from dhcpcore.script import frames, isolated_transaction
from dhcpcore.script.process import Terms
from dhcpcore.script.worker import ANSWER_S, BEGIN_S, Died, Worker
from dhcpcore.topology.handler_rows import HandlerRow


class IsolatedHandler(Worker):
    """One configured handler and its process, and those that follow it."""

    ended = "HANDLER-PROCESS-ENDED"

    def __init__(
        self, row: HandlerRow, terms: Terms, *, answer_s: float = ANSWER_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """Start it and wait until it is made; ``LessorError`` where it cannot be, ``Overrun``: it takes too long."""
        super().__init__(row.name, "--handlers", (), Path.cwd(), terms, answer_s, clock)
        #: Through the pipe and not as an argument: everybody on the machine can read those.
        self._row = frames.encode({
            "type": row.type, "name": row.name, "fields": dict(row.fields), "simulated": terms.simulated,
        })  # fmt: skip
        self.phases: frozenset[str] = frozenset()
        self._of = 0
        self._is_beginning = False
        self._start()
        try:
            self._wait(lambda: self._is_beginning, BEGIN_S)
            self._wait(lambda: self._ready is not None, MAKING_S)
        except TimeoutError:
            self.stop()
            raise Overrun("it took too long to be made") from None
        except Died as error:
            self.stop()
            raise LessorError(str(error) or "its process ended while it was made") from None
        except BaseException:
            self.stop()
            raise

    @property
    def budget_s(self) -> float:
        """Seconds that a call may take."""
        return self.answer_s

    def call(self, phase: str, transaction: Transaction, bundle: TransactionBundle) -> None:
        """Have the process call this phase, and do here what it did there; raises what became of it otherwise."""
        data = transaction.handler_data
        of = data.get(self)
        if of is None:
            self._of = of = data[self] = self._of + 1
        given = isolated_transaction.pack(transaction, bundle)
        _, answer = self.ask({"phase": phase, "of": of, "given": given})
        try:
            isolated_transaction.apply(transaction, given, answer["left"])
            signal = None if answer["signal"] is None else isolated_transaction.signal_again(answer["signal"])
        except (AssertionError, LookupError, TypeError, AttributeError, ValueError) as error:
            self.nonsense(error)
        if signal is not None:
            raise signal

    def settle(self) -> None:
        """Where nobody else waits: have it begin again at once, and wait for it."""
        if self.ready:
            return
        if self._process is None:
            self._start()
        try:
            self._wait(lambda: self._ready is not None, BEGIN_S)
        except (Died, TimeoutError) as error:
            self._end(str(error) or "it ended while it was made")

    def _start(self) -> None:
        super()._start()
        self._pipe.sendall(self._row)

    def _begun(self, told: Any) -> None:
        if not isinstance(told, list):
            raise Died("it said what is no beginning")
        self.phases = frozenset(map(str, told))

    def _said(self, said: dict[str, Any]) -> None:
        if "begun" in said:
            self._is_beginning = True


class IsolatedHandlers:
    """All of an engine's, as the loop looks after them."""

    def __init__(self, terms: Terms, *, answer_s: float = ANSWER_S) -> None:
        self._terms = terms
        self._answer_s = answer_s
        self.soon: Callable[[], None] = lambda: None  #: Has ``watch`` called soon.
        self._all: list[IsolatedHandler] = []
        self._selector: selectors.BaseSelector | None = None

    def begin(self, row: HandlerRow) -> IsolatedHandler:
        """The process of one handler; raises where it cannot be made."""
        made = IsolatedHandler(row, self._terms, answer_s=self._answer_s)
        made.soon = self.soon
        self._all.append(made)
        if self._selector is not None:
            made.register(self._selector)
        return made

    def end(self, one: IsolatedHandler) -> None:
        """No such handler any longer, or it is switched off."""
        one.stop()
        if one in self._all:
            self._all.remove(one)

    def settle(self) -> None:
        """For a simulation, in which nobody waits: those that ended begin again at once."""
        for one in self._all:
            one.settle()

    # The loop's side.

    def register(self, selector: selectors.BaseSelector) -> None:
        """Have the loop's selector watch the pipes, those of later ones, too."""
        self._selector = selector
        for one in self._all:
            one.register(selector)

    def handle(self, key: selectors.SelectorKey, mask: int) -> None:
        """Each hears for itself: ``key.data`` is never this."""

    def watch(self) -> float:
        """Once in a while: begin again what ended.  In how many seconds to look again."""
        return min((one.watch() for one in self._all), default=1.0)

    def close(self) -> None:
        """The engine ends, and all of them with it."""
        self._selector = None
        for one in self._all:
            one.close()
            one.stop()
        self._all = []
