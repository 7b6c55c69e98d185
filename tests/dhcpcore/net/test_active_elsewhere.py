"""A requestor at one of two engines on one PostgreSQL hears of what either commits.  RFC 7724: it is one server."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhcpcore.errors import StoreUnavailable
from dhcpcore.net.active import REVIEW_S, REVIEWED_S
from dhcpcore.topology.snapshot import Snapshot
from tests.dhcpcore.net.test_active import ALLOWED, NOW, addresses, asking, granted, nothing, settled, told
from tests.dhcpcore.net.test_bulk import T0, Rig

pytestmark = pytest.mark.pg
Pair = tuple[Rig, Rig]


def hears(rig: Rig, sock: socket.socket) -> list[str]:
    """The addresses that it is told of next; what the database carries takes a moment."""
    for _ in range(100):
        settled(rig)
        if select.select([sock], [], [], 0)[0]:
            return addresses(told(sock, 1))
    raise AssertionError("it is told nothing")


@pytest.fixture
def pair(tmp_path: Path, pg_url: str) -> Iterator[Pair]:
    made = Rig(tmp_path, url=pg_url), Rig(tmp_path, url=pg_url)
    for rig in made:
        rig.engine.install(Snapshot(2, leasequery=ALLOWED))
        rig.server.work(busy=False)
        rig.store.rows(None)
    yield made
    for rig in made:
        rig.close()


def test_what_either_commits_is_told_wherever_the_requestor_is(pair: Pair) -> None:
    here, there = pair
    sock = asking(here)
    there.store.rows(None)
    there.store.commit([granted(1)], T0)
    assert hears(here, sock) == ["10.0.1.1"]
    here.store.commit([granted(2)], T0)
    assert hears(here, sock) == ["10.0.1.2"]
    assert nothing(sock), "and once"


def test_what_was_committed_before_the_other_knew_is_found_in_the_table_and_what_is_old_is_not(pair: Pair) -> None:
    here, there = pair
    there.store.commit([granted(1, now=NOW - REVIEWED_S - 1)], T0)
    sock = asking(here)
    there.store._rows._others.listened = False  # It has not heard that somebody listens, for a batch was under way.
    there.store._rows._others._take = lambda _: None
    there.store._rows._cursor.connection._notify_handlers.clear()
    there.store.commit([granted(2)], T0)
    settled(here)
    assert nothing(sock)
    here.now += REVIEW_S
    assert hears(here, sock) == ["10.0.1.2"]
    assert nothing(sock)


def test_while_the_database_is_away_the_connection_lives_and_then_what_was_missed_is_told(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    here, there = pair
    sock = asking(here)
    here.now += REVIEW_S
    settled(here)

    def away() -> bool:
        raise StoreUnavailable("PostgreSQL: the network is down; nothing was stored.")

    with monkeypatch.context() as patched:
        patched.setattr(here.store, "hear", away)
        settled(here)
        settled(here)
        assert caplog.text.count("ACTIVE-LEASEQUERY-DEAF") == 1
    here.store._rows._drop()
    there.store.commit([granted(3)], T0)
    here.now += 1.1
    settled(here)
    here.now += REVIEW_S
    assert hears(here, sock) == ["10.0.1.3"]


def test_who_leaves_leaves_nobody_listening(pair: Pair) -> None:
    here, there = pair
    sock = asking(here)
    sock.close()
    settled(here)
    assert here.store.heard is None
    there.store.rows(None)
    there.store.commit([granted(1)], T0)
    here.server.work(busy=False)
    assert here.server._streams._fresh_elsewhere == []
