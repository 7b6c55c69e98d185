"""The store of definitions: the published revision as a snapshot or a document, and how a document becomes the next.

Services behind web, API and command line write here and nowhere else; the engine only reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, text

from dhcpcore.errors import InvalidDocument, LessorError, Outdated
from dhcpcore.lease.model import Assignment, Identifier, LeaseKey
from dhcpcore.store import catalogue
from dhcpcore.store import rows as stored_rows
from dhcpcore.store.assignments import AssignmentLookup
from dhcpcore.store.audit import entries_between, record_changes
from dhcpcore.store.columns import (
    CLASS,
    HANDLER,
    OPTION_DEFINITION,
    SECTIONS,
    SHARED_NETWORK,
    DefinitionColumns,
    pool_form,
    subnet_form,
)
from dhcpcore.store.database import Database
from dhcpcore.store.effects import Effect, effects
from dhcpcore.store.plan import plan
from dhcpcore.store.rows import Rows
from dhcpcore.store.staging import Progress, Stager
from dhcpcore.topology.build import Row, SubnetRow, Usage, from_rows
from dhcpcore.topology.changes import DefinitionChange
from dhcpcore.topology.declared import Document
from dhcpcore.topology.document import VERSION
from dhcpcore.topology.everywhere import EVERYWHERE_ID
from dhcpcore.topology.snapshot import Quarantined, Snapshot

#: Reading or comparing all assignments may take its time; no lock is held.
_PATIENT_S = 600.0
#: From here on a change is large enough to make a database's picture of its tables wrong.
_LARGE_ROWS = 1000

_USED_KIND = text(
    "SELECT EXISTS (SELECT 1 FROM assignment WHERE identifier_kind = :k AND enabled "
    "AND from_revision <= :r AND (to_revision IS NULL OR to_revision > :r))"
)
_USED_ADDRESS = text(
    "SELECT EXISTS (SELECT 1 FROM assignment_address "
    "WHERE from_revision <= :r AND (to_revision IS NULL OR to_revision > :r))"
)


class Definitions:
    """The definitions of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lookup = AssignmentLookup(database)

    def revision(self) -> int:
        """The published revision; 0 where nothing was ever applied."""
        with self._database.reader() as connection:
            return stored_rows.head(connection)

    def snapshot(self, revision: int | None = None) -> Snapshot:
        """The snapshot of a revision (None: the published one); bad rows are ``quarantined`` in it, the rest serves.

        What is remembered of assignments is read again, too: somebody may have changed a row by hand.
        """
        self._lookup.forget()
        with self._database.reader() as connection:
            number = stored_rows.head(connection) if revision is None else revision
            rows = stored_rows.load(connection, number)
            usage = _usage(connection, number)
        return snapshot_of(rows, usage)

    def document(self, revision: int | None = None) -> dict[str, Any]:
        """The definitions as a document in canonical form; rows that make no sense are not in it."""
        return self.document_and_quarantined(revision)[0]

    def document_and_quarantined(self, revision: int | None = None) -> tuple[dict[str, Any], list[Quarantined]]:
        """The document, and the rows that could not be told in it."""
        with self._database.reader(seconds=_PATIENT_S) as connection:
            number = stored_rows.head(connection) if revision is None else revision
            rows = stored_rows.load(connection, number)
            unreadable = list(rows.unreadable)
            document: dict[str, Any] = {"version": VERSION}
            if rows.globals is not None and rows.globals.columns is not None:
                document["globals"] = dict(rows.globals.columns.body)
            if definitions := _bodies(rows, OPTION_DEFINITION):
                document["option_definitions"] = definitions
            if networks := _bodies(rows, SHARED_NETWORK):
                document["shared_networks"] = networks
            if classes := _bodies(rows, CLASS):
                document["classes"] = classes
            document["subnets"] = []
            for stored in rows.subnets:
                if stored.columns is None:
                    continue
                form = subnet_form(stored.columns)
                pools = [
                    pool_form(pool.columns) for pool in rows.pools.get(stored.row_id, ()) if pool.columns is not None
                ]
                held, broken = stored_rows.assignments(connection, number, stored.row_id)
                unreadable += broken
                lists = {
                    "pools": [pool for pool in pools if "first" in pool],
                    "prefix_pools": [pool for pool in pools if "prefix" in pool],
                    "assignments": list(stored_rows.sorted_forms(held)),
                }
                document["subnets"].append({**form, **{key: listed for key, listed in lists.items() if listed}})
            held, broken = stored_rows.assignments(connection, number, EVERYWHERE_ID)
            unreadable += broken
            if held:
                document["assignments"] = list(stored_rows.sorted_forms(held))
            document |= {kind: dict(columns.body) for kind, columns in _sections(rows)}
            if handlers := _bodies(rows, HANDLER):
                document["handlers"] = handlers
        return document, unreadable

    def option_definitions(self) -> list[dict[str, Any]]:
        """The site's own options in the document's form."""
        with self._database.reader() as connection:
            return _bodies(stored_rows.load(connection, stored_rows.head(connection)), OPTION_DEFINITION)

    def diff(self, document: Document) -> list[DefinitionChange]:
        """What applying the document would change; nothing is written."""
        with self._database.reader(seconds=_PATIENT_S) as connection:
            _require_fields(connection, document)
            return plan(connection, stored_rows.load(connection, stored_rows.head(connection)), document).changes

    def effects(self, document: Document, now: float | None = None) -> tuple[Effect, ...]:
        """Whom applying the document would take an address from; ``now`` is database time, asked where not given."""
        at = self._database.now() if now is None else now
        with self._database.reader(seconds=_PATIENT_S) as connection:
            rows = stored_rows.load(connection, stored_rows.head(connection))
            return effects(connection, rows, document, at)

    def apply(
        self,
        document: Document,
        actor: str,
        note: str = "",
        progress: Progress | None = None,
        *,
        based_on: int | None = None,
    ) -> int:
        """Make the document the definitions and give the published revision; the old one where nothing differs.

        Whole or not at all: everything is staged under a pending revision, then made visible by one short transaction.
        ``progress`` is told how many rows of how many are staged.  With ``based_on``, the revision that the document
        was made from, it is refused where somebody published another since: nobody's change is lost in silence.
        """
        stager = Stager(self._database)
        stage = stager.begin(actor, note)
        try:
            with self._database.reader(seconds=_PATIENT_S) as connection:
                before = stored_rows.head(connection)
                _require_base(before, based_on)
                _require_fields(connection, document)
                planned = plan(connection, stored_rows.load(connection, before), document)
            if not planned.size:
                stager.forget(stage)
                return before
            stager.write(stage, planned, progress)

            def record(connection: Connection, now: int) -> None:
                record_changes(connection, planned.changes, actor=actor, revision=stage.revision, now=now)

            stager.publish(stage, before, record)
        except BaseException:
            # Where the revision is no longer ours, or was published after all, the guard refuses to undo anything;
            # where the database is away, the next apply clears up.
            with suppress(LessorError):
                stager.undo(stage)
            raise
        if planned.size >= _LARGE_ROWS:
            stager.tell_planner()
        return stage.revision

    def audit(self, after: int, until: int) -> list[dict[str, Any]]:
        """Who changed what between two revisions, oldest first: the newest rows, where there are many."""
        with self._database.reader() as connection:
            return entries_between(connection, after, until)

    def survey(self, revision: int) -> bool:
        """Read on in what assignments there are; whether all of it is read.  Some milliseconds."""
        return self._lookup.survey(revision)

    def assignments_by_identifier(
        self, keys: Iterable[tuple[int, bytes]], revision: int
    ) -> dict[tuple[int, bytes], tuple[Assignment, ...]]:
        """Enabled assignments of these identifiers; those that have none are missing."""
        return self._lookup.by_identifier(keys, revision)

    def assignments_by_address(self, keys: Iterable[LeaseKey], revision: int) -> dict[LeaseKey, tuple[Assignment, ...]]:
        """Enabled assignments that keep these addresses; free ones are missing."""
        return self._lookup.by_address(keys, revision)

    def assigned_in(self, space: int, kind: int, plen: int, first: bytes, last: bytes, revision: int) -> list[bytes]:
        """Addresses of a range that enabled assignments keep."""
        return self._lookup.in_range(space, kind, plen, first, last, revision)

    @property
    def quarantined_assignments(self) -> tuple[Quarantined, ...]:
        """Rows of assignments that look-ups met and could not use."""
        return tuple(self._lookup.quarantined.values())


