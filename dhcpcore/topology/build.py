"""A document, or the rows of a revision, made into the Snapshot that packets are decided by.

Rows go through the same inspection as a document: what has a fault is left out and named as quarantined, the rest
serves.  Everything is inherited here, once: a subnet of the snapshot looks at nothing above it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from dhcpcore.topology.class_names import GUARD_KNOWN, GUARD_UNKNOWN, template_of
from dhcpcore.topology.class_rules import needs
from dhcpcore.topology.classes import Classes, ClassLimit, ClientClass, Tested
from dhcpcore.topology.declared import DeclaredClass, DeclaredNetwork, DeclaredPool, DeclaredSubnet, Document
from dhcpcore.topology.document import GlobalsEntry, PoolEntry, SubnetSettings
from dhcpcore.topology.entries import BootEntry, BootFields, LifetimeEntry
from dhcpcore.topology.filters import admission
from dhcpcore.topology.handler_rows import HandlerRow, scope_of
from dhcpcore.topology.leasequery_entry import LeasequeryEntry
from dhcpcore.topology.policy import Flood, Gate, Policy
from dhcpcore.topology.snapshot import (
    Boot,
    Compatibility,
    Leasequery,
    Lifetimes,
    OptionLevel,
    Pool,
    Quarantined,
    Snapshot,
    Subnet,
)
from dhcpcore.topology.spans import ends_of_24, joined
from dhcpcore.topology.validate import inspect
from dhcpcore.wire.addresses import format_prefix


class Row(NamedTuple):
    """A piece of the document with the row that holds it: its id and how it is named when it is quarantined."""

    row_id: int
    place: str
    body: Mapping[str, Any]


class SubnetRow(NamedTuple):
    """A subnet's row with the rows of its pools, in order; prefix pools are the ones with ``delegated_length``."""

    row: Row
    pools: tuple[Row, ...]


class Usage(NamedTuple):
    """What the snapshot must know of the assignments, which are not in it."""

    identifier_kinds: frozenset[int] = frozenset()
    has_assigned_addresses: bool = False


def from_document(document: Document, revision: int = 0) -> Snapshot:
    """The snapshot of a document that was never stored: ids are numbers in order, from 1."""
    listed = [*document.assignments, *(one for subnet in document.subnets for one in subnet.assignments)]
    enabled = [one.entry for one in listed if one.entry.enabled]
    usage = Usage(
        frozenset(int(entry.identifier[1]) for entry in enabled),
        any(entry.all_addresses or entry.prefixes for entry in enabled),
    )
    paths = (pool.path for subnet in document.subnets for pool in subnet.pools)
    pool_ids = {path: number for number, path in enumerate(paths, 1)}
    subnet_ids = {subnet.path: number for number, subnet in enumerate(document.subnets, 1)}

    def id_of(path: str) -> int:
        return subnet_ids[path] if path in subnet_ids else pool_ids[path]

    return _snapshot(document, revision, usage, id_of)


