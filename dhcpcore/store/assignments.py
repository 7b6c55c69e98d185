"""Assignments for the packet path: by identifier, by address, by range; one statement a call, whatever their number.

Only enabled assignments of a given revision are seen.  A row that makes no sense is left out and kept for the
engine to show; it takes nothing from the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from dhcpcore.errors import InvalidValue
from dhcpcore.lease.model import Assignment, LeaseKey
from dhcpcore.store import rows as stored_rows
from dhcpcore.store.columns import OPTION_DEFINITION, Body, packed, unpacked
from dhcpcore.store.database import SQLITE, Database
from dhcpcore.store.presence import Presence
from dhcpcore.topology.computed import NOTHING_COMPUTED, Computations, Computed, computed, is_computed
from dhcpcore.topology.everywhere import EVERYWHERE_ID
from dhcpcore.topology.faults import Faults
from dhcpcore.topology.snapshot import Quarantined
from dhcpcore.topology.spaces import Spaces, allowed, checked, defined
from dhcpcore.wire.addresses import parse_address

#: Keys of one statement; SQLite takes 32,766 variables, and plans of very long ones take longer than they save.
_KEYS_MAX = 256
#: Look-ups whose answer is remembered: what is visible at a revision never changes, and most clients come back.
_REMEMBERED_MAX = 32_768
#: Rows of a step of the survey: two milliseconds.
_SURVEY_ROWS = 1000
#: Broken rows that are remembered, for people to see.
_QUARANTINED_MAX = 100

_COLUMNS = (
    "a.id, a.subnet_id, a.identifier_kind, a.identifier, a.hostname, CAST(a.body AS TEXT), "
    "x.space, x.kind, x.address, x.plen"
)
_VISIBLE = "{0}.from_revision <= {mark} AND ({0}.to_revision IS NULL OR {0}.to_revision > {mark})"


#: Option payloads of an assignment by code, and codes that are sent always and never.
_Said = tuple[tuple[tuple[int, bytes], ...], frozenset[int], frozenset[int]]
_SAYS_NOTHING: _Said = ((), frozenset(), frozenset())
#: Expressions of one revision's assignments that are kept read: many say the same.
_COMPUTED_MAX = 4096


class _Catalogue(NamedTuple):
    """What encoding the options of one revision's assignments needs."""

    revision: int
    spaces: Spaces
    families: Mapping[int, int]
    computed: dict[str, Computed]


class _Remembered(NamedTuple):
    """What was found at one revision, by what it was looked for; nothing found is remembered as well."""

    revision: int
    by_identifier: dict[tuple[int, bytes], tuple[Assignment, ...]]
    by_address: dict[LeaseKey, tuple[Assignment, ...]]


class _Survey:
    """What identifiers and addresses any assignment may have, read a page at a time at one revision.

    Rows of other revisions are taken in as well, and disabled ones: what counts is looked up.
    """

    __slots__ = ("_after", "addresses", "complete", "identifiers", "revision")

    def __init__(self, revision: int, expected: int) -> None:
        self.revision = revision
        self.identifiers = Presence(expected)
        self.addresses = Presence(expected)
        self.complete = False
        self._after: dict[str, tuple[Any, ...]] = {
            "assignment": (-1, b""), "assignment_address": (-1, -1, b"", -1),
        }  # fmt: skip

    def step(self, cursor: Any, mark: str) -> None:
        """Take in one page of each table that has not come to its end."""
        for table, columns, filled in (
            ("assignment", "identifier_kind, identifier", self.identifiers),
            ("assignment_address", "space, kind, address, plen", self.addresses),
        ):
            after = self._after.get(table)
            if after is None:
                continue
            marks = ", ".join([mark] * len(after))
            cursor.execute(
                f"SELECT {columns} FROM {table} WHERE ({columns}) > ({marks}) ORDER BY {columns} LIMIT {_SURVEY_ROWS}",
                after,
            )
            page = [tuple(row) for row in cursor.fetchall()]
            filled.add(page)
            if len(page) < _SURVEY_ROWS:
                del self._after[table]
            else:
                self._after[table] = page[-1]
        self.complete = not self._after


