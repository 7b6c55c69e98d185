"""The catalogue of handler types: which there are, what each wants to know, and where it comes from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, delete, insert, text

from dhcpcore.errors import Fault
from dhcpcore.store.database import Database
from dhcpcore.store.schema import handler_type
from dhcpcore.topology.declared import Document
from dhcpcore.topology.handler_types import HandlerType, built_in_types
from dhcpcore.topology.schema_check import faults_of

_ALL = text("SELECT name, doc, source, CAST(fields AS TEXT) FROM handler_type ORDER BY name")


def read(connection: Connection) -> dict[str, HandlerType]:
    """Every type by name, the built-in ones first: these are there with no row, too."""
    known = {one.name: one for one in built_in_types()}
    for name, doc, source, fields in connection.execute(_ALL):
        if name not in known:
            try:
                schema = json.loads(fields)
            except (TypeError, ValueError):
                schema = None
            known[name] = HandlerType(name, doc, schema if isinstance(schema, Mapping) else {}, source)
    return known


def write(database: Database, types: Iterable[HandlerType]) -> bool:
    """Make these the catalogue, with the built-in ones; whether that changed anything."""
    wanted = {one.name: one for one in (*types, *built_in_types())}
    with database.reader() as connection:
        rows = {name: (doc, source, fields) for name, doc, source, fields in connection.execute(_ALL)}
    if rows.keys() == wanted.keys() and all(
        (one.doc, one.source, one.schema) == (*rows[name][:2], json.loads(rows[name][2]))
        for name, one in wanted.items()
    ):
        return False
    with database.writer() as connection:
        connection.execute(delete(handler_type))
        connection.execute(insert(handler_type), [
            {"name": one.name, "doc": one.doc, "source": one.source, "fields": dict(one.schema)}
            for one in wanted.values()
        ])  # fmt: skip
    return True


def faults(types: Mapping[str, HandlerType], document: Document) -> list[Fault]:
    """What is wrong with fields of packages' types, by their places in the document; unknown types are kept."""
    return [
        Fault(f"{one.path}.{fault.path}", fault.message)
        for one in document.handlers
        if one.model is None and one.entry.type in types
        for fault in faults_of(types[one.entry.type].schema, one.entry.fields)
    ]
