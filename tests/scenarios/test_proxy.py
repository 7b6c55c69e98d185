"""ProxyDHCP: boot files where another server gives the addresses.  PXE 2.1, RFC 4578, RFC 5071, RFC 5859, HTTP boot."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dhcpcore.engine import Outgoing
from dhcpcore.net import cycle
from dhcpcore.wire.v4.message import decode_pxe
from tests.packets4 import (
    ACK,
    DECLINE,
    DISCOVER,
    INFORM,
    OFFER,
    RELEASE,
    REQUEST,
    Answer,
    client,
    dotted,
    ip,
    read,
)
from tests.playbook import OFFICE, SERVER, Boot, Sent, World, pool, subnet

Make = Callable[..., World]
A = client(1)
UUID = b"\0" + bytes(range(16))
ASKED = bytes((1, 3, 6, 43, 60, 66, 67, 150, 208, 209, 210, 211))
PXE = {60: b"PXEClient:Arch:00007:UNDI:003016", 93: b"\0\x07", 94: b"\x01\x03\x10", 97: UUID, 55: ASKED}
HTTP = {**PXE, 60: b"HTTPClient:Arch:00016:UNDI:003001", 93: b"\0\x10"}
BOOT = Boot(ip("192.0.2.6"), b"boothost", b"boot/pxe.0")
LOADER = {208: b"\xf1\0\x74\x7e", 209: b"pxelinux.cfg/a", 210: b"/boot/", 211: b"\0\0\0\x1e", 150: ip("192.0.2.6")}
NETWORK = {3: ip("192.0.2.1"), 6: ip("192.0.2.53"), 15: b"example.org"}


def proxied(world: Make, boot: Boot = BOOT, options: dict[int, bytes] = NETWORK | LOADER, **fields: Any) -> World:
    return world(subnet(OFFICE, proxy=True, boot=boot, options=options, relays=("192.0.2.2",)), **fields)


def at_4011(w: World, *packets: Sent) -> list[Answer]:
    """One batch of the boot server's port; its answers."""
    out: list[Outgoing] = []
    batch = w.engine.open([packet.datagram for packet in packets], w.now, decode_pxe)
    cycle.run(batch, w.store, w.engine.snapshot, out.extend)
    w.sent += len(packets)
    w.reasons = [trace.reason.code for trace in list(w.engine.traces)[-len(packets) :]]
    w.check()
    return [
        replace(read(payload), to=dotted(route.address), port=route.port, frame=route.hw) for payload, route in out
    ]


def boot_request(w: World, kind: int = REQUEST, **fields: Any) -> Sent:
    said = {"ciaddr": "192.0.2.77", "unicast": True, "options": PXE, **fields}
    return w.packet(kind, A, **said)


