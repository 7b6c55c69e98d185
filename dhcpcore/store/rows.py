"""The rows of a revision, read back as values; a row that makes no sense is named and left out.

Values come from the driver as they are (no type of SQLAlchemy's in between): a row that somebody broke by hand must
not take the others of its table with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import Connection, text

from dhcpcore.errors import InvalidValue
from dhcpcore.lease.model import Identifier, LeaseKey
from dhcpcore.store.columns import (
    GLOBALS,
    AssignmentColumns,
    DefinitionColumns,
    PoolColumns,
    SubnetColumns,
    assignment_form,
    assignment_order,
    pool_form,
    subnet_form,
    unpacked,
)
from dhcpcore.topology.snapshot import Quarantined

T = TypeVar("T")

_VISIBLE = "from_revision <= :r AND (to_revision IS NULL OR to_revision > :r)"
_SUBNETS = text(
    "SELECT id, from_revision, position, space, family, prefix, plen, name, CAST(body AS TEXT) FROM subnet "
    f"WHERE {_VISIBLE} ORDER BY position, id"
)
_POOLS = text(
    "SELECT id, from_revision, position, subnet_id, kind, first, last, plen, CAST(body AS TEXT) FROM pool "
    f"WHERE {_VISIBLE} ORDER BY position, id"
)
_DEFINITIONS = text(
    f"SELECT kind, name, from_revision, position, CAST(body AS TEXT) FROM definition WHERE {_VISIBLE} "
    "ORDER BY kind, position, name"
)
_ASSIGNMENTS = text(
    "SELECT id, from_revision, identifier_kind, identifier, hostname, enabled, CAST(body AS TEXT) FROM assignment "
    f"WHERE subnet_id = :s AND {_VISIBLE}"
)
_ADDRESSES = text(
    "SELECT x.assignment_id, x.space, x.kind, x.address, x.plen FROM assignment a "
    "JOIN assignment_address x ON x.assignment_id = a.id AND x.from_revision <= :r "
    "AND (x.to_revision IS NULL OR x.to_revision > :r) "
    "WHERE a.subnet_id = :s AND a.from_revision <= :r AND (a.to_revision IS NULL OR a.to_revision > :r) "
    "ORDER BY x.assignment_id, x.position"
)
_HEAD = text("SELECT revision FROM head WHERE id = 1")


class Stored(NamedTuple, Generic[T]):
    """A value with its row's key; ``columns`` is None where the row makes no sense."""

    row_id: int
    from_revision: int
    position: int
    columns: T | None


class StoredPool(NamedTuple):
    """A pool's row and the subnet that it belongs to."""

    stored: Stored[PoolColumns]
    subnet_id: int


@dataclass(slots=True)
class Rows:
    """The definitions of one revision but for the assignments."""

    revision: int
    definitions: dict[tuple[str, str], Stored[DefinitionColumns]] = field(default_factory=dict)
    subnets: list[Stored[SubnetColumns]] = field(default_factory=list)
    pools: dict[int, list[Stored[PoolColumns]]] = field(default_factory=dict)  #: By subnet's id.
    unreadable: list[Quarantined] = field(default_factory=list)

    @property
    def globals(self) -> Stored[DefinitionColumns] | None:
        """The row of ``globals``, if there is one."""
        return self.definitions.get((GLOBALS, ""))


def head(connection: Connection) -> int:
    """The published revision."""
    return int(connection.execute(_HEAD).scalar() or 0)


def load(connection: Connection, revision: int) -> Rows:
    """The rows that are visible at ``revision``."""
    rows = Rows(revision)
    for kind, name, since, position, body in connection.execute(_DEFINITIONS, {"r": revision}):
        place = f"{kind.replace('_', ' ')} {name}".rstrip()
        made = _made(rows, place, _definition, [kind, name], body)
        rows.definitions[kind, name] = Stored(0, since, position, made)
    for row_id, since, position, *columns, body in connection.execute(_SUBNETS, {"r": revision}):
        made_subnet = _made(rows, f"subnet {row_id}", _subnet, columns, body)
        rows.subnets.append(Stored(row_id, since, position, made_subnet))
    for row_id, since, position, subnet_id, *columns, body in connection.execute(_POOLS, {"r": revision}):
        made_pool = _made(rows, f"pool {row_id}", _pool, columns, body)
        rows.pools.setdefault(subnet_id, []).append(Stored(row_id, since, position, made_pool))
    known = {stored.row_id for stored in rows.subnets}
    for subnet_id in rows.pools.keys() - known:
        for stored in rows.pools[subnet_id]:
            rows.unreadable.append(Quarantined(f"pool {stored.row_id}", f"subnet_id: there is no subnet {subnet_id}"))
    return rows


