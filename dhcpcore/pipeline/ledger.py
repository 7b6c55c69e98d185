"""The changes of one batch, folded to one row an address, and laid over the facts as they are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from dhcpcore.lease.facts import Facts
from dhcpcore.lease.model import Change, LeaseKey

#: Of a batch in which nobody is of a limited class.
NO_CLASSES: Mapping[LeaseKey, tuple[str, ...]] = MappingProxyType({})


class Ledger:
    """What a batch will commit.  Later transactions of the batch see the rows as earlier ones leave them."""

    __slots__ = ("barred", "changes", "classes", "facts")

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.changes: dict[LeaseKey, Change] = {}
        self.classes: Mapping[LeaseKey, tuple[str, ...]] = NO_CLASSES  #: Limited ones that a lease is to count for.
        self.barred: set[LeaseKey] = set()  #: Rows that a transaction waits for: those after it must not overtake it.

    def contends(self, changes: Sequence[Change]) -> bool:
        """Whether one of the changes cannot join an earlier one: a batch begins or ends one holding of an address."""
        for change in changes:
            key = change.after[:4]
            earlier = self.changes.get(key)
            if (earlier is not None and _parts(earlier, change)) or (self.barred and key in self.barred):
                self.barred.update(other.after.key for other in changes)
                return True
        return False

    def mark(self, key: LeaseKey, names: tuple[str, ...]) -> None:
        """Let the lease of a recorded change count for these limited classes, and no others."""
        self.classes = {**self.classes, key: names}

    def put(self, change: Change) -> LeaseKey:
        """Record the change.  A renewal in the batch that granted the lease joins the grant: one write, one version."""
        before, after, _, _ = change
        key = after[:4]
        earlier = self.changes.get(key)
        if earlier is not None:
            after = after._replace(version=earlier.after.version)
            self.changes[key] = Change(earlier.before, after, earlier.opens, earlier.closing)
        else:
            self.changes[key] = change
        facts = self.facts
        facts.by_key[key] = after
        if before is not None:
            rows = facts.by_client.get(before.client)
            if rows is not None and before in rows:
                rows.remove(before)
        rows = facts.by_client.get(after.client)
        if rows is not None:
            rows.append(after)
        return key


def _parts(earlier: Change, change: Change) -> bool:
    """Whether the later change cannot be told as one with the earlier.

    Nor can one that was made of the row as SQL has it: what was fetched since lies over what the batch made of it.
    """
    if change.opens or change.closing is not None:
        return True
    return change.before is None or change.before.version != earlier.after.version
