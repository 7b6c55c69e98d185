"""What takes a published change of subnets, pools, options and globals back: wishes, to be judged like any others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from sqlalchemy import Connection, text

from dhcpcore.errors import NotFound, Refused
from dhcpcore.store import rows as stored_rows
from dhcpcore.store.columns import GLOBALS, HANDLER, OPTION_DEFINITION, SHARED_NETWORK, pool_form, subnet_form
from dhcpcore.store.database import Database
from dhcpcore.store.picture import list_of
from dhcpcore.store.rows import Rows, Stored
from dhcpcore.store.topology_edits import Kind, Wish

T = TypeVar("T")

_KINDS: dict[str, Kind] = {
    GLOBALS: "globals", OPTION_DEFINITION: "option definition", SHARED_NETWORK: "shared network",
}  # fmt: skip
_PUBLISHED = text("SELECT 1 FROM revision WHERE id = :r AND state = 'published'")
#: Assignments that came or went in a revision, other than with their subnet.
_ASSIGNMENTS = text(
    "SELECT DISTINCT a.subnet_id FROM assignment a WHERE a.from_revision = :r OR a.to_revision = :r LIMIT 1000"
)


def undo_of(database: Database, revision: int) -> list[Wish]:
    """Wishes that make everything as it was before ``revision``; refused where assignments alone were changed.

    What somebody has changed since is guarded by the wishes' ``since``.
    """
    with database.reader() as connection:
        if connection.execute(_PUBLISHED, {"r": revision}).first() is None:
            raise NotFound(f"There is no revision {revision}. See: lessor revision list")
        before, after = stored_rows.load(connection, revision - 1), stored_rows.load(connection, revision)
        wishes = [*_subnets(before, after, revision), *_definitions(before, after, revision)]
        _refuse_assignments(connection, before, after, revision)
        _refuse_others(before, after, revision)
    if not wishes:
        raise Refused(f"Revision {revision} changed nothing that can be taken back here.")
    return wishes


def changed_handlers_alone(database: Database, revision: int) -> bool:
    """Whether handlers are all that a revision changed; False, too, where there is none of that number."""
    with database.reader() as connection:
        if connection.execute(_PUBLISHED, {"r": revision}).first() is None:
            return False
        before, after = stored_rows.load(connection, revision - 1), stored_rows.load(connection, revision)
        if _changed_kinds(before, after) != {HANDLER} or any(_subnets(before, after, revision)):
            return False
        return connection.execute(_ASSIGNMENTS, {"r": revision}).first() is None


def _subnets(before: Rows, after: Rows, revision: int) -> Iterator[Wish]:
    old, new = _by_id(before.subnets), _by_id(after.subnets)
    for number, columns in old.items():
        if number not in new:
            form: dict[str, Any] = subnet_form(columns)
            for pool in _by_id(before.pools.get(number, [])).values():
                one = pool_form(pool)
                form.setdefault(list_of(one), []).append(one)
            yield Wish("subnet", form, revive=(number, revision - 1))
    for number, columns in new.items():
        if number not in old:
            yield Wish("subnet", None, number, since=revision)
            continue
        if old[number] != columns:
            yield Wish("subnet", subnet_form(old[number]), number, since=revision)
        yield from _pools(before, after, number, revision)


def _pools(before: Rows, after: Rows, number: int, revision: int) -> Iterator[Wish]:
    old, new = _by_id(before.pools.get(number, [])), _by_id(after.pools.get(number, []))
    # What goes makes room for what comes back.
    for pool_id, columns in new.items():
        if pool_id not in old:
            yield Wish("pool", None, pool_id, since=revision)
        elif old[pool_id] != columns:
            yield Wish("pool", pool_form(old[pool_id]), pool_id, since=revision)
    for pool_id, columns in old.items():
        if pool_id not in new:
            yield Wish("pool", pool_form(columns), home=number)


def _definitions(before: Rows, after: Rows, revision: int) -> Iterator[Wish]:
    for row_kind, kind in _KINDS.items():
        old = {name: one for (held, name), one in before.definitions.items() if held == row_kind}
        new = {name: one for (held, name), one in after.definitions.items() if held == row_kind}
        for name in {**old, **new}:
            was, is_now = old.get(name), new.get(name)
            if (was and was.columns) == (is_now and is_now.columns):
                continue
            form = dict(was.columns.body) if was is not None and was.columns is not None else None
            key = name if is_now is not None and row_kind != GLOBALS else None
            form = {} if form is None and row_kind == GLOBALS else form
            yield Wish(kind, form, key, since=revision if key or row_kind == GLOBALS else None)


def _refuse_assignments(connection: Connection, before: Rows, after: Rows, revision: int) -> None:
    leaving = _by_id(before.subnets).keys() - _by_id(after.subnets).keys()
    touched = {row[0] for row in connection.execute(_ASSIGNMENTS, {"r": revision})}
    if touched - leaving:
        raise Refused(
            f"Revision {revision} changed assignments as well: take those back one by one, or apply the document of "
            f"revision {revision - 1}."
        )


def _refuse_others(before: Rows, after: Rows, revision: int) -> None:
    """What has no wish of its own is not left behind in silence."""
    changed = sorted(kind for kind in _changed_kinds(before, after) if kind not in _KINDS)
    if changed:
        raise Refused(
            f"Revision {revision} changed {' and '.join(changed)} as well: change that back by itself, or apply the "
            f"document of revision {revision - 1}."
        )


def _changed_kinds(before: Rows, after: Rows) -> set[str]:
    """The kinds of which a row came, went, changed or moved."""
    return {
        kind for kind, name in {**before.definitions, **after.definitions}
        if _columns(before, kind, name) != _columns(after, kind, name)
    }  # fmt: skip


def _columns(rows: Rows, kind: str, name: str) -> object:
    """What a row says, and where it stands among those of its kind."""
    stored = rows.definitions.get((kind, name))
    return None if stored is None else (stored.columns, stored.position)


def _by_id(listed: list[Stored[T]]) -> dict[int, T]:
    return {stored.row_id: stored.columns for stored in listed if stored.columns is not None}