def assignments(
    connection: Connection, revision: int, subnet_id: int
) -> tuple[list[Stored[AssignmentColumns]], list[Quarantined]]:
    """A subnet's assignments, and those that make no sense."""
    keys: dict[int, list[LeaseKey]] = {}
    parameters = {"r": revision, "s": subnet_id}
    for assignment_id, space, kind, address, plen in connection.execute(_ADDRESSES, parameters):
        keys.setdefault(assignment_id, []).append((space, kind, address, plen))
    held = Rows(revision)
    stored = []
    for row_id, since, *columns, body in connection.execute(_ASSIGNMENTS, parameters):
        addresses = tuple(keys.get(row_id, ()))
        try:  # Not through _made: these may be very many.
            made: AssignmentColumns | None = _assignment(columns, body, addresses)
        except (InvalidValue, TypeError, ValueError, AttributeError) as error:
            held.unreadable.append(Quarantined(f"assignment {row_id}", str(error)))
            made = None
        stored.append(Stored(row_id, since, 0, made))
    return stored, held.unreadable


def assignment_of(columns: Sequence[Any], body: Any, addresses: tuple[LeaseKey, ...]) -> AssignmentColumns | None:
    """One assignment's row as a value; None where it makes no sense."""
    try:
        return _assignment(columns, body, addresses)
    except (InvalidValue, TypeError, ValueError, AttributeError):
        return None


def sorted_forms(stored: Sequence[Stored[AssignmentColumns]]) -> Iterator[dict[str, Any]]:
    """The assignments in the document's order and form."""
    readable = [one.columns for one in stored if one.columns is not None]
    return map(assignment_form, sorted(readable, key=assignment_order))


def _made(
    rows: Rows, place: str, make: Callable[[Sequence[Any], Any], T], columns: Sequence[Any], body: Any
) -> T | None:
    try:
        return make(columns, body)
    except (InvalidValue, TypeError, ValueError, AttributeError) as error:
        rows.unreadable.append(Quarantined(place, str(error)))
        return None


def _definition(columns: Sequence[Any], body: Any) -> DefinitionColumns:
    kind, name = columns
    return DefinitionColumns(kind, name, unpacked(body))


def _octets(value: Any, name: str, sizes: tuple[int, ...]) -> bytes:
    if not isinstance(value, bytes) or len(value) not in sizes:
        raise InvalidValue(f"{name}: {value!r} is not {' or '.join(map(str, sizes))} octets")
    return value


def _subnet(columns: Sequence[Any], body: Any) -> SubnetColumns:
    space, family, prefix, plen, name = columns
    if family not in {4, 6}:
        raise InvalidValue(f"family: {family!r} is neither 4 nor 6")
    made = SubnetColumns(
        space, family, _octets(prefix, "prefix", (4 if family == 4 else 16,)), plen, name, unpacked(body)
    )
    subnet_form(made)  # What cannot be written cannot be read.
    return made


def _pool(columns: Sequence[Any], body: Any) -> PoolColumns:
    kind, first, last, plen = columns
    sizes = {4: (4,), 6: (16,), 8: (16,)}.get(kind)
    if sizes is None:
        raise InvalidValue(f"kind: {kind!r} is none of 4, 6 and 8")
    made = PoolColumns(kind, _octets(first, "first", sizes), _octets(last, "last", sizes), plen, unpacked(body))
    pool_form(made)
    return made


def _assignment(columns: Sequence[Any], body: Any, addresses: tuple[LeaseKey, ...]) -> AssignmentColumns:
    kind, identifier, hostname, enabled = columns
    if not isinstance(identifier, bytes) or not identifier:
        raise InvalidValue(f"identifier: {identifier!r} is no octets")
    if not isinstance(hostname, str):
        raise InvalidValue(f"hostname: {hostname!r} is no text")
    unpacked_body = _NO_BODY if body == "{}" else unpacked(body)
    made = AssignmentColumns(int(Identifier(kind)), identifier, hostname, bool(enabled), unpacked_body, addresses)
    if not enabled:
        assignment_order(made)
    return made


_NO_BODY: dict[str, Any] = {}
