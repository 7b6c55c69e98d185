"""A connection to PostgreSQL that is lost during COMMIT: nobody knows whether it was stored until it is read again."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import pg
from tests.faults.proxy import Proxy
from tests.faults.rig import FIRST, Rig
from tests.faults.told import told
from tests.packets4 import ACK, OFFER, client

pytestmark = pytest.mark.pg

A, B = client(1), client(2)
Build = Callable[..., Rig]


@pytest.fixture
def wire(pg_cluster: pg.Cluster) -> Iterator[Proxy]:
    folder = pg_cluster.root / f"p{time.monotonic_ns() % 10**6}"
    folder.mkdir(mode=0o755)
    proxy = Proxy(folder, pg_cluster.socket_dir)
    proxy.folder = folder  # type: ignore[attr-defined]
    yield proxy
    proxy.close()


@pytest.fixture
def through(wire: Proxy, pg_url: str, pg_cluster: pg.Cluster, build: Build) -> Rig:
    """A server whose way to the database can be cut."""
    folder: Path = wire.folder  # type: ignore[attr-defined]
    rig = build(pg_url.replace(str(pg_cluster.socket_dir), str(folder)))
    rig.apply()
    rig.lease(client(99))  # From now on a commit is one message to the server: its statement is prepared.
    return rig


def test_it_was_stored(through: Rig, wire: Proxy) -> None:
    fault = told("the connection is lost during COMMIT, and it was stored")
    (offer,) = through.send(through.discover(A))
    through.gaps.at["before commit"].append(wire.cut_after)
    answers = through.send(through.select(A, offer.yiaddr))
    assert [answer.kind for answer in answers] == [ACK], through.reasons
    assert through.reasons == fault.reasons
    assert len(through.history(offer.yiaddr)) == 1
    through.send(through.renew(A, offer.yiaddr))
    assert through.reasons == fault.after


def test_it_was_not_stored(through: Rig, wire: Proxy) -> None:
    fault = told("the connection is lost during COMMIT, and it was not stored")
    (offer,) = through.send(through.discover(A))
    through.gaps.at["before commit"].append(wire.cut_before)
    answers = through.send(through.select(A, offer.yiaddr))
    assert [answer.kind for answer in answers] == [ACK], through.reasons
    assert through.reasons == fault.reasons
    through.send(through.renew(A, offer.yiaddr))
    assert through.reasons == fault.after


@pytest.mark.parametrize("cut", ["cut_before", "cut_after"])
def test_it_is_lost_again(through: Rig, wire: Proxy, cut: str) -> None:
    fault = told("the connection is lost during COMMIT, and again")
    (offer,) = through.send(through.discover(A))
    through.gaps.at["before commit"] += [wire.cut_before, getattr(wire, cut)]
    assert through.send(through.select(A, offer.yiaddr)) == []
    assert through.reasons == fault.reasons
    (ack,) = through.send(through.select(A, offer.yiaddr))
    assert ack.kind == ACK
    assert through.reasons == [fault.after[0 if cut == "cut_before" else 1]]


def test_it_cannot_be_read_again(through: Rig, wire: Proxy) -> None:
    fault = told("the connection is lost during COMMIT, and the rows cannot be read again")
    (offer,) = through.send(through.discover(A))

    def cut_and_cut_again() -> None:
        wire.cut_after()
        through.gaps.at["before fetch"].append(wire.cut_before)

    through.gaps.at["before commit"].append(cut_and_cut_again)
    assert through.send(through.select(A, offer.yiaddr)) == []
    assert through.reasons == fault.reasons
    (ack,) = through.send(through.select(A, offer.yiaddr))
    assert (ack.kind, through.reasons) == (ACK, fault.after)


def _terminate(rig: Rig) -> None:
    """The administrator's `pg_terminate_backend` for the engine's own connection."""
    pid = rig.store._rows._pooled.driver_connection.info.backend_pid
    rig.sql("SELECT pg_terminate_backend(:pid)", pid=pid)
    time.sleep(0.1)


def test_the_backend_is_terminated_during_commit(pg_url: str, build: Build) -> None:
    fault = told("the database's process is terminated during COMMIT")
    rig = build(pg_url)
    rig.apply()
    (offer,) = rig.send(rig.discover(A))
    rig.sql(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NEW; END $$"
    )
    rig.sql("CREATE TRIGGER slow BEFORE INSERT ON lease FOR EACH ROW EXECUTE FUNCTION slow()")
    killer = threading.Timer(0.3, _terminate, (rig,))
    rig.gaps.at["before commit"].append(killer.start)
    (ack,) = rig.send(rig.select(A, offer.yiaddr))
    killer.join()
    assert (ack.kind, rig.reasons) == (ACK, fault.reasons)
    assert len(rig.history(FIRST)) == 1
    rig.send(rig.renew(A, offer.yiaddr))
    assert rig.reasons == fault.after


def test_the_backend_is_terminated_between_two_batches(pg_url: str, build: Build) -> None:
    fault = told("the database's process is terminated between two batches")
    rig = build(pg_url)
    rig.apply()
    rig.lease(A)
    _terminate(rig)
    assert rig.send(rig.discover(B)) == []
    assert rig.reasons == fault.reasons
    (offer,) = rig.send(rig.discover(B))
    assert (offer.kind, rig.reasons) == (OFFER, fault.after)
