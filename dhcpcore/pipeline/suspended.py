"""Transactions that wait: for the answer to a probe, for a time, or for what the site's code in another process says.

They hold up nobody, are bounded, and resume as members of a later batch.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

from dhcpcore.hooks.awaited import Call
from dhcpcore.lease.model import Change, LeaseKey
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.finished import Probe
from dhcpcore.pipeline.questions import Matter, Question, Said
from dhcpcore.pipeline.scripted import DIALOGUE, Dialogue
from dhcpcore.pipeline.signals import Ask, Suspend
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import NOWHERE

#: Transactions that may wait; the oldest is dropped by name.
SUSPENDED_MAX = 1024
#: In a bundle's ``handler_data``: a call was waited for, so that what its packet told need not be found out again.
WAITED = "waited"
#: The steps of its first phase that are left to do, the one that asked first.
RESUME = "resume"
#: It has not been read yet; what keeps its octets from being a message, or None.
UNREAD = "unread"


class Waiting(NamedTuple):
    """Who waits, for the probe of which address (None: of none), and until when."""

    bundle: TransactionBundle
    key: LeaseKey | None
    until: float


class Asking(NamedTuple):
    """Who waits for what was asked; ``changes``: on its way out, when these were committed."""

    bundle: TransactionBundle
    question: Question | Call
    changes: Mapping[LeaseKey, Change] | None = None


class Suspended:
    """All of them, the oldest first."""

    def __init__(self) -> None:
        self._timed: OrderedDict[int, Waiting] = OrderedDict()
        self._asked: OrderedDict[int | Call, Asking] = OrderedDict()  #: By the question's number, or the call.
        self._answered: set[LeaseKey] = set()
        self._heard: list[Call] = []
        self._said: list[Said] = []
        self._probes: list[Probe] = []
        self._questions: list[Question] = []

    def __len__(self) -> int:
        return len(self._timed) + len(self._asked)

    def bundles(self) -> list[TransactionBundle]:
        """Who waits."""
        return [waiting.bundle for waiting in self._timed.values()] + [asking.bundle for asking in self._asked.values()]

    @property
    def due(self) -> bool:
        """Whether an answer is there for one of them."""
        return bool(self._answered or self._said or self._heard)

    @property
    def asks(self) -> bool:
        """Whether one of them waits for what another process says."""
        return bool(self._asked)

    def timer(self) -> float | None:
        """When the next one is due by its time.  What was asked has none: each process's host always answers."""
        return min((waiting.until for waiting in self._timed.values()), default=None)

    def put(
        self, bundle: TransactionBundle, signal: Suspend | Ask, changes: Mapping[LeaseKey, Change] | None = None
    ) -> TransactionBundle | None:
        """Wait for what the signal says; answers the one that is dropped for it, if any.

        ``changes``: it is on its way out, and goes on there.
        """
        dropped = self._oldest() if len(self) >= SUSPENDED_MAX else None
        if isinstance(signal, Ask):
            question = signal.question
            if isinstance(question, Call):  # Who is called has it already.
                self._asked[question] = Asking(bundle, question, changes)
            else:
                self._asked[question.number] = Asking(bundle, question, changes)
                self._questions.append(question)
            return dropped
        key = signal.key
        self._timed[id(bundle)] = Waiting(bundle, key, signal.until)
        if key is not None:
            self._probes.append(Probe(key, bundle.datagram.interface if bundle.request.giaddr == NOWHERE else 0))
        return dropped

    def take_probes(self) -> list[Probe]:
        """Probes to send."""
        probes, self._probes = self._probes, []
        return probes

    def take_questions(self) -> list[Question]:
        """Questions to the script."""
        questions, self._questions = self._questions, []
        return questions

    def _oldest(self) -> TransactionBundle:
        if self._asked:
            return self._asked.popitem(last=False)[1].bundle
        return self._timed.popitem(last=False)[1].bundle

    def probe_answered(self, key: LeaseKey) -> None:
        """Somebody uses the address: the transaction that asked is due at once."""
        if any(waiting.key == key for waiting in self._timed.values()):
            self._answered.add(key)

    def said(self, said: Said) -> None:
        """The script's answer, if somebody still waits for it."""
        if said.number in self._asked:
            self._said.append(said)

    def heard(self, call: Call) -> None:
        """It is known what became of a call, if somebody still waits for it."""
        if call in self._asked:
            self._heard.append(call)

    def take_leaving(self) -> list[tuple[TransactionBundle, Mapping[LeaseKey, Change]]]:
        """Those that are due on their way out; they wait no more."""
        due, still = [], []
        for call in self._heard:
            asking = self._asked.get(call)
            if asking is not None and asking.changes is not None:
                del self._asked[call]
                due.append((asking.bundle, asking.changes))
            else:
                still.append(call)
        self._heard = still
        return due

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
            asking = self._asked.pop(one.number, None)
            if asking is not None and not isinstance(asking.question, Call):
                _note(asking.bundle, asking.question, one)
                due.append(asking.bundle)
        heard, self._heard = self._heard, []
        for call in heard:
            asking = self._asked.pop(call, None)
            if asking is not None:
                assert asking.bundle.handler_data is not None
                asking.bundle.handler_data[WAITED] = True
                due.append(asking.bundle)
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
