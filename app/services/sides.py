"""A thing before and after a change, key by key, for people: what is nested has its keys with dots between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.services.changes import Difference, differences

#: Nobody compares more than that with their eyes; the document has them all.
KEYS_MAX = 100


def sides(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[Difference, ...]:
    """Each key that is another, with both values; of what came or went, every key with one."""
    return differences(dict(_flat(before or {})), dict(_flat(after or {})))[:KEYS_MAX]


def _flat(form: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in form.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{above}{key}.")
        elif isinstance(value, list) and all(isinstance(one, str | int) for one in value):
            yield f"{above}{key}", ", ".join(map(str, value))
        else:
            yield f"{above}{key}", value
