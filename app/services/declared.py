"""What is declared, piece by piece: subnets, pools, option definitions and globals in the document's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.services.appliance import Appliance
from dhcpcore.errors import NotFound
from dhcpcore.store import topology_list
from dhcpcore.store.picture import POOLS, PREFIX_POOLS
from dhcpcore.store.topology_list import DefinitionRow, Listed, PoolRow, SubnetRow

#: Lists of a subnet in the document, which are resources of their own as well.
LISTS = (POOLS, PREFIX_POOLS)


@dataclass(frozen=True, slots=True)
class DeclaredPool:
    """A pool; ``entry`` is its form in the document, ``list`` the key that it stands under there.

    ``version`` is the revision that it was last changed in, which a change may name to be refused where somebody was
    quicker.
    """

    id: int
    subnet: str
    subnet_id: int
    list: str
    entry: Mapping[str, Any]
    version: int

    @property
    def said(self) -> str:
        """The pool in a sentence."""
        prefix = self.entry.get("prefix")
        return f"prefix pool {prefix}" if prefix else f"pool {self.entry['first']} - {self.entry['last']}"


@dataclass(frozen=True, slots=True)
class DeclaredSubnet:
    """A subnet; ``entry`` is what it says of itself in the document, its pools are beside it."""

    id: int
    name: str
    entry: Mapping[str, Any]
    pools: tuple[DeclaredPool, ...]
    version: int

    @property
    def family(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.entry["prefix"] else 4

    def whole(self) -> dict[str, Any]:
        """Its entry with its pools, as the document has it but for the assignments."""
        lists = {key: [dict(pool.entry) for pool in self.pools if pool.list == key] for key in LISTS}
        return {**self.entry, **{key: some for key, some in lists.items() if some}}


@dataclass(frozen=True, slots=True)
class DeclaredPiece:
    """Globals, an option definition of the site's, or a shared network."""

    name: str
    entry: Mapping[str, Any]
    version: int


def subnets(appliance: Appliance) -> tuple[DeclaredSubnet, ...]:
    """Every subnet in the document's order."""
    return tuple(map(_subnet, _listed(appliance).subnets))


def subnet(appliance: Appliance, number: int) -> DeclaredSubnet:
    """One subnet by its number."""
    for one in subnets(appliance):
        if one.id == number:
            return one
    raise NotFound(f"There is no subnet with the number {number}.")


def pools(appliance: Appliance) -> tuple[DeclaredPool, ...]:
    """Every pool, by subnet in the document's order."""
    return tuple(pool for one in subnets(appliance) for pool in one.pools)


def pool(appliance: Appliance, number: int) -> DeclaredPool:
    """One pool by its number."""
    for one in pools(appliance):
        if one.id == number:
            return one
    raise NotFound(f"There is no pool with the number {number}. See: lessor pool list")


def option_definitions(appliance: Appliance) -> tuple[DeclaredPiece, ...]:
    """The site's own options; ``name`` is ``space/name``, with ``/4`` or ``/6`` where it names a family."""
    return tuple(map(_piece, _listed(appliance).definitions))


def shared_networks(appliance: Appliance) -> tuple[DeclaredPiece, ...]:
    """Shared networks that say something of themselves; others are there by the subnets that name them."""
    return tuple(map(_piece, _listed(appliance).networks))


def globals_(appliance: Appliance) -> DeclaredPiece:
    """What holds everywhere; an empty entry where all are the defaults."""
    return _piece(_listed(appliance).globals)


def _listed(appliance: Appliance) -> Listed:
    return topology_list.listed(appliance.database)


def _subnet(row: SubnetRow) -> DeclaredSubnet:
    return DeclaredSubnet(row.number, row.name, row.form, tuple(map(_pool, row.pools)), row.since)


def _pool(row: PoolRow) -> DeclaredPool:
    return DeclaredPool(row.number, row.subnet, row.subnet_id, row.key, row.form, row.since)


def _piece(row: DefinitionRow) -> DeclaredPiece:
    return DeclaredPiece(row.name, row.form, row.since)
