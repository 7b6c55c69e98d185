"""Views as plain data: what REST answers and what ``--json`` prints, with the same names and the same times."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_YEAR_10000 = 253_402_300_800


def plain(value: Any) -> Any:
    """Dataclasses as objects, tuples as lists, and fields named ``…_at`` as RFC 3339 times."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _field(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(name): _field(str(name), one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, Path) else value


def time_text(seconds: float) -> str:
    """A time as RFC 3339 in UTC, to the second."""
    if not 0 <= seconds < _YEAR_10000:
        return str(seconds)
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def printable(text: object) -> str:
    """The text with everything escaped that a terminal or a reading direction would act on."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in str(text))


def _field(name: str, value: Any) -> Any:
    if name.endswith("_at") and isinstance(value, int | float) and not isinstance(value, bool):
        return time_text(value)
    return plain(value)
