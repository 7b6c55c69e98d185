"""Whom a change of the definitions takes an address from: active leases that nothing would cover any longer.

Shown before the change is made.  The rows stay (their clients are refused at next contact, and nobody gets such an
address before its old end), so this is for people to decide by, not for the database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, bindparam, text

from dhcpcore.lease.model import KIND_ADDRESS4, Identifier, LeaseKey, State
from dhcpcore.lease.owner import owner_of
from dhcpcore.store import columns as made
from dhcpcore.store.columns import AssignmentColumns
from dhcpcore.store.picture import pool_name
from dhcpcore.store.rows import Rows, assignments
from dhcpcore.topology.build import excluded_of
from dhcpcore.topology.coverage import Coverage, Range, removed
from dhcpcore.topology.declared import Document
from dhcpcore.topology.document import PoolEntry
from dhcpcore.topology.everywhere import EVERYWHERE, EVERYWHERE_ID, EVERYWHERE_SPACE, told
from dhcpcore.topology.fields import parse_span
from dhcpcore.topology.snapshot import Pool
from dhcpcore.topology.spans import ends_of_24, joined, last_of

_COUNT = text(
    "SELECT count(*) FROM lease WHERE space = :space AND kind = :kind AND plen = :plen "
    "AND address BETWEEN :first AND :last AND state = :leased AND expires > :now"
)
_HOLDERS = text(
    "SELECT address, client, hw, agent FROM lease WHERE space = :space AND kind = :kind AND plen = :plen "
    "AND address IN :addresses AND state = :leased AND expires > :now"
).bindparams(bindparam("addresses", expanding=True))
#: Holders in a range whose address an assignment keeps as well.
_ASSIGNED = text(
    "SELECT l.client, l.hw, l.agent, a.identifier_kind, a.identifier, a.subnet_id FROM lease l "
    "JOIN assignment_address x ON x.space = l.space AND x.kind = l.kind AND x.address = l.address AND x.plen = l.plen "
    "AND x.from_revision <= :r AND (x.to_revision IS NULL OR x.to_revision > :r) "
    "JOIN assignment a ON a.id = x.assignment_id "
    "AND a.from_revision <= :r AND (a.to_revision IS NULL OR a.to_revision > :r) "
    "WHERE l.space = :space AND l.kind = :kind AND l.plen = :plen AND l.address BETWEEN :first AND :last "
    "AND l.state = :leased AND l.expires > :now"
)
#: How the ranges of a subnet that goes are called.
_GOING = "subnet "
#: Addresses of one statement.
_ADDRESSES_MAX = 500


@dataclass(frozen=True, slots=True)
class Effect:
    """So many active clients lose their address because of what happens to ``place``."""

    place: str
    clients: int

    def __str__(self) -> str:
        what = "1 active client" if self.clients == 1 else f"{self.clients} active clients"
        return f"{self.place}: takes an address from {what}"


class _Claim(NamedTuple):
    """An address that an assignment keeps for a client."""

    kind: int
    identifier: bytes
    label: str


class _Holder(NamedTuple):
    """Whose an active lease is."""

    client: bytes
    hw: bytes
    agent: bytes


def effects(connection: Connection, rows: Rows, document: Document, now: float) -> tuple[Effect, ...]:
    """What the change from ``rows`` to ``document`` takes away, by pool, subnet and assignment."""
    return _Effects(connection, now).run(rows, document)


def claim_effects(
    connection: Connection,
    rows: Rows,
    before: Sequence[AssignmentColumns | None],
    after: Sequence[AssignmentColumns | None],
    subnet: str,
    now: float,
) -> tuple[Effect, ...]:
    """What a change of a subnet's assignments alone takes away."""
    old, new = (_keyed((one, subnet) for one in some if one is not None and one.enabled) for some in (before, after))
    return _Effects(connection, now).of_claims(old, new, Coverage(_ranges_of_rows(rows, Document())))


def range_effects(connection: Connection, before: Rows, after: Rows, now: float) -> tuple[Effect, ...]:
    """What a change of subnets and pools takes away; assignments are read where their range or subnet goes."""
    return _Effects(connection, now).of_ranges(before, after)


