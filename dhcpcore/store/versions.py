"""In which revision a piece of the definitions was last changed: what a change names to be refused if it is not so."""

from __future__ import annotations

from functools import cached_property

from sqlalchemy import Connection, text

from dhcpcore.store.columns import GLOBALS
from dhcpcore.store.rows import Rows

_SINCE = "max(from_revision), max(CASE WHEN to_revision <= :r THEN to_revision ELSE 0 END)"
_POOLS = text(f"SELECT subnet_id, {_SINCE} FROM pool WHERE from_revision <= :r GROUP BY subnet_id")
_GLOBALS = text(f"SELECT {_SINCE} FROM definition WHERE kind = '{GLOBALS}' AND from_revision <= :r")


class Versions:
    """The versions at one revision."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self._connection = connection
        self._rows = rows
        self._subnets = {stored.row_id: stored.from_revision for stored in rows.subnets}

    @cached_property
    def _pools(self) -> dict[int, int]:
        """By subnet, when one of its pools came, changed or went."""
        found = self._connection.execute(_POOLS, {"r": self._rows.revision})
        return {subnet_id: max(opened, closed) for subnet_id, opened, closed in found}

    def subnet(self, number: int) -> int:
        """A subnet's, its pools included."""
        return max(self._subnets[number], self._pools.get(number, 0))

    def definition(self, kind: str, name: str) -> int:
        """That of an option definition or a shared network."""
        return self._rows.definitions[kind, name].from_revision

    @property
    def globals(self) -> int:
        """That of globals; 0 where they were the defaults always."""
        opened, closed = self._connection.execute(_GLOBALS, {"r": self._rows.revision}).one()
        return max(opened or 0, closed or 0)
