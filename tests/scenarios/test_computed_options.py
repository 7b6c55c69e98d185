"""Options that are worked out for each packet: at every level, added, replaced, taken away; and what they do not do."""

from collections.abc import Callable
from typing import Any

import pytest

from dhcpcore.errors import InvalidDocument
from dhcpcore.interchange import to_yaml
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.validate import validate
from tests.packets4 import ACK, client
from tests.playbook import World
from tests.scenarios.served import served

Make = Callable[..., World]
A, B = client(1), client(2)
RELAY = "192.0.2.2"
BY_MAC = {"expression": "concat('host-', hexstring(pkt4.mac, ''))"}
NAME_OF_A = b"host-020000000001"


def document(**levels: dict[str, Any]) -> dict[str, Any]:
    """A document whose levels say these of options; ``assignment`` is A's, ``klass`` of clients with option 60."""
    both = {name: {"dhcp4": options} for name, options in levels.items()}
    home: dict[str, Any] = {
        "prefix": "192.0.2.0/24", "shared_network": "campus", "options": levels.get("subnet", {}),
        "pools": [{"first": "192.0.2.100", "last": "192.0.2.109", "options": levels.get("pool", {})}],
        "assignments": [{"hw_address": "02:00:00:00:00:01", "options": levels.get("assignment", {})}],
    }  # fmt: skip
    return {
        "globals": {"options": both.get("globals", {})},
        "shared_networks": [{"name": "campus", "options": both.get("network", {})}],
        "classes": [{"name": "tel", "test": "option[60].exists", "options": both.get("klass", {})}],
        "subnets": [home],
    }


def said(world: Make, **levels: dict[str, Any]) -> World:
    return served(world, document(**levels))


@pytest.mark.parametrize("level", ["globals", "network", "subnet", "pool", "klass", "assignment"])
def test_each_level_works_an_option_out_for_the_packet(world: Make, level: str) -> None:
    w = said(world, **{level: {"host-name": BY_MAC}})
    assert w.lease(A, via=RELAY, options={60: b"x"}).options[12] == NAME_OF_A
    others = w.lease(B, via=RELAY, options={60: b"x"}).options
    assert others.get(12) == (None if level == "assignment" else b"host-020000000002")


def test_the_nearest_level_wins_and_one_that_makes_nothing_of_the_packet_says_nothing(world: Make) -> None:
    w = said(world, globals={"host-name": "plain"}, subnet={"host-name": {"expression": "option[60].hex"}})
    assert w.lease(A, via=RELAY, options={60: b"mine"}).options[12] == b"mine"
    assert w.lease(B, via=RELAY).options[12] == b"plain"
    w = said(world, globals={"host-name": BY_MAC}, subnet={"host-name": "plain"})
    assert w.lease(A, via=RELAY).options[12] == b"plain"


def test_what_is_added_where_there_is_none_leaves_a_value_alone(world: Make) -> None:
    spare = {**BY_MAC, "if_absent": True}
    assert said(world, pool={"host-name": spare}).lease(A, via=RELAY).options[12] == NAME_OF_A
    w = said(world, pool={"host-name": spare}, globals={"host-name": "plain"})
    assert w.lease(A, via=RELAY).options[12] == b"plain"


def test_an_option_is_taken_away_where_the_condition_is_true(world: Make) -> None:
    w = said(world, globals={"host-name": "plain"}, subnet={"host-name": {"remove_when": "option[60].exists"}})
    assert 12 not in w.lease(A, via=RELAY, options={60: b"x"}).options
    assert w.lease(B, via=RELAY).options[12] == b"plain"


def test_the_condition_may_ask_for_classes_and_whether_the_client_is_known(world: Make) -> None:
    w = said(world, globals={"host-name": "plain", "domain-name": "d"}, subnet={
        "host-name": {"remove_when": "member('tel')"}, "domain-name": {"remove_when": "known"}})  # fmt: skip
    assert {12, 15} & w.lease(A, via=RELAY, options={60: b"x"}).options.keys() == set()
    assert {12, 15} <= w.lease(B, via=RELAY).options.keys()


