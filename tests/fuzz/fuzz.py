"""Mutated packets through open, decide and settle of a strict engine: nothing between it and the one who looks.

Only the signals of the pipeline are caught, and by the engine itself.  Every datagram must end with one reason, every
answer must be readable by a decoder that is not the server's, and every trace by people.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field, replace

from dhcpcore.batch import Batch
from dhcpcore.engine import Datagram, Engine, Outgoing
from dhcpcore.errors import OutcomeUnknown, StoreUnavailable
from dhcpcore.lease.facts import Facts, Outcome, Wants
from dhcpcore.lease.model import Lease
from dhcpcore.net import cycle
from dhcpcore.net.face import shown
from dhcpcore.store.traces import decode as decode_traces
from dhcpcore.store.traces import encode as encode_traces
from dhcpcore.wire.v4.message import decode, decode_pxe
from tests.fuzz.corpus import SERVERS, Packet, corpus
from tests.fuzz.dialogue import Dialogues
from tests.fuzz.mutations import mutated
from tests.fuzz.surroundings import ABSENT, ATTACHED, UPLINK, Assigned, install
from tests.fuzz.verdict import faults_of, misled, promised
from tests.interop import packets
from tests.simulation.memory import MemoryRows, MemoryStore

BATCH = 256
#: Batches of one engine and its database; the next ones begin with new ones, for rows to stay few.
_LIFE = 80
_SAMPLE = 8
_FOLLOWED = 3


class Failure(AssertionError):
    """What was found, with all that is needed to find it again."""


@dataclass(slots=True)
class Tally:
    """What became of the packets."""

    packets: int = 0
    decided: int = 0
    answered: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


class _Store:
    """The store in memory, which now and then fails as databases do."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._now = 0.0
        self._memory = MemoryRows()
        self._inner = MemoryStore(self._memory, Assigned())

    def all_rows(self) -> list[Lease]:
        return list(self._memory.rows.values())

    def see_promised(self, payload: bytes) -> None:
        """Whoever is given an address has its row already; a client that must not hear its name cannot be told."""
        kind, address, client_id = promised(payload)
        if kind in {0, packets.ACK} and address != packets.NOWHERE:
            held = [one for key, all_ in self._memory.history.items() if key[2] == address for one in all_]
            # Its client may have given it back in the very batch that granted it.
            lately = [one for one in held if one.closed_at is None or one.closed_at >= int(self._now)]
            if not any(not client_id or one.client == b"\x01" + client_id for one in lately):
                raise Failure(f"{address.hex('.')} was promised and is not in the database")

    def fetch(self, wants: Wants, facts: Facts, revision: int, *, assigned: bool) -> None:
        if self._dice.random() < 0.02:
            raise StoreUnavailable("away")
        self._inner.fetch(wants, facts, revision, assigned=assigned)

    def commit(self, changes, now: float) -> Outcome:  # type: ignore[no-untyped-def]
        self._now = now
        roll = self._dice.random()
        if roll < 0.005:
            raise StoreUnavailable("away")
        kept = [change for change in changes if roll >= 0.03 or self._dice.random() < 0.8]
        outcome = self._inner.commit(kept, now)
        missing = {change.after.key for change in changes} - {change.after.key for change in kept}
        outcome = replace(outcome, lost=outcome.lost | missing)
        if roll < 0.01:
            raise OutcomeUnknown("lost")
        return outcome


def run(count: int, seed: int, seconds: float = float("inf")) -> Tally:
    """Send ``count`` packets; raises ``Failure`` at the first thing that is wrong."""
    seeds = corpus()
    tally = Tally()
    began = time.monotonic()
    life = 0
    while tally.packets < count and time.monotonic() - began < seconds:
        _live(seed, life, seeds, count, tally)
        life += 1
    return tally


