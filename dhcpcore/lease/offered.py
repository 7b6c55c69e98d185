"""What was seen of a client when it was made an offer, for the REQUEST that follows.

A REQUEST that selects our offer comes milliseconds later; its rows need not be read again, since the commit is guarded
by their versions.  A bounded cache: an entry is used once, for the very address that was offered, or forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from dhcpcore.lease.model import Lease, LeaseKey

#: Clients that may be between OFFER and REQUEST at once; beyond it the oldest quarter is forgotten.
CLIENTS_MAX = 16_384
#: Seconds after which a client is read again.
KEPT_S = 10


class Recalled(NamedTuple):
    """What a client was offered, and what rows it had."""

    key: LeaseKey
    rows: tuple[Lease, ...]


class Offered:
    """What was offered to a client, and its rows."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[bytes, tuple[LeaseKey, float, tuple[Lease, ...]]] = {}

    def remember(self, client: bytes, key: LeaseKey, rows: Sequence[Lease], now: float) -> None:
        """The client was offered the address ``key``; these were its rows."""
        entries = self._entries
        if len(entries) >= CLIENTS_MAX:
            for oldest in tuple(islice(entries, CLIENTS_MAX // 4)):
                del entries[oldest]
        entries[client] = (key, now, tuple(rows))

    def recall(self, client: bytes, address: bytes | None, now: float) -> Recalled | None:
        """What was seen of the client, where it asks for what it was just offered; None: read it."""
        entry = self._entries.pop(client, None)
        if entry is None or entry[0][2] != address or not 0 <= now - entry[1] <= KEPT_S:
            return None
        return Recalled(entry[0], entry[2])

    def __len__(self) -> int:
        return len(self._entries)
