"""A fault at each arrow of the batch, in a real database: what is counted, and what the client's next packet brings."""

import threading
import time
from collections.abc import Callable

import pytest

from dhcpcore.store.database import Limits
from tests.faults.rig import FIRST, Rig
from tests.faults.told import told
from tests.packets4 import ACK, NAK, OFFER, client

A, B, C = client(1), client(2), client(3)
SECOND = "192.0.2.101"


def away(rig: Rig, table: str) -> Callable[[], None]:
    """Take a table away: what needs it fails in the database."""

    def act() -> None:
        rig.sql(f"ALTER TABLE {table} RENAME TO {table}_away")

    return act


def back(rig: Rig, table: str) -> None:
    rig.sql(f"ALTER TABLE {table}_away RENAME TO {table}")


def test_the_fetch_fails(rig: Rig) -> None:
    fault = told("the fetch fails")
    address = rig.lease(A)
    away(rig, "lease")()
    assert rig.send(rig.discover(B), rig.renew(A, address)) == []
    assert rig.reasons == fault.reasons * 2
    back(rig, "lease")
    assert [answer.kind for answer in rig.send(rig.discover(B), rig.renew(A, address))] == [OFFER, ACK]
    assert rig.reasons == fault.after


def test_the_commit_fails(rig: Rig) -> None:
    fault = told("the commit fails")
    (offer,) = rig.send(rig.discover(A))
    rig.gaps.at["before commit"].append(away(rig, "history"))
    assert rig.send(rig.select(A, offer.yiaddr)) == []
    assert rig.reasons == fault.reasons
    assert rig.row(offer.yiaddr) is None, "half of a grant was stored"
    back(rig, "history")
    (ack,) = rig.send(rig.select(A, offer.yiaddr))
    assert (ack.kind, rig.reasons) == (ACK, fault.after)


def test_an_offer_of_the_batch_whose_commit_fails_has_left(rig: Rig) -> None:
    (offer,) = rig.send(rig.discover(A))
    rig.gaps.at["before commit"].append(away(rig, "history"))
    assert [answer.kind for answer in rig.send(rig.select(A, offer.yiaddr), rig.discover(B))] == [OFFER]
    back(rig, "history")


def test_another_engine_takes_the_address_first(url: str, build: Callable[..., Rig]) -> None:
    fault = told("a row is lost: another engine gives the address away first")
    one, other = build(url), build(url, server="192.0.2.2")
    one.apply()
    other.follow()
    (offer,) = one.send(one.discover(A))
    one.gaps.at["before commit"].append(lambda: other.send(other.select(B, offer.yiaddr)))
    (nak,) = one.send(one.select(A, offer.yiaddr))
    assert (nak.kind, one.reasons) == (NAK, fault.reasons)
    assert one.row(offer.yiaddr).client == B.identity
    (again,) = one.send(one.discover(A))
    assert (again.yiaddr != offer.yiaddr, one.reasons) == (True, fault.after)


def test_another_engine_renews_the_lease_first(url: str, build: Callable[..., Rig]) -> None:
    fault = told("a row is lost: another engine renews the lease first")
    one, other = build(url), build(url, server="192.0.2.2")
    one.apply()
    other.follow()
    address = one.lease(A)
    one.pass_(10)
    other.pass_(20)
    one.gaps.at["before commit"].append(lambda: other.send(other.renew(A, address)))
    (ack,) = one.send(one.renew(A, address))
    assert (ack.kind, one.reasons) == (ACK, fault.reasons)
    assert len(one.history(address)) == 1
    one.send(one.renew(A, address))
    assert one.reasons == fault.after


def test_a_race_that_is_lost_every_time(url: str, build: Callable[..., Rig]) -> None:
    fault = told("the same row is lost again and again")
    one, other = build(url), build(url, server="192.0.2.2")
    one.apply()
    other.follow()
    address = one.lease(A)

    def overtake() -> None:
        other.pass_(10)
        other.send(other.renew(A, address))

    one.pass_(5)
    one.gaps.at["before commit"] += [overtake] * 4
    assert one.send(one.renew(A, address)) == []
    assert one.reasons == fault.reasons
    assert one.row(address).client == A.identity
    one.send(one.renew(A, address))
    assert one.reasons == fault.after


def refuse(rig: Rig) -> Callable[[], None]:
    """A rule of the site's own that one host name breaks; gives how to take it away."""
    if rig.database.dialect == "sqlite":
        rig.sql(
            "CREATE TRIGGER rule BEFORE INSERT ON lease WHEN NEW.hostname = 'bad' "
            "BEGIN SELECT RAISE(ABORT, 'no such host here'); END"
        )
        return lambda: rig.sql("DROP TRIGGER rule")
    rig.sql("ALTER TABLE lease ADD CONSTRAINT rule CHECK (hostname <> 'bad')")
    return lambda: rig.sql("ALTER TABLE lease DROP CONSTRAINT rule")


