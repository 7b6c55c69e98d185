import json
import os
import selectors
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from dhcpcore.control import ControlClient, ControlRefused, ControlServer, Dispatch, EngineAway
from dhcpcore.control import server as server_module
from dhcpcore.control.dispatch import REQUEST_BYTES_MAX
from dhcpcore.errors import Refused
from tests.dhcpcore.control.engines import FakeEngine


class Loop:
    """A selector loop as the engine's: polled by hand, or by a thread."""

    def __init__(self, path, **options):
        self.engine = FakeEngine()
        self.server = ControlServer(path, Dispatch(self.engine), **options)
        self.selector = selectors.DefaultSelector()
        self.server.register(self.selector)
        self.ended = False

    def turn(self, rounds=20, timeout=0.01):
        for _ in range(rounds):
            for key, mask in self.selector.select(timeout):
                assert key.data is self.server
                key.data.handle(key, mask)

    def run(self):
        while not self.ended:
            self.turn(1, 0.05)


@contextmanager
def running(path, **options):
    loop = Loop(path, **options)
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        yield loop
    finally:
        loop.ended = True
        thread.join()
        loop.server.close()
        loop.selector.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "control.sock"


@contextmanager
def by_hand(path, **options):
    loop = Loop(path, **options)
    try:
        yield loop
    finally:
        loop.server.close()
        loop.selector.close()


