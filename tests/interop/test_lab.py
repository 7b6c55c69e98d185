"""The test bed itself: it carries packets, and leaves nothing behind, not even after a failure."""

import contextlib
import itertools
import shutil
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest

from tests.interop.clients import Habits
from tests.interop.judges import overlaps
from tests.interop.lab import Lab
from tests.interop.namespaces import HANDLES, PREFIX, Namespace, processes_in, remove_leftovers
from tests.interop.packets import ACK, RELEASE, SERVER_PORT, Message, encode
from tests.interop.processes import Process, TimedOut, wait_for
from tests.interop.servers import port_is_open
from tests.interop.sniffer import FRAME_LIMIT
from tests.interop.transports import OnLink, Relayed

pytestmark = pytest.mark.netns
UDP_SEGMENT = 103  # Of Linux 4.18, and not in Python's module.
QUICK = Habits(starts_per_s=200, retransmit_pace=0.1, renew_after_s=(0.1, 0.2), hold_s=(0.5, 1))


def start_dnsmasq(lab, machine):
    """A server that is not ours: what the clients do here, they do by themselves."""
    if not shutil.which("dnsmasq"):
        pytest.skip("no program dnsmasq here (Debian: apt-get install dnsmasq-base)")
    ranges = ["--dhcp-range=192.0.2.10,192.0.2.99,120", "--dhcp-range=198.51.100.10,198.51.100.99,255.255.255.0,120"]
    process = lab.start(machine, "dnsmasq", "-d", "-C", "/dev/null", "--port=0", "--no-ping", "--dhcp-authoritative",
                        *ranges, f"--dhcp-leasefile={lab.file('leases')}")  # fmt: skip
    wait_for("dnsmasq listens", lambda: port_is_open(machine), log=process.log)
    return process


def test_simulated_clients_live_with_a_server_that_is_not_ours(lab):
    lan = lab.link()
    server = lab.host("server", lan, "192.0.2.1/24")
    relay = lab.host("relay", lan, "192.0.2.2/24")
    relay.ip("address", "add", "198.51.100.1/24", "dev", "lo")
    server.ip("route", "add", "198.51.100.0/24", "via", "192.0.2.2")
    witness = lab.sniff(lan.switch)
    start_dnsmasq(lab, server)
    on_link = lab.fleet(OnLink(lab.host("clients", lan), "eth0"), 20, QUICK, seed=1)
    relayed = lab.fleet(Relayed(relay, "198.51.100.1", "192.0.2.1", b"\1\4port"), 10, QUICK, seed=2)
    time.sleep(2.5)
    for fleet in (on_link, relayed):
        findings = fleet.stop()
        assert not findings.faults
        assert findings.received["ACK"] > 3 * len(fleet.clients)
        assert findings.sent["RELEASE"] > 1
        assert {"SELECTING", "REQUESTING", "REBOOTING"} <= {state for _, _, state in findings.waits_s}
    assert {state for _, _, state in on_link.findings.waits_s} >= {"RENEWING"}
    assert {state for _, _, state in relayed.findings.waits_s} >= {"REBINDING"}
    time.sleep(0.2)
    assert len(witness.packets(ACK)) == on_link.findings.received["ACK"] + relayed.findings.received["ACK"]
    assert len(witness.packets(RELEASE)) == on_link.findings.sent["RELEASE"] + relayed.findings.sent["RELEASE"]
    assert not overlaps(witness.packets())
    assert witness.dropped == 0


def test_the_witness_sees_each_message_that_a_sender_gave_to_the_system_in_one_piece(lab):
    lan = lab.link()
    sender, relay = lab.host("server", lan, "192.0.2.1/24"), lab.host("relay", lan, "192.0.2.2/24")
    witness = lab.sniff(lan.switch)
    messages = [encode(Message(op=2, xid=number, options={53: bytes([ACK])})) for number in range(40)]
    with (
        sender.socket(socket.AF_INET, socket.SOCK_DGRAM) as source,
        relay.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink,
    ):
        sink.bind(("192.0.2.2", SERVER_PORT))
        cut = (socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", len(messages[0])))
        source.sendmsg(messages, [cut], 0, ("192.0.2.2", SERVER_PORT))
        sink.settimeout(5)
        assert [sink.recv(FRAME_LIMIT) for _ in messages] == messages
    assert [packet.message.xid for packet in witness.packets(ACK)] == list(range(40))


def test_a_server_that_keeps_clients_waiting_is_found_out(lab):
    """The longest wait is measured at the client, from the first sending to the answer."""
    lan = lab.link()
    server = lab.host("server", lan, "192.0.2.1/24")
    process = start_dnsmasq(lab, server)
    fleet = lab.fleet(OnLink(lab.host("clients", lan), "eth0"), 5, Habits(starts_per_s=100, renew_after_s=(0.1, 0.2)))
    wait_for("all are bound", lambda: len(fleet.bound()) == 5)
    quiet = fleet.findings.slowest_s()
    process.signal(signal.SIGSTOP)
    time.sleep(1.5)
    process.signal(signal.SIGCONT)
    time.sleep(0.3)
    findings = fleet.stop()
    assert findings.slowest_s() > 1.2
    assert quiet < 1


def test_clients_without_a_server_retransmit_ever_more_slowly(lab):
    lan = lab.link()
    witness = lab.sniff(lan.switch)
    fleet = lab.fleet(OnLink(lab.host("clients", lan), "eth0"), 1, Habits(retransmit_pace=0.02))
    time.sleep(0.8)
    fleet.stop()
    times = [packet.seen_at for packet in witness.packets()]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(gaps) >= 2
    for number, gap in enumerate(gaps):  # RFC 2131 4.1: 4, 8, 16 seconds, give or take one; here at a fiftieth.
        assert 0.02 * (4 * 2**number - 1) <= gap + 0.005
        assert gap <= 0.02 * (4 * 2**number + 1) + 0.5


def test_a_failure_leaves_no_namespace_no_process_and_no_file():
    with contextlib.suppress(ZeroDivisionError), Lab() as lab:
        machine = lab.host("host", lab.link(), "192.0.2.1/24")
        machine.resolver_file("nameserver 192.0.2.53\n")
        process = lab.start(machine, "sleep", "60")
        orphan = lab.start(machine, "sh", "-c", "setsid sleep 61 & exit")
        wait_for("the orphan runs", lambda: len(processes_in(machine.name)) == 2 and not orphan.alive)
        name, folder = machine.name, lab.folder
        1 / 0  # noqa: B018
    assert not process.alive
    assert not (HANDLES / name).exists()
    assert not Path("/etc/netns", name).exists()
    assert not folder.exists()
    assert not processes_in(name)


def test_what_a_killed_run_left_is_removed_and_a_living_run_is_left_alone():
    ended = subprocess.Popen(["true"])
    ended.wait()
    name = f"{PREFIX}{ended.pid}-0left"
    subprocess.run(["ip", "netns", "add", name], check=True)
    living = Namespace("living")
    try:
        assert name in remove_leftovers()
        assert not (HANDLES / name).exists()
        assert (HANDLES / living.name).exists()
    finally:
        living.remove()


def test_waiting_ends_with_the_log_in_the_message(tmp_path):
    process = Process(["sh", "-c", "echo what went wrong"], tmp_path / "log")
    process.popen.wait()
    with pytest.raises(TimedOut, match="what went wrong"):
        wait_for("something else", lambda: False, 0.1, process.log)
