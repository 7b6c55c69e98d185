"""Static assignments, one at a time: found, added, changed and removed by the one validator, without the document.

An entry is written as in the definitions document; with ``subnet`` beside it, by name, prefix or number, or
``EVERYWHERE`` for one that is of no subnet and counts wherever its client appears.
"""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.services import assignment_cursors, leases, subnets
from app.services import changes as changing
from app.services.access import Principal, Role
from app.services.appliance import Appliance
from app.services.changes import Difference, differences
from app.services.cursors import from_cursor, to_cursor
from app.services.definitions import Applied, Change, Loss
from app.services.identities import sought
from app.services.usage import NOT_LOOKED_AT, Usage, usages
from dhcpcore.errors import Busy, Conflict, Fault, InvalidDocument, InvalidValue, NotFound, Refused
from dhcpcore.store import assignment_orders
from dhcpcore.store.assignment_list import PAGE_MAX, AssignmentFilter, AssignmentList
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.edits import AssignmentEdits, AssignmentRow, Draft
from dhcpcore.topology.everywhere import EVERYWHERE, told
from dhcpcore.wire.addresses import format_prefix, parse_address

#: How an assignment may name its client, in the document's words.
IDENTIFIERS = ("hw_address", "client_id", "duid", "circuit_id", "remote_id", "expression")
#: What the lists can be sorted by.  Only the first is held by an index, whatever the number of assignments.
SORTS = tuple(sign + name for name in ("id", *assignment_orders.ORDERS) for sign in ("", "-"))
_ROWS_A_PAGE = 1000
#: Changes of different rows come one after the other; who comes second waits a little and is let in.
_TRIES = 6
_PAUSE_S = 0.1


#: What an assignment that is made from a lease may be given besides.
_BESIDES = frozenset({"hostname", "options", "enabled", "always_send", "never_send"})
#: Names that the validator takes; anything else that a client calls itself is left out.
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
#: As ``write_identifier`` writes it, with either kind of quotes or without.
_TAGGED = re.compile(r"\{\s*(hex|text)\s*:\s*(['\"]?)(.*?)\2\s*\}")
_HOSTNAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")


@dataclass(frozen=True, slots=True)
class AssignmentView:
    """One assignment in the document's words.

    ``entry`` is its form in the document; ``version`` is the revision that it was last changed in, which a change may
    name to be refused where somebody was quicker.
    """

    id: int
    subnet: str
    identifier: str
    value: str
    addresses: tuple[str, ...]
    hostname: str
    enabled: bool
    entry: Mapping[str, Any]
    version: int
    conflicts: tuple[str, ...] = ()  #: Addresses that somebody else was found to use; they are on probation.
    usage: Usage = NOT_LOOKED_AT


@dataclass(frozen=True, slots=True)
class Page:
    """Some assignments, and the cursor of those that follow; None at the end."""

    assignments: tuple[AssignmentView, ...]
    next_cursor: str | None


def page(appliance: Appliance, *, subnet: str | None = None, find: str | None = None, enabled: bool | None = None,
         sort: str = "id", cursor: str | None = None, limit: int = 100) -> Page:
    """Assignments in the order of ``sort``, which is one of ``SORTS``, a page at a time; ``id``: as they were added.

    ``find`` is an address, a hardware address, an identifier, a relay's line, or part of a host name.  A page may be
    short and have a cursor all the same: the search looked at enough rows for once.
    """
    if not 1 <= limit <= PAGE_MAX:
        raise InvalidValue(f"limit is {limit}; right is a whole number from 1 to {PAGE_MAX}.")
    if sort not in SORTS:
        raise InvalidValue(f"sort is {sort}; right is one of {', '.join(SORTS[::2])}, or one of them with - before it.")
    wanted = _filter(find) if find is not None else AssignmentFilter()
    wanted = AssignmentFilter(subnet, enabled, wanted.address, wanted.identifiers, wanted.name)
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    listing = AssignmentList(appliance.database)
    if name == "id":
        found = listing.page(wanted, from_cursor(cursor), limit, descending=descending)
        return Page(tuple(_views(appliance, found.rows)), to_cursor(found.following))
    order = assignment_orders.ORDERS[name]
    after = None if cursor is None else assignment_cursors.behind(cursor, name, order)
    if listing.too_many(wanted):
        raise InvalidValue(f"sort is {name}, for which each assignment is looked at, and there are more than "
                           f"{assignment_orders.ROWS_MAX:,}: name a subnet, or sort by id.")
    rows, following = listing.ordered(wanted, order, after, limit, descending=descending)
    return Page(tuple(_views(appliance, rows)),
                None if following is None else assignment_cursors.of_behind(following, name))


