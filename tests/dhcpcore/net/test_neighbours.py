"""Other DHCP servers, asked by the engine's own packet socket: on a real link, and by hand."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dhcpcore.errors import NotFound, Refused
from dhcpcore.net import neighbours
from dhcpcore.net.neighbours import Neighbours
from dhcpcore.topology.links import Interface
from tests.app.services.test_neighbours import SERVER, offer, packet

ROOT = str(Path(__file__).parents[3])
HW = b"\x02\0\0\0\0\x01"


class Wire:
    """A packet socket that remembers what was sent and gives what is put in."""

    def __init__(self):
        self.sent, self.waiting, self.filters, self.fault = [], [], [], None

    def setsockopt(self, level, option, value):
        self.filters.append(int.from_bytes(value[:2], sys.byteorder))

    def bind(self, address):
        if self.fault:
            raise self.fault

    def sendto(self, data, address):
        self.sent.append((data, address))

    def recv(self, size):
        if not self.waiting:
            raise BlockingIOError
        return self.waiting.pop(0)


@pytest.fixture
def asked():
    now, wire = [100.0], Wire()
    made = Neighbours(wire, 67, clock=lambda: now[0])
    made.set_interfaces({1: Interface(1, "eth0", (bytes([192, 0, 2, 9]),), HW), 2: Interface(2, "eth1", (), HW),
                         3: Interface(3, "tun0", (), b"")})
    return made, wire, now


def test_a_link_is_asked_once_and_tells_what_answered(asked):
    made, wire, now = asked
    assert made.on("eth0") == {"interface": "eth0", "asking": True, "servers": []}
    wire.waiting = [packet(offer(made._transaction)), packet(offer(made._transaction ^ 1)), b"nonsense"]
    assert made.answers() == []
    now[0] += 1
    assert made.on("eth0")["servers"] == [{"server": "192.0.2.1", "offered": "192.0.2.77"}]
    now[0] += neighbours.LISTEN_S
    assert made.on("eth0") == {"interface": "eth0", "asking": False,
                               "servers": [{"server": "192.0.2.1", "offered": "192.0.2.77"}]}
    (sent,) = wire.sent
    assert sent[1] == ("eth0", 0x0800, 0, 0, b"\xff" * 6)
    now[0] += neighbours.GOOD_S
    assert made.on("eth0") == {"interface": "eth0", "asking": True, "servers": []}
    assert len(wire.sent) == 2


def test_it_is_deaf_but_while_it_asks(asked):
    made, wire, now = asked
    made.on("eth0")
    assert wire.filters[-1] > 1
    now[0] += neighbours.LISTEN_S
    made.answers()
    made.answers()
    assert wire.filters[-1] == 1, "one instruction: nothing"
    assert len(wire.filters) == 2


def test_our_own_answer_is_no_other_server(asked):
    made, wire, _ = asked
    made.on("eth0")
    wire.waiting = [packet(offer(made._transaction, server=b"\x36\x04\xc0\x00\x02\x09"))]
    made.answers()
    assert made.on("eth0")["servers"] == []


def test_one_link_at_a_time_and_only_those_that_there_are(asked):
    made, wire, _ = asked
    with pytest.raises(NotFound, match="serves no interface 'eth7'; it serves eth0, eth1, tun0"):
        made.on("eth7")
    with pytest.raises(Refused, match="tun0 has no hardware address"):
        made.on("tun0")
    assert wire.sent == []
    made.on("eth0")
    with pytest.raises(Refused, match="eth0 is being asked; try again"):
        made.on("eth1")


def test_a_link_that_is_down_is_told(asked):
    made, wire, _ = asked
    wire.fault = OSError(100, "Network is down")
    with pytest.raises(Refused, match="eth0 cannot be asked: Network is down"):
        made.on("eth0")
    assert wire.filters[-1] == 1


def test_without_the_right_there_is_none(monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(socket, "socket", refuse)
    assert Neighbours.open(67) is None


ASK = """
import json, os, select, sys
sys.path.insert(0, sys.argv[1])
from dhcpcore.net import interfaces
from dhcpcore.net.neighbours import Neighbours
made = Neighbours.open(67)
os.setgroups([]); os.setgid(65534); os.setuid(65534)  # What was opened is used without any right.
made.set_interfaces(interfaces.read(()))
told = made.on("near")
while told["asking"]:
    if select.select([made], [], [], 0.2)[0]:
        made.answers()
    told = made.on("near")
print(json.dumps([told["servers"], interfaces.describe(())]))
"""


@pytest.mark.netns
def test_a_real_server_on_a_real_link_is_heard_and_the_link_is_described():
    near, far = f"lessor-n-{os.getpid()}", f"lessor-f-{os.getpid()}"

    def run(*command):
        subprocess.run(command, check=True)

    try:
        for name in (near, far):
            run("ip", "netns", "add", name)
        run("ip", "-n", near, "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", far)
        for space, name, address in ((near, "near", "192.0.2.7/25"), (far, "far", "192.0.2.1/25")):
            run("ip", "-n", space, "link", "set", name, "up")
            run("ip", "-n", space, "address", "add", address, "dev", name)
        run("ip", "-n", near, "route", "add", "default", "via", "192.0.2.1")
        with subprocess.Popen(["ip", "netns", "exec", far, sys.executable, "-c", SERVER, ROOT],
                              stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout.readline() == "ready\n"
            time.sleep(0.2)
            heard = subprocess.run(["ip", "netns", "exec", near, sys.executable, "-c", ASK, ROOT], check=True,
                                   capture_output=True, text=True, timeout=30)
            server.kill()
        servers, (described,) = json.loads(heard.stdout)
        assert servers == [{"server": "192.0.2.1", "offered": "192.0.2.77"}]
        assert (described["name"], described["up"], described["addresses"], described["gateway"]) == (
            "near", True, ["192.0.2.7/25"], "192.0.2.1")
    finally:
        for name in (near, far):
            subprocess.run(["ip", "netns", "delete", name], check=False)
