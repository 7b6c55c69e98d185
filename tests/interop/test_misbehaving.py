"""Site code that sleeps, loops, exits and floods about some clients, in a real engine: all others are answered.

How soon is the benchmark's to tell (``python3 -m bench.misbehaving``): here it is sooner than the code sleeps.
"""

import os

import pytest

from bench.misbehaving import measure, row
from bench.misdeeds import Misdeed
from bench.network import network

pytestmark = pytest.mark.netns
CONF = """
import os, stat, time

def is_socket(fd):
    try:
        return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:
        return False

def loop():
    while True:
        pass

def flood():
    while True:
        print(1)

DEEDS = {
    0: lambda: time.sleep(10),
    1: loop,
    2: lambda: os._exit(3),
    3: lambda: [os.write(fd, b'x' * 65536) for fd in range(3, 64) if is_socket(fd)],
    4: flood,
}

def filterPacket(packet, method, mac, client_ip, relay_ip, port):
    if mac[1] == 0x66 and mac[5] in DEEDS:
        DEEDS[mac[5]]()
    return True

def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
    if mac[1] == 0x66 and mac[5] == 5:
        time.sleep(10)
    return True

def init():
    callbacks.statsAddHandler(lambda statistics: time.sleep(10))
"""
LIBRARY = """
import time

def pkt4_receive(handle):
    if handle.getArgument("query4").hw_address == "02:66:00:00:00:06":
        while True:
            try:
                time.sleep(10)
            except Exception:
                pass
"""
PACKAGE = '''
import time

from dhcpcore.pipeline.api import Handler, HandlerFactory


class Misbehaving(Handler):
    def pre(self, bundle):
        if bundle.request.hw_address == "02:66:00:00:00:07":
            time.sleep(10)


class Factory(HandlerFactory):
    """Misbehaves."""

    def create(self):
        return Misbehaving()
'''
SLEEPS_MS = 10_000


def test_whom_it_does_not_concern_is_answered_meanwhile():
    turns = (0, 6, 7, 1, 6, 7, 5, 6, 7, 2, 3, 4)
    misdeed = Misdeed("all", "all of it", CONF, LIBRARY, PACKAGE, tuple(f"02:66:00:00:00:{n:02}" for n in turns), 0.4)
    cpus = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    with network() as made:
        noticed = measure(misdeed, made, seconds=len(turns) * 0.4, rate=50, cpus=cpus, settle_s=0)
    print(row(misdeed, noticed))
    assert noticed.asked > 200
    assert noticed.answered == noticed.asked, noticed.log
    assert noticed.percentile(1.0) < SLEEPS_MS
    for told in ("SCRIPT-OVERRUN: a hook", "SCRIPT-OVERRUN: the script took over 1 s of statistics", "SCRIPT-FAILED",
                 "HOOK-DISABLED", "HANDLER-DISABLED", "SCRIPT-OUTPUT: 1"):  # fmt: skip
        assert told in noticed.log
