"""DHCPKit's acceptance examples that are about values, checks, reloading and control, by their numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dhcpcore.control.dispatch import Dispatch
from dhcpcore.control.verbs import Role
from dhcpcore.errors import InvalidDocument
from dhcpcore.logs import Ring
from dhcpcore.net.clock import Clock
from dhcpcore.net.face import Face
from dhcpcore.wire.addresses import parse_duid
from dhcpcore.wire.v6.options import DHCP6_OPTIONS
from tests.packets4 import client
from tests.playbook import OFFICE, T0, World, pool, subnet
from tests.scenarios.served import apply, served
from tests.scenarios.test_handlers import document, handler
from tests.sites import Site

Make = Callable[..., World]
A, B = client(1), client(2)
DUID_LL = "00030001002436ef1d89"
HEX = pytest.mark.parametrize("written", [DUID_LL, "00:03:00:01:00:24:36:ef:1d:89", "0003.0001.0024.36ef.1d89"])
RELAY = "192.0.2.1"


def with_assignment(**key: Any) -> dict[str, Any]:
    said = document()
    said["subnets"][0]["assignments"] = [{**key, "address": "192.0.2.10"}]
    return said


def test_example_4_resolvers_of_dhcpv6_are_these_octets() -> None:
    code, value = DHCP6_OPTIONS.encode("dns-servers", ["2001:db8::1"])
    octets = code.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value  # RFC 9915 21.1
    assert octets.hex() == "0017001020010db8000000000000000000000001"
    assert DHCP6_OPTIONS.decode(23, octets[4:]) == ("dns-servers", ["2001:db8::1"])


class TestExample20:
    """DHCPKit's interface-id is the circuit of option 82 in DHCPv4; a DUID stands in option 61 there."""

    @pytest.mark.parametrize("written", ["Fa2/2", {"hex": "4661322f32"}, {"hex": "46:61:32:2f:32"}])
    def test_a_port_written_as_text_or_in_hex_is_the_same_port(self, world: Make, written: Any) -> None:
        w = served(world, with_assignment(circuit_id=written))
        assert w.lease(A, via=RELAY, agent=b"\1\5Fa2/2").yiaddr == "192.0.2.10"
        assert w.lease(B, via=RELAY, agent=b"\1\5Fa2/3").yiaddr == "192.0.2.100"

    @HEX
    def test_a_duid_is_the_same_client_however_it_is_written(self, world: Make, written: str) -> None:
        w = served(world, with_assignment(duid=written))
        named, other = (b"\xff\0\0\0\1" + bytes.fromhex(DUID_LL[:-2]) + last for last in (b"\x89", b"\x8a"))
        assert w.lease(client(1, client_id=other)).yiaddr == "192.0.2.100"
        assert w.lease(client(2, client_id=named)).yiaddr == "192.0.2.10"


class TestExample26:
    """A type tells the fields that it takes: it is given no others, and all that it needs."""

    @pytest.mark.parametrize(
        ("said", "path", "fault"),
        [
            (handler("set-option", name="eth0", options={"dhcp4": {"time-offset": 60}}), "name",
             "no key here; known here: options, append, always_send"),
            (handler("set-option"), "options", "is needed"),
        ],
        ids=["one that it does not take", "one that it needs"],
    )
    def test_it_is_refused_with_its_place(self, world: Make, said: dict[str, Any], path: str, fault: str) -> None:
        w = served(world, document())
        with pytest.raises(InvalidDocument) as refused:
            apply(w, document(said))
        assert [(one.path, fault in one.message) for one in refused.value.faults] == [
            (f"handlers[0].fields.{path}", True)
        ]

    def test_one_that_has_what_it_needs_and_no_more_is_met(self, world: Make) -> None:
        w = served(world, document(handler("set-option", options={"dhcp4": {"time-offset": 60}})))
        assert w.discover(A).options[2] == (60).to_bytes(4, "big")


class TestExample27:
    def test_broken_definitions_leave_the_old_ones_answering(self, world: Make) -> None:
        w = served(world, document(handler("set-option", options={"dhcp4": {"time-offset": 60}})))
        broken = document(handler("set-option", options={"dhcp4": {"time-offset": "soon"}}))
        broken["subnets"][0]["options"]["domain-name"] = "other.example"
        with pytest.raises(InvalidDocument, match="time-offset"):
            apply(w, broken)
        offer = w.discover(A)
        assert (offer.options[2], offer.options[15]) == ((60).to_bytes(4, "big"), b"example.org")

    def test_a_broken_script_file_leaves_the_old_one_answering(self, tmp_path: Path) -> None:
        site = Site(tmp_path / "site", """
def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
    packet.setOption('domain_name', 'old.example')
    return True
""")  # fmt: skip
        w = World(tmp_path, subnet(OFFICE, pool("192.0.2.100", "192.0.2.109")), script=site)
        try:
            assert w.discover(A).options[15] == b"old.example"
            site.path.write_text("def loadDHCPPacket(:")
            assert site.call("reinitialise") == ({"reinitialised": True}, None)
            assert w.discover(A).options[15] == b"old.example"
        finally:
            w.close()
            site.close()


class TestExample28:
    @pytest.fixture
    def ask(self, world: Make) -> Callable[[str], Any]:
        w = served(world, document())
        w.lease(A)
        clock = Clock(lambda: w.now, lambda: w.now, lambda: w.now)
        clock.measure()
        face = Face(
            w.engine, w.store, clock, b"\0\4abc", lambda answers: None, lambda: None, "sqlite:///x", float(T0),
            Ring(first=1),
        )  # fmt: skip
        dispatch = Dispatch(face)
        return lambda verb: json.loads(dispatch.answer(json.dumps({"id": 1, "verb": verb}).encode(), Role.VIEWER))

    def test_statistics_are_one_line_of_json(self, ask: Callable[[str], Any]) -> None:
        answer = ask("statistics")
        assert answer["ok"]
        told = answer["result"]
        assert (told["received"], told["types"]) == (2, {"DISCOVER": {"OFFER": 1}, "REQUEST": {"ACK-NEW": 1}})

    def test_what_is_no_verb_is_answered_in_words(self, ask: Callable[[str], Any]) -> None:
        answer = ask("foo")
        assert (answer["ok"], answer["error"]["code"]) == (False, "unknown-verb")
        assert "foo" in answer["error"]["message"]


@HEX
def test_example_30_a_duid_of_a_link_layer_address_is_these_octets(written: str) -> None:
    assert parse_duid(written).hex() == DUID_LL
    assert DHCP6_OPTIONS.encode("clientid", written) == (1, bytes.fromhex(DUID_LL))
