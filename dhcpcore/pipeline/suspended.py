"""Transactions that wait: for the answer to a probe, for a time, or for what the site's script says.

They hold up nobody, are bounded, and resume as members of a later batch.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from dhcpcore.lease.model import LeaseKey
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.questions import Matter, Question, Said
from dhcpcore.pipeline.scripted import DIALOGUE, Dialogue
from dhcpcore.topology.snapshot import Snapshot

#: Transactions that may wait; the oldest is dropped by name.
SUSPENDED_MAX = 1024


class Waiting(NamedTuple):
    """Who waits, for the probe of which address (None: of none), and until when."""

    bundle: TransactionBundle
    key: LeaseKey | None
    until: float


class Suspended:
    """All of them, the oldest first."""

    def __init__(self) -> None:
        self._timed: OrderedDict[int, Waiting] = OrderedDict()
        self._asked: OrderedDict[int, tuple[TransactionBundle, Question]] = OrderedDict()  #: By the question's number.
        self._answered: set[LeaseKey] = set()
        self._said: list[Said] = []

    def __len__(self) -> int:
        return len(self._timed) + len(self._asked)

    def bundles(self) -> list[TransactionBundle]:
        """Who waits."""
        return [waiting.bundle for waiting in self._timed.values()] + [bundle for bundle, _ in self._asked.values()]

    @property
    def due(self) -> bool:
        """Whether an answer is there for one of them."""
        return bool(self._answered or self._said)

    def timer(self) -> float | None:
        """When the next one is due by its time.  What the script was asked has none: its host always answers."""
        return min((waiting.until for waiting in self._timed.values()), default=None)

    def put(self, bundle: TransactionBundle, key: LeaseKey | None, until: float) -> TransactionBundle | None:
        """Wait for a probe or a time; answers the one that is dropped for it, if any."""
        dropped = self._oldest() if len(self) >= SUSPENDED_MAX else None
        self._timed[id(bundle)] = Waiting(bundle, key, until)
        return dropped

    def ask(self, bundle: TransactionBundle, question: Question) -> TransactionBundle | None:
        """Wait for what the script says; answers the one that is dropped for it, if any."""
        dropped = self._oldest() if len(self) >= SUSPENDED_MAX else None
        self._asked[question.number] = (bundle, question)
        return dropped

    def _oldest(self) -> TransactionBundle:
        if self._asked:
            return self._asked.popitem(last=False)[1][0]
        return self._timed.popitem(last=False)[1].bundle

    def probe_answered(self, key: LeaseKey) -> None:
        """Somebody uses the address: the transaction that asked is due at once."""
        if any(waiting.key == key for waiting in self._timed.values()):
            self._answered.add(key)

    def said(self, said: Said) -> None:
        """The script's answer, if somebody still waits for it."""
        if said.number in self._asked:
            self._said.append(said)

    def take(self, now: float, snapshot: Snapshot) -> list[TransactionBundle]:
        """Those that are due, each with what it waited for; they wait no more."""
        answered, self._answered = self._answered, set()
        due = []
        for number, waiting in list(self._timed.items()):
            bundle, key, until = waiting
            if until > now and key not in answered:
                continue
            del self._timed[number]
            if key is not None:
                bundle.probed = {**(bundle.probed or {}), key: key in answered}
            if key in answered:
                bundle.candidate = None  # In use.
            due.append(bundle)
        said, self._said = self._said, []
        for one in said:
            asked = self._asked.pop(one.number, None)
            if asked is not None:
                bundle, question = asked
                _note(bundle, question, one)
                due.append(bundle)
        for bundle in due:
            if bundle.snapshot is not snapshot:
                bundle.candidate = None  # Of a pool that may be no more.
        return due


def _note(bundle: TransactionBundle, question: Question, said: Said) -> None:
    assert bundle.handler_data is not None
    dialogue: Dialogue = bundle.handler_data[DIALOGUE]
    if question.matter == Matter.ADMIT:
        dialogue.admitted = said
    else:
        dialogue.edited, dialogue.shown = said, question.shown