@contextmanager
def connected(path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        sock.connect(str(path))
        yield sock


@pytest.fixture
def open_path():
    """A path that other accounts reach: tmp_path's parents are closed to them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "control.sock"


def test_a_client_is_answered(path):
    with running(path):
        client = ControlClient(path)
        assert client.call("status") == {"version": "0", "ready": True}
        assert len(client.call("transactions", limit=3, client="ab")) == 3


def test_a_refusal_reaches_the_client_with_its_code(path):
    with running(path), pytest.raises(ControlRefused, match="no lease") as caught:
        ControlClient(path).call("lease-release", address="192.0.2.99")
    assert caught.value.code == "refused"


def test_the_socket_is_for_its_owner_and_group_alone_and_goes_at_the_end(path):
    with by_hand(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert not path.exists()


def test_the_path_a_killed_engine_left_is_taken_over(path):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with running(path):
        assert ControlClient(path).call("status")


def test_a_living_engine_is_not_pushed_aside(path):
    with running(path):
        with pytest.raises(Refused, match="Another engine answers"):
            ControlServer(path, Dispatch(FakeEngine()))
        assert ControlClient(path).call("status")


def test_a_file_in_the_way_is_not_removed(path):
    path.write_text("precious")
    with pytest.raises(Refused, match="no socket"):
        ControlServer(path, Dispatch(FakeEngine()))
    assert path.read_text() == "precious"


def test_an_engine_that_was_replaced_leaves_the_new_ones_path(path):
    first = Loop(path)
    path.unlink()
    with by_hand(path):
        first.server.close()
        first.selector.close()
        assert path.is_socket()


def test_a_request_in_pieces_and_two_in_one_piece_are_answered(path):
    with by_hand(path) as loop, connected(path) as sock:
        sock.sendall(b'{"id":1,"ve')
        loop.turn(3)
        sock.sendall(b'rb":"status"}\n{"id":2,"verb":"statistics"}\n')
        loop.turn(5)
        answers = [json.loads(line) for line in sock.recv(65536).splitlines()]
        assert [answer["id"] for answer in answers] == [1, 2]


def test_many_requests_at_once_are_all_answered_though_not_in_one_round(path):
    with by_hand(path) as loop, connected(path) as sock:
        sock.sendall(b'{"id":1,"verb":"status"}\n' * 50)
        loop.turn(2)
        first = sock.recv(65536).count(b"\n")
        assert first <= 2 * server_module.REQUESTS_A_ROUND_MAX
        loop.turn(30)
        assert first + sock.recv(65536).count(b"\n") == 50


def test_a_line_without_end_is_refused_and_closed(path):
    with by_hand(path) as loop, connected(path) as sock:
        sock.sendall(b"x" * (REQUEST_BYTES_MAX + 1))
        loop.turn()
        assert json.loads(sock.recv(4096))["error"]["code"] == "too-large"
        with suppress(ConnectionResetError):  # What was never read makes the close a reset.
            assert sock.recv(4096) == b""
        with connected(path) as other:
            other.sendall(b'{"id":1,"verb":"status"}\n')
            loop.turn()
            assert json.loads(other.recv(4096))["ok"]


def test_a_peer_that_hangs_up_is_forgotten(path):
    with by_hand(path) as loop:
        for _ in range(server_module.CONNECTIONS_MAX + 5):
            with connected(path) as sock:
                sock.sendall(b'{"id":1,"verb":"status"}\n')
            loop.turn(3, 0)
        loop.turn()
        assert loop.server._peers == {}


def test_one_peer_too_many_is_told_and_the_others_stay(path, monkeypatch):
    monkeypatch.setattr(server_module, "CONNECTIONS_MAX", 2)
    with by_hand(path) as loop, connected(path) as one, connected(path) as two:
        loop.turn(5)
        with connected(path) as three:
            loop.turn(5)
            assert json.loads(three.recv(4096))["error"]["code"] == "busy"
        for sock in (one, two):
            sock.sendall(b'{"id":1,"verb":"status"}\n')
            loop.turn(5)
            assert json.loads(sock.recv(4096))["ok"]


def test_an_idle_peer_makes_room(path, monkeypatch):
    now = [0.0]
    with by_hand(path, clock=lambda: now[0]) as loop, connected(path) as idle:
        loop.turn(3)
        now[0] = server_module.IDLE_S_MAX + 1
        with connected(path):
            loop.turn(3)
            assert idle.recv(10) == b""


def test_a_peer_that_does_not_read_is_closed_and_nobody_waits(path, monkeypatch):
    monkeypatch.setattr(server_module, "UNREAD_BYTES_MAX", 100_000)
    with by_hand(path) as loop, connected(path) as deaf:
        loop.engine.statistics = lambda: {"big": "x" * 200_000}
        deaf.settimeout(0.2)
        with suppress(OSError):  # Refused or timed out, whichever comes first.
            for _ in range(3000):
                deaf.sendall(b'{"id":1,"verb":"statistics"}\n')
                loop.turn(2, 0)
        assert loop.server._peers == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
def test_a_peer_of_another_account_is_an_operator_not_an_admin(open_path):
    path = open_path
    code = ("import os,sys; os.setgroups([]); os.setgid(0); os.setuid(65534); sys.path.insert(0, sys.argv[2])\n"
            "from pathlib import Path; from dhcpcore.control import *\n"
            "client = ControlClient(Path(sys.argv[1]))\n"
            "client.call('reload')\n"
            "try: client.call('stop')\n"
            "except ControlRefused as error: print(error.code)\n")
    with running(path) as loop:
        done = subprocess.run([sys.executable, "-c", code, str(path), str(Path.cwd())], capture_output=True, text=True,
                              timeout=20, check=False)
    assert done.stdout == "forbidden\n", done.stderr
    assert loop.engine.calls == [("reload",)]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
def test_a_peer_outside_the_group_is_not_let_in(open_path):
    path = open_path
    code = ("import os,sys,socket; os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
            "sock = socket.socket(socket.AF_UNIX)\n"
            "try: sock.connect(sys.argv[1]); print('in')\n"
            "except PermissionError: print('out')\n")
    with running(path):
        done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=20,
                              check=False)
    assert done.stdout == "out\n", done.stderr


def test_no_engine_is_told_with_the_remedy(path):
    with pytest.raises(EngineAway, match="Start it with: lessor engine"):
        ControlClient(path).call("status")


def test_an_engine_that_does_not_answer_is_given_up(path):
    with by_hand(path), pytest.raises(EngineAway, match=r"did not answer within 0\.2 s"):
        ControlClient(path, timeout_s=0.2).call("status")
