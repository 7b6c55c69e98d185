"""Exchanges beyond the ordinary: assignments, a conflict that the client finds, INFORM, and a client that has moved."""

import socket

import pytest

from tests.interop import database
from tests.interop.packets import ACK, DECLINE, INFORM, NAK, NOWHERE, OFFER, Message, decode, encode, packed
from tests.interop.processes import wait_for
from tests.interop.realclients import Dhclient, Udhcpc
from tests.interop.servers import Lessor

pytestmark = pytest.mark.netns
POOL = [{"first": "192.0.2.100", "last": "192.0.2.101"}]
SUBNET = {
    "prefix": "192.0.2.0/24", "name": "lan", "interface": "eth0",
    "lifetime": {"default": 60, "renew": 20, "rebind": 40}, "pools": POOL,
    "options": {"routers": ["192.0.2.1"], "domain-name": "example.org"},
}  # fmt: skip


@pytest.fixture
def lan(lab):
    return lab.link()


@pytest.fixture
def server(lab, lan, database_url):
    return migrated(lab, lan, database_url)


@pytest.fixture
def one_server(lab, lan, sqlite_url):
    """For what has nothing to do with the kind of database."""
    return migrated(lab, lan, sqlite_url)


def migrated(lab, lan, url):
    made = Lessor(lab, lab.host("server", lan, "192.0.2.1/24"), url)
    made.migrate()
    return made


def test_assigned_addresses_go_to_whom_they_are_assigned(lab, lan, server, database_url):
    by_hardware, by_identifier = Udhcpc(lab, lab.host("hardware", lan)), Dhclient(lab, lab.host("identifier", lan))
    by_identifier.settings = 'send dhcp-client-identifier "door-7";\n'
    stranger = Udhcpc(lab, lab.host("stranger", lan))
    assignments = [
        {"hw_address": by_hardware.hardware(), "address": "192.0.2.10", "hostname": "printer",
         "options": {"domain-name": "print.example.org"}},
        {"client_id": b"door-7".hex(":"), "address": "192.0.2.100"},
    ]  # fmt: skip
    server.apply([{**SUBNET, "assignments": assignments}])
    server.start()
    witness = lab.sniff(lan.switch)
    stranger.start()
    assert stranger.wait_bound() == "192.0.2.101/24", "the pool's other address is assigned to somebody"
    for client in (by_hardware, by_identifier):
        client.start()
    assert by_hardware.wait_bound() == "192.0.2.10/24"
    assert by_identifier.wait_bound() == "192.0.2.100/24"
    ack = witness.from_client(by_hardware.hardware(), ACK)[-1].message
    assert ack.options[15] == b"print.example.org"
    assert ack.options.get(12, b"printer") == b"printer"
    assert "print.example.org" in by_hardware.resolver.read_text()
    assert witness.from_client(by_identifier.hardware(), ACK)[-1].message.options[15] == b"example.org"
    assert set(database.leases(database_url)) == {packed(f"192.0.2.{last}") for last in (10, 100, 101)}


def test_an_address_that_a_client_finds_in_use_is_set_aside(lab, lan, server, database_url):
    server.apply([SUBNET])
    server.start()
    lab.host("squatter", lan, "192.0.2.100/24")
    witness = lab.sniff(lan.switch)
    clients = [Udhcpc(lab, lab.host(f"client{n}", lan)) for n in range(2)]
    for client in clients:
        client.check_arp = True
        client.start()
    declined = witness.wait("a DECLINE", lambda packet: True, DECLINE)
    assert declined.message.options[50] == packed("192.0.2.100")
    wait_for("one client is bound", lambda: [c for c in clients if c.machine.addresses("eth0")], 20)
    wait_for("set aside in SQL",
             lambda: database.leases(database_url)[packed("192.0.2.100")].state == database.DECLINED)  # fmt: skip
    offers = [p for p in witness.packets(OFFER, ACK) if p.message.yiaddr == packed("192.0.2.100")]
    assert max(p.seen_at for p in offers) < declined.seen_at, "not offered again"
    assert len(witness.packets(DECLINE)) == 1
    bound = [client.machine.addresses("eth0") for client in clients]
    assert sorted(map(len, bound)) == [0, 1]
    assert ["192.0.2.101/24"] in bound


