"""One batch on its way through fetch, decide, commit and send, with a name for everything that can go wrong on it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from dhcpcore.batch import Batch
from dhcpcore.engine import Outgoing
from dhcpcore.errors import OutcomeUnknown, StoreError
from dhcpcore.lease.facts import Facts, Outcome, Wants
from dhcpcore.lease.model import Change
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.snapshot import Snapshot

log = logging.getLogger(__name__)

#: A client asks again after 4 s (RFC 2131 4.1): an answer to its first try would only confuse it.
AGE_S_MAX = 4.0


class Store(Protocol):
    """The two arrows of a batch that can fail."""

    def fetch(self, wants: Wants, facts: Facts, revision: int, *, assigned: bool) -> None:
        """Put the wanted rows into ``facts``."""
        ...

    def commit(self, changes: Sequence[Change], now: float) -> Outcome:
        """Store what was not overtaken."""
        ...


def run(
    batch: Batch,
    store: Store,
    snapshot: Snapshot,
    send: Callable[[list[Outgoing]], object],
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Take the batch to its end: every transaction of it is answered, suspended, or ended by name."""
    began = monotonic()
    unknown = False
    while True:
        try:
            if batch.wants:
                store.fetch(batch.wants, batch.facts, snapshot.revision, assigned=snapshot.has_assigned_addresses)
        except StoreError as error:
            log.error("DATABASE-UNAVAILABLE: %s", error)  # noqa: TRY400 - The sentence says it all.
            batch.abandon(Reason.OUTCOME_UNKNOWN if unknown else Reason.DATABASE_UNAVAILABLE)
            return
        batch.decide()
        if ready := batch.ready():
            send(ready)
        if batch.pending:
            continue  # They need more rows; the others wait for them, and are committed together.
        if changes := batch.changes():
            if monotonic() - began > AGE_S_MAX:
                batch.abandon(Reason.BATCH_TOO_OLD)
                return
            try:
                outcome = store.commit(changes, batch.now)
            except OutcomeUnknown as error:
                log.error("OUTCOME-UNKNOWN: %s", error)  # noqa: TRY400
                if unknown:
                    batch.abandon(Reason.OUTCOME_UNKNOWN)
                    return
                unknown = True
                batch.unknown()
                continue
            except StoreError as error:
                log.error("DATABASE-UNAVAILABLE: %s", error)  # noqa: TRY400
                batch.abandon(Reason.DATABASE_UNAVAILABLE)
                return
            for change, fault in outcome.refused:
                log.error("ROW-REFUSED: the database refused %s; it is in quarantine: %s.", change.after, fault)
            if monotonic() - began > AGE_S_MAX:
                batch.abandon(Reason.BATCH_TOO_OLD)
                return
            batch.settle(outcome)
            if ready := batch.ready():
                send(ready)
        if not batch.pending:
            return
