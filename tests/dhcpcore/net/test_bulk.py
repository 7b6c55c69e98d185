"""Bulk leasequery over TCP: who may connect, how many, and that one slice is answered at a time."""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhcpcore.engine import Engine
from dhcpcore.lease.bulk import QUERIES_MAX
from dhcpcore.lease.model import Change, Lease
from dhcpcore.net.active import SEND_S_MAX
from dhcpcore.net.bulk import CONNECTIONS_MAX, IDLE_S_MAX, UNSENT_OCTETS_MAX, BulkPort, BulkServer
from dhcpcore.net.clock import Clock
from dhcpcore.settings.credentials import Credentials
from dhcpcore.settings.model import Leasequery as Files
from dhcpcore.store import migrate
from dhcpcore.store.database import Database
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.leases import SWEEP_ROWS, LeaseStore
from dhcpcore.topology.snapshot import Leasequery, Snapshot
from tests.dhcpcore.lease.test_bulk import query
from tests.packets4 import LEASEACTIVE, LEASEQUERYDONE, Answer, client, ip, read

T0 = 1_700_000_000.0
LOOPBACK = Leasequery(True, ((ip("127.0.0.1"), 32),))


class Rig:
    """A server on a port of its own, driven by hand, and requestors on loopback."""

    def __init__(self, folder: Path, files: Files | None = None, url: str = "") -> None:
        url = url or f"sqlite:///{folder}/lessor.db"
        migrate.upgrade(url)
        self.database = Database(url)
        self.store = LeaseStore(self.database, Definitions(self.database))
        self.engine = Engine(strict=True)
        self.engine.install(Snapshot(1, leasequery=LOOPBACK))
        clock = Clock(lambda: T0, lambda: T0, lambda: 0.0)
        clock.measure()
        self.port = BulkPort(0)
        self.selector = selectors.DefaultSelector()
        self.woken = 0
        self.now = 0.0
        self.credentials = Credentials(files or Files())
        self.server = BulkServer(
            self.port, self.engine, self.store, clock, self.wake, self.credentials, lambda: self.now
        )
        self.server.register(self.selector)
        self.requestors: list[socket.socket] = []

    def wake(self) -> None:
        self.woken += 1

    def fill(self, count: int) -> None:
        rows = [
            Lease(0, 4, (0x0A000001 + n).to_bytes(4, "big"), 32, b"\x00\x01%06d" % n, b"\x01%06d" % n, 1, int(T0) + 60,
                  int(T0), 1, 1, 1, "", b"", b"")
            for n in range(count)
        ]  # fmt: skip
        self.store.commit([Change(None, row, True, None) for row in rows], T0)

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        sock = socket.create_connection(self.port.sock.getsockname(), source_address=(source, 0))
        sock.settimeout(5)
        self.requestors.append(sock)
        self.turn()
        return sock

    def turn(self) -> None:
        """What the loop does for ready sockets."""
        for _ in range(3):
            for key, mask in self.selector.select(0.01):
                key.data.handle(key, mask)

    def finish(self, most: int = 200) -> int:
        """Work until there is nothing to do; how many slices it took."""
        for count in range(most):
            self.turn()
            if self.server.work(busy=False) == 1.0:
                return count
        raise AssertionError("there is no end")

    def close(self) -> None:
        for sock in self.requestors:
            sock.close()
        self.server.close()
        self.selector.close()
        self.store.close()
        self.database.dispose()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    assert made.server.work(busy=False) == 1.0
    yield made
    made.close()


def heard(sock: socket.socket) -> list[Answer]:
    """The answers up to the end of a query."""
    found: list[Answer] = []
    with sock.makefile("rb") as stream:
        while not found or found[-1].kind != LEASEQUERYDONE:
            found.append(read(stream.read(int.from_bytes(stream.read(2), "big"))))
    return found


def is_closed(sock: socket.socket) -> bool:
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


def test_a_requestor_is_told_all_leases_and_the_end(rig: Rig) -> None:
    rig.fill(3)
    sock = rig.connect()
    sock.sendall(query())
    rig.finish()
    answers = heard(sock)
    assert [answer.kind for answer in answers] == [LEASEACTIVE] * 3 + [LEASEQUERYDONE]
    assert answers[0].address(54) == "127.0.0.1"
    assert rig.woken > 0
    sock.sendall(query(client(1), xid=9))
    rig.finish()
    assert [(answer.kind, answer.xid) for answer in heard(sock)] == [(LEASEQUERYDONE, 9)]
    assert rig.engine.counters.events["bulk-leasequery"] == 2