class _Effects:
    def __init__(self, connection: Connection, now: float) -> None:
        self._connection = connection
        self._now = {"leased": int(State.LEASED), "now": int(now)}
        self._lost: Counter[str] = Counter()

    def run(self, rows: Rows, document: Document) -> tuple[Effect, ...]:
        after = list(_ranges_of(document))
        gone = list(removed(_ranges_of_rows(rows, document), after))
        old, new = _claims_of_rows(self._connection, rows), _claims(document)
        for one in gone:
            self._lost[one.label] += self._count(one)
        self._moved(old, new, Coverage(gone), Coverage(after))
        return tuple(Effect(label, clients) for label, clients in self._lost.items() if clients > 0)

    def of_claims(
        self, old: dict[LeaseKey, _Claim], new: dict[LeaseKey, _Claim], pools: Coverage
    ) -> tuple[Effect, ...]:
        self._moved(old, new, Coverage(()), pools)
        return tuple(Effect(label, clients) for label, clients in self._lost.items())

    def of_ranges(self, before: Rows, after: Rows) -> tuple[Effect, ...]:
        staying = {stored.row_id for stored in after.subnets}
        ranges = list(_ranges_by_rows(after, staying))
        gone = list(removed(_ranges_by_rows(before, staying), ranges))
        for one in gone:
            self._lost[one.label] += self._count(one) - self._kept(one, before.revision, staying)
        leaving = replace(before, subnets=[stored for stored in before.subnets if stored.row_id not in staying])
        if leaving.subnets:
            old = _claims_of_rows(self._connection, leaving, everywhere=False)
            self._moved(old, {}, Coverage(gone), Coverage(ranges))
        return tuple(Effect(label, clients) for label, clients in self._lost.items() if clients > 0)

    def _kept(self, one: Range, revision: int, staying: Container[int]) -> int:
        """Holders in the range who keep their address by an assignment."""
        rows = self._connection.execute(_ASSIGNED, {**self._of(one), "r": revision})
        return sum(
            (subnet_id in staying or (subnet_id == EVERYWHERE_ID and not one.label.startswith(_GOING)))
            and _is_of(_Claim(kind, identifier, ""), one.kind, _Holder(*holder))
            for *holder, kind, identifier, subnet_id in rows
        )

    def _of(self, one: Range) -> dict[str, Any]:
        span = {"space": one.space, "kind": one.kind, "plen": one.plen, "first": one.first, "last": one.last}
        return {**span, **self._now}

    def _moved(self, old: dict[LeaseKey, _Claim], new: dict[LeaseKey, _Claim], gone: Coverage, after: Coverage) -> None:
        fresh = [key for key, claim in new.items() if gone.find(key) or key not in old or old[key][:2] != claim[:2]]
        for key, holder in self._holders(fresh):
            claim, lost_range = new[key], gone.find(key)
            holds = _is_of(claim, key[1], holder)
            if lost_range is not None and holds:
                self._lost[lost_range.label] -= 1  # The pool goes, but its client keeps the address.
            elif lost_range is None and not holds:
                self._lost[claim.label] += 1
        bare = [key for key in old if key not in new and gone.find(key) is None and after.find(key) is None]
        for key, _holder in self._holders(bare):
            self._lost[old[key].label] += 1

    def _count(self, one: Range) -> int:
        return int(self._connection.execute(_COUNT, self._of(one)).scalar_one())

    def _holders(self, keys: Iterable[LeaseKey]) -> Iterator[tuple[LeaseKey, _Holder]]:
        """Those of ``keys`` that have an active lease, and whose it is."""
        by_shape: dict[tuple[int, int, int], list[bytes]] = {}
        for space, kind, address, plen in keys:
            by_shape.setdefault((space, kind, plen), []).append(address)
        for (space, kind, plen), addresses in by_shape.items():
            for at in range(0, len(addresses), _ADDRESSES_MAX):
                some = addresses[at : at + _ADDRESSES_MAX]
                parameters = {"space": space, "kind": kind, "plen": plen, "addresses": some, **self._now}
                for address, *holder in self._connection.execute(_HOLDERS, parameters):
                    yield (space, kind, address, plen), _Holder(*holder)


def _is_of(claim: _Claim, lease_kind: int, holder: _Holder) -> bool:
    return is_of(claim.kind, claim.identifier, lease_kind, holder)


class HasHolder(Protocol):
    """A lease row, as far as it says whose it is."""

    @property
    def client(self) -> bytes: ...

    @property
    def hw(self) -> bytes: ...

    @property
    def agent(self) -> bytes: ...


def is_of(kind: int, identifier: bytes, lease_kind: int, holder: HasHolder) -> bool:
    """Whether the lease's holder is the client of that identifier, as far as its row tells."""
    match kind:
        case Identifier.HW_ADDRESS:
            return holder.hw == identifier
        case Identifier.CLIENT_ID:
            return holder.client == b"\x01" + identifier
        case Identifier.DUID:
            # An IPv4 client tells its DUID in option 61: type 255, IAID, DUID.  RFC 4361 6.1.
            if (owner := owner_of(holder.client)) is not None:
                return not owner.temporary and owner.duid == identifier
            return holder.client[:2] == b"\x01\xff" and holder.client[6:] == identifier
        case Identifier.CIRCUIT_ID | Identifier.REMOTE_ID if lease_kind == KIND_ADDRESS4:
            wanted = 1 if kind == Identifier.CIRCUIT_ID else 2
            return any(code == wanted and octets == identifier for code, octets in _sub_options(holder.agent))
        case Identifier.FLEX:
            return True  # No row tells what an expression made of its client's packets: nobody is accused.
        case _:
            return False


