"""Clients on whose packets hooks overran or ended their host: the next ones are not asked about for a while.

So one client of whom a script cannot bear the sight costs the others a moment now and then, and never their answers.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from dhcpcore.pipeline.questions import Question

#: Seconds, by how often it happened in a row: the first is the time after which a client asks again (RFC 2131 4.1).
_PAUSES_S = (0.0, 4.0, 15.0, 60.0)
#: The ones that were longest in order go first.
CLIENTS_MAX = 1024
_CLIENT = slice(28, 44)


@dataclass(slots=True)
class _Charged:
    times: int = 0
    until: float = 0.0


class Blame:
    """Who is blamed, by hardware address as it stands in the message, and for which of the two questions."""

    def __init__(self) -> None:
        self._charged: OrderedDict[tuple[int, bytes], _Charged] = OrderedDict()

    def charge(self, question: Question, now: float) -> bool:
        """It overran, or was what the host was at when it ended; whether it is the first one of its kind."""
        key = _key(question)
        charged = self._charged.setdefault(key, _Charged())
        self._charged.move_to_end(key)
        charged.times += 1
        charged.until = now + _PAUSES_S[min(charged.times, len(_PAUSES_S) - 1)]
        if len(self._charged) > CLIENTS_MAX:
            self._charged.popitem(last=False)
        return charged.times == 1

    def is_out(self, question: Question, now: float) -> bool:
        """Whether its client has to wait."""
        if not self._charged:
            return False
        charged = self._charged.get(_key(question))
        return charged is not None and now < charged.until

    def acquit(self, question: Question) -> None:
        """It was answered in time."""
        if self._charged:
            self._charged.pop(_key(question), None)


def _key(question: Question) -> tuple[int, bytes]:
    return question.matter, question.data[_CLIENT]
