"""Leases and their history: lists by cursor, one lease, who held what when, release, renewal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.services import lease_cursors, subnets
from app.services.access import Principal, Role
from app.services.appliance import Appliance
from app.services.identities import client_text, hardware_text, identities, sought
from dhcpcore.control import EngineAway
from dhcpcore.errors import InvalidValue, NotFound, Refused
from dhcpcore.lease.model import KIND_PREFIX6, NEVER, Close, Lease, State
from dhcpcore.store import audit, lease_orders, queries, requests
from dhcpcore.store.queries import Holding, LeaseFilter
from dhcpcore.wire.addresses import format_address, format_hex, format_prefix, parse_address, parse_hardware

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: A search by hardware address reads the whole history.
_SEARCH_S_MAX = 30.0

#: What a state is called everywhere a person or program sees it.
ACTIVE, EXPIRED, RELEASED, DECLINED = "active", "expired", "released", "declined"
STATES = (ACTIVE, EXPIRED, RELEASED, DECLINED)
_STATE_WORDS: Mapping[int, str] = {State.LEASED: ACTIVE, State.RELEASED: RELEASED, State.EXPIRED: EXPIRED,
                                   State.DECLINED: DECLINED}


@dataclass(frozen=True, slots=True)
class LeaseView:
    """One lease in words and numbers; times are seconds since 1970, ``expires_at`` None for a lease without end."""

    address: str
    state: str
    hw_address: str
    client: str
    hostname: str
    subnet: int
    expires_at: int | None
    last_seen_at: int
    relay: str
    agent: str
    space: int


@dataclass(frozen=True, slots=True)
class HoldingView:
    """One interval of the history.  ``to_at`` None: still held."""

    address: str
    hw_address: str
    client: str
    hostname: str
    subnet: int
    from_at: int
    to_at: int | None
    ended_by: str
    relay: str
    agent: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some leases, and the cursor of those that follow; None at the end."""

    leases: tuple[LeaseView, ...]
    next_cursor: str | None


#: What the lists can be sorted by.  Only the first is held by an index, whatever the number of leases.
SORTS = tuple(sign + name for name in ("address", *lease_orders.ORDERS) for sign in ("", "-"))
_STORED = {RELEASED: State.RELEASED, DECLINED: State.DECLINED}


def list_leases(appliance: Appliance, *, find: str | None = None, subnet: int | None = None, active: bool = False,
                cursor: str | None = None, limit: int = 100, state: str | None = None, hostname: str | None = None,
                hw_address: str | None = None, sort: str = "address") -> Page:
    """Leases in the order of ``sort``, which is one of ``SORTS``.

    ``find`` is an address, hardware address, client identifier or part of a host name.
    ``state`` is one of ``STATES``, ``hostname`` part of a name, ``hw_address`` one in any usual spelling.  A page may
    be short, or empty, and have a cursor all the same: the search looked at enough rows for once.
    """
    if not 1 <= limit <= queries.PAGE_MAX:
        raise InvalidValue(f"limit is {limit}; right is a whole number from 1 to {queries.PAGE_MAX}.")
    if sort not in SORTS:
        raise InvalidValue(f"sort is {sort}; right is one of {', '.join(SORTS[::2])}, or one of them with - before it.")
    if state is not None and state not in STATES:
        raise InvalidValue(f"state is {state}; right is one of {', '.join(STATES)}.")
    now = appliance.database.now()
    wanted = LeaseFilter(
        subnet=subnet, active_at=now if active or state == ACTIVE else None,
        expired_at=now if state == EXPIRED else None, state=_STORED.get(state or ""), text=hostname or None,
        span=None if subnet is None else subnets.span(appliance, subnet))
    if hw_address:
        octets = parse_hardware(hw_address)
        # By its key where the client is known by it, which an index finds; else by the address itself.
        wanted = replace(wanted, identities=identities(octets), hardware=b"\x01" + octets)
    if find:
        what = sought(find)
        if what.text is not None and hostname:
            raise InvalidValue("find and hostname both name a host: send one of them.")
        wanted = replace(wanted, address=what.address, text=what.text or wanted.text,
                         identities=what.identities or wanted.identities,
                         spaces=(0,) if what.address is None else subnets.spaces(appliance))
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    with appliance.database.reader() as connection:
        if name == "address":
            rows, following = _by_address(connection, wanted, cursor, limit, descending=descending)
        else:
            if appliance.room.too_many(connection, wanted, now):
                raise InvalidValue(f"sort is {name}, for which each lease is looked at, and there are more than "
                                   f"{lease_orders.ROWS_MAX:,}: name a subnet, or sort by address.")
            rows, following = _by_value(connection, wanted, name, cursor, limit, descending=descending)
    return Page(tuple(view(row, now) for row in rows), following)


def _by_address(connection: Connection, wanted: LeaseFilter, cursor: str | None, limit: int, *, descending: bool,
                ) -> tuple[list[Lease], str | None]:
    after = None if cursor is None else lease_cursors.found(cursor)
    rows, following = queries.search(connection, wanted, after, limit, descending=descending)
    return rows, None if following is None else lease_cursors.of_found(following)


def _by_value(connection: Connection, wanted: LeaseFilter, name: str, cursor: str | None, limit: int, *,
              descending: bool) -> tuple[list[Lease], str | None]:
    order = lease_orders.ORDERS[name]
    after = None if cursor is None else lease_cursors.behind(cursor, name, order)
    rows, following = lease_orders.ordered(connection, wanted, order, after, limit, descending=descending)
    return rows, None if following is None else lease_cursors.of_behind(following, name)


