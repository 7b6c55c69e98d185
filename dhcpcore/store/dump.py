"""Every row of the database into a backup file and back, through SQLAlchemy's types alone: the same on both databases.

Writing reads everything in one read transaction, so the file shows one moment although the engine goes on.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    Table,
    Text,
    column,
    delete,
    func,
    insert,
    select,
    table,
    text,
)
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.sql.expression import TableClause
from sqlalchemy.types import TypeEngine

from dhcpcore.errors import StoreError
from dhcpcore.store.backup_file import Contents, Header, Progress, Writer, lines, unpack
from dhcpcore.store.database import POSTGRESQL, Database
from dhcpcore.store.schema import metadata

_ROWS_A_CHUNK = 2000
_TYPES: dict[str, TypeEngine[Any]] = {
    "bytes": LargeBinary(),
    "json": JSON(none_as_null=True),
    "boolean": Boolean(),
    "integer": BigInteger(),
    "text": Text(),
}


def tables(without: Iterable[str] = ()) -> list[Table]:
    """What a backup holds: every table but those named in ``without``."""
    return [found for found in metadata.sorted_tables if found.name not in set(without)]


def write(connection: Connection, header: Header, target: IO[bytes], progress: Progress) -> dict[str, int]:
    """Write the tables of ``header`` as one read transaction sees them; tells the number of rows of each."""
    known = {found.name: found for found in metadata.sorted_tables}
    total = sum(connection.execute(select(func.count()).select_from(known[name])).scalar_one()
                for name in header.tables)
    writer, done = Writer(target, header), 0
    for name, columns in header.tables.items():
        writer.table(name)
        source, kinds = known[name], tuple(kind for _, kind in columns)
        query = select(*(source.c[column_name] for column_name, _ in columns)).order_by(*source.primary_key.columns)
        result = connection.execution_options(yield_per=_ROWS_A_CHUNK).execute(query)
        for chunk in result.partitions():
            writer.add(name, kinds, chunk)
            done += len(chunk)
            progress(name, done, max(total, done))
    writer.end()
    return writer.rows


def header_for(schema: str, lessor: str, made_at: int, database: Database, without: Iterable[str] = ()) -> Header:
    """The header of a backup made now."""
    shapes = {found.name: tuple((c.name, _kind(c)) for c in found.columns) for found in tables(without)}
    return Header(schema, lessor, made_at, database.dialect, shapes)


def load(connection: Connection, path: Path, contents: Contents, progress: Progress) -> None:
    """Put every row of a verified file into empty tables, within the caller's transaction."""
    done, total = 0, sum(contents.rows.values())
    names, shapes = iter(contents.rows), contents.header.tables
    target: TableClause | None = None
    kinds: tuple[str, ...] = ()
    for is_rows, group in itertools.groupby(lines(path), key=lambda line: line.startswith(b"[")):
        if not is_rows:
            # The header, the trailer, and the names of tables; those of empty tables follow each other.
            for line in group:
                if line.startswith(b'{"table"'):
                    name = next(names)
                    kinds = tuple(kind for _, kind in shapes[name])
                    target = table(name, *(column(c, _TYPES[kind]) for c, kind in shapes[name]))
            continue
        assert target is not None
        columns = [c for c, _ in shapes[target.name]]
        while chunk := list(itertools.islice(group, _ROWS_A_CHUNK)):
            values = [dict(zip(columns, unpack(line, kinds), strict=True)) for line in chunk]
            try:
                connection.execute(insert(target), values)
            except (DataError, IntegrityError) as error:
                raise StoreError(f"A row of {target.name} cannot be stored in this database: {error.orig}. "
                                 "Nothing was changed.") from error
            done += len(chunk)
            progress(target.name, done, total)


def clear(connection: Connection) -> None:
    """Empty every table, children first, within the caller's transaction."""
    for found in reversed(metadata.sorted_tables):
        connection.execute(delete(found))


def filled_tables(connection: Connection) -> list[str]:
    """The tables that hold anything; the row that the first migration puts into ``head`` does not count."""
    found = []
    for candidate in metadata.sorted_tables:
        query = select(candidate).limit(1)
        if candidate.name == "head":
            query = query.where(candidate.c.revision > 0)
        if connection.execute(query).first() is not None:
            found.append(candidate.name)
    return found


def after_load(connection: Connection, dialect: str) -> None:
    """What a restored database must not inherit: requests that wait, sessions, number sequences that begin at one."""
    request = metadata.tables["request"]
    connection.execute(delete(request).where(request.c.done_at.is_(None)))
    # Who was logged in when the backup was made is not logged in now, and old mistakes are forgotten.
    for ended in ("session", "login_failure"):
        connection.execute(delete(metadata.tables[ended]))
    if dialect != POSTGRESQL:
        return
    for found in metadata.sorted_tables:
        if found.autoincrement_column is not None and "id" in found.c:
            connection.execute(text(
                f"SELECT setval(pg_get_serial_sequence('{found.name}', 'id'), "
                f"coalesce((SELECT max(id) FROM {found.name}), 0) + 1, false)"))


def _kind(found: Column[Any]) -> str:
    for name, kind in (("bytes", LargeBinary), ("json", JSON), ("boolean", Boolean), ("integer", Integer)):
        if isinstance(found.type, kind):
            return name
    return "text"


