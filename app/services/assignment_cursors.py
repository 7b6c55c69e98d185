"""Cursors of lists of assignments in another order than that of their ids."""

from __future__ import annotations

from app.services.cursors import packed, strange, unpacked
from dhcpcore.store.assignment_orders import Behind, Order, Value

#: Beyond what any column holds.
_NUMBER_END = 1 << 63
_WITH, _WITHOUT = "v", "n"


def of_behind(place: Behind, sort: str) -> str:
    """Where a list goes on, as text."""
    value = place.value
    text = value.hex() if isinstance(value, bytes) else "" if value is None else str(value)
    return packed(sort, _WITHOUT if value is None else _WITH, str(place.group), str(place.assignment_id), text)


def behind(cursor: str, sort: str, order: Order) -> Behind:
    """Where a list in that order goes on; refused where the cursor is none of such a list."""
    parts = unpacked(cursor, 5)
    if len(parts) != 5 or parts[0] != sort or parts[1] not in {_WITH, _WITHOUT}:
        raise strange()
    try:
        group, number = _number(parts[2]), _number(parts[3])
        value = None if parts[1] == _WITHOUT else _value(parts[4], order)
    except ValueError:
        raise strange() from None
    return Behind(group, value, number)


def _value(text: str, order: Order) -> Value:
    if order.kind is bytes:
        return bytes.fromhex(text)
    return text if order.kind is str else _number(text)


def _number(text: str) -> int:
    number = int(text)
    if not 0 <= number < _NUMBER_END:
        raise ValueError(text)
    return number
