"""Assignments that a change of something else meets: few rows, found by index, whatever the number of all.

The validator needs those that could collide with what is changed, and no other; of many that do, some are enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, text

from dhcpcore.lease.model import KIND_ADDRESS6, KIND_PREFIX6
from dhcpcore.store import rows as stored_rows
from dhcpcore.store.columns import AssignmentColumns, assignment_form
from dhcpcore.topology.spans import last_of
from dhcpcore.wire.addresses import network_of

#: So many of those that are in the way are named.
NAMED_MAX = 3

_VISIBLE = "a.from_revision <= :r AND (a.to_revision IS NULL OR a.to_revision > :r)"
_SEEN = "x.from_revision <= :r AND (x.to_revision IS NULL OR x.to_revision > :r)"
_ONE = text(
    "SELECT a.subnet_id, a.identifier_kind, a.identifier, a.hostname, a.enabled, CAST(a.body AS TEXT) "
    f"FROM assignment a WHERE a.id = :id AND {_VISIBLE}"
)
_KEYS_OF = text(
    f"SELECT x.space, x.kind, x.address, x.plen FROM assignment_address x WHERE x.assignment_id = :id AND {_SEEN} "
    "ORDER BY x.position"
)
_INSIDE = text(
    "SELECT DISTINCT x.assignment_id FROM assignment_address x WHERE x.space = :space AND x.kind = :kind "
    f"AND x.address BETWEEN :first AND :last AND {_SEEN} LIMIT {NAMED_MAX}"
)
_COVERING = text(
    "SELECT DISTINCT x.assignment_id, x.address, x.plen FROM assignment_address x WHERE x.space = :space "
    f"AND x.kind = {KIND_PREFIX6} AND x.address IN :addresses AND {_SEEN}"
).bindparams(bindparam("addresses", expanding=True))
_OF_SUBNET = text(
    "SELECT DISTINCT x.assignment_id FROM assignment_address x JOIN assignment a ON a.id = x.assignment_id "
    f"WHERE x.space = :space AND x.kind = :kind AND x.address BETWEEN :first AND :last AND {_SEEN} "
    f"AND a.subnet_id = :s AND {_VISIBLE} LIMIT {NAMED_MAX}"
)
_WITHOUT_EFFECT = text(f"SELECT a.id FROM assignment a WHERE a.subnet_id = :s AND NOT a.enabled AND {_VISIBLE}")
_ANY = text(f"SELECT EXISTS (SELECT 1 FROM assignment a WHERE a.subnet_id = :s AND {_VISIBLE})")
_SAYING = text(f"SELECT a.id FROM assignment a WHERE CAST(a.body AS TEXT) LIKE :said ESCAPE '!' AND {_VISIBLE}")


class Met(NamedTuple):
    """An assignment with the subnet that it belongs to."""

    assignment_id: int
    subnet_id: int
    columns: AssignmentColumns


def of_range(
    connection: Connection, revision: int, space: int, kind: int, first: bytes, last: bytes
) -> Iterator[Met]:
    """Assignments that a pool from ``first`` to ``last`` (its very last address) must not touch."""
    if len(first) != 16:
        return  # An assigned IPv4 address may lie in a pool, and IPv4 has no prefixes.
    span = {"space": space, "first": first, "last": last, "r": revision}
    found = {row[0] for row in connection.execute(_INSIDE, {**span, "kind": KIND_PREFIX6})}
    if kind == KIND_PREFIX6:
        found |= {row[0] for row in connection.execute(_INSIDE, {**span, "kind": KIND_ADDRESS6})}
    wider = {"space": space, "addresses": sorted({network_of(first, bits) for bits in range(129)}), "r": revision}
    for assignment_id, address, bits in connection.execute(_COVERING, wider):
        if network_of(first, bits) == address:
            found.add(assignment_id)
    yield from _loaded(connection, revision, found)


def outside(
    connection: Connection, revision: int, subnet_id: int, space: int, kind: int,
    old: tuple[bytes, int], new: tuple[bytes, int],
) -> Iterator[Met]:  # fmt: skip
    """Assignments of a subnet that may have no place in its new prefix."""
    low, high = new[0], last_of(*new)
    common = {"space": space, "kind": kind, "s": subnet_id, "r": revision}
    found = {row[0] for row in connection.execute(_WITHOUT_EFFECT, {"s": subnet_id, "r": revision})}
    # The new ends are asked for, too: they may be the network's own address and that of all.
    spans = [(old[0], min(low, last_of(*old))), (max(high, old[0]), last_of(*old))]
    if len(low) != len(old[0]):
        spans = [(old[0], last_of(*old))]
    for first, last in spans:
        found |= {row[0] for row in connection.execute(_OF_SUBNET, {**common, "first": first, "last": last})}
    yield from _loaded(connection, revision, found)


def has_any(connection: Connection, revision: int, subnet_id: int) -> bool:
    """Whether a subnet has assignments."""
    return bool(connection.execute(_ANY, {"s": subnet_id, "r": revision}).scalar())


def saying(connection: Connection, revision: int, names: Iterable[str]) -> Iterator[Met]:
    """Assignments in whose options one of the names stands.  No index helps: all are looked at."""
    found: set[int] = set()
    for name in names:
        escaped = name.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        found |= {row[0] for row in connection.execute(_SAYING, {"said": f'%"{escaped}"%', "r": revision})}
    yield from _loaded(connection, revision, found)


def called(row_id: int, columns: AssignmentColumns, subnet: str) -> str:
    """An assignment in a sentence: its id, its client and what it keeps."""
    form = assignment_form(columns)
    key, who = next(iter(form.items()))
    kept = [form["address"]] if "address" in form else [*form.get("addresses", ()), *form.get("prefixes", ())]
    what = f" with {', '.join(map(str, kept))}" if kept else ""
    return f"assignment {row_id} ({key} {who}{what}) of {subnet}"


def _loaded(connection: Connection, revision: int, found: Iterable[int]) -> Iterator[Met]:
    for row_id in sorted(found):
        row = connection.execute(_ONE, {"id": row_id, "r": revision}).first()
        if row is None:
            continue
        keys = tuple(tuple(key) for key in connection.execute(_KEYS_OF, {"id": row_id, "r": revision}))
        columns = stored_rows.assignment_of(row[1:5], row[5], keys)
        if columns is not None:
            yield Met(row_id, row[0], columns)
