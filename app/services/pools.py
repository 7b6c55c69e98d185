"""Pools of addresses and of prefixes, one at a time, by the one validator and without the document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from app.services import declared, subnets
from app.services.access import Principal
from app.services.appliance import Appliance
from app.services.changes import NOBODY_LOSES, Consent, Difference, differences, make, merged
from app.services.declared import DeclaredPool
from app.services.definitions import Applied
from app.services.lists import Page, paged
from app.services.subnets import PoolView
from dhcpcore.errors import Fault, InvalidDocument, InvalidValue, NotFound, Refused
from dhcpcore.store import between
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.picture import PREFIX_POOLS
from dhcpcore.store.topology_edits import Wish
from dhcpcore.wire.addresses import parse_address, parse_prefix


def page(appliance: Appliance, *, subnet: str | None = None, prefixes: bool | None = None, sort: str = "id",
         cursor: str | None = None, limit: int = 100, uses: Mapping[int, PoolView] | None = None) -> Page[DeclaredPool]:
    """Pools, a page at a time: of one subnet by name, prefix or number; of prefixes only, or of addresses only.

    ``uses`` is what is used of each, by its number; they are counted here where it is needed and not given.
    """
    home = None if subnet is None else subnets.number(appliance, subnet)
    some = [one for one in declared.pools(appliance)
            if home in {None, one.subnet_id} and prefixes in {None, one.list == PREFIX_POOLS}]
    if uses is None:
        uses = uses_of(subnets.overview(appliance)) if sort.removeprefix("-") in _USES else {}
    used = {name: partial(_used, uses, measure) for name, measure in _USES.items()}
    return paged(some, {**_SORTS, **used}, sort=sort, cursor=cursor, limit=limit)


def uses_of(overview: subnets.Overview) -> dict[int, PoolView]:
    """What is used of each pool, by its number."""
    return {pool.id: pool for one in overview.subnets for pool in one.pools}


def get(appliance: Appliance, number: int) -> DeclaredPool:
    """One pool as it is declared, with its version."""
    return declared.pool(appliance, number)


def named(appliance: Appliance, what: str) -> DeclaredPool:
    """The one pool of that number, first address, range (``first-last``) or prefix."""
    wanted = what.replace(" ", "")
    found = [one for one in declared.pools(appliance) if wanted in {
        str(one.id), one.entry.get("first"), one.entry.get("prefix"),
        f"{one.entry.get('first')}-{one.entry.get('last')}"}]
    if len(found) > 1:
        raise Refused(f"{len(found)} pools are called {what}: name one by its number, as lessor pool list shows it.")
    if not found:
        raise NotFound(f"There is no pool {what}: name one by its number, its first address or its prefix, as "
                       "lessor pool list shows them.")
    return found[0]


def add(appliance: Appliance, entry: Mapping[str, Any], *, by: Principal, subnet: str | None = None,
        consent: Consent = NOBODY_LOSES) -> tuple[DeclaredPool, Applied | None]:
    """Add a pool to a subnet, or to the one whose prefix holds its first address.

    The pool that says the same already is given as it is.
    """
    home = subnets.number(appliance, subnet) if subnet is not None else _home(appliance, entry)
    keys, applied = make(appliance, [Wish("pool", entry, home=home)], by=by, consent=consent,
                         note=f"pool {entry.get('first') or entry.get('prefix')} added"[:200])
    return get(appliance, int(keys[0])), applied


def replace(appliance: Appliance, number: int, entry: Mapping[str, Any], *, by: Principal,
            version: int | None = None, consent: Consent = NOBODY_LOSES) -> tuple[DeclaredPool, Applied | None]:
    """Give a pool another form; it keeps its number and its subnet.  ``version``: only where it is still that one."""
    before = get(appliance, number)
    _, applied = make(appliance, [Wish("pool", entry, number, since=version)], by=by, consent=consent,
                      note=f"{before.said} changed")
    return get(appliance, number), applied


def change(appliance: Appliance, number: int, patch: Mapping[str, Any], *, by: Principal,
           version: int | None = None, consent: Consent = NOBODY_LOSES) -> tuple[DeclaredPool, Applied | None]:
    """Change what a merge patch names and keep the rest."""
    return replace(appliance, number, merged(get(appliance, number).entry, patch), by=by, version=version,
                   consent=consent)


def remove(appliance: Appliance, number: int, *, by: Principal, version: int | None = None,
           consent: Consent = NOBODY_LOSES) -> tuple[DeclaredPool, Applied]:
    """Remove a pool; gives what it was."""
    before = get(appliance, number)
    _, applied = make(appliance, [Wish("pool", None, number, since=version)], by=by, consent=consent,
                      note=f"{before.said} removed")
    assert applied is not None
    return before, applied


def changed_since(appliance: Appliance, view: DeclaredPool, version: int) -> tuple[Difference, ...]:
    """What somebody else has changed of a pool since it was looked at in that version."""
    with appliance.database.reader() as connection:
        seen = between.pool_at(connection, view.id, version)
    return () if seen is None else differences(seen, view.entry)


def require_home(appliance: Appliance, pool: DeclaredPool, subnet: str | None) -> None:
    """Refuse to move a pool to another subnet."""
    if subnet is not None and subnets.number(appliance, subnet) != pool.subnet_id:
        raise InvalidDocument((Fault("subnet", f"is {pool.subnet} and stays so: add a pool in the other subnet and "
                                     "remove this one"),))


def _home(appliance: Appliance, entry: Mapping[str, Any]) -> int:
    first = entry.get("first")
    if isinstance(first, str):
        try:
            octets = parse_address(first)
        except InvalidValue as error:
            raise InvalidDocument((Fault("first", str(error)),)) from None
        found = [one for one in Definitions(appliance.database).snapshot().subnets if one.contains(octets)]
        if len(found) == 1:
            return found[0].subnet_id
    raise InvalidDocument((Fault("subnet", "is missing: name the subnet that the pool belongs to"),))


def _first(pool: DeclaredPool) -> tuple[int, bytes]:
    octets = parse_address(pool.entry["first"]) if "first" in pool.entry else parse_prefix(pool.entry["prefix"])[0]
    return len(octets), octets


def _used(uses: Mapping[int, PoolView], measure: Callable[[PoolView], float], pool: DeclaredPool) -> float:
    # One that makes no sense is served by nobody, and so used by nobody.
    return measure(uses[pool.id]) if pool.id in uses else 0.0


#: What the list can be sorted by.
_SORTS: Mapping[str, Callable[[DeclaredPool], Any]] = {
    "id": lambda one: one.id, "subnet": lambda one: one.subnet, "first": _first}
_USES: Mapping[str, Callable[[PoolView], float]] = {
    "held": lambda one: one.held, "use": lambda one: (one.held + one.declined) / one.size}
SORTS = (*_SORTS, *_USES)
