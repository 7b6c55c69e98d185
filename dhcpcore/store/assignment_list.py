"""Assignments as lists: pages by id, and a search that is found by index or looks at a bounded number of rows.

No request reads all assignments: what an index finds comes at once; anything else looks at ``SCAN_MAX`` ids and says
where to go on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, text

from dhcpcore.lease.model import KIND_ADDRESS4, KIND_ADDRESS6, Identifier, LeaseKey
from dhcpcore.store import assignment_orders
from dhcpcore.store import rows as stored_rows
from dhcpcore.store.assignment_orders import Behind, Order
from dhcpcore.store.columns import assignment_form
from dhcpcore.store.database import Database
from dhcpcore.store.edits import AssignmentRow, home_named
from dhcpcore.store.rows import Rows
from dhcpcore.topology.everywhere import EVERYWHERE, EVERYWHERE_ID
from dhcpcore.wire.addresses import format_address

#: Ids that one request looks at where no index helps; some ten milliseconds.
SCAN_MAX = 100_000
PAGE_MAX = 1000

_VISIBLE = "a.from_revision <= :r AND (a.to_revision IS NULL OR a.to_revision > :r)"
_COLUMNS = (
    "a.id, a.subnet_id, a.from_revision, a.identifier_kind, a.identifier, a.hostname, a.enabled, CAST(a.body AS TEXT)"
)
_BY_ID = text(f"SELECT {_COLUMNS} FROM assignment a WHERE a.id IN :ids AND {_VISIBLE}").bindparams(
    bindparam("ids", expanding=True)
)
_BY_ADDRESS = text(
    "SELECT DISTINCT x.assignment_id FROM assignment_address x WHERE x.space IN :spaces AND x.kind IN (4, 6, 8) "
    "AND x.address = :address AND x.from_revision <= :r AND (x.to_revision IS NULL OR x.to_revision > :r)"
).bindparams(bindparam("spaces", expanding=True))
_BY_IDENTIFIER = text(
    "SELECT a.id FROM assignment a WHERE a.identifier_kind IN :kinds AND a.identifier IN :identifiers "
    f"AND {_VISIBLE}"
).bindparams(bindparam("kinds", expanding=True), bindparam("identifiers", expanding=True))
_KEYS = text(
    "SELECT x.assignment_id, x.space, x.kind, x.address, x.plen FROM assignment_address x "
    "WHERE x.assignment_id IN :ids AND x.from_revision <= :r AND (x.to_revision IS NULL OR x.to_revision > :r) "
    "ORDER BY x.assignment_id, x.position"
).bindparams(bindparam("ids", expanding=True))
_KEEPERS = text(
    "SELECT x.space, x.address, min(x.assignment_id) FROM assignment_address x WHERE x.space IN :spaces "
    f"AND x.kind IN ({KIND_ADDRESS4}, {KIND_ADDRESS6}) AND x.address IN :addresses "
    "AND x.from_revision <= :r AND (x.to_revision IS NULL OR x.to_revision > :r) GROUP BY x.space, x.address"
).bindparams(bindparam("spaces", expanding=True), bindparam("addresses", expanding=True))
_ENDS = text("SELECT min(id), max(id) FROM assignment")
_AGENT_KINDS = f"({int(Identifier.CIRCUIT_ID)}, {int(Identifier.REMOTE_ID)}, {int(Identifier.FLEX)})"


@dataclass(frozen=True, slots=True)
class AssignmentFilter:
    """Which assignments; what is None or empty does not filter.

    ``address`` is an address or a delegated prefix's first one, ``identifiers`` octets that name the client, ``name``
    part of its host name or what a relay calls its line.
    """

    subnet: str | None = None
    enabled: bool | None = None
    address: bytes | None = None
    identifiers: tuple[bytes, ...] = ()
    name: str | None = None


class AssignmentPage(NamedTuple):
    """Some assignments, and the id to go on behind; None where nothing follows.

    A page may be short, or even empty, and still have something behind it: the search looked at enough for once.
    """

    rows: list[AssignmentRow]
    following: int | None


class _Reach(NamedTuple):
    """The ids that a request looks at, and what follows them."""

    conditions: list[str]
    parameters: dict[str, Any]
    following: int | None


class AssignmentList:
    """The lists of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self,
        wanted: AssignmentFilter | None = None,
        after: int | None = None,
        limit: int = 100,
        *,
        descending: bool = False,
    ) -> AssignmentPage:
        """Assignments in the order of their ids, beginning behind ``after``; ``descending``: the newest first."""
        assert 1 <= limit <= PAGE_MAX
        wanted = wanted or AssignmentFilter()
        with self._database.reader() as connection:
            rows = stored_rows.load(connection, stored_rows.head(connection))
            conditions, parameters = _filtered(wanted, rows)
            exact = _exact(connection, wanted, rows)
            reach = _reach(connection, exact, after, descending=descending)
            if exact is None:
                _searched(wanted, conditions, parameters)
            conditions += reach.conditions
            statement = text(
                f"SELECT {_COLUMNS} FROM assignment a WHERE {' AND '.join([*conditions, _VISIBLE])} "
                f"ORDER BY a.id {'DESC' if descending else 'ASC'} LIMIT :limit"
            )
            if exact is not None:
                statement = statement.bindparams(bindparam("ids", expanding=True))
            parameters |= {**reach.parameters, "r": rows.revision, "limit": limit}
            found = connection.execute(statement, parameters).all()
            keys = _keys(connection, [row[0] for row in found], rows.revision)
        following = found[-1][0] if len(found) == limit else reach.following
        return AssignmentPage(list(_made(rows, found, keys)), following)

    def too_many(self, wanted: AssignmentFilter) -> bool:
        """Whether these are too many to be listed in another order than that of their ids."""
        with self._database.reader() as connection:
            rows = stored_rows.load(connection, stored_rows.head(connection))
            home = None if wanted.subnet is None else home_named(rows, wanted.subnet)
            return assignment_orders.too_many(connection, home)

    def ordered(
        self, wanted: AssignmentFilter, order: Order, after: Behind | None, limit: int, *, descending: bool
    ) -> tuple[list[AssignmentRow], Behind | None]:
        """Assignments in another order, and where to go on; None at the end.  Not where they are ``too_many``."""
        assert 1 <= limit <= PAGE_MAX
        with self._database.reader() as connection:
            rows = stored_rows.load(connection, stored_rows.head(connection))
            conditions, parameters = _filtered(wanted, rows)
            exact = _exact(connection, wanted, rows)
            if exact is not None:
                conditions.append("a.id IN :ids")
                parameters["ids"] = exact
            else:
                _searched(wanted, conditions, parameters)
            conditions.append(_VISIBLE)
            sql, more = assignment_orders.statement(connection, order, conditions, after, descending=descending)
            query = text(sql) if exact is None else text(sql).bindparams(bindparam("ids", expanding=True))
            parameters |= {**more, "r": rows.revision, "limit": limit}
            places = [Behind(int(group or 0), value, number)
                      for number, group, value in connection.execute(query, parameters)]
            found = _by_ids(connection, rows, [place.assignment_id for place in places])
        return found, places[-1] if len(places) == limit else None

    def keepers(self, places: Collection[tuple[int, bytes]]) -> dict[tuple[int, bytes], int]:
        """The enabled assignments that keep these addresses (space and octets); free ones are missing."""
        assert len(places) <= PAGE_MAX
        if not places:
            return {}
        spaces, addresses = sorted({space for space, _ in places}), sorted({address for _, address in places})
        with self._database.reader() as connection:
            parameters = {"spaces": spaces, "addresses": addresses, "r": stored_rows.head(connection)}
            found = connection.execute(_KEEPERS, parameters).all()
        return {(space, bytes(address)): number for space, address, number in found if (space, address) in places}


