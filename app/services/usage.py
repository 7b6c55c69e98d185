"""What becomes of assigned addresses: used by their client, by somebody else, in conflict, or by nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.services.identities import client_text, hardware_text
from dhcpcore.lease.model import NEVER, Lease, State
from dhcpcore.store import queries
from dhcpcore.store.edits import AssignmentRow
from dhcpcore.store.effects import is_of
from dhcpcore.topology.document import IDENTIFIERS, AssignmentEntry
from dhcpcore.wire.addresses import format_address, parse_address

if TYPE_CHECKING:
    from sqlalchemy import Connection

IN_USE, HELD_BY_ANOTHER, CONFLICT, UNUSED, DISABLED = "in-use", "held-by-another", "conflict", "unused", "disabled"
#: What each state is called before people, the one that wants to be looked at first in front.
WORDS: Mapping[str, str] = {
    CONFLICT: "in conflict: somebody who has no lease uses it", HELD_BY_ANOTHER: "held by another client",
    IN_USE: "in use", UNUSED: "unused", DISABLED: "disabled"}
STATES = tuple(WORDS)


@dataclass(frozen=True, slots=True)
class Holder:
    """A lease that is held now; times are seconds since 1970, ``ends_at`` None for a lease without end.

    ``renews_at`` is when its client will probably be heard of next: half of its lease after it was, RFC 2131 4.4.5.
    """

    address: str
    client: str
    hostname: str
    is_own: bool  #: Whether it is the assignment's own client.
    renews_at: int
    ends_at: int | None


@dataclass(frozen=True, slots=True)
class Usage:
    """One of ``STATES``, and who holds the assigned addresses."""

    state: str = UNUSED
    holders: tuple[Holder, ...] = ()
    conflicts: tuple[str, ...] = ()  #: Addresses that somebody without a lease was found to use.
    #: When whoever had its lowest address was last heard of, in seconds since 1970; None where nobody ever had it.
    last_used_at: int | None = None

    @property
    def words(self) -> str:
        """The state before people, with who is in the way."""
        others = ", ".join(one.client for one in self.holders if not one.is_own)
        return f"{WORDS[self.state]}: {others}" if self.state == HELD_BY_ANOTHER and others else WORDS[self.state]


#: Of an assignment whose addresses nobody looked up.
NOT_LOOKED_AT = Usage()


def usages(connection: Connection, rows: Sequence[AssignmentRow], spaces: Sequence[int], now: float) -> list[Usage]:
    """The usage of each assignment; one look-up by address for all of them."""
    wanted = sorted({octets for row in rows for octets in _addresses(row.form)})
    found: dict[bytes, list[Lease]] = {}
    for at in range(0, len(wanted), queries.PAGE_MAX):
        for lease in queries.holders(connection, wanted[at : at + queries.PAGE_MAX], spaces):
            found.setdefault(lease.address, []).append(lease)
    return [_usage(row, found, now) for row in rows]


def holder(lease: Lease, *, is_own: bool) -> Holder:
    """A lease that is held, as people see it."""
    who = hardware_text(lease.hw) or client_text(lease.client)
    ends = None if lease.expires >= NEVER else lease.expires
    renews = lease.cltt if ends is None else lease.cltt + (ends - lease.cltt) // 2
    return Holder(format_address(lease.address), who, lease.hostname, is_own, renews, ends)


def identifier_of(form: Mapping[str, Any]) -> tuple[int, bytes]:
    """Kind and octets of what names the client of an entry."""
    key = next(key for key, _kind, _families in IDENTIFIERS if form.get(key) is not None)
    _key, kind, octets = AssignmentEntry.model_validate({key: form[key]}).identifier
    return int(kind), octets


def _usage(row: AssignmentRow, found: Mapping[bytes, Iterable[Lease]], now: float) -> Usage:
    kind, octets = identifier_of(row.form)
    addresses = _addresses(row.form)
    leases = [lease for address in addresses for lease in found.get(address, ()) if lease.expires > now]
    used = [lease.cltt for address in sorted(addresses)[:1] for lease in found.get(address, ())
            if lease.state != State.DECLINED]
    conflicts = tuple(format_address(one.address) for one in leases if one.state == State.DECLINED)
    holders = tuple(holder(one, is_own=is_of(kind, octets, one.kind, one))
                    for one in leases if one.state == State.LEASED)
    if not row.form.get("enabled", True):
        state = DISABLED
    elif conflicts:
        state = CONFLICT
    elif any(not one.is_own for one in holders):
        state = HELD_BY_ANOTHER
    else:
        state = IN_USE if holders else UNUSED
    return Usage(state, holders, conflicts, max(used, default=None))


def _addresses(form: Mapping[str, Any]) -> list[bytes]:
    written = [form["address"]] if form.get("address") else form.get("addresses", ())
    return [parse_address(text) for text in written]
