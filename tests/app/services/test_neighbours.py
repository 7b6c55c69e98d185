import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dhcpcore.wire.v4.client import discover, read_answer, read_offer
from dhcpcore.wire.v4.message import MessageType, decode

TRANSACTION = 0x01020304


def offer(transaction=TRANSACTION, kind=2, server=b"\x36\x04\xc0\x00\x02\x01", op=2, cookie=b"\x63\x82\x53\x63"):
    return (bytes([op, 1, 6, 0]) + transaction.to_bytes(4, "big") + bytes(8) + bytes([192, 0, 2, 77]) + bytes(8)
            + bytes(16) + bytes(192) + cookie + b"\x35\x01" + bytes([kind]) + server + b"\xff")


def packet(message, port=68, protocol=17):
    udp = (67).to_bytes(2, "big") + port.to_bytes(2, "big") + (8 + len(message)).to_bytes(2, "big") + bytes(2)
    header = b"\x45\0" + (20 + len(udp) + len(message)).to_bytes(2, "big") + bytes(4) + bytes([64, protocol]) + bytes(2)
    return header + bytes([192, 0, 2, 2]) + b"\xff" * 4 + udp + message


def test_the_question_is_a_discover_that_our_own_decoder_reads():
    read = decode(discover(TRANSACTION, b"\2\0\0\0\0\1"))
    assert (read.message_type, read.hw, read.broadcast) == (MessageType.DISCOVER, b"\1\2\0\0\0\0\1", True)
    assert len(discover(TRANSACTION, b"\2\0\0\0\0\1")) >= 300


def test_an_offer_tells_server_and_address():
    assert read_offer(packet(offer()), TRANSACTION, 68) == ("192.0.2.1", "192.0.2.77")
    assert read_offer(packet(offer(server=b"")), TRANSACTION, 68) == ("192.0.2.2", "192.0.2.77")


@pytest.mark.parametrize("octets", [
    b"", b"\x45", packet(b""), packet(offer(transaction=5)), packet(offer(kind=5)), packet(offer(op=1)),
    packet(offer(cookie=b"abcd")), packet(offer(), port=69), packet(offer(), protocol=6), packet(offer())[:150],
    b"\x60" + packet(offer())[1:], packet(offer()[:-8]),
])
def test_anything_else_is_no_offer(octets):
    assert read_offer(octets, TRANSACTION, 68) is None


def test_an_answer_is_never_trusted_to_be_whole():
    whole = offer()
    for end in range(len(whole)):
        read_answer(whole[:end])
    assert read_answer(whole) is not None


SERVER = """
import socket, sys
sys.path.insert(0, sys.argv[1])
from tests.app.services.test_neighbours import offer
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"far")
sock.bind(("", 67))
print("ready", flush=True)
data = sock.recv(2048)
sock.sendto(offer(int.from_bytes(data[4:8], "big")), ("255.255.255.255", 68))
"""


@pytest.mark.netns
def test_a_real_server_on_a_real_link_is_heard_and_silence_is_silence():
    near, far = f"lessor-n-{os.getpid()}", f"lessor-f-{os.getpid()}"
    root = str(Path(__file__).parents[3])

    def run(*command):
        subprocess.run(command, check=True)

    server = None
    try:
        for name in (near, far):
            run("ip", "netns", "add", name)
        run("ip", "-n", near, "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", far)
        run("ip", "-n", near, "link", "set", "near", "up")
        run("ip", "-n", far, "link", "set", "far", "up")
        run("ip", "-n", far, "address", "add", "192.0.2.1/24", "dev", "far")
        code = ("import sys; sys.path.insert(0, sys.argv[1])\nfrom app.services.neighbours import servers_on\n"
                "print(servers_on('near', listen_s=float(sys.argv[2])))")
        ask = ["ip", "netns", "exec", near, sys.executable, "-c", code, root]
        silent = subprocess.run([*ask, "0.5"], check=True, capture_output=True, text=True, timeout=30)
        assert silent.stdout == "[]\n"
        server = subprocess.Popen(["ip", "netns", "exec", far, sys.executable, "-c", SERVER, root],
                                  stdout=subprocess.PIPE, text=True)
        assert server.stdout.readline() == "ready\n"
        time.sleep(0.2)
        heard = subprocess.run([*ask, "3"], check=True, capture_output=True, text=True, timeout=30)
        assert heard.stdout == "[OtherServer(interface='near', server='192.0.2.1', offered='192.0.2.77')]\n"
    finally:
        if server is not None:
            server.kill()
            server.communicate()
        for name in (near, far):
            subprocess.run(["ip", "netns", "delete", name], check=False)
