"""A site's script with real clients: a block list, unknown clients answered from a dictionary, T1 by address."""

import base64
import json
import os
import signal
from pathlib import Path

import pytest

from tests.interop.packets import ACK, DISCOVER
from tests.interop.processes import wait_for
from tests.interop.realclients import Udhcpc
from tests.interop.servers import Lessor

pytestmark = pytest.mark.netns

BLOCKED, THIRD, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"
CONF = f"""
from databases.generic import Definition

UID = GID = 65534
DHCP_SERVER_IP = '192.0.2.1'

BLOCKED = {{'{BLOCKED}'}}
GUESTS = {{'{THIRD}': '192.0.2.99', '{OTHER}': '192.0.2.100'}}
SEEN = {{'packets': 0, 'reinitialised': 0}}

def filterPacket(packet, method, mac, client_ip, relay_ip, port):
    if str(mac) in BLOCKED:
        logger.info('%s is blocked', mac)
        return None
    return True

def handleUnknownMAC(packet, method, mac, client_ip, relay_ip, port):
    if str(mac) in GUESTS:
        return Definition(GUESTS[str(mac)], 600, '192.0.2.0/24', 0, subnet_mask='255.255.255.0', gateways='192.0.2.1')

def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
    if not definition.ip[3] % 3:
        packet.setOption('renewal_time_value', 60)
    return True

def count(statistics):
    SEEN['packets'] += 1

def again():
    SEEN['reinitialised'] += 1

def init():
    callbacks.statsAddHandler(count)
    callbacks.systemAddReinitHandler(again)
    callbacks.webAddMethod('/seen', lambda *a: ('application/json', __import__('json').dumps(SEEN)))
    callbacks.webAddDashboard('site', 'packets', lambda **k: '<b>%d</b>' % SEEN['packets'])
"""


def test_a_staticdhcpd_folder_serves_real_clients_without_any_definition(lab, sqlite_url):
    if package := Udhcpc.missing():
        pytest.skip(f"no udhcpc here (Debian: apt-get install {package})")
    folder = lab.file("conf")
    folder.mkdir()
    (folder / "conf.py").write_text(CONF)
    lan = lab.link()
    server = Lessor(lab, lab.host("server", lan, "192.0.2.1/24"), sqlite_url, script=folder)
    server.migrate()
    server.start()
    witness = lab.sniff(lan.switch)
    clients = {}
    for name, hardware in (("blocked", BLOCKED), ("third", THIRD), ("other", OTHER)):
        machine = lab.machine(name)
        lan.plug(machine, "eth0", hardware)
        clients[name] = Udhcpc(lab, machine)
        clients[name].start()

    assert clients["third"].wait_bound() == "192.0.2.99/24"
    assert clients["other"].wait_bound() == "192.0.2.100/24"
    acks = {packet.message.chaddr.hex(":"): packet.message.options for packet in witness.packets(ACK)}
    assert int.from_bytes(acks[THIRD][58], "big") == 60
    assert int.from_bytes(acks[OTHER][58], "big") == 300
    wait_for("the blocked client asks", lambda: witness.from_client(BLOCKED, DISCOVER))
    wait_for("its packets are told", lambda: "SCRIPT-BLOCKED" in server.call("control", "transactions", "--json"))
    assert not clients["blocked"].machine.addresses("eth0")
    assert BLOCKED not in acks

    def ask(*verb):
        return json.loads(server.call("control", *verb, "--json"))

    def seen():
        return json.loads(base64.b64decode(ask("script-call", "/seen")["data"]))

    state = ask("script")
    assert (state["running"], state["started"]) == (True, 1)
    os.kill(int(status_of(state["pid"])["PPid"]), signal.SIGHUP)

    wait_for("it was reinitialised", lambda: seen()["reinitialised"] == 1)
    assert seen()["packets"] >= 5
    assert ask("script-dashboard")["elements"][0]["html"].startswith("<b>")

    os.kill(state["pid"], signal.SIGKILL)
    wait_for("another host", lambda: ask("script")["started"] == 2)
    clients["third"].renew()
    wait_for("renewed", lambda: len([p for p in witness.packets(ACK) if p.message.chaddr.hex(":") == THIRD]) >= 2)
    status = status_of(ask("script")["pid"])
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"


def status_of(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
