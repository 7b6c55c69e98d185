"""A real engine asks a real client's machine to renew, over the command line."""

import json
import sys

import pytest

from tests.interop.processes import wait_for
from tests.interop.realclients import Udhcpc
from tests.interop.servers import ROOT, Lessor

pytestmark = pytest.mark.netns
OFFICE = {"prefix": "192.0.2.0/24", "name": "office", "interface": "eth0",
          "pools": [{"first": "192.0.2.100", "last": "192.0.2.199"}]}  # fmt: skip
HEAR = """
import json, socket, sys
from tests.packets4 import read
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.settimeout(20)
udp.bind((sys.argv[1], 68))
print("listening", flush=True)
data, source = udp.recvfrom(2000)
message = read(data)
told = [message.kind, message.hw.hex(":"), message.address(54), source[0], 90 in message.options]
print(json.dumps(told), flush=True)
"""


def test_the_client_hears_an_authenticated_forcerenew_from_the_servers_address(lab):
    lan = lab.link()
    server = Lessor(lab, lab.host("server", lan, "192.0.2.1/24"), f"sqlite:///{lab.folder}/lessor/lessor.db")
    server.migrate()
    server.apply([OFFICE], globals={"forcerenew": "authenticated"})
    server.start()
    client = Udhcpc(lab, lab.host("client", lan))
    client.start()
    address = client.wait_bound().partition("/")[0]
    hearing = lab.start(client.machine, "env", f"PYTHONPATH={ROOT}", sys.executable, "-c", HEAR, address, label="hear")
    wait_for("it listens", lambda: "listening" in hearing.output())
    told = json.loads(server.call("lease", "renew", address, "--json"))
    assert (told["address"], told["sent"]) == (address, ["authenticated"])
    wait_for("it was heard", lambda: "192.0.2.1" in hearing.output())
    heard = json.loads(hearing.output().splitlines()[-1])
    assert [heard[0], heard[2], heard[3], heard[4]] == [9, "192.0.2.1", "192.0.2.1", True]
    assert heard[1] in told["client"] or told["client"].startswith("client identifier")
    assert "lease.renew" in server.call("audit", "list")
    wait_for("it is explained", lambda: "FORCERENEW" in server.call("explain", address))
