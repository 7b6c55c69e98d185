"""What the generator's lease file says: which addresses were acknowledged on the wire, and to whom.

It is written by the generator from the packets alone, so it can be held against the rows of any server's own store.
"""

import struct
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from bench.errors import BadOutput

RECORD = struct.Struct("!II")  # client, address


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """`present`: the last address of each client. `shared`: addresses that were acknowledged to two clients."""

    addresses: frozenset[str]
    present: frozenset[str]
    shared: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Addresses on the wire against rows in the server's store."""

    acknowledged: int
    rows: int
    missing: int  # acknowledged, not superseded, and not in the store: a broken promise
    unseen: int  # in the store, but the acknowledgement was never seen
    superseded: int  # acknowledged before the same client was acknowledged another one; may have a row or not
    shared: int


def read(lease_file: Path) -> Acknowledged:
    """Reads a lease file; a torn last record means that the generator died."""
    content = lease_file.read_bytes()
    if len(content) % RECORD.size:
        raise BadOutput(f"{lease_file} ends within a record.")
    clients_of: dict[int, set[int]] = {}
    present: dict[int, int] = {}
    for client, address in RECORD.iter_unpack(content):
        clients_of.setdefault(address, set()).add(client)
        present[client] = address
    return Acknowledged(
        frozenset(str(IPv4Address(address)) for address in clients_of),
        frozenset(str(IPv4Address(address)) for address in present.values()),
        shared=sum(len(clients) > 1 for clients in clients_of.values()),
    )


def compare(wire: Acknowledged, stored: Collection[str]) -> Comparison:
    """Compares the two sets of addresses."""
    rows = frozenset(stored)
    return Comparison(
        acknowledged=len(wire.addresses),
        rows=len(rows),
        missing=len(wire.present - rows),
        unseen=len(rows - wire.addresses),
        superseded=len(wire.addresses - wire.present),
        shared=wire.shared,
    )
