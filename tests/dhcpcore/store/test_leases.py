"""Leases of the packet path, the same tests on both databases: what is wanted is fetched, what was won is stored."""

import contextlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dhcpcore.engine import Datagram, Traced
from dhcpcore.errors import StoreUnavailable
from dhcpcore.lease.facts import Facts, Outcome, Page, PageRow, Wants
from dhcpcore.lease.model import NEVER, Assignment, Change, Close, Closing, Lease, LeaseKey, State
from dhcpcore.lease.telling import Holding
from dhcpcore.lease.transitions import conflict, decline, end, expire, grant, is_renewal
from dhcpcore.stats.reasons import Reason
from dhcpcore.store import traces
from dhcpcore.store.database import Database
from dhcpcore.store.leases import SWEEP_ROWS, LeaseStore
from dhcpcore.store.schema import history, lease, quarantine, trace
from dhcpcore.store.traces import TraceLog

NOW = 1_700_000_000
A, B = b"\x00\x01\x02\x00\x00\x00\x00\x01", b"\x01\xff\x00\x01"


def key(number: int, space: int = 0) -> LeaseKey:
    return (space, 4, bytes((10, 0, number // 256, number % 256)), 32)


def granted(
    before: Lease | None, at: LeaseKey, client: bytes = A, now: int = NOW, lifetime: int = 3600, **fields: Any
) -> Change:
    given_ = {"hw": b"\x01" + bytes(6), "subnet": 1, "hostname": "", "relay": b"", "agent": b"", "renewing": False}
    change = grant(before, at, client=client, expires=min(NEVER, now + lifetime), now=now, **{**given_, **fields})
    assert change is not None
    return change


class Assigned:
    """Two assignments."""

    def __init__(self) -> None:
        self.revisions: list[int] = []
        self.one = Assignment(1, 1, 1, b"\x01one", (key(10),), "one", ())
        self.two = Assignment(2, 1, 1, b"\x01two", (key(11),), "two", ())

    def assignments_by_identifier(
        self, keys: Iterable[tuple[int, bytes]], revision: int
    ) -> dict[tuple[int, bytes], tuple[Assignment, ...]]:
        self.revisions.append(revision)
        every = {(one.identifier_kind, one.identifier): (one,) for one in (self.one, self.two)}
        return {wanted: every[wanted] for wanted in keys if wanted in every}

    def assignments_by_address(self, keys: Iterable[LeaseKey], revision: int) -> dict[LeaseKey, tuple[Assignment, ...]]:
        every = {one.addresses[0]: (one,) for one in (self.one, self.two)}
        return {wanted: every[wanted] for wanted in keys if wanted in every}

    def assigned_in(self, space: int, kind: int, plen: int, first: bytes, last: bytes, revision: int) -> list[bytes]:
        return [one.addresses[0][2] for one in (self.one, self.two) if first <= one.addresses[0][2] <= last]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.pg)])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One migrated database for all: a new one for each test would be most of their time."""
    with contextlib.ExitStack() as stack:
        if request.param == "sqlite":
            folder = tmp_path_factory.mktemp("leases")
            url = f"sqlite:///{shutil.copy(request.getfixturevalue('migrated_file'), folder)}"
        else:
            template = request.getfixturevalue("pg_template")
            url = stack.enter_context(request.getfixturevalue("pg_cluster").database(template))
        opened = Database(url)
        stack.callback(opened.dispose)
        yield opened


@pytest.fixture
def database(shared: Database) -> Database:
    """The same, emptied."""
    empty(shared)
    return shared


def empty(database: Database) -> None:
    with database.writer(durable=False) as connection:
        for table in (lease, history, quarantine, trace):
            connection.execute(table.delete())


@pytest.fixture
def store(database: Database) -> Iterator[LeaseStore]:
    made = LeaseStore(database, Assigned())
    yield made
    made.close()


@pytest.fixture
def rival(database: Database) -> Iterator[LeaseStore]:
    """Another engine on the same database."""
    made = LeaseStore(database, Assigned())
    yield made
    made.close()


def commit(store: LeaseStore, *changes: Change) -> Outcome:
    return store.commit(sorted(changes, key=lambda change: change.after.key), NOW)


def fetch(store: LeaseStore, *, assigned: bool = False, **wants: Any) -> Facts:
    facts = Facts()
    store.fetch(Wants(**wants), facts, 7, assigned=assigned)
    return facts


def intervals(database: Database) -> list[tuple[Any, ...]]:
    with database.reader() as connection:
        rows = connection.execute(history.select().order_by(history.c.address, history.c.version)).all()
    return [(bytes(row.client), row.opened_at, row.closed_at, row.reason) for row in rows]


def rows(database: Database) -> list[Lease]:
    with database.reader() as connection:
        found = connection.execute(lease.select().order_by(lease.c.space, lease.c.address)).all()
    return [Lease(*(bytes(value) if isinstance(value, memoryview) else value for value in row)) for row in found]


def traced(number: int) -> Traced:
    datagram = Datagram(b"", bytes(4), 67, 1, bytes(4), bytes(4), float(NOW + number))
    return Traced(datagram, Reason.OFFER, 1, [], b"", b"")


def told(database: Database) -> list[int]:
    """The numbers of the traces that are stored."""
    found = TraceLog(database).latest(100)
    return [int(record.received_at) - NOW for record in reversed(found)]


class TestFetch:
    def test_what_was_asked_for_and_is_not_there_is_known_to_be_absent(self, store: LeaseStore) -> None:
        facts = fetch(store, clients={A}, leases={key(1)}, identifiers={(1, b"x")}, assigned={key(2)})
        assert facts.by_client == {A: []}
        assert facts.by_key == {key(1): None}

    def test_nothing_else_is(self, store: LeaseStore) -> None:
        commit(store, granted(None, key(1)))
        facts = fetch(store, clients={B})
        assert (facts.by_client, facts.by_key, facts.assigned, facts.pages) == ({B: []}, {}, {}, {})

    def test_rows_come_by_client_and_by_key_as_they_were_stored(self, store: LeaseStore) -> None:
        one = granted(None, key(1), hostname="büro", relay=b"\x0a\0\0\1", agent=b"\1\2ab", hw=b"\x01\xff")
        two, three = granted(None, key(2)), granted(None, key(3), B)
        commit(store, one, two, three)
        facts = fetch(store, clients={A, B}, leases={key(1), key(3), key(9)})
        assert sorted(facts.by_client[A]) == [one.after, two.after]
        assert facts.by_client[B] == [three.after]
        assert facts.by_key == {key(1): one.after, key(3): three.after, key(9): None}

    def test_spaces_kinds_and_lengths_are_apart(self, store: LeaseStore) -> None:
        keys = [key(1), key(1, 1), (0, 6, bytes(15) + b"\1", 128), (0, 8, bytes(16), 56), (0, 8, bytes(16), 60)]
        commit(store, *(granted(None, one) for one in keys))
        assert {one: row.key for one, row in fetch(store, leases=set(keys)).by_key.items()} == {k: k for k in keys}
        assert fetch(store, leases={(1, 4, key(2)[2], 32)}).by_key == {(1, 4, key(2)[2], 32): None}

    @pytest.mark.parametrize("count", [1, 2, 3, 511, 512, 513, 1300])
    def test_any_number_is_fetched(self, store: LeaseStore, count: int) -> None:
        changes = [granted(None, key(n), b"\1" + n.to_bytes(2, "big")) for n in range(count)]
        commit(store, *changes)
        facts = fetch(
            store, clients={change.after.client for change in changes}, leases={change.after.key for change in changes}
        )
        assert {row.key for found in facts.by_client.values() for row in found} == set(facts.by_key)
        assert all(facts.by_key.values())

    def test_assignments_are_asked_for_by_revision(self, store: LeaseStore) -> None:
        facts = fetch(store, identifiers={(1, b"\x01one"), (1, b"\x01else")})
        assert [one.hostname for one in facts.by_identifier[1, b"\x01one"]] == ["one"]
        assert facts.by_identifier[1, b"\x01else"] == ()
        assert store._assignments.revisions == [7]  # type: ignore[attr-defined]

    def test_whose_the_address_of_a_fetched_row_is_comes_with_it(self, store: LeaseStore) -> None:
        commit(store, granted(None, key(10)), granted(None, key(20)))
        facts = fetch(store, clients={A}, assigned=True)
        assert {k: [one.hostname for one in found] for k, found in facts.assigned.items()} == {
            key(10): ["one"],
            key(20): [],
        }
        assert fetch(store, clients={A}).assigned == {}

    def test_a_page_has_the_taken_the_ended_and_the_assigned(self, store: LeaseStore) -> None:
        commit(store, granted(None, key(1)), granted(None, key(5)), granted(None, key(6)))
        row = fetch(store, leases={key(1)}).by_key[key(1)]
        assert row is not None
        commit(store, end(row, NOW + 5, Close.RELEASED))
        page = Page(3, 0, 0, 4, key(0)[2], key(5)[2], 32)
        assert set(fetch(store, pages={page}).pages[3, 0]) == {
            PageRow(key(1)[2], State.RELEASED, NOW + 5, False),
            PageRow(key(5)[2], State.LEASED, NOW + 3600, False),
        }
        page = Page(3, 1, 0, 4, key(6)[2], key(10)[2], 32)
        assert set(fetch(store, pages={page}, assigned=True).pages[3, 1]) == {
            PageRow(key(6)[2], State.LEASED, NOW + 3600, False),
            PageRow(key(10)[2], 0, 0, True),
        }


class TestCommit:
    def test_a_grant_opens_an_interval(self, store: LeaseStore, database: Database) -> None:
        change = granted(None, key(1))
        assert commit(store, change) == Outcome()
        assert rows(database) == [change.after]
        assert intervals(database) == [(A, NOW, None, None)]

    def test_a_renewal_writes_end_and_time_and_no_history(self, store: LeaseStore, database: Database) -> None:
        first = granted(None, key(1))
        renewal = granted(first.after, key(1), now=NOW + 60)
        assert is_renewal(renewal)
        commit(store, first)
        assert commit(store, renewal) == Outcome()
        assert rows(database) == [renewal.after]
        assert intervals(database) == [(A, NOW, None, None)]

    @pytest.mark.parametrize("changed", [{"hostname": "new"}, {"hw": b"\x01new"}])
    def test_a_renewal_with_another_name_or_card_writes_it(
        self, store: LeaseStore, database: Database, changed: dict[str, Any]
    ) -> None:
        first = granted(None, key(1))
        renewal = granted(first.after, key(1), now=NOW + 60, **changed)
        commit(store, first)
        commit(store, renewal)
        assert rows(database) == [renewal.after]
        assert len(intervals(database)) == 1

    def test_a_change_of_circuit_closes_one_interval_and_opens_another(
        self, store: LeaseStore, database: Database
    ) -> None:
        first = granted(None, key(1), agent=b"\1\1a")
        second = granted(first.after, key(1), now=NOW + 60, agent=b"\1\1b")
        commit(store, first)
        commit(store, second)
        assert intervals(database) == [(A, NOW, NOW + 60, Close.RELAY_CHANGED), (A, NOW + 60, None, None)]

    @pytest.mark.parametrize(
        ("ending", "state", "at", "why"),
        [
            (lambda row: end(row, NOW + 60, Close.RELEASED), State.RELEASED, NOW + 60, Close.RELEASED),
            (lambda row: decline(row, NOW + 60, 600), State.DECLINED, NOW + 60, Close.DECLINED),
            (expire, State.EXPIRED, NOW + 3600, Close.EXPIRED),
            (
                lambda row: conflict(row, row.key, 1, NOW + 9999, 600), State.DECLINED, NOW + 3600, Close.EXPIRED
            ),
            (lambda row: granted(row, row.key, B, NOW + 9999), State.LEASED, NOW + 3600, Close.EXPIRED),
        ],
        ids=["released", "declined", "swept", "conflict", "taken over"],
    )  # fmt: skip
    def test_an_ending_closes_its_interval(
        self,
        store: LeaseStore,
        database: Database,
        ending: Callable[[Lease], Change],
        state: State,
        at: int,
        why: Close,
    ) -> None:
        first = granted(None, key(1))
        commit(store, first)
        change = ending(first.after)
        assert commit(store, change) == Outcome()
        assert rows(database) == [change.after]
        assert (change.after.state, intervals(database)[0][1:]) == (state, (NOW, at, why))

    def test_a_folded_change_opens_and_closes_what_it_says(self, store: LeaseStore, database: Database) -> None:
        """A grant that was ended in the same batch: one row, one closed interval."""
        first = granted(None, key(1))
        ended = end(first.after, NOW, Close.RELEASED)
        folded = Change(None, ended.after._replace(version=first.after.version), True, None)
        commit(store, folded)
        assert intervals(database) == [(A, NOW, None, None)]

    @pytest.mark.parametrize("count", [2, 300])
    def test_many_rows_are_one_transaction(self, store: LeaseStore, database: Database, count: int) -> None:
        changes = [granted(None, key(n), b"\1" + n.to_bytes(2, "big")) for n in range(count)]
        assert commit(store, *changes) == Outcome()
        assert len(intervals(database)) == count
        renewals = [granted(c.after, c.after.key, c.after.client, NOW + 9) for c in changes]
        assert commit(store, *renewals) == Outcome()
        assert [row.cltt for row in rows(database)] == [NOW + 9] * count


class TestLost:
    def test_a_row_that_somebody_made_meanwhile_is_lost(
        self, store: LeaseStore, rival: LeaseStore, database: Database
    ) -> None:
        commit(rival, granted(None, key(1), B))
        outcome = commit(store, granted(None, key(1)))
        assert outcome == Outcome(frozenset({key(1)}))
        assert (rows(database)[0].client, len(intervals(database))) == (B, 1)

    @pytest.mark.parametrize(
        "mine",
        [
            lambda row: granted(row, row.key, now=NOW + 60),
            lambda row: granted(row, row.key, now=NOW + 60, hostname="other"),
            lambda row: granted(row, row.key, now=NOW + 60, agent=b"other"),
            lambda row: end(row, NOW + 60, Close.RELEASED),
            lambda row: decline(row, NOW + 60, 600),
            expire,
        ],
        ids=["renewal", "name", "circuit", "release", "decline", "sweep"],
    )
    def test_a_row_that_somebody_wrote_meanwhile_is_lost_and_its_history_untouched(
        self, store: LeaseStore, rival: LeaseStore, database: Database, mine: Callable[[Lease], Change]
    ) -> None:
        first = granted(None, key(1))
        commit(store, first)
        theirs = granted(first.after, key(1), now=NOW + 30)
        commit(rival, theirs)
        assert commit(store, mine(first.after)) == Outcome(frozenset({key(1)}))
        assert rows(database) == [theirs.after]
        assert intervals(database) == [(A, NOW, None, None)]

    def test_a_row_that_is_gone_is_lost(self, store: LeaseStore, database: Database) -> None:
        first = granted(None, key(1))
        assert commit(store, granted(first.after, key(1), now=NOW + 60)).lost == {key(1)}
        assert rows(database) == []

    def test_the_others_of_the_batch_are_won(self, store: LeaseStore, rival: LeaseStore, database: Database) -> None:
        old = [granted(None, key(n), b"\1" + bytes([n])) for n in range(6)]
        commit(store, *old[:4])
        commit(rival, granted(old[1].after, key(1), b"\1\1", NOW + 5), granted(None, key(4), B))
        changes = [
            granted(old[0].after, key(0), b"\1\0", NOW + 9),
            granted(old[1].after, key(1), b"\1\1", NOW + 9),
            end(old[2].after, NOW + 9, Close.RELEASED),
            granted(old[3].after, key(3), b"\1\3", NOW + 9, agent=b"x"),
            old[4],
            old[5],
        ]
        assert commit(store, *changes) == Outcome(frozenset({key(1), key(4)}))
        kept = {row.key: row for row in rows(database)}
        assert [kept[key(n)].client for n in range(6)] == [b"\1\0", b"\1\1", b"\1\2", b"\1\3", B, b"\1\5"]
        assert kept[key(2)].state == State.RELEASED
        assert len(intervals(database)) == 7

    @pytest.mark.parametrize("lost", [0, 1, 2])
    def test_of_renewals_alone_too(self, store: LeaseStore, rival: LeaseStore, lost: int) -> None:
        old = [granted(None, key(n), b"\1" + bytes([n])) for n in range(3)]
        commit(store, *old)
        commit(rival, granted(old[lost].after, key(lost), b"\1" + bytes([lost]), NOW + 5))
        renewals = [granted(one.after, one.after.key, one.after.client, NOW + 9) for one in old]
        assert all(is_renewal(one) for one in renewals)
        assert commit(store, *renewals).lost == {key(lost)}

    def test_a_version_read_long_ago_never_comes_again(self, store: LeaseStore, database: Database) -> None:
        """The row was deleted, its pool gone, and made anew: the first version is the time, above all before."""
        first = granted(None, key(1))
        commit(store, first)
        with database.writer() as connection:
            connection.execute(lease.delete())
        again = granted(None, key(1), B, NOW + 86_400)
        commit(store, again)
        assert commit(store, granted(first.after, key(1), now=NOW + 90_000)).lost == {key(1)}
        assert rows(database) == [again.after]


def quarantined(database: Database) -> list[tuple[str, str, dict[str, Any]]]:
    with database.reader() as connection:
        found = connection.execute(quarantine.select()).mappings().all()
    return [
        (row["place"], row["fault"], row["row"] if isinstance(row["row"], dict) else json.loads(row["row"]))
        for row in found
    ]


class TestRefused:
    """A row that the database will not take is set aside with the database's words; the rest is stored."""

    def bad(self, number: int) -> Change:
        change = granted(None, key(number), b"\1bad")
        return change._replace(after=change.after._replace(state=9))

    def test_alone(self, store: LeaseStore, database: Database) -> None:
        change = self.bad(1)
        outcome = commit(store, change)
        ((refused, fault),) = outcome.refused
        assert (refused, outcome.lost) == (change, frozenset())
        ((place, told, row),) = quarantined(database)
        assert (place, told, row["address"], row["state"]) == ("lease", fault, "0a000001", 9)
        assert "state" in fault
        assert (rows(database), intervals(database)) == ([], [])

    @pytest.mark.parametrize("place", [0, 3, 6])
    def test_among_others(self, store: LeaseStore, database: Database, place: int) -> None:
        changes = [granted(None, key(n), b"\1" + bytes([n])) for n in range(7)]
        changes[place] = self.bad(place)
        outcome = commit(store, *changes)
        assert [change.after.key for change, _ in outcome.refused] == [key(place)]
        assert outcome.lost == frozenset()
        assert {row.key for row in rows(database)} == {key(n) for n in range(7)} - {key(place)}
        assert len(intervals(database)) == 6

    def test_two_and_a_lost_one(self, store: LeaseStore, rival: LeaseStore, database: Database) -> None:
        commit(rival, granted(None, key(4), B))
        changes = [granted(None, key(n), b"\1" + bytes([n])) for n in range(7)]
        changes[2], changes[5] = self.bad(2), self.bad(5)
        outcome = commit(store, *changes)
        assert {change.after.key for change, _ in outcome.refused} == {key(2), key(5)}
        assert outcome.lost == {key(4)}
        assert {row.key for row in rows(database)} == {key(n) for n in (0, 1, 3, 4, 6)}
        assert len(quarantined(database)) == 2

    def test_a_refused_update_leaves_row_and_history_as_they_were(self, store: LeaseStore, database: Database) -> None:
        first = granted(None, key(1))
        commit(store, first)
        ended = end(first.after, NOW + 60, Close.RELEASED)
        outcome = commit(store, ended._replace(after=ended.after._replace(state=9)))
        assert len(outcome.refused) == 1
        assert rows(database) == [first.after]
        assert intervals(database) == [(A, NOW, None, None)]

    def test_a_number_too_large_for_any_column(self, store: LeaseStore, database: Database) -> None:
        change = granted(None, key(1))
        good = granted(None, key(2), B)
        outcome = commit(store, change._replace(after=change.after._replace(expires=1 << 70)), good)
        assert [refused.after.key for refused, _ in outcome.refused] == [key(1)]
        assert rows(database) == [good.after]

    def test_what_a_rule_of_the_site_refuses(self, store: LeaseStore, database: Database) -> None:
        """A trigger of the administrator's own."""
        make, drop = RULE[database.dialect]
        with database.writer() as connection:
            connection.exec_driver_sql(make)
        try:
            outcome = commit(store, granted(None, key(1), b"\1bad"), granted(None, key(2), B))
        finally:
            with database.writer() as connection:
                connection.exec_driver_sql(drop)
        ((refused, fault),) = outcome.refused
        assert refused.after.key == key(1)
        assert "not this one" in fault
        assert [row.client for row in rows(database)] == [B]