def list_assignments(appliance: Appliance, subnet: str | None = None, sort: str = "id") -> Iterator[AssignmentView]:
    """Every assignment, or those of one subnet, in the order of ``sort``."""
    if sort != "id":
        yield from _sorted(appliance, subnet, sort)
        return
    wanted, after = AssignmentFilter(subnet), None
    listing = AssignmentList(appliance.database)
    while True:
        found = listing.page(wanted, after, _ROWS_A_PAGE)
        yield from _views(appliance, found.rows)
        after = found.following
        if after is None:
            return


def _sorted(appliance: Appliance, subnet: str | None, sort: str) -> Iterator[AssignmentView]:
    cursor = None
    while True:
        found = page(appliance, subnet=subnet, sort=sort, cursor=cursor, limit=PAGE_MAX)
        yield from found.assignments
        cursor = found.next_cursor
        if cursor is None:
            return


def get(appliance: Appliance, assignment_id: int) -> AssignmentView:
    """One assignment by its id; refused where there is none."""
    return _views(appliance, [AssignmentEdits(appliance.database).find(assignment_id)])[0]


def keepers(appliance: Appliance, held: Iterable[leases.LeaseView]) -> dict[tuple[int, str], int]:
    """Which of these leases' addresses an assignment in effect keeps: its id by space and address."""
    whole = [one for one in held if "/" not in one.address]
    octets = {(one.space, parse_address(one.address)): (one.space, one.address) for one in whole}
    found = AssignmentList(appliance.database).keepers(octets.keys())
    return {octets[place]: number for place, number in found.items()}


def named(appliance: Appliance, what: str) -> AssignmentView:
    """The one assignment of an address, or of a client by its hardware address or identifier."""
    wanted = _filter(what) if what.strip() else AssignmentFilter()
    if wanted.address is None and what.strip():
        wanted = AssignmentFilter(identifiers=wanted.identifiers or (what.strip().encode(),))
    after, found = None, []
    while wanted.address is not None or wanted.identifiers:
        some = AssignmentList(appliance.database).page(wanted, after)
        found += some.rows
        after = some.following
        if after is None:
            break
    if not found:
        raise NotFound(f"No assignment has the address or identifier {what}. See: lessor assignment list")
    if len(found) > 1:
        places = ", ".join(view.addresses[0] for view in map(_view, found) if view.addresses)
        raise Refused(f"{len(found)} assignments are of {what}: name one by its address ({places}).")
    return _views(appliance, found)[0]


def add(appliance: Appliance, entry: Mapping[str, Any], *, by: Principal, subnet: str | None = None) -> Applied:
    """Add an assignment, written as in the document, to ``subnet`` or to the one whose prefix holds its address."""
    return _add(appliance, entry, by, subnet)[1]


def create(appliance: Appliance, entry: Mapping[str, Any], *, by: Principal, subnet: str | None = None,
           ) -> tuple[AssignmentView, Applied | None]:
    """Add an assignment, or give the one that says the same already: then nothing was changed."""
    try:
        number, applied = _add(appliance, entry, by, subnet)
    except Conflict:
        home = subnet if subnet is not None else _home(appliance, entry)
        same = AssignmentEdits(appliance.database).same_as(home, dict(entry))
        if same is None:
            raise
        return _views(appliance, [same])[0], None
    return get(appliance, number), applied


