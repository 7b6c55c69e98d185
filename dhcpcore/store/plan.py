"""What must be written to make a document the definitions: only the differences, as rows to open and rows to close.

Objects keep their ids: a subnet is the same one while its prefix is (or, its prefix changed, its name); a pool while
its range is, or overlaps the one that it had; an assignment while its subnet and its client's identifier are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from dhcpcore.store import columns as made
from dhcpcore.store.columns import (
    CLASS,
    GLOBALS,
    HANDLER,
    OPTION_DEFINITION,
    SECTIONS,
    SHARED_NETWORK,
    AssignmentColumns,
    DefinitionColumns,
    PoolColumns,
    SubnetColumns,
    assignment_called,
    assignment_form,
    pool_called,
    pool_form,
    subnet_form,
)
from dhcpcore.store.positions import placed
from dhcpcore.store.rows import Rows, Stored, assignments
from dhcpcore.topology.changes import DefinitionChange
from dhcpcore.topology.declared import DeclaredAssignment, DeclaredSubnet, Document
from dhcpcore.topology.everywhere import EVERYWHERE, EVERYWHERE_ID, EVERYWHERE_SPACE, told
from dhcpcore.topology.spans import last_of

#: Columns of each table in the order of a written row; the first are the key, without the revisions.
TABLES: Mapping[str, tuple[str, ...]] = {
    "definition": ("kind", "name", "position", "body"),
    "subnet": ("id", "position", "space", "family", "prefix", "plen", "name", "body"),
    "pool": ("id", "subnet_id", "position", "kind", "first", "last", "plen", "body"),
    "assignment": ("id", "subnet_id", "identifier_kind", "identifier", "hostname", "enabled", "body"),
    "assignment_address": ("space", "kind", "address", "plen", "assignment_id", "position"),
}
KEYS: Mapping[str, tuple[str, ...]] = {
    "definition": ("kind", "name"),
    "subnet": ("id",),
    "pool": ("id",),
    "assignment": ("id",),
    #: Closed by the assignment: an assignment's addresses come and go together.
    "assignment_address": ("assignment_id",),
}


class Home(NamedTuple):
    """Where assignments belong: a subnet, or ``EVERYWHERE``."""

    name: str
    row_id: int
    space: int


@dataclass(slots=True)
class Plan:
    """Rows to close, by their key, and to open, by table, and what that means."""

    closes: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: {table: [] for table in TABLES})
    opens: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: {table: [] for table in TABLES})
    changes: list[DefinitionChange] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many rows are written."""
        return sum(map(len, self.closes.values())) + sum(map(len, self.opens.values()))


def plan(connection: Connection, rows: Rows, document: Document) -> Plan:
    """The plan that takes the definitions from ``rows`` to ``document``."""
    return Planner(connection, rows).run(document)


def plan_definitions(connection: Connection, rows: Rows, kind: str, wanted: Sequence[DefinitionColumns]) -> Plan:
    """The plan that makes these the definitions of one kind, in this order, and leaves all others."""
    planner = Planner(connection, rows)
    planner._some_definitions(kind, wanted)  # noqa: SLF001  It is this module's own.
    return planner.plan


