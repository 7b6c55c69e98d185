"""The definitions of one database, copied into another with their numbers: what is tried is tried on the copy."""

from __future__ import annotations

from dhcpcore.store.database import Database
from dhcpcore.store.schema import metadata

#: Tables that hold the definitions; a copy of them alone is as good as the database for who reads definitions.
_TABLES = ("revision", "head", "subnet", "pool", "assignment", "assignment_address", "definition")
_CHUNK = 5000


def copy_definitions(source: Database, target: Database) -> None:
    """Every revision of the definitions, with its numbers, into a database that has none."""
    with source.reader() as reading, target.writer(durable=False) as writing:
        for name in _TABLES:
            table = metadata.tables[name]
            writing.execute(table.delete())
            found = reading.execution_options(stream_results=True).execute(table.select())
            while rows := found.fetchmany(_CHUNK):
                writing.execute(table.insert(), [row._asdict() for row in rows])
