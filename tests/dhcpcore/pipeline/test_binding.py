"""What a client may have, and whether it is free: the questions, and the rows they need."""

from __future__ import annotations

from typing import Any

import pytest

from dhcpcore.lease.facts import Facts, Wants
from dhcpcore.lease.model import Assignment, Lease, LeaseKey, State
from dhcpcore.pipeline import binding
from dhcpcore.pipeline.bundle import Datagram, TransactionBundle
from dhcpcore.pipeline.signals import NeedsRows
from dhcpcore.topology.links import Links
from dhcpcore.topology.snapshot import Link, Pool, Snapshot, Subnet
from dhcpcore.wire.v4.message import decode
from tests.packets4 import DISCOVER, client, request

NOW = 1_000_000
A = client(1)


def ip(last: int) -> bytes:
    return bytes((192, 0, 2, last))


def key(last: int) -> LeaseKey:
    return (0, 4, ip(last), 32)


def row(last: int, who: bytes = A.identity, state: int = State.LEASED, expires: int = NOW + 60) -> Lease:
    return Lease(0, 4, ip(last), 32, who, b"", state, expires, NOW, 1, 1, 1, "", b"", b"")


def bundle(
    *pools: Pool, assignment: Assignment | None = None, assigned: bool = False, **facts: Any
) -> TransactionBundle:
    subnet = Subnet(1, 4, 0, ip(0), 24, "office", pools=pools)
    snapshot = Snapshot(1, (subnet,), has_assigned_addresses=assigned)
    data = request(DISCOVER, A, 1)
    datagram = Datagram(data, bytes(4), 68, 1, b"\xff" * 4, ip(1), NOW)
    made = TransactionBundle(datagram, decode(data), snapshot, Links(snapshot, {}), NOW)
    made.link, made.home, made.subnet = Link("office", (subnet,)), subnet, subnet
    made.client, made.assignment = A.identity, assignment
    made.facts, made.wants = Facts(**facts), Wants()
    return made


def mine(*lasts: int) -> Assignment:
    return Assignment(7, 1, 1, b"\1" + A.hw, tuple(key(last) for last in lasts), "", ())


POOL = Pool(1, 4, ip(100), ip(109), 32)


class TestRowOf:
    def test_the_clients_own_rows_are_at_hand(self) -> None:
        made = bundle(by_client={A.identity: [row(100)]})
        assert binding.row_of(made, key(100)) == row(100)
        assert not made.wants

    def test_a_row_that_was_looked_up_and_is_not_there_is_none(self) -> None:
        assert binding.row_of(bundle(by_key={key(100): None}), key(100)) is None

    def test_a_row_that_was_not_looked_up_is_wanted(self) -> None:
        made = bundle()
        with pytest.raises(NeedsRows):
            binding.row_of(made, key(100))
        assert (made.wants.leases, made.wants.assigned) == ({key(100)}, set())

    def test_where_addresses_are_assigned_it_is_asked_in_the_same_round_for_whom(self) -> None:
        made = bundle(assigned=True)
        with pytest.raises(NeedsRows):
            binding.row_of(made, key(100))
        assert (made.wants.leases, made.wants.assigned) == ({key(100)}, {key(100)})


class TestPermission:
    @pytest.mark.parametrize("address", [ip(99), ip(110), bytes((198, 51, 100, 100)), b"", b"\xc0\0\2\x64\0"])
    def test_outside_pools_and_link_there_is_none(self, address: bytes) -> None:
        assert binding.permission(bundle(POOL), address) is None

    @pytest.mark.parametrize("last", [100, 109])
    def test_a_pool_gives_it_from_first_to_last(self, last: int) -> None:
        found = binding.permission(bundle(POOL), ip(last))
        assert found is not None
        assert found[1] == POOL

    def test_an_assignment_needs_no_pool(self) -> None:
        found = binding.permission(bundle(assignment=mine(10), assigned=True), ip(10))
        assert found is not None
        assert found[1] is None

    def test_what_is_kept_for_another_is_not_given(self) -> None:
        other = Assignment(8, 1, 1, b"\1other", (key(100),), "", ())
        assert binding.permission(kept(other), ip(100)) is None

    def test_what_may_be_kept_for_another_is_asked_for(self) -> None:
        made = bundle(POOL, assigned=True)
        with pytest.raises(NeedsRows):
            binding.permission(made, ip(100))
        assert made.wants.assigned == {key(100)}

    def test_an_assignment_disabled_or_gone_keeps_nothing(self) -> None:
        assert binding.permission(kept(None), ip(100)) is not None

    @pytest.mark.parametrize(
        ("guard", "known", "admitted"),
        [(None, True, True), (None, False, True), ("known", True, True), ("known", False, False),
         ("unknown", True, False), ("unknown", False, True)],
    )  # fmt: skip
    def test_a_guard_admits_whom_it_names(self, guard: str | None, known: bool, admitted: bool) -> None:
        guarded = Pool(1, 4, ip(100), ip(109), 32, guard=(guard,) if guard else ())
        made = bundle(guarded, assignment=mine() if known else None)
        assert binding.admits(made, guarded) is admitted
        assert (binding.permission(made, ip(100)) is not None) is admitted


def kept(other: Assignment | None) -> TransactionBundle:
    made = bundle(POOL, assigned=True)
    made.facts.assigned[key(100)] = (other,) if other is not None else ()
    return made


class TestIsFree:
    @pytest.mark.parametrize(
        ("found", "free"),
        [
            (None, True),
            (row(100), True),
            (row(100, expires=NOW - 1), True),
            (row(100, state=State.RELEASED, expires=NOW), True),
            (row(100, b"b"), False),
            (row(100, b"b", expires=NOW - 29), False),
            (row(100, b"b", expires=NOW - 30), True),
            (row(100, b"b", State.RELEASED, NOW - 29), False),
            (row(100, b"b", State.EXPIRED, NOW - 30), True),
            (row(100, b"", State.DECLINED, NOW + 1), False),
            (row(100, b"", State.DECLINED, NOW), True),
            (row(100, A.identity, State.DECLINED, NOW + 1), False),
        ],
    )
    def test_of_a_row(self, found: Lease | None, free: bool) -> None:
        assert binding.is_free(bundle(), found, reclaim=True) is free

    def test_without_reclaim_nothing_of_anothers_is(self) -> None:
        assert not binding.is_free(bundle(), row(100, b"b", expires=1), reclaim=False)
        assert binding.is_free(bundle(), row(100, expires=1), reclaim=False)
        assert binding.is_free(bundle(), None, reclaim=False)


def test_an_assignment_of_this_link_is_known_by_its_subnet() -> None:
    made = bundle(assignment=mine(10, 11))
    assert [found for found, _ in binding.assigned_here(made)] == [key(10), key(11)]
    assert binding.assigned_here(bundle()) == []
    v6 = Assignment(7, 1, 1, b"x", ((0, 6, bytes(16), 128),), "", ())
    assert binding.assigned_here(bundle(assignment=v6)) == []
