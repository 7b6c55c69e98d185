"""Assignments that are of no subnet, and those by the value of an expression."""

from collections.abc import Callable

import pytest

from tests.packets4 import ACK, NAK, client
from tests.playbook import World
from tests.scenarios.served import apply, served

Make = Callable[..., World]
A, B = client(1), client(2)
OFFICE, FLOOR = "192.0.2.2", "198.51.100.2"
TWO = """
classes: [{name: staff, options: {dhcp4: {domain-name: staff.example.org}}}]
subnets:
  - {prefix: 192.0.2.0/24, pools: [{first: 192.0.2.100, last: 192.0.2.109}]}
  - {prefix: 198.51.100.0/24, pools: [{first: 198.51.100.100, last: 198.51.100.109}]}
assignments:
  - {hw_address: "02:00:00:00:00:01", address: 192.0.2.10, hostname: wanderer, classes: [staff],
     options: {ntp-servers: [192.0.2.123]}, boot: {file: its.0}}
"""


def test_its_address_counts_where_it_belongs_and_all_else_everywhere(world: Make) -> None:
    w = served(world, TWO)
    at_home, away = w.lease(A, via=OFFICE), w.lease(A, via=FLOOR)
    assert (at_home.yiaddr, away.yiaddr) == ("192.0.2.10", "198.51.100.100")
    for ack in (at_home, away):
        assert ack.options[12] == b"wanderer"
        assert ack.options[15] == b"staff.example.org"
        assert ack.address(42) == "192.0.2.123"
        assert ack.file.rstrip(b"\0") == b"its.0"


def test_nobody_else_gets_any_of_it(world: Make) -> None:
    w = served(world, TWO)
    assert w.discover(B, via=OFFICE, requested="192.0.2.10").yiaddr == "192.0.2.100"
    ack = w.lease(B, via=OFFICE)
    assert ack.yiaddr == "192.0.2.100"
    assert {12, 15, 42}.isdisjoint(ack.options)
    assert ack.file.rstrip(b"\0") == b""


def test_an_address_of_it_in_a_pool_is_kept(world: Make) -> None:
    w = served(world, TWO.replace("192.0.2.10,", "192.0.2.100,"))
    assert w.lease(B, via=OFFICE).yiaddr == "192.0.2.101"
    assert w.lease(A, via=OFFICE).yiaddr == "192.0.2.100"


def test_the_subnets_own_comes_first(world: Make) -> None:
    own = 'pools: [{first: 192.0.2.100, last: 192.0.2.109}], assignments: [{client_id: "ff:01", hostname: local}]'
    w = served(world, TWO.replace("pools: [{first: 192.0.2.100, last: 192.0.2.109}]", own))
    both = client(1, b"\xff\x01")
    assert w.lease(both, via=OFFICE).options[12] == b"local"
    assert w.lease(both, via=FLOOR).options[12] == b"wanderer"


def test_its_address_is_not_given_in_another_address_space(world: Make) -> None:
    w = served(world, TWO.replace("{prefix: 192.0.2.0/24,", "{prefix: 192.0.2.0/24, space: 7,"))
    assert w.lease(A, via=OFFICE).yiaddr == "192.0.2.100"


def test_whoever_has_one_is_known(world: Make) -> None:
    w = served(world, TWO.replace("{prefix: 198.51.100.0/24,", "{prefix: 198.51.100.0/24, admit: known,"))
    assert w.lease(A, via=FLOOR).yiaddr == "198.51.100.100"
    assert w.discover(B, via=FLOOR) is None


def test_a_disabled_one_does_nothing(world: Make) -> None:
    w = served(world, TWO.replace("hostname: wanderer,", "hostname: wanderer, enabled: false,"))
    ack = w.lease(A, via=OFFICE)
    assert (ack.yiaddr, 12 in ack.options) == ("192.0.2.100", False)


def test_the_address_follows_the_assignment_when_it_is_moved(world: Make) -> None:
    w = served(world, TWO)
    w.lease(A, via=OFFICE)
    apply(w, TWO.replace("192.0.2.10,", "192.0.2.11,"))
    assert w.renew(A, "192.0.2.10").kind == NAK
    assert w.lease(A, via=OFFICE).yiaddr == "192.0.2.11"


FLEX = """
globals: {assignment_key: "concat(relay4[1].hex, pkt4.mac)"}
subnets:
  - prefix: 192.0.2.0/24
    pools: [{first: 192.0.2.100, last: 192.0.2.109}]
    assignments:
      - {expression: {hex: "65:74:68:31:02:00:00:00:00:01"}, address: 192.0.2.10}
  - prefix: 198.51.100.0/24
    assignment_key: substring(option[60].hex, 0, 3)
    pools: [{first: 198.51.100.100, last: 198.51.100.109}]
    assignments: [{expression: tel, address: 198.51.100.10, hostname: phone}]
"""


def test_an_assignment_is_found_by_what_the_expression_makes_of_the_packet(world: Make) -> None:
    w = served(world, FLEX)
    assert w.lease(A, via=OFFICE, agent=b"\x01\x04eth1").yiaddr == "192.0.2.10"


@pytest.mark.parametrize("agent", [b"\x01\x04eth2", b"\x02\x04eth1", None])
def test_it_is_not_found_by_another_value(world: Make, agent: bytes | None) -> None:
    w = served(world, FLEX)
    assert w.lease(A, via=OFFICE, agent=agent).yiaddr == "192.0.2.100"


def test_it_is_not_found_by_what_a_client_says_in_its_relays_place(world: Make) -> None:
    w = served(world, FLEX.replace("pools: [{first: 192", "interface: eth0\n    pools: [{first: 192"))
    assert w.lease(A, agent=b"\x01\x04eth1").yiaddr == "192.0.2.100"
    w = served(world, FLEX)
    w.lease(A, via=OFFICE, agent=b"\x01\x04eth2")
    assert w.renew(A, "192.0.2.100", agent=b"\x01\x04eth1").kind == ACK


def test_a_subnet_has_its_own_expression(world: Make) -> None:
    w = served(world, FLEX)
    assert w.lease(A, via=FLOOR, options={60: b"telephone"}).yiaddr == "198.51.100.10"
    assert w.lease(B, via=FLOOR, options={60: b"printer"}).yiaddr == "198.51.100.100"


def test_the_subnets_expression_does_not_count_elsewhere(world: Make) -> None:
    w = served(world, FLEX.replace("198.51.100.10, hostname: phone", "198.51.100.10"))
    assert w.lease(A, via=OFFICE, options={60: b"tel"}).yiaddr == "192.0.2.100"


def test_a_renewal_that_no_relay_saw_is_known_by_what_its_relay_said(world: Make) -> None:
    w = served(world, FLEX)
    w.lease(A, via=OFFICE, agent=b"\x01\x04eth1")
    assert w.renew(A, "192.0.2.10").kind == ACK
    assert w.lease(B, via=OFFICE, agent=b"\x01\x04eth1").yiaddr == "192.0.2.100"
    assert w.renew(B, "192.0.2.100").kind == ACK


def test_without_an_assignment_by_expression_nothing_is_worked_out(world: Make) -> None:
    others = FLEX.replace("expression: tel", 'client_id: "01:02"')
    w = served(world, others.replace('expression: {hex: "65:74:68:31:02:00:00:00:00:01"}', 'client_id: "01:02"'))
    assert not [one for one in w.engine.plan.handlers if type(one).__name__ == "MakeKey"]
    w = served(world, FLEX)
    assert [one for one in w.engine.plan.handlers if type(one).__name__ == "MakeKey"]