def from_rows(
    revision: int,
    globals_: Row | None,
    option_definitions: Iterable[Row],
    subnets: Iterable[SubnetRow],
    *,
    usage: Usage,
    unreadable: Iterable[Quarantined] = (),
    shared_networks: Iterable[Row] = (),
    sections: Iterable[tuple[str, Row]] = (),
    classes: Iterable[Row] = (),
    handlers: Iterable[Row] = (),
) -> Snapshot:
    """The snapshot of a revision's rows; ``unreadable`` are rows of which not even the columns made sense.

    ``sections`` are the parts of the document, by key, that are one row each.
    """
    places: dict[str, Row] = {}
    lists = ("option_definitions", "shared_networks", "classes", "handlers", "subnets")
    raw: dict[str, Any] = {"version": 1, **{key: [] for key in lists}}
    if globals_ is not None:
        raw["globals"] = places.setdefault("globals", globals_).body
    for key, row in sections:
        raw[key] = places.setdefault(key, row).body
    for key, rows in zip(lists, (option_definitions, shared_networks, classes, handlers), strict=False):
        for index, row in enumerate(rows):
            places[f"{key}[{index}]"] = row
            raw[key].append(row.body)
    for index, (row, pools) in enumerate(subnets):
        path = f"subnets[{index}]"
        places[path] = row
        held: dict[str, list[Mapping[str, Any]]] = {"pools": [], "prefix_pools": []}
        for pool in pools:
            key = "prefix_pools" if "delegated_length" in pool.body else "pools"
            places[f"{path}.{key}[{len(held[key])}]"] = pool
            held[key].append(pool.body)
        raw["subnets"].append({**row.body, **held})
    document, faults = inspect(raw, stored=True)
    quarantined = list(unreadable)
    for element, said in faults.elements.items():
        broken = places.get(element)
        quarantined.append(Quarantined(broken.place if broken else "definitions", _without(element, said)))

    def id_of(path: str) -> int:
        return places[path].row_id

    return _snapshot(document, revision, usage, id_of, quarantined)


def _without(element: str, said: str) -> str:
    """A fault without the path of its element, whose place in no document nobody knows."""
    return said.removeprefix(element).lstrip(".: ")


def _snapshot(
    document: Document,
    revision: int,
    usage: Usage,
    id_of: Callable[[str], int],
    quarantined: Iterable[Quarantined] = (),
) -> Snapshot:
    globals_ = document.globals
    networks = {network.entry.name: network for network in document.shared_networks}
    return Snapshot(
        revision=revision,
        subnets=tuple(_subnet(subnet, document, networks, id_of) for subnet in document.subnets),
        identifier_kinds=usage.identifier_kinds,
        has_assigned_addresses=usage.has_assigned_addresses,
        quarantined=tuple(quarantined),
        offer_hold_s=globals_.offer_hold,
        reclaim_grace_s=globals_.reclaim_grace,
        probation_s=globals_.probation,
        probe=globals_.probe,
        forcerenew=globals_.forcerenew,
        leasequery=_leasequery(document.leasequery),
        subnet_selection=globals_.subnet_selection,
        compatibility=Compatibility(**globals_.compatibility.model_dump()),
        classes=_classes(document),
        admission=admission(globals_.allow, globals_.deny),
        flood=_flood(globals_),
        handlers=_handlers(document, id_of),
    )


def _handlers(document: Document, id_of: Callable[[str], int]) -> tuple[HandlerRow, ...]:
    """Those that are enabled; what their scopes name is looked up."""
    subnets = [
        (id_of(subnet.path), subnet.name, format_prefix(*subnet.entry.prefix), subnet.entry.shared_network)
        for subnet in document.subnets
    ]
    return tuple(
        HandlerRow(one.name, one.entry.type, one.canonical().get("fields", {}), scope_of(one.entry.scope, subnets),
                   one.model, one.payloads, one.entry.isolated)
        for one in document.handlers
        if one.entry.enabled
    )  # fmt: skip


def _classes(document: Document) -> Classes | None:
    """The classes, made ready; None where neither the document nor a guard says a word of them."""
    named: set[str] = set()
    for subnet in document.subnets:
        named.update(subnet.entry.guard or (), subnet.entry.additional)
        for pool in subnet.pools:
            named.update(pool.entry.guard or (), _additional(pool))
    for one in document.handlers:
        named.update(one.entry.scope.classes or ())
    if not document.classes and named <= {GUARD_KNOWN, GUARD_UNKNOWN}:
        return None
    by_name = {one.entry.name: one for one in document.classes}
    templates = {name: number for number, (name, one) in enumerate(by_name.items()) if one.entry.template_test}
    tests = [
        Tested(name, one.expression, one.entry.template_test is not None, needs(one, by_name))
        for name, one in by_name.items()
        if one.expression is not None
    ]
    late = frozenset(name for name, one in by_name.items() if one.entry.only_in_additional_list)
    declared = [_class(one, number, templates) for number, one in enumerate(document.classes)]
    return Classes(declared, tests, late, named)


