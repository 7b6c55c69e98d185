"""Which limited classes a lease counts for: rows beside the leases, written in the transaction that counts.

Each row names the holding that it is of (``lease.opened``), so that it counts for nothing once that has ended, whoever
ended it.  An installation without limits of classes has no such row, and none of this is run for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from dhcpcore.lease.facts import Facts
from dhcpcore.lease.model import Change, Lease, LeaseKey, State
from dhcpcore.topology.classes import ClassLimit
from dhcpcore.topology.kinds import KIND_ADDRESS4, KIND_ADDRESS6
from dhcpcore.topology.snapshot import Snapshot, Subnet

#: Class and the subnet's number; 0: in all subnets.
ClassKey = tuple[str, int]
#: Keys or names of one statement.
_KEYS_MAX = 256

_OF_KEY = "space = ? AND kind = ? AND address = ? AND plen = ?"
_VALID = (
    "FROM lease_class c JOIN lease l ON l.space = c.space AND l.kind = c.kind AND l.address = c.address "
    f"AND l.plen = c.plen AND l.opened = c.opened WHERE c.class = ? AND l.state = {int(State.LEASED)}"
)
_ENDED = (
    "DELETE FROM lease_class WHERE NOT EXISTS (SELECT 1 FROM lease l WHERE l.space = lease_class.space "
    "AND l.kind = lease_class.kind AND l.address = lease_class.address AND l.plen = lease_class.plen "
    f"AND l.opened = lease_class.opened AND l.state = {int(State.LEASED)})"
)


class Asking(Protocol):
    """What answers statements; ``?`` marks their parameters."""

    def ask(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """The rows; none of a statement that has no rows."""
        ...


class ClassLimits:
    """The limits of classes of a revision."""

    def __init__(self, snapshot: Snapshot) -> None:
        classes = snapshot.classes
        limits = () if classes is None else tuple(classes.limits.values())
        self._limit_of: Callable[[str], ClassLimit] | None = None
        if classes is not None and any(limit.leases or limit.per_subnet for limit in limits):
            self._limit_of = classes.limit_of
        self._subnets: dict[int, Subnet] = {}
        if any(limit.per_subnet for limit in limits):
            self._subnets = {subnet.subnet_id: subnet for subnet in snapshot.subnets}

    def __bool__(self) -> bool:
        return self._limit_of is not None

    def limit(self, key: ClassKey) -> int:
        """How many leases may count; 0: there is no such limit any longer."""
        assert self._limit_of is not None
        limit = self._limit_of(key[0])
        return limit.per_subnet if key[1] else limit.leases

    def has_subnet(self, number: int) -> bool:
        """Whether the subnet of a counter is still there."""
        return number in self._subnets

    def concerned(self, changes: Sequence[Change]) -> bool:
        """Whether one of the changes takes or gives back a place of a class, as far as can be told without asking."""
        return bool(self) and (bool(getattr(changes, "classes", None)) or any(map(ends, changes)))

    def keys(self, names: Iterable[str], lease: LeaseKey) -> Iterator[ClassKey]:
        """The counters of a lease that counts for these classes."""
        home = self._home(lease) if self._subnets else 0
        for name in names:
            for number in (0, home) if home else (0,):
                if self.limit((name, number)):
                    yield name, number

    def _home(self, lease: LeaseKey) -> int:
        space, kind, address, _plen = lease
        for subnet in self._subnets.values():
            if subnet.space == space and kind in _KINDS and subnet.contains(address):
                return subnet.subnet_id
        return 0

    def names(self, asking: Asking, row: Lease) -> list[str]:
        """The classes that a lease counts for."""
        found = asking.ask(f"SELECT class, opened FROM lease_class WHERE {_OF_KEY}", row.key)
        return [name for name, opened in found if opened == row.opened and row.state == State.LEASED]

    def write(self, asking: Asking, after: Lease, names: Iterable[str]) -> None:
        """Let a lease count for these classes, and no others."""
        asking.ask(f"DELETE FROM lease_class WHERE {_OF_KEY}", after.key)
        for name in names:
            asking.ask(
                "INSERT INTO lease_class (space, kind, address, plen, class, opened) VALUES (?, ?, ?, ?, ?, ?)",
                (*after.key, name, after.opened),
            )

    def count(self, asking: Asking, key: ClassKey) -> int:
        """How many leases count, by their rows."""
        name, number = key
        if not number:
            return int(asking.ask(f"SELECT count(*) {_VALID}", (name,))[0][0])
        subnet = self._subnets[number]
        kind = KIND_ADDRESS4 if subnet.family == 4 else KIND_ADDRESS6
        span = (subnet.space, kind, subnet.prefix, subnet.last)
        where = "AND l.space = ? AND l.kind = ? AND l.address BETWEEN ? AND ?"
        return int(asking.ask(f"SELECT count(*) {_VALID} {where}", (name, *span))[0][0])

    def counted(self, asking: Asking) -> list[ClassKey]:
        """Every counter that there is, in the order in which they are locked."""
        return [(name, scope) for name, scope in asking.ask("SELECT class, scope FROM class_count", ())]

    def clear(self, asking: Asking) -> None:
        """Take the rows of holdings away that have ended."""
        asking.ask(_ENDED, ())

    def fetch(self, asking: Asking, names: set[str], facts: Facts) -> None:
        """Counters of these classes, a hint that the commit corrects; and what the clients' leases count for."""
        for some in _parts(sorted(names)):
            marks = ", ".join("?" * len(some))
            for name, scope, held in asking.ask(
                f"SELECT class, scope, held FROM class_count WHERE class IN ({marks})", some
            ):
                facts.class_counts[name, scope] = held
        rows = {row.key: row for listed in facts.by_client.values() for row in listed if row.state == State.LEASED}
        found: dict[LeaseKey, set[str]] = {key: set() for key in rows}
        for keys in _parts(sorted(rows)):
            marks = ", ".join(["(?, ?, ?, ?)"] * len(keys))
            asked = (
                "SELECT space, kind, address, plen, class, opened FROM lease_class "
                f"WHERE (space, kind, address, plen) IN (VALUES {marks})"
            )
            for space, kind, address, plen, name, opened in asking.ask(asked, [part for key in keys for part in key]):
                row = rows[space, kind, address, plen]
                if row.opened == opened:
                    found[row.key].add(name)
        facts.classed.update({key: frozenset(names) for key, names in found.items()})


_KINDS = (KIND_ADDRESS4, KIND_ADDRESS6)


def ends(change: Change) -> bool:
    """Whether a holding ends by the change."""
    before, after = change.before, change.after
    if before is None or before.state != State.LEASED:
        return False
    return after.state != State.LEASED or after.opened != before.opened


def begins(change: Change) -> bool:
    """Whether another client holds the address by the change."""
    before, after = change.before, change.after
    if after.state != State.LEASED:
        return False
    return before is None or before.state != State.LEASED or before.client != after.client


def _parts(listed: list[Any]) -> Iterator[list[Any]]:
    """Parts of a power of two, filled up by repetition: few statements to prepare."""
    for at in range(0, len(listed), _KEYS_MAX):
        part = listed[at : at + _KEYS_MAX]
        yield part + part[-1:] * ((1 << (len(part) - 1).bit_length()) - len(part))
