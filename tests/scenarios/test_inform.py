"""INFORM: options for who has an address by other means; nothing is granted.  RFC 2131 4.3.5."""

from collections.abc import Callable

from tests.packets4 import ACK, BROADCAST, INFORM, Client, client, ip
from tests.playbook import OFFICE, World, assignment, pool, subnet
from tests.scenarios.served import served

Make = Callable[..., World]
A = client(1)
RELAY = "198.51.100.1"


def office(world: Make) -> World:
    near = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), options={3: ip("192.0.2.1")}, name="near")
    far = subnet("198.51.100.0/24", options={3: ip("198.51.100.1")}, name="far")
    return world(near, far)


def test_the_options_come_without_address_and_lease_time(world: Make) -> None:
    w = office(world)
    ack = w.inform(A, "192.0.2.7")
    assert (ack.kind, ack.yiaddr, ack.ciaddr, w.reason) == (ACK, "0.0.0.0", "192.0.2.7", "ACK-INFORM")
    assert {51, 58, 59}.isdisjoint(ack.options)
    assert ack.address(3) == "192.0.2.1"
    assert w.store.commits == []


def test_the_answer_is_unicast_to_ciaddr_and_not_in_a_frame(world: Make) -> None:
    w = office(world)
    ack = w.inform(A, "192.0.2.7")
    assert (ack.to, ack.port, ack.interface, ack.frame) == ("192.0.2.7", 68, 2, b"")
    assert w.inform(A, "192.0.2.7", broadcast=True).to == "192.0.2.7"


def test_from_afar_by_unicast_the_options_are_those_of_its_own_subnet(world: Make) -> None:
    w = office(world)
    ack = w.inform(A, "198.51.100.7", unicast=True)
    assert (ack.to, ack.interface, ack.address(3)) == ("198.51.100.7", 0, "198.51.100.1")


def test_through_a_relay_the_answer_goes_through_the_relay(world: Make) -> None:
    w = office(world)
    ack = w.inform(A, "198.51.100.7", via=RELAY, agent=b"\x01\x02ab")
    assert (ack.to, ack.port, ack.ciaddr) == (RELAY, 67, "198.51.100.7")
    assert ack.options[82] == b"\x01\x02ab"


def test_through_a_relay_without_ciaddr_the_relay_is_told_to_broadcast(world: Make) -> None:
    """There is no address that the relay could send it to."""
    w = office(world)
    ack = w.one(w.packet(INFORM, A, via=RELAY))
    assert (ack.to, ack.ciaddr, ack.flags) == (RELAY, "0.0.0.0", 0x8000)


def test_with_ciaddr_the_relay_is_not_told_to_broadcast(world: Make) -> None:
    w = office(world)
    assert w.inform(A, "198.51.100.7", via=RELAY).flags == 0


def test_without_ciaddr_the_sender_is_answered(world: Make) -> None:
    w = office(world)
    ack = w.one(w.packet(INFORM, A, source="192.0.2.7"))
    assert (ack.to, ack.ciaddr) == ("192.0.2.7", "192.0.2.7")


def test_without_any_address_there_is_silence(world: Make) -> None:
    w = office(world)
    assert w.one(w.packet(INFORM, A)) is None
    assert w.reason == "NO-CLIENT-ADDRESS"


def test_a_leased_address_is_neither_touched_nor_needed(world: Make) -> None:
    w = office(world)
    ack = w.lease(A)
    before = w.row(ack.yiaddr)
    w.inform(A, ack.yiaddr)
    assert w.row(ack.yiaddr) == before


def test_nobody_gets_a_lease_time_by_asking_for_it(world: Make) -> None:
    w = office(world)
    ack = w.inform(A, "192.0.2.7", lease_time=1, prl=bytes((1, 3, 51, 58, 59)))
    assert {51, 58, 59}.isdisjoint(ack.options)


def test_an_assignments_options_reach_it(world: Make) -> None:
    home = subnet(OFFICE, options={15: b"example.org"})
    w = world(home, assignments=[assignment(home, "192.0.2.10", hw=A.hw, options={15: b"printers.example.org"})])
    assert w.inform(A, "192.0.2.10").options[15] == b"printers.example.org"


