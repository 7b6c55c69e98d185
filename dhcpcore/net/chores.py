"""What the engine does besides answering: follow the definitions, sweep, fill hints, keep time, write traces, tidy."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Protocol

from dhcpcore.engine import Engine, Traced
from dhcpcore.errors import LessorError, Refused
from dhcpcore.lease.facts import Wants
from dhcpcore.lease.model import LeaseKey
from dhcpcore.net import cycle
from dhcpcore.net.clock import Clock
from dhcpcore.store import requests
from dhcpcore.store.database import Database
from dhcpcore.store.engines import Engines, Share
from dhcpcore.store.leases import SWEEP_ROWS, LeaseStore
from dhcpcore.store.retention import Retention
from dhcpcore.topology.snapshot import Snapshot

log = logging.getLogger(__name__)

#: Datagrams a second above which the server counts as busy: sweeping and filling then take small bites.
_BUSY_RATE = 500
#: Seconds between two signs of life.
BEAT_S = 2.0
#: Transactions written to the trace log in one go: some 0.3 ms, at most twenty times a second.  Where there are more,
#: answered ones are thinned out and refusals kept.
TRACES_A_FLUSH = 100
_FLUSH_S = 0.05
#: What traces may take of the disk however much is sent, some 20 GB in their seven days, and what is saved up for a
#: busy hour while it is quiet.  Beyond it, flushes are further apart and so thinned out more.
TRACE_OCTETS_A_SECOND = 32_000
TRACE_OCTETS_SAVED = 1_000_000_000
#: Between two looks at the length of the database's log.
_CHECKPOINT_S = 0.05
#: Between two pages of the survey of assignments.
_SURVEY_S = 0.01
#: A revision is surveyed when it is so old: who changes much one by one does not want it read as often.
_CHANGES_S = 10.0
#: Between two collections of garbage, which take some 50 ms; on a busy server they are rarer.
_GARBAGE_S = 60.0
_GARBAGE_BUSY_S = 900.0
#: A flush waits for so many, or for a second.
_FLUSH_EARLY = TRACES_A_FLUSH // 2


class Definitions(Protocol):
    """Where snapshots come from."""

    def revision(self) -> int: ...

    def snapshot(self, revision: int | None = None) -> Snapshot: ...

    def survey(self, revision: int) -> bool: ...

    def audit(self, after: int, until: int) -> list[dict[str, Any]]: ...


class Chores:
    """Each method is one chore: it does a bounded piece of work and answers in how many seconds it wants the next."""

    def __init__(
        self,
        engine: Engine,
        database: Database,
        store: LeaseStore,
        definitions: Definitions,
        clock: Clock,
        send: Callable[[Any], object],
        duid: bytes,
        name: str,
        do: Callable[[requests.Request], Mapping[str, Any]],
    ) -> None:
        self._engine = engine
        self._database = database
        self._store = store
        self._definitions = definitions
        self._clock = clock
        self._send = send
        self._duid = duid
        self._name = name
        self._do = do
        self._engines = Engines(database)
        self._retention = Retention(database)
        self._refused = -1
        self._surveyed = -1
        self._swept_to: LeaseKey | None = None
        self._sweep_found = 0
        self._seen = 0
        self._rate_at = time.monotonic()
        self._rate = 0.0
        self._flushed_at = time.monotonic()
        self._collected_at = time.monotonic()
        self._trace_room: float = TRACE_OCTETS_SAVED
        self._written = 0
        self.share = Share(0, 0, 1)

    def follow_definitions(self) -> float:
        """Swap in a new revision within a second of its being published."""
        revision = self._definitions.revision()
        if revision != self._refused and (not self._engine.defined or revision != self._engine.snapshot.revision):
            self.reload()
        return 1.0

    def reload(self) -> None:
        """Load the published revision."""
        snapshot = self._definitions.snapshot()
        former = self._engine.snapshot.revision if self._engine.defined else None
        for row in snapshot.quarantined:
            log.error("QUARANTINED: %s is not used: %s", row.place, row.fault)
        try:
            self._engine.install(snapshot)
        except Refused as error:
            # Until the next revision: it would say the same of this one.
            self._refused = snapshot.revision
            log.error("REVISION-REFUSED: %s", error)  # noqa: TRY400 - The sentence says it all.
            return
        self._store.follow(snapshot)
        log.info("Revision %d is in force: %d subnets.", snapshot.revision, len(snapshot.subnets))
        callouts = self._engine.callouts
        if (
            former is not None and callouts is not None and callouts.has("cb4_updated")
            and (entries := self._definitions.audit(former, snapshot.revision))
        ):  # fmt: skip
            callouts.updated(entries)

    def survey(self) -> float:
        """See what assignments there are, a page at a time; a new revision is looked at once no other follows."""
        engine = self._engine
        if not engine.defined or not engine.snapshot.identifier_kinds:
            return 1.0
        revision = engine.snapshot.revision
        if revision != self._surveyed:
            first, self._surveyed = self._surveyed < 0, revision
            if not first:
                return _CHANGES_S
        return 1.0 if self._definitions.survey(revision) else _SURVEY_S

    def follow_requests(self) -> float:
        """Do what was asked while no engine could be reached."""
        with self._database.reader() as connection:
            waiting = requests.waiting(connection, 20)
        for request in waiting:
            try:
                result: Mapping[str, Any] = {"ok": True, **self._do(request)}
            except LessorError as error:
                result = {"ok": False, "message": str(error)}
            with self._database.writer() as connection:
                requests.finish(connection, request.id, result, self._clock.now())
        return 1.0

    def keep_time(self) -> float:
        """Measure the offset to database time; withdraw offers whose time is over."""
        self._engine.allocator.expire(self._clock.now())
        if self._clock.due():
            try:
                self._clock.measure()
            finally:
                self._engine.allocator.reclaim = not self._clock.suspect
        return 1.0

    def beat(self) -> float:
        """Say that this engine is alive, and take its share of the pools."""
        status = {"revision": self._engine.snapshot.revision}
        share = self._engines.beat(self._duid, self._name, self._clock.now(), status)
        if (share.index, share.count) != (self.share.index, self.share.count):
            log.info("This engine is number %d of %d on this database.", share.index + 1, share.count)
            self._engine.allocator.share = (share.index, share.count)
            self._clock.alone = share.count == 1
        self.share = share
        # Soon, so that an engine that was alone learns of another one before both have offered the same addresses.
        return BEAT_S

    def leave(self) -> None:
        """This engine ends."""
        self._engines.leave(self._duid)

    def sweep(self) -> float:
        """Close the holdings whose end has passed, a piece of the table at a time; slower while the server is busy."""
        now = self._clock.now()
        if not self._clock.ready or self._clock.suspect:
            return 1.0
        busy = self.busy()
        rows = SWEEP_ROWS // 4 if busy else SWEEP_ROWS
        ended, self._swept_to = self._store.sweep(self._swept_to, now, rows, self._engine.probation_s)
        if ended:
            self._sweep_found += len(ended)
            batch = self._engine.open_sweep(ended, now)
            cycle.run(batch, self._store, self._engine.snapshot, self._send)
            self._engine.counters.events["swept"] += len(ended)
        if self._swept_to is None:
            self._store.recount(now)
            found, self._sweep_found = self._sweep_found, 0
            return 1.0 if found else 5.0
        return 0.06 if busy else 0.02

    def search(self) -> float:
        """Look for what is asked by remote-id, a slice of the table at a time; answer at its end."""
        searches = self._engine.searches
        if not searches.begin():
            return 0.1 if self._engine.snapshot.leasequery.enabled else 1.0
        if searches.look(*self._store.rows(searches.after)):
            answers = searches.answers(self._clock.now(), self._engine.snapshot)
            self._send(answers)
            self._engine.counters.events["leasequery-found"] += len(answers)
        return 0.05 if self.busy() else 0.0

    def fill_hints(self) -> float:
        """Load pages of the occupancy hint before somebody waits for them."""
        if self.busy():
            return 0.25
        pages = self._engine.allocator.unloaded(2)
        if not pages:
            return 2.0
        batch = self._engine.open_changes((), self._clock.now())
        wants = Wants(pages=set(pages))
        self._store.fetch(
            wants,
            batch.facts,
            self._engine.snapshot.revision,
            assigned=self._engine.snapshot.has_assigned_addresses,
        )
        cycle.run(batch, self._store, self._engine.snapshot, self._send)
        return 0.02

    def write_traces(self) -> float:
        """Write what has gathered, refusals first."""
        engine = self._engine
        new = min(engine.traced - self._written, len(engine.traces))
        now = time.monotonic()
        waited = now - self._flushed_at
        room = min(TRACE_OCTETS_SAVED, self._trace_room + waited * TRACE_OCTETS_A_SECOND)
        if room > 0 and (new >= _FLUSH_EARLY or (new and waited >= 1.0)):
            self._flushed_at = now
            self._written = engine.traced
            entries = list(islice(reversed(engine.traces), new))  # From the end: the way from the other is longer.
            entries.reverse()
            self._trace_room = room - self._store.trace(self.share.engine, thinned(entries, TRACES_A_FLUSH))
        self._store.flush()
        return _FLUSH_S

    def checkpoint(self) -> float:
        """Keep the database's log short."""
        self._store.checkpoint()
        return _CHECKPOINT_S

    def prune(self) -> float:
        """Delete what is older than its retention, a batch at a time."""
        return 0.2 if self._retention.prune(self._clock.now()) else 60.0

    def collect_garbage(self) -> float:
        """Free what refers to itself.  Nothing on the packets' way does, so it can wait for a quiet moment."""
        now = time.monotonic()
        if now - self._collected_at >= (_GARBAGE_BUSY_S if self.busy() else _GARBAGE_S):
            gc.collect()
            self._collected_at = time.monotonic()
        return 1.0

    def busy(self) -> bool:
        """Whether so many packets come that everything else should take small bites."""
        now = time.monotonic()
        if now - self._rate_at >= 0.25:
            seen = sum(self._engine.counters.datagrams.values())
            self._rate = (seen - self._seen) / (now - self._rate_at)
            self._seen, self._rate_at = seen, now
        return self._rate > _BUSY_RATE


def thinned(entries: list[Traced], limit: int) -> list[Traced]:
    """At most ``limit`` entries: what was not answered first, then every n-th of what was, in their order."""
    if len(entries) <= limit:
        return entries
    unanswered = sum(1 for entry in entries if not entry.answer)
    if unanswered >= limit:
        return [entry for entry in entries if not entry.answer][-limit:]
    every = -(-(len(entries) - unanswered) // (limit - unanswered))
    kept: list[Traced] = []
    answered = 0
    for entry in entries:
        if entry.answer:
            answered += 1
            if answered % every:
                continue
        kept.append(entry)
    return kept
