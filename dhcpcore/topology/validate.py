"""The one validator: web, API, command line and import all come through here, and so do the rows of the database.

``inspect`` reads a document piece by piece, so that one wrong piece hides no other: it gives what is right and every
fault.  ``validate`` refuses the whole document for one fault; the snapshot's builder leaves out the faulty pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from dhcpcore.errors import InvalidDocument
from dhcpcore.topology import class_rules, everywhere, handler_rules, rules
from dhcpcore.topology.declared import (
    DeclaredAssignment,
    DeclaredClass,
    DeclaredNetwork,
    DeclaredPool,
    DeclaredSubnet,
    Document,
)
from dhcpcore.topology.document import (
    LATER_KEYS,
    ONLY_FAMILY,
    VERSION,
    AssignmentEntry,
    DocumentEntry,
    GlobalsEntry,
    PoolEntry,
    PrefixPoolEntry,
    SharedNetworkEntry,
    SubnetSettings,
)
from dhcpcore.topology.entries import Entry
from dhcpcore.topology.faults import Faults, shown, unknown_key
from dhcpcore.topology.leasequery_entry import LeasequeryEntry
from dhcpcore.topology.spaces import NO_SENDS, Payloads, Sends, Spaces, defined, encoded, sends
from dhcpcore.wire.options import OptionSpace

E = TypeVar("E", bound=Entry)

_TOP_KEYS = (*DocumentEntry.model_fields, *LATER_KEYS)
_SUBNET_KEYS = tuple(field.alias or name for name, field in SubnetSettings.model_fields.items())
_LISTS = ("pools", "prefix_pools", "assignments")
_EMPTY: Payloads = MappingProxyType({})
#: With their type: True and 4.0 are none.
_FAMILIES = ((int, 4), (int, 6))


class Inspected(NamedTuple):
    """A document without its faulty pieces, and the faults."""

    document: Document
    faults: Faults


def validate(raw: object) -> Document:
    """The document, or ``InvalidDocument`` with every fault of it."""
    document, faults = inspect(raw)
    if faults:
        raise InvalidDocument(faults.all())
    return document


def inspect(raw: object, *, stored: bool = False) -> Inspected:
    """What is right in a document, and every fault.

    ``stored``: it is of rows, of which some may be missing: a class that is not there takes nothing else with it.
    """
    faults = Faults()
    if not isinstance(raw, Mapping):
        faults.add("", "", f"{shown(raw)} is no definitions document: it is a mapping that begins with version: 1")
        return Inspected(Document(), faults)
    _top_level(raw, faults)
    definitions = _definitions(raw.get("option_definitions"), faults)
    spaces = defined(definitions, faults)
    globals_ = faults.model("globals", GlobalsEntry, raw["globals"] if raw.get("globals") is not None else {})
    payloads, sent = _by_family(globals_, spaces, faults, "globals")
    networks = [
        network
        for index, value in _listed(raw, "shared_networks", "", faults)
        if (network := _network(value, f"shared_networks[{index}]", spaces, faults)) is not None
    ]
    rules.check_networks(networks, faults)
    listed_subnets = list(_listed(raw, "subnets", "", faults))
    subnets = [
        subnet
        for index, value in listed_subnets
        if (subnet := _subnet(value, f"subnets[{index}]", spaces, faults)) is not None
    ]
    listed_classes = list(_listed(raw, "classes", "", faults))
    classes = class_rules.declare(listed_classes, spaces, faults, stored=stored)
    rules.check(subnets, faults)
    assignments = _everywhere(raw, spaces[4], faults)
    everywhere.check(assignments, subnets, faults)
    key = None if globals_ is None else everywhere.key_expression(globals_.assignment_key, spaces[4], faults, "globals")
    leasequery = _section(raw, "leasequery", LeasequeryEntry, faults)
    if not stored:
        class_rules.references(subnets, assignments, listed_classes, classes, faults)
        for element, suffix, options in _options_of(globals_, networks, classes, subnets, assignments):
            class_rules.asked_by_options(element, suffix, options, spaces[4], listed_classes, faults)
    named = None if stored else handler_rules.Named.of(
        listed_subnets, subnets, (network.entry.name for network in networks), listed_classes
    )
    handlers = handler_rules.declare(_listed(raw, "handlers", "", faults), spaces, named, faults)
    document = Document(
        globals=globals_ if globals_ is not None and "globals" not in faults.elements else GlobalsEntry(),
        payloads=payloads,
        option_definitions=tuple(
            definition
            for index, definition in enumerate(definitions)
            if f"option_definitions[{index}]" not in faults.elements
        ),
        spaces=spaces,
        subnets=tuple(subnets if not faults else _sound(subnets, faults)),
        sends=sent,
        shared_networks=tuple(network for network in networks if network.path not in faults.elements),
        leasequery=leasequery,
        classes=classes,
        assignments=tuple(one for one in assignments if everywhere.place(one) not in faults.elements),
        assignment_key=key,
        handlers=handlers,
    )
    return Inspected(document, faults)


def _options_of(
    globals_: GlobalsEntry | None, networks: Iterable[DeclaredNetwork], classes: Iterable[DeclaredClass],
    subnets: Iterable[DeclaredSubnet], everywhere_: Iterable[DeclaredAssignment],
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:  # fmt: skip
    """What is said of IPv4 options anywhere: the element, what its key has behind it, and the options."""
    if globals_ is not None:
        yield "globals", ".dhcp4", globals_.options.dhcp4
    for network in networks:
        yield network.path, ".dhcp4", network.entry.options.dhcp4
    for klass in classes:
        yield klass.path, ".dhcp4", klass.entry.options.dhcp4
    for subnet in subnets:
        yield subnet.path, "", subnet.entry.options
        for pool in subnet.pools:
            yield pool.path, "", getattr(pool.entry, "options", {})
        for assignment in subnet.assignments:
            yield subnet.place(assignment), "", assignment.entry.options
    for assignment in everywhere_:
        yield everywhere.place(assignment), "", assignment.entry.options


def _top_level(raw: Mapping[Any, Any], faults: Faults) -> None:
    for key in raw:
        if key not in _TOP_KEYS:
            faults.add("", str(key), unknown_key(str(key), _TOP_KEYS))
    version = raw.get("version")
    if version != VERSION or isinstance(version, bool):
        said = "is missing" if "version" not in raw else f"{shown(version)} is not known"
        faults.add("", "version", f"{said}: write version: {VERSION}")
    for key in LATER_KEYS:
        _not_in_this_version(raw, key, "", faults)


def _everywhere(raw: Mapping[Any, Any], space: OptionSpace, faults: Faults) -> list[DeclaredAssignment]:
    """Assignments that are of no subnet."""
    found = []
    for number, item in _listed(raw, "assignments", "", faults):
        entry = faults.model(f"assignments[{number}]", AssignmentEntry, item)
        if entry is not None:
            found.append(DeclaredAssignment(number, entry))
            _check_options(entry, space, everywhere.place(found[-1]), faults)
    return found


def _check_options(entry: AssignmentEntry, space: OptionSpace, path: str, faults: Faults) -> None:
    """An assignment's options are encoded where it is looked up; here only what is wrong is noted."""
    if entry.options:
        encoded(space, entry.options, faults, path, "options")
    if entry.options or entry.always_send or entry.never_send:
        sends(space, entry.always_send, entry.never_send, entry.options, faults, path)


