"""Two engines on one PostgreSQL: one that listens hears what the other commits; while none does, nothing is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from dhcpcore.lease.model import Change, Close, LeaseKey
from dhcpcore.lease.transitions import end, grant
from dhcpcore.store.database import Database
from dhcpcore.store.leases_postgresql import PostgresqlRows
from dhcpcore.store.others import BELIEVED_S, Others

pytestmark = pytest.mark.pg
NOW = 1_700_000_000
Engines = Callable[[], PostgresqlRows]


def granted(last: int, before: Change | None = None, now: int = NOW) -> Change:
    key = (0, 4, bytes((192, 0, 2, last)), 32)
    change = grant(before and before.after, key, client=b"\0%d" % last, hw=b"", subnet=1, expires=now + 600, now=now,
                   hostname="", relay=None, agent=None, renewing=before is not None)  # fmt: skip
    assert change is not None
    return change


@pytest.fixture
def engine(pg_migrated_url: str) -> Iterator[Engines]:
    made: list[tuple[Database, PostgresqlRows]] = []

    def make() -> PostgresqlRows:
        database = Database(pg_migrated_url)
        made.append((database, PostgresqlRows(database)))
        made[-1][1].by_client([b"nobody"])
        return made[-1][1]

    yield make
    for database, rows in made:
        rows.close()
        database.dispose()


class Ear:
    def __init__(self, rows: PostgresqlRows) -> None:
        self.rows = rows
        self.found: list[LeaseKey] = []
        rows.listen(self.take)

    def take(self, keys: Sequence[LeaseKey]) -> None:
        self.found += keys

    def hear(self) -> list[int]:
        return sorted(address[-1] for _, _, address, _ in self.named())

    def named(self) -> list[LeaseKey]:
        for _ in range(2):  # Its server sends what it was signalled of before it takes the next question.
            self.rows.by_client([b"nobody"])
            self.rows.hear()
        found, self.found = self.found, []
        return found


def test_every_commit_of_the_other_is_heard_once_and_none_of_its_own(engine: Engines) -> None:
    writer, listener = engine(), engine()
    ear = Ear(listener)
    assert ear.rows.hear(), "something may have been missed before"
    assert not ear.rows.hear()
    writer.by_client([b"\0"])  # Any look at the database: there it hears that somebody listens.
    first, second = granted(1), granted(2)
    writer.commit([first, second], NOW)
    assert ear.hear() == [1, 2]
    assert ear.hear() == []
    writer.commit([granted(1, first, NOW + 5)], NOW)
    assert ear.hear() == [1], "a renewal"
    writer.trace(1, [])
    writer.commit([end(second.after, NOW + 6, Close.RELEASED)], NOW)
    assert ear.hear() == [2]
    with writer.counting() as counted:
        assert counted.write(granted(3)) == ""
    assert ear.hear() == [3], "one that counts"
    listener.commit([granted(4)], NOW)
    assert ear.hear() == []


def test_what_the_database_refuses_is_not_heard_and_the_rest_is(engine: Engines) -> None:
    writer, ear = engine(), Ear(engine())
    ear.hear()
    writer.by_client([b"\0"])
    broken = granted(7)
    outcome = writer.commit([granted(6), Change(None, broken.after._replace(state=9), True, None), granted(8)], NOW)
    assert len(outcome.refused) == 1
    assert ear.hear() == [6, 8]


def test_more_rows_than_one_word_has_room_for(engine: Engines) -> None:
    writer, ear = engine(), Ear(engine())
    ear.hear()
    writer.by_client([b"\0"])
    changes = [Change(None, granted(1).after._replace(space=space), True, None) for space in range(1000)]
    writer.commit(changes, NOW)
    assert sorted(space for space, *_ in ear.named()) == list(range(1000))


def test_while_nobody_listens_nothing_is_named(engine: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, other = engine(), engine()
    monkeypatch.setattr(Others, "named", lambda *_: pytest.fail("it was"))
    writer.commit([granted(1)], NOW)
    assert not other.hear()


def test_who_connects_later_knows_that_somebody_listens(engine: Engines) -> None:
    ear = Ear(engine())
    ear.hear()
    engine().commit([granted(1)], NOW)
    assert ear.hear() == [1]


def test_who_listens_no_more_is_forgotten_after_a_while(engine: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, ear = engine(), Ear(engine())
    ear.hear()
    writer.by_client([b"\0"])
    assert writer._others.listened
    ear.rows.listen(None)
    writer.commit([granted(1)], NOW)
    assert writer._others.listened, "it may have been another one"
    assert ear.hear() == []
    later = writer._others._monotonic() + BELIEVED_S + 1
    monkeypatch.setattr(writer._others, "_monotonic", lambda: later)
    writer.commit([granted(2)], NOW)
    assert not writer._others.listened
    assert not engine()._others.listened, "nor does a new one think so"


def test_who_goes_on_listening_is_believed(engine: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, ear = engine(), Ear(engine())
    ear.hear()
    for rows in (writer, ear.rows):
        later = rows._others._monotonic() + BELIEVED_S - 1
        monkeypatch.setattr(rows._others, "_monotonic", lambda later=later: later)
    ear.hear()
    writer.by_client([b"\0"])
    for rows in (writer, ear.rows):
        later = rows._others._monotonic() + BELIEVED_S - 1
        monkeypatch.setattr(rows._others, "_monotonic", lambda later=later: later)
    writer.commit([granted(1)], NOW)
    assert ear.hear() == [1]


def test_a_lost_connection_may_have_missed_something(engine: Engines) -> None:
    writer, ear = engine(), Ear(engine())
    ear.hear()
    with pytest.raises(Exception, match="PostgreSQL"):
        ear.rows.ask("SELECT pg_terminate_backend(pg_backend_pid())", ())
    assert ear.rows.hear()
    assert not ear.rows.hear()
    writer.by_client([b"\0"])
    writer.commit([granted(1)], NOW)
    assert ear.hear() == [1]


@pytest.mark.parametrize("said", ["", "nothing of ours", "1.2.3", "0.4.xyz.32"])
def test_a_word_of_somebody_else_is_passed_over(engine: Engines, said: str) -> None:
    stranger, ear = engine(), Ear(engine())
    ear.hear()
    stranger.ask("SELECT pg_notify('lessor_rows', ?)", (said,))
    assert ear.hear() == []


def test_a_database_that_carries_no_word_is_served_all_the_same(
    engine: Engines, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr("dhcpcore.store.others.CALL", "in valid")
    ear = Ear(engine())
    assert not ear.rows.hear()
    engine().commit([granted(1)], NOW)
    assert ear.hear() == []
    assert "NO-NOTIFY" in caplog.text