def _class(one: DeclaredClass, number: int, templates: Mapping[str, int]) -> ClientClass:
    """What a class gives.  One that a template makes comes before its template, wherever both stand."""
    entry = one.entry
    template = template_of(entry.name, templates)
    return ClientClass(
        name=entry.name,
        order=number if template is None else min(number, templates[template] - 0.5),
        level=OptionLevel("class", entry.name, one.payloads[4], *one.sends[4]),
        lifetimes=None if entry.lifetime is None else lifetimes_of(entry.lifetime),
        boot=None if entry.boot is None else _boot(entry.boot),
        offer_hold_s=entry.offer_hold,
        limit=ClassLimit(entry.max_leases, entry.max_leases_per_subnet, entry.rate),
    )


def _additional(pool: DeclaredPool) -> tuple[str, ...]:
    return tuple(pool.entry.additional) if isinstance(pool.entry, PoolEntry) else ()


def _subnet(
    subnet: DeclaredSubnet, document: Document, networks: Mapping[str, DeclaredNetwork], id_of: Callable[[str], int]
) -> Subnet:
    entry, globals_ = subnet.entry, document.globals
    network = networks.get(entry.shared_network or "")
    family = entry.family

    def inherited(key: str) -> Any:
        """The setting of the subnet, else of its shared network, else of globals; a mapping is taken as a whole."""
        holders = (entry, network.entry if network else None, globals_)
        said = (getattr(holder, key, None) for holder in holders)
        return next((value for value in said if value is not None), None)

    return Subnet(
        subnet_id=id_of(subnet.path),
        family=family,
        space=entry.space,
        prefix=entry.prefix[0],
        plen=entry.prefix[1],
        name=subnet.name,
        interface=entry.interface,
        relays=tuple(entry.relays),
        interface_id=entry.interface_id,
        shared_network=entry.shared_network,
        lifetimes=lifetimes_of(_of_family(inherited("lifetime"), family)),
        boot=_boot(inherited("boot") if family == 4 else None),
        pools=tuple(_pool(pool, id_of(pool.path), entry, globals_) for pool in subnet.pools),
        options=subnet.payloads,
        authoritative=inherited("authoritative"),
        adopt=inherited("adopt"),
        rapid_commit=inherited("rapid_commit"),
        preference=inherited("preference") if family == 6 else None,
        above=_above(document, network, family),
        proxy=entry.proxy,
        always=subnet.sends.always,
        never=subnet.sends.never,
        computed=subnet.sends.computed,
        bootp=inherited("bootp"),
        bootp_lifetime_s=inherited("bootp_lifetime"),
        echo_client_id=inherited("echo_client_id"),
        ipv6_only_s=inherited("ipv6_only"),
        auto_configure=inherited("auto_configure"),
        vss=entry.vss or b"",
        guard=tuple(entry.guard or ()),
        additional=tuple(entry.additional),
        admission=admission(entry.allow, entry.deny),
        match_client_id=entry.match_client_id,
        policy=_policy(entry, globals_),
        assignment_key=(subnet.assignment_key or document.assignment_key) if family == 4 else None,
    )


def _above(document: Document, network: DeclaredNetwork | None, family: int) -> tuple[OptionLevel, ...]:
    levels = [OptionLevel("globals", "", document.payloads[family], *document.sends[family])]
    if network is not None:
        name = network.entry.name
        levels.append(OptionLevel("shared_network", name, network.payloads[family], *network.sends[family]))
    return tuple(levels)


def _of_family(lifetime: LifetimeEntry | None, family: int) -> LifetimeEntry | None:
    """A lifetime of a level that has both families, without what the family does not know."""
    if lifetime is not None and family == 4 and lifetime.preferred is not None:
        return lifetime.model_copy(update={"preferred": None})
    return lifetime