def from_lease(appliance: Appliance, address: str, *, by: Principal, space: int = 0,
               changes: Mapping[str, Any] | None = None) -> tuple[AssignmentView, Applied | None]:
    """Keep a lease's address for its client; ``changes`` are keys of the entry.

    The client is named by its hardware address, or by its identifier where the lease has no Ethernet address.  The host
    name is the client's own, where it is a right one.
    """
    by.must_be(Role.OPERATOR)
    lease = leases.show(appliance, address, space)[0]
    if lease.state == leases.DECLINED:
        raise Refused(f"{lease.address} is on probation: somebody else was found using it. Find out who that is first.")
    entry: dict[str, Any] = {"address" if ":" not in lease.address else "addresses": lease.address}
    if "addresses" in entry:
        entry["addresses"] = [lease.address]
    if lease.hw_address and not lease.hw_address.startswith("type "):
        entry["hw_address"] = lease.hw_address
    elif lease.client.startswith("client-id "):
        entry["client_id"] = lease.client.removeprefix("client-id ")
    else:
        raise Refused(f"The lease of {lease.address} names its client by nothing that an assignment could.")
    if _HOSTNAME.fullmatch(lease.hostname):
        entry["hostname"] = lease.hostname
    given = dict(changes or {})
    wrong = sorted(set(given) - _BESIDES)
    if wrong:
        raise InvalidDocument(tuple(Fault(key, f"is no key here; known here: {', '.join(sorted(_BESIDES))}")
                                    for key in wrong))
    entry = {key: value for key, value in {**entry, **given}.items() if value is not None}
    return create(appliance, entry, by=by, subnet=str(lease.subnet))


def replace(appliance: Appliance, assignment_id: int, entry: Mapping[str, Any], *, by: Principal,
            version: int | None = None) -> tuple[AssignmentView, Applied]:
    """Give an assignment another form; it keeps its id and its subnet.

    ``version``: only where it is still that one.
    """
    by.must_be(Role.OPERATOR)
    edits = AssignmentEdits(appliance.database)
    made = _make(appliance, edits, lambda: edits.replace(assignment_id, dict(entry), since=version), by,
                 f"assignment {assignment_id} changed")
    return get(appliance, assignment_id), made[1]


def changed_since(appliance: Appliance, view: AssignmentView, version: int) -> tuple[Difference, ...]:
    """What somebody else has changed of an assignment since it was looked at in that version."""
    try:
        seen = AssignmentEdits(appliance.database).at(view.id, version).form
    except NotFound:
        return ()
    # What is in effect says nothing of it.
    return differences({"enabled": True, **seen}, {"enabled": True, **view.entry})


def enable(appliance: Appliance, assignment_id: int, *, by: Principal, version: int | None = None,
           ) -> tuple[AssignmentView, Applied | None]:
    """Put an assignment into effect; where it is already, nothing is changed.  ``version`` as for ``replace``."""
    return _switched(appliance, assignment_id, by, version, on=True)


def disable(appliance: Appliance, assignment_id: int, *, by: Principal, version: int | None = None,
            ) -> tuple[AssignmentView, Applied | None]:
    """Keep an assignment without effect; where it has none already, nothing is changed.  ``version`` as above."""
    return _switched(appliance, assignment_id, by, version, on=False)


def delete(appliance: Appliance, assignment_id: int, *, by: Principal,
           version: int | None = None) -> tuple[AssignmentView, Applied]:
    """Remove an assignment by its id; ``version`` as for ``replace``."""
    by.must_be(Role.OPERATOR)
    edits = AssignmentEdits(appliance.database)
    view = get(appliance, assignment_id)
    made = _make(appliance, edits, lambda: edits.remove(assignment_id, since=version), by,
                 f"assignment of {_said(view.entry)} removed")
    return view, made[1]


