"""A document that was read: every element a value, with its place in the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from dhcpcore.topology.document import (
    VERSION,
    AssignmentEntry,
    ClassEntry,
    GlobalsEntry,
    PoolEntry,
    PrefixPoolEntry,
    SharedNetworkEntry,
    SubnetSettings,
    document_of,
)
from dhcpcore.topology.entries import Entry
from dhcpcore.topology.expressions.compiler import Expression
from dhcpcore.topology.handler_entry import HandlerEntry
from dhcpcore.topology.kinds import KIND_ADDRESS4, KIND_ADDRESS6, KIND_PREFIX6
from dhcpcore.topology.leasequery_entry import LeasequeryEntry
from dhcpcore.topology.spaces import BUILT_IN, NO_SENDS, Payloads, Sends, Spaces
from dhcpcore.wire.addresses import format_prefix

_NONE: Payloads = MappingProxyType({})
_NO_PAYLOADS: Mapping[int, Payloads] = MappingProxyType({4: _NONE, 6: _NONE})
_NONE_SENT: Mapping[int, Sends] = MappingProxyType({4: NO_SENDS, 6: NO_SENDS})


@dataclass(frozen=True, slots=True)
class DeclaredPool:
    """A pool of addresses or of prefixes."""

    path: str
    entry: PoolEntry | PrefixPoolEntry
    payloads: Payloads = field(default_factory=lambda: _NONE)
    sends: Sends = NO_SENDS

    @property
    def kind(self) -> int:
        """A ``lease.model.KIND_*``."""
        if isinstance(self.entry, PrefixPoolEntry):
            return KIND_PREFIX6
        return KIND_ADDRESS4 if len(self.entry.first) == 4 else KIND_ADDRESS6

    @property
    def plen(self) -> int:
        """32, 128, or the delegated length."""
        entry = self.entry
        return entry.delegated_length if isinstance(entry, PrefixPoolEntry) else len(entry.first) * 8


class DeclaredAssignment(NamedTuple):
    """An assignment with its number in its subnet's list, or in that of those which are of no subnet."""

    number: int
    entry: AssignmentEntry


@dataclass(frozen=True, slots=True)
class DeclaredSubnet:
    """A subnet with what belongs to it."""

    path: str
    entry: SubnetSettings
    payloads: Payloads = field(default_factory=lambda: _NONE)
    pools: tuple[DeclaredPool, ...] = ()
    assignments: tuple[DeclaredAssignment, ...] = ()
    sends: Sends = NO_SENDS
    assignment_key: Expression | None = None

    @property
    def name(self) -> str:
        """Its name, or its prefix as text."""
        return self.entry.name or format_prefix(*self.entry.prefix)

    def place(self, assignment: DeclaredAssignment) -> str:
        """The path of one of its assignments."""
        return f"{self.path}.assignments[{assignment.number}]"


@dataclass(frozen=True, slots=True)
class DeclaredNetwork:
    """A shared network, with what it says of options by family."""

    path: str
    entry: SharedNetworkEntry
    payloads: Mapping[int, Payloads] = field(default_factory=lambda: _NO_PAYLOADS)
    sends: Mapping[int, Sends] = field(default_factory=lambda: _NONE_SENT)


@dataclass(frozen=True, slots=True)
class DeclaredClass:
    """A class with its expression read (None: it has none), and with what it says of options by family."""

    path: str
    entry: ClassEntry
    expression: Expression | None = None
    payloads: Mapping[int, Payloads] = field(default_factory=lambda: _NO_PAYLOADS)
    sends: Mapping[int, Sends] = field(default_factory=lambda: _NONE_SENT)

    @property
    def members(self) -> Mapping[str, int]:
        """The classes that its expression asks for, and where in its text."""
        return {} if self.expression is None else self.expression.members


