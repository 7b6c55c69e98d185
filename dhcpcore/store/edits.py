"""One assignment added, replaced or removed, without the whole document: the same validator, the same revisions.

The validator gets the subnets and pools, the assignment, and those other assignments that could collide with it; so
the cost does not depend on how many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, text

from dhcpcore.errors import Conflict, Fault, InvalidDocument, NotFound, Outdated, Refused
from dhcpcore.lease.model import LeaseKey
from dhcpcore.store import rows as stored_rows
from dhcpcore.store.columns import (
    AssignmentColumns,
    assignment_form,
    of_assignment,
    packed,
    subnet_form,
)
from dhcpcore.store.database import Database
from dhcpcore.store.effects import Effect, claim_effects
from dhcpcore.store.met_assignments import called
from dhcpcore.store.picture import Picture, mention, renamed
from dhcpcore.store.plan import Plan
from dhcpcore.store.rows import Rows, Stored
from dhcpcore.store.staging import Stager
from dhcpcore.topology.changes import Action, DefinitionChange
from dhcpcore.topology.declared import DeclaredSubnet, Document
from dhcpcore.topology.everywhere import EVERYWHERE, EVERYWHERE_ID, EVERYWHERE_SPACE, told
from dhcpcore.topology.spans import last_of
from dhcpcore.topology.validate import inspect
from dhcpcore.wire.addresses import network_of

_VISIBLE = "a.from_revision <= :r AND (a.to_revision IS NULL OR a.to_revision > :r)"
_COLUMNS = "a.id, a.subnet_id, a.from_revision, a.identifier_kind, a.identifier, a.hostname, a.enabled"
_ONE = text(f"SELECT {_COLUMNS}, CAST(a.body AS TEXT) FROM assignment a WHERE a.id = :id AND {_VISIBLE}")
_LAST = text(
    f"SELECT {_COLUMNS}, CAST(a.body AS TEXT) FROM assignment a WHERE a.id = :id AND a.from_revision <= :r "
    "ORDER BY a.from_revision DESC LIMIT 1"
)
_SAME_CLIENT = text(
    "SELECT a.id FROM assignment a WHERE a.identifier_kind = :k AND a.identifier = :i AND a.subnet_id = :s "
    f"AND {_VISIBLE}"
)
_INSIDE = text(
    "SELECT DISTINCT x.assignment_id FROM assignment_address x WHERE x.space = :space "
    "AND x.kind IN (4, 6, 8) AND x.address BETWEEN :first AND :last "
    "AND x.from_revision <= :r AND (x.to_revision IS NULL OR x.to_revision > :r)"
)
_COVERING = text(
    "SELECT DISTINCT x.assignment_id, x.address, x.plen FROM assignment_address x WHERE x.space = :space "
    "AND x.kind = 8 AND x.address IN :addresses "
    "AND x.from_revision <= :r AND (x.to_revision IS NULL OR x.to_revision > :r)"
).bindparams(bindparam("addresses", expanding=True))
_KEYS_OF = text(
    "SELECT x.space, x.kind, x.address, x.plen FROM assignment_address x WHERE x.assignment_id = :id "
    "AND x.from_revision <= :r AND (x.to_revision IS NULL OR x.to_revision > :r) ORDER BY x.position"
)
#: Where assignments stand that are of no subnet, instead of a subnet's place.
_EVERYWHERE_AT = -1


class AssignmentRow(NamedTuple):
    """An assignment as people see it: its id, its subnet, its form in the document, and the revision it is of."""

    assignment_id: int
    subnet_id: int
    subnet: str
    form: Mapping[str, Any]
    since: int


class Draft(NamedTuple):
    """A change that was found right and is not made yet, and whom it would take an address from."""

    head: int
    plan: Plan
    change: DefinitionChange
    effects: tuple[Effect, ...]
    assignment_id: int


class AssignmentEdits:
    """Edits of one database's assignments.  A draft is looked at first, then made with ``make``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, assignment_id: int) -> AssignmentRow:
        """One assignment; refused where there is none of that id."""
        with self._database.reader() as connection:
            rows = stored_rows.load(connection, stored_rows.head(connection))
            subnet_id, columns, since = _find(connection, rows.revision, assignment_id)
        return AssignmentRow(assignment_id, subnet_id, _name(rows, subnet_id), assignment_form(columns), since)

    def at(self, assignment_id: int, revision: int) -> AssignmentRow:
        """One assignment as it was in a revision; refused where it was not there then."""
        with self._database.reader() as connection:
            rows = stored_rows.load(connection, stored_rows.head(connection))
            subnet_id, columns, since = _find(connection, min(revision, rows.revision), assignment_id)
        return AssignmentRow(assignment_id, subnet_id, _name(rows, subnet_id), assignment_form(columns), since)

    def last(self, assignment_id: int) -> AssignmentRow:
        """One assignment as it was last, removed since or not; refused where there never was one of that id."""
        with self._database.reader() as connection:
            rows = stored_rows.load(connection, stored_rows.head(connection))
            row = connection.execute(_LAST, {"id": assignment_id, "r": rows.revision}).first()
            columns = None if row is None else _columns(connection, row[2], row)
        if row is None or columns is None:
            raise NotFound(f"There never was an assignment with the id {assignment_id}.")
        return AssignmentRow(assignment_id, row[1], _name(rows, row[1]), assignment_form(columns), row[2])

    def same_as(self, subnet: str, form: Mapping[str, Any]) -> AssignmentRow | None:
        """The assignment that is there already and says the same, spelling apart; None where none does."""
        with self._database.reader() as connection:
            rows = stored_rows.load(connection, stored_rows.head(connection))
            subnet_id = home_named(rows, subnet)
            index, raw = _surroundings(rows, subnet_id)
            _holder(raw, index)["assignments"] = [form]
            alone, faults = inspect(raw)
            if _element(index, 0) in faults.elements:
                return None
            wanted = _last_of(alone, index)
            parameters = {"k": wanted.identifier_kind, "i": wanted.identifier, "s": subnet_id, "r": rows.revision}
            for row in connection.execute(_SAME_CLIENT, parameters):
                _home, columns, since = _find(connection, rows.revision, row[0])
                if columns == wanted:
                    return AssignmentRow(row[0], subnet_id, _name(rows, subnet_id), assignment_form(columns), since)
        return None

    def add(self, subnet: str, form: Mapping[str, Any], now: float | None = None) -> Draft:
        """A new assignment in a subnet, named by its name or prefix."""
        return self._draft(now, subnet=subnet, form=form)

    def replace(
        self, assignment_id: int, form: Mapping[str, Any], now: float | None = None, *, since: int | None = None
    ) -> Draft:
        """Another form for an assignment, which keeps its id and its subnet.

        With ``since``, the revision of what was looked at, it is refused where somebody changed the row meanwhile.
        """
        return self._draft(now, assignment_id=assignment_id, form=form, since=since)

    def remove(self, assignment_id: int, now: float | None = None, *, since: int | None = None) -> Draft:
        """No such assignment any longer; ``since`` as in ``replace``."""
        return self._draft(now, assignment_id=assignment_id, since=since)

    def make(self, draft: Draft, actor: str, note: str = "") -> int:
        """Publish a draft and give the revision; refused where the definitions changed since it was made."""
        return Stager(self._database).run(draft.plan, draft.head, actor, note)

    def _draft(
        self,
        now: float | None,
        *,
        subnet: str | None = None,
        assignment_id: int | None = None,
        form: Mapping[str, Any] | None = None,
        since: int | None = None,
    ) -> Draft:
        at = self._database.now() if now is None else now
        with self._database.reader() as connection:
            rows = stored_rows.load(connection, stored_rows.head(connection))
            before: AssignmentColumns | None = None
            if assignment_id is not None:
                subnet_id, before, present = _find(connection, rows.revision, assignment_id)
                if since is not None and present != since:
                    raise Outdated(
                        f"Assignment {assignment_id} was changed by somebody else meanwhile (in revision {present}): "
                        "look at it and try again."
                    )
            else:
                assert subnet is not None
                subnet_id = home_named(rows, subnet)
            after, name = None, _name(rows, subnet_id)
            if form is not None:
                after = self._checked(connection, rows, subnet_id, form, apart_from=assignment_id)
            plan = Plan()
            if assignment_id is None:
                assignment_id = int(connection.execute(text("SELECT max(id) FROM assignment")).scalar() or 0) + 1
            else:
                plan.closes["assignment"].append((assignment_id,))
                plan.closes["assignment_address"].append((assignment_id,))
            if after is not None:
                plan.opens["assignment"].append((assignment_id, subnet_id, *after[:4], packed(after.body)))
                plan.opens["assignment_address"] += [
                    (*key, assignment_id, position) for position, key in enumerate(after.addresses)
                ]
            told = claim_effects(connection, rows, (before,), (after,), name, at)
        plan.changes.append(_change(name, before, after))
        return Draft(rows.revision, plan, plan.changes[0], told, assignment_id)

    def _checked(
        self, connection: Connection, rows: Rows, subnet_id: int, form: Mapping[str, Any], apart_from: int | None
    ) -> AssignmentColumns:
        """The assignment's columns; ``InvalidDocument`` with the places inside it, ``Conflict`` with whom it meets."""
        index, raw = _surroundings(rows, subnet_id)
        _holder(raw, index)["assignments"] = [form]
        alone, faults = inspect(raw)
        path = _element(index, 0)
        said = tuple(_inside(path, faults.all()))
        if said:
            raise InvalidDocument(said)
        rivals: dict[int, list[tuple[int, AssignmentColumns]]] = {}
        for row_id, home, columns in self._rivals(connection, rows.revision, _last_of(alone, index), subnet_id):
            at = _place_of(rows, home)
            if row_id != apart_from and at is not None:
                rivals.setdefault(at, []).append((row_id, columns))
        names = {}
        for at, some in rivals.items():
            # Rivals stand before ours, so that ours is the later one and the faults are told at it.
            listed = _holder(raw, at).setdefault("assignments", [])
            listed[:0] = [assignment_form(columns) for _row_id, columns in some]
            for number, (row_id, columns) in enumerate(some):
                names[_element(at, number)] = called(row_id, columns, _name_at(rows, at))
        path = _element(index, len(rivals.get(index, ())))
        alone, faults = inspect(raw)
        said = tuple(_named(fault, names) for fault in _inside(path, faults.all(), names))
        if said:
            raise Conflict(said)
        return _last_of(alone, index)

    def _rivals(
        self, connection: Connection, revision: int, ours: AssignmentColumns, subnet_id: int
    ) -> Iterator[tuple[int, int, AssignmentColumns]]:
        """Assignments that name the same client here, or whose addresses touch ours: id, subnet and columns."""
        parameters = {"k": ours.identifier_kind, "i": ours.identifier, "s": subnet_id, "r": revision}
        found = {row[0] for row in connection.execute(_SAME_CLIENT, parameters)}
        for space, _kind, address, plen in ours.addresses:
            span = {"space": space, "first": address, "last": last_of(address, plen), "r": revision}
            found |= {row[0] for row in connection.execute(_INSIDE, span)}
            wider = {"space": space, "addresses": sorted({network_of(address, bits) for bits in range(plen + 1)})}
            for assignment_id, first, bits in connection.execute(_COVERING, {**wider, "r": revision}):
                if len(first) == len(address) and network_of(address, bits) == first:
                    found.add(assignment_id)
        for row_id in sorted(found):
            yield row_id, *_find(connection, revision, row_id)[:2]


