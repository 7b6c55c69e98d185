"""One class added, replaced, moved or removed, without the whole document: the same validator, the same revisions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from dhcpcore.errors import Conflict, Fault, InvalidDocument, NotFound, Outdated, Refused
from dhcpcore.store import rows as stored_rows
from dhcpcore.store.columns import CLASS, DefinitionColumns, of_class
from dhcpcore.store.database import Database
from dhcpcore.store.picture import Picture
from dhcpcore.store.plan import plan_definitions
from dhcpcore.store.rows import Rows
from dhcpcore.store.staging import Stager
from dhcpcore.topology.validate import inspect

#: An assignment that names classes says so in its body; that is looked for as text, as both databases can.
_NAMING = text(
    "SELECT id, CAST(body AS TEXT) FROM assignment WHERE from_revision <= :r "
    "AND (to_revision IS NULL OR to_revision > :r) AND CAST(body AS TEXT) LIKE :pattern"
)
#: Assignments that a refusal names.
_TOLD_MAX = 5


class ClassRow(NamedTuple):
    """A class as people see it: its form in the document, and the revision it is of."""

    name: str
    form: Mapping[str, Any]
    since: int


class Outcome(NamedTuple):
    """What an edit did: the revision, and the class as it is now."""

    revision: int
    changed: bool


class ClassEdits:
    """Edits of one database's classes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listed(self) -> tuple[ClassRow, ...]:
        """All of them, in their order."""
        with self._database.reader() as connection:
            return _listed(stored_rows.load(connection, stored_rows.head(connection)))

    def find(self, name: str) -> ClassRow:
        """One class; refused where there is none of that name."""
        return _named(self.listed(), name)

    def at(self, name: str, revision: int) -> ClassRow:
        """One class as it was in a revision; refused where there was none of that name then."""
        with self._database.reader() as connection:
            published = min(revision, stored_rows.head(connection))
            return _named(_listed(stored_rows.load(connection, published)), name)

    def put(
        self, form: Mapping[str, Any], actor: str, *, name: str | None = None, since: int | None = None,
        before: str | None = None, note: str = "",
    ) -> Outcome:  # fmt: skip
        """A new class (``name`` None), or another form for one.

        ``before`` names the class that it comes before: the first that says something counts.  Without it a new one
        comes last, and another stays where it is.  With ``since``, the revision of what was looked at, it is refused
        where somebody changed the class meanwhile.
        """
        with self._database.reader() as connection:
            rows = stored_rows.load(connection, stored_rows.head(connection))
            present = _listed(rows)
            at = len(present)
            if name is not None:
                at = present.index(_unchanged(_named(present, name), since))
            others = [one.form for one in present if one.name != name]
            if before is not None:
                at = [one.name for one in present if one.name != name].index(_named(present, before, apart=name).name)
            wanted = [*others[:at], form, *others[at:]]
            return self._publish(connection, rows, wanted, at, actor, note)

    def remove(self, name: str, actor: str, *, since: int | None = None, note: str = "") -> Outcome:
        """No such class any longer; refused while something names it."""
        with self._database.reader() as connection:
            rows = stored_rows.load(connection, stored_rows.head(connection))
            present = _listed(rows)
            _unchanged(_named(present, name), since)
            return self._publish(connection, rows, [one.form for one in present if one.name != name], None, actor, note)

    def _publish(
        self, connection: Connection, rows: Rows, wanted: Sequence[Mapping[str, Any]], at: int | None, actor: str,
        note: str,
    ) -> Outcome:  # fmt: skip
        columns = _checked(rows, wanted, at)
        gone = {one.name for one in _listed(rows)} - {one.name for one in columns}
        _refuse_named(connection, rows.revision, gone)
        plan = plan_definitions(connection, rows, CLASS, columns)
        if not plan.size:
            return Outcome(rows.revision, False)
        return Outcome(Stager(self._database).run(plan, rows.revision, actor, note), True)


def _listed(rows: Rows) -> tuple[ClassRow, ...]:
    return tuple(
        ClassRow(name, stored.columns.body, stored.from_revision)
        for (kind, name), stored in rows.definitions.items()
        if kind == CLASS and stored.columns is not None
    )


def _named(present: Iterable[ClassRow], name: str, *, apart: str | None = None) -> ClassRow:
    for one in present:
        if one.name == name and name != apart:
            return one
    raise NotFound(f"There is no class {name!r}: `lessor class list` shows them.")


def _unchanged(row: ClassRow, since: int | None) -> ClassRow:
    if since is not None and row.since != since:
        raise Outdated(
            f"Class {row.name!r} was changed by somebody else meanwhile (in revision {row.since}): look at it and try "
            "again."
        )
    return row


def _checked(rows: Rows, wanted: Sequence[Mapping[str, Any]], at: int | None) -> list[DefinitionColumns]:
    """The classes' columns; faults at the one that is edited are told with their places in it, others as conflicts."""
    raw = Picture.of(rows).raw()
    known = {str(fault) for fault in inspect(raw).faults.all()}
    document, faults = inspect({**raw, "classes": list(wanted)})
    path = f"classes[{at}]"
    mine = [fault for fault in faults.all() if fault.path == path or fault.path.startswith(f"{path}.")]
    if mine:
        raise InvalidDocument(
            tuple(Fault(one.path.removeprefix(path).lstrip(".") or "class", one.message) for one in mine)
        )
    others = [fault for fault in faults.all() if str(fault) not in known]
    if others:
        raise Conflict(tuple(Fault("class", f"{_place(raw, wanted, one.path)}: {one.message}") for one in others))
    return [of_class(one.entry) for one in document.classes]


def _place(raw: Mapping[str, Any], wanted: Sequence[Mapping[str, Any]], path: str) -> str:
    """A path of the document by names that people know."""
    head, _, rest = path.partition("]")
    kind, _, number = head.partition("[")
    listed: Sequence[Mapping[str, Any]] = wanted if kind == "classes" else raw.get(kind, ())
    if not number.isdecimal() or int(number) >= len(listed):
        return path
    one = listed[int(number)]
    what = "class" if kind == "classes" else "subnet"
    return f"{what} {one.get('name') or one.get('prefix')} {rest.lstrip('.')}".strip()


def _refuse_named(connection: Connection, revision: int, gone: Iterable[str]) -> None:
    """Assignments are not in the validator's document here: what they name is looked for by itself."""
    for name in gone:
        pattern = f"%{json.dumps(name)[1:-1].replace('%', '_')}%"
        found = [
            row_id
            for row_id, body in connection.execute(_NAMING, {"r": revision, "pattern": pattern})
            if name in _classes_in(body) or f"member('{name}')" in body
        ]
        if found:
            some = ", ".join(map(str, found[:_TOLD_MAX])) + (" and others" if len(found) > _TOLD_MAX else "")
            raise Refused(f"Class {name!r} is given by the assignments {some}: take it out of them first.")


def _classes_in(body: Any) -> list[Any]:
    try:
        return list(json.loads(body).get("classes", ()))
    except (ValueError, AttributeError, TypeError):
        return []