def _sub_options(agent: bytes) -> Iterator[tuple[int, bytes]]:
    """Sub-options of option 82 as the relay sent them, RFC 3046 2.0; what is cut off ends the walk."""
    at = 0
    while at + 2 <= len(agent):
        code, size = agent[at], agent[at + 1]
        yield code, agent[at + 2 : at + 2 + size]
        at += 2 + size


def _ranges_of(document: Document) -> Iterator[Range]:
    for subnet in document.subnets:
        for pool in subnet.pools:
            entry = pool.entry
            barred = excluded_of(entry, subnet.entry, document.globals) if isinstance(entry, PoolEntry) else ()
            for first, last in _given(entry.first, entry.last, barred):
                yield Range(subnet.entry.space, pool.kind, pool.plen, first, last, "")


def _ranges_of_rows(rows: Rows, document: Document) -> Iterator[Range]:
    prefixes = {(subnet.entry.space, *subnet.entry.prefix) for subnet in document.subnets}
    staying = {
        stored.row_id
        for stored in rows.subnets
        if stored.columns is not None and (stored.columns.space, *stored.columns[2:4]) in prefixes
    }
    return _ranges_by_rows(rows, staying)


def _ranges_by_rows(rows: Rows, staying: Container[int]) -> Iterator[Range]:
    """The pools' ranges, by the name of the pool or, where its subnet goes, of that."""
    globals_ = rows.globals.columns if rows.globals is not None else None
    compatibility = {} if globals_ is None else globals_.body.get("compatibility", {})
    bars_ends = isinstance(compatibility, Mapping) and compatibility.get("exclude_first_last_24") is True
    for stored in rows.subnets:
        columns = stored.columns
        if columns is None:
            continue
        for pool in rows.pools.get(stored.row_id, ()):
            if pool.columns is None:
                continue
            kind, first, last, plen, _body = pool.columns
            form = made.pool_form(pool.columns)
            name = f"{pool_name(form)} of {columns.name}"
            label = name if stored.row_id in staying else f"{_GOING}{columns.name}"
            excluded = [parse_span(text) for text in form.get("exclude", ())]
            if bars_ends and len(first) == 4 and columns.plen <= 24:
                excluded = [*joined([*excluded, *ends_of_24(first, last)])]
            for begin, end in _given(first, last, excluded):
                yield Range(columns.space, kind, plen, begin, end, label)


def _given(first: bytes, last: bytes, excluded: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    """The parts of a pool that are given out."""
    return Pool(0, 0, first, last, len(first) * 8, excluded=tuple(sorted(excluded))).ranges


def _claims(document: Document) -> dict[LeaseKey, _Claim]:
    everywhere = _keyed(
        (made.of_assignment(one.entry, EVERYWHERE_SPACE), EVERYWHERE)
        for one in document.assignments
        if one.entry.enabled
    )
    prefixes = Coverage(
        Range(subnet.entry.space, KIND_ADDRESS4, 32, subnet.entry.prefix[0], last_of(*subnet.entry.prefix), "")
        for subnet in (document.subnets if everywhere else ())
        if subnet.entry.family == 4
    )
    claims = {key: claim for key, claim in everywhere.items() if prefixes.find(key) is not None}
    return claims | _keyed(
        (made.of_assignment(one.entry, subnet.entry.space), subnet.name)
        for subnet in document.subnets
        for one in subnet.assignments
        if one.entry.enabled
    )


def _claims_of_rows(
    connection: Connection, rows: Rows, *, everywhere: bool = True
) -> dict[LeaseKey, _Claim]:
    homes = [(stored.row_id, stored.columns.name) for stored in rows.subnets if stored.columns is not None]
    return _keyed(
        (held.columns, name)
        for row_id, name in [*homes, *([(EVERYWHERE_ID, EVERYWHERE)] if everywhere else [])]
        for held in assignments(connection, rows.revision, row_id)[0]
        if held.columns is not None and held.columns.enabled
    )


def _keyed(listed: Iterable[tuple[AssignmentColumns, str]]) -> dict[LeaseKey, _Claim]:
    claims: dict[LeaseKey, _Claim] = {}
    for columns, subnet in listed:
        if columns.addresses:
            claim = _Claim(columns.identifier_kind, columns.identifier, f"assignments of {told(subnet)}")
            claims.update(dict.fromkeys(columns.addresses, claim))
    return claims
