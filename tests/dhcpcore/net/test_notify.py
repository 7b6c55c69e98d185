"""What systemd is told, and what it is not."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhcpcore.net.notify import Notify


class Systemd:
    """The other end: a socket, and what came in."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.setblocking(False)

    def heard(self) -> list[dict[str, str]]:
        found = []
        while True:
            try:
                text = self.socket.recv(4096).decode()
            except BlockingIOError:
                return found
            found.append(dict(line.split("=", 1) for line in text.split("\n")))


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    made = Systemd(str(tmp_path / "notify"))
    yield made
    made.socket.close()


def notify(tmp_path: Path, serving: list[bool], **env: str) -> Notify:
    return Notify(lambda: serving[-1], {"NOTIFY_SOCKET": str(tmp_path / "notify"), **env})


def test_ready_is_told_once_and_only_when_clients_are_served(tmp_path: Path, systemd: Systemd) -> None:
    serving = [False]
    one = notify(tmp_path, serving)
    one.beat()
    (waiting,) = systemd.heard()
    assert "READY" not in waiting
    assert int(waiting["EXTEND_TIMEOUT_USEC"]) >= 10_000_000
    serving.append(True)
    one.beat()
    serving.append(False)
    one.beat()
    one.beat()
    ready, *alive = systemd.heard()
    assert ready["READY"] == "1"
    assert alive == [{"WATCHDOG": "1"}] * 2


def test_a_beat_comes_three_times_within_the_watchdog_s_time(tmp_path: Path, systemd: Systemd) -> None:
    assert notify(tmp_path, [True], WATCHDOG_USEC="1500000").beat() == pytest.approx(0.5)
    assert notify(tmp_path, [True], WATCHDOG_USEC="30000000").beat() == 1.0
    assert notify(tmp_path, [True]).beat() == 1.0


def test_stopping_and_waiting_are_told(tmp_path: Path, systemd: Systemd) -> None:
    one = notify(tmp_path, [False])
    one.wait("Waiting for the database.")
    one.stopping()
    waiting, stopping = systemd.heard()
    assert waiting["STATUS"] == "Waiting for the database."
    assert stopping["STOPPING"] == "1"


def test_a_name_of_the_kernel_s_own_space_is_reached(tmp_path: Path) -> None:
    name = f"lessor-test-{tmp_path.name}"
    there = Systemd(f"\0{name}")
    Notify(lambda: True, {"NOTIFY_SOCKET": f"@{name}"}).beat()
    assert there.heard()[0]["READY"] == "1"
    there.socket.close()


def test_nobody_to_tell_is_no_trouble(tmp_path: Path) -> None:
    Notify(lambda: True, {}).beat()
    Notify(lambda: True, {"NOTIFY_SOCKET": str(tmp_path / "gone")}).beat()
