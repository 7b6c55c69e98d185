"""Subnets, pools, option definitions and globals as they are published, each with its key and its version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from dhcpcore.store import rows as stored_rows
from dhcpcore.store.columns import GLOBALS, OPTION_DEFINITION, SHARED_NETWORK, pool_form, subnet_form
from dhcpcore.store.database import Database
from dhcpcore.store.picture import NAMED, list_of
from dhcpcore.store.versions import Versions


class PoolRow(NamedTuple):
    """A pool as people see it; ``since`` is the revision that it is of."""

    number: int
    subnet_id: int
    subnet: str
    key: str  #: The list of its subnet that it stands in.
    form: Mapping[str, Any]
    since: int


class SubnetRow(NamedTuple):
    """A subnet with its pools; ``since`` is the revision in which it or one of them was last changed."""

    number: int
    name: str
    form: Mapping[str, Any]
    pools: tuple[PoolRow, ...]
    since: int


class DefinitionRow(NamedTuple):
    """An option definition, a shared network, or globals, whose name is empty."""

    name: str
    form: Mapping[str, Any]
    since: int


class Listed(NamedTuple):
    """All of a revision; rows that make no sense are left out."""

    revision: int
    globals: DefinitionRow
    definitions: tuple[DefinitionRow, ...]
    networks: tuple[DefinitionRow, ...]
    subnets: tuple[SubnetRow, ...]


def listed(database: Database) -> Listed:
    """What is published now."""
    with database.reader() as connection:
        rows = stored_rows.load(connection, stored_rows.head(connection))
        versions = Versions(connection, rows)
        held = rows.globals
        body = held.columns.body if held is not None and held.columns is not None else {}
        named = {
            wanted: tuple(
                DefinitionRow(name, stored.columns.body, versions.definition(kind, name))
                for (kind, name), stored in rows.definitions.items()
                if kind == wanted and stored.columns is not None
            )
            for wanted in NAMED
        }
        subnets = []
        for stored in rows.subnets:
            if stored.columns is None:
                continue
            pools = []
            for pool in rows.pools.get(stored.row_id, ()):
                if pool.columns is not None:
                    form = pool_form(pool.columns)
                    pools.append(PoolRow(pool.row_id, stored.row_id, stored.columns.name, list_of(form), form,
                                         pool.from_revision))  # fmt: skip
            subnets.append(SubnetRow(stored.row_id, stored.columns.name, subnet_form(stored.columns), tuple(pools),
                                     versions.subnet(stored.row_id)))  # fmt: skip
        return Listed(rows.revision, DefinitionRow(GLOBALS, body, versions.globals), named[OPTION_DEFINITION],
                      named[SHARED_NETWORK], tuple(subnets))  # fmt: skip
