"""Real clients behind ISC's relay agent: another link, giaddr, and option 82 that comes back as it went."""

import shutil

import pytest

from tests.interop import database
from tests.interop.judges import Wire, missing_leases
from tests.interop.packets import ACK, OFFER, REQUEST, packed
from tests.interop.processes import wait_for
from tests.interop.realclients import CLIENTS
from tests.interop.servers import Lessor

pytestmark = pytest.mark.netns
NEAR = {"prefix": "192.0.2.0/24", "name": "near", "interface": "eth0",
        "pools": [{"first": "192.0.2.100", "last": "192.0.2.199"}]}  # fmt: skip
FAR = {
    "prefix": "198.51.100.0/24",
    "name": "far",
    "lifetime": {"default": 60, "renew": 3, "rebind": 40},
    "pools": [{"first": "198.51.100.100", "last": "198.51.100.199"}],
    "options": {"routers": ["198.51.100.1"], "domain-name-servers": ["192.0.2.53"]},
}


def start_relay(lab, near, far):
    """A router with a relay agent between two links; it adds option 82 (RFC 3046) and the server has a route back."""
    if not shutil.which("dhcrelay"):
        pytest.skip("no program dhcrelay here (Debian: apt-get install isc-dhcp-relay)")
    router = lab.host("relay", near, "192.0.2.2/24")
    far.plug(router, "eth1")
    router.ip("address", "add", "198.51.100.1/24", "dev", "eth1")
    router.write("net/ipv4/ip_forward", "1")
    lab.start(router, "dhcrelay", "-4", "-d", "-a", "-iu", "eth0", "-id", "eth1", "192.0.2.1")
    wait_for("the relay listens", lambda: ":0043 " in router.read("udp"))
    return router


@pytest.mark.slow
def test_clients_behind_a_relay_are_served_from_their_own_subnet(lab, database_url):
    near, far = lab.link("near"), lab.link("far")
    machine = lab.host("server", near, "192.0.2.1/24")
    machine.ip("route", "add", "198.51.100.0/24", "via", "192.0.2.2")
    server = Lessor(lab, machine, database_url)
    server.migrate()
    server.apply([NEAR, FAR])
    server.start()
    router = start_relay(lab, near, far)
    upstream, downstream = lab.sniff(near.switch), lab.sniff(far.switch)
    clients = [kind(lab, lab.host(kind.name, far)) for kind in CLIENTS]
    for client in clients:
        client.start()
    addresses = {packed(client.wait_bound().split("/")[0]) for client in clients}
    assert len(addresses) == 3
    assert all(packed("198.51.100.100") <= address <= packed("198.51.100.199") for address in addresses)
    for client in clients:
        wait_for("the route", lambda client=client: client.machine.routes()[0].startswith("default via 198.51.100.1 "))

    acknowledged = Wire().see(downstream.packets())  # before the rows: a client renews every 3 s meanwhile
    rows = database.leases(database_url)
    assert not missing_leases(acknowledged, rows)
    relayed = [packet for packet in upstream.packets() if packet.message.giaddr == packed("198.51.100.1")]
    asked = {packet.message.xid: packet.message.options[82] for packet in relayed if packet.message.op == 1}
    answers = [packet for packet in relayed if packet.message.kind in (OFFER, ACK)]
    assert answers
    for packet in answers:
        assert packet.target == packed("198.51.100.1")
        assert packet.message.options[82] == asked[packet.message.xid]
        assert list(packet.message.options)[-1] == 82, "RFC 3046 2.2: the last option"
    for address in addresses:
        assert rows[address].relay == packed("198.51.100.1")
        assert rows[address].agent in asked.values()
    assert not [packet for packet in downstream.packets(OFFER, ACK) if 82 in packet.message.options]

    # A renewal goes past the relay: unicast, without giaddr, and the answer goes straight back (RFC 2131 4.1).
    server_address = packed("192.0.2.1")
    direct = upstream.wait(
        "a renewal", lambda p: p.message.ciaddr in addresses and p.target == server_address, REQUEST
    ).message
    assert direct.giaddr == packed("0.0.0.0")
    upstream.wait("its answer", lambda p: (p.target, p.message.xid) == (direct.ciaddr, direct.xid), ACK)
    assert router.addresses("eth1") == ["198.51.100.1/24"]


def test_a_relay_of_no_subnet_is_not_served(lab, sqlite_url):
    """Twin: giaddr decides, and a link that nobody declared gets nothing from another one's pool."""
    near, far = lab.link("near"), lab.link("far")
    machine = lab.host("server", near, "192.0.2.1/24")
    machine.ip("route", "add", "198.51.100.0/24", "via", "192.0.2.2")
    server = Lessor(lab, machine, sqlite_url)
    server.migrate()
    server.apply([NEAR])
    server.start()
    start_relay(lab, near, far)
    upstream = lab.sniff(near.switch)
    client = CLIENTS[1](lab, lab.host("client", far))
    client.start()
    wait_for("two requests through the relay", lambda: len([p for p in upstream.packets() if p.message.op == 1]) >= 2)
    assert not [packet for packet in upstream.packets() if packet.message.op == 2]
    assert not database.leases(sqlite_url)
