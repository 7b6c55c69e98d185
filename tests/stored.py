"""Traces in a database, put there as the engine does it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from dhcpcore.engine import Traced
from dhcpcore.store.database import Database
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.leases import LeaseStore


def store_traces(database: Database, entries: Sequence[Traced]) -> None:
    """As engine number 1."""
    with closing(LeaseStore(database, Definitions(database))) as store:
        store.trace(1, entries)
        store.flush(at_once=True)