class Planner:
    """Fills a plan: by a whole document with ``run``, or piece by piece with the other methods."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self._connection = connection
        self._rows = rows
        self.plan = Plan()
        self._next: dict[str, int] = {}

    def run(self, document: Document) -> Plan:
        """The plan that makes the document the definitions."""
        self._definitions(document)
        self._subnets(document.subnets)
        self._assignments(Home(EVERYWHERE, EVERYWHERE_ID, EVERYWHERE_SPACE), document.assignments)
        return self.plan

    def fresh_id(self, table: str) -> int:
        """An id that no row ever had."""
        if table not in self._next:
            highest = self._connection.execute(text(f"SELECT max(id) FROM {table}")).scalar()
            self._next[table] = int(highest or 0) + 1
        self._next[table] += 1
        return self._next[table] - 1

    def definition(
        self, key: tuple[str, str], stored: Stored[Any] | None, columns: DefinitionColumns | None, position: int
    ) -> None:
        """Globals or an option definition of that kind and name: new (no ``stored``), another, or gone."""
        kind, name = key
        if stored is not None:
            self.plan.closes["definition"].append(key)
        if columns is not None:
            self.plan.opens["definition"].append((kind, columns.name, position, made.packed(columns.body)))
        shown, after = (name, None) if columns is None else (columns.name, columns.body)
        self._tell(kind.replace("_", " "), shown, stored, _body_of(stored), after)

    def subnet(self, stored: Stored[SubnetColumns] | None, subnet_id: int, position: int, new: SubnetColumns) -> None:
        """A subnet's own row: new, or another."""
        self._close("subnet", stored)
        self.plan.opens["subnet"].append((subnet_id, position, *new[:5], made.packed(new.body)))
        before = subnet_form(stored.columns) if stored is not None and stored.columns is not None else None
        self._tell("subnet", new.name, stored, before, subnet_form(new))

    def pool(
        self, subnet: str, subnet_id: int, stored: Stored[PoolColumns] | None, new: PoolColumns | None, position: int
    ) -> int:
        """A pool of the subnet of that name: new, another, or gone; gives its id."""
        pool_id = self.fresh_id("pool") if stored is None else stored.row_id
        self._close("pool", stored)
        if new is not None:
            self.plan.opens["pool"].append((pool_id, subnet_id, position, *new[:4], made.packed(new.body)))
        self._tell_pool(subnet, stored, new)
        return pool_id

    def assignment(self, subnet: str, subnet_id: int, assignment_id: int, columns: AssignmentColumns) -> None:
        """An assignment that comes back under the id that it had."""
        self._open_assignment(subnet_id, assignment_id, columns)
        self._tell_assignment(subnet, None, columns)

    def _open_assignment(self, subnet_id: int, assignment_id: int, columns: AssignmentColumns) -> None:
        self.plan.opens["assignment"].append((assignment_id, subnet_id, *columns[:4], made.packed(columns.body)))
        self.plan.opens["assignment_address"] += [
            (*key, assignment_id, position) for position, key in enumerate(columns.addresses)
        ]

    def _definitions(self, document: Document) -> None:
        globals_ = made.of_globals(document.globals)
        wanted = [globals_] if globals_ is not None else []
        self._some_definitions(GLOBALS, wanted)
        for kind in SECTIONS:
            section = made.of_section(kind, getattr(document, kind))
            self._some_definitions(kind, [section] if section is not None else [])
        listed = [made.of_option_definition(body) for body in document.option_definitions]
        self._some_definitions(OPTION_DEFINITION, listed)
        networks = [made.of_shared_network(network.entry) for network in document.shared_networks]
        self._some_definitions(SHARED_NETWORK, networks)
        self._some_definitions(CLASS, [made.of_class(one.entry) for one in document.classes])
        self._some_definitions(HANDLER, [made.of_handler(one) for one in document.handlers])

    def _some_definitions(self, kind: str, wanted: Sequence[DefinitionColumns]) -> None:
        left = {key: stored for key, stored in self._rows.definitions.items() if key[0] == kind}
        found = [left.pop((kind, columns.name), None) for columns in wanted]
        for columns, stored, position in zip(wanted, found, positions(found), strict=True):
            if stored is not None and stored.columns == columns and stored.position == position:
                continue
            self.definition((kind, columns.name), stored, columns, position)
        for (_, name), stored in left.items():
            self.definition((kind, name), stored, None, 0)

    def _subnets(self, wanted: Sequence[DeclaredSubnet]) -> None:
        values = [made.of_subnet(subnet) for subnet in wanted]
        found = _matched(values, self._rows.subnets, (_prefix_of, _name_of))
        for subnet, columns, stored, position in zip(wanted, values, found, positions(found), strict=True):
            subnet_id = self.fresh_id("subnet") if stored is None else stored.row_id
            if stored is None or stored.columns != columns or stored.position != position:
                self.subnet(stored, subnet_id, position, columns)
            self._pools(subnet, subnet_id)
            home = Home(subnet.name, subnet_id, subnet.entry.space)
            self._assignments(home, subnet.assignments, is_new=stored is None)
        kept = {stored.row_id for stored in found if stored is not None}
        for stored in self._rows.subnets:
            if stored.row_id not in kept:
                self.remove_subnet(stored)
        for subnet_id in self._rows.pools.keys() - {stored.row_id for stored in self._rows.subnets}:
            for pool in self._rows.pools[subnet_id]:
                self._close("pool", pool)

    def remove_subnet(self, stored: Stored[SubnetColumns]) -> None:
        """No such subnet any longer, nor its pools and assignments."""
        name = stored.columns.name if stored.columns is not None else f"of row {stored.row_id}"
        self._close("subnet", stored)
        self._tell("subnet", name, stored, subnet_form(stored.columns) if stored.columns is not None else None, None)
        for pool in self._rows.pools.get(stored.row_id, ()):
            self._close("pool", pool)
            self._tell_pool(name, pool, None)
        held, _unreadable = assignments(self._connection, self._rows.revision, stored.row_id)
        for one in held:
            self._close_assignment(one)
            self._tell_assignment(name, one, None)

    def _pools(self, subnet: DeclaredSubnet, subnet_id: int) -> None:
        present = self._rows.pools.get(subnet_id, [])
        values = [made.of_pool(pool) for pool in subnet.pools]
        found = matched_pools(values, present)
        for columns, stored, position in zip(values, found, positions(found), strict=True):
            if stored is not None and stored.columns == columns and stored.position == position:
                continue
            self.pool(subnet.name, subnet_id, stored, columns, position)
        kept = {stored.row_id for stored in found if stored is not None}
        for stored in present:
            if stored.row_id not in kept:
                self._close("pool", stored)
                self._tell_pool(subnet.name, stored, None)

    def _assignments(self, home: Home, wanted: Iterable[DeclaredAssignment], *, is_new: bool = False) -> None:
        present: dict[tuple[int, bytes], Stored[AssignmentColumns]] = {}
        broken: list[Stored[AssignmentColumns]] = []
        held = [] if is_new else assignments(self._connection, self._rows.revision, home.row_id)[0]
        for stored in held:
            key = stored.columns[:2] if stored.columns is not None else None
            if key is None or key in present:
                broken.append(stored)
            else:
                present[key] = stored
        for one in wanted:
            self._assignment(home, one, present)
        for stored in [*present.values(), *broken]:
            self._close_assignment(stored)
            self._tell_assignment(home.name, stored, None)

    def _assignment(
        self, home: Home, one: DeclaredAssignment, present: dict[tuple[int, bytes], Stored[AssignmentColumns]]
    ) -> None:
        columns = made.of_assignment(one.entry, home.space)
        stored = present.pop(columns[:2], None)
        if stored is not None and stored.columns == columns:
            return
        assignment_id = self.fresh_id("assignment") if stored is None else stored.row_id
        if stored is not None:
            self._close_assignment(stored)
        self._open_assignment(home.row_id, assignment_id, columns)
        self._tell_assignment(home.name, stored, columns)

    def _close(self, table: str, stored: Stored[Any] | None) -> None:
        if stored is not None:
            self.plan.closes[table].append((stored.row_id,))

    def _close_assignment(self, stored: Stored[AssignmentColumns]) -> None:
        self._close("assignment", stored)
        if stored.columns is None or stored.columns.addresses:
            self.plan.closes["assignment_address"].append((stored.row_id,))

    def _tell(
        self,
        kind: str,
        name: str,
        stored: Stored[Any] | None,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
    ) -> None:
        action = "removed" if after is None else "added" if stored is None else "changed"
        self.plan.changes.append(DefinitionChange(action, kind, name, before, after))  # type: ignore[arg-type]

    def _tell_pool(self, subnet: str, stored: Stored[PoolColumns] | None, after: PoolColumns | None) -> None:
        before = stored.columns if stored is not None else None
        shown = after or before
        kind, name = pool_called(pool_form(shown) if shown is not None else {})
        self._tell(
            kind, f"{name} of {subnet}", stored,
            pool_form(before) if before is not None else None,
            pool_form(after) if after is not None else None,
        )  # fmt: skip

    def _tell_assignment(
        self, subnet: str, stored: Stored[AssignmentColumns] | None, after: AssignmentColumns | None
    ) -> None:
        before = assignment_form(stored.columns) if stored is not None and stored.columns is not None else None
        shown = after and assignment_form(after)
        called = assignment_called(shown or before or {"of row": stored.row_id if stored else 0})
        self._tell("assignment", f"{called} of {told(subnet)}", stored, before, shown)


