"""What a batch wants to know of the database, and what it was told.

``Wants`` is filled while datagrams are opened and decided; the store answers it in one round trip; ``Facts`` then
holds the rows, and the changes of earlier transactions of the same batch are laid over them, so that later
transactions see what earlier ones did.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from dhcpcore.lease.model import Assignment, Change, Lease, LeaseKey

#: Addresses of one page of a pool's occupancy hint.
PAGE_SIZE = 1024


class Page(NamedTuple):
    """One page of a pool: ``PAGE_SIZE`` consecutive lease keys (the last page may be shorter), by pool and number."""

    pool: int
    number: int
    space: int
    kind: int
    first: bytes
    last: bytes
    plen: int


class PageRow(NamedTuple):
    """An address of a page that somebody has or had: ``assigned`` ones belong to an assignment."""

    address: bytes
    state: int
    expires: int
    assigned: bool


@dataclass(slots=True)
class Wants:
    """Rows to fetch, by how they are found."""

    clients: set[bytes] = field(default_factory=set)
    leases: set[LeaseKey] = field(default_factory=set)
    identifiers: set[tuple[int, bytes]] = field(default_factory=set)
    assigned: set[LeaseKey] = field(default_factory=set)
    pages: set[Page] = field(default_factory=set)
    counts: set[tuple[int, int]] = field(default_factory=set)  #: Kind and id of what has a limit of leases.
    classes: set[str] = field(default_factory=set)  #: Classes with a limit of leases.
    #: DUIDs whose leases are wanted, by whatever identity association.  Replaced, not added to: few batches have any.
    duids: frozenset[bytes] = frozenset()

    def __bool__(self) -> bool:
        some = self.clients or self.leases or self.identifiers or self.assigned or self.pages
        return bool(some or self.counts or self.classes or self.duids)


@dataclass(slots=True)
class Facts:
    """Rows as they were fetched, with the batch's own changes laid over them.

    A key that is present with None was looked up and has no row; a key that is absent was never asked for.
    """

    by_client: dict[bytes, list[Lease]] = field(default_factory=dict)  #: By the key, or by the stem of a DUID's.
    by_key: dict[LeaseKey, Lease | None] = field(default_factory=dict)
    by_identifier: dict[tuple[int, bytes], tuple[Assignment, ...]] = field(default_factory=dict)
    assigned: dict[LeaseKey, tuple[Assignment, ...]] = field(default_factory=dict)
    pages: dict[tuple[int, int], tuple[PageRow, ...]] = field(default_factory=dict)
    counts: dict[tuple[int, int], int] = field(default_factory=dict)
    #: By class and subnet (0: in all) how many leases count for it; of a class that was looked up, at least 0 in all.
    class_counts: dict[tuple[str, int], int] = field(default_factory=dict)
    classed: dict[LeaseKey, frozenset[str]] = field(default_factory=dict)  #: Limited classes that a lease counts for.


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a commit did: every change not named here was stored.

    ``lost``: another writer was first (the version had moved).  ``refused``: the database would not take the row;
    it is quarantined, with the database's words.
    """

    lost: frozenset[LeaseKey] = frozenset()
    refused: tuple[tuple[Change, str], ...] = ()
    over: frozenset[LeaseKey] = frozenset()  #: A limit of leases is reached.