def removed(appliance: Appliance, assignment_id: int) -> AssignmentView:
    """An assignment as it was last, whether it is still there or not."""
    return _views(appliance, [AssignmentEdits(appliance.database).last(assignment_id)])[0]


def restore(appliance: Appliance, assignment_id: int, *, by: Principal) -> tuple[AssignmentView, Applied | None]:
    """Bring back an assignment that was removed, as it was, under an id of its own."""
    by.must_be(Role.OPERATOR)
    row = AssignmentEdits(appliance.database).last(assignment_id)
    return create(appliance, row.form, by=by, subnet=EVERYWHERE if row.subnet == EVERYWHERE else str(row.subnet_id))


def remove(appliance: Appliance, what: str, *, by: Principal) -> tuple[AssignmentView, Applied]:
    """Remove the assignment of an address, or of a client by its hardware address or identifier."""
    by.must_be(Role.OPERATOR)
    return delete(appliance, named(appliance, what).id, by=by)


def merged(view: AssignmentView, changes: Mapping[str, Any]) -> dict[str, Any]:
    """An assignment's entry with some keys changed, inside options and boot fields too; None takes one out."""
    return changing.merged(view.entry, changes)


def write_identifier(value: str | Mapping[str, str]) -> str:
    """An identifier in one line: what is no text as ``{hex: '00:01'}``."""
    if isinstance(value, str) and not value.startswith("{"):
        return value
    form, text = ("text", value) if isinstance(value, str) else next(iter(value.items()))
    return f"{{{form}: {text!r}}}"


def read_identifier(text: str) -> str | dict[str, str]:
    """The document's form of what ``write_identifier`` wrote; anything else is text."""
    tagged = _TAGGED.fullmatch(text.strip())
    return {tagged[1]: tagged[3]} if tagged else text


