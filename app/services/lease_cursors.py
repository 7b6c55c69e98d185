"""Cursors of lists of leases: where the next page begins, as text for people and programs to hand back."""

from __future__ import annotations

from collections.abc import Sequence

from app.services.cursors import packed, strange, unpacked
from dhcpcore.lease.model import LeaseKey
from dhcpcore.store.lease_orders import Behind, Order, Value
from dhcpcore.store.queries import Found

_BY_CLIENT, _BY_ROWS = "c", "r"
#: Of the last, which may be a name, the dots are its own.
_PARTS = 6
#: Beyond what any column holds.
_NUMBER_END = 1 << 63


def of_found(found: Found) -> str:
    """The cursor of a list in the order of the addresses."""
    key = () if found.key is None else _key(found.key)
    return packed(_BY_CLIENT if found.by_client else _BY_ROWS, *key)


def found(cursor: str) -> Found:
    """Where a list in the order of the addresses goes on; refused where the cursor is none of such a list."""
    phase, *parts = unpacked(cursor, _PARTS)
    if phase not in {_BY_CLIENT, _BY_ROWS}:
        raise strange()
    return Found(_read_key(parts) if parts else None, by_client=phase == _BY_CLIENT)


def of_behind(behind: Behind, sort: str) -> str:
    """The cursor of a list in another order."""
    value = behind.value
    return packed(sort, *_key(behind.key), value.hex() if isinstance(value, bytes) else str(value))


def behind(cursor: str, sort: str, order: Order) -> Behind:
    """Where a list in that order goes on; refused where the cursor is none of such a list."""
    name, *parts = unpacked(cursor, _PARTS)
    if name != sort or len(parts) != 5:
        raise strange()
    try:
        value = _value(parts[4], order)
    except ValueError:
        raise strange() from None
    return Behind(value, _read_key(parts[:4]))


def _value(text: str, order: Order) -> Value:
    if order.kind is bytes:
        return bytes.fromhex(text)
    if order.kind is str:
        return text
    number = int(text)
    if not 0 <= number < _NUMBER_END:
        raise ValueError(text)
    return number


def _key(key: LeaseKey) -> tuple[str, ...]:
    return str(key[0]), str(key[1]), key[2].hex(), str(key[3])


def _read_key(parts: Sequence[str]) -> LeaseKey:
    try:
        space, kind, address, plen = parts
        key = (int(space), int(kind), bytes.fromhex(address), int(plen))
    except ValueError:
        raise strange() from None
    if not (0 <= key[0] < 1 << 31 and 0 <= key[1] <= 8 and len(key[2]) in {4, 16} and 0 <= key[3] <= 128):
        raise strange()
    return key
