"""What becomes of a lease row when its client takes, keeps, gives back or declines the address, or its end passes.

Each function answers the guarded write that says so (``Change``), with the history interval that it opens or closes.
A holding's interval ends at the lesser of its closing and its lease end.
"""

from __future__ import annotations

from dhcpcore.lease.model import INFINITE_LIFETIME_S, NEVER, Change, Close, Closing, Lease, LeaseKey, State, make

#: Asked several times a packet: a member of an enumeration costs thrice what a number does.
_LEASED, _DECLINED = int(State.LEASED), int(State.DECLINED)


def is_active(row: Lease, now: float) -> bool:
    """Whether somebody holds the address now."""
    return row.state == _LEASED and row.expires > now


def is_free_for_others(row: Lease, now: float, grace_s: int) -> bool:
    """Whether another client may be given the address: the end lies ``grace_s`` back, or the probation is over."""
    return row.expires + (0 if row.state == _DECLINED else grace_s) <= now


def is_recovering(row: Lease, now: float, probation_s: int) -> bool:
    """Whether a probation of so many seconds is over that its row keeps until somebody has been asked."""
    return row.state == _DECLINED and row.cltt + probation_s <= now < row.expires


def lease_end(now: int, lifetime_s: int) -> int:
    """When a lease granted now ends."""
    return NEVER if lifetime_s == INFINITE_LIFETIME_S else now + lifetime_s


def grant(
    before: Lease | None,
    key: LeaseKey,
    *,
    client: bytes,
    hw: bytes,
    subnet: int,
    expires: int,
    now: int,
    hostname: str,
    relay: bytes | None,
    agent: bytes | None,
    renewing: bool,
) -> Change | None:
    """The client gets the address, or keeps it; None where the row says all of that already.

    ``relay`` and ``agent`` are None where the packet cannot know them (a renewal that by-passes the relay): then the
    row keeps what it had.  The caller has checked that the address is free or the client's own.

    An end that was promised stands, since the ACK that shortens the lease may never arrive.  Only who renews a lease
    without end has evidently heard of one.
    """
    space, kind, address, plen = key
    if before is None:
        # A first version is the time: it lies above every version of a row of this address that was once deleted.
        after = Lease(
            space, kind, address, plen, client, hw, 1, expires, now, subnet, now, now, hostname, relay or b"",
            agent or b"",
        )  # fmt: skip
        return Change(None, after, True, None)
    _, _, _, _, holder, held_hw, state, until, cltt, home, version, opened, held_name, held_relay, held_agent = before
    holds = holder == client and state == _LEASED and until > now
    if holds and until > expires and not (renewing and until == NEVER):
        expires = until
    continues = holds and home == subnet
    if relay is None:
        relay, agent = (held_relay, held_agent) if continues else (b"", b"")
    agent = agent or b""
    version += 1
    closing = None
    if continues:
        if held_relay == relay and held_agent == agent:
            if until == expires and cltt == now and held_name == hostname and held_hw == hw:
                return None
            after = make(Lease, (
                space, kind, address, plen, client, hw, 1, expires, now, subnet, version, opened, hostname, relay,
                agent,
            ))  # fmt: skip
            return make(Change, (before, after, False, None))
        closing = Closing(opened, now, Close.RELAY_CHANGED)
    elif state == _LEASED:
        # Where it is still active, its subnet was deleted and declared anew: the path to it is another.
        closing = _closing(before, now, Close.RELAY_CHANGED)
    after = Lease(
        space, kind, address, plen, client, hw, 1, expires, now, subnet, version, version, hostname, relay, agent
    )
    return Change(before, after, True, closing)


def is_renewal(change: Change) -> bool:
    """Whether nothing but end and transaction time of the row changes, which is what most changes are."""
    before, after, opens, closing = change
    return (
        before is not None
        and not opens
        and closing is None
        and before.opened == after.opened
        and before.hw == after.hw
        and before.hostname == after.hostname
    )


def end(before: Lease, now: int, reason: Close) -> Change:
    """A holding ends before its time: released, moved, revoked.  The client is kept for affinity."""
    ended = min(now, before.expires)
    after = before._replace(state=State.RELEASED, expires=ended, version=before.version + 1)
    return Change(before, after, False, Closing(before.opened, ended, reason))


def decline(before: Lease, now: int, probation_s: int) -> Change:
    """The client found the address in use (RFC 2131 4.3.3): nobody holds it until the probation is over."""
    after = before._replace(
        client=b"", state=State.DECLINED, expires=now + probation_s, cltt=now, version=before.version + 1
    )
    return Change(before, after, False, Closing(before.opened, min(now, before.expires), Close.DECLINED))


def conflict(before: Lease | None, key: LeaseKey, subnet: int, now: int, probation_s: int) -> Change:
    """A probe found the address in use by somebody who has no lease: nobody gets it until the probation is over."""
    version = before.version + 1 if before else now
    after = Lease(*key, b"", b"", State.DECLINED, now + probation_s, now, subnet, version, version, "", b"", b"")
    closing = None
    if before is not None and before.state == State.LEASED:
        closing = _closing(before, now, Close.DECLINED)
    return Change(before, after, False, closing)


def _closing(before: Lease, now: int, reason: Close) -> Closing:
    """The end of what a row holds: for this reason, or long ago for its own."""
    if before.expires <= now:
        return Closing(before.opened, before.expires, Close.EXPIRED)
    return Closing(before.opened, now, reason)


def expire(before: Lease) -> Change:
    """The sweep closes a holding whose end has passed, at that end."""
    after = before._replace(state=State.EXPIRED, version=before.version + 1)
    return Change(before, after, False, Closing(before.opened, before.expires, Close.EXPIRED))


def recover(before: Lease, now: int) -> Change:
    """The probation is over: whoever may have the address is given it."""
    return Change(before, before._replace(expires=now, version=before.version + 1), False, None)


def remain_declined(before: Lease, now: int, probation_s: int) -> Change:
    """Another term of probation begins."""
    after = before._replace(expires=now + probation_s, cltt=now, version=before.version + 1)
    return Change(before, after, False, None)
