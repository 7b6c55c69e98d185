"""What makes one revision another than any other: its rows beside the other's, without a document of either.

Every revision's rows are kept, so two that are years apart are compared as well as neighbours.  Of the assignments,
which may be very many, only those are read that were written in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, text

from dhcpcore.lease.model import LeaseKey
from dhcpcore.store import rows as stored_rows
from dhcpcore.store.columns import (
    PoolColumns,
    SubnetColumns,
    assignment_called,
    assignment_form,
    pool_called,
    pool_form,
    subnet_form,
)
from dhcpcore.store.rows import Rows, Stored
from dhcpcore.topology.changes import Action, DefinitionChange
from dhcpcore.topology.everywhere import EVERYWHERE, EVERYWHERE_ID, told

#: Assignments that are told one by one; of more, the number is.
ASSIGNMENTS_MAX = 500
Form = Mapping[str, Any]

_VISIBLE = "from_revision <= :r AND (to_revision IS NULL OR to_revision > :r)"
_TOUCHED = text(
    "SELECT DISTINCT id FROM assignment WHERE (from_revision > :low AND from_revision <= :high) "
    "OR (to_revision > :low AND to_revision <= :high) ORDER BY id"
)
_ASSIGNMENTS = text(
    "SELECT id, subnet_id, identifier_kind, identifier, hostname, enabled, CAST(body AS TEXT) FROM assignment "
    f"WHERE id IN :ids AND {_VISIBLE}"
).bindparams(bindparam("ids", expanding=True))
_ADDRESSES = text(
    "SELECT assignment_id, space, kind, address, plen FROM assignment_address "
    f"WHERE assignment_id IN :ids AND {_VISIBLE} ORDER BY assignment_id, position"
).bindparams(bindparam("ids", expanding=True))


class Between(NamedTuple):
    """The changes that lead from one revision to another, and how many assignments were written besides."""

    changes: list[DefinitionChange]
    more_assignments: int


def between(connection: Connection, first: int, second: int) -> Between:
    """What has to be changed of revision ``first`` for it to be ``second``, which may be the older one."""
    before, after = stored_rows.load(connection, first), stored_rows.load(connection, second)
    touched = [row[0] for row in connection.execute(_TOUCHED, {"low": min(first, second), "high": max(first, second)})]
    some = touched[:ASSIGNMENTS_MAX]
    changes = [*_definitions(before, after), *_subnets(before, after), *_pools(before, after),
               *_assignments(connection, before, after, some)]
    return Between(list(_paired(changes)), len(touched) - len(some))


def subnet_at(connection: Connection, number: int, revision: int) -> Form | None:
    """What a subnet said of itself in a revision; None where it was not there."""
    rows = stored_rows.load(connection, revision)
    return next((_subnet(one) for one in rows.subnets if one.row_id == number), None)


def pool_at(connection: Connection, number: int, revision: int) -> Form | None:
    """What a pool was in a revision; None where it was not there."""
    rows = stored_rows.load(connection, revision)
    return next((_pool(one) for some in rows.pools.values() for one in some if one.row_id == number), None)


def _paired(changes: list[DefinitionChange]) -> Iterator[DefinitionChange]:
    """What went and came back under the same name has another number, and is the same thing to everybody."""
    came = {(one.kind, one.name): one for one in changes if one.action == "added"}
    went = {(one.kind, one.name) for one in changes if one.action == "removed"}
    for one in changes:
        back = came.get((one.kind, one.name))
        if one.action == "removed" and back is not None:
            yield from _change(one.kind, one.name, one.before, back.after, moved=False)
        elif one.action != "added" or (one.kind, one.name) not in went:
            yield one


def _definitions(before: Rows, after: Rows) -> Iterator[DefinitionChange]:
    for key in {**before.definitions, **after.definitions}:
        old, new = before.definitions.get(key), after.definitions.get(key)
        sides = [None if one is None or one.columns is None else one.columns.body for one in (old, new)]
        yield from _change(key[0].replace("_", " "), key[1], sides[0], sides[1], moved=_moved(old, new))


def _subnets(before: Rows, after: Rows) -> Iterator[DefinitionChange]:
    old, new = ({one.row_id: one for one in rows.subnets} for rows in (before, after))
    for number in {**old, **new}:
        was, is_now = old.get(number), new.get(number)
        name = (_name(is_now) or _name(was)) or f"of row {number}"
        yield from _change("subnet", name, _subnet(was), _subnet(is_now), moved=_moved(was, is_now))


def _pools(before: Rows, after: Rows) -> Iterator[DefinitionChange]:
    names = {**_homes(before), **_homes(after)}
    old, new = ({one.row_id: (home, one) for home, some in rows.pools.items() for one in some}
                for rows in (before, after))
    for number in {**old, **new}:
        was, is_now = old.get(number), new.get(number)
        forms = [None if one is None else _pool(one[1]) for one in (was, is_now)]
        form = forms[1] or forms[0]
        if form is not None:
            kind, called = pool_called(form)
            home = (is_now or was or (0, None))[0]
            moved = was is not None and is_now is not None and _moved(was[1], is_now[1])
            yield from _change(kind, f"{called} of {names.get(home, home)}", forms[0], forms[1], moved=moved)


def _assignments(connection: Connection, before: Rows, after: Rows, ids: list[int]) -> Iterator[DefinitionChange]:
    names = {**_homes(before), **_homes(after), EVERYWHERE_ID: EVERYWHERE}
    old, new = (_forms(connection, rows.revision, ids) for rows in (before, after))
    for number in ids:
        was, is_now = old.get(number), new.get(number)
        shown = is_now or was
        if shown is not None:
            home = told(str(names.get(shown[0], shown[0])))
            yield from _change("assignment", f"{assignment_called(shown[1])} of {home}",
                               None if was is None else was[1], None if is_now is None else is_now[1], moved=False)


def _forms(connection: Connection, revision: int, ids: list[int]) -> dict[int, tuple[int, Form]]:
    """Subnet and form of those assignments that were there; what makes no sense is left out, as in a document."""
    if not ids:
        return {}
    keys: dict[int, list[LeaseKey]] = {}
    for assignment_id, space, kind, address, plen in connection.execute(_ADDRESSES, {"ids": ids, "r": revision}):
        keys.setdefault(assignment_id, []).append((space, kind, address, plen))
    found: dict[int, tuple[int, Form]] = {}
    for number, home, *columns, body in connection.execute(_ASSIGNMENTS, {"ids": ids, "r": revision}):
        made = stored_rows.assignment_of(columns, body, tuple(keys.get(number, ())))
        if made is not None:
            found[number] = (home, assignment_form(made))
    return found


def _change(kind: str, name: str, before: Form | None, after: Form | None, *, moved: bool
            ) -> Iterator[DefinitionChange]:
    if before != after or (moved and before is not None):
        action: Action = "added" if before is None else "removed" if after is None else "changed"
        yield DefinitionChange(action, kind, name, before, after)


def _moved(old: Stored[Any] | None, new: Stored[Any] | None) -> bool:
    return old is not None and new is not None and old.position != new.position


def _homes(rows: Rows) -> dict[int, str]:
    return {one.row_id: one.columns.name for one in rows.subnets if one.columns is not None}


def _name(stored: Stored[SubnetColumns] | None) -> str:
    return stored.columns.name if stored is not None and stored.columns is not None else ""


def _subnet(stored: Stored[SubnetColumns] | None) -> Form | None:
    return subnet_form(stored.columns) if stored is not None and stored.columns is not None else None


def _pool(stored: Stored[PoolColumns]) -> Form | None:
    return pool_form(stored.columns) if stored.columns is not None else None