def _require_fields(connection: Connection, document: Document) -> None:
    """Refuse fields of handlers that the types of installed packages do not take."""
    if any(one.model is None for one in document.handlers):
        faults = catalogue.faults(catalogue.read(connection), document)
        if faults:
            raise InvalidDocument(tuple(faults))


def _require_base(head: int, based_on: int | None) -> None:
    if based_on is not None and head != based_on:
        raise Outdated(
            f"The definitions are at revision {head}, and this was made from revision {based_on}: "
            "somebody changed them meanwhile. Look at them and try again."
        )


def snapshot_of(rows: Rows, usage: Usage) -> Snapshot:
    """The snapshot of rows that were read; what cannot be used is named in it."""
    definitions, networks, classes, handlers = (
        [
            Row(0, f"{wanted.replace('_', ' ')} {name}", stored.columns.body)
            for (kind, name), stored in rows.definitions.items()
            if kind == wanted and stored.columns is not None
        ]
        for wanted in (OPTION_DEFINITION, SHARED_NETWORK, CLASS, HANDLER)
    )
    subnets = [
        SubnetRow(
            Row(stored.row_id, f"subnet {stored.row_id} ({stored.columns.name})", subnet_form(stored.columns)),
            tuple(
                Row(pool.row_id, f"pool {pool.row_id} of subnet {stored.row_id}", pool_form(pool.columns))
                for pool in rows.pools.get(stored.row_id, ())
                if pool.columns is not None
            ),
        )
        for stored in rows.subnets
        if stored.columns is not None
    ]
    globals_ = rows.globals
    return from_rows(
        rows.revision,
        Row(0, "globals", globals_.columns.body) if globals_ is not None and globals_.columns is not None else None,
        definitions,
        subnets,
        usage=usage,
        unreadable=rows.unreadable,
        shared_networks=networks,
        sections=[(kind, Row(0, kind, columns.body)) for kind, columns in _sections(rows)],
        classes=classes,
        handlers=handlers,
    )


def _sections(rows: Rows) -> list[tuple[str, DefinitionColumns]]:
    """The parts of the document that are one row each, where they are there."""
    found = ((kind, rows.definitions.get((kind, ""))) for kind in SECTIONS)
    return [(kind, stored.columns) for kind, stored in found if stored is not None and stored.columns is not None]


def _bodies(rows: Rows, wanted: str) -> list[dict[str, Any]]:
    return [
        dict(stored.columns.body)
        for (kind, _name), stored in rows.definitions.items()
        if kind == wanted and stored.columns is not None
    ]


def _usage(connection: Connection, revision: int) -> Usage:
    """What assignments there are, by an index look-up a kind, whatever their number."""
    kinds = (kind for kind in Identifier if connection.execute(_USED_KIND, {"k": int(kind), "r": revision}).scalar())
    return Usage(frozenset(map(int, kinds)), bool(connection.execute(_USED_ADDRESS, {"r": revision}).scalar()))
