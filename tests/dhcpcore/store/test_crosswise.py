"""Two engines on one PostgreSQL lock the same rows: neither waits for the other crosswise, whoever of them counts."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection

from dhcpcore.errors import StoreUnavailable
from dhcpcore.lease.facts import Outcome
from dhcpcore.lease.model import Change, Close, Lease, State
from dhcpcore.lease.transitions import conflict, end
from dhcpcore.store import leases
from dhcpcore.store.database import Database
from dhcpcore.store.leases import LeaseStore
from dhcpcore.topology.snapshot import EMPTY
from tests.dhcpcore.store.test_leases import NOW, Assigned, granted, key
from tests.dhcpcore.store.test_limits import CLIENTS, snapshot

pytestmark = pytest.mark.pg
#: Of a subnet whose leases are counted (see ``test_limits.snapshot``); the others are of one where they are not.
COUNTED = 11
OLD, EARLY, LATE = (key(256 + number) for number in (1, 5, 9))


class Committing:
    """A commit in a thread of its own."""

    def __init__(self, store: LeaseStore, changes: list[Change]) -> None:
        self._store, self._changes = store, sorted(changes, key=lambda change: change.after.key)
        self._said: list[Outcome | Exception] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._said.append(self._store.commit(self._changes, NOW))
        except Exception as fault:  # noqa: BLE001 - told by ``outcome``
            self._said.append(fault)

    def join(self, limit_s: float) -> None:
        self._thread.join(limit_s)

    def outcome(self) -> Outcome:
        self.join(20)
        (said,) = self._said
        if isinstance(said, Exception):
            raise said
        return said


@pytest.fixture
def database(pg_migrated_url: str) -> Iterator[Database]:
    opened = Database(pg_migrated_url)
    with opened.writer() as connection:  # A deadlock is found out after so long; the default of a second is for sites.
        name = connection.exec_driver_sql("SELECT current_database()").scalar_one()
        connection.exec_driver_sql(f"ALTER DATABASE \"{name}\" SET deadlock_timeout = '200ms'")
    opened.renew()
    yield opened
    opened.dispose()


@pytest.fixture
def stores(database: Database) -> Iterator[tuple[LeaseStore, LeaseStore]]:
    """One that counts the leases of a subnet, and one that knows of no limit: it has not heard of the revision yet."""
    counting, plain = (LeaseStore(database, Assigned()) for _ in range(2))
    counting.follow(snapshot(2, subnet=50))
    plain.follow(EMPTY)
    for store in (counting, plain):
        store.lease(OLD)  # The connections are there.
    yield counting, plain
    counting.close()
    plain.close()


@contextmanager
def held(database: Database, change: Change) -> Iterator[Callable[[int], None]]:
    """Another writer is about to store ``change``, and thinks better of it at the end.

    What is given waits until so many wait for a lock.
    """
    other = LeaseStore(database, Assigned())
    with database.writer() as watching, database.writer_engine.connect() as connection:
        _insert(connection, change.after)

        def wait(waiting: int) -> None:
            for _ in range(500):
                asked = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
                if watching.exec_driver_sql(asked).scalar_one() >= waiting:
                    return
                time.sleep(0.01)
            pytest.fail(f"{waiting} writers never waited")

        yield wait
        connection.rollback()
    other.close()


def _insert(connection: Connection, row: Lease) -> None:
    marks = ", ".join(["%s"] * len(row))
    connection.exec_driver_sql(f"INSERT INTO lease ({', '.join(row._fields)}) VALUES ({marks})", tuple(row))


def stored(store: LeaseStore, at: tuple[int, int, bytes, int], number: int) -> Lease:
    change = granted(None, at, CLIENTS[number])
    assert store.commit([change], NOW) == Outcome()
    return change.after


def new(at: tuple[int, int, bytes, int], number: int) -> Change:
    return granted(None, at, CLIENTS[number])


def declined(at: tuple[int, int, bytes, int]) -> Change:
    return conflict(None, at, 1, NOW, 60)


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadlock is not made good by another attempt."""
    monkeypatch.setattr(leases, "ATTEMPTS_MAX", 1)


