"""What became of the latest messages, and why: the answer to "why did this client get no address?"."""

from __future__ import annotations

from dataclasses import dataclass

from app.services.appliance import Appliance
from app.services.identities import client_text, hardware_of, hardware_text, sought
from dhcpcore.errors import NotFound
from dhcpcore.stats.reasons import Reason
from dhcpcore.store import explain, queries
from dhcpcore.store.queries import LeaseFilter

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


def latest(appliance: Appliance, what: str | None = None, limit: int = 20, *, reason: str | None = None,
           before: float | None = None) -> tuple[TransactionView, ...]:
    """The newest transactions, newest first: of all clients, or of the one that ``what`` names.

    ``what`` is a hardware address, a client identifier, an address it holds or held, or part of its host name;
    ``reason`` keeps those of one code, ``before`` those of an earlier time.  The engine writes what it saw once a
    second.
    """
    client = None if what is None else octets_of(appliance, what)
    wanted = None if reason is None else _reason(reason)
    return tuple(map(_view, explain.latest(appliance.database, limit, client, reason=wanted, before=before)))


def _view(one: explain.Transaction) -> TransactionView:
    return TransactionView(
        received_at=one.received_at, message=one.message, client=client_text(one.client) if one.client else "",
        hw_address=hardware_text(hardware_of(one.datagram)), source=one.source, reason=one.reason,
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
