"""Lease rows on their way from the database's driver and back to it: plain values, for every batch passes here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from dhcpcore.lease.model import NEVER, Change, Lease, LeaseKey, State
from dhcpcore.lease.transitions import is_renewal

#: The version that a row is read with that makes no sense; no real one has it, so nobody can write over the row.
_UNSOUND = 0


def leases(rows: Iterable[tuple[Any, ...]]) -> list[Lease]:
    """The rows of a database that keeps types."""
    return [tuple.__new__(Lease, row) for row in rows]


def sound_leases(rows: Iterable[tuple[Any, ...]]) -> list[Lease]:
    """The rows of SQLite, which keeps a text in a column of numbers: what makes no sense is declined for ever."""
    made = []
    for row in rows:
        space, kind, address, plen, client, hw, state, expires, cltt, subnet, version, opened, _, relay, agent = row
        try:
            state | expires | cltt | subnet | version | opened
            b"".join((address, client, hw, relay, agent))
        except TypeError:
            made.append(Lease(
                space, kind, address, plen, client, b"", State.DECLINED, NEVER, 0, 0, _UNSOUND, 0, "", b"", b""
            ))  # fmt: skip
        else:
            made.append(tuple.__new__(Lease, row))
    return made


def grouped(keys: Iterable[LeaseKey]) -> dict[tuple[int, int, int], list[bytes]]:
    """The addresses by space, kind and length."""
    groups: dict[tuple[int, int, int], list[bytes]] = {}
    for space, kind, address, plen in keys:
        groups.setdefault((space, kind, plen), []).append(address)
    return groups


class Parted(NamedTuple):
    """Changes by the statement that stores them; each row is its parameters."""

    inserts: list[Lease]
    renewals: list[tuple[Any, ...]]  #: End, cltt, version; the key; the version before.
    updates: list[tuple[Any, ...]]  #: All but the key; the key; the version before.
    closes: list[tuple[Any, ...]]  #: When, why; the key; the version that opened it.
    opens: list[tuple[Any, ...]]  #: The columns of a history row.


def parted(changes: Sequence[Change]) -> Parted:
    """What is new, what is renewed, what else changes, and whose history begins or ends."""
    inserts: list[Lease] = []
    renewals: list[tuple[Any, ...]] = []
    updates: list[tuple[Any, ...]] = []
    opens: list[tuple[Any, ...]] = []
    closes: list[tuple[Any, ...]] = []
    for change in changes:
        before, after, begins, closing = change
        if before is None:
            inserts.append(after)
        elif is_renewal(change):
            space, kind, address, plen, _, _, _, expires, cltt, _, version, _, _, _, _ = after
            renewals.append((expires, cltt, version, space, kind, address, plen, before.version))
        else:
            updates.append((*after[4:], *after[:4], before.version))
        if begins:
            space, kind, address, plen, client, hw, _, _, cltt, subnet, _, opened, hostname, relay, agent = after
            opens.append((space, kind, address, plen, opened, client, hw, subnet, hostname, relay, agent, cltt))
        if closing is not None:
            closes.append((closing.at, closing.reason, *after[:4], closing.opened))
    return Parted(inserts, renewals, updates, closes, opens)


class Renewals(NamedTuple):
    """Renewals of one space, kind and length by clients that were heard in the same second."""

    space: int
    kind: int
    plen: int
    addresses: list[bytes]
    befores: list[int]  #: The versions that are renewed.
    ends: list[int]
    cltt: int


def renewals(changes: Sequence[Change]) -> Renewals | None:
    """The changes as ``Renewals``, if that says all that they say."""
    space, kind, _, plen = changes[0].after[:4]
    cltt = changes[0].after.cltt
    addresses, befores, ends = [], [], []
    for change in changes:
        before, after, _, _ = change
        if (
            before is None
            or not is_renewal(change)
            or after.cltt != cltt
            or (after.space, after.kind, after.plen) != (space, kind, plen)
        ):
            return None
        addresses.append(after.address)
        befores.append(before.version)
        ends.append(after.expires)
    return Renewals(space, kind, plen, addresses, befores, ends, cltt)


def shown(row: Lease) -> dict[str, Any]:
    """A row as JSON can hold it."""
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in row._asdict().items()}
