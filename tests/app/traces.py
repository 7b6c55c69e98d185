"""Transactions as an engine stores them, for tests of what people are told."""

import time

from dhcpcore.engine import Datagram, Traced
from dhcpcore.stats.reasons import Reason
from tests.packets4 import Client, request
from tests.stored import store_traces

#: Types of message, by what became of them; DISCOVER otherwise.
KINDS = {Reason.ACK_NEW: 3, Reason.NAK_TAKEN: 3, Reason.RELEASED: 7}
RELAY = b"\xc0\x00\x02\x01"


def tell(database, *told, at=None) -> None:
    """Store one transaction for each (last octet of the hardware address, reason), oldest first."""
    began = time.time() - len(told) if at is None else at
    entries = []
    for number, (last, reason) in enumerate(told):
        hw = bytes([2, 0, 0, 0, 0, last])
        came = Datagram(request(KINDS.get(reason, 1), Client(hw), 7), RELAY, 67, 2, RELAY, RELAY, began + number)
        entries.append(Traced(came, reason, 1, [], b"\0\1" + hw, b""))
    store_traces(database, entries)


def some(database) -> None:
    """A few of every verdict."""
    tell(database, (12, Reason.OFFER), (12, Reason.ACK_NEW), (13, Reason.NAK_TAKEN), (99, Reason.POOL_EXHAUSTED),
         (14, Reason.RELEASED), (99, Reason.POOL_EXHAUSTED))
