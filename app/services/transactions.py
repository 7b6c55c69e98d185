"""What became of the latest messages, and why: the answer to "why did this client get no address?"."""

from __future__ import annotations

from dataclasses import dataclass

from app.services.appliance import Appliance
from app.services.identities import client_text, sought
from dhcpcore.errors import NotFound
from dhcpcore.store import explain, queries
from dhcpcore.store.queries import LeaseFilter


@dataclass(frozen=True, slots=True)
class TransactionView:
    """One message and its fate, in words."""

    received_at: float
    message: str
    client: str
    source: str
    reason: str
    text: str
    steps: tuple[str, ...]


def latest(appliance: Appliance, what: str | None = None, limit: int = 20) -> tuple[TransactionView, ...]:
    """The newest transactions, newest first: of all clients, or of the one that ``what`` names.

    ``what`` is a hardware address, a client identifier, an address it holds or held, or part of its host name.  The
    engine writes what it saw once a second.
    """
    client = None if what is None else _client(appliance, what)
    return tuple(
        TransactionView(one.received_at, one.message, client_text(one.client) if one.client else "", one.source,
                        one.reason, one.text, one.steps)
        for one in explain.latest(appliance.database, limit, client))


def _client(appliance: Appliance, what: str) -> bytes:
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
