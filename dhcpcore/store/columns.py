"""Definitions as columns of their tables, and back to the document's form: pure, the same for both databases.

A column holds what is searched or compared; ``body`` holds the rest in the document's canonical form.  The values here
have neither id nor revision, so two of them are equal when nothing of the definition differs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from dhcpcore.errors import InvalidValue
from dhcpcore.lease.model import KIND_ADDRESS4, KIND_ADDRESS6, KIND_PREFIX6, Identifier, LeaseKey
from dhcpcore.topology.declared import DeclaredHandler, DeclaredPool, DeclaredSubnet, canonical_assignment, order
from dhcpcore.topology.document import IDENTIFIERS, AssignmentEntry, ClassEntry, SharedNetworkEntry, document_of
from dhcpcore.topology.entries import Entry
from dhcpcore.topology.fields import format_agent_id
from dhcpcore.topology.spans import last_of
from dhcpcore.wire.addresses import (
    format_address,
    format_duid,
    format_hardware,
    format_prefix,
    parse_address,
    parse_prefix,
)

Body = Mapping[str, Any]


class SubnetColumns(NamedTuple):
    """A row of ``subnet``.  The name of a subnet without one is its prefix."""

    space: int
    family: int
    prefix: bytes
    plen: int
    name: str
    body: Body


class PoolColumns(NamedTuple):
    """A row of ``pool``."""

    kind: int
    first: bytes
    last: bytes
    plen: int
    body: Body


class AssignmentColumns(NamedTuple):
    """A row of ``assignment`` with its rows of ``assignment_address``, in order.

    A disabled assignment has no such rows: its addresses are in the body, so that no look-up can meet them.
    """

    identifier_kind: int
    identifier: bytes
    hostname: str
    enabled: bool
    body: Body
    addresses: tuple[LeaseKey, ...]


class DefinitionColumns(NamedTuple):
    """A row of ``definition``: globals, one option definition, one shared network, one class, or one handler."""

    kind: str
    name: str
    body: Body


GLOBALS = "globals"
OPTION_DEFINITION = "option_definition"
SHARED_NETWORK = "shared_network"
#: Parts of the document that are one row each, by their key, which is the row's kind.
SECTIONS = ("leasequery",)
CLASS = "class"
HANDLER = "handler"


def of_globals(entry: Entry) -> DefinitionColumns | None:
    """The row of ``globals``; none where every value is the default."""
    return of_section(GLOBALS, entry)


def of_section(kind: str, entry: Entry) -> DefinitionColumns | None:
    """The row of a part of the document that is there once; none where every value is the default."""
    body = document_of(entry)
    return DefinitionColumns(kind, "", body) if body else None


def of_option_definition(body: Body) -> DefinitionColumns:
    """The row of an option definition, named by what makes it unique."""
    family = f"/{body['family']}" if body.get("family") is not None else ""
    return DefinitionColumns(OPTION_DEFINITION, f"{body['space']}/{body['name']}{family}", dict(body))


def of_shared_network(entry: SharedNetworkEntry) -> DefinitionColumns:
    """The row of a shared network."""
    return DefinitionColumns(SHARED_NETWORK, entry.name, document_of(entry))


def of_class(entry: ClassEntry) -> DefinitionColumns:
    """The row of a class."""
    return DefinitionColumns(CLASS, entry.name, document_of(entry))


def of_handler(one: DeclaredHandler) -> DefinitionColumns:
    """The row of a handler."""
    return DefinitionColumns(HANDLER, one.name, one.canonical())


def of_subnet(subnet: DeclaredSubnet) -> SubnetColumns:
    entry = subnet.entry
    body = {key: value for key, value in document_of(entry).items() if key not in {"prefix", "name", "space"}}
    return SubnetColumns(entry.space, entry.family, *entry.prefix, subnet.name, body)


def of_pool(pool: DeclaredPool) -> PoolColumns:
    columns = {"first", "last", "prefix", "delegated_length"}
    body = {key: value for key, value in document_of(pool.entry).items() if key not in columns}
    return PoolColumns(pool.kind, pool.entry.first, pool.entry.last, pool.plen, body)


def of_assignment(entry: AssignmentEntry, space: int) -> AssignmentColumns:
    _key, kind, octets = entry.identifier
    form = canonical_assignment(entry)
    body: dict[str, Any] = {key: form[key] for key in form if key not in _COLUMNS}
    addresses: list[LeaseKey] = []
    if entry.enabled:
        for address in entry.all_addresses:
            size = len(address) * 8
            addresses.append((space, KIND_ADDRESS4 if size == 32 else KIND_ADDRESS6, address, size))
        addresses += [(space, KIND_PREFIX6, *prefix) for prefix in entry.prefixes]
    else:
        body = {**{key: form[key] for key in ("address", "addresses", "prefixes") if key in form}, **body}
    return AssignmentColumns(int(kind), octets, entry.hostname or "", entry.enabled, body, tuple(addresses))


def subnet_form(columns: SubnetColumns) -> dict[str, Any]:
    """The subnet in the document, without its lists."""
    prefix = format_prefix(columns.prefix, columns.plen)
    form: dict[str, Any] = {"prefix": prefix}
    if columns.name != prefix:
        form["name"] = columns.name
    if columns.space:
        form["space"] = columns.space
    return {**form, **columns.body}


def pool_form(columns: PoolColumns) -> dict[str, Any]:
    """The pool in the document: ``first`` and ``last``, or ``prefix`` and ``delegated_length``."""
    if columns.kind != KIND_PREFIX6:
        return {"first": format_address(columns.first), "last": format_address(columns.last), **columns.body}
    end = int.from_bytes(last_of(columns.last, columns.plen), "big")
    plen = 128 - (end ^ int.from_bytes(columns.first, "big")).bit_length()
    return {"prefix": format_prefix(columns.first, plen), "delegated_length": columns.plen, **columns.body}


#: Keys of an assignment that are columns; its addresses are so while it is enabled.
_COLUMNS = {"address", "addresses", "prefixes", "hostname", "enabled", *(key for key, _kind, _families in IDENTIFIERS)}
_KEYS = {int(kind): key for key, kind, _families in IDENTIFIERS}


def pool_called(form: Mapping[str, Any]) -> tuple[str, str]:
    """The kind of a pool, and what people call it within its subnet."""
    if "prefix" in form:
        return "prefix pool", str(form["prefix"])
    return "pool", f"{form.get('first', '?')} - {form.get('last', '?')}"


def assignment_called(form: Mapping[str, Any]) -> str:
    """What people call an assignment within its subnet: by what its client is known."""
    key, who = next(iter(form.items()))
    return f"{key} {who}"


def assignment_form(columns: AssignmentColumns) -> dict[str, Any]:
    """The assignment in the document."""
    form: dict[str, Any] = {_KEYS[columns.identifier_kind]: identifier_form(columns)}
    body = dict(columns.body)
    kept: dict[str, Any] = {key: body.pop(key) for key in ("address", "addresses", "prefixes") if key in body}
    options = body.pop("options", None)
    if columns.enabled:
        addresses = [format_address(address) for _, kind, address, _ in columns.addresses if kind != KIND_PREFIX6]
        prefixes = [format_prefix(*key[2:]) for key in columns.addresses if key[1] == KIND_PREFIX6]
        if len(addresses) == 1 and columns.addresses[0][1] == KIND_ADDRESS4:
            form["address"] = addresses[0]
        elif addresses:
            form["addresses"] = addresses
        if prefixes:
            form["prefixes"] = prefixes
    else:
        form |= kept
    if columns.hostname:
        form["hostname"] = columns.hostname
    form |= {"options": options} if options else {}
    if not columns.enabled:
        form["enabled"] = False
    return form | body


def identifier_form(columns: AssignmentColumns) -> Any:
    """What names the client, as the document writes it."""
    octets = columns.identifier
    match columns.identifier_kind:
        case Identifier.HW_ADDRESS:
            return format_hardware(octets[1:])
        case Identifier.DUID:
            return format_duid(octets)
        case Identifier.CLIENT_ID:
            return format_hardware(octets)
        case _:
            return format_agent_id(octets)


def assignment_order(columns: AssignmentColumns) -> tuple[object, ...]:
    """What a subnet's assignments are sorted by in an export, the same as ``declared.order_of`` of its form."""
    if columns.enabled:
        addresses = [key[2] for key in columns.addresses if key[1] != KIND_PREFIX6]
        prefixes = [key[2:] for key in columns.addresses if key[1] == KIND_PREFIX6]
    else:
        body = columns.body
        written = [body["address"]] if "address" in body else body.get("addresses", [])
        addresses = [parse_address(text) for text in written]
        prefixes = [parse_prefix(text) for text in body.get("prefixes", [])]
    return order(addresses, prefixes, columns.identifier_kind, columns.identifier)


def packed(body: Body) -> str:
    """A body as the text of its column."""
    return json.dumps(body, separators=(",", ":"))


def unpacked(text: Any) -> Body:
    """A body from the text of its column; ``InvalidValue`` where somebody wrote into it what is none."""
    if not isinstance(text, str):
        raise InvalidValue(f"body: {text!r} is not text")
    try:
        body = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InvalidValue(f"body: is no JSON: {error}") from None
    if not isinstance(body, dict):
        raise InvalidValue("body: is not a JSON object")
    return body
