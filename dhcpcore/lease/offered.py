"""What was seen of a client when it was made an offer, for the REQUEST that follows.

A REQUEST that selects our offer comes milliseconds later; its rows need not be read again, since the commit is guarded
by their versions.  A bounded cache: an entry is used once, for the very address that was offered, or forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from dhcpcore.lease.model import Lease

#: Clients that may be between OFFER and REQUEST at once; beyond it the oldest quarter is forgotten.
CLIENTS_MAX = 16_384
#: Seconds after which a client is read again.
KEPT_S = 10


class Offered:
    """Rows by client."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[bytes, tuple[bytes, float, tuple[Lease, ...]]] = {}

    def remember(self, client: bytes, address: bytes, rows: Sequence[Lease], now: float) -> None:
        """The client was offered ``address``; these were its rows."""
        entries = self._entries
        if len(entries) >= CLIENTS_MAX:
            for oldest in tuple(islice(entries, CLIENTS_MAX // 4)):
                del entries[oldest]
        entries[client] = (address, now, tuple(rows))

    def recall(self, client: bytes, address: bytes | None, now: float) -> tuple[Lease, ...] | None:
        """The client's rows, where it asks for what it was just offered; None: read them."""
        entry = self._entries.pop(client, None)
        if entry is None or entry[0] != address or not 0 <= now - entry[1] <= KEPT_S:
            return None
        return entry[2]

    def __len__(self) -> int:
        return len(self._entries)
