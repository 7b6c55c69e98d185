"""Active leasequery over TCP: from the commit to the requestor, and who is refused, reminded and cut off."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dhcpcore.errors import OutcomeUnknown
from dhcpcore.lease import active as limits
from dhcpcore.lease.model import Change, Close, Lease
from dhcpcore.lease.telling import Status
from dhcpcore.lease.transitions import decline, end, expire, grant
from dhcpcore.net import active as net
from dhcpcore.net.active import FRESH_MAX, LOOK_S, QUIET_S_MAX, SEND_S_MAX, STREAMS_MAX
from dhcpcore.net.bulk import IDLE_S_MAX, UNSENT_OCTETS_MAX
from dhcpcore.store.leases import SWEEP_ROWS
from dhcpcore.topology.snapshot import Leasequery, Snapshot
from tests.dhcpcore.lease.test_active import active
from tests.dhcpcore.lease.test_bulk import between, query
from tests.dhcpcore.net.test_bulk import LOOPBACK, T0, Rig, heard, is_closed
from tests.packets4 import LEASEACTIVE, LEASEQUERYSTATUS, LEASEUNASSIGNED, Answer, ip, read

ALLOWED = Leasequery(True, LOOPBACK.requestors, active=True)
NOW = int(T0)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    made.engine.install(Snapshot(2, leasequery=ALLOWED))
    assert made.server.work(busy=False) == 1.0
    yield made
    made.close()


def settled(rig: Rig, most: int = 200) -> None:
    """Work until there is nothing to do but wait."""
    for _ in range(most):
        rig.turn()
        if rig.server.work(busy=False) in {1.0, LOOK_S}:
            rig.turn()
            return
    raise AssertionError("there is no end")


def asking(rig: Rig, **fields: Any) -> socket.socket:
    sock = rig.connect()
    sock.sendall(active(**fields))
    settled(rig)
    return sock


def told(sock: socket.socket, count: int) -> list[Answer]:
    with sock.makefile("rb") as stream:
        return [read(stream.read(int.from_bytes(stream.read(2), "big"))) for _ in range(count)]


def nothing(sock: socket.socket) -> bool:
    sock.setblocking(False)
    try:
        return sock.recv(1) is None
    except BlockingIOError:
        return True
    finally:
        sock.settimeout(5)


def granted(last: int, before: Lease | None = None, now: int = NOW) -> Change:
    change = grant(before, (0, 4, bytes((10, 0, 1, last)), 32), client=b"\x00\x01%06d" % last, hw=b"\x01%06d" % last,
                   subnet=1, expires=now + 600, now=now, hostname="", relay=b"", agent=b"", renewing=False)  # fmt: skip
    assert change is not None
    return change


def addresses(answers: list[Answer]) -> list[str]:
    return [answer.ciaddr for answer in answers]


class TestChanges:
    def test_every_kind_of_change_is_told_after_its_commit(self, rig: Rig) -> None:
        sock = asking(rig)
        assert nothing(sock)
        made = granted(1)
        rig.store.commit([made, granted(2)], T0)
        settled(rig)
        assert [(one.kind, one.ciaddr, one.options[156]) for one in told(sock, 2)] == [
            (LEASEACTIVE, "10.0.1.1", b"\2"), (LEASEACTIVE, "10.0.1.2", b"\2"),
        ]  # fmt: skip
        renewed = granted(1, made.after, NOW + 5)
        states = []
        for change in (renewed, end(renewed.after, NOW + 6, Close.REVOKED)):
            rig.store.commit([change], T0)
            settled(rig)
            (one,) = told(sock, 1)
            states.append((one.kind, one.ciaddr, one.options[156]))
        assert states == [(LEASEACTIVE, "10.0.1.1", b"\2"), (LEASEUNASSIGNED, "10.0.1.1", b"\6")]
        for last, change in ((3, decline), (4, expire)):
            fresh = granted(last, now=NOW - 3000).after
            rig.store.commit([Change(None, fresh, True, None)], T0)
            rig.store.commit([decline(fresh, NOW, 900) if change is decline else expire(fresh)], T0)
        settled(rig)
        assert [(one.ciaddr, one.options[156]) for one in told(sock, 2)] == [("10.0.1.3", b"\5"), ("10.0.1.4", b"\3")]

    def test_what_was_not_committed_is_not_told(self, rig: Rig) -> None:
        """Neither what was lost to another writer, as it would have been."""
        sock = asking(rig)
        before = granted(1).after
        lost = granted(1, before, NOW + 9)
        assert rig.store.commit([lost], T0).lost == {before.key}
        settled(rig)
        assert nothing(sock)

    def test_where_the_outcome_of_a_commit_is_unknown_what_was_stored_is_told(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sock = asking(rig)
        commit = rig.store._rows.commit

        def torn(changes: list[Change], now: float) -> None:
            commit(changes, now)
            raise OutcomeUnknown("the connection was lost")

        monkeypatch.setattr(rig.store._rows, "commit", torn)
        with pytest.raises(OutcomeUnknown):
            rig.store.commit([granted(1)], T0)
        settled(rig)
        assert addresses(told(sock, 1)) == ["10.0.1.1"]

    def test_what_changes_twice_before_it_is_told_is_told_once_and_as_it_is(self, rig: Rig) -> None:
        sock = asking(rig)
        made = granted(1)
        for change in (made, end(made.after, NOW, Close.RELEASED)):
            rig.store.commit([change], T0)
        settled(rig)
        (one,) = told(sock, 1)
        assert (one.kind, one.options[156]) == (LEASEUNASSIGNED, b"\4")
        assert nothing(sock)

    def test_two_requestors_hear_all_and_a_bulk_query_is_answered_meanwhile(self, rig: Rig) -> None:
        one, other, bulk = asking(rig), asking(rig, xid=9), rig.connect()
        rig.store.commit([granted(last) for last in range(5)], T0)
        bulk.sendall(query())
        settled(rig)
        for sock, xid in ((one, 7), (other, 9)):
            assert {answer.xid for answer in told(sock, 5)} == {xid}
        assert len(heard(bulk)) == 6

    def test_while_packets_come_a_slice_waits_for_its_turn(self, rig: Rig) -> None:
        asking(rig)
        rig.store.commit([granted(1)], T0)
        assert rig.server.work(busy=True) == LOOK_S


class TestNobody:
    def test_while_nobody_is_connected_commits_are_heard_by_nobody(self, rig: Rig) -> None:
        assert rig.store.heard is None
        sock = asking(rig)
        assert rig.store.heard is not None
        other = asking(rig)
        sock.close()
        settled(rig)
        assert rig.store.heard is not None
        other.close()
        rig.turn()
        assert rig.store.heard is None
        assert rig.server.work(busy=False) == 1.0
        assert rig.server._streams._fresh == []

    def test_a_bulk_query_has_nothing_heard(self, rig: Rig) -> None:
        sock = rig.connect()
        sock.sendall(query())
        rig.finish()
        assert rig.store.heard is None


class TestCatchUp:
    def test_what_changed_since_then_then_the_status_then_what_changes(self, rig: Rig) -> None:
        rig.store.commit([granted(1, now=NOW - 500), granted(2, now=NOW - 50)], T0)
        sock = asking(rig, options=between(NOW - 100))
        change, status = told(sock, 2)
        assert (change.ciaddr, status.kind, status.options[151]) == ("10.0.1.2", LEASEQUERYSTATUS, b"\7")
        rig.store.commit([granted(3)], T0)
        settled(rig)
        assert addresses(told(sock, 1)) == ["10.0.1.3"]

    def test_without_a_time_nothing_of_before_is_told(self, rig: Rig) -> None:
        rig.store.commit([granted(1)], T0)
        assert nothing(asking(rig))

    def test_what_changes_meanwhile_is_told_meanwhile_and_neither_waits_for_the_other(self, rig: Rig) -> None:
        rig.fill(2 * SWEEP_ROWS + 10)
        sock = rig.connect()
        sock.sendall(active(options=between(0)))
        rig.turn()
        rig.server.work(busy=False)
        rows, _ = rig.store.rows(None)
        for row in rows[:2]:
            rig.store.commit([Change(row, row._replace(version=2, cltt=NOW + 1), False, None)], T0)
            rig.server.work(busy=False)
            rig.turn()
        settled(rig)
        answers = told(sock, 2 * SWEEP_ROWS + 10 + 3)
        order = addresses(answers)
        ends = [number for number, one in enumerate(answers) if one.kind == LEASEQUERYSTATUS]
        assert ends == [len(answers) - 1]
        assert order[SWEEP_ROWS] == "10.0.0.1", "told after the slice that was under way"
        assert order[2 * SWEEP_ROWS + 1] == "10.0.0.2", "and then the catch-up had its turn"
        assert len(set(order)) == len(order) - 2, "all else is told once"


class TestWhoMayAsk:
    @pytest.mark.parametrize("said", [LOOPBACK, Leasequery(True, ((ip("127.0.0.1"), 32),), active=False)])
    def test_where_it_is_not_enabled_it_is_refused_in_words_and_bulk_queries_are_answered(
        self, rig: Rig, said: Leasequery
    ) -> None:
        rig.engine.install(Snapshot(3, leasequery=said))
        sock = asking(rig)
        (refused,) = told(sock, 1)
        assert (refused.kind, refused.options[151][0]) == (LEASEQUERYSTATUS, Status.NOT_ALLOWED)
        assert is_closed(sock)
        assert rig.store.heard is None
        bulk = rig.connect()
        bulk.sendall(query())
        rig.finish()
        assert len(heard(bulk)) == 1

    def test_who_is_no_requestor_is_closed_at_once(self, rig: Rig) -> None:
        assert is_closed(rig.connect("127.0.0.2"))

    @pytest.mark.parametrize("said", [LOOPBACK, Leasequery(True, ((ip("127.0.0.2"), 32),), active=True)])
    def test_who_is_admitted_no_longer_is_told_so_and_closed(self, rig: Rig, said: Leasequery) -> None:
        sock = asking(rig)
        rig.engine.install(Snapshot(3, leasequery=said))
        settled(rig)
        assert told(sock, 1)[0].options[151] == b"\2it is not admitted any more"
        assert is_closed(sock)
        assert rig.store.heard is None

    def test_only_so_many_are_told_and_bulk_queries_find_room(self, rig: Rig) -> None:
        socks = [asking(rig) for _ in range(STREAMS_MAX + 1)]
        assert told(socks[-1], 1)[0].options[151][0] == Status.NOT_ALLOWED
        assert is_closed(socks[-1])
        bulk = rig.connect()
        bulk.sendall(query())
        settled(rig)
        assert len(heard(bulk)) == 1
        socks[0].close()
        rig.turn()
        assert nothing(asking(rig)), "there is room again"

    def test_of_an_unknown_vpn_there_is_no_stream(self, rig: Rig) -> None:
        sock = asking(rig, options={221: b"\x00nowhere"})
        assert told(sock, 1)[0].options[151] == b"\4no subnet is of this VPN"
        assert is_closed(sock)


class TestTime:
    def test_who_has_nothing_to_hear_is_told_that_the_connection_is_alive_and_is_not_idle(self, rig: Rig) -> None:
        sock = asking(rig)
        rig.now += QUIET_S_MAX - 1
        settled(rig)
        assert nothing(sock)
        rig.now += 1
        settled(rig)
        (alive,) = told(sock, 1)
        assert (alive.kind, alive.options[151]) == (LEASEQUERYSTATUS, b"\6")
        for _ in range(int(IDLE_S_MAX // QUIET_S_MAX) + 1):
            rig.now += QUIET_S_MAX
            settled(rig)
        assert {one.options[151] for one in told(sock, 6)} == {b"\6"}
        assert len(rig.server._peers) == 1

    def test_who_is_told_something_is_not_reminded(self, rig: Rig) -> None:
        sock = asking(rig)
        rig.now += QUIET_S_MAX - 1
        rig.store.commit([granted(1)], T0)
        settled(rig)
        rig.now += 2
        settled(rig)
        assert addresses(told(sock, 1)) == ["10.0.1.1"]
        assert nothing(sock)


def stuffed(rig: Rig) -> None:
    """The one requestor's socket, and what waits for it here, take no more."""
    for peer in rig.server._peers.values():
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    rig.fill(3000)
    settled(rig)
    (peer,) = rig.server._peers.values()
    assert peer.blocked_at is not None
    assert UNSENT_OCTETS_MAX < len(peer.session.out) < 2 * UNSENT_OCTETS_MAX


