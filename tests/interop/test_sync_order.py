"""The order of system calls: the lease is on the disk, or PostgreSQL has said so, before the ACK is sent."""

import shutil
import time

import pytest

from tests.interop.clients import Habits
from tests.interop.packets import ACK
from tests.interop.processes import wait_for
from tests.interop.servers import Lessor
from tests.interop.tracing import STRACE, read_trace, unproved_acks
from tests.interop.transports import OnLink

pytestmark = [pytest.mark.netns, pytest.mark.slow]
# Nobody asks twice within a second: an ACK that repeats what is on the disk already needs no further sync.
HABITS = Habits(starts_per_s=10, renew_after_s=(1.2, 1.5), hold_s=(2.5, 3), pause_s=(1.1, 1.2), identifier_share=0)
SUBNET = {"prefix": "192.0.2.0/24", "name": "lan", "interface": "eth0", "lifetime": "1h",
          "pools": [{"first": "192.0.2.20", "last": "192.0.2.250"}]}  # fmt: skip


def test_every_ack_is_sent_after_its_lease_lasts(lab, database_url):
    if not shutil.which("strace"):
        pytest.skip("no program strace here (Debian: apt-get install strace)")
    postgresql = not database_url.startswith("sqlite")
    lan = lab.link()
    server = Lessor(lab, lab.host("server", lan, "192.0.2.1/24"), database_url)
    server.migrate()
    server.apply([SUBNET])
    trace = lab.file("trace")
    server.start()
    witness = lab.sniff(lan.switch)
    attached = [word for pid in server.process.family() for word in ("-p", str(pid))]
    strace = lab.start(server.machine, *STRACE, "-o", str(trace), *attached)
    wait_for("strace has attached", lambda: strace.output().count("attached") >= len(attached) // 2)
    fleet = lab.fleet(OnLink(lab.host("clients", lan), "eth0"), 15, HABITS)
    time.sleep(7)
    findings = fleet.stop()
    server.stop()
    strace.popen.wait(10)
    proved, faults = unproved_acks(read_trace(trace), postgresql)
    assert not faults
    assert proved == len(witness.packets(ACK)) == findings.received["ACK"]
    assert proved > 30
