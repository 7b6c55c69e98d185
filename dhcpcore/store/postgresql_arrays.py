"""Columns as PostgreSQL arrays, packed whole: psycopg's own lists cost a call a value, in text a regular expression.

The binary form is PostgreSQL's ``array_recv``: dimensions, flag for nulls, the element's oid, then for the dimension
its length and lower bound, and each element behind its length.  No column of the lease table is null.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any, ClassVar

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEAD = struct.Struct(">5I")
_EMPTY = struct.Struct(">3I")
_length = struct.Struct(">I").pack
#: Lengths of nearly all octet strings of a lease, packed once.
_LENGTHS = tuple(map(_length, range(512)))


class Array(bytes):
    """An array's binary form; its class tells the type."""

    __slots__ = ()
    oid: ClassVar[int]


class _ArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Array) -> Array:
        return obj


@cache
def _class(array_oid: int) -> type[Array]:
    return type(f"Array{array_oid}", (Array,), {"__slots__": (), "oid": array_oid})


@lru_cache(1024)
def _numbers(code: str, count: int) -> struct.Struct:
    return struct.Struct(f">{('I' + code) * count}")


def _packed(array: type[Array], oid: int, count: int, elements: bytes) -> Array:
    # One dimension (lower bound 1), or none where there is no element.
    return array((_HEAD.pack(1, 0, oid, count, 1) if count else _EMPTY.pack(0, 0, oid)) + elements)


def _of_numbers(code: str, size: int, oid: int, array: type[Array]) -> Callable[[Sequence[Any]], Array]:
    def pack(values: Sequence[Any]) -> Array:
        count = len(values)
        flat: list[Any] = [size] * (2 * count)
        flat[1::2] = values
        try:
            return _packed(array, oid, count, _numbers(code, count).pack(*flat))
        except struct.error as error:
            raise psycopg.DataError(f"a number does not fit its column of {size} octets: {error}") from error

    return pack


def _of_octets(oid: int, array: type[Array]) -> Callable[[Sequence[bytes]], Array]:
    def pack(values: Sequence[bytes]) -> Array:
        count = len(values)
        flat = [b""] * (2 * count)
        flat[::2] = [_LENGTHS[size] if size < 512 else _length(size) for size in map(len, values)]
        flat[1::2] = values
        return _packed(array, oid, count, b"".join(flat))

    return pack


def _of_texts(oid: int, array: type[Array]) -> Callable[[Sequence[str]], Array]:
    octets = _of_octets(oid, array)

    def pack(values: Sequence[str]) -> Array:
        try:
            return octets([value.encode() for value in values])
        except UnicodeEncodeError as error:
            raise psycopg.DataError(f"a text has no form in UTF-8: {error}") from error

    return pack


#: From the name of an element's type to what packs a sequence of them.  Oids: PostgreSQL's pg_type.dat.
PACK: dict[str, Callable[[Sequence[Any]], Array]] = {
    "bool": _of_numbers("?", 1, 16, _class(1000)),
    "int2": _of_numbers("h", 2, 21, _class(1005)),
    "int4": _of_numbers("i", 4, 23, _class(1007)),
    "int8": _of_numbers("q", 8, 20, _class(1016)),
    "bytea": _of_octets(17, _class(1001)),
    "text": _of_texts(25, _class(1009)),
}


def register(connection: psycopg.Connection[Any]) -> None:
    """Teach a connection what an ``Array`` is."""
    for oid in (1000, 1001, 1005, 1007, 1009, 1016):
        array = _class(oid)
        dumper = type(f"{array.__name__}Dumper", (_ArrayDumper,), {"oid": oid})
        connection.adapters.register_dumper(array, dumper)
