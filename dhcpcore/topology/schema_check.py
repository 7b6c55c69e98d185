"""The fields of a package's handler type, looked at by the JSON schema that its package left in the catalogue.

As much of JSON Schema as pydantic writes of models: types, enumerations, limits, lengths, patterns, lists, mappings,
``$ref`` and ``anyOf``.  What a schema says beyond that, its package says when the handler is made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dhcpcore.errors import Fault
from dhcpcore.topology.faults import shown, unknown_key

_DEPTH_MAX = 32
_TYPES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "string": (lambda value: isinstance(value, str), "a string: write it in quotes"),
    "integer": (lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number"),
    "number": (lambda value: isinstance(value, int | float) and not isinstance(value, bool), "a number"),
    "boolean": (lambda value: isinstance(value, bool), "true or false"),
    "array": (lambda value: isinstance(value, list), "a list: write it such as [a, b]"),
    "object": (lambda value: isinstance(value, Mapping), "a mapping such as {key: value}"),
    "null": (lambda value: value is None, "null"),
}


def faults_of(schema: Mapping[str, Any], value: object, place: str = "fields") -> list[Fault]:
    """What is wrong with a value, each with its place and what would be right."""
    return list(_faults(schema, value, place, schema.get("$defs", {}), 0))


def _faults(
    schema: Mapping[str, Any], value: object, place: str, known: Mapping[str, Any], depth: int
) -> Iterator[Fault]:
    if depth > _DEPTH_MAX:
        return
    if "$ref" in schema:
        schema = {**known.get(str(schema["$ref"]).rpartition("/")[2], {}), **schema}
    if parts := schema.get("anyOf") or schema.get("oneOf"):
        tried = [list(_faults(part, value, place, known, depth + 1)) for part in parts]
        if all(tried):
            yield from min(tried, key=len)
        return
    if "const" in schema and value != schema["const"]:
        yield Fault(place, f"{shown(value)} is not right: write {schema['const']!r}")
        return
    if "enum" in schema and value not in schema["enum"]:
        yield Fault(place, f"{shown(value)} is not right: write one of {', '.join(map(repr, schema['enum']))}")
        return
    wanted = schema.get("type")
    names = [wanted] if isinstance(wanted, str) else wanted if isinstance(wanted, list) else []
    if names and not any(name in _TYPES and _TYPES[name][0](value) for name in names):
        right = " or ".join(_TYPES[name][1] for name in names if name in _TYPES)
        yield Fault(place, f"{shown(value)} is not {right}")
        return
    if isinstance(value, str):
        yield from _text(schema, value, place)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _number(schema, value, place)
    elif isinstance(value, list):
        yield from _list(schema, value, place, known, depth)
    elif isinstance(value, Mapping):
        yield from _mapping(schema, value, place, known, depth)


def _text(schema: Mapping[str, Any], value: str, place: str) -> Iterator[Fault]:
    low, high = schema.get("minLength", 0), schema.get("maxLength")
    if len(value) < low or (high is not None and len(value) > high):
        yield Fault(place, f"{shown(value)} has {len(value)} characters: {_range(low, high)} are right")
        return
    pattern = schema.get("pattern")
    if pattern is not None and not _matches(str(pattern), value[:4096]):
        yield Fault(place, f"{shown(value)} is not written right: it must match {pattern}")


def _matches(pattern: str, value: str) -> bool:
    """Whether it does; what only the package's own dialect of patterns can say, it says when the handler is made."""
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True


def _number(schema: Mapping[str, Any], value: float, place: str) -> Iterator[Fault]:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if (low is not None and value < low) or (above is not None and value <= above):
        yield Fault(place, f"{shown(value)} is out of range: " + (f"at least {low}" if low is not None
                                                                   else f"more than {above}"))  # fmt: skip
    elif (high is not None and value > high) or (below is not None and value >= below):
        yield Fault(place, f"{shown(value)} is out of range: " + (f"at most {high}" if high is not None
                                                                   else f"less than {below}"))  # fmt: skip


def _list(
    schema: Mapping[str, Any], value: list[Any], place: str, known: Mapping[str, Any], depth: int
) -> Iterator[Fault]:
    low, high = schema.get("minItems", 0), schema.get("maxItems")
    if len(value) < low or (high is not None and len(value) > high):
        yield Fault(place, f"the list has {len(value)} entries: {_range(low, high)} are right")
    items = schema.get("items")
    if not isinstance(items, Mapping):
        return
    for number, item in enumerate(value):
        yield from _faults(items, item, f"{place}[{number}]", known, depth + 1)


def _mapping(
    schema: Mapping[str, Any], value: Mapping[Any, Any], place: str, known: Mapping[str, Any], depth: int
) -> Iterator[Fault]:
    properties = schema.get("properties", {})
    for key in schema.get("required", ()):
        if key not in value:
            yield Fault(f"{place}.{key}", "is missing: this key is needed")
    more = schema.get("additionalProperties", True)
    for key, item in value.items():
        if key in properties:
            yield from _faults(properties[key], item, f"{place}.{key}", known, depth + 1)
        elif more is False:
            yield Fault(f"{place}.{key}", unknown_key(str(key), properties))
        elif isinstance(more, Mapping):
            yield from _faults(more, item, f"{place}.{key}", known, depth + 1)


def _range(low: int, high: int | None) -> str:
    return f"at least {low}" if high is None else f"{low} to {high}"