def separated(entry: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """An entry without its ``subnet``, and that."""
    subnet = entry.get("subnet")
    if subnet is not None and (isinstance(subnet, bool) or not isinstance(subnet, str | int)):
        raise InvalidDocument((Fault("subnet", "is not a subnet's name, prefix or number"),))
    rest = {key: value for key, value in entry.items() if key != "subnet"}
    return rest, None if subnet is None else str(subnet)


def require_home(appliance: Appliance, view: AssignmentView, subnet: str | None) -> None:
    """Refuse to move an assignment: it keeps its subnet."""
    if subnet is None or subnet == view.subnet:
        return
    snapshot = Definitions(appliance.database).snapshot()
    for one in snapshot.subnets:
        if one.name == view.subnet and subnet in {one.name, format_prefix(one.prefix, one.plen), str(one.subnet_id)}:
            return
    raise InvalidDocument((Fault("subnet", f"is {told(view.subnet)} and stays so: to move the client, add an "
                                 "assignment in the other subnet and remove this one"),))


def _add(appliance: Appliance, entry: Mapping[str, Any], by: Principal, subnet: str | None) -> tuple[int, Applied]:
    by.must_be(Role.OPERATOR)
    edits = AssignmentEdits(appliance.database)
    home = subnet if subnet is not None else _home(appliance, entry)
    return _make(appliance, edits, lambda: edits.add(home, dict(entry)), by, f"assignment of {_said(entry)} added")


def _switched(appliance: Appliance, assignment_id: int, by: Principal, version: int | None, *, on: bool,
              ) -> tuple[AssignmentView, Applied | None]:
    by.must_be(Role.OPERATOR)
    view = get(appliance, assignment_id)
    if view.enabled is on:
        return view, None
    entry = {**view.entry, "enabled": on}
    edits = AssignmentEdits(appliance.database)
    made = _make(appliance, edits, lambda: edits.replace(assignment_id, entry, since=version or view.version), by,
                 f"assignment of {_said(entry)} {'enabled' if on else 'disabled'}")
    return get(appliance, assignment_id), made[1]


def _make(appliance: Appliance, edits: AssignmentEdits, drawn: Callable[[], Draft], by: Principal, note: str,
          ) -> tuple[int, Applied]:
    """The id of the assignment and what was done."""
    for left in reversed(range(_TRIES)):
        draft = drawn()
        try:
            revision = edits.make(draft, by.name, note)
            break
        except Busy:
            if not left:
                raise
            time.sleep(_PAUSE_S)
    # Who holds the address loses it by this very wish: it is told afterwards, and not asked for.
    losses = tuple(Loss(one.place, one.clients) for one in draft.effects)
    change = Change(draft.change.action, draft.change.kind, draft.change.name, str(draft.change))
    return draft.assignment_id, Applied(revision, (change,), losses, appliance.tell_engine())


def _home(appliance: Appliance, entry: Mapping[str, Any]) -> str:
    """The subnet whose prefix holds the entry's first address."""
    listed = entry.get("addresses")
    address = entry.get("address") or (listed[0] if isinstance(listed, list) and listed else None)
    if not isinstance(address, str):
        raise InvalidDocument((Fault("subnet", "is missing: name the subnet, or an address that lies in one; "
                                     f"{EVERYWHERE} stands for all"),))
    try:
        octets = parse_address(address)
    except InvalidValue as error:
        raise InvalidDocument((Fault("address", str(error)),)) from None
    found = [one for one in Definitions(appliance.database).snapshot().subnets if one.contains(octets)]
    if not found:
        raise InvalidValue(f"{address} lies in no subnet. Name an address that does, or add the subnet first: "
                           "lessor apply FILE")
    if len(found) > 1:
        raise InvalidValue(f"{address} lies in {' and in '.join(one.name for one in found)}: say which with --subnet "
                           "(in REST: subnet).")
    return found[0].name or format_prefix(found[0].prefix, found[0].plen)


def _filter(what: str) -> AssignmentFilter:
    """What somebody typed, as the search knows it."""
    typed = what.strip()
    try:
        return AssignmentFilter(address=parse_address(typed.partition("/")[0]))
    except InvalidValue:
        asked = sought(typed)
    if asked.octets is not None:
        # A relay's line may look like hex, too.
        return AssignmentFilter(identifiers=(asked.octets, b"\x01" + asked.octets, typed.encode()))
    return AssignmentFilter(name=asked.text)


def _said(entry: Mapping[str, Any]) -> str:
    """An entry by its addresses, or by its client where it has none."""
    kept = entry.get("address") or entry.get("addresses") or entry.get("prefixes")
    name = next((one for one in IDENTIFIERS if entry.get(one)), "")
    text = ", ".join(map(str, kept)) if isinstance(kept, list) else str(kept or entry.get(name, "nobody"))
    return text[:200]


def _views(appliance: Appliance, rows: Sequence[AssignmentRow]) -> list[AssignmentView]:
    """Assignments with what becomes of their addresses; at most a page of them."""
    spaces, now = subnets.spaces(appliance), appliance.database.now()
    with appliance.database.reader() as connection:
        found = usages(connection, rows, spaces, now)
    return [dataclasses.replace(_view(row), conflicts=usage.conflicts, usage=usage)
            for row, usage in zip(rows, found, strict=True)]


def _view(row: AssignmentRow) -> AssignmentView:
    form = row.form
    name = next((one for one in IDENTIFIERS if form.get(one)), "")
    addresses = [form["address"]] if form.get("address") else []
    addresses += [*form.get("addresses", ()), *form.get("prefixes", ())]
    return AssignmentView(
        id=row.assignment_id, subnet=row.subnet, identifier=name, value=write_identifier(form.get(name, "")),
        addresses=tuple(map(str, addresses)), hostname=str(form.get("hostname") or ""),
        enabled=bool(form.get("enabled", True)), entry=form, version=row.since)