def test_a_decline_by_somebody_else_is_not_believed(lab, lan, server, database_url):
    """Twin: identity, address and server identifier must match the row."""
    server.apply([SUBNET])
    server.start()
    victim = Udhcpc(lab, lab.host("victim", lan))
    victim.start()
    address = packed(victim.wait_bound().split("/")[0])
    hardware = bytes.fromhex(victim.hardware().replace(":", ""))
    liar = lab.host("liar", lan, "192.0.2.200/24")
    right = {53: bytes([DECLINE]), 61: b"\1" + hardware, 50: address, 54: packed("192.0.2.1")}
    before = database.leases(database_url)[address]
    wrong = [
        Message(xid=1, chaddr=b"\2" * 6, options={**right, 61: b"\1" + b"\2" * 6}),
        Message(xid=2, chaddr=hardware, options={**right, 54: packed("192.0.2.77")}),
        Message(xid=3, chaddr=hardware, options={**right, 50: packed("192.0.2.99")}),
    ]
    for message in wrong:
        send(liar, message)
    exchange(liar, inform(liar))  # Answered after them: they have been dealt with.
    assert database.leases(database_url) == {address: before}
    send(liar, Message(xid=4, chaddr=hardware, options=right))
    wait_for("the right one is believed", lambda: database.leases(database_url)[address].state == database.DECLINED)


def inform(machine, ciaddr="192.0.2.200"):
    hardware = bytes.fromhex(machine.hardware_address("eth0").replace(":", ""))
    return Message(xid=9, chaddr=hardware, ciaddr=packed(ciaddr), options={53: bytes([INFORM]), 55: b"\3\x0f\x33"})


def client_socket(machine):
    made = machine.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
    made.bind(("", 68))
    made.settimeout(5)
    return made


def send(machine, message):
    with client_socket(machine) as made:
        made.sendto(encode(message), ("255.255.255.255", 67))


def exchange(machine, message):
    with client_socket(machine) as made:
        made.sendto(encode(message), ("255.255.255.255", 67))
        return decode(made.recv(2048))


def test_what_arrives_while_the_engine_starts_is_answered(lab, lan, one_server):
    """No retransmission here: the datagram waits in the socket until the engine knows time and definitions."""
    one_server.apply([SUBNET])
    machine = lab.host("static", lan, "192.0.2.200/24")
    one_server.start()
    assert exchange(machine, inform(machine)).kind == ACK


def test_inform_gets_options_and_no_lease(lab, lan, server, database_url):
    server.apply([SUBNET])
    server.start()
    machine = lab.host("static", lan, "192.0.2.200/24")
    witness = lab.sniff(lan.switch)
    answer = exchange(machine, inform(machine))
    assert answer.kind == ACK
    assert answer.options[15] == b"example.org"
    assert answer.addresses(3) == ("192.0.2.1",)
    # RFC 2131 4.3.5: no yiaddr, no lease time, and the answer goes to ciaddr by unicast.
    assert answer.yiaddr == NOWHERE
    assert not {51, 58, 59} & set(answer.options)
    assert witness.packets(ACK)[0].target == packed("192.0.2.200")
    assert not database.leases(database_url)
    assert not database.history(database_url)


@pytest.mark.parametrize("authoritative", [True, False])
def test_a_client_that_has_moved_is_told_so_by_an_authoritative_server(lab, lan, one_server, authoritative):
    one_server.apply([{**SUBNET, "authoritative": authoritative}])
    one_server.start()
    client = Dhclient(lab, lab.host("client", lan))
    (client.folder / "leases").write_text(MOVED_LEASE)
    witness = lab.sniff(lan.switch)
    client.start()
    if authoritative:
        witness.wait("the NAK", lambda packet: packet.message.chaddr.hex(":") == client.hardware(), NAK)
    assert client.wait_bound().startswith("192.0.2.10")
    assert bool(witness.packets(NAK)) is authoritative


MOVED_LEASE = """\
lease {
  interface "eth0";
  fixed-address 203.0.113.9;
  option subnet-mask 255.255.255.0;
  option dhcp-lease-time 86400;
  option dhcp-server-identifier 203.0.113.1;
  renew 5 2037/12/31 00:00:00;
  rebind 5 2037/12/31 00:00:00;
  expire 5 2037/12/31 00:00:00;
}
"""