def test_it_is_sent_to_those_who_ask_and_always_where_a_level_says_so(world: Make) -> None:
    w = said(world, subnet={"host-name": BY_MAC})
    assert 12 not in w.lease(A, via=RELAY, prl=b"\x01\x03").options
    made = document(subnet={"host-name": BY_MAC})
    made["subnets"][0]["always_send"] = ["host-name"]
    assert served(world, made).lease(A, via=RELAY, prl=b"\x01\x03").options[12] == NAME_OF_A


def test_a_renewal_that_no_relay_saw_is_told_the_same(world: Make) -> None:
    w = said(world, subnet={"host-name": {"expression": "relay4[1].hex"}})
    ack = w.lease(A, via=RELAY, agent=b"\x01\x04eth1")
    assert ack.options[12] == b"eth1"
    w.pass_(60)
    renewed = w.renew(A, ack.yiaddr)
    assert (renewed.kind, renewed.options[12]) == (ACK, b"eth1")


def test_one_that_makes_too_much_says_nothing(world: Make) -> None:
    w = said(world, globals={"host-name": "plain"}, subnet={"host-name": {"expression": "option[43].hex"}})
    assert w.lease(A, via=RELAY, options={43: bytes(255)}).options[12] == bytes(255)
    long = "concat(" * 16 + "option[43].hex" + ", option[43].hex)" * 16
    w = said(world, globals={"host-name": "plain"}, subnet={"host-name": {"expression": long}})
    assert w.lease(A, via=RELAY, options={43: bytes(255)}).options[12][:5] == b"plain"


def test_without_any_no_packet_is_looked_at(world: Make) -> None:
    w = said(world, globals={"host-name": "plain"})
    options = next(one for one in w.engine.plan.handlers if type(one).__name__ == "Options")
    assert not options._computes


@pytest.mark.parametrize(("value", "says"), [
    ({"expression": "pkt4.mac =="}, "^"),
    ({"expression": "pkt4.mac == 0x01"}, "a string is needed"),
    ({"remove_when": "pkt4.mac"}, "true or false is needed"),
    ({"expression": 3}, "is no expression"),
    ({"if_absent": True}, "write that as well"),
    ({"expression": "pkt4.mac", "if_absent": "yes"}, "neither true nor false"),
    ({"remove_when": "member('tell')"}, "there is no class 'tell'"),
], ids=["caret", "string", "condition", "number", "alone", "word", "class"])  # fmt: skip
@pytest.mark.parametrize(("level", "path"), [
    ("globals", "globals.options.dhcp4.host-name"), ("network", "shared_networks[0].options.dhcp4.host-name"),
    ("subnet", "subnets[0].options.host-name"), ("pool", "subnets[0].pools[0].options.host-name"),
    ("klass", "classes[0].options.dhcp4.host-name"), ("assignment", "subnets[0].assignments[0].options.host-name"),
])  # fmt: skip
def test_what_is_wrong_is_told_at_its_place(value: dict[str, Any], says: str, level: str, path: str) -> None:
    with pytest.raises(InvalidDocument) as told:
        validate({"version": 1, **document(**{level: {"host-name": value}})})
    (fault,) = told.value.faults
    assert fault.path == path
    assert says in fault.message


def test_ipv6_has_none_and_what_the_server_says_is_not_worked_out() -> None:
    for options, says in (({"dhcp6": {"bootfile-url": BY_MAC}}, "IPv4 clients alone"),
                          ({"dhcp4": {"dhcp-lease-time": BY_MAC}}, "not for the administrator")):  # fmt: skip
        with pytest.raises(InvalidDocument, match=says):
            validate({"version": 1, "globals": {"options": options}})


def test_an_export_that_is_applied_is_exported_byte_for_byte(world: Make) -> None:
    every = {"host-name": BY_MAC, "domain-name": {**BY_MAC, "if_absent": True}, "routers": {"remove_when": "known"}}
    levels = ("globals", "network", "subnet", "pool", "klass", "assignment")
    made = {"version": 1, **document(**dict.fromkeys(levels, every))}
    w = served(world, made)
    exported = Definitions(w.database).document()
    assert to_yaml(validate(exported).canonical()) == to_yaml(exported)
    assert exported["subnets"][0]["options"] == every
