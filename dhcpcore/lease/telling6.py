"""Leasequery of DHCPv6: what is told of a client's leases, and the messages that tell it.  RFC 5007 4.1, RFC 5460 5.

Whose they are is told, addresses and prefixes with what is left of their times, and when the client was heard.  What
clients sent and were sent is not kept with their leases.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dhcpcore.lease.model import KIND_PREFIX6, NEVER, Lease
from dhcpcore.lease.query6 import Refusal
from dhcpcore.lease.telling import LifetimesOf
from dhcpcore.topology.snapshot import Lifetimes
from dhcpcore.wire.v6.message import (
    INFINITY,
    NOWHERE,
    Leased,
    Message6,
    MessageType6,
    Opt6,
    Pair,
    encode,
    encode_options,
    pack_leased,
    status,
)

#: Addresses and prefixes of one client in one message, which holds 65,535 octets.
TOLD_MAX = 1024


def client_data(duid: bytes, rows: Sequence[Lease], now: float, lifetimes: LifetimesOf) -> Pair:
    """Option 45: one client's leases of one link.  RFC 5007 4.1.2.2, 4.1.2.3."""
    told = rows[:TOLD_MAX]
    heard = max(0, int(now) - max(row.cltt for row in told))
    leased = [pack_leased(row.kind == KIND_PREFIX6, _left(row, int(now), lifetimes(row))) for row in told]
    clt_time = (int(Opt6.CLT_TIME), min(heard, INFINITY).to_bytes(4, "big"))
    return Opt6.CLIENT_DATA, encode_options(((Opt6.CLIENT_ID, duid), *leased, clt_time))


def client_links(links: Iterable[bytes]) -> Pair:
    """Option 48: where else the client may be asked for.  RFC 5007 4.1.2.5."""
    return Opt6.LQ_CLIENT_LINK, b"".join(link for link in links if link != NOWHERE)


def head(server_id: bytes, requestor: bytes | None) -> list[Pair]:
    """Who answers, and whom."""
    pairs: list[Pair] = [(Opt6.SERVER_ID, server_id)]
    return pairs if requestor is None else [*pairs, (Opt6.CLIENT_ID, requestor)]


def refused(refusal: Refusal) -> Pair:
    """Option 13."""
    return Opt6.STATUS_CODE, status(*refusal)


def first(request: Message6, server_id: bytes, *pairs: Pair) -> bytes:
    """The answer to a query by TCP: alone, or with the first client.  RFC 5460 5.2."""
    said = (*head(server_id, request.get(Opt6.CLIENT_ID)), *pairs)
    return encode(MessageType6.LEASEQUERY_REPLY, request.xid, said)


def further(request: Message6, data: Pair) -> bytes:
    """One of the other clients.  RFC 5460 5.2.1."""
    return encode(MessageType6.LEASEQUERY_DATA, request.xid, (data,))


def done(request: Message6, refusal: Refusal | None = None) -> bytes:
    """The end, where clients were told of.  RFC 5460 5.2.2."""
    return encode(MessageType6.LEASEQUERY_DONE, request.xid, () if refusal is None else (refused(refusal),))


def _left(row: Lease, now: int, lifetimes: Lifetimes) -> Leased:
    """What is left of its times.  The row has the valid lifetime; the preferred one is worked out anew."""
    if row.expires == NEVER:
        preferred = INFINITY if lifetimes.preferred_s is None else lifetimes.preferred_s - (now - row.cltt)
        return Leased(row.address, row.plen, max(0, preferred), INFINITY)
    granted = row.expires - row.cltt
    preferred = granted * 5 // 8 if lifetimes.preferred_s is None else min(lifetimes.preferred_s, granted)
    return Leased(row.address, row.plen, max(0, row.cltt + preferred - now), min(row.expires - now, INFINITY))
