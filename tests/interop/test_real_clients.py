"""dhclient, udhcpc and dhcpcd live on a link with Lessor: from the first lease to the release, through a restart."""

import ipaddress
import time

import pytest

from tests.interop import database
from tests.interop.database import RELEASED
from tests.interop.judges import Wire, missing_history, missing_leases, overlaps
from tests.interop.packets import ACK, DISCOVER, NAK, OFFER, RELEASE, REQUEST, packed
from tests.interop.processes import wait_for
from tests.interop.realclients import CLIENTS, has_no_address
from tests.interop.servers import Lessor

pytestmark = pytest.mark.netns

SUBNET = {
    "prefix": "192.0.2.0/24",
    "name": "lan",
    "interface": "eth0",
    "lifetime": {"default": 60, "renew": 3, "rebind": 40},
    "pools": [{"first": "192.0.2.100", "last": "192.0.2.199"}],
    "options": {
        "routers": ["192.0.2.9"],  # Not to be used: option 121 is there too (RFC 3442).
        "domain-name-servers": ["192.0.2.53", "192.0.2.54"],
        "domain-name": "example.org",
        "classless-static-route": [["192.168.200.0/24", "192.0.2.254"], ["0.0.0.0/0", "192.0.2.1"]],
    },
}


@pytest.mark.slow
def test_clients_live_with_the_server_through_a_restart(lab, database_url):
    for kind in CLIENTS:
        if package := kind.missing():
            pytest.skip(f"no {kind.name} here (Debian: apt-get install {package})")
    lan = lab.link()
    server = Lessor(lab, lab.host("server", lan, "192.0.2.1/24"), database_url)
    server.migrate()
    server.apply([SUBNET])
    server.start()
    witness = lab.sniff(lan.switch)
    clients = [kind(lab, lab.host(kind.name, lan)) for kind in CLIENTS]

    for client in clients:
        client.start()
    bound = {client: client.wait_bound() for client in clients}
    assert len(set(bound.values())) == len(clients)
    for client in clients:
        has_applied(client, bound[client])
    first_ends = {address: row.expires for address, row in database.leases(database_url).items()}
    renew(clients, witness)
    wait_for("later ends in SQL", lambda: all(
        row.expires > first_ends[address] for address, row in database.leases(database_url).items()
    ))  # fmt: skip

    server.kill()
    server.start()
    renew(clients, witness)

    for client in clients:
        client.crash()
    before = len(witness.packets())
    for client in clients:
        client.start()
    for client in clients:
        assert client.wait_bound() == bound[client]
    for client in clients:
        if client.name != "udhcpc":  # udhcpc keeps no lease file and discovers anew.
            again = (p.message for p in witness.packets()[before:])
            asked = next(message for message in again if message.chaddr.hex(":") == client.hardware())
            assert asked.kind == REQUEST, f"{client.name}: INIT-REBOOT needs no DISCOVER"
            assert asked.options[50] == address_of(bound[client])
            assert 54 not in asked.options

    held = Wire().see(witness.packets())
    assert set(held.holdings) == {address_of(each) for each in bound.values()}
    assert not missing_leases(held, database.leases(database_url))
    for client in clients:
        client.release()
    for client in clients:
        address = address_of(bound[client])
        witness.wait("the RELEASE", lambda packet, address=address: packet.message.ciaddr == address, RELEASE)
        assert has_no_address(client)
    wait_for("released in SQL", lambda: {row.state for row in database.leases(database_url).values()} == {RELEASED})
    holdings = database.history(database_url)
    assert all(holding.closed_at for holding in holdings)
    assert not missing_history(Wire().see(witness.packets()), holdings)
    assert not overlaps(witness.packets())
    assert not witness.packets(NAK)


def address_of(interface):
    return ipaddress.ip_interface(interface).ip.packed


def has_applied(client, bound):
    """Mask, routes and resolver are what the options say, as the machine's kernel and files show it."""
    assert packed("192.0.2.100") <= address_of(bound) <= packed("192.0.2.199")
    assert bound.endswith("/24")
    wait_for("the routes", lambda: len(client.machine.routes()) >= 3)
    routes = client.machine.routes()
    assert any(route.startswith("default via 192.0.2.1 ") for route in routes)
    assert any(route.startswith("192.168.200.0/24 via 192.0.2.254 ") for route in routes)
    assert not any("192.0.2.9 " in route for route in routes)
    wait_for("the resolver", lambda: "192.0.2.54" in client.resolver.read_text())
    resolver = client.resolver.read_text()
    assert "nameserver 192.0.2.53\n" in resolver
    assert "example.org" in resolver


def renew(clients, witness):
    """Let the clients renew, at T1 or when told to, and see them answered."""
    before = {client: len(witness.from_client(client.hardware(), ACK)) for client in clients}
    time.sleep(1)  # Lease ends are whole seconds: let these be later ones.
    for client in clients:
        if client.name == "udhcpc":  # It renews at half the lease time, whatever T1 says.
            client.renew()
    for client in clients:
        wait_for(f"{client.name} renewed", lambda c=client: len(witness.from_client(c.hardware(), ACK)) > before[c], 20)
        asked, answered = (witness.from_client(client.hardware(), kind)[-1].message for kind in (REQUEST, ACK))
        assert asked.ciaddr == answered.yiaddr
        assert 50 not in asked.options


def test_two_clients_behind_one_server_have_two_addresses(lab, database_url):
    """Twin of the first test: what one client holds, no other is offered."""
    lan = lab.link()
    server = Lessor(lab, lab.host("server", lan, "192.0.2.1/24"), database_url)
    server.migrate()
    server.apply([{**SUBNET, "pools": [{"first": "192.0.2.100", "last": "192.0.2.101"}]}])
    server.start()
    witness = lab.sniff(lan.switch)
    clients = [CLIENTS[n](lab, lab.host(f"client{n}", lan)) for n in (0, 1, 1)]
    for client in clients[:2]:
        client.start()
    held = {address_of(client.wait_bound()) for client in clients[:2]}
    assert held == {packed("192.0.2.100"), packed("192.0.2.101")}
    clients[2].start()
    third = clients[2].hardware()
    wait_for("the third client asks twice", lambda: len(witness.from_client(third, DISCOVER)) >= 2)
    assert not witness.from_client(third, OFFER, ACK)
    assert not clients[2].machine.addresses("eth0")