class TestDiscover:
    def test_a_booting_machine_is_offered_its_file_and_no_address(self, world: Make) -> None:
        w = proxied(world)
        offer = w.discover(A, options=PXE)
        assert (offer.kind, offer.yiaddr, offer.siaddr, w.reason) == (OFFER, "0.0.0.0", "192.0.2.6", "BOOT-OFFER")
        assert (offer.file, offer.sname) == (b"boot/pxe.0", b"boothost")
        assert (offer.options[60], offer.options[43], offer.options[97]) == (b"PXEClient", b"\x06\x01\x08", UUID)
        assert offer.address(54) == SERVER
        assert {51, 58, 59, 1, 3, 6, 15}.isdisjoint(offer.options), "no lease and no network: another server's business"
        assert {code: offer.options[code] for code in LOADER} == LOADER
        assert w.store.commits == []
        assert w.engine.allocator.holds == 0

    def test_it_is_broadcast_as_there_is_no_address_to_send_it_to(self, world: Make) -> None:
        w = proxied(world)
        offer = w.discover(A, options=PXE)
        assert (offer.to, offer.port, offer.flags, offer.frame) == ("255.255.255.255", 68, 0x8000, b"")

    def test_through_a_relay_it_goes_through_the_relay(self, world: Make) -> None:
        w = proxied(world)
        offer = w.discover(A, options=PXE, via="192.0.2.2", agent=b"\x01\x02ab")
        assert (offer.to, offer.port, offer.options[82]) == ("192.0.2.2", 67, b"\x01\x02ab")

    def test_an_http_client_sees_its_class_and_no_pxe_option(self, world: Make) -> None:
        w = proxied(world, Boot(file=b"http://192.0.2.6/boot.efi"))
        offer = w.discover(A, options=HTTP)
        assert (offer.options[60], offer.file) == (b"HTTPClient", b"http://192.0.2.6/boot.efi")
        assert 43 not in offer.options

    def test_a_menu_that_is_configured_takes_the_place_of_discovery_control(self, world: Make) -> None:
        menu = bytes.fromhex("06010a 0807 0001 01 c0000206 0908 0001 05") + b"Linux" + b"\x0a\x01\x0a\xff"
        w = proxied(world, options={43: menu})
        assert w.discover(A, options=PXE).options[43] == menu

    def test_the_file_in_option_67_alone_will_do(self, world: Make) -> None:
        w = proxied(world, Boot(), {66: b"192.0.2.6", 67: b"boot/pxe.0"})
        assert w.discover(A, options=PXE).options[67] == b"boot/pxe.0"

    def test_without_a_file_there_is_nothing_to_say(self, world: Make) -> None:
        w = proxied(world, Boot(ip("192.0.2.6")))
        assert w.discover(A, options=PXE) is None
        assert w.reason == "NO-BOOT-FILE"

    @pytest.mark.parametrize("said", [None, b"", b"MSFT 5.0", b"pxeclient", b"xPXEClient"])
    def test_who_does_not_boot_is_not_answered(self, world: Make, said: bytes | None) -> None:
        w = proxied(world)
        assert w.discover(A, options={} if said is None else {60: said}) is None
        assert w.reason == "PROXY-ONLY"

    def test_a_subnet_that_is_not_proxied_gives_addresses_as_ever(self, world: Make) -> None:
        w = world(
            subnet(OFFICE, pool("192.0.2.100", "192.0.2.199"), boot=BOOT),
            subnet("198.51.100.0/24", proxy=True, boot=BOOT),
        )
        assert w.lease(A, options=PXE).yiaddr == "192.0.2.100"
        assert w.discover(A, options=PXE, via="198.51.100.1").yiaddr == "0.0.0.0"

    def test_where_nothing_is_proxied_no_packet_meets_it(self, world: Make) -> None:
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.199")))
        assert "ProxyOnly" not in {type(handler).__name__ for handler in w.engine.plan.handlers}
        steps = [step.__self__ for step in (*w.engine.plan.handle[DISCOVER], *w.engine.plan.handle[REQUEST])]
        assert {"BootQuestion", "BootAnswer"}.isdisjoint({type(handler).__name__ for handler in steps})


class TestByArchitecture:
    """RFC 4578 2.1: the first architecture of option 93 that has a file; else the file for all."""

    BY = Boot(ip("192.0.2.6"), file=b"bios.0", by_architecture={
        7: Boot(file=b"x64.efi"), 11: Boot(ip("192.0.2.7"), file=b"arm64.efi"), 16: Boot(file=b"http://192.0.2.6/x64.efi"),
    })  # fmt: skip

    @pytest.mark.parametrize(
        ("said", "server", "file"),
        [
            (b"\0\x07", "192.0.2.6", b"x64.efi"),
            (b"\0\x0b", "192.0.2.7", b"arm64.efi"),
            (b"\0\x09\0\x07", "192.0.2.6", b"x64.efi"),
            (b"\0\0", "192.0.2.6", b"bios.0"),
            (b"\x07", "192.0.2.6", b"bios.0"),
            (b"", "192.0.2.6", b"bios.0"),
        ],
    )
    def test_each_machine_is_told_its_own_file(self, world: Make, said: bytes, server: str, file: bytes) -> None:
        w = proxied(world, self.BY)
        offer = w.discover(A, options={**PXE, 93: said})
        (ack,) = at_4011(w, boot_request(w, options={**PXE, 93: said}))
        for answer in (offer, ack):
            assert (answer.siaddr, answer.file, answer.options[60]) == (server, file, b"PXEClient")

    def test_an_http_client_is_told_the_url_of_its_own(self, world: Make) -> None:
        w = proxied(world, self.BY)
        offer = w.discover(A, options=HTTP)
        assert (offer.file, offer.options[60]) == (b"http://192.0.2.6/x64.efi", b"HTTPClient")

    def test_without_a_file_for_all_others_hear_nothing(self, world: Make) -> None:
        w = proxied(world, Boot(by_architecture={7: Boot(file=b"x64.efi")}))
        assert w.discover(A, options=PXE).file == b"x64.efi"
        assert w.discover(A, options={**PXE, 93: b"\0\0"}) is None
        assert w.reason == "NO-BOOT-FILE"


