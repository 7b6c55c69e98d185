"""Cursors that are numbers: of lists in the order of their rows' ids."""

from __future__ import annotations

from dhcpcore.errors import InvalidValue

_DIGITS_MAX = 18


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