def test_a_row_that_the_database_refuses(rig: Rig) -> None:
    fault = told("the database refuses a row")
    take_away = refuse(rig)
    offers = rig.send(rig.discover(A), rig.discover(B), rig.discover(C))
    first, second, third = (offer.yiaddr for offer in offers)
    answers = rig.send(rig.select(A, first), rig.named(B, second, b"bad"), rig.select(C, third))
    assert [answer.yiaddr for answer in answers] == [first, third]
    assert rig.reasons == ["ACK-NEW", *fault.reasons, "ACK-NEW"]
    assert rig.row(second) is None
    ((place, words),) = rig.quarantine()
    assert place == "lease"
    assert "rule" in words or "no such host" in words
    rig.send(rig.named(B, second, b"bad"))
    assert rig.reasons == fault.after[:1]
    take_away()
    rig.send(rig.named(B, second, b"bad"))
    assert rig.reasons == fault.after[1:]


def test_an_answer_that_comes_too_late(rig: Rig) -> None:
    fault = told("the commit takes over 4 s")
    (offer,) = rig.send(rig.discover(A))

    def sleep() -> None:
        rig.slept += 4.5

    rig.gaps.at["after commit"].append(sleep)
    assert rig.send(rig.select(A, offer.yiaddr)) == []
    assert rig.reasons == fault.reasons
    assert rig.row(offer.yiaddr).client == A.identity
    (ack,) = rig.send(rig.select(A, offer.yiaddr))
    assert (ack.kind, rig.reasons) == (ACK, fault.after)


def test_an_answer_that_is_too_late_before_its_commit_is_not_committed(rig: Rig) -> None:
    (offer,) = rig.send(rig.discover(A))

    def sleep() -> None:
        rig.slept += 4.5

    rig.gaps.at["after fetch"].append(sleep)
    assert rig.reason(rig.reboot(A, offer.yiaddr)) in {"BATCH-TOO-OLD", "UNKNOWN-CLIENT"}
    rig.gaps.at["after fetch"].append(sleep)
    assert rig.send(rig.select(A, offer.yiaddr)) == []
    assert rig.row(offer.yiaddr) is None


class Writer:
    """Another writer who holds what commits need, from another connection, in a thread of its own."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def hold(self, seconds: float = 60.0) -> None:
        """Take the lock; for that long, or until ``let_go``."""
        holds = threading.Event()

        def work() -> None:
            with self._rig.database.writer() as connection:
                if self._rig.database.dialect == "postgresql":
                    connection.exec_driver_sql("LOCK TABLE lease IN SHARE MODE")  # Others may read.
                holds.set()
                self._done.wait(seconds)

        self._thread = threading.Thread(target=work)
        self._thread.start()
        assert holds.wait(10)

    def let_go(self) -> None:
        self._done.set()
        assert self._thread is not None
        self._thread.join()


def test_another_writer_holds_the_database_for_a_second(rig: Rig) -> None:
    fault = told("another writer holds the database for a second")
    (offer,) = rig.send(rig.discover(A))
    writer = Writer(rig)
    rig.gaps.at["before commit"].append(lambda: writer.hold(1.0))
    began = time.monotonic()
    (ack,) = rig.send(rig.select(A, offer.yiaddr))
    assert time.monotonic() - began > 0.5
    assert (ack.kind, rig.reasons) == (ACK, fault.reasons)
    writer.let_go()
    rig.send(rig.renew(A, offer.yiaddr))
    assert rig.reasons == fault.after


@pytest.mark.timeout(60)
def test_another_writer_holds_the_database_for_longer_than_anybody_waits(url: str, build: Callable[..., Rig]) -> None:
    fault = told("another writer holds the database for longer than the time limit")
    rig = build(url, Limits(lock_s=1.0))
    rig.apply()
    (offer,) = rig.send(rig.discover(A))
    writer = Writer(rig)
    rig.gaps.at["before commit"].append(writer.hold)
    try:
        assert rig.send(rig.select(A, offer.yiaddr)) == []
        assert rig.reasons == fault.reasons
        assert [answer.kind for answer in rig.send(rig.discover(B))] == [OFFER]  # Reading goes on.
    finally:
        writer.let_go()
    assert rig.row(offer.yiaddr) is None
    rig.send(rig.select(A, offer.yiaddr))
    assert rig.reasons == fault.after


def test_without_a_fault(rig: Rig) -> None:
    """The twin of all of these."""
    address = rig.lease(A)
    assert rig.reasons == ["ACK-NEW"]
    assert address == FIRST
    assert rig.row(address).client == A.identity
    assert rig.quarantine() == []
