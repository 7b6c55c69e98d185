"""The backup file: one format for both databases, so that it is also the way from SQLite to PostgreSQL and back.

A gzip stream of lines.  The first is the header (format, schema version, tables with their columns and kinds), then for
each table a line with its name and one line a row, at last the trailer with the numbers of rows and the SHA-256 of all
lines before it.  A file that was cut short has no trailer, and is refused before anything is changed.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from dhcpcore.errors import Refused

FORMAT = "lessor-backup"
FORMAT_VERSION = 1
#: One row is at most a definition's body; anything longer is no backup of ours.
LINE_BYTES_MAX = 64 * 1024 * 1024
#: Level 1 is three times as fast as the default and costs a tenth more space.
_GZIP_LEVEL = 1
KINDS = frozenset({"bytes", "json", "boolean", "integer", "text"})

#: Called with the table at hand, rows done and rows in all.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Header:
    """What a backup says of itself; ``tables`` in the order in which they are loaded, each with (column, kind)."""

    schema: str
    lessor: str
    made_at: int
    database: str
    tables: dict[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Contents:
    """A file that was read to its end and is whole."""

    header: Header
    rows: dict[str, int]


class Writer:
    """Writes lines and sums them up."""

    def __init__(self, target: IO[bytes], header: Header) -> None:
        self.rows = dict.fromkeys(header.tables, 0)
        self._digest = hashlib.sha256()
        self._out = gzip.GzipFile(filename="", mode="wb", compresslevel=_GZIP_LEVEL, fileobj=target,
                                  mtime=header.made_at)
        self._emit([{"format": FORMAT, "format_version": FORMAT_VERSION, "schema": header.schema,
                     "lessor": header.lessor, "made_at": header.made_at, "database": header.database,
                     "tables": header.tables}])

    def table(self, name: str) -> None:
        """Begin a table."""
        self._emit([{"table": name}])

    def add(self, name: str, kinds: tuple[str, ...], rows: Iterable[Iterable[Any]]) -> None:
        """Append rows of the table begun last."""
        packers = tuple(_PACK.get(kind) for kind in kinds)
        lines = [[pack(value) if pack and value is not None else value
                  for pack, value in zip(packers, row, strict=True)] for row in rows]
        self._emit(lines)
        self.rows[name] += len(lines)

    def end(self) -> None:
        """Write the trailer, without which the file is not whole."""
        trailer = {"end": True, "rows": self.rows, "sha256": self._digest.hexdigest()}
        self._out.write(json.dumps(trailer).encode() + b"\n")
        self._out.close()

    def _emit(self, lines: list[Any]) -> None:
        block = b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)
        self._digest.update(block)
        self._out.write(block)


def verify(path: Path, progress: Progress) -> Contents:
    """Read the file to its end and refuse it unless it is whole.  Nothing else is touched."""
    digest, rows, done = hashlib.sha256(), dict[str, int](), 0
    trailer: dict[str, Any] | None = None
    header: Header | None = None
    for line in lines(path):
        if trailer is not None:
            raise _not_whole(path, "something follows its end")
        if header is None:
            header = _header(path, line)
        elif line.startswith(b'{"end"'):
            trailer = _object(path, line)
            continue
        elif line.startswith(b"{"):
            rows[str(_object(path, line).get("table"))] = 0
        else:
            done += 1
            rows[next(reversed(rows), "")] = rows.get(next(reversed(rows), ""), 0) + 1
            if done % 10_000 == 0:
                progress("", done, done)
        digest.update(line)
    if header is None or trailer is None:
        raise _not_whole(path, "its end is missing")
    if trailer.get("sha256") != digest.hexdigest() or trailer.get("rows") != rows or list(rows) != list(header.tables):
        raise _not_whole(path, "its checksum does not fit")
    return Contents(header, rows)


def unpack(line: bytes, kinds: tuple[str, ...]) -> list[Any]:
    """The values of one row's line."""
    unpackers = tuple(_UNPACK.get(kind) for kind in kinds)
    return [change(value) if change and value is not None else value
            for change, value in zip(unpackers, json.loads(line), strict=True)]


_PACK: dict[str, Callable[[Any], Any]] = {"bytes": lambda value: base64.b64encode(value).decode()}
_UNPACK: dict[str, Callable[[Any], Any]] = {"bytes": base64.b64decode}


def lines(path: Path) -> Iterator[bytes]:
    """The lines of a backup, header and trailer included; refused where the stream breaks off."""
    try:
        with gzip.open(path) as source:
            while line := source.readline(LINE_BYTES_MAX):
                if not line.endswith(b"\n"):
                    raise _not_whole(path, "a line has no end")
                yield line
    except FileNotFoundError:
        raise Refused(f"There is no file {path}.") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _not_whole(path, str(error)) from None
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror or error}.") from None


def _object(path: Path, line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        raise _not_whole(path, "a line of it cannot be read") from None
    return value if isinstance(value, dict) else {}


def _header(path: Path, line: bytes) -> Header:
    try:
        first = json.loads(line)
        if first["format"] == FORMAT and first["format_version"] > FORMAT_VERSION:
            raise Refused(f"{path} was made by Lessor {first['lessor']}, whose backups this version cannot read. "
                          "Install that version, or a newer one.")
        shapes = {str(name): tuple((str(c), str(kind)) for c, kind in columns)
                  for name, columns in first["tables"].items()}
        ours = first["format"] == FORMAT and all(
            name.isidentifier() and c.isidentifier() and kind in KINDS
            for name, shape in shapes.items() for c, kind in shape)
        header = Header(str(first["schema"]), str(first["lessor"]), int(first["made_at"]), str(first["database"]),
                        shapes)
    except (ValueError, KeyError, TypeError, AttributeError):
        ours = False
    if not ours:
        raise Refused(f"{path} is no backup of Lessor. Nothing was changed.")
    return header


def _not_whole(path: Path, why: str) -> Refused:
    return Refused(f"{path} is damaged or cut short ({why}). Nothing was changed; use another backup.")
