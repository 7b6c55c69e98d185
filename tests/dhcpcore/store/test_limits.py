"""Counters that guard limits, the same tests on both databases: never more, also where several write at once."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from dhcpcore.lease.facts import Facts, Outcome, Wants
from dhcpcore.lease.model import Change, Close, Lease
from dhcpcore.lease.transitions import end, expire
from dhcpcore.store.database import Database
from dhcpcore.store.leases import LeaseStore
from dhcpcore.topology.policy import Policy
from dhcpcore.topology.snapshot import Pool, Snapshot, Subnet
from tests.dhcpcore.store.test_leases import NOW, Assigned, granted, key

CLIENTS = [b"\x00\x01" + bytes((2, 0, 0, 0, 0, n)) for n in range(40)]


def snapshot(revision: int = 1, *, subnet: int = 0, pool: int = 0) -> Snapshot:
    ranges = (Pool(7, 4, bytes((10, 0, 0, 10)), bytes((10, 0, 0, 19)), 32, max_leases=pool),)
    return Snapshot(revision, (Subnet(3, 4, 0, bytes((10, 0, 0, 0)), 24, "office", pools=ranges,
                                      policy=Policy(max_leases=subnet)),))  # fmt: skip


@pytest.fixture
def stores(database: Database) -> Iterator[list[LeaseStore]]:
    made = [LeaseStore(database, Assigned()) for _ in range(2)]
    yield made
    for one in made:
        one.close()


def grants(*numbers: int) -> list[Change]:
    return [granted(None, key(n), CLIENTS[n % 40]) for n in numbers]


def won(changes: list[Change], outcome: Outcome) -> list[Lease]:
    return [one.after for one in changes if one.after.key not in outcome.lost | outcome.over]


def counters(database: Database) -> dict[tuple[int, int], int]:
    with database.reader() as connection:
        found = connection.execute(text("SELECT kind, scope, held FROM lease_count"))
        return {(kind, scope): held for kind, scope, held in found}


def test_what_is_too_much_is_not_stored_and_named(database: Database, stores: list[LeaseStore]) -> None:
    store = stores[0]
    store.follow(snapshot(subnet=2))
    changes = grants(1, 2, 3)
    outcome = store.commit(changes, NOW)
    assert (outcome.lost, outcome.over) == (frozenset(), frozenset({key(3)}))
    assert store.lease(key(3)) is None
    assert store.lease(key(2)) == changes[1].after
    assert counters(database) == {(1, 3): 2}


def test_without_a_limit_nothing_is_counted(database: Database, stores: list[LeaseStore]) -> None:
    stores[0].follow(snapshot())
    assert stores[0].commit(grants(1, 2, 3), NOW) == Outcome()
    assert counters(database) == {}


def test_an_address_counts_for_its_pool_and_its_subnet(database: Database, stores: list[LeaseStore]) -> None:
    stores[0].follow(snapshot(subnet=5, pool=1))
    outcome = stores[0].commit(grants(1, 10, 11), NOW)
    assert outcome.over == frozenset({key(11)})
    assert counters(database) == {(1, 3): 2, (2, 7): 1}


def test_what_gives_a_place_back_comes_first(stores: list[LeaseStore]) -> None:
    stores[0].follow(snapshot(subnet=1))
    first = grants(9)[0]
    assert stores[0].commit([first], NOW).over == frozenset()
    changes = [*grants(1), end(first.after, NOW, Close.MOVED)]
    assert stores[0].commit(changes, NOW).over == frozenset()
    assert stores[0].commit(grants(2), NOW).over == frozenset({key(2)})


def test_renewals_and_taking_over_an_ended_lease_take_no_place(database: Database, stores: list[LeaseStore]) -> None:
    stores[0].follow(snapshot(subnet=1))
    row = won(changes := grants(1), stores[0].commit(changes, NOW))[0]
    renewed = granted(row, key(1), CLIENTS[1], now=NOW + 60)
    assert stores[0].commit([renewed], NOW + 60) == Outcome()
    taken = granted(renewed.after, key(1), CLIENTS[2], now=NOW + 9000)
    assert stores[0].commit([taken], NOW + 9000) == Outcome()
    assert stores[0].commit([expire(taken.after)], NOW + 20_000) == Outcome()
    assert counters(database) == {(1, 3): 0}


def test_what_was_lost_takes_none(database: Database, stores: list[LeaseStore]) -> None:
    for store in stores:
        store.follow(snapshot(subnet=5))
    stores[0].commit(grants(1), NOW)
    assert stores[1].commit(grants(1, 2), NOW).lost == frozenset({key(1)})
    assert counters(database) == {(1, 3): 2}


def test_what_the_database_refuses_takes_none_and_nothing_with_it(
    database: Database, stores: list[LeaseStore]
) -> None:
    stores[0].follow(snapshot(subnet=5))
    bad = granted(None, key(1))
    bad = bad._replace(after=bad.after._replace(state=1, version=0))
    outcome = stores[0].commit([bad, *grants(2)], NOW)
    assert [change.after.key for change, _ in outcome.refused] == [key(1)]
    assert counters(database) == {(1, 3): 1}
    assert stores[0].lease(key(2)) is not None


def test_another_revision_counts_anew(database: Database, stores: list[LeaseStore]) -> None:
    stores[0].follow(snapshot())
    stores[0].commit(grants(1, 2), NOW)
    stores[0].follow(snapshot(2, subnet=2))
    assert stores[0].commit(grants(3), NOW).over == frozenset({key(3)})
    assert counters(database) == {(1, 3): 2}


def test_counters_are_fetched_as_a_hint_and_put_right_when_they_are_old(
    database: Database, stores: list[LeaseStore]
) -> None:
    stores[0].follow(snapshot(subnet=5))
    stores[0].commit(grants(1, 2), NOW)
    with database.writer() as connection:
        connection.execute(text("UPDATE lease_count SET held = 5"))
    facts = Facts()
    stores[0].fetch(Wants(counts={(1, 3)}), facts, 1, assigned=False)
    assert facts.counts == {(1, 3): 5}
    stores[0].recount(NOW + 59)
    assert counters(database) == {(1, 3): 5}
    stores[0].recount(NOW + 60)
    assert counters(database) == {(1, 3): 2}


def test_two_that_write_at_once_give_out_no_more_than_there_is(database: Database, stores: list[LeaseStore]) -> None:
    """Forty grants by two engines, some of the same addresses, for ten places."""
    for store in stores:
        store.follow(snapshot(subnet=10))
    begin, faults = threading.Barrier(2), []

    def run(store: LeaseStore, numbers: range) -> None:
        begin.wait()
        try:
            for n in numbers:
                store.commit(grants(n, n + 50), NOW)
        except Exception as fault:  # noqa: BLE001 - told below
            faults.append(fault)

    threads = [
        threading.Thread(target=run, args=(store, range(at, at + 20)))
        for store, at in zip(stores, (1, 11), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with database.reader() as connection:
        held = connection.execute(text("SELECT count(*) FROM lease WHERE state = 1")).scalar_one()
    assert held == 10
    assert counters(database) == {(1, 3): 10}
