"""Cursors: numbers of lists in the order of their rows' ids, and texts of several parts of all others."""

from __future__ import annotations

import base64
import binascii

from dhcpcore.errors import InvalidValue

_DIGITS_MAX = 18
#: How lists of what was done are sorted: their numbers rise with time.
NEWEST_FIRST, OLDEST_FIRST = "-id", "id"


def to_cursor(number: int | None) -> str | None:
    """Where a list goes on; None at its end."""
    return None if number is None else str(number)


def from_cursor(cursor: str | None) -> int | None:
    """The number of a cursor; refused where it is none."""
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= _DIGITS_MAX):
        raise InvalidValue("cursor is not one that a list gave; ask for the list without it.")
    return int(cursor)


def is_newest_first(sort: str) -> bool:
    """Which way round a record of what was done is read; refused where ``sort`` is neither."""
    if sort not in {NEWEST_FIRST, OLDEST_FIRST}:
        raise InvalidValue(f"sort is {sort}; right is -id for the newest first, or id for the oldest.")
    return sort == NEWEST_FIRST


def packed(*parts: str) -> str:
    """Parts as one text that people and programs hand back; only the last may have dots."""
    return base64.urlsafe_b64encode(".".join(parts).encode()).decode().rstrip("=")


def unpacked(cursor: str, count: int) -> list[str]:
    """The parts of a cursor, at most ``count``; refused where it is none."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error):
        raise strange() from None
    if "\0" in text:
        raise strange()
    return text.split(".", count - 1)


def strange() -> InvalidValue:
    """Of a cursor that is none of the list that it was given to."""
    return InvalidValue("cursor is not one that a list in this order gave; ask for the list without it.")