def _section(raw: Mapping[Any, Any], key: str, model: type[E], faults: Faults) -> E:
    """A part of the document that is there once; its defaults where it is missing or wrong."""
    entry = faults.model(key, model, raw[key] if raw.get(key) is not None else {})
    return entry if entry is not None and key not in faults.elements else model()


def _not_in_this_version(holder: Mapping[Any, Any], key: str, element: str, faults: Faults) -> None:
    """Never pass over in silence what would not be done."""
    if holder.get(key) not in (None, [], {}):
        faults.add(element, key, f"this version does not have {key} yet: take the key out; nothing of it would be done")


def _listed(holder: Mapping[Any, Any], key: str, element: str, faults: Faults) -> Iterator[tuple[int, Any]]:
    value = holder.get(key)
    if value is None:
        return
    if isinstance(value, list):
        yield from enumerate(value)
    else:
        faults.add(element, key, f"{shown(value)} is not a list: write each item after a dash, or as [a, b]")


def _definitions(value: object, faults: Faults) -> list[Mapping[str, Any]]:
    definitions: list[Mapping[str, Any]] = []
    for index, item in _listed({"option_definitions": value}, "option_definitions", "", faults):
        element = f"option_definitions[{index}]"
        if not isinstance(item, Mapping) or not item:
            said = f"{shown(item)} is not a mapping such as {{space: dhcp4, code: 224, name: x-colour, type: string}}"
            faults.add(element, "", said)
        for key in ("space", "encapsulates", "name") if isinstance(item, Mapping) else ():
            if not isinstance(item.get(key, ""), (str, type(None))):
                faults.add(element, key, f"{shown(item[key])} is not a word such as dhcp4")
        if isinstance(item, Mapping) and "family" in item and (type(item["family"]), item["family"]) not in _FAMILIES:
            said = f"{shown(item['family'])} is no family: write 4 or 6, or take the key out"
            faults.add(element, "family", said)
        # A wrong one keeps its place, so that the numbers of the others are those of the document.
        definitions.append({} if element in faults.elements else item)
    return definitions


def _by_family(
    entry: GlobalsEntry | SharedNetworkEntry | None, spaces: Spaces, faults: Faults, path: str
) -> tuple[Mapping[int, Payloads], Mapping[int, Sends]]:
    """What a level that has both families says of options."""
    if entry is None:
        return MappingProxyType({4: _EMPTY, 6: _EMPTY}), MappingProxyType({4: NO_SENDS, 6: NO_SENDS})
    always, never = entry.always_send, entry.never_send
    return (
        MappingProxyType(
            {
                4: encoded(spaces[4], entry.options.dhcp4, faults, path, "options.dhcp4"),
                6: encoded(spaces[6], entry.options.dhcp6, faults, path, "options.dhcp6"),
            }
        ),
        MappingProxyType(
            {
                4: sends(spaces[4], always.dhcp4, never.dhcp4, entry.options.dhcp4, faults, path, ".dhcp4"),
                6: sends(spaces[6], always.dhcp6, never.dhcp6, entry.options.dhcp6, faults, path, ".dhcp6"),
            }
        ),
    )