@dataclass(frozen=True, slots=True)
class DeclaredHandler:
    """A handler, named; ``model`` are its fields where its type is built in, ``payloads`` what they say of options."""

    path: str
    entry: HandlerEntry
    model: Entry | None = None
    payloads: Mapping[int, Payloads] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its own, or the one that it was given."""
        return self.entry.name or self.entry.type

    def canonical(self) -> dict[str, Any]:
        """The handler in canonical form; fields of a package's type stay as they were written."""
        made = document_of(self.entry)
        if self.model is not None and (fields := document_of(self.model)):
            made["fields"] = fields
        return made


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document, valid when ``validate`` returned it."""

    globals: GlobalsEntry = field(default_factory=GlobalsEntry)
    payloads: Mapping[int, Payloads] = field(default_factory=lambda: _NO_PAYLOADS)
    option_definitions: tuple[Mapping[str, Any], ...] = ()
    spaces: Spaces = field(default_factory=lambda: BUILT_IN)
    subnets: tuple[DeclaredSubnet, ...] = ()
    sends: Mapping[int, Sends] = field(default_factory=lambda: _NONE_SENT)
    shared_networks: tuple[DeclaredNetwork, ...] = ()
    leasequery: LeasequeryEntry = field(default_factory=LeasequeryEntry)
    classes: tuple[DeclaredClass, ...] = ()
    assignments: tuple[DeclaredAssignment, ...] = ()  #: Those that are of no subnet: they count wherever they appear.
    assignment_key: Expression | None = None
    handlers: tuple[DeclaredHandler, ...] = ()

    def canonical(self) -> dict[str, Any]:
        """The document in its one canonical form: the same for every spelling of the same definitions."""
        made: dict[str, Any] = {"version": VERSION}
        globals_ = document_of(self.globals)
        if globals_:
            made["globals"] = globals_
        if self.option_definitions:
            made["option_definitions"] = [dict(definition) for definition in self.option_definitions]
        if self.shared_networks:
            made["shared_networks"] = [document_of(network.entry) for network in self.shared_networks]
        if self.classes:
            made["classes"] = [document_of(one.entry) for one in self.classes]
        made["subnets"] = [canonical_subnet(subnet) for subnet in self.subnets]
        if self.assignments:
            made["assignments"] = canonical_assignments(self.assignments)
        if leasequery := document_of(self.leasequery):
            made["leasequery"] = leasequery
        if self.handlers:
            made["handlers"] = [one.canonical() for one in self.handlers]
        return made


def canonical_subnet(subnet: DeclaredSubnet) -> dict[str, Any]:
    """A subnet in canonical form; its assignments by address, as they have no order of their own."""
    made = document_of(subnet.entry)
    if made.get("name") == made["prefix"]:
        del made["name"]
    pools = [document_of(pool.entry) for pool in subnet.pools if pool.kind != KIND_PREFIX6]
    prefix_pools = [document_of(pool.entry) for pool in subnet.pools if pool.kind == KIND_PREFIX6]
    assignments = canonical_assignments(subnet.assignments)
    for key, listed in (("pools", pools), ("prefix_pools", prefix_pools), ("assignments", assignments)):
        if listed:
            made[key] = listed
    return made


def canonical_assignments(listed: Sequence[DeclaredAssignment]) -> list[dict[str, Any]]:
    """Assignments in canonical form, by address."""
    return [canonical_assignment(one.entry) for one in sorted(listed, key=lambda one: order_of(one.entry))]


def canonical_assignment(entry: AssignmentEntry) -> dict[str, Any]:
    """An assignment in canonical form: one IPv4 address as ``address``, IPv6 ones as ``addresses``."""
    made = document_of(entry)
    if entry.address is not None and len(entry.address) == 16:
        made = {("addresses" if key == "address" else key): value for key, value in made.items()}
        made["addresses"] = [made["addresses"]]
    elif len(entry.addresses) == 1 and len(entry.addresses[0]) == 4:
        made = {("address" if key == "addresses" else key): value for key, value in made.items()}
        made["address"] = made["address"][0]
    return made


def order_of(entry: AssignmentEntry) -> tuple[object, ...]:
    """What assignments of a subnet are sorted by."""
    _key, kind, octets = entry.identifier
    return order(entry.all_addresses, entry.prefixes, kind, octets)


def order(
    addresses: Sequence[bytes], prefixes: Sequence[tuple[bytes, int]], kind: int, octets: bytes
) -> tuple[object, ...]:
    """By address, then prefix, then identifier; those that have neither address nor prefix come last."""
    return (not addresses and not prefixes, list(addresses), list(prefixes), int(kind), octets)
