"""Counters of classes, the same tests on both databases: never more, also where several write at once."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import text

from dhcpcore.errors import InvalidDocument
from dhcpcore.interchange import to_yaml
from dhcpcore.lease.facts import Facts, Outcome, Wants
from dhcpcore.lease.marked import Marked
from dhcpcore.lease.model import Change, Close, Lease
from dhcpcore.lease.transitions import end, expire
from dhcpcore.store.database import Database
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.leases import LeaseStore
from dhcpcore.topology.build import from_document
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.topology.validate import validate
from tests.dhcpcore.store.test_leases import NOW, Assigned, granted, key

CLIENTS = [b"\x00\x01" + bytes((2, 0, 0, 0, 0, n)) for n in range(40)]
LIMITED: dict[str, Any] = {
    "version": 1,
    "classes": [{"name": "tel", "test": "pkt4.mac == 0x00", "max_leases": 2, "max_leases_per_subnet": 1, "rate": 3},
                {"name": "port", "template_test": "pkt4.mac", "max_leases": 1}],
    "subnets": [{"prefix": "10.0.0.0/25"}, {"prefix": "10.0.0.128/25", "max_leases": 100}],
}  # fmt: skip


def snapshot(revision: int = 1, *, tel: int = 2, per_subnet: int = 0) -> Snapshot:
    tel_class = {**LIMITED["classes"][0], "max_leases": tel, "max_leases_per_subnet": per_subnet}
    return from_document(validate({**LIMITED, "classes": [tel_class, LIMITED["classes"][1]]}), revision)


@pytest.fixture
def stores(database: Database) -> Iterator[list[LeaseStore]]:
    made = [LeaseStore(database, Assigned()) for _ in range(2)]
    yield made
    for one in made:
        one.close()


def grants(*numbers: int, names: tuple[str, ...] = ("tel",)) -> Marked:
    changes = [granted(None, key(n), CLIENTS[n % 40]) for n in numbers]
    return Marked(changes, {change.after.key: names for change in changes})


def counters(database: Database) -> dict[tuple[str, int], int]:
    with database.reader() as connection:
        found = connection.execute(text("SELECT class, scope, held FROM class_count"))
        return {(name, scope): held for name, scope, held in found}


def test_what_is_too_much_is_not_stored_and_named(database: Database, stores: list[LeaseStore]) -> None:
    stores[0].follow(snapshot())
    assert stores[0].commit(grants(1, 2, 3), NOW) == Outcome(over=frozenset({key(3)}))
    assert stores[0].lease(key(3)) is None
    assert counters(database) == {("tel", 0): 2}


def test_in_each_subnet_apart(database: Database, stores: list[LeaseStore]) -> None:
    stores[0].follow(snapshot(tel=5, per_subnet=1))
    assert stores[0].commit(grants(1, 2, 130), NOW).over == frozenset({key(2)})
    assert counters(database) == {("tel", 0): 2, ("tel", 1): 1, ("tel", 2): 1}


def test_what_gives_a_place_back_comes_first_and_is_forgotten(database: Database, stores: list[LeaseStore]) -> None:
    stores[0].follow(snapshot(tel=1))
    first = grants(9)
    stores[0].commit(first, NOW)
    changes = Marked([*grants(1), end(first[0].after, NOW, Close.MOVED)], {key(1): ("tel",)})
    assert stores[0].commit(changes, NOW) == Outcome()
    assert stores[0].commit([expire(changes[0].after)], NOW + 9000) == Outcome()
    assert counters(database) == {("tel", 0): 0}
    with database.reader() as connection:
        assert connection.execute(text("SELECT count(*) FROM lease_class")).scalar_one() == 0


def test_an_ended_lease_that_another_client_takes(database: Database, stores: list[LeaseStore]) -> None:
    stores[0].follow(snapshot(tel=1))
    first = grants(1)
    stores[0].commit(first, NOW)
    taken = granted(first[0].after, key(1), CLIENTS[2], now=NOW + 9000)
    assert stores[0].commit(Marked([taken], {key(1): ("tel",)}), NOW + 9000) == Outcome()
    assert counters(database) == {("tel", 0): 1}
    again = granted(taken.after, key(1), CLIENTS[3], now=NOW + 20_000)
    assert stores[0].commit([again], NOW + 20_000) == Outcome()
    assert counters(database) == {("tel", 0): 0}


def test_what_ended_without_counting_counts_for_nothing(database: Database, stores: list[LeaseStore]) -> None:
    """An engine that did not follow yet ends a lease, or gives it to somebody else."""
    for number, after in ((1, expire), (2, lambda row: granted(row, row.key, CLIENTS[7], now=NOW + 9000))):
        stores[0].follow(snapshot(number, tel=1))
        first = grants(number)
        assert stores[0].commit(first, NOW) == Outcome()
        change = after(first[0].after)
        assert stores[1].commit([change], NOW + 9000) == Outcome()
        stores[0].recount(NOW + 60 * number)
        assert counters(database) == {}
    with database.reader() as connection:
        assert connection.execute(text("SELECT count(*) FROM lease_class")).scalar_one() == 0


def test_what_was_lost_takes_no_place(database: Database, stores: list[LeaseStore]) -> None:
    for store in stores:
        store.follow(snapshot())
    stores[0].commit(grants(1), NOW)
    assert stores[1].commit(grants(1, 2), NOW).lost == frozenset({key(1)})
    assert counters(database) == {("tel", 0): 2}


def test_what_is_known_of_a_class_is_fetched(stores: list[LeaseStore]) -> None:
    stores[0].follow(snapshot(tel=5, per_subnet=5))
    changes = grants(1, 2)
    stores[0].commit(changes, NOW)
    other = granted(None, key(3), CLIENTS[3])
    stores[0].commit([other], NOW)
    facts = Facts()
    wants = Wants(clients={CLIENTS[1], CLIENTS[3]}, classes={"tel", "SPAWN_port_0x01"})
    stores[0].fetch(wants, facts, 1, assigned=False)
    assert facts.class_counts == {("tel", 0): 2, ("tel", 1): 2, ("SPAWN_port_0x01", 0): 0}
    assert facts.classed == {key(1): frozenset({"tel"}), key(3): frozenset()}


def test_without_a_limit_nothing_is_asked(stores: list[LeaseStore]) -> None:
    stores[0].follow(Snapshot(1))
    facts = Facts()
    stores[0].fetch(Wants(classes={"tel"}), facts, 1, assigned=False)
    assert facts.class_counts == {("tel", 0): 0}


def test_two_that_write_at_once_give_out_no_more_than_there_is(database: Database, stores: list[LeaseStore]) -> None:
    """Forty grants by two engines, some of the same addresses, for ten places."""
    for store in stores:
        store.follow(snapshot(tel=10))
    run_at_once([
        lambda store=store, at=at: [store.commit(grants(n, n + 50), NOW) for n in range(at, at + 20)]
        for store, at in zip(stores, (1, 11), strict=True)
    ])  # fmt: skip
    with database.reader() as connection:
        held = connection.execute(text("SELECT count(*) FROM lease WHERE state = 1")).scalar_one()
    assert held == 10
    assert counters(database) == {("tel", 0): 10}


@pytest.mark.pg
def test_two_commits_over_different_counters_do_not_wait_crosswise(pg_migrated_url: str) -> None:
    """What gives places back is written first: in one commit the later row, in the other the earlier one."""

    database = Database(pg_migrated_url)
    stores = [LeaseStore(database, Assigned()) for _ in range(2)]
    for store in stores:
        store.follow(snapshot(tel=50))
    low, high = grants(1, names=()), grants(2, names=())
    stores[0].commit([*low, *high], NOW)
    rows: list[Lease] = [low[0].after, high[0].after]

    def cross(ending: Lease, renewed: Lease) -> list[Change]:
        return sorted([expire(ending), granted(renewed, renewed.key, renewed.client, now=NOW + 60)],
                      key=lambda change: change.after.key)  # fmt: skip

    met = threading.Barrier(2)
    for store in stores:
        pause_after_first_write(store, met)
    run_at_once([
        lambda: stores[0].commit(cross(rows[0], rows[1]), NOW + 60),
        lambda: stores[1].commit(cross(rows[1], rows[0]), NOW + 60),
    ])  # fmt: skip
    for store in stores:
        store.close()
    database.dispose()


def pause_after_first_write(store: LeaseStore, met: threading.Barrier) -> None:
    """Both transactions have written a row before either writes its second, if the rows let them."""
    rows = store._rows
    counting = rows.counting

    class Paused:
        def __enter__(self) -> Any:
            self.inner = counting()
            transaction = self.inner.__enter__()
            write, first = transaction.write, [True]

            def paused(change: Change) -> str | None:
                done = write(change)
                if first:
                    first.clear()
                    with suppress(threading.BrokenBarrierError):  # Then the other one waits for us, as it should.
                        met.wait(0.3)
                return done

            transaction.write = paused
            return transaction

        def __exit__(self, *told: object) -> Any:
            return self.inner.__exit__(*told)

    rows.counting = Paused  # type: ignore[method-assign, assignment]


def run_at_once(tasks: list[Any]) -> None:
    faults: list[Exception] = []
    begin = threading.Barrier(len(tasks))

    def run(task: Any) -> None:
        begin.wait()
        try:
            task()
        except Exception as fault:  # noqa: BLE001 - told below
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_the_keys_reach_the_snapshot_and_survive_an_export(database: Database) -> None:
    made = from_document(validate(LIMITED))
    assert made.classes is not None
    assert made.classes.limit_of("tel") == (2, 1, 3)
    assert made.classes.limit_of("SPAWN_port_x") == (1, 0, 0)
    assert made.classes.limit_of("port") == made.classes.limit_of("other") == (0, 0, 0)
    definitions = Definitions(database)
    definitions.apply(validate(LIMITED), "alice")
    exported = definitions.document()
    assert to_yaml(validate(exported).canonical()) == to_yaml(exported)
    assert exported["classes"] == LIMITED["classes"]


@pytest.mark.parametrize("key", ["max_leases", "max_leases_per_subnet", "rate"])
def test_a_wrong_limit_is_told_at_its_place(key: str) -> None:
    for value, path, says in ((-1, f"classes[0].{key}", "0"), ("many", f"classes[0].{key}", "whole number")):
        with pytest.raises(InvalidDocument) as told:
            validate({"version": 1, "classes": [{"name": "tel", key: value}]})
        (fault,) = told.value.faults
        assert fault.path == path
        assert says in fault.message
    late = {"name": "tel", "test": "known", "only_in_additional_list": True, key: 3}
    with pytest.raises(InvalidDocument, match="take only_in_additional_list out"):
        validate({"version": 1, "classes": [late]})
