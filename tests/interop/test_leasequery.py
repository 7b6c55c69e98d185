"""An access concentrator asks a real engine, which has given up its privileges: by UDP, by TCP, and over TLS."""

import json
import shutil
import sys

import pytest

from tests.certificates import Authority
from tests.interop.processes import wait_for
from tests.interop.realclients import Udhcpc
from tests.interop.servers import ROOT, Lessor
from tests.packets4 import LEASEACTIVE, LEASEQUERYDONE, LEASEQUERYSTATUS, LEASEUNASSIGNED, TLS

pytestmark = pytest.mark.netns
OFFICE = {"prefix": "192.0.2.0/24", "name": "office", "interface": "eth0",
          "pools": [{"first": "192.0.2.100", "last": "192.0.2.199"}]}  # fmt: skip
NOBODY = 65534

ASK = """
import json, socket, ssl, sys
from tests.packets4 import (
    ACTIVELEASEQUERY, BULKLEASEQUERY, LEASEQUERY, LEASEQUERYDONE, LEASEQUERYSTATUS, TLS, Client, read, request)
own, address, *files = sys.argv[1:]
context = ssl.create_default_context(cafile=files[0])
context.check_hostname = False
context.load_cert_chain(*files[1:])
nobody = Client(b"", htype=0)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.settimeout(2)
udp.bind((own, 67))
udp.sendto(request(LEASEQUERY, nobody, 1, ciaddr=address, giaddr=own), ("192.0.2.1", 67))
told = []
try:
    answer = read(udp.recv(2000))
    told.append((answer.kind, answer.ciaddr, answer.hw.hex(":")))
except TimeoutError:
    told.append(None)
active = request(ACTIVELEASEQUERY, nobody, 3, options={154: bytes(4)})
for message, encrypted in ((request(BULKLEASEQUERY, nobody, 2), False), (active, False), (active, True)):
  with socket.create_connection(("192.0.2.1", 67), timeout=5) as tcp:
    try:
        if encrypted:
            begin = request(TLS, nobody, 4)
            tcp.sendall(len(begin).to_bytes(2, "big") + begin)
            size = int.from_bytes(tcp.recv(2), "big")
            if not size:
                continue  # Closed: it is a stranger.
            answer = read(tcp.recv(size, socket.MSG_WAITALL))
            told.append((answer.kind, answer.options.get(151, b"").decode(), ""))
            tcp = context.wrap_socket(tcp)
        tcp.sendall(len(message).to_bytes(2, "big") + message)
        stream = tcp.makefile("rb")
        while size := int.from_bytes(stream.read(2), "big"):
            answer = read(stream.read(size))
            told.append((answer.kind, answer.ciaddr, answer.hw.hex(":")))
            if answer.kind in (LEASEQUERYDONE, LEASEQUERYSTATUS):
                break
    except ConnectionError:
        pass
print(json.dumps(told))
"""


def asked(machine, own, address, *files):
    arguments = (own, address, *map(str, files))
    return json.loads(machine.run("env", f"PYTHONPATH={ROOT}", sys.executable, "-c", ASK, *arguments, limit_s=20))


def test_a_requestor_is_told_by_udp_and_tcp_and_nobody_else_is(lab):
    lan = lab.link()
    server = Lessor(lab, lab.host("server", lan, "192.0.2.1/24"), f"sqlite:///{lab.folder}/lessor/lessor.db")
    shutil.chown(server.state_dir, NOBODY, NOBODY)
    ours, theirs = Authority(lab.folder, "servers"), Authority(lab.folder, "requestors")
    certificate, key = ours.certify("server")
    shutil.chown(key, NOBODY, NOBODY)
    with server.settings.open("a") as settings:
        settings.write(f"[leasequery]\ncertificate = '{certificate}'\nkey = '{key}'\nrequestors_ca = '{theirs.file}'\n")
    files = (ours.file, *theirs.certify("concentrator"))
    server.migrate()
    server.apply([OFFICE], leasequery={
        "enabled": True, "requestors": ["192.0.2.2"], "active": True, "active_insecure": True, "tls": "allowed"})
    server.start()
    client = Udhcpc(lab, lab.host("client", lan))
    client.start()
    address = client.wait_bound().partition("/")[0]
    wait_for("TCP is open", lambda: ":0043 " in server.machine.read("tcp"))
    requestor, stranger = lab.host("requestor", lan, "192.0.2.2/24"), lab.host("stranger", lan, "192.0.2.3/24")
    by_udp, *told = asked(requestor, "192.0.2.2", address, *files)
    assert by_udp[:2] == [LEASEACTIVE, address]
    *bindings, end = told[:101]
    assert [one for one in bindings if one[0] == LEASEACTIVE] == [by_udp]
    assert {kind for kind, _, _ in bindings} == {LEASEACTIVE, LEASEUNASSIGNED}, "of the others that nobody had them"
    assert end[0] == LEASEQUERYDONE
    assert (told[101], told[102][0]) == (by_udp, LEASEQUERYSTATUS), "and by an active query"
    assert told[103][:2] == [TLS, ""]
    assert (told[104], [kind for kind, _, _ in told[105:]]) == (by_udp, [LEASEQUERYSTATUS]), "and over TLS"
    assert asked(stranger, "192.0.2.3", address, *files) == [None]