def test_without_hardware_address_the_identifier_is_enough(world: Make) -> None:
    w = office(world)
    assert w.inform(Client(b"", b"\xff\0\0\0\1"), "192.0.2.7").kind == ACK


def test_without_either_there_is_silence(world: Make) -> None:
    w = office(world)
    assert w.inform(Client(b""), "192.0.2.7") is None
    assert w.reason == "NO-IDENTITY"


def test_the_link_it_is_heard_on_decides_a_broadcast(world: Make) -> None:
    w = office(world)
    ack = w.inform(A, "203.0.113.7")
    assert (ack.address(3), ack.to) == ("192.0.2.1", "203.0.113.7")
    assert w.packet(INFORM, A, ciaddr="203.0.113.7").datagram.destination == BROADCAST


def test_by_unicast_to_us_from_the_link_itself(world: Make) -> None:
    w = office(world)
    ack = w.inform(A, "192.0.2.7", unicast=True)
    assert (ack.to, ack.address(3), ack.interface) == ("192.0.2.7", "192.0.2.1", 0)


def test_by_unicast_without_ciaddr_the_sender_is_answered(world: Make) -> None:
    w = office(world)
    ack = w.one(w.packet(INFORM, A, source="192.0.2.7", unicast=True))
    assert (ack.to, ack.ciaddr, ack.address(3)) == ("192.0.2.7", "192.0.2.7", "192.0.2.1")


def test_relayed_with_an_address_of_another_subnet_it_gets_the_options_of_the_relays_link(world: Make) -> None:
    """It asks on the link it is on: what it uses there is its own affair."""
    w = office(world)
    ack = w.inform(A, "192.0.2.7", via=RELAY)
    assert (ack.ciaddr, ack.to, ack.address(3)) == ("192.0.2.7", RELAY, "198.51.100.1")


def test_with_an_address_of_another_member_of_the_link_it_gets_that_members_options(world: Make) -> None:
    one = subnet(OFFICE, options={3: ip("192.0.2.1")}, shared_network="s")
    two = subnet("203.0.113.0/24", options={3: ip("203.0.113.1")}, shared_network="s")
    w = world(one, two)
    assert w.inform(A, "203.0.113.7").address(3) == "203.0.113.1"
    assert w.inform(A, "192.0.2.7").address(3) == "192.0.2.1"


def test_from_an_address_of_no_subnet_by_unicast_the_interface_decides(world: Make) -> None:
    w = office(world)
    ack = w.inform(A, "203.0.113.7", unicast=True)
    assert (ack.address(3), ack.to) == ("192.0.2.1", "203.0.113.7")


def test_through_an_unknown_relay_there_is_silence(world: Make) -> None:
    w = office(world)
    assert w.inform(A, "192.0.2.7", via="203.0.113.1") is None
    assert w.reason == "NO-SUBNET"


def test_an_address_that_it_asks_for_is_not_given(world: Make) -> None:
    w = office(world)
    ack = w.inform(A, "192.0.2.7", requested="192.0.2.100")
    assert (ack.yiaddr, w.store.commits) == ("0.0.0.0", [])


def test_a_subnet_tells_only_those_whom_it_serves(world: Make) -> None:
    """Who is not of the class of its address's subnet is told nothing of it, and nothing of another one."""
    made = {
        "classes": [{"name": "staff", "test": "option[60].exists"}],
        "subnets": [{"prefix": OFFICE, "class": "staff", "shared_network": "campus",
                     "options": {"routers": ["192.0.2.1"]}},
                    {"prefix": "198.51.100.0/24", "shared_network": "campus", "deny": ["02:00:00:00:00:01"]}],
    }  # fmt: skip
    w = served(world, made)
    assert w.inform(A, "192.0.2.7") is None
    assert w.reason == "NO-POOL"
    assert w.inform(A, "192.0.2.7", options={60: b"x"}).address(3) == "192.0.2.1"
    assert w.inform(A, "198.51.100.7", options={60: b"x"}) is None
    assert w.inform(client(2), "198.51.100.7").kind == ACK