def _holder(raw: dict[str, Any], index: int) -> dict[str, Any]:
    """The part of a document that has the list of assignments: a subnet, or the document itself."""
    holder: dict[str, Any] = raw if index == _EVERYWHERE_AT else raw["subnets"][index]
    return holder


def _element(index: int, number: int) -> str:
    """The path of an assignment."""
    return f"assignments[{number}]" if index == _EVERYWHERE_AT else f"subnets[{index}].assignments[{number}]"


def _last_of(document: Document, index: int) -> AssignmentColumns:
    """The last assignment of a place of the document."""
    if index == _EVERYWHERE_AT:
        return of_assignment(document.assignments[-1].entry, EVERYWHERE_SPACE)
    subnet = _at(document, index)
    return of_assignment(subnet.assignments[-1].entry, subnet.entry.space)


def _place_of(rows: Rows, home: int) -> int | None:
    """Where a subnet stands in the document; None for one that is no more."""
    if home == EVERYWHERE_ID:
        return _EVERYWHERE_AT
    return next((at for at, one in enumerate(rows.subnets) if one.row_id == home), None)


def _at(document: Document, index: int) -> DeclaredSubnet:
    for subnet in document.subnets:
        if subnet.path == f"subnets[{index}]":
            return subnet
    raise Refused("The subnet's rows make no sense: apply a document that puts them right first.")