def test_since_when_a_lease_is_held_is_told_of_the_history(rig: Rig) -> None:
    rig.fill(1)
    (row,), _ = rig.store.rows(None)
    renewed = row._replace(cltt=int(T0) + 9, version=2)
    rig.store.commit([Change(row, renewed, False, None)], T0)
    sock = rig.connect()
    sock.sendall(query())
    rig.finish()
    assert heard(sock)[0].number(153) == 0, "the clock of the server stands still"
    sock.sendall(query(options={155: (int(T0) + 8).to_bytes(4, "big")}))
    rig.finish()
    assert heard(sock)[0].kind == LEASEACTIVE, "renewed later, and held since then"


def test_more_queries_than_may_wait_are_read_when_there_is_room(rig: Rig) -> None:
    rig.fill(1)
    sock = rig.connect()
    sock.sendall(b"".join(query(xid=xid) for xid in range(3 * QUERIES_MAX)))
    rig.turn()
    assert len(rig.server._peers) == 1
    rig.finish()
    stream = sock.makefile("rb")
    found = [read(stream.read(int.from_bytes(stream.read(2), "big"))) for _ in range(6 * QUERIES_MAX)]
    assert [answer.xid for answer in found if answer.kind == LEASEQUERYDONE] == list(range(3 * QUERIES_MAX))


def test_of_an_unknown_vpn_no_row_is_read(rig: Rig) -> None:
    rig.fill(1)
    sock = rig.connect()
    sock.sendall(query(options={221: b"\x00nowhere"}))
    rig.finish()
    (end,) = heard(sock)
    assert end.options[151][0] == 0
    assert rig.engine.counters.events["bulk-leasequery"] == 1


def test_one_slice_at_a_time_and_rarer_while_packets_come(rig: Rig) -> None:
    rig.fill(2 * SWEEP_ROWS + 1)
    sock = rig.connect()
    sock.sendall(query())
    rig.turn()
    assert rig.server.work(busy=True) == 0.05
    (peer,) = rig.server._peers.values()
    assert peer.session.told == SWEEP_ROWS
    assert rig.server.work(busy=False) == 0.0
    assert peer.session.told == 2 * SWEEP_ROWS
    rig.finish()
    assert len(heard(sock)) == 2 * SWEEP_ROWS + 2


def test_two_requestors_take_turns(rig: Rig) -> None:
    rig.fill(2 * SWEEP_ROWS)
    one, other = rig.connect(), rig.connect()
    for sock in (one, other):
        sock.sendall(query())
    rig.turn()
    for _ in range(2):
        rig.server.work(busy=False)
    assert [peer.session.told for peer in rig.server._peers.values()] == [SWEEP_ROWS] * 2


def test_who_does_not_read_is_told_no_more_and_holds_up_nobody(rig: Rig) -> None:
    rig.fill(3000)
    lazy = rig.connect()
    for peer in rig.server._peers.values():
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    lazy.sendall(query() * 4)
    rig.finish()
    (stuck,) = rig.server._peers.values()
    assert stuck.session.asked is not None
    assert UNSENT_OCTETS_MAX < len(stuck.session.out) < 2 * UNSENT_OCTETS_MAX + SWEEP_ROWS * 400
    keen = rig.connect()
    keen.sendall(query(client(1)))
    rig.finish()
    assert len(heard(keen)) == 1


def test_who_is_refused_and_does_not_read_it_is_heard_no_more_until_it_does(rig: Rig) -> None:
    lazy = rig.connect()
    (peer,) = rig.server._peers.values()
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    lazy.setblocking(False)
    refused = query(ciaddr=ip("10.0.0.1"))
    with contextlib.suppress(BlockingIOError):
        for _ in range(100):
            lazy.send(refused * 1000)
            for key, mask in rig.selector.select(0):
                key.data.handle(key, mask)
    for _ in range(1000):
        for key, mask in (ready := rig.selector.select(0)):
            key.data.handle(key, mask)
        if not ready:
            break
    assert UNSENT_OCTETS_MAX < len(peer.session.out) < UNSENT_OCTETS_MAX + (1 << 16)
    while len(peer.session.out) > UNSENT_OCTETS_MAX:
        lazy.recv(1 << 20)
        rig.turn()
    assert rig.selector.get_key(peer.sock).events & selectors.EVENT_READ


