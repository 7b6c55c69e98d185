"""What is kept of one message while configured handlers are called, and what they made of its answer so far.

A transaction that waits for a handler is decided again when that has answered.  Where what is decided is the same, what
handlers had made of it is made of it once more, and none of them is called a second time.
"""

from __future__ import annotations

from typing import Any

from dhcpcore.hooks.awaited import Call
from dhcpcore.hooks.registry import Away
from dhcpcore.pipeline.bundle import Response4, TransactionBundle
from dhcpcore.pipeline.instance import Apartness, Instance
from dhcpcore.pipeline.signals import CannotRespond, Refuse
from dhcpcore.pipeline.transaction6 import transaction_of
from dhcpcore.stats.reasons import Reason

#: Times that an answer may turn out to be another one while handlers are waited for.
_ANEW_MAX = 3
#: Of the picture, what the decision makes: all else is the message's, and stays as handlers left it.
_DECIDED = ("subnet", "classes", "client", "address", "answers", "returned")


class Kept:
    """Who had to do with a message, and how far it has come with them."""

    __slots__ = (
        "anew",
        "call",
        "called",
        "done",
        "first",
        "is_changed",
        "is_done",
        "is_met",
        "met",
        "picture",
        "refusal",
        "stood",
        "transaction",
    )  # fmt: skip

    def __init__(self, bundle: TransactionBundle) -> None:
        self.transaction = transaction_of(bundle)
        self.met: dict[Instance, None] = {}
        self.is_met = False  #: Whether the first phase is over.
        self.is_done = False  #: Whether the third one is.
        self.is_changed = False  #: Whether that changed the answer.
        self.refusal: Refuse | None = None  #: Of the first phase.
        self.done: set[tuple[str, Instance]] = set()  #: What need not be called again.
        self.called: tuple[str, Instance] | None = None  #: What is waited for,
        self.call: Call | None = None  #: and its call.
        self.picture: dict[str, Any] | None = None  #: Of the answer as it was decided.
        self.stood: dict[str, Any] | None = None  #: What handlers had made of it.
        self.first: list[Response4] = []
        self.anew = 0

    def wait(self, one: Instance, phase: str, call: Call) -> None:
        """The transaction is suspended until this is answered."""
        self.called, self.call = (phase, one), call

    def answered(self, one: Instance, phase: str) -> Call | None:
        """The call that was waited for, if it is this one: it is waited for no more."""
        call, called = self.call, self.called
        if call is None or called != (phase, one):
            return None
        self.call = self.called = None
        return call

    def failed_of_disabled(self) -> Instance | None:
        """Who was waited for, if its call failed and it is not called any more: it has met nobody's answer since."""
        if self.call is None or self.called is None or not self.called[1].disabled:
            return None
        if self.call.fault is None or isinstance(self.call.fault, Away):
            return None
        _, one = self.called
        self.call = self.called = None
        return one

    def begin(self, apart: Apartness, bundle: TransactionBundle) -> None:
        """The answer has been decided: put it where it stood, if it is the one that handlers were called about."""
        picture = apart.picture(self.transaction, bundle)
        self.first = list(bundle.responses)
        before, stood = self.picture, self.stood
        if before is not None and stood is not None:
            if all(picture[name] == before[name] for name in _DECIDED):
                apart.restore(self.transaction, picture, stood)
                self.transaction.settle()
                return
            self.anew += 1
            if self.anew > _ANEW_MAX:
                raise CannotRespond(Reason.LOST_RACE)
            self.done = {(phase, one) for phase, one in self.done if phase != "handle"}
            if self.called is not None and self.called[0] == "handle":
                self.call = self.called = None
        self.picture, self.stood = picture, None

    def stand(self, apart: Apartness, bundle: TransactionBundle) -> None:
        """So far handlers have come with it."""
        self.stood = apart.standing(self.transaction, bundle, self.first)
