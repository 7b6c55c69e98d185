"""Where the clients hang: VLAN and bridge interfaces, interfaces that come and go, several subnets on one interface."""

import pytest

from tests.interop import database
from tests.interop.packets import ACK, NAK, OFFER, packed
from tests.interop.processes import wait_for
from tests.interop.realclients import Dhclient, Udhcpc
from tests.interop.servers import Lessor
from tests.interop.vlan import add_vlan

pytestmark = pytest.mark.netns


def subnet(prefix, interface, **more):
    """A subnet 192.0.2.0/24 with the pool from .100 to .199."""
    net = prefix.rsplit(".", 1)[0]
    pools = [{"first": f"{net}.100", "last": f"{net}.199"}]
    return {"prefix": prefix, "name": f"net-{interface}-{net}", "interface": interface, "pools": pools,
            "options": {"routers": [f"{net}.1"]}, **more}  # fmt: skip


def one(net, last=100):
    """A pool of one address."""
    return [{"first": f"{net}.{last}", "last": f"{net}.{last}"}]


def start(lab, machine, sqlite_url, subnets, *interfaces, **more):
    server = Lessor(lab, machine, sqlite_url, interfaces=interfaces)
    server.migrate()
    server.apply(subnets, **more)
    server.start()
    return server


def test_vlan_interfaces_are_links_of_their_own(lab, sqlite_url):
    lan = lab.link()
    machine = lab.host("server", lan, "192.0.2.1/24")
    for number, address in ((20, "198.51.100.1/24"), (30, "203.0.113.1/24")):
        machine.ip("address", "add", address, "dev", add_vlan(lab, machine, "eth0", number))
    links = {"eth0": "192.0.2.", "eth0.20": "198.51.100.", "eth0.30": "203.0.113."}
    start(lab, machine, sqlite_url, [subnet(f"{net}0/24", name) for name, net in links.items()], *links)
    clients = {}
    for number, net in zip((0, 20, 30), links.values(), strict=True):
        host = lab.host(f"client{number}", lan)
        clients[net] = Udhcpc(lab, host, add_vlan(lab, host, "eth0", number) if number else "eth0")
        clients[net].start()
    for net, client in clients.items():
        assert client.wait_bound().startswith(net)
    assert len(database.leases(sqlite_url)) == 3


def test_a_bridge_serves_the_clients_of_its_ports(lab, sqlite_url):
    left, right = lab.link("left"), lab.link("right")
    machine = lab.machine("server")
    machine.ip("link", "add", "br0", "type", "bridge", "forward_delay", "0")
    for link, port in ((left, "eth0"), (right, "eth1")):
        link.plug(machine, port)
        machine.ip("link", "set", port, "master", "br0")
    machine.ip("address", "add", "192.0.2.1/24", "dev", "br0")
    machine.ip("link", "set", "br0", "up")
    start(lab, machine, sqlite_url, [subnet("192.0.2.0/24", "br0")], "br0")
    witness = lab.sniff(left.switch)
    clients = [Dhclient(lab, lab.host("left", left)), Udhcpc(lab, lab.host("right", right))]
    for client in clients:
        client.start()
    assert len({client.wait_bound() for client in clients}) == 2
    xids = [packet.message.xid for packet in witness.from_client(clients[0].hardware(), ACK)]
    assert len(xids) == len(set(xids)), "a packet that arrives on a port and on its bridge is one packet"


def test_interfaces_come_and_go_while_others_are_served(lab, sqlite_url):
    steady, late = lab.link("steady"), lab.link("late")
    machine = lab.host("server", steady, "192.0.2.1/24")
    subnets = [subnet("192.0.2.0/24", "eth0"), subnet("198.51.100.0/24", "eth1")]
    start(lab, machine, sqlite_url, subnets, "eth0", "eth1")
    first = Udhcpc(lab, lab.host("first", steady))
    first.start()
    assert first.wait_bound().startswith("192.0.2.")

    guest = Udhcpc(lab, lab.host("guest", late))
    guest.start()
    for _ in range(2):
        late.plug(machine, "eth1")
        machine.ip("address", "add", "198.51.100.1/24", "dev", "eth1")
        address = guest.wait_bound(30)
        assert address.startswith("198.51.100.")
        guest.crash()
        machine.ip("link", "delete", "eth1")
        other = Udhcpc(lab, lab.host("other", steady))
        other.start()
        assert other.wait_bound().startswith("192.0.2.")
        guest.start()
    assert not guest.machine.addresses("eth0"), "no server on the link, no address"


@pytest.mark.parametrize("shared", [{}, {"shared_network": "campus"}], ids=["one-interface", "shared-network"])
def test_several_subnets_on_one_interface_are_used_one_after_the_other(lab, sqlite_url, shared):
    lan = lab.link()
    machine = lab.host("server", lan, "192.0.2.1/24", "198.51.100.1/24")
    subnets = [
        subnet("192.0.2.0/24", "eth0", **shared) | {"pools": one("192.0.2")},
        subnet("198.51.100.0/24", "eth0", **shared) | {"pools": one("198.51.100")},
    ]
    start(lab, machine, sqlite_url, subnets, "eth0")
    witness = lab.sniff(lan.switch)
    clients = [Udhcpc(lab, lab.host(f"client{n}", lan)) for n in range(3)]
    for client in clients[:2]:
        client.start()
    assert {client.wait_bound() for client in clients[:2]} == {"192.0.2.100/24", "198.51.100.100/24"}
    for client in clients[:2]:  # Each with the router of its own subnet.
        net = client.wait_bound().rsplit(".", 1)[0]
        wait_for("the route", lambda c=client, net=net: c.machine.routes()[0].startswith(f"default via {net}.1 "))
    clients[2].start()
    wait_for("the third one asks twice", lambda: len(witness.from_client(clients[2].hardware())) >= 2)
    assert not witness.from_client(clients[2].hardware(), OFFER, ACK, NAK)
    held = database.leases(sqlite_url)
    assert set(held) == {packed("192.0.2.100"), packed("198.51.100.100")}
    for client in clients[:2]:
        before = len(witness.from_client(client.hardware(), ACK))
        client.renew()
        wait_for("renewed", lambda c=client, n=before: len(witness.from_client(c.hardware(), ACK)) > n)