def test_one_that_ends_and_takes_nothing_is_cut_off_as_what_it_is(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.fill(3000)
    lazy = rig.connect()
    (peer,) = rig.server._peers.values()
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lazy.sendall(query())
    rig.turn()
    rig.server.work(busy=False)
    lazy.sendall(b"\0\1\0")  # It is no message: the end.
    rig.turn()
    assert (peer.session.closing, peer.blocked_at) == (True, 0.0)
    rig.now += SEND_S_MAX + 1
    rig.server.work(busy=False)
    assert rig.server._peers == {}
    assert "BULK-LEASEQUERY-CUT" in caplog.text
    assert "ACTIVE" not in caplog.text
    assert rig.engine.counters.events["bulk-leasequery-cut"] == 1


@pytest.mark.parametrize("said", [Leasequery(True, ((ip("127.0.0.2"), 32),)), Leasequery()])
def test_who_is_no_requestor_is_closed_at_once(rig: Rig, said: Leasequery) -> None:
    rig.engine.install(Snapshot(2, leasequery=said))
    assert is_closed(rig.connect())
    assert rig.engine.counters.events["bulk-leasequery-refused"] == 1


def test_while_it_is_not_enabled_nothing_listens(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.engine.install(Snapshot(2))
    assert rig.server.work(busy=False) == 1.0
    with pytest.raises(ConnectionRefusedError):
        rig.connect()
    rig.close()


def test_who_is_taken_from_the_list_is_told_so_and_closed(rig: Rig) -> None:
    rig.fill(2 * SWEEP_ROWS)
    sock = rig.connect()
    sock.sendall(query())
    rig.turn()
    rig.server.work(busy=False)
    rig.engine.install(Snapshot(2, leasequery=Leasequery(True, ((ip("127.0.0.2"), 32),))))
    rig.finish()
    assert heard(sock)[-1].options[151][0] == 4
    rig.turn()
    assert is_closed(sock)


def test_only_so_many_are_connected(rig: Rig) -> None:
    for _ in range(CONNECTIONS_MAX):
        rig.connect()
    assert is_closed(rig.connect())
    assert len(rig.server._peers) == CONNECTIONS_MAX


def test_one_that_holds_more_than_one_makes_room_for_one_that_has_none(rig: Rig) -> None:
    rig.engine.install(Snapshot(2, leasequery=Leasequery(True, ((ip("127.0.0.0"), 8),))))
    idle, *others = [rig.connect() for _ in range(CONNECTIONS_MAX)]
    rig.now += 1
    others[0].sendall(b"\0")
    rig.turn()
    second = rig.connect("127.0.0.2")
    second.sendall(query())
    rig.finish()
    assert len(heard(second)) == 1
    assert is_closed(idle), "of those that say nothing the one that has done so for longest"
    assert len(rig.server._peers) == CONNECTIONS_MAX
    assert is_closed(rig.connect("127.0.0.2")), "it has one"
    assert is_closed(rig.connect()), "who holds most is not served before others"


def test_strangers_cannot_fill_the_log(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    rig.engine.install(Snapshot(2, leasequery=Leasequery(True, ((ip("127.0.0.2"), 32),))))
    for _ in range(5):
        rig.connect()
    rig.now += 60
    rig.connect()
    said = [one.getMessage() for one in caplog.records if "BULK-LEASEQUERY-REFUSED" in one.getMessage()]
    assert len(said) == 2
    assert "4 others" in said[1]
    assert rig.engine.counters.events["bulk-leasequery-refused"] == 6


def test_who_says_nothing_for_long_makes_room(rig: Rig) -> None:
    idle = rig.connect()
    rig.now += IDLE_S_MAX
    rig.server.work(busy=False)
    assert len(rig.server._peers) == 1
    rig.now += 1
    rig.server.work(busy=False)
    assert is_closed(idle)


def test_who_leaves_in_the_middle_is_forgotten(rig: Rig) -> None:
    rig.fill(2 * SWEEP_ROWS)
    sock = rig.connect()
    sock.sendall(query())
    rig.turn()
    rig.server.work(busy=False)
    sock.close()
    rig.finish()
    assert rig.server._peers == {}


def test_what_is_no_query_is_closed(rig: Rig) -> None:
    sock = rig.connect()
    sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
    rig.finish()
    assert is_closed(sock)


def test_a_port_that_is_taken_leaves_everything_else_as_it_is(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    taken = BulkPort(rig.port.sock.getsockname()[1])
    assert taken.fault is not None
    other = BulkServer(taken, rig.engine, rig.store, Clock(lambda: T0), lambda: None)
    assert other.work(busy=False) == 1.0
    assert other.work(busy=False) == 1.0
    assert caplog.text.count("NO-BULK-LEASEQUERY") == 1
    other.close()
