"""Limits of leases: counter rows that are changed in the transaction of the leases they count, and guard it.

A row counts the leases of a subnet, pool or class that are not ended (swept, released, declined): one that ended
and was not swept yet still counts, for a second or two.

Whoever commits a change of such a number locks the counters first, in
the order of their keys, then the leases that are there, in the order of theirs, then inserts the others in that order,
as commits that do not count do, so that two engines never give out the last place
twice and never wait for each other crosswise.  A counter that another revision of the definitions made, or that is a
minute old, is counted anew while it is locked: an engine that followed late, or what somebody wrote into the table, is
put right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from dhcpcore.lease.facts import Facts, Outcome
from dhcpcore.lease.model import Change, LeaseKey, State
from dhcpcore.store.class_limits import Asking, ClassKey, ClassLimits, begins, ends
from dhcpcore.topology.scopes import Scope, ScopeKey, scopes_of
from dhcpcore.topology.snapshot import Snapshot

#: Seconds that a count is believed.
_BELIEVED_S = 60

#: Place among ``_TABLES``, then the table's own key: the order in which counters are locked.
CounterKey = tuple[int, Any, int]
_SCOPES, _CLASSES = 0, 1
#: Table and the columns of its key.
_TABLES = (("lease_count", "kind", "scope"), ("class_count", "class", "scope"))
_LEASE = "SELECT version FROM lease WHERE space = ? AND kind = ? AND address = ? AND plen = ?"


class Counting(Asking, Protocol):
    """One transaction of a database's own half, which ends when its ``with`` does."""

    def lock(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """The rows of a statement, and nobody else changes these rows before the end."""
        ...

    def write(self, change: Change) -> str | None:
        """Store one guarded change: "" where it was stored, None where it was lost, else why it was refused."""
        ...


class Limits:
    """The limits of a revision."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.revision = snapshot.revision
        self._scopes = scopes_of(snapshot)
        self._by_key = {scope.key: scope for scope in self._scopes}
        self._classes = ClassLimits(snapshot)

    def __bool__(self) -> bool:
        return bool(self._scopes) or bool(self._classes)

    def counted(self, changes: Sequence[Change]) -> bool:
        """Whether one of the changes takes or gives back a place."""
        if self._scopes and any(_delta(change) and self._of(change.after.key) for change in changes):
            return True
        return self._classes.concerned(changes)

    def _of(self, key: LeaseKey) -> list[Scope]:
        return [scope for scope in self._scopes if scope.covers(key)]

    def fetch(self, asking: Asking, names: set[str], facts: Facts) -> None:
        """What is known of these classes' limits."""
        if self._classes:
            self._classes.fetch(asking, names, facts)

    def commit(self, transaction: Counting, changes: Sequence[Change], now: int) -> Outcome:
        """Store what the limits allow, what gives places back first; say what was lost, refused, and too much."""
        marks = getattr(changes, "classes", None) or {}
        deals = [_Deal(change, self, transaction, marks.get(change.after.key)) for change in changes]
        counters = sorted({key for deal in deals for key in deal.counters})
        held = {key: self._locked(transaction, key, now) for key in counters}
        if len(changes) > 1:
            for change in sorted(changes, key=_key):
                transaction.lock(_LEASE, change.after.key)
        lost: list[LeaseKey] = []
        over: list[LeaseKey] = []
        refused: list[tuple[Change, str]] = []
        before = dict(held)
        for deal in sorted(deals, key=_turn):
            change = deal.change
            if deal.is_new and any(held[key] - (key in deal.gives) >= self._limit(key) for key in deal.takes):
                over.append(change.after.key)
                continue
            fault = transaction.write(change)
            if fault is None:
                lost.append(change.after.key)
            elif fault:
                refused.append((change, fault))
            else:
                for key in deal.gives:
                    held[key] -= 1
                for key in deal.takes:
                    held[key] += 1
                if deal.names is not None:
                    self._classes.write(transaction, change.after, deal.names)
        for key in counters:
            if held[key] != before[key]:
                table, one, other = _TABLES[key[0]]
                sql = f"UPDATE {table} SET held = ? WHERE {one} = ? AND {other} = ?"
                transaction.ask(sql, (held[key], *key[1:]))
        return Outcome(frozenset(lost), tuple(refused), frozenset(over))

    def recount(self, transaction: Counting, now: int) -> None:
        """Put every counter right that is no longer believed; of classes without a limit there is none."""
        for scope in self._scopes:
            self._locked(transaction, (_SCOPES, *scope.key), now)
        if not self._classes:
            return
        fresh = True
        for name, number in sorted(self._classes.counted(transaction)):
            key = (_CLASSES, name, number)
            is_limited = self._has_limit((name, number))
            fresh = fresh and is_limited and self._is_believed(self._row(transaction, key), now)
            if not is_limited or not self._locked(transaction, key, now):
                transaction.ask("DELETE FROM class_count WHERE class = ? AND scope = ?", (name, number))
        if not fresh:
            self._classes.clear(transaction)

    def _limit(self, key: CounterKey) -> int:
        return self._by_key[key[1:]].limit if key[0] == _SCOPES else self._classes.limit(key[1:])

    def _has_limit(self, key: ClassKey) -> bool:
        return bool(self._classes.limit(key)) and (not key[1] or self._classes.has_subnet(key[1]))

    def _row(self, transaction: Counting, key: CounterKey) -> Any:
        """The counter's row, in our hands until the end of the transaction; None where there is none."""
        table, one, other = _TABLES[key[0]]
        asked = f"SELECT held, revision, counted_at FROM {table} WHERE {one} = ? AND {other} = ?"
        return next(iter(transaction.lock(asked, key[1:])), None)

    def _is_believed(self, row: Any, now: int) -> bool:
        return row is not None and row[1] == self.revision and 0 <= now - row[2] < _BELIEVED_S

    def _locked(self, transaction: Counting, key: CounterKey, now: int) -> int:
        """The counter's value, in our hands until the end of the transaction."""
        table, one, other = _TABLES[key[0]]
        row = self._row(transaction, key)
        if row is None:
            transaction.ask(
                f"INSERT INTO {table} ({one}, {other}, held, revision, counted_at) VALUES (?, ?, 0, -1, 0) "
                "ON CONFLICT DO NOTHING", key[1:],
            )  # fmt: skip
            row = self._row(transaction, key)
        if self._is_believed(row, now):
            return int(row[0])
        counted = self._count(transaction, key)
        transaction.ask(
            f"UPDATE {table} SET held = ?, revision = ?, counted_at = ? WHERE {one} = ? AND {other} = ?",
            (counted, self.revision, now, *key[1:]),
        )
        return counted

    def _count(self, transaction: Counting, key: CounterKey) -> int:
        if key[0] == _CLASSES:
            return self._classes.count(transaction, key[1:])
        scope = self._by_key[key[1:]]
        found = transaction.ask(
            "SELECT count(*) FROM lease WHERE space = ? AND kind = ? AND address BETWEEN ? AND ? AND state = ?",
            (scope.space, scope.kind, scope.first, scope.last, int(State.LEASED)),
        )
        return int(found[0][0])


class _Deal:
    """A change, the counters whose places it takes and gives back, and the classes that its lease is to count for.

    ``names`` is None where nothing is to be written of classes.
    """

    __slots__ = ("change", "gives", "is_new", "names", "takes")

    def __init__(
        self, change: Change, limits: Limits, transaction: Counting, names: tuple[str, ...] | None
    ) -> None:  # fmt: skip
        self.change = change
        key, delta = change.after.key, _delta(change)
        scopes: list[CounterKey] = [(_SCOPES, *scope.key) for scope in limits._of(key)] if delta else []  # noqa: SLF001
        self.takes = scopes if delta > 0 else []
        self.gives = scopes if delta < 0 else []
        self.is_new = delta > 0 or begins(change)
        self.names: tuple[str, ...] | None = None
        classes = limits._classes  # noqa: SLF001
        if classes and (names is not None or ends(change)):
            self.names = (names or ()) if change.after.state == State.LEASED else ()
            before = classes.names(transaction, change.before) if change.before is not None else []
            self.gives = [*self.gives, *((_CLASSES, *one) for one in classes.keys(before, key))]
            self.takes = [*self.takes, *((_CLASSES, *one) for one in classes.keys(self.names, key))]

    @property
    def counters(self) -> list[CounterKey]:
        return [*self.takes, *self.gives]


def _turn(deal: _Deal) -> tuple[bool, int, LeaseKey]:
    """What gives places back first.  New rows, which nobody could lock, come last and in the order of the key."""
    change = deal.change
    is_new = change.before is None
    return is_new, 0 if is_new else _delta(change), change.after.key


def held(rows: Sequence[Any]) -> dict[ScopeKey, int]:
    """Counters as they were read: a hint, which the commit corrects."""
    return {(kind, scope): held for kind, scope, held in rows}


def _key(change: Change) -> LeaseKey:
    return change.after.key


def _delta(change: Change) -> int:
    """1 where the change takes a place, -1 where it gives one back, 0 where it does neither."""
    before = change.before is not None and change.before.state == State.LEASED
    return int(change.after.state == State.LEASED) - before