def _inside(path: str, faults: Iterable[Fault], names: Mapping[str, str] = MappingProxyType({})) -> Iterator[Fault]:
    """The faults of one assignment, with their places in it."""
    for fault in faults:
        if fault.path == path or fault.path.startswith((f"{path}.", f"{path}[")):
            yield Fault(fault.path.removeprefix(path).lstrip(".") or "assignment", fault.message)
        elif mention(path).search(fault.message):
            other = names.get(fault.path.rpartition(".")[0], "another one")
            yield Fault("assignment", f"collides with {other}: {mention(path).sub('this one', fault.message)}")


def _named(fault: Fault, names: Mapping[str, str]) -> Fault:
    """The fault with the other assignments by what they are called, for their places are nobody's document."""
    message = fault.message
    for path, name in names.items():
        message = renamed(message, path, name)
    return Fault(fault.path, message)


def _name_at(rows: Rows, at: int) -> str:
    if at == _EVERYWHERE_AT:
        return told(EVERYWHERE)
    columns = rows.subnets[at].columns
    return columns.name if columns is not None else f"subnet {rows.subnets[at].row_id}"


def _surroundings(rows: Rows, subnet_id: int) -> tuple[int, dict[str, Any]]:
    """A document with all subnets and pools and no assignment, and the subnet's place in it."""
    raw = Picture.of(rows).raw()
    raw.pop("globals", None)
    at = _place_of(rows, subnet_id)
    if at is None:
        raise Refused("The assignment's subnet is no more: apply a document that puts it right first.")
    return at, raw