def _live(seed: int, life: int, seeds: list[Packet], count: int, tally: Tally) -> None:
    dice = random.Random(seed * 1_000_003 + life)
    engine = Engine(strict=True)
    store = _Store(dice)
    dialogues = Dialogues(dice)
    now = 1_700_000_000.0
    received = 0
    install(engine, dice, 1)
    for number in range(_LIFE):
        if tally.packets >= count:
            return
        if number % 10 == 9:
            install(engine, dice, number)
        now += dice.choice((0.01, 0.3, 5.0, 100.0, -50.0))
        size = min(BATCH, count - tally.packets)
        datagrams = [_wrapped(dice, mutated(dice, seeds, dialogues.packets), now) for _ in range(size)]
        received += len(datagrams)
        answers: list[Outgoing] = []
        try:
            batch = engine.open(datagrams, now, decode_pxe if number % 20 == 5 else decode)
            tally.decided += sum(bundle.retries == 0 and bundle.probed is None for bundle in batch.pending)
            _finish(batch, store, engine, answers)
            _judge(engine, received, answers, tally)
            for answer in answers[::_FOLLOWED]:
                dialogues.heard(answer)
        except Exception as error:
            raise Failure(_words(seed, life, number, datagrams, error)) from error
        tally.packets += len(datagrams)
        tally.answered += len(answers)
        searches = engine.searches
        if searches.begin() and searches.look(store.all_rows(), None):
            answers += searches.answers(now, engine.snapshot)
        for probe in engine.take_probes():
            if dice.random() < 0.3:
                engine.probe_answered(probe.key)


def _finish(batch: Batch, store: _Store, engine: Engine, answers: list[Outgoing]) -> None:
    def hand_over(ready: list[Outgoing]) -> None:
        for answer in ready:
            store.see_promised(answer.payload)
        answers.extend(ready)

    cycle.run(batch, store, engine.snapshot, hand_over)


def _wrapped(dice: random.Random, data: bytes, now: float) -> Datagram:
    roll = dice.random()
    if roll < 0.45:
        return Datagram(data, packets.NOWHERE, 68, ATTACHED, b"\xff\xff\xff\xff", SERVERS[0], now)
    if roll < 0.9:
        return Datagram(data, b"\x0a\x01\x00\x01", 67, UPLINK, SERVERS[1], SERVERS[1], now)
    interface, local = dice.choice((UPLINK, ABSENT)), dice.choice((b"", SERVERS[0]))
    return Datagram(data, dice.randbytes(4), int(dice.random() * 65536), interface, SERVERS[1], local, now)


def _judge(engine: Engine, received: int, answers: list[Outgoing], tally: Tally) -> None:
    counted = sum(engine.counters.datagrams.values())
    waiting = engine.suspended
    if counted + waiting != received:
        raise Failure(f"{received} datagrams, {counted} reasons, {waiting} waiting")
    traces = list(engine.traces)
    engine.traces.clear()
    for trace in traces:
        tally.reasons[trace.reason.code] += 1
        if trace.reason.code == "INTERNAL-ERROR":
            raise Failure("INTERNAL-ERROR")
        if wrong := faults_of(trace):
            raise Failure(f"{wrong}: {trace.answer.hex()} to {trace.datagram.data.hex()}")
    for trace in traces[::_SAMPLE]:
        shown(trace)
    if len(list(decode_traces(encode_traces(traces)))) != len(traces):
        raise Failure("traces that were stored are not all there when they are read")
    if (said := sum(1 for trace in traces if trace.answer)) != len(answers):
        raise Failure(f"{len(answers)} answers, {said} by the traces")
    for answer in answers:
        if wrong := misled(answer):
            raise Failure(f"an answer {wrong}: {answer.payload.hex()}")


def _words(seed: int, life: int, number: int, datagrams: list[Datagram], error: Exception) -> str:
    """The one packet that does it alone, if there is one; else the place to find it again."""
    place = f"seed {seed}, engine {life}, batch {number}: {error!r}"
    for datagram in datagrams:
        dice = random.Random(0)
        engine = Engine(strict=True)
        install(engine, dice, 1)
        try:
            _finish(engine.open([datagram], datagram.received_at), _Store(dice), engine, [])
        except Exception as alone:  # noqa: BLE001 - Whatever it is, it is what was looked for.
            return f"{place}\nAlone it is {alone!r}, of {datagram.data.hex()}"
    return f"{place}\nAgain by: python -m tests.fuzz --seed {seed}"