RULE = {
    "sqlite": (
        """CREATE TRIGGER rule BEFORE INSERT ON lease WHEN NEW.client = x'01626164'
           BEGIN SELECT RAISE(ABORT, 'not this one'); END""",
        "DROP TRIGGER rule",
    ),
    "postgresql": (
        """CREATE FUNCTION rule() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN IF NEW.client = '\\x01626164'::bytea THEN RAISE EXCEPTION 'not this one'; END IF;
           RETURN NEW; END $$;
           CREATE TRIGGER rule BEFORE INSERT ON lease FOR EACH ROW EXECUTE FUNCTION rule()""",
        "DROP FUNCTION rule() CASCADE",
    ),
}


class TestTraces:
    """They go with a commit of leases, whatever that writes, and alone where none comes."""

    def test_the_next_commit_takes_them_along(self, store: LeaseStore, database: Database) -> None:
        change = granted(None, key(1))
        assert store.trace(1, [traced(1), traced(2)]) > 0
        store.flush()
        assert told(database) == []
        commit(store, change)
        assert told(database) == [1, 2]
        store.trace(1, [traced(3)])
        commit(store, granted(change.after, key(1), now=NOW + 1800, renewing=True))
        assert told(database) == [1, 2, 3]
        commit(store, granted(None, key(2), B))
        store.flush(at_once=True)
        assert told(database) == [1, 2, 3]

    def test_where_none_comes_they_are_stored_alone(
        self, store: LeaseStore, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.trace(1, [traced(1)])
        monkeypatch.setattr(traces, "ASIDE_S", 0.0)
        store.flush()
        assert told(database) == [1]

    def test_those_that_the_database_refuses_keep_no_lease_from_being_stored(
        self, store: LeaseStore, database: Database
    ) -> None:
        store.trace(1, [traced(1)._replace(datagram=traced(1).datagram._replace(received_at=float(1 << 70)))])
        outcome = commit(store, granted(None, key(1)))
        assert outcome == Outcome()
        assert [row.key for row in rows(database)] == [key(1)]
        assert quarantined(database) == []
        store.flush(at_once=True)
        assert told(database) == []


class TestSweep:
    def test_the_ended_and_unswept_are_found_to_the_end_of_the_table(self, store: LeaseStore) -> None:
        count = SWEEP_ROWS + 100
        changes = [
            granted(None, key(n), b"\1" + n.to_bytes(2, "big"), lifetime=60 if n % 3 else 6000) for n in range(count)
        ]
        commit(store, *changes)
        ended, after = store.sweep(None, NOW + 60)
        assert after == key(SWEEP_ROWS - 1)
        more, after = store.sweep(after, NOW + 60)
        assert after is None
        assert {row.key for row in (*ended, *more)} == {key(n) for n in range(count) if n % 3}
        assert store.sweep(None, NOW + 59)[0] == []

    def test_what_is_released_declined_or_swept_is_not(self, store: LeaseStore) -> None:
        changes = [granted(None, key(n)) for n in range(3)]
        commit(store, *changes)
        one, two, three = (change.after for change in changes)
        commit(store, end(one, NOW, Close.RELEASED), decline(two, NOW, 60), expire(three))
        assert store.sweep(None, NOW + 99_999) == ([], None)

    def test_every_kind_and_space_is_swept(self, store: LeaseStore) -> None:
        keys = [key(1), key(1, 7), (0, 6, bytes(16), 128), (0, 8, bytes(16), 56)]
        commit(store, *(granted(None, one) for one in keys))
        assert {row.key for row in store.sweep(None, NOW + 3600)[0]} == set(keys)


def test_one_row_can_be_asked_for(store: LeaseStore) -> None:
    change = granted(None, key(1))
    commit(store, change)
    assert (store.lease(key(1)), store.lease(key(2))) == (change.after, None)


def test_a_database_without_tables_is_unavailable_in_words(url: str) -> None:
    database = Database(url)
    store = LeaseStore(database, Assigned())
    try:
        with pytest.raises(StoreUnavailable):
            fetch(store, clients={A})
        with pytest.raises(StoreUnavailable):
            commit(store, granted(None, key(1)))
    finally:
        store.close()
        database.dispose()


def test_after_an_error_the_store_works_on(store: LeaseStore, database: Database) -> None:
    with database.writer() as connection:
        connection.exec_driver_sql("ALTER TABLE lease RENAME TO elsewhere")
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            commit(store, granted(None, key(1)))
    with database.writer() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO lease")
    assert commit(store, granted(None, key(1))) == Outcome()


def test_a_closing_names_the_interval_it_closes_and_no_other(store: LeaseStore, database: Database) -> None:
    first = granted(None, key(1))
    commit(store, first)
    ended = end(first.after, NOW + 60, Close.RELEASED)
    wrong = ended._replace(closing=Closing(first.after.opened + 1, NOW + 60, Close.RELEASED))
    commit(store, wrong)
    assert intervals(database) == [(A, NOW, None, None)]


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["grant", "renew", "move", "release", "decline", "sweep", "conflict"]),
        st.sampled_from([A, B]),
        st.integers(0, 2),
        st.sampled_from([1, 30, 60, 61, 4000]),
    ),
    max_size=10,
)