def _by_ids(connection: Connection, rows: Rows, ids: list[int]) -> list[AssignmentRow]:
    """Those assignments, in that order; one that makes no sense is left out."""
    if not ids:
        return []
    parameters = {"ids": ids, "r": rows.revision}
    found = {row[0]: row for row in connection.execute(_BY_ID, parameters)}
    keys = _keys(connection, ids, rows.revision)
    return list(_made(rows, [found[number] for number in ids if number in found], keys))


def _filtered(wanted: AssignmentFilter, rows: Rows) -> tuple[list[str], dict[str, Any]]:
    conditions: list[str] = []
    parameters: dict[str, Any] = {}
    if wanted.subnet is not None:
        conditions.append("a.subnet_id = :s")
        parameters["s"] = home_named(rows, wanted.subnet)
    if wanted.enabled is not None:
        conditions.append("a.enabled" if wanted.enabled else "NOT a.enabled")
    return conditions, parameters


def _exact(connection: Connection, wanted: AssignmentFilter, rows: Rows) -> list[int] | None:
    """The ids that an index finds; None where none can tell."""
    found: set[int] = set()
    if wanted.identifiers:
        kinds = [int(kind) for kind in Identifier]
        parameters = {"kinds": kinds, "identifiers": list(wanted.identifiers), "r": rows.revision}
        found |= {row[0] for row in connection.execute(_BY_IDENTIFIER, parameters)}
    if wanted.address is not None:
        spaces = {0, *(stored.columns.space for stored in rows.subnets if stored.columns is not None)}
        parameters = {"spaces": sorted(spaces), "address": wanted.address, "r": rows.revision}
        found |= {row[0] for row in connection.execute(_BY_ADDRESS, parameters)}
        # A disabled assignment keeps no address that an index could find: where there is no enabled one, look for it.
        return sorted(found) or None
    return sorted(found) if wanted.identifiers else None