def lifetimes_of(entry: LifetimeEntry | None) -> Lifetimes:
    """Limits that were not given are the default itself: clients then get what was written, whatever they ask for."""
    entry = entry or LifetimeEntry()
    default = entry.default_s
    return Lifetimes(
        default_s=default,
        min_s=default if entry.min is None else entry.min,
        max_s=default if entry.max is None else entry.max,
        renew_s=entry.renew,
        rebind_s=entry.rebind,
        preferred_s=entry.preferred,
    )


def _boot(entry: BootEntry | None) -> Boot:
    if entry is None:
        return Boot()
    by_architecture = {number: _boot_fields(one) for number, one in entry.by_architecture.items()}
    return replace(_boot_fields(entry), by_architecture=MappingProxyType(by_architecture))


def _boot_fields(entry: BootFields) -> Boot:
    return Boot(entry.next_server or b"\0\0\0\0", entry.server_name or b"", entry.file or b"")


def _policy(entry: SubnetSettings, globals_: GlobalsEntry) -> Policy:
    random = entry.random_mac_lifetime
    one = entry.one_lease_per_client
    return Policy(
        cache_threshold=globals_.cache_threshold if entry.cache_threshold is None else entry.cache_threshold,
        adaptive_threshold=entry.adaptive_threshold,
        one_lease_per_client=globals_.one_lease_per_client if one is None else one,
        random_lifetimes=None if random is None else lifetimes_of(random),
        min_secs=entry.min_secs,
        offer_delay_s=entry.offer_delay_ms / 1000,
        max_leases=entry.max_leases,
    )


def _flood(globals_: GlobalsEntry) -> Flood | None:
    entry = globals_.flood
    if not (entry.client_rate or entry.subnet_rate or entry.declines):
        return None
    return Flood(
        entry.client_rate, entry.burst, entry.subnet_rate, entry.suspend_after, entry.declines, entry.suspend_for
    )


def _leasequery(entry: LeasequeryEntry) -> Leasequery:
    active = entry.active and (entry.active_insecure or entry.tls != "off")
    return Leasequery(entry.enabled, tuple(entry.requestors), active, active and not entry.active_insecure, entry.tls)


def _gate(entry: PoolEntry, subnet: SubnetSettings, globals_: GlobalsEntry) -> Gate | None:
    """The pool's own word counts, else its subnet's, else that of globals."""
    gate = Gate(entry.admit or subnet.admit or "all", entry.random_mac or subnet.random_mac or globals_.random_mac)
    return None if gate == Gate() else gate


def excluded_of(entry: PoolEntry, subnet: SubnetSettings, globals_: GlobalsEntry) -> tuple[tuple[bytes, bytes], ...]:
    """What of a pool is given to nobody, in order."""
    if globals_.compatibility.exclude_first_last_24 and len(entry.first) == 4 and subnet.prefix[1] <= 24:
        return joined([*entry.exclude, *ends_of_24(entry.first, entry.last)])
    return tuple(sorted(entry.exclude))


def _pool(pool: DeclaredPool, pool_id: int, subnet: SubnetSettings, globals_: GlobalsEntry) -> Pool:
    entry = pool.entry
    made = Pool(
        pool_id=pool_id,
        kind=pool.kind,
        first=entry.first,
        last=entry.last,
        plen=pool.plen,
        guard=tuple(entry.guard or ()),
        additional=_additional(pool),
        options=pool.payloads,
        lifetimes=None if entry.lifetime is None else lifetimes_of(entry.lifetime),
        always=pool.sends.always,
        never=pool.sends.never,
        computed=pool.sends.computed,
        bootp=isinstance(entry, PoolEntry) and entry.bootp,
        ipv6_only_s=entry.ipv6_only if isinstance(entry, PoolEntry) else None,
    )
    if not isinstance(entry, PoolEntry):
        return made
    return replace(
        made,
        excluded=excluded_of(entry, subnet, globals_),
        allocator=entry.allocator or subnet.allocator or "lowest",
        gate=_gate(entry, subnet, globals_),
        max_leases=entry.max_leases,
    )