@settings(
    max_examples=15, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(events=EVENTS)
def test_any_order_of_events_leaves_rows_and_history_that_agree(
    store: LeaseStore, database: Database, events: list[tuple[str, bytes, int, int]]
) -> None:
    """Each address has at most one open interval, and that is its row's."""
    empty(database)
    now = NOW
    for what, client, number, later in events:
        now += later
        row = store.lease(key(number))
        change: Change | None = None
        live = row is not None and row.state == State.LEASED and row.expires > now
        if what in {"grant", "renew", "move"} and (not live or (row is not None and row.client == client)):
            agent = b"other" if what == "move" else b""
            change = grant(row, key(number), client=client, hw=b"\1", subnet=1, expires=now + 60, now=now, hostname="",
                           relay=b"", agent=agent, renewing=False)  # fmt: skip
        elif what == "release" and live and row is not None:
            change = end(row, now, Close.RELEASED)
        elif what == "decline" and live and row is not None:
            change = decline(row, now, 60)
        elif what == "sweep" and row is not None and row.state == State.LEASED and not live:
            change = expire(row)
        elif what == "conflict" and not live:
            change = conflict(row, key(number), 1, now, 60)
        if change is not None:
            assert commit(store, change) == Outcome()
            assert store.lease(key(number)) == change.after
    with database.reader() as connection:
        open_ = {
            (bytes(row.address), row.version)
            for row in connection.execute(history.select().where(history.c.closed_at.is_(None)))
        }
        every = list(connection.execute(history.select()))
    assert open_ == {(row.address, row.opened) for row in rows(database) if row.state == State.LEASED}
    for row in every:
        assert row.closed_at is None or row.opened_at <= row.closed_at


class TestHoldings:
    """What leasequery asks the history: since when an address is held, and who ended that."""

    def kept(self, store: LeaseStore, *changes: Change) -> Lease:
        for change in changes:
            assert store.commit([change], NOW) == Outcome()
        return changes[-1].after

    def test_since_the_grant_however_often_it_was_renewed(self, store: LeaseStore) -> None:
        first = granted(None, key(1))
        second = granted(first.after, key(1), now=NOW + 900)
        row = self.kept(store, first, second)
        assert store.holdings([row]) == {row.key: Holding(NOW, None)}

    def test_another_circuit_is_the_same_holding_and_another_client_is_not(self, store: LeaseStore) -> None:
        changes = [granted(None, key(1), B)]
        changes.append(end(changes[-1].after, NOW + 5, Close.RELEASED))
        for turn in range(4):
            changes.append(granted(changes[-1].after, key(1), now=NOW + 10 + turn, agent=b"\x01\x01%d" % turn))
        row = self.kept(store, *changes)
        assert store.holdings([row]) == {row.key: Holding(NOW + 10, None)}

    @pytest.mark.parametrize("reason", [Close.RELEASED, Close.REVOKED, Close.MOVED])
    def test_who_ended_it(self, store: LeaseStore, reason: Close) -> None:
        first = granted(None, key(1))
        row = self.kept(store, first, end(first.after, NOW + 60, reason))
        assert store.holdings([row]) == {row.key: Holding(NOW, reason)}

    def test_many_at_once_each_its_own(self, store: LeaseStore) -> None:
        changes = [granted(None, key(number, number % 3), now=NOW + number) for number in range(150)]
        store.commit(changes, NOW)
        rows = [change.after for change in changes]
        assert store.holdings(rows) == {row.key: Holding(NOW + at, None) for at, row in enumerate(rows)}

    def test_what_the_history_does_not_have_any_more(self, store: LeaseStore, database: Database) -> None:
        row = self.kept(store, granted(None, key(1)))
        with database.writer() as connection:
            connection.execute(history.delete())
        assert store.holdings([row]) == {}
        assert store.holdings([]) == {}
