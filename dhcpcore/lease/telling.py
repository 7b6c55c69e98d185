"""Leasequery: what is told of a row.  RFC 4388 6.4.2, RFC 6926 6.2."""

from __future__ import annotations

import enum
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import NamedTuple

from dhcpcore.lease.model import INFINITE_LIFETIME_S, NEVER, Close, Lease, LeaseKey, State
from dhcpcore.lease.query import Asked, By, Query, state_since
from dhcpcore.lease.transitions import is_active
from dhcpcore.topology.snapshot import Lifetimes, Snapshot
from dhcpcore.wire.v4.leasequery import answer
from dhcpcore.wire.v4.message import MessageType, Opt, Request4

Pairs = list[tuple[int, bytes]]
LifetimesOf = Callable[[Lease], Lifetimes]

#: What one IP datagram carries over Ethernet; a requestor is an access concentrator and takes it.
_LIMIT = 1472


class Status(enum.IntEnum):
    """Option 151: how a query by TCP went, or goes on.  RFC 6926 6.2.2."""

    SUCCESS = 0
    UNSPEC_FAIL = 1
    QUERY_TERMINATED = 2
    MALFORMED_QUERY = 3
    NOT_ALLOWED = 4
    #: RFC 7724 5.2.2.  No query is ever told DATA_MISSING: the lease table has all that there is since any time.
    DATA_MISSING = 5
    CONNECTION_ACTIVE = 6
    CATCH_UP_COMPLETE = 7
    TLS_CONNECTION_REFUSED = 8


class DhcpState(enum.IntEnum):
    """Option 156: the state of an address.  RFC 6926 6.2.7."""

    AVAILABLE = 1
    ACTIVE = 2
    EXPIRED = 3
    RELEASED = 4
    ABANDONED = 5
    RESET = 6


class Holding(NamedTuple):
    """What the history says of the last holding of an address: when it began, and why it ended, if it did."""

    began: int
    ended_by: int | None


Holdings = Mapping[LeaseKey, Holding]
NO_HISTORY: Holdings = {}

_STATES = {
    State.LEASED: DhcpState.EXPIRED,  # Its end has passed, though nobody swept it yet; else it is active.
    State.RELEASED: DhcpState.RELEASED,
    State.EXPIRED: DhcpState.EXPIRED,
    State.DECLINED: DhcpState.ABANDONED,
}


def lifetimes_of(snapshot: Snapshot) -> LifetimesOf:
    """The lifetimes by which a lease was granted: those of its pool, or of its subnet."""
    subnets = {subnet.subnet_id: subnet for subnet in snapshot.subnets}
    usual = Lifetimes()

    def find(row: Lease) -> Lifetimes:
        subnet = subnets.get(row.subnet)
        if subnet is None:
            return usual  # It was deleted, and the lease is not over.
        pools = (pool.lifetimes for pool in subnet.pools if pool.lifetimes is not None and pool.covers(row.address))
        return next(pools, subnet.lifetimes)

    return find


def state_of(row: Lease, now: float, holding: Holding | None = None) -> DhcpState:
    """The state of a row's address.  Who took it back, its client or an administrator, the history knows."""
    if is_active(row, now):
        return DhcpState.ACTIVE
    if row.state == State.DECLINED and row.expires <= now:
        return DhcpState.AVAILABLE
    if row.state == State.RELEASED and holding is not None and holding.ended_by == Close.REVOKED:
        return DhcpState.RESET
    return _STATES[State(row.state)]


def holding(row: Lease, now: float, lifetimes: Lifetimes) -> Pairs:
    """The options of an address that somebody holds, most important first; times are counted from now.

    T1 and T2 that have passed are left out.  RFC 4388 6.4.2.
    """
    at = int(now)
    pairs: Pairs = []
    if row.client[:1] == b"\x01":
        pairs.append((Opt.CLIENT_ID, row.client[1:]))
    pairs.append((Opt.LEASE_TIME, _u32(INFINITE_LIFETIME_S if row.expires == NEVER else row.expires - at)))
    if row.expires != NEVER:
        renew, rebind = lifetimes.timers(row.expires - row.cltt)
        due = ((Opt.RENEWAL_TIME, row.cltt + renew - at), (Opt.REBINDING_TIME, row.cltt + rebind - at))
        pairs += [(code, _u32(seconds)) for code, seconds in due if seconds > 0]
    pairs.append((Opt.CLIENT_LAST_TRANSACTION_TIME, _u32(at - row.cltt)))
    if row.agent:
        pairs.append((Opt.AGENT_OPTIONS, row.agent))  # As it came: what was stashed.  RFC 4388 6.4.2.
    if row.hostname:
        # Said by the client or assigned to it.  No other option that it sent or was sent is kept with its lease, and
        # what it would be sent today may be another thing: of those nothing is told.  RFC 4388 6.4.2.
        pairs.append((Opt.HOST_NAME, row.hostname.encode()))
    return pairs