def _body_of(stored: Stored[DefinitionColumns] | None) -> Mapping[str, Any] | None:
    return stored.columns.body if stored is not None and stored.columns is not None else None


def positions(found: Sequence[Stored[Any] | None]) -> list[int]:
    """Where values stand in their order, the stored ones where they stood if that can be."""
    return placed([stored.position if stored is not None else None for stored in found])


def matched_pools(
    wanted: Sequence[PoolColumns], present: Sequence[Stored[PoolColumns]]
) -> list[Stored[PoolColumns] | None]:
    """For each wanted pool the stored one that it is; None where it is new."""
    return _overlapping(wanted, _matched(wanted, present, (_range_of,)), present)


def _prefix_of(columns: SubnetColumns) -> object:
    return columns.space, columns.prefix, columns.plen


def _name_of(columns: SubnetColumns) -> object:
    return columns.space, columns.family, columns.name


def _range_of(columns: PoolColumns) -> object:
    return columns[:4]


def _matched(
    wanted: Sequence[Any], present: Iterable[Stored[Any]], keys: Sequence[Callable[[Any], object]]
) -> list[Stored[Any] | None]:
    """For each wanted value the stored one that it is, by the first of ``keys`` that finds one; each only once."""
    found: list[Stored[Any] | None] = [None] * len(wanted)
    left = {stored.row_id: stored for stored in present if stored.columns is not None}
    for key in keys:
        by_key = {key(stored.columns): stored for stored in reversed(left.values())}
        for index, value in enumerate(wanted):
            if found[index] is None and (stored := by_key.get(key(value))) is not None and stored.row_id in left:
                found[index] = left.pop(stored.row_id)
    return found


def _overlapping(
    wanted: Sequence[PoolColumns],
    found: list[Stored[PoolColumns] | None],
    present: Iterable[Stored[PoolColumns]],
) -> list[Stored[PoolColumns] | None]:
    """Pools that were made larger, smaller or moved a little are still the same."""
    used = {stored.row_id for stored in found if stored is not None}
    left = [stored for stored in present if stored.row_id not in used and stored.columns is not None]
    for index, value in enumerate(wanted):
        if found[index] is None:
            match = next((stored for stored in left if _overlap(stored.columns, value)), None)
            if match is not None:
                found[index] = match
                left.remove(match)
    return found


def _overlap(one: PoolColumns | None, other: PoolColumns) -> bool:
    return (
        one is not None
        and (one.kind, one.plen) == (other.kind, other.plen)
        and one.first <= last_of(other.last, other.plen)
        and other.first <= last_of(one.last, one.plen)
    )