def home_named(rows: Rows, named: str) -> int:
    """The number of the subnet of that name, prefix or number; of ``EVERYWHERE``, that of all subnets."""
    return EVERYWHERE_ID if named == EVERYWHERE else int(subnet_named(rows, named).row_id)


def subnet_named(rows: Rows, named: str) -> Stored[Any]:
    """The subnet of that name, prefix or number; refused where there is none."""
    for stored in rows.subnets:
        columns = stored.columns
        if columns is not None and named in {columns.name, subnet_form(columns)["prefix"], str(stored.row_id)}:
            return stored
    raise NotFound(
        f"There is no subnet {named!r}: name one by its name or its prefix, as `lessor subnet list` shows them."
    )


def _name(rows: Rows, subnet_id: int) -> str:
    if subnet_id == EVERYWHERE_ID:
        return EVERYWHERE
    for stored in rows.subnets:
        if stored.row_id == subnet_id and stored.columns is not None:
            return stored.columns.name
    raise Refused(f"The subnet's row {subnet_id} makes no sense: apply a document that puts it right first.")


def _find(connection: Connection, revision: int, assignment_id: int) -> tuple[int, AssignmentColumns, int]:
    """An assignment's subnet, its columns and the revision that it is of."""
    row = connection.execute(_ONE, {"id": assignment_id, "r": revision}).first()
    columns = None if row is None else _columns(connection, revision, row)
    if row is None or columns is None:
        raise NotFound(f"There is no assignment with the id {assignment_id}.")
    return row[1], columns, row[2]


def _columns(connection: Connection, revision: int, row: Any) -> AssignmentColumns | None:
    keys: list[LeaseKey] = [tuple(key) for key in connection.execute(_KEYS_OF, {"id": row[0], "r": revision})]
    return stored_rows.assignment_of(row[3:7], row[7], tuple(keys))


def _change(subnet: str, before: AssignmentColumns | None, after: AssignmentColumns | None) -> DefinitionChange:
    forms = [None if columns is None else assignment_form(columns) for columns in (before, after)]
    key, who = next(iter((forms[1] or forms[0] or {}).items()))
    action: Action = "added" if before is None else "removed" if after is None else "changed"
    return DefinitionChange(action, "assignment", f"{key} {who} of {told(subnet)}", *forms)
