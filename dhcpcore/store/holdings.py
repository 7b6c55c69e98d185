"""Since when leases have been held, and who ended them: what leasequery tells and the lease row does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dhcpcore.lease.model import Close, Lease, LeaseKey
from dhcpcore.lease.telling import Holding

#: Look-ups of one statement; it is always so many, so that the database knows it already.
KEYS_MAX = 64
#: Intervals of one holding that are looked at: each time that a client came by another circuit, one ended.
INTERVALS_MAX = 8

_KEY = ("space", "kind", "address", "plen", "version")
_SAME = " AND ".join(f"{{0}}.{name} = h.{name}" for name in _KEY[:4])
_ASK = (
    f"SELECT {', '.join(f'h.{name}' for name in _KEY)}, h.opened_at, h.reason, p.version, p.reason FROM history AS h "
    f"LEFT JOIN history AS p ON {_SAME.format('p')} AND p.version = (SELECT MAX(q.version) FROM history AS q "
    f"WHERE {_SAME.format('q')} AND q.version < h.version) "
    f"WHERE ({', '.join(f'h.{name}' for name in _KEY)}) IN (VALUES {', '.join(['(?, ?, ?, ?, ?)'] * KEYS_MAX)})"
)
_Key = tuple[int, int, bytes, int, int]


def of(rows: Iterable[Lease], ask: Callable[[str, Sequence[Any]], list[Any]]) -> dict[LeaseKey, Holding]:
    """The last holding of each of these rows, by its key; none where the history has been pruned."""
    found: dict[LeaseKey, Holding] = {}
    wanted: list[_Key] = [(*row.key, row.opened) for row in rows]
    for _ in range(INTERVALS_MAX):
        following: list[_Key] = []
        for at in range(0, len(wanted), KEYS_MAX):
            keys = wanted[at : at + KEYS_MAX]
            keys += keys[-1:] * (KEYS_MAX - len(keys))
            for *key, _, opened_at, reason, before, ended in ask(_ASK, [value for one in keys for value in one]):
                space, kind, address, plen = key
                name = (space, kind, bytes(address), plen)
                first = found.get(name)
                found[name] = Holding(opened_at, reason if first is None else first.ended_by)
                if ended == Close.RELAY_CHANGED:  # It was the same holding, by another circuit.
                    following.append((*name, before))
        wanted = following
        if not wanted:
            break
    return found
