"""What became of the latest messages, and why: the answer to "why did this client get no address?"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from app.services.appliance import Appliance
from app.services.identities import client_text, hardware_of, hardware_of6, hardware_text, sought
from app.services.moments import seconds_of
from dhcpcore.errors import InvalidValue, NotFound
from dhcpcore.stats.reasons import Reason
from dhcpcore.store import explain, queries
from dhcpcore.store.queries import LeaseFilter
from dhcpcore.store.traces import Place, TraceFilter

#: One answer tells no more.
PAGE_MAX = 200
_CURSOR = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}-[0-9]{1,9}")
_VERDICTS = {reason.code: reason.verdict.value for reason in Reason}


@dataclass(frozen=True, slots=True)
class TransactionView:
    """One message and its fate, in words."""

    received_at: float
    message: str
    client: str
    hw_address: str
    source: str
    reason: str
    verdict: str
    text: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Some transactions, and the cursor of those that follow; None at the end."""

    transactions: tuple[TransactionView, ...]
    next_cursor: str | None


def latest(appliance: Appliance, what: str | None = None, limit: int = 20) -> tuple[TransactionView, ...]:
    """The newest transactions, newest first: of all clients, or of the one that ``what`` names, as ``search`` does."""
    client = None if what is None else octets_of(appliance, what)
    return tuple(map(_view, explain.latest(appliance.database, limit, client)))


def search(appliance: Appliance, *, client: str | None = None, reason: str | None = None,
           since: datetime | None = None, until: datetime | None = None, cursor: str | None = None, limit: int = 20,
           ) -> Page:
    """Transactions, newest first, a page at a time; the engine writes what it saw once a second.

    ``client`` is a hardware address, a client identifier, an address it holds or held, or part of its host name;
    ``reason`` keeps those of one code, ``since`` and ``until`` those received from one time to another.  A page may be
    short, or empty, and have a cursor all the same: the search looked at enough for once.
    """
    if not 1 <= limit <= PAGE_MAX:
        raise InvalidValue(f"limit is {limit}; right is a whole number from 1 to {PAGE_MAX}.")
    wanted = TraceFilter(
        client=None if client is None else octets_of(appliance, client),
        reason=None if reason is None else _reason(reason), since=seconds_of(since), until=seconds_of(until))
    if wanted.since is not None and wanted.until is not None and wanted.since > wanted.until:
        raise InvalidValue("since is after until: nothing is both.")
    after = None if cursor is None else _from_cursor(cursor)
    found, following = explain.search(appliance.database, wanted, after, limit)
    return Page(tuple(map(_view, found)), None if following is None else f"{following.at!r}-{following.skip}")


def _from_cursor(cursor: str) -> Place:
    if not _CURSOR.fullmatch(cursor):
        raise InvalidValue("cursor is not one that a list gave; ask for the list without it.")
    at, _, skip = cursor.partition("-")
    return Place(float(at), int(skip))


def _view(one: explain.Transaction) -> TransactionView:
    hw = hardware_of6(one.datagram) if ":" in one.source else hardware_of(one.datagram)
    return TransactionView(
        received_at=one.received_at, message=one.message, client=client_text(one.client) if one.client else "",
        hw_address=hardware_text(hw), source=one.source, reason=one.reason,
        verdict=_VERDICTS[one.reason], text=one.text, steps=one.steps)


def _reason(code: str) -> Reason:
    for one in Reason:
        if one.code == code.upper():
            return one
    raise NotFound(f"There is no reason {code}; the manual's page of reasons has them all.")


def octets_of(appliance: Appliance, what: str) -> bytes:
    """The octets that every key of that client contains."""
    asked = sought(what)
    if asked.octets is not None:
        return asked.octets
    with appliance.database.reader() as connection:
        if asked.address is not None:
            found = queries.leases_at(connection, asked.address)
        else:
            found = queries.leases(connection, LeaseFilter(text=asked.text), None, 1)
    if not found:
        raise NotFound(f"No client is known that has or had {what}. Name it by its hardware address.")
    return found[0].client