@pytest.mark.usefixtures("once")
def test_one_renews_what_the_other_renews_and_both_grant_what_is_new(
    database: Database, stores: tuple[LeaseStore, LeaseStore]
) -> None:
    """A client that every server hears: its old lease is extended and its new one granted by both."""
    counting, plain = stores
    old = stored(plain, OLD, 1)
    renewal = granted(old, OLD, CLIENTS[1], now=NOW + 5, renewing=True)
    with held(database, new(EARLY, 2)) as wait:
        first = Committing(counting, [new(key(COUNTED), 3), renewal, new(EARLY, 2), new(LATE, 4)])
        wait(1)
        second = Committing(plain, [renewal, new(LATE, 4)])
        wait(2)
    assert first.outcome() == Outcome()
    assert second.outcome().lost == {OLD, LATE}


@pytest.mark.usefixtures("once")
def test_what_takes_no_place_is_written_in_the_order_of_the_key_too(
    database: Database, stores: tuple[LeaseStore, LeaseStore]
) -> None:
    """An address found in use takes no place of a limit, and the others of its batch do."""
    counting, plain = stores
    with held(database, new(OLD, 2)) as wait:
        first = Committing(counting, [new(key(COUNTED), 3), new(OLD, 2), new(EARLY, 5), declined(LATE)])
        wait(1)
        second = Committing(plain, [declined(EARLY), declined(LATE)])
        second.join(1)
    assert first.outcome().lost | second.outcome().lost == {EARLY, LATE}


def test_what_gives_places_back_still_comes_first(stores: tuple[LeaseStore, LeaseStore]) -> None:
    counting, _ = stores
    counting.follow(snapshot(3, subnet=1))
    row = stored(counting, key(COUNTED), 1)
    assert counting.commit([new(key(2), 2), end(row, NOW + 1, Close.RELEASED)], NOW) == Outcome()


def crossed(database: Database, store: LeaseStore, changes: list[Change], keys: tuple[bytes, bytes]) -> Committing:
    """Somebody else's transaction locks the second of two rows, and the first when the store has locked that one."""
    with database.writer() as watching, database.writer_engine.connect() as connection:
        connection.exec_driver_sql("SET deadlock_timeout = '1min'")  # So the store's is the transaction that is ended.
        lock = "SELECT 1 FROM lease WHERE address = %s FOR UPDATE"
        connection.exec_driver_sql(lock, (keys[1],))
        committing = Committing(store, changes)
        for _ in range(500):
            if watching.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").scalar_one():
                break
            time.sleep(0.002)
        connection.exec_driver_sql(lock, (keys[0],))
        connection.rollback()
    return committing


@pytest.mark.parametrize("counts", [True, False], ids=["counting", "plain"])
def test_a_deadlock_that_somebody_else_brings_about_ends_in_another_attempt(
    database: Database, stores: tuple[LeaseStore, LeaseStore], counts: bool
) -> None:
    rows = [stored(stores[1], at, number) for number, at in enumerate((OLD, LATE))]
    changes = [end(row, NOW + 1, Close.RELEASED) for row in rows]
    if counts:
        changes.append(new(key(COUNTED), 3))
    committing = crossed(database, stores[0], changes, (OLD[2], LATE[2]))
    assert committing.outcome() == Outcome()
    assert {stores[0].lease(row.key).state for row in rows} == {State.RELEASED}  # type: ignore[union-attr]


@pytest.mark.usefixtures("once")
def test_it_is_not_tried_for_ever(database: Database, stores: tuple[LeaseStore, LeaseStore]) -> None:
    rows = [stored(stores[1], at, number) for number, at in enumerate((OLD, LATE))]
    changes = [end(row, NOW + 1, Close.RELEASED) for row in rows]
    with pytest.raises(StoreUnavailable, match="deadlock"):
        crossed(database, stores[0], changes, (OLD[2], LATE[2])).outcome()
    assert {stores[0].lease(row.key) for row in rows} == set(rows)