class TestEverythingElse:
    @pytest.mark.parametrize(
        ("kind", "fields"),
        [
            (REQUEST, {"requested": "192.0.2.77", "server": SERVER}),
            (REQUEST, {"requested": "192.0.2.77"}),
            (REQUEST, {"ciaddr": "192.0.2.77", "unicast": True}),
            (INFORM, {"ciaddr": "192.0.2.77"}),
            (RELEASE, {"ciaddr": "192.0.2.77", "server": SERVER}),
            (DECLINE, {"requested": "192.0.2.77", "server": SERVER}),
        ],
    )
    def test_is_the_other_servers(self, world: Make, kind: int, fields: dict[str, Any]) -> None:
        w = proxied(world)
        assert w.one(w.packet(kind, A, options=PXE, **fields)) is None
        assert w.reason == "PROXY-ONLY"


class TestPort4011:
    def test_the_file_is_told_to_the_machines_address(self, world: Make) -> None:
        w = proxied(world)
        (ack,) = at_4011(w, boot_request(w))
        assert (ack.kind, ack.yiaddr, ack.ciaddr, ack.file) == (ACK, "0.0.0.0", "192.0.2.77", b"boot/pxe.0")
        assert (ack.to, ack.port, ack.frame, w.reasons) == ("192.0.2.77", 68, b"", ["BOOT-ACK"])
        assert (ack.options[60], ack.options[43], ack.options[97]) == (b"PXEClient", b"\x06\x01\x08", UUID)
        assert {51, 3, 6}.isdisjoint(ack.options)
        assert w.store.commits == []

    def test_without_ciaddr_the_sender_is_answered(self, world: Make) -> None:
        w = proxied(world)
        (ack,) = at_4011(w, boot_request(w, ciaddr="0.0.0.0", source="192.0.2.78"))
        assert ack.to == "192.0.2.78"

    def test_what_was_chosen_from_the_menu_is_repeated(self, world: Make) -> None:
        w = proxied(world)
        item = b"\x47\x04\x00\x01\x00\x00"
        (ack,) = at_4011(w, boot_request(w, options={**PXE, 43: b"\x00" + item + b"\xff"}))
        assert ack.options[43] == item + b"\x06\x01\x08"

    @pytest.mark.parametrize(
        "said", [b"", b"\x47", b"\x47\x04\0\1", b"\x47\x02\0\1\xff", b"\xff\x47\x04\0\1\0\0", b"\x47\xff"]
    )
    def test_what_is_no_choice_is_not_repeated(self, world: Make, said: bytes) -> None:
        w = proxied(world)
        (ack,) = at_4011(w, boot_request(w, options={**PXE, 43: said}))
        assert ack.options[43] == b"\x06\x01\x08"

    def test_a_machine_whose_address_is_ours_is_answered_there_too(self, world: Make) -> None:
        """For a menu: its boot servers are asked at this port."""
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.199"), boot=BOOT))
        w.lease(A, options=PXE)
        (ack,) = at_4011(w, boot_request(w, ciaddr="192.0.2.100"))
        assert (ack.file, ack.options[60]) == (b"boot/pxe.0", b"PXEClient")
        assert 51 not in ack.options

    @pytest.mark.parametrize(
        ("kind", "fields", "reason"),
        [
            (REQUEST, {"options": {60: b"MSFT 5.0"}}, "PROXY-ONLY"),
            (REQUEST, {"options": {}}, "PROXY-ONLY"),
            (INFORM, {}, "NOT-A-REQUEST"),
            (RELEASE, {"server": SERVER}, "NOT-A-REQUEST"),
            (REQUEST, {"ciaddr": "203.0.113.9"}, "NO-SUBNET"),
            (REQUEST, {"server": "192.0.2.9"}, "OTHER-SERVER"),
        ],
    )
    def test_nobody_else_is_answered(self, world: Make, kind: int, fields: dict[str, Any], reason: str) -> None:
        w = proxied(world)
        packet = boot_request(w, kind, **fields)
        if reason == "NO-SUBNET":
            packet = replace(packet, datagram=packet.datagram._replace(interface=99))
        assert at_4011(w, packet) == []
        assert w.reasons == [reason]

    def test_nothing_that_waits_for_a_probe_leaves_there(self, world: Make) -> None:
        """Its answer would come from the wrong port."""
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.199"), boot=BOOT), probe=True)
        assert w.discover(A) is None
        w.pass_(1)
        (ack,) = at_4011(w, boot_request(w))
        assert ack.kind == ACK
        (offer,) = w.later()
        assert offer.yiaddr == "192.0.2.100"
