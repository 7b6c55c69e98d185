"""A machine boots beside another server: a real engine offers its file, and tells it again at port 4011."""

import json
import sys

import pytest

from tests.interop.processes import wait_for
from tests.interop.servers import ROOT, Lessor

pytestmark = pytest.mark.netns
OFFICE = {"prefix": "192.0.2.0/24", "name": "office", "interface": "eth0", "proxy": True,
          "boot": {"next_server": "192.0.2.6", "file": "boot/pxe.0"}}  # fmt: skip
BOOT = """
import json, socket
from tests.packets4 import DISCOVER, REQUEST, client, read, request
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
udp.settimeout(5)
udp.bind(("", 68))
said = {60: b"PXEClient:Arch:00007:UNDI:003016", 93: b"\\0\\x07", 97: bytes(17), 55: b"\\x2b\\x3c"}
told = []
for data, there in (
    (request(DISCOVER, client(1), 1, options=said), ("255.255.255.255", 67)),
    (request(REQUEST, client(1), 2, ciaddr="192.0.2.77", options=said), ("192.0.2.1", 4011)),
):
    udp.sendto(data, there)
    answer, source = udp.recvfrom(2000)
    answer = read(answer)
    told.append([answer.kind, answer.xid, answer.yiaddr, answer.siaddr, answer.file.decode(), source[1]])
udp.settimeout(1)
udp.sendto(request(DISCOVER, client(2), 3), ("255.255.255.255", 67))
try:
    told.append(read(udp.recv(2000)).kind)
except TimeoutError:
    told.append(None)
print(json.dumps(told))
"""


def test_a_machine_is_offered_its_file_and_told_it_at_port_4011(lab):
    lan = lab.link()
    server = Lessor(lab, lab.host("server", lan, "192.0.2.1/24"), f"sqlite:///{lab.folder}/lessor/lessor.db")
    server.migrate()
    server.apply([OFFICE])
    server.start()
    wait_for("port 4011 is open", lambda: ":0FAB " in server.machine.read("udp"))
    machine = lab.host("machine", lan, "192.0.2.77/24")
    told = json.loads(machine.run("env", f"PYTHONPATH={ROOT}", sys.executable, "-c", BOOT, limit_s=20))
    assert told == [
        [2, 1, "0.0.0.0", "192.0.2.6", "boot/pxe.0", 67],
        [5, 2, "0.0.0.0", "192.0.2.6", "boot/pxe.0", 4011],
        None,
    ]