class AssignmentLookup:
    """Look-ups in one database; a connection of the reader's pool serves each call."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._on_sqlite = database.dialect == SQLITE
        self._catalogues: dict[int, _Catalogue] = {}
        self._statements: dict[tuple[str, int], str] = {}
        self._remembered = _Remembered(-1, {}, {})
        self._survey: _Survey | None = None
        self.quarantined: dict[int, Quarantined] = {}

    def by_identifier(
        self, keys: Iterable[tuple[int, bytes]], revision: int
    ) -> dict[tuple[int, bytes], tuple[Assignment, ...]]:
        """Assignments that name one of these identifiers (kind and octets)."""
        known = self._at(revision).by_identifier
        survey = self._survey
        if survey is not None and survey.complete and survey.revision == revision:
            keys = survey.identifiers.among(keys)
        answers = {key: known.get(key) for key in keys}
        if unknown := [key for key, answer in answers.items() if answer is None]:
            found: dict[tuple[int, bytes], list[Assignment]] = {}
            for one in self._found("identifier", ("kind", "identifier"), unknown, revision):
                found.setdefault((one.identifier_kind, one.identifier), []).append(one)
            _learn(known, answers, {key: tuple(found.get(key, ())) for key in unknown})
        return {key: answer for key, answer in answers.items() if answer}

    def by_address(self, keys: Iterable[LeaseKey], revision: int) -> dict[LeaseKey, tuple[Assignment, ...]]:
        """Assignments that keep one of these addresses or prefixes."""
        known = self._at(revision).by_address
        survey = self._survey
        if survey is not None and survey.complete and survey.revision == revision:
            keys = survey.addresses.among(keys)
        answers = {key: known.get(key) for key in keys}
        if unknown := {key for key, answer in answers.items() if answer is None}:
            found: dict[LeaseKey, list[Assignment]] = {}
            for one in self._found("address", ("space", "kind", "address", "plen"), list(unknown), revision):
                for key in unknown.intersection(one.addresses):
                    found.setdefault(key, []).append(one)
            _learn(known, answers, {key: tuple(found.get(key, ())) for key in unknown})
        return {key: answer for key, answer in answers.items() if answer}

    def forget(self) -> None:
        """Ask the database again for what was looked up."""
        self._remembered = _Remembered(-1, {}, {})
        self._survey = None

    def survey(self, revision: int) -> bool:
        """Read on in what identifiers and addresses there are at this revision; whether all of it is read.

        From then on a client that has no assignment is told without a look into the database.
        """
        survey = self._survey
        if survey is not None and survey.complete and survey.revision == revision:
            return True
        with self._database.statement() as cursor:
            if survey is None or survey.revision != revision:
                # Numbers are never given out twice, so the last is no less than how many there are.
                cursor.execute("SELECT max(id) FROM assignment")
                survey = self._survey = _Survey(revision, cursor.fetchone()[0] or 0)
            survey.step(cursor, self._mark)
        return survey.complete

    def _at(self, revision: int) -> _Remembered:
        """What is remembered of the revision; another one's is forgotten."""
        remembered = self._remembered
        if remembered.revision != revision:
            remembered = self._remembered = _Remembered(revision, {}, {})
        return remembered

    def in_range(self, space: int, kind: int, plen: int, first: bytes, last: bytes, revision: int) -> list[bytes]:
        """Addresses from ``first`` to ``last`` that assignments keep."""
        mark = self._mark
        statement = (
            f"SELECT DISTINCT x.address FROM assignment_address x WHERE x.space = {mark} AND x.kind = {mark} "
            f"AND x.address BETWEEN {mark} AND {mark} AND x.plen = {mark} AND {self._visible('x')}"
        )
        with self._database.statement() as cursor:
            cursor.execute(statement, (space, kind, first, last, plen, revision, revision))
            return [row[0] for row in cursor.fetchall()]

    def _found(
        self, by: str, columns: Sequence[str], keys: Sequence[tuple[Any, ...]], revision: int
    ) -> Iterator[Assignment]:
        for at in range(0, len(keys), _KEYS_MAX):
            some = keys[at : at + _KEYS_MAX]
            # Padded to a power of two with the last key, so that few statements are ever compiled.
            count = 1 << (len(some) - 1).bit_length()
            padded = [*some, *[some[-1]] * (count - len(some))]
            if self._on_sqlite:
                parameters: list[Any] = [part for key in padded for part in key]
            else:
                parameters = [list(column) for column in zip(*padded, strict=True)]
            with self._database.statement() as cursor:
                cursor.execute(self._statement(by, columns, count), [*parameters, *[revision] * self._revisions(by)])
                rows = cursor.fetchall()
            yield from self._made(rows, revision)

    def _revisions(self, by: str) -> int:
        return 6 if by == "address" else 4

    def _statement(self, by: str, columns: Sequence[str], count: int) -> str:
        if not self._on_sqlite:
            count = 0
        statement = self._statements.get((by, count))
        if statement is None:
            statement = self._statements[by, count] = self._joined(by, columns, count)
        return statement

    def _joined(self, by: str, columns: Sequence[str], count: int) -> str:
        """The statement for ``count`` keys: from the keys to their rows, in that order, by index."""
        names = ", ".join(f"k_{column}" for column in columns)
        if self._on_sqlite:
            row = f"({', '.join('?' * len(columns))})"
            head = f"WITH k({names}) AS (VALUES {', '.join([row] * count)})"
            keys, join = "k", "CROSS JOIN"  # Which SQLite takes as the order to join in.
        else:
            types = {"kind": "smallint", "plen": "smallint", "space": "integer"}
            arrays = ", ".join(f"%s::{types.get(column, 'bytea')}[]" for column in columns)
            head = ""
            keys, join = f"unnest({arrays}) AS k({names})", "JOIN"
        if by == "identifier":
            rows = (
                f"{join} assignment a ON a.identifier_kind = k.k_kind AND a.identifier = k.k_identifier "
                f"AND a.enabled AND {self._visible('a')}"
            )
        else:
            on = " AND ".join(f"y.{column} = k.k_{column}" for column in columns)
            rows = (
                f"{join} assignment_address y ON {on} AND {self._visible('y')} "
                f"{join} assignment a ON a.id = y.assignment_id AND a.enabled AND {self._visible('a')}"
            )
        return (
            f"{head} SELECT DISTINCT {_COLUMNS}, x.position FROM {keys} {rows} "
            f"LEFT JOIN assignment_address x ON x.assignment_id = a.id AND {self._visible('x')} "
            "ORDER BY a.id, x.position"
        )

    def _made(self, rows: Iterable[Sequence[Any]], revision: int) -> Iterator[Assignment]:
        whole: dict[int, tuple[Sequence[Any], list[LeaseKey]]] = {}
        for row in rows:
            _columns, keys = whole.setdefault(row[0], (row, []))
            if row[6] is not None:
                keys.append((row[6], row[7], row[8], row[9]))
        for assignment_id, (columns, keys) in whole.items():
            subnet, kind, identifier, hostname, body = columns[1:6]
            try:
                form = {} if body == "{}" else unpacked(body)
                said = self._options(subnet, form, revision) if form else _SAYS_NOTHING
                worked_out = self._computed(subnet, form, revision) if "options" in form else NOTHING_COMPUTED
                classes = tuple(map(str, form.get("classes", ())))
                boot = _boot(form["boot"]) if "boot" in form else None
                if not isinstance(identifier, bytes) or not all(isinstance(key[2], bytes) for key in keys):
                    raise InvalidValue("identifier or address: is not octets")  # noqa: TRY301
            except (InvalidValue, TypeError, ValueError, AttributeError) as error:
                self._quarantine(assignment_id, str(error))
                continue
            waits = form.get("takeover") == "wait"
            yield Assignment(
                assignment_id, subnet, kind, identifier, tuple(keys), str(hostname), *said, classes, boot, waits,
                worked_out,
            )

    def _options(self, subnet: int, form: Body, revision: int) -> _Said:
        """Encoded options, and what is sent always or never; of a subnet that is not served, none."""
        catalogue = self._catalogue(revision)
        family = catalogue.families.get(subnet)
        options = form.get("options", {})
        if family is None:
            return _SAYS_NOTHING
        space = catalogue.spaces[family]
        always, never = (
            frozenset(allowed(space, name) for name in form.get(key, ())) for key in ("always_send", "never_send")
        )
        plain = (pair for pair in options.items() if not is_computed(pair[1]))
        return tuple(checked(space, name, value) for name, value in plain), always, never

    def _computed(self, subnet: int, form: Body, revision: int) -> Computations:
        """What is worked out; an expression is read once for all assignments that have it."""
        options = {name: value for name, value in form["options"].items() if is_computed(value)}
        catalogue = self._catalogue(revision)
        if not options or catalogue.families.get(subnet) != 4:
            return NOTHING_COMPUTED
        space, kept = catalogue.spaces[4], catalogue.computed
        made: dict[int, Computed] = {}
        for name, value in options.items():
            text = packed(value)
            if text not in kept:
                if len(kept) >= _COMPUTED_MAX:
                    kept.clear()
                kept[text] = computed(space, value)
            made[allowed(space, name)] = kept[text]
        return made

    def _catalogue(self, revision: int) -> _Catalogue:
        catalogue = self._catalogues.get(revision)
        if catalogue is None:
            with self._database.reader() as connection:
                rows = stored_rows.load(connection, revision)
            bodies = [
                stored.columns.body
                for (kind, _name), stored in rows.definitions.items()
                if kind == OPTION_DEFINITION and stored.columns is not None
            ]
            families = {one.row_id: one.columns.family for one in rows.subnets if one.columns is not None}
            families[EVERYWHERE_ID] = 4
            catalogue = _Catalogue(revision, defined(bodies, Faults()), families, {})
            # One revision that batches under way may still use, and the new one.
            newest = max(self._catalogues, default=revision)
            self._catalogues = {number: kept for number, kept in self._catalogues.items() if number == newest}
            self._catalogues[revision] = catalogue
        return catalogue

    def _quarantine(self, assignment_id: int, fault: str) -> None:
        if len(self.quarantined) < _QUARANTINED_MAX:
            self.quarantined[assignment_id] = Quarantined(f"assignment {assignment_id}", fault)

    @property
    def _mark(self) -> str:
        return "?" if self._on_sqlite else "%s"

    def _visible(self, table: str) -> str:
        return _VISIBLE.format(table, mark=self._mark)


def _learn(known: dict[Any, Any], answers: dict[Any, Any], found: Mapping[Any, tuple[Assignment, ...]]) -> None:
    """Remember what was found, and put it among the answers."""
    answers.update(found)
    if len(found) > _REMEMBERED_MAX // 4:
        return
    if len(known) + len(found) > _REMEMBERED_MAX:
        for oldest in tuple(islice(known, _REMEMBERED_MAX // 4)):
            known.pop(oldest, None)
    known.update(found)


def _boot(body: Any) -> tuple[bytes, bytes, bytes]:
    """BOOTP fields as they go into the header; what is not said is empty."""
    server = body.get("next_server")
    return (
        parse_address(server) if server else b"", str(body.get("server_name", "")).encode(),
        str(body.get("file", "")).encode(),
    )  # fmt: skip
