"""A map of a subnet's addresses: which are free, held, assigned or on probation, a page at a time.

A page is 256 addresses from a round one; a pool of a million costs no more than a small one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.services.appliance import Appliance
from app.services.identities import hardware_text
from app.services.leases import ACTIVE, DECLINED, word
from dhcpcore.errors import InvalidValue, NotFound
from dhcpcore.lease.model import KIND_ADDRESS4, KIND_ADDRESS6, Lease
from dhcpcore.store import queries
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.snapshot import Pool, Subnet
from dhcpcore.wire.addresses import format_address, parse_address

#: Cells of a page; for IPv4, what differs in the last octet.
CELLS = 256

HELD, ASSIGNED, PROBATION, FREE, PAST, OUTSIDE = "held", "assigned", "declined", "free", "past", "outside"
EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Cell:
    """One address.  ``outside``: in no pool, and nobody's."""

    address: str
    short: str
    state: str
    who: str


@dataclass(frozen=True, slots=True)
class AddressMap:
    """A page of cells, and the addresses that the pages before and after begin with."""

    cells: tuple[Cell, ...]
    first: str
    last: str
    before: str | None
    after: str | None
    counts: dict[str, int]


def page_of(appliance: Appliance, number: int, at: str | None = None) -> AddressMap:
    """The page that holds ``at``, or the subnet's first pool; refused where the subnet has no such address."""
    definitions = Definitions(appliance.database)
    snapshot = definitions.snapshot()
    subnet = snapshot.subnet(number)
    if subnet is None:
        raise NotFound(f"There is no subnet with the number {number}.")
    start = _start(subnet, at)
    octets = len(subnet.prefix)
    lowest = int.from_bytes(subnet.prefix, "big")
    highest = lowest + (1 << (octets * 8 - subnet.plen)) - 1
    first = max(start - start % CELLS, lowest)
    last = min(first - first % CELLS + CELLS - 1, highest)
    ends = first.to_bytes(octets, "big"), last.to_bytes(octets, "big")
    kind = KIND_ADDRESS4 if octets == 4 else KIND_ADDRESS6
    with appliance.database.reader() as connection:
        rows = queries.leases_between(connection, queries.Span(subnet.space, kind, *ends))
    assigned = set(definitions.assigned_in(subnet.space, kind, octets * 8, *ends, snapshot.revision))
    now = appliance.database.now()
    by_address = {row.address: row for row in rows}
    cells = tuple(_cell(number.to_bytes(octets, "big"), by_address, assigned, subnet.pools, now)
                  for number in range(first, last + 1))
    counts: dict[str, int] = {}
    for cell in cells:
        counts[cell.state] = counts.get(cell.state, 0) + 1
    before = None if first <= lowest else format_address((first - 1).to_bytes(octets, "big"))
    after = None if last >= highest else format_address((last + 1).to_bytes(octets, "big"))
    return AddressMap(cells, format_address(ends[0]), format_address(ends[1]), before, after, counts)


def _start(subnet: Subnet, at: str | None) -> int:
    if at is None:
        pools = [pool for pool in subnet.pools if pool.kind in {KIND_ADDRESS4, KIND_ADDRESS6}]
        return int.from_bytes(pools[0].first if pools else subnet.prefix, "big")
    octets = parse_address(at)
    if not subnet.contains(octets):
        raise InvalidValue(f"{at} is not in {subnet.name}.")
    return int.from_bytes(octets, "big")


def _cell(address: bytes, rows: dict[bytes, Lease], assigned: set[bytes], pools: Sequence[Pool], now: float) -> Cell:
    row = rows.get(address)
    state = OUTSIDE
    said = word(row, now) if row is not None else ""
    if said == ACTIVE:
        state = HELD
    elif said == DECLINED and row is not None and row.expires > now:
        state = PROBATION
    elif address in assigned:
        state = ASSIGNED
    elif pool := next((pool for pool in pools if pool.covers(address)), None):
        state = EXCLUDED if not pool.gives(address) else PAST if row is not None else FREE
    who = "" if row is None else (row.hostname or hardware_text(row.hw))
    text = format_address(address)
    short = text.rpartition(".")[2] if len(address) == 4 else f"{address[-1]:02x}"
    return Cell(text, short, state, who)