def _reach(connection: Connection, exact: list[int] | None, after: int | None, *, descending: bool) -> _Reach:
    if exact is not None:
        beyond = [] if after is None else ["a.id < :after" if descending else "a.id > :after"]
        return _Reach(["a.id IN :ids", *beyond], {"ids": exact, **({} if after is None else {"after": after})}, None)
    lowest, highest = (int(one or 0) for one in connection.execute(_ENDS).one())
    if descending:
        start = min(highest + 1 if after is None else after, highest + 1)
        end = start - SCAN_MAX
        following = end if end > lowest else None
        return _Reach(["a.id < :after", "a.id >= :end"], {"after": start, "end": end}, following)
    start = max(lowest - 1 if after is None else after, lowest - 1)
    end = start + SCAN_MAX
    following = end if end < highest else None
    return _Reach(["a.id > :after", "a.id <= :end"], {"after": start, "end": end}, following)


def _searched(wanted: AssignmentFilter, conditions: list[str], parameters: dict[str, Any]) -> None:
    """What no index finds."""
    if wanted.address is not None:
        conditions.append("NOT a.enabled AND (CAST(a.body AS TEXT) LIKE :alone OR CAST(a.body AS TEXT) LIKE :prefix)")
        written = format_address(wanted.address)
        parameters |= {"alone": f'%"{written}"%', "prefix": f'%"{written}/%'}
    if wanted.name is not None:
        escaped = wanted.name.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        conditions.append(
            "(lower(a.hostname) LIKE :name ESCAPE '\\' "
            f"OR (a.identifier_kind IN {_AGENT_KINDS} AND a.identifier = :line))"
        )
        parameters |= {"name": f"%{escaped}%", "line": wanted.name.encode()}


def _keys(connection: Connection, ids: list[int], revision: int) -> Mapping[int, list[LeaseKey]]:
    keys: dict[int, list[LeaseKey]] = {}
    if ids:
        for assignment_id, *key in connection.execute(_KEYS, {"ids": ids, "r": revision}):
            keys.setdefault(assignment_id, []).append((key[0], key[1], key[2], key[3]))
    return keys


def _made(rows: Rows, found: Iterable[Any], keys: Mapping[int, list[LeaseKey]]) -> Iterable[AssignmentRow]:
    names = {stored.row_id: stored.columns.name for stored in rows.subnets if stored.columns is not None}
    names[EVERYWHERE_ID] = EVERYWHERE
    for row in found:
        columns = stored_rows.assignment_of(row[3:7], row[7], tuple(keys.get(row[0], ())))
        if columns is not None and row[1] in names:
            yield AssignmentRow(row[0], row[1], names[row[1]], assignment_form(columns), row[2])