def _network(value: Any, path: str, spaces: Spaces, faults: Faults) -> DeclaredNetwork | None:
    entry = faults.model(path, SharedNetworkEntry, value)
    if entry is None:
        return None
    if entry.boot is not None and len(entry.boot.next_server or b"1234") != 4:
        faults.add(path, "boot.next_server", "is not an IPv4 address")
    return DeclaredNetwork(path, entry, *_by_family(entry, spaces, faults, path))


def _subnet(value: Any, path: str, spaces: Spaces, faults: Faults) -> DeclaredSubnet | None:
    if not isinstance(value, Mapping):
        faults.add(path, "", f"{shown(value)} is not a mapping such as {{prefix: 192.0.2.0/24}}")
        return None
    _not_in_this_version(value, "ddns", path, faults)
    own = {key: part for key, part in value.items() if key not in _LISTS and key != "ddns"}
    for key in [key for key in own if key not in _SUBNET_KEYS]:
        faults.add(path, str(key), unknown_key(str(key), (*_SUBNET_KEYS, *_LISTS)))
        del own[key]
    entry = faults.model(path, SubnetSettings, own)
    pools = list(_pools(value, path, faults))
    assignments = [
        DeclaredAssignment(number, assignment)
        for number, item in _listed(value, "assignments", path, faults)
        if (assignment := faults.model(f"{path}.assignments[{number}]", AssignmentEntry, item))
    ]
    if entry is None:
        return None
    family = entry.family
    _only_of_family(value, family, path, faults)
    subnet = DeclaredSubnet(
        path,
        entry,
        encoded(spaces[family], entry.options, faults, path, "options"),
        tuple(_with_payloads(pool, family, spaces, faults) for pool in pools),
        tuple(assignments),
        sends(spaces[family], entry.always_send, entry.never_send, entry.options, faults, path),
        everywhere.key_expression(entry.assignment_key, spaces[4], faults, path),
    )
    for one in assignments:
        _check_options(one.entry, spaces[family], subnet.place(one), faults)
    return subnet


def _pools(value: Mapping[Any, Any], subnet: str, faults: Faults) -> Iterator[DeclaredPool]:
    models: tuple[tuple[str, type[PoolEntry | PrefixPoolEntry]], ...] = (
        ("pools", PoolEntry),
        ("prefix_pools", PrefixPoolEntry),
    )
    for key, model in models:
        for number, item in _listed(value, key, subnet, faults):
            path = f"{subnet}.{key}[{number}]"
            if isinstance(item, Mapping) and "ddns" in item:
                _not_in_this_version(item, "ddns", path, faults)
                item = {name: part for name, part in item.items() if name != "ddns"}
            entry = faults.model(path, model, item)
            if entry is not None:
                yield DeclaredPool(path, entry)


def _with_payloads(pool: DeclaredPool, family: int, spaces: Spaces, faults: Faults) -> DeclaredPool:
    lifetime = pool.entry.lifetime
    if family == 6:
        for key in pool.entry.model_fields_set & ONLY_FAMILY.keys():
            if ONLY_FAMILY[key] == 4 and getattr(pool.entry, key) is not None:
                faults.add(pool.path, key, "is only for IPv4 subnets: take it out")
    if family == 4 and lifetime is not None and lifetime.preferred is not None:
        faults.add(pool.path, "lifetime.preferred", "is only for IPv6 subnets: take it out")
    entry = pool.entry
    if not isinstance(entry, PoolEntry) or not (entry.options or entry.always_send or entry.never_send):
        return pool
    return replace(
        pool,
        payloads=encoded(spaces[family], entry.options, faults, pool.path, "options"),
        sends=sends(spaces[family], entry.always_send, entry.never_send, entry.options, faults, pool.path),
    )


def _only_of_family(value: Mapping[Any, Any], family: int, path: str, faults: Faults) -> None:
    for key, only in ONLY_FAMILY.items():
        if only != family and value.get(key) not in (None, []):
            faults.add(path, key, f"is only for IPv{only} subnets: take it out")
    lifetime = value.get("lifetime")
    if family == 4 and isinstance(lifetime, Mapping) and lifetime.get("preferred") is not None:
        faults.add(path, "lifetime.preferred", "is only for IPv6 subnets: take it out")


def _sound(subnets: list[DeclaredSubnet], faults: Faults) -> Iterator[DeclaredSubnet]:
    """The subnets without the elements that have a fault."""
    bad = faults.elements
    for subnet in subnets:
        if subnet.path not in bad:
            yield replace(
                subnet,
                pools=tuple(pool for pool in subnet.pools if pool.path not in bad),
                assignments=tuple(one for one in subnet.assignments if subnet.place(one) not in bad),
            )