def reply(
    request: Request4, query: Query, rows: Iterable[Lease], *, now: float, server_id: bytes, known: bool,
    lifetimes: LifetimesOf, vpn: bytes = b"",
) -> tuple[MessageType, bytes]:  # fmt: skip
    """The one answer to a query by UDP: of a client's addresses the one heard of last, and all in option 92.

    ``rows`` are those of the address or client; ``known``: an address asked for is one of ours.  ``vpn``: whose they
    are, where the query named it and a subnet is of it.
    """
    active = sorted((row for row in rows if is_active(row, now)), key=lambda row: (-row.cltt, row.address))
    if query.by is By.ADDRESS:
        active.sort(key=lambda row: row.address != query.value)
        if active and active[0].address != query.value:
            active = []
    pairs: Pairs = [(Opt.SERVER_ID, server_id), *_of_vpn(vpn)]
    if not active:
        # RFC 4388 6.4: that an address is nobody's can only be said of one that we give away.
        kind = MessageType.LEASEUNASSIGNED if known else MessageType.LEASEUNKNOWN
        ciaddr = query.value if query.by is By.ADDRESS else bytes(4)
        hw = request.hw if query.by is By.HARDWARE else b""
        return kind, answer(kind, xid=request.xid, giaddr=request.giaddr, ciaddr=ciaddr, hw=hw, pairs=pairs)
    row = active[0]
    others = b"".join(one.address for one in active)
    # RFC 4388 6.4.2: where there are several, they are listed whether or not that was asked for.
    listed = [(int(Opt.ASSOCIATED_IP), others)]
    pairs += asked_for(request, holding(row, now, lifetimes(row)))
    pairs += listed if len(active) > 1 else asked_for(request, listed)
    kind = MessageType.LEASEACTIVE
    return kind, answer(
        kind, xid=request.xid, giaddr=request.giaddr, ciaddr=row.address, hw=row.hw, pairs=pairs, limit=_LIMIT
    )


def in_bulk(
    request: Request4, row: Lease, *, now: float, server_id: bytes | None, lifetimes: LifetimesOf,
    held: Holding | None = None, vpn: bytes = b"",
) -> bytes:  # fmt: skip
    """One of the answers to a bulk query; the first of them has our identifier.  RFC 6926 7.4 and 8.3."""
    state = state_of(row, now, held)
    since = state_since(row, now, held and held.began)
    pairs = [*_ours(server_id), *_of_vpn(vpn), *_of_state(state, now)]
    more: Pairs = [(Opt.START_TIME_OF_STATE, _u32(int(now) - since))]
    if state is DhcpState.ACTIVE:
        kind, hw = MessageType.LEASEACTIVE, row.hw
        if held is None:
            more.clear()  # Its history is no more: the time is not known, and would be too late.
        more += holding(row, now, lifetimes(row))
    else:
        kind, hw = MessageType.LEASEUNASSIGNED, b""
        if state is DhcpState.ABANDONED:
            more.append((Opt.LEASE_TIME, _u32(row.expires - int(now))))  # Until its probation is over.  RFC 6926 8.3.
        more.append((Opt.CLIENT_LAST_TRANSACTION_TIME, _u32(int(now) - row.cltt)))
    pairs += asked_for(request, more)
    return answer(kind, xid=request.xid, giaddr=request.giaddr, ciaddr=row.address, hw=hw, pairs=pairs)


def never_held(request: Request4, address: bytes, *, now: float, server_id: bytes | None, vpn: bytes = b"") -> bytes:
    """Of an address that the server may give away and nobody ever had, that it is available.  RFC 6926 8.2."""
    pairs = [*_ours(server_id), *_of_vpn(vpn), *_of_state(DhcpState.AVAILABLE, now)]
    kind = MessageType.LEASEUNASSIGNED
    return answer(kind, xid=request.xid, giaddr=request.giaddr, ciaddr=address, pairs=pairs)


def done(xid: bytes, server_id: bytes | None, now: float, status: Status = Status.SUCCESS, text: str = "") -> bytes:
    """The end of the answers to a bulk query, with how it went where that is to be said.  RFC 6926 6.2.1."""
    return said(MessageType.LEASEQUERYDONE, xid, server_id, now, status, text)


def said(
    kind: MessageType, xid: bytes, server_id: bytes | None, now: float, status: Status, text: str = ""
) -> bytes:  # fmt: skip
    """A message that tells how a query goes, and no binding."""
    pairs: Pairs = [*_ours(server_id), (Opt.BASE_TIME, _u32(int(now)))]
    if status is not Status.SUCCESS or text:
        pairs.append((Opt.STATUS_CODE, bytes((status,)) + text.encode()))
    return answer(kind, xid=xid, giaddr=bytes(4), pairs=pairs)


def unclear(asked: Asked, rows: Iterable[Lease], spaces: Container[int], now: float) -> list[Lease]:
    """Those of the rows of which only the history tells what is asked: since when, or who ended it."""
    request, query = asked
    requested = request.options.get(Opt.PARAMETER_REQUEST_LIST)
    since = query.timed or requested is None or Opt.START_TIME_OF_STATE in requested
    return [
        row
        for row in rows
        if row.space in spaces and ((since and is_active(row, now)) or row.state == State.RELEASED)
    ]


def asked_for(request: Request4, pairs: Sequence[tuple[int, bytes]]) -> Pairs:
    """Those that option 55 lists; all where the requestor sent none.  RFC 4388 6.2."""
    requested = request.options.get(Opt.PARAMETER_REQUEST_LIST)
    return [(code, payload) for code, payload in pairs if requested is None or code in requested]


def _ours(server_id: bytes | None) -> Pairs:
    return [] if server_id is None else [(Opt.SERVER_ID, server_id)]


def _of_vpn(vpn: bytes) -> Pairs:
    return [(Opt.VSS, vpn)] if vpn else []


def _of_state(state: DhcpState, now: float) -> Pairs:
    """Base-time is what all other times of the message are counted from.  RFC 6926 6.2.3."""
    return [(Opt.BASE_TIME, _u32(int(now))), (Opt.DHCP_STATE, bytes((state,))), (Opt.DATA_SOURCE, b"\0")]


def _u32(seconds: int) -> bytes:
    return max(0, min(seconds, 0xFFFF_FFFF)).to_bytes(4, "big")
