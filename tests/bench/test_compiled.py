"""The parts in C: the generator against a responder of a few lines on loopback, and the library that slows syncs."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import acknowledged
from bench.compiled import Compiled, compile_into

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here (Debian: apt-get install gcc)")

# The generator and its server use one port on two addresses; each process that runs tests has a port of its own.
PORT = 16767 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
COOKIE = bytes.fromhex("63825363")
OFFER, ACK, NAK = 2, 5, 6


def option(packet: bytes, wanted: int) -> bytes:
    at = 240
    while packet[at] != 255:
        if packet[at] == wanted:
            return packet[at + 2 : at + 2 + packet[at + 1]]
        at += 2 + packet[at + 1]
    return b""


def reply(packet: bytes, kind: int, address: bytes) -> bytes:
    head = b"\x02" + packet[1:16] + address + packet[20:240]
    return head + bytes((53, 1, kind)) + bytes((54, 4)) + socket.inet_aton("127.0.0.1") + b"\xff"


def honest(packet: bytes) -> list[bytes]:
    """One address a client; a REQUEST for it is acknowledged."""
    address = bytes((10, 77, packet[32], packet[33]))
    return [reply(packet, OFFER if option(packet, 53) == b"\x01" else ACK, address)]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory) -> Compiled:
    return compile_into(tmp_path_factory.mktemp("compiled"))


@pytest.fixture
def load(compiled: Compiled, tmp_path: Path) -> Callable[..., dict]:
    """Runs the generator against `answer`, which makes the replies to a packet."""
    seen: list[bytes] = []
    stop = threading.Event()

    def go(answer: Callable[[bytes], list[bytes]], *words: str) -> dict:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", PORT))
            sock.settimeout(0.1)

            def serve() -> None:
                while not stop.is_set():
                    try:
                        packet, sender = sock.recvfrom(1500)
                    except TimeoutError:
                        continue
                    seen.append(packet)
                    for each in answer(packet):
                        sock.sendto(each, sender)

            thread = threading.Thread(target=serve)
            thread.start()
            try:
                done = subprocess.run(
                    (
                        *(compiled.load, "-s", "127.0.0.1", "-l", "127.0.0.2", "-P", str(PORT), "-n", "50"),
                        *("-t", "0.3", "-f", tmp_path / "leases", *words),
                    ),
                    capture_output=True,
                    text=True,
                    timeout=20,
                    check=True,
                )
            finally:
                stop.set()
                thread.join()
        return {**json.loads(done.stdout), "packets": seen}

    return go


def test_a_closed_loop_finishes_its_exchanges(load, tmp_path):
    seen = load(honest, "-w", "4")
    assert seen["finished"] == seen["sent"] > 50
    assert (seen["lost"], seen["refused"], seen["late"], seen["mismatched"]) == (0, 0, 0, 0)
    assert seen["answers"]["exchange"]["count"] == seen["finished"]
    assert 0 < seen["answers"]["ack"]["p50_ms"] <= seen["answers"]["ack"]["p99_ms"] <= seen["answers"]["ack"]["max_ms"]
    assert len(acknowledged.read(tmp_path / "leases").addresses) == seen["new_clients"] == 50


def test_requests_are_those_of_a_relay(load):
    packets = load(honest, "-w", "2")["packets"]
    assert {packet[24:28] for packet in packets} == {socket.inet_aton("127.0.0.2")}  # giaddr
    assert {packet[3] for packet in packets} == {1}  # hops
    selecting = [packet for packet in packets if option(packet, 53) == b"\x03"]
    assert all(option(packet, 50) == bytes((10, 77)) + packet[32:34] for packet in selecting)
    assert {option(packet, 54) for packet in selecting} == {socket.inet_aton("127.0.0.1")}
    assert {packet[12:16] for packet in packets} == {bytes(4)}  # no ciaddr


def test_an_open_loop_offers_its_rate(load):
    seen = load(honest, "-r", "200")
    assert 50 <= seen["sent"] <= 61
    assert seen["finished"] == seen["sent"]


def test_renewals_ask_for_the_address_that_was_acknowledged(load, tmp_path):
    (tmp_path / "leases").write_bytes(bytes((0, 0, 0, 7, 10, 77, 0, 7)))
    seen = load(honest, "-w", "1", "-R")
    assert seen["finished"] > 0
    assert seen["new_clients"] == 0
    assert {packet[12:16] for packet in seen["packets"]} == {bytes((10, 77, 0, 7))}  # ciaddr
    assert {option(packet, 53) for packet in seen["packets"]} == {b"\x03"}
    assert {(option(packet, 50), option(packet, 54)) for packet in seen["packets"]} == {(b"", b"")}


def test_renewals_need_somebody_who_holds_a_lease(compiled, tmp_path):
    words = [compiled.load, "-s", "127.0.0.1", "-l", "127.0.0.2", "-w", "1", "-R", "-f", tmp_path / "none"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "-R needs a lease file" in done.stderr


def test_silence_is_a_loss(load):
    seen = load(lambda _packet: [], "-w", "5")
    assert (seen["sent"], seen["finished"], seen["lost"]) == (5, 0, 5)


def test_a_lost_exchange_makes_room_for_another(load):
    seen = load(lambda _packet: [], "-w", "5", "-t", "1.5")
    assert (seen["sent"], seen["finished"], seen["lost"]) == (10, 0, 10)


def test_a_refusal_is_counted_and_no_lease(load, tmp_path):
    seen = load(lambda packet: [reply(packet, OFFER if option(packet, 53) == b"\x01" else NAK, bytes(4))], "-w", "2")
    assert seen["refused"] == seen["sent"] > 0
    assert seen["finished"] == 0
    assert (tmp_path / "leases").read_bytes() == b""


def test_another_address_than_the_one_asked_for_is_counted(load):
    def other(packet: bytes) -> list[bytes]:
        kind = option(packet, 53)
        return [reply(packet, OFFER if kind == b"\x01" else ACK, bytes((10, 77, 9, kind[0])))]

    seen = load(other, "-w", "1")
    assert seen["mismatched"] == seen["finished"] > 0


def test_answers_to_nobody_are_late_or_ignored(load):
    def noisy(packet: bytes) -> list[bytes]:
        stranger = bytearray(reply(packet, OFFER, bytes(4)))
        xid = int.from_bytes(packet[4:8], sys.byteorder) + (1 << 18)  # the same slot, another exchange
        stranger[4:8] = xid.to_bytes(4, sys.byteorder)
        return [b"", packet[:200], bytes(300), bytes(stranger), *honest(packet), *honest(packet)]

    seen = load(noisy, "-w", "1")
    assert seen["finished"] == seen["sent"] > 0
    assert seen["late"] >= 3 * seen["finished"]
    assert seen["mismatched"] == 0


def test_the_usage_is_told(compiled):
    done = subprocess.run([compiled.load, "-s", "127.0.0.1"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage: dhcpload" in done.stderr


@pytest.mark.parametrize(("limit_us", "least_s"), [("60000", 0.06), ("0", 0.0)])
def test_syncs_last_as_long_as_they_are_told(compiled, tmp_path, limit_us, least_s):
    script = (
        "import os, sys, time; f = open(sys.argv[1], 'wb'); b = time.monotonic();"
        "os.fdatasync(f.fileno()); d = time.monotonic(); os.fsync(f.fileno()); e = time.monotonic();"
        "print(d - b, e - d)"
    )
    slowed = {**os.environ, "LD_PRELOAD": str(compiled.slow_sync), "SLOWSYNC_US": limit_us}
    words = [sys.executable, "-c", script, tmp_path / "file"]
    said = subprocess.run(words, env=slowed, capture_output=True, text=True, check=True).stdout.split()
    assert all(float(seconds) >= least_s for seconds in said)


def test_a_failed_sync_still_fails(compiled):
    script = "import os\ntry: os.fsync(99)\nexcept OSError as error: print(error.errno)"
    slowed = {**os.environ, "LD_PRELOAD": str(compiled.slow_sync), "SLOWSYNC_US": "1000"}
    said = subprocess.run([sys.executable, "-c", script], env=slowed, capture_output=True, text=True, check=True).stdout
    assert said == "9\n"  # EBADF
