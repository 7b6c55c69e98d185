"""One handler added, replaced, moved or removed, without the whole document: the same validator, the same revisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from dhcpcore.errors import Conflict, Fault, InvalidDocument, NotFound, Outdated
from dhcpcore.store import catalogue
from dhcpcore.store import rows as stored_rows
from dhcpcore.store.columns import HANDLER, DefinitionColumns, of_handler
from dhcpcore.store.database import Database
from dhcpcore.store.picture import Picture
from dhcpcore.store.plan import plan_definitions
from dhcpcore.store.rows import Rows
from dhcpcore.store.staging import Stager
from dhcpcore.topology.handler_types import HandlerType
from dhcpcore.topology.validate import inspect


class StoredHandler(NamedTuple):
    """A handler as people see it: its form in the document, and the revision it is of."""

    name: str
    form: Mapping[str, Any]
    since: int


class Edited(NamedTuple):
    """What an edit did: the revision, whether it is a new one, and the handler's name."""

    revision: int
    changed: bool
    name: str


class HandlerEdits:
    """Edits of one database's handlers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def types(self) -> dict[str, HandlerType]:
        """The catalogue."""
        with self._database.reader() as connection:
            return catalogue.read(connection)

    def listed(self) -> tuple[StoredHandler, ...]:
        """All of them, in their order."""
        with self._database.reader() as connection:
            return listed(stored_rows.load(connection, stored_rows.head(connection)))

    def find(self, name: str) -> StoredHandler:
        """One handler; refused where there is none of that name."""
        return _named(self.listed(), name)

    def at(self, name: str, revision: int) -> StoredHandler:
        """One handler as it was in a revision; refused where there was none of that name then."""
        with self._database.reader() as connection:
            published = min(revision, stored_rows.head(connection))
            return _named(listed(stored_rows.load(connection, published)), name)

    def put(
        self, form: Mapping[str, Any], actor: str, *, name: str | None = None, since: int | None = None,
        before: str | None = None, note: str = "",
    ) -> Edited:  # fmt: skip
        """A new handler (``name`` None), or another form for one.

        ``before`` names the handler that it comes before; empty: it comes last.  Without it a new one comes last, and
        another stays where it is.  With ``since``, the revision of what was looked at, it is refused where somebody
        changed the handler meanwhile.
        """
        with self._database.reader() as connection:
            rows = stored_rows.load(connection, stored_rows.head(connection))
            types = catalogue.read(connection)
            present = listed(rows)
            at = len(present)
            if name is not None:
                at = present.index(_unchanged(_named(present, name), since))
            others = [one for one in present if one.name != name]
            if before:
                at = others.index(_named(others, before))
            elif before is not None:
                at = len(others)
            if name is not None and not form.get("name"):
                form = {**form, "name": name}
            wanted = [*(one.form for one in others[:at]), form, *(one.form for one in others[at:])]
            columns = checked(rows, wanted, at, types)
            plan = plan_definitions(connection, rows, HANDLER, columns)
        if not plan.size:
            return Edited(rows.revision, False, columns[at].name)
        return Edited(Stager(self._database).run(plan, rows.revision, actor, note), True, columns[at].name)

    def remove(self, name: str, actor: str, *, since: int | None = None, note: str = "") -> Edited:
        """No such handler any longer."""
        with self._database.reader() as connection:
            rows = stored_rows.load(connection, stored_rows.head(connection))
            present = listed(rows)
            _unchanged(_named(present, name), since)
            left = [DefinitionColumns(HANDLER, one.name, one.form) for one in present if one.name != name]
            plan = plan_definitions(connection, rows, HANDLER, left)
        return Edited(Stager(self._database).run(plan, rows.revision, actor, note), True, name)


def listed(rows: Rows) -> tuple[StoredHandler, ...]:
    """The handlers of a revision, in their order."""
    return tuple(
        StoredHandler(name, stored.columns.body, stored.from_revision)
        for (kind, name), stored in rows.definitions.items()
        if kind == HANDLER and stored.columns is not None
    )


def _named(present: Iterable[StoredHandler], name: str) -> StoredHandler:
    for one in present:
        if one.name == name:
            return one
    raise NotFound(f"There is no handler {name!r}: `lessor handler list` shows them.")


def _unchanged(row: StoredHandler, since: int | None) -> StoredHandler:
    if since is not None and row.since != since:
        raise Outdated(
            f"Handler {row.name!r} was changed by somebody else meanwhile (in revision {row.since}): look at it and "
            "try again."
        )
    return row


def checked(
    rows: Rows, wanted: Sequence[Mapping[str, Any]], at: int | None, types: Mapping[str, HandlerType]
) -> list[DefinitionColumns]:
    """The handlers' columns; faults at the one that is edited are told with their places in it, others as conflicts.

    ``at`` None: none of them is edited.
    """
    raw = Picture.of(rows).raw()
    known = {fault.message for fault in inspect(raw).faults.all()}
    document, faults = inspect({**raw, "handlers": list(wanted)})
    path = f"handlers[{at}]"
    told = [*faults.all(), *catalogue.faults(types, document)]
    mine = [fault for fault in told if fault.path == path or fault.path.startswith((f"{path}.", f"{path}["))]
    if at is not None and not mine and (fault := _of_type(wanted[at], types)) is not None:
        mine = [fault]
    if mine:
        raise InvalidDocument(
            tuple(Fault(one.path.removeprefix(path).lstrip(".") or "handler", one.message) for one in mine)
        )
    others = [fault for fault in faults.all() if fault.message not in known]
    if others:
        raise Conflict(tuple(Fault("handler", f"{_place(wanted, one.path)}: {one.message}") for one in others))
    made = {one.path: of_handler(one) for one in document.handlers}
    kept = []
    for index, form in enumerate(wanted):
        # One that was wrong before stays as it is: nobody asked for it to be changed.
        name = str(form.get("name"))
        kept.append(made.get(f"handlers[{index}]") or DefinitionColumns(HANDLER, name, form))
    return kept


def _of_type(form: Mapping[str, Any], types: Mapping[str, HandlerType]) -> Fault | None:
    """Who adds a handler by itself has it here: a type that nobody knows is a typing mistake."""
    name = str(form.get("type"))
    if name in types:
        return None
    near = get_close_matches(name, types, n=1)
    said = f"did you mean {near[0]}?" if near else f"known here: {', '.join(types)}"
    return Fault("type", f"there is no handler type {name!r}; {said} After the installation of a package, run "
                 "`lessor migrate`.")  # fmt: skip


def _place(wanted: Sequence[Mapping[str, Any]], path: str) -> str:
    """A path of the document by names that people know."""
    head, _, rest = path.partition("]")
    number = head.removeprefix("handlers[")
    if not number.isdecimal() or int(number) >= len(wanted):
        return path
    return f"handler {wanted[int(number)].get('name')} {rest.lstrip('.')}".strip()
