"""Limits of leases: counter rows that are changed in the transaction of the leases they count, and guard it.

A row counts the leases of a subnet or pool that are not ended (swept, released, declined): one that ended and was not
swept yet still counts, for a second or two.  Whoever commits a change of such a number locks the counters first, in the
order of their keys, so that two engines never give out the last place twice.  A counter that another revision of the
definitions made, or that is a minute old, is counted anew while it is locked: an engine that followed late, or what
somebody wrote into the table, is put right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from dhcpcore.lease.facts import Outcome
from dhcpcore.lease.model import Change, LeaseKey, State
from dhcpcore.topology.scopes import Scope, ScopeKey, scopes_of
from dhcpcore.topology.snapshot import Snapshot

#: Seconds that a count is believed.
_BELIEVED_S = 60


class Counting(Protocol):
    """One transaction of a database's own half, which ends when its ``with`` does."""

    def ask(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """The rows of a statement; ``?`` marks its parameters.  None of a statement that has no rows."""
        ...

    def lock(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """The same, and nobody else changes these rows before the end."""
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

    def __bool__(self) -> bool:
        return bool(self._scopes)

    def counted(self, changes: Sequence[Change]) -> bool:
        """Whether one of the changes takes or gives back a place."""
        return any(_delta(change) and self._of(change.after.key) for change in changes)

    def _of(self, key: LeaseKey) -> list[Scope]:
        return [scope for scope in self._scopes if scope.covers(key)]

    def commit(self, transaction: Counting, changes: Sequence[Change], now: int) -> Outcome:
        """Store what the limits allow, what gives places back first; say what was lost, refused, and too much."""
        concerned = {change.after.key: self._of(change.after.key) if _delta(change) else [] for change in changes}
        keys = sorted({scope.key for scopes in concerned.values() for scope in scopes})
        held = {key: self._locked(transaction, self._by_key[key], now) for key in keys}
        lost: list[LeaseKey] = []
        over: list[LeaseKey] = []
        refused: list[tuple[Change, str]] = []
        before = dict(held)
        for change in sorted(changes, key=_delta):
            lease_key, delta = change.after.key, _delta(change)
            scopes = concerned[lease_key]
            if delta > 0 and any(held[scope.key] >= scope.limit for scope in scopes):
                over.append(lease_key)
                continue
            fault = transaction.write(change)
            if fault is None:
                lost.append(lease_key)
            elif fault:
                refused.append((change, fault))
            else:
                for scope in scopes:
                    held[scope.key] += delta
        for key in keys:
            if held[key] != before[key]:
                transaction.ask("UPDATE lease_count SET held = ? WHERE kind = ? AND scope = ?", (held[key], *key))
        return Outcome(frozenset(lost), tuple(refused), frozenset(over))

    def recount(self, transaction: Counting, now: int) -> None:
        """Put every counter right that is no longer believed."""
        for scope in self._scopes:
            self._locked(transaction, scope, now)

    def _locked(self, transaction: Counting, scope: Scope, now: int) -> int:
        """The counter's value, in our hands until the end of the transaction."""
        asked = "SELECT held, revision, counted_at FROM lease_count WHERE kind = ? AND scope = ?"
        rows = transaction.lock(asked, scope.key)
        if not rows:
            transaction.ask(
                "INSERT INTO lease_count (kind, scope, held, revision, counted_at) VALUES (?, ?, 0, -1, 0) "
                "ON CONFLICT DO NOTHING", scope.key,
            )  # fmt: skip
            rows = transaction.lock(asked, scope.key)
        held, revision, counted_at = rows[0]
        if revision == self.revision and 0 <= now - counted_at < _BELIEVED_S:
            return int(held)
        counted = transaction.ask(
            "SELECT count(*) FROM lease WHERE space = ? AND kind = ? AND address BETWEEN ? AND ? AND state = ?",
            (scope.space, scope.kind, scope.first, scope.last, int(State.LEASED)),
        )[0][0]
        transaction.ask(
            "UPDATE lease_count SET held = ?, revision = ?, counted_at = ? WHERE kind = ? AND scope = ?",
            (counted, self.revision, now, *scope.key),
        )
        return int(counted)


def held(rows: Sequence[Any]) -> dict[ScopeKey, int]:
    """Counters as they were read: a hint, which the commit corrects."""
    return {(kind, scope): held for kind, scope, held in rows}


def _delta(change: Change) -> int:
    """1 where the change takes a place, -1 where it gives one back, 0 where it does neither."""
    before = change.before is not None and change.before.state == State.LEASED
    return int(change.after.state == State.LEASED) - before
