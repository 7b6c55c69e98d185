"""Static assignments: listed, added and removed one at a time, by the one validator, without the whole document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.services import subnets
from app.services.access import Principal, Role
from app.services.appliance import Appliance
from app.services.definitions import Applied, Change, Loss
from dhcpcore.errors import InvalidValue, NotFound, Refused
from dhcpcore.store import queries
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.edits import AssignmentEdits, AssignmentRow, Draft
from dhcpcore.wire.addresses import format_hex, format_prefix, parse_address, parse_hex

#: How an assignment may name its client, in the document's words.
IDENTIFIERS = ("hw_address", "client_id", "duid", "circuit_id", "remote_id")
_ROWS_A_PAGE = 1000


@dataclass(frozen=True, slots=True)
class AssignmentView:
    """One assignment in the document's words."""

    id: int
    subnet: str
    identifier: str
    value: str
    addresses: tuple[str, ...]
    hostname: str
    enabled: bool
    conflicts: tuple[str, ...] = ()  #: Addresses that somebody else was found to use; they are on probation.


def list_assignments(appliance: Appliance, subnet: str | None = None) -> Iterator[AssignmentView]:
    """Every assignment, or those of one subnet, in the order in which they were added."""
    spaces, now = subnets.spaces(appliance), appliance.database.now()
    for page in _pages(AssignmentEdits(appliance.database), subnet):
        views = [_view(row) for row in page]
        octets = {text: parse_address(text) for view in views for text in view.addresses if "/" not in text}
        asked = list(octets.values())
        with appliance.database.reader() as connection:
            parts = [asked[at : at + queries.PAGE_MAX] for at in range(0, len(asked), queries.PAGE_MAX)]
            found = set().union(*(queries.declined(connection, part, spaces, now) for part in parts))
        for view in views:
            yield replace(view, conflicts=tuple(text for text in view.addresses if octets.get(text) in found))


def add(appliance: Appliance, entry: Mapping[str, Any], *, by: Principal, subnet: str | None = None) -> Applied:
    """Add an assignment, written as in the document, to ``subnet`` or to the one whose prefix holds its address."""
    by.must_be(Role.OPERATOR)
    edits = AssignmentEdits(appliance.database)
    address = str(entry.get("address", ""))
    named = subnet if subnet is not None else _subnet_of(appliance, address)
    return _make(appliance, edits, edits.add(named, dict(entry)), by, f"assignment of {address} added")


def remove(appliance: Appliance, what: str, *, by: Principal) -> tuple[AssignmentView, Applied]:
    """Remove the assignment of an address, or of a client by its hardware address or identifier."""
    by.must_be(Role.OPERATOR)
    edits = AssignmentEdits(appliance.database)
    wanted = _spellings(what)
    found = [row for row in _all(edits) if wanted & _handles(row.form)]
    if not found:
        raise NotFound(f"No assignment has the address or identifier {what}. See: lessor assignment list")
    if len(found) > 1:
        places = ", ".join(view.addresses[0] for view in map(_view, found) if view.addresses)
        raise Refused(f"{len(found)} assignments are of {what}: name one by its address ({places}).")
    draft = edits.remove(found[0].assignment_id)
    return _view(found[0]), _make(appliance, edits, draft, by, f"assignment of {what} removed")


def _make(appliance: Appliance, edits: AssignmentEdits, draft: Draft, by: Principal, note: str) -> Applied:
    # Who holds the address loses it by this very wish: it is told afterwards, and not asked for.
    losses = tuple(Loss(one.place, one.clients) for one in draft.effects)
    revision = edits.make(draft, by.name, note)
    change = Change(draft.change.action, draft.change.kind, draft.change.name, str(draft.change))
    return Applied(revision, (change,), losses, appliance.tell_engine())


def _pages(edits: AssignmentEdits, subnet: str | None = None) -> Iterator[list[AssignmentRow]]:
    after = 0
    while page := edits.page(subnet, after, _ROWS_A_PAGE):
        yield page
        after = page[-1].assignment_id


def _all(edits: AssignmentEdits) -> Iterator[AssignmentRow]:
    for page in _pages(edits):
        yield from page


def _subnet_of(appliance: Appliance, address: str) -> str:
    octets = parse_address(address)
    found = [one for one in Definitions(appliance.database).snapshot().subnets if one.contains(octets)]
    if not found:
        raise InvalidValue(f"{address} lies in no subnet. Name an address that does, or add the subnet first: "
                           "lessor apply FILE")
    if len(found) > 1:
        raise InvalidValue(f"{address} lies in {' and in '.join(one.name for one in found)}: say which with --subnet.")
    return found[0].name or format_prefix(found[0].prefix, found[0].plen)


def _spellings(what: str) -> set[str]:
    """What somebody typed, and the canonical form of it where it is hex."""
    typed = what.strip().lower()
    try:
        return {typed, format_hex(parse_hex(typed), ":")}
    except InvalidValue:
        return {typed}


def _handles(form: Mapping[str, Any]) -> set[str]:
    named = {str(form[name]).lower() for name in (*IDENTIFIERS, "address") if form.get(name)}
    return named | {str(one).lower() for one in (*form.get("addresses", ()), *form.get("prefixes", ()))}


def _view(row: AssignmentRow) -> AssignmentView:
    form = row.form
    name = next((one for one in IDENTIFIERS if form.get(one)), "")
    addresses = [form["address"]] if form.get("address") else []
    addresses += [*form.get("addresses", ()), *form.get("prefixes", ())]
    return AssignmentView(
        id=row.assignment_id, subnet=row.subnet, identifier=name, value=str(form.get(name, "")),
        addresses=tuple(map(str, addresses)), hostname=str(form.get("hostname") or ""),
        enabled=bool(form.get("enabled", True)))