class TestSlow:
    def test_who_takes_nothing_is_cut_off_in_time_and_holds_up_nobody(self, rig: Rig) -> None:
        asking(rig)
        stuffed(rig)
        keen = asking(rig, options=between(0))
        assert len(told(keen, 3001)) == 3001
        rig.now += SEND_S_MAX
        settled(rig)
        assert len(rig.server._peers) == 2
        rig.now += 1
        settled(rig)
        assert len(rig.server._peers) == 1
        assert rig.engine.counters.events["active-leasequery-cut"] == 1

    def test_who_is_too_far_behind_is_told_why_once_it_reads_and_disconnected(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lazy = asking(rig)
        stuffed(rig)
        for module in (limits, net):
            monkeypatch.setattr(module, "DUE_MAX", 2900)
        (peer,) = rig.server._peers.values()
        assert len(peer.session.stream.due) <= 2900
        rows, after = [], None
        while not rows or after is not None:
            found, after = rig.store.rows(after)
            rows += found
        rig.server._streams.heard([Change(row, row, False, None) for row in rows])
        settled(rig)
        assert peer.session.stream is None
        assert rig.store.heard is None, "nothing more is kept for it"
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        heard_of, part = b"", b"none"
        while part:
            rig.turn()
            part = lazy.recv(1 << 20)
            heard_of += part
        at, last = 0, None
        while at < len(heard_of):
            size = int.from_bytes(heard_of[at : at + 2], "big")
            last = read(heard_of[at + 2 : at + 2 + size])
            at += 2 + size
        assert last.options[151] == b"\2it is too slow: more than 2900 changes wait for it"
        assert rig.engine.counters.events["active-leasequery-cut"] == 1

    def test_changes_that_come_faster_than_they_are_told_are_not_piled_up(self, rig: Rig) -> None:
        asking(rig)
        change = granted(1)
        for _ in range(3 * FRESH_MAX // 1000):
            rig.server._streams.heard([change] * 1000)
        assert rig.server._streams._fresh_count <= FRESH_MAX
        (peer,) = rig.server._peers.values()
        assert len(peer.session.stream.due) == 1


class TestEnd:
    def test_when_the_server_stops_it_is_told_so(self, rig: Rig) -> None:
        sock = asking(rig)
        rig.server.close()
        assert told(sock, 1)[0].options[151] == b"\2the server is shutting down"
        assert is_closed(sock)

    def test_one_that_comes_behind_bulk_queries_begins_after_them(self, rig: Rig) -> None:
        sock = rig.connect()
        sock.sendall(query())
        settled(rig)
        assert len(heard(sock)) == 1
        sock.sendall(active())
        settled(rig)
        rig.store.commit([granted(1)], T0)
        settled(rig)
        assert addresses(told(sock, 1)) == ["10.0.1.1"]
