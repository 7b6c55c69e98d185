"""The lease row, its key and its states, as the store keeps them and the engine reads them.

A lease is a named tuple and not a dataclass because several are made for every packet: building a tuple from a row is
one C call.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from dhcpcore.topology.computed import NOTHING_COMPUTED, Computations
from dhcpcore.topology.kinds import INFINITE_LIFETIME_S, KIND_ADDRESS4, KIND_ADDRESS6, KIND_PREFIX6, Identifier

__all__ = [
    "INFINITE_LIFETIME_S",
    "KIND_ADDRESS4",
    "KIND_ADDRESS6",
    "KIND_PREFIX6",
    "NEVER",
    "Assignment",
    "Change",
    "Close",
    "Closing",
    "Identifier",
    "Lease",
    "LeaseKey",
    "State",
    "make",
]

#: Makes a named tuple of a tuple of all its fields: one call of C, where its own constructor is a function of Python.
make = tuple.__new__

#: Lease end of a lease that never ends: 9999-12-31T23:59:59Z, so that every column stays an ordinary integer.
NEVER = 253_402_300_799

#: ``(space, kind, first address, prefix length)``: what one row of the lease table is about.
LeaseKey = tuple[int, int, bytes, int]


class State(enum.IntEnum):
    """What a lease row says of its address.  A row is never deleted while a pool covers it."""

    LEASED = 1  #: Held by ``client`` until ``expires``; ended, though not yet swept, once that has passed.
    RELEASED = 2  #: Given back by its client; ``client`` is kept for affinity.
    EXPIRED = 3  #: Swept after its end; ``client`` is kept for affinity.
    DECLINED = 4  #: Found in use by somebody else; nobody gets it before ``expires`` (probation).


class Close(enum.IntEnum):
    """Why a holding ended, as its history row tells it."""

    RELEASED = 1
    EXPIRED = 2
    DECLINED = 3
    MOVED = 4  #: The client took another address of the same link.
    RELAY_CHANGED = 5  #: Same client, same address, another relay or circuit: a new interval begins.
    REVOKED = 6  #: An administrator released it.


class Lease(NamedTuple):
    """One row of the lease table.  Addresses and identities are bytes; times are whole seconds of database time."""

    space: int
    kind: int
    address: bytes
    plen: int
    client: bytes
    hw: bytes  #: Hardware type (one byte) and hardware address; empty where unknown.
    state: int
    expires: int
    cltt: int  #: Client's last transaction time.
    subnet: int
    version: int  #: Rises by one with each write; the guard of the optimistic commit.
    opened: int  #: The version at which the present holding began: the key of its history row.
    hostname: str
    relay: bytes  #: giaddr (or link address) of the last transaction; empty when on link.
    agent: bytes  #: Relay agent options of the last transaction, verbatim.

    @property
    def key(self) -> LeaseKey:
        """The row's primary key.  What each packet passes takes ``row[:4]``, which costs no call."""
        return self[:4]


class Closing(NamedTuple):
    """The end of a holding: which history row, when (never after the lease's own end), and why."""

    opened: int
    at: int
    reason: int


class Change(NamedTuple):
    """One guarded write: ``after`` is stored only where the row's version is still that of ``before``.

    ``before`` is None where no row was there.  ``opens`` says that a history row begins with ``after``; ``closing``
    ends the one that ``before`` had.
    """

    before: Lease | None
    after: Lease
    opens: bool
    closing: Closing | None


class Assignment(NamedTuple):
    """A static assignment as the packet path needs it: who, where, and what it adds."""

    assignment_id: int
    subnet: int
    identifier_kind: int
    identifier: bytes
    addresses: tuple[LeaseKey, ...]
    hostname: str
    options: tuple[tuple[int, bytes], ...]  #: Encoded option payloads by code.
    always_send: frozenset[int] = frozenset()  #: Codes of options that the client is sent unasked.
    never_send: frozenset[int] = frozenset()
    classes: tuple[str, ...] = ()  #: Classes that the client is of by it.
    boot: tuple[bytes, bytes, bytes] | None = None  #: siaddr, sname and file; an empty one is the subnet's.
    waits: bool = False  #: Whether a lease that is in its way runs out, instead of being refused.
    computed: Computations = NOTHING_COMPUTED  #: Options that are worked out for each packet.

    @property
    def says_of_options(self) -> bool:
        """Whether the client's options differ from those of its neighbours."""
        return bool(self.options or self.hostname or self.always_send or self.never_send or self.computed)
