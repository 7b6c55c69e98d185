"""Exchanged pieces of the definitions as rows to open and to close, and whom that takes an address from."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from dhcpcore.lease.model import KIND_PREFIX6
from dhcpcore.store import columns as made
from dhcpcore.store.columns import GLOBALS, OPTION_DEFINITION, DefinitionColumns, PoolColumns
from dhcpcore.store.effects import Effect, range_effects
from dhcpcore.store.picture import POOLS, PREFIX_POOLS, Picture, Piece, PoolPiece, SubnetPiece
from dhcpcore.store.plan import Plan, Planner, matched_pools, positions
from dhcpcore.store.positions import GAP
from dhcpcore.store.rows import Rows, Stored
from dhcpcore.topology.declared import DeclaredPool, DeclaredSubnet, Document

_LISTS = frozenset({POOLS, PREFIX_POOLS})


class Rewrite:
    """A plan that is made piece by piece, and the rows as they are afterwards."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self._connection = connection
        self._before = rows
        self._after = Rows(rows.revision, dict(rows.definitions), list(rows.subnets))
        self._after.pools = {number: list(pools) for number, pools in rows.pools.items()}
        self._planner = Planner(connection, rows)

    @property
    def plan(self) -> Plan:
        """What is to be written."""
        return self._planner.plan

    def effects(self, now: float) -> tuple[Effect, ...]:
        """Whom the plan takes an address from."""
        if not (self.plan.closes["pool"] or self.plan.closes["subnet"]):
            return ()
        return range_effects(self._connection, self._before, self._after, now)

    def there_already(self, picture: Picture, piece: Piece[Any], document: Document) -> int | str | None:
        """The key of what is stored and says the same as a new piece; ``document`` holds the new piece alone."""
        if isinstance(piece, SubnetPiece):
            for subnet in document.subnets:
                pools = {_pool_key(made.of_pool(pool)) for pool in subnet.pools}
                for stored in self._before.subnets:
                    held = {_pool_key(pool.columns) for pool in self._before.pools.get(stored.row_id, ())}
                    if stored.columns == made.of_subnet(subnet) and held == pools:
                        return stored.row_id
        elif isinstance(piece, PoolPiece):
            home = picture.home(piece)
            wanted = [made.of_pool(pool) for subnet in document.subnets for pool in subnet.pools]
            if home is not None and home.stored is not None:
                for pool in self._before.pools.get(home.stored.row_id, ()):
                    if pool.columns in wanted:
                        return pool.row_id
        else:
            is_option = piece in picture.named[OPTION_DEFINITION]
            body = piece.form if is_option else self._columns(piece, picture, document).body
            for (kind, name), row in self._before.definitions.items():
                if (kind == OPTION_DEFINITION) is is_option and row.columns is not None and row.columns.body == body:
                    return name
        return None

    def piece(
        self, before: Piece[Any] | None, after: Piece[Any] | None, picture: Picture, document: Document
    ) -> int | str:
        """Plan one piece: new (no ``before``), another, or gone (no ``after``); gives its key."""
        stored = before.stored if before is not None else None
        paths = {id(piece): path for path, piece, _name in picture.places()}
        if isinstance(after or before, SubnetPiece):
            if after is None:
                assert stored is not None
                self._planner.remove_subnet(stored)
                self._after.subnets = [one for one in self._after.subnets if one.row_id != stored.row_id]
                return stored.row_id
            assert isinstance(after, SubnetPiece)
            return self._subnet(stored, after, _declared(document, paths[id(after)]))
        if isinstance(after or before, PoolPiece):
            home = picture.home(after) if after is not None else None
            if after is None:
                assert stored is not None
                return self._remove_pool(stored)
            assert home is not None and home.stored is not None  # noqa: PT018 - both are the same claim
            subnet = _declared(document, paths[id(home)])
            pool = next(pool for pool in subnet.pools if pool.path == paths[id(after)])
            return self._pool(home.stored.row_id, subnet.name, stored, made.of_pool(pool))
        if (after or before) is picture.sections[GLOBALS]:
            return self._definition((GLOBALS, ""), stored, made.of_globals(document.globals))
        columns = None if after is None else self._columns(after, picture, document)
        held = (stored.columns if stored is not None else None) or columns
        assert held is not None
        return self._definition((held.kind, held.name), stored, columns)

    @staticmethod
    def _columns(piece: Piece[Any], picture: Picture, document: Document) -> DefinitionColumns:
        """The row of an option definition or of a shared network."""
        if piece in picture.named[OPTION_DEFINITION]:
            return made.of_option_definition(piece.form)
        network = next(one for one in document.shared_networks if one.entry.name == piece.form["name"])
        return made.of_shared_network(network.entry)

    def _definition(
        self, key: tuple[str, str], stored: Stored[DefinitionColumns] | None, columns: DefinitionColumns | None
    ) -> str:
        if (stored.columns if stored is not None else None) != columns:
            taken = [one.position for (kind, _name), one in self._before.definitions.items() if kind == key[0]]
            position = stored.position if stored is not None else max(taken, default=0) + GAP
            self._planner.definition(key, stored, columns, position)
        return columns.name if columns is not None else key[1]

    def _subnet(self, stored: Stored[Any] | None, piece: SubnetPiece, subnet: DeclaredSubnet) -> int:
        columns = made.of_subnet(subnet)
        number = stored.row_id if stored is not None else piece.number or self._planner.fresh_id("subnet")
        highest = max((one.position for one in self._before.subnets), default=0)
        position = highest + GAP if stored is None else stored.position
        if stored is None or stored.columns != columns:
            self._planner.subnet(stored, number, position, columns)
        row = Stored(number, 0, position, columns)
        self._after.subnets = [row if one.row_id == number else one for one in self._after.subnets]
        if stored is None:
            self._after.subnets.append(row)
        given = _LISTS if stored is None else piece.given
        self._pools(number, subnet.name, [pool for pool in subnet.pools if _list_of(pool) in given], given)
        for row_id, assignment in piece.assignments if piece.number is not None else ():
            self._planner.assignment(subnet.name, number, row_id, assignment)
        return number

    def _pools(self, number: int, name: str, wanted: list[DeclaredPool], given: frozenset[str]) -> None:
        """Some of a subnet's lists of pools, whole: pools that overlap a new one are that one, moved."""
        present = [
            pool
            for pool in self._before.pools.get(number, ())
            if pool.columns is not None and (PREFIX_POOLS if pool.columns.kind == KIND_PREFIX6 else POOLS) in given
        ]
        values = [made.of_pool(pool) for pool in wanted]
        found = matched_pools(values, present)
        kept = {stored.row_id for stored in found if stored is not None}
        for pool in present:
            if pool.row_id not in kept:
                self._remove_pool(pool)
        for columns, stored, position in zip(values, found, positions(found), strict=True):
            self._pool(number, name, stored, columns, position)

    def _pool(
        self, number: int, subnet: str, stored: Stored[PoolColumns] | None, columns: PoolColumns,
        position: int | None = None,
    ) -> int:  # fmt: skip
        held = self._after.pools.setdefault(number, [])
        if position is None:
            position = stored.position if stored is not None else max((one.position for one in held), default=0) + GAP
        if stored is not None and stored.columns == columns and stored.position == position:
            return stored.row_id
        pool_id = self._planner.pool(subnet, number, stored, columns, position)
        row = Stored(pool_id, 0, position, columns)
        self._after.pools[number] = [*(one for one in held if one.row_id != pool_id), row]
        return pool_id

    def _remove_pool(self, stored: Stored[PoolColumns]) -> int:
        number = next(number for number, pools in self._before.pools.items() if stored in pools)
        name = next((one.columns.name for one in self._after.subnets if one.row_id == number and one.columns), "")
        self._planner.pool(name, number, stored, None, 0)
        self._after.pools[number] = [one for one in self._after.pools[number] if one.row_id != stored.row_id]
        return stored.row_id


def _declared(document: Document, path: str) -> DeclaredSubnet:
    return next(subnet for subnet in document.subnets if subnet.path == path)


def _list_of(pool: DeclaredPool) -> str:
    return PREFIX_POOLS if pool.kind == KIND_PREFIX6 else POOLS


def _pool_key(columns: PoolColumns | None) -> object:
    return None if columns is None else (*columns[:4], made.packed(columns.body))