def show(appliance: Appliance, address: str, space: int = 0) -> tuple[LeaseView, ...]:
    """The lease rows of one address; refused when there is none."""
    with appliance.database.reader() as connection:
        rows = queries.leases_at(connection, parse_address(address), space)
    if not rows:
        raise NotFound(f"No lease of {address} is known, past or present.")
    now = appliance.database.now()
    return tuple(view(row, now) for row in rows)


def history(appliance: Appliance, what: str, *, at: float | None = None, limit: int = 100) -> tuple[HoldingView, ...]:
    """Who held an address, or what a client held, latest first; ``at``: at that time only."""
    asked = sought(what)
    if asked.text is not None:
        raise InvalidValue(f"{what!r} is no address, hardware address or client identifier.")
    with appliance.database.reader(seconds=_SEARCH_S_MAX) as connection:
        rows = queries.holdings(connection, address=asked.address, identities=asked.identities, at=at, limit=limit)
        ends = {row: _end(connection, row) for row in rows if row.closed_at is None}
    now = appliance.database.now()
    views = (_holding(row, ends.get(row), now) for row in rows)
    return tuple(one for one in views if at is None or one.to_at is None or one.to_at > at)


def history_of_address(appliance: Appliance, address: str) -> tuple[HoldingView, ...]:
    """Who held an address, latest first; refused where ``address`` is none."""
    return history(appliance, format_address(parse_address(address)))


def release(appliance: Appliance, address: str, *, by: Principal, space: int = 0) -> dict[str, Any]:
    """End a lease at once.  Without an engine the wish is kept, and done by the next engine that starts."""
    by.must_be(Role.OPERATOR)
    octets = parse_address(address)
    try:
        result = appliance.engine.call("lease-release", address=format_address(octets), space=space)
    except EngineAway:
        now = appliance.database.now()
        with appliance.database.reader() as connection:
            held = [row for row in queries.leases_at(connection, octets, space) if word(row, now) == ACTIVE]
        if not held:
            raise Refused(f"{address} is not leased to anybody now; there is nothing to release.") from None
        body = {"address": format_address(octets), "space": space}
        with appliance.database.writer() as connection:
            number = requests.ask(connection, verb="lease-release", body=body, actor=by.name, now=now)
            _audit_release(connection, by, format_address(octets), now, {"request": number})
        return {"released": False, "request": number, "address": format_address(octets)}
    with appliance.database.writer() as connection:
        _audit_release(connection, by, format_address(octets), appliance.database.now(), None)
    return {"released": True, "address": format_address(octets), "lease": result}


def _audit_release(connection: Connection, by: Principal, address: str, now: float, after: dict[str, Any] | None,
                   ) -> None:
    audit.record(connection, actor=by.name, action="lease.release", what=f"lease {address}", now=int(now), after=after)


def renew(appliance: Appliance, address: str, *, by: Principal, space: int = 0) -> dict[str, Any]:
    """Ask the client that holds an address to renew at once; what was sent, and an audit row.  Needs an engine."""
    by.must_be(Role.OPERATOR)
    octets = parse_address(address)
    asked = appliance.engine.call("lease-renew", address=format_address(octets), space=space)
    with appliance.database.writer() as connection:
        audit.record(connection, actor=by.name, action="lease.renew", what=f"lease {asked['address']}",
                     now=int(appliance.database.now()), after={"client": asked["client"], "sent": asked["sent"]})
    return dict(asked)


def word(row: Lease, now: float) -> str:
    """The state of a row in a word: a lease that has ended is expired, though nobody swept it yet."""
    if row.state == State.LEASED and row.expires <= now:
        return EXPIRED
    return _STATE_WORDS.get(row.state, f"state {row.state}")


def view(row: Lease, now: float) -> LeaseView:
    """A row as people and programs see it."""
    return LeaseView(
        address=_address(row.kind, row.address, row.plen), state=word(row, now), hw_address=hardware_text(row.hw),
        client=client_text(row.client), hostname=row.hostname, subnet=row.subnet,
        expires_at=None if row.expires >= NEVER else row.expires, last_seen_at=row.cltt, space=row.space,
        relay=format_address(row.relay) if row.relay else "", agent=format_hex(row.agent, ":"))


def _holding(row: Holding, end: int | None, now: float) -> HoldingView:
    to_at, ended_by = row.closed_at, ""
    if row.reason is not None:
        ended_by = Close(row.reason).name.lower().replace("_", "-") if row.reason in set(Close) else str(row.reason)
    elif end is not None and end <= now:
        to_at, ended_by = end, EXPIRED  # The lease ended, and nobody swept it yet.
    return HoldingView(
        address=_address(row.kind, row.address, row.plen), hw_address=hardware_text(row.hw),
        client=client_text(row.client), hostname=row.hostname, subnet=row.subnet, from_at=row.opened_at, to_at=to_at,
        ended_by=ended_by, relay=format_address(row.relay) if row.relay else "", agent=format_hex(row.agent, ":"))


def _end(connection: Connection, row: Holding) -> int | None:
    """When an interval that nobody closed ends: with its lease."""
    for lease in queries.leases_at(connection, row.address, row.space):
        if (lease.opened, lease.plen) == (row.version, row.plen) and lease.expires < NEVER:
            return lease.expires
    return None


def _address(kind: int, address: bytes, plen: int) -> str:
    return format_prefix(address, plen) if kind == KIND_PREFIX6 else format_address(address)
