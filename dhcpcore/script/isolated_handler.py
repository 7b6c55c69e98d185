"""The engine's end of isolated handlers: each has a process of its own, in which its phases are called on data.

A process for each, and not one for all: who crashes or hangs takes no other handler with it.  Nobody waits for one but
the messages that it has to do with: while it is called, while it is begun, and while it is begun anew after its end
(``worker``).
"""

from __future__ import annotations

import contextlib
import selectors
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dhcpcore.errors import LessorError
from dhcpcore.hooks.awaited import Call
from dhcpcore.hooks.registry import Overrun
from dhcpcore.pipeline.api import HandlerException
from dhcpcore.pipeline.bundle import Response4, TransactionBundle
from dhcpcore.pipeline.making import MAKING_S
from dhcpcore.pipeline.transaction import Transaction
from dhcpcore.script import isolated_transaction
from dhcpcore.script.process import Terms
from dhcpcore.script.worker import ANSWER_S, BEGIN_S, Died, Worker
from dhcpcore.topology.handler_rows import HandlerRow


class IsolatedHandler(Worker):
    """One configured handler and its process, and those that follow it."""

    ended = "HANDLER-PROCESS-ENDED"

    def __init__(
        self, row: HandlerRow, terms: Terms, made: Callable[[BaseException | None], None], *,
        answer_s: float = ANSWER_S, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """Start it.  ``made`` is told, once, that it is there; or what keeps it from being made, ``Overrun`` where that
        takes too long.
        """
        super().__init__(row.name, "--handlers", (), Path.cwd(), terms, answer_s, clock)
        #: Through the pipe and not as an argument: everybody on the machine can read those.
        self._row = {"type": row.type, "name": row.name, "fields": dict(row.fields), "simulated": terms.simulated}
        self.phases: frozenset[str] = frozenset()
        self._of = 0
        self._making_since: float | None = None
        self._made: Callable[[BaseException | None], None] | None = made
        self._start()

    @property
    def budget_s(self) -> float:
        """Seconds that a call may take."""
        return self.answer_s

    def call(
        self, phase: str, transaction: Transaction, bundle: TransactionBundle, heard: Callable[[Call], None]
    ) -> Call:
        """Have the process call this phase, with what else this batch has for it."""
        data = transaction.handler_data
        of = data.get(self)
        if of is None:
            self._of = of = data[self] = self._of + 1
        given = isolated_transaction.pack(transaction, bundle)
        call = Call({"phase": phase, "of": of, "given": given}, given, heard)
        self.put(call)
        return call

    def take_over(self, call: Call, transaction: Transaction, bundle: TransactionBundle) -> None:
        """Do here what it did there; raises what it raised to say what becomes of the message."""
        assert call.answer is not None
        try:
            isolated_transaction.apply(transaction, call.given, call.answer["left"])
            signal = _signal(call.answer)
        except (AssertionError, LookupError, TypeError, AttributeError, ValueError) as error:
            self.nonsense(error)
        if signal is not None:
            raise signal

    def signal(self, call: Call) -> HandlerException | None:
        """What it raised to say what becomes of the message."""
        with contextlib.suppress(LookupError, TypeError, AttributeError, ValueError):
            return None if call.answer is None else _signal(call.answer)
        return None

    def settle(self) -> None:
        """Where nobody else waits: have it begin again at once, and wait for it."""
        while not self.ready and not self._ended:
            if self._process is None:
                self._start()
            try:
                self._wait(lambda: self._ready is not None, BEGIN_S)
            except (Died, TimeoutError) as error:
                self._end(str(error) or "it ended while it was made")
                return

    def _start(self) -> None:
        self._making_since = None
        super()._start()
        self._send(self._row)

    def _begun(self, told: Any) -> None:
        if not isinstance(told, list):
            raise Died("it said what is no beginning")
        self.phases = frozenset(map(str, told))
        self._told_made(None)

    def _judge_beginning(self, now: float) -> None:
        if self._making_since is not None and now - self._making_since > MAKING_S:
            self._end("it took too long to be made", Overrun("it took too long to be made"))
        else:
            super()._judge_beginning(now)

    def _end(self, why: str, fault: BaseException | None = None) -> None:
        """One that could never be made is not tried again."""
        if self._made is None:
            super()._end(why, fault)
            return
        said = self._wrong
        self.stop(waits=False)
        is_slow = isinstance(fault, Overrun)
        self._told_made(fault if is_slow else LessorError(said or "its process ended while it was made"))

    def _told_made(self, fault: BaseException | None) -> None:
        made, self._made = self._made, None
        if made is not None:
            made(fault)

    def _said(self, said: dict[str, Any]) -> None:
        if "begun" in said:
            self._making_since = self._clock()


def _signal(answer: dict[str, Any]) -> HandlerException | None:
    return None if answer["signal"] is None else isolated_transaction.signal_again(answer["signal"])


class IsolatedHandlers:
    """All of an engine's, as the loop looks after them."""

    def __init__(self, terms: Terms, *, answer_s: float = ANSWER_S) -> None:
        self._terms = terms
        self._answer_s = answer_s
        self.soon: Callable[[], None] = lambda: None  #: Has ``watch`` called soon.
        self._all: list[IsolatedHandler] = []
        self._ending: list[IsolatedHandler] = []
        self._selector: selectors.BaseSelector | None = None

    def begin(self, row: HandlerRow, made: Callable[[BaseException | None], None]) -> IsolatedHandler:
        """The process of one handler, which nobody waits for; ``made`` is told when it is there, or cannot be made."""
        one = IsolatedHandler(row, self._terms, made, answer_s=self._answer_s)
        one.soon = self.soon
        self._all.append(one)
        if self._selector is not None:
            one.register(self._selector)
        self.soon()
        return one

    def end(self, one: IsolatedHandler) -> None:
        """No such handler any longer, or it is switched off."""
        one.stop(waits=False)
        if one in self._all:
            self._all.remove(one)
            self._ending.append(one)

    def picture(self, transaction: Transaction, bundle: TransactionBundle) -> dict[str, Any]:
        """All that a handler is given."""
        return isolated_transaction.pack(transaction, bundle)

    def standing(
        self, transaction: Transaction, bundle: TransactionBundle, first: Sequence[Response4]
    ) -> dict[str, Any]:
        """The same as handlers have left it, where ``first`` are the answers that they began with."""
        return isolated_transaction.done(transaction, bundle, {id(one): place for place, one in enumerate(first)})

    def restore(self, transaction: Transaction, picture: dict[str, Any], standing: dict[str, Any]) -> None:
        """Make of what ``picture`` is of once more what it was when ``standing`` was taken."""
        isolated_transaction.restore(transaction, picture, standing)

    def settle(self) -> None:
        """For a simulation, in which nobody else waits: all of them are there, or cannot be made."""
        for one in tuple(self._all):
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
        again_s = [one.watch() for one in (*self._all, *self._ending)]
        self._ending = [one for one in self._ending if not one.is_gone]
        return min(again_s, default=1.0)

    def after(self, now: float) -> None:
        """A batch has ended: what it has for each process goes there as one message."""
        for one in self._all:
            one.flush()

    def close(self) -> None:
        """The engine ends, and all of them with it."""
        self._selector = None
        for one in (*self._all, *self._ending):
            one.close()
            one.stop()
        self._all, self._ending = [], []
