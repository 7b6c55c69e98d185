"""A site's script decides: its hooks in a real script host, on the wire.

The acceptance examples of staticDHCPd's specification go by their numbers; the scripts are of the kinds that it shows.
"""

from __future__ import annotations

import ast
import base64
import logging
import os
import signal
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dhcpcore.script.observed import Observer
from tests.packets4 import ACK, DECLINE, DISCOVER, INFORM, NAK, OFFER, RELEASE, REQUEST, client
from tests.playbook import OFFICE, SERVER, World, assignment, pool, subnet
from tests.sites import FOLDER, Site

A, B, C = client(1), client(2), client(3)
#: Every hook is counted, and the calls can be asked for.
SEEN = """
SEEN = []

def init():
    callbacks.webAddMethod('/seen', lambda *a: ('text/plain', repr(SEEN)))
"""
#: An unknown client is looked up in a dictionary: the specification's guest box, and one more.
GUESTS = """
import databases.generic.Definition

GUESTS = {'02:00:00:00:00:01': '192.168.0.100', '02:00:00:00:00:02': '192.168.0.99'}

def handleUnknownMAC(packet, method, mac, client_ip, relay_ip, port):
    if str(mac) in GUESTS:
        return databases.generic.Definition(
            ip=GUESTS[str(mac)], lease_time=600, subnet='192.168.0.0/24', serial=0,
            hostname='guestbox', subnet_mask='255.255.255.0', broadcast_address='192.168.0.255',
            domain_name='guestbox.example.org.',
            domain_name_servers=['192.168.0.5', '192.168.0.6', '192.168.0.7'],
            ntp_servers=['192.168.0.8', '192.168.0.9'],
        )
    return None
"""
Begin = Callable[..., World]


#: staticDHCPd's own tables, with a column of the site's.
_TABLES = (
    ("CREATE TABLE subnets (subnet TEXT, serial INTEGER, lease_time INTEGER, gateway TEXT, subnet_mask TEXT,"
     " broadcast_address TEXT, ntp_servers TEXT, domain_name_servers TEXT, domain_name TEXT)"),
    "CREATE TABLE maps (mac TEXT, ip TEXT, hostname TEXT, subnet TEXT, serial INTEGER, rack INTEGER)",
    "INSERT INTO subnets VALUES ('office', 1, 900, '192.168.0.1', '255.255.255.0', NULL, NULL, '9.9.9.9', 'a.b')",
    "INSERT INTO maps VALUES ('02:00:00:00:00:01', '192.168.0.20', 'printer', 'office', 1, 7)",
)


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """A world whose engine has this script; with an office that has a pool, or with what ``homes`` says."""
    made: list[Any] = []

    def make(*texts: str, homes: tuple[Any, ...] | None = None, **fields: Any) -> World:
        site = Site(tmp_path / "site", "\n".join(textwrap.dedent(text) for text in texts))
        made.append(site)
        if homes is None:
            homes = (subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), lifetime=3600),)
        world = World(tmp_path, *homes, script=site, **fields)
        made.append(world)
        return world

    yield make
    for one in reversed(made):
        one.close()


def site_of(world: World) -> Site:
    assert isinstance(world.site, Site)
    return world.site


def seen(world: World) -> list[Any]:
    """What the script has noted in SEEN."""
    result, error = site_of(world).call("method", path="/seen")
    assert error is None
    return ast.literal_eval(base64.b64decode(result["data"]).decode())


def layout(payload: bytes) -> tuple[list[int], int]:
    """Where each option begins, and how many pads there are before the end."""
    at, places, pads = 240, [], 0
    while payload[at] != 255:
        if payload[at]:
            places.append(at)
            at += 1 + payload[at + 1]
        else:
            pads += 1
        at += 1
    return places, pads


def critical(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged, tracebacks among it."""
    return [f"{one.getMessage()}\n{one.exc_text}" for one in caplog.records if one.levelno >= logging.CRITICAL]


class TestUnknownClients:
    def test_example_4_one_is_answered_from_a_dictionary(self, begin: Begin) -> None:
        world = begin(FOLDER, GUESTS, homes=())
        offer = world.discover(A, prl=bytes((1, 3, 6, 12, 15, 28, 42, 51)))
        assert (offer.kind, offer.yiaddr, offer.number(51)) == (OFFER, "192.168.0.100", 600)
        assert (offer.address(1), offer.address(28)) == ("255.255.255.0", "192.168.0.255")
        assert (offer.options[15], offer.options[12]) == (b"guestbox.example.org.", b"guestbox")
        assert (len(offer.options[6]), len(offer.options[42])) == (12, 8)
        assert 3 not in offer.options
        ack = world.select(A, offer)
        assert (ack.kind, ack.yiaddr) == (ACK, "192.168.0.100")
        assert world.renew(A, "192.168.0.100").kind == ACK
        assert world.reboot(A, "192.168.0.100").kind == ACK

    def test_example_4_what_was_not_asked_for_is_not_sent(self, begin: Begin) -> None:
        world = begin(FOLDER, GUESTS, homes=())
        offer = world.discover(A, prl=bytes((1,)))
        assert {1, 6, 15} <= set(offer.options)
        assert {12, 28, 42}.isdisjoint(offer.options)

    def test_example_5_another_one_hears_nothing_and_is_left_out_for_a_while(self, begin: Begin) -> None:
        world = begin(FOLDER, SEEN, GUESTS, """
            def filterPacket(packet, method, mac, client_ip, relay_ip, port):
                SEEN.append(method)
                return True
        """, homes=())
        assert world.discover(C) is None
        assert world.reason == "SCRIPT-BLOCKED"
        world.pass_(59)
        assert world.discover(C) is None
        assert world.reason == "SUSPENDED"
        assert seen(world) == ["DISCOVER"]
        world.pass_(2)
        assert world.discover(C) is None
        assert seen(world) == ["DISCOVER", "DISCOVER"]

    def test_example_5_where_the_folder_is_authoritative_it_is_refused(self, begin: Begin) -> None:
        world = begin(FOLDER, "AUTHORITATIVE = True", GUESTS, homes=())
        assert world.discover(C).kind == NAK
        assert world.reboot(C, "192.168.0.7").kind == NAK

    def test_a_client_that_nobody_knows_is_not_refused_where_it_boots_again(self, begin: Begin) -> None:
        world = begin(FOLDER, GUESTS, homes=())
        assert world.reboot(C, "192.168.0.7") is None

    def test_where_there_is_a_pool_it_gets_an_address_of_it(self, begin: Begin) -> None:
        world = begin(GUESTS)
        assert world.lease(C).yiaddr == "192.0.2.100"
        assert world.lease(A).yiaddr == "192.168.0.100"

    def test_a_client_with_an_assignment_is_no_question(self, begin: Begin) -> None:
        home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), lifetime=3600)
        world = begin(SEEN, """
            def handleUnknownMAC(packet, method, mac, client_ip, relay_ip, port):
                SEEN.append(str(mac))
        """, homes=(home,), assignments=[assignment(home, "192.0.2.10", hw=A.hw)])
        assert world.lease(A).yiaddr == "192.0.2.10"
        assert world.lease(B).yiaddr == "192.0.2.100"
        assert seen(world) == [str_of(B), str_of(B)]

    def test_another_address_is_refused_in_every_state_that_says_so(self, begin: Begin) -> None:
        world = begin(FOLDER, GUESTS, homes=())
        assert world.select(A, "192.168.0.50").kind == NAK
        assert world.reboot(A, "192.168.0.50").kind == NAK
        assert world.renew(A, "192.168.0.50").kind == NAK
        assert world.rebind(A, "192.168.0.50", source="0.0.0.0") is None, "another server may know it"

    def test_a_definition_that_makes_no_sense_is_a_failure(
        self, begin: Begin, caplog: pytest.LogCaptureFixture
    ) -> None:
        world = begin("""
            from databases.generic import Definition

            def handleUnknownMAC(packet, method, mac, client_ip, relay_ip, port):
                return Definition('192.168.0.9', -1, 'x', 0) if mac[5] == 1 else 'nonsense'
        """)
        assert world.discover(A) is None
        assert world.reason == "SCRIPT-FAILED"
        assert "lease_time is -1" in critical(caplog)[0]
        assert world.discover(B) is None
        assert world.reason == "SCRIPT-FAILED"


def str_of(who: Any) -> str:
    return who.hw.hex(":")


class TestFilter:
    BY_CLIENT = """
        def filterPacket(packet, method, mac, client_ip, relay_ip, port):
            SEEN.append((method, str(mac), client_ip and str(client_ip), relay_ip and str(relay_ip), port))
            verdict = {1: None, 2: False, 3: 0, 4: 'yes'}.get(mac[5], True)
            if mac[5] == 5:
                if len([one for one in SEEN if one[1] == str(mac)]) == 1:
                    raise RuntimeError('broken on purpose')
            return verdict
    """

    def test_example_6_none_leaves_the_client_out_for_sixty_ticks(self, begin: Begin) -> None:
        world = begin(SEEN, self.BY_CLIENT)
        assert world.discover(A) is None
        assert world.reason == "SCRIPT-BLOCKED"
        world.pass_(59)
        assert world.discover(A) is None
        assert world.reason == "SUSPENDED"
        world.pass_(2)
        world.discover(A)
        assert world.reason == "SCRIPT-BLOCKED"
        assert len(seen(world)) == 2

    @pytest.mark.parametrize("number", [2, 3])
    def test_example_6_false_and_0_drop_the_packet_and_no_more(self, begin: Begin, number: int) -> None:
        world = begin(SEEN, self.BY_CLIENT)
        for _ in range(2):
            assert world.discover(client(number)) is None
            assert world.reason == "SCRIPT-DROPPED"
        assert len(seen(world)) == 2

    def test_what_is_true_goes_on(self, begin: Begin) -> None:
        world = begin(SEEN, self.BY_CLIENT)
        assert world.discover(client(4)).kind == OFFER
        assert seen(world) == [("DISCOVER", str_of(client(4)), None, None, 67)]

    def test_example_7_one_that_raises_is_logged_and_the_next_packet_is_served(
        self, begin: Begin, caplog: pytest.LogCaptureFixture
    ) -> None:
        world = begin(SEEN, self.BY_CLIENT)
        assert world.discover(client(5)) is None
        assert world.reason == "SCRIPT-FAILED"
        assert "broken on purpose" in critical(caplog)[0]
        assert world.discover(client(5)).kind == OFFER

    def test_one_that_exits_is_a_failure_like_any_other(self, begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
        world = begin("""
            import sys

            def filterPacket(packet, method, mac, client_ip, relay_ip, port):
                return mac[5] == 2 or sys.exit(1)
        """)
        assert world.discover(A) is None
        assert world.reason == "SCRIPT-FAILED"
        assert world.discover(B).kind == OFFER
        assert site_of(world).host.figures.deaths == 0

    def test_example_8_the_eleventh_packet_of_a_second_is_too_much(self, begin: Begin) -> None:
        counted = self.BY_CLIENT.replace("{1: None, 2: False, 3: 0, 4: 'yes'}", "{}")
        world = begin(FOLDER, SEEN, GUESTS, counted, homes=())
        answers = [world.discover(A) for _ in range(12)]
        assert [answer is not None for answer in answers] == [True] * 10 + [False] * 2
        assert world.log[-2:] == ["RATE-LIMITED", "SUSPENDED"]
        world.pass_(149)
        assert world.discover(A) is None
        world.pass_(2)
        assert world.discover(A).kind == OFFER
        assert len(seen(world)) == 11

    def test_beside_lessors_definitions_nobody_is_counted(self, begin: Begin) -> None:
        world = begin(SEEN, self.BY_CLIENT)
        assert all(world.discover(client(4)) for _ in range(12))

    def test_every_message_of_a_client_comes_by(self, begin: Begin) -> None:
        world = begin(SEEN, self.BY_CLIENT)
        who = client(9)
        ack = world.lease(who)
        world.renew(who, ack.yiaddr)
        world.rebind(who, ack.yiaddr, source="0.0.0.0")
        world.reboot(who, ack.yiaddr)
        world.inform(who, ack.yiaddr)
        world.release(who, ack.yiaddr)
        world.decline(who, ack.yiaddr)
        ip = ack.yiaddr
        assert [(one[0], one[2]) for one in seen(world)] == [
            ("DISCOVER", None), ("REQUEST:SELECTING", ip), ("REQUEST:RENEW", None), ("REQUEST:REBIND", None),
            ("REQUEST:INIT-REBOOT", ip), ("INFORM", ip), ("RELEASE", ip), ("DECLINE", ip),
        ]  # fmt: skip


class TestAnswers:
    def test_a_hook_changes_an_answer(self, begin: Begin) -> None:
        world = begin("""
            def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
                packet.setOption('renewal_time_value', 60)
                return True
        """)
        offer = world.discover(A)
        assert (offer.kind, offer.yiaddr, offer.number(58)) == (OFFER, "192.0.2.100", 60)
        ack = world.select(A, offer)
        assert (ack.kind, ack.number(58), ack.number(51)) == (ACK, 60, 3600)

    def test_example_9_meta_goes_on_to_the_next_hook_and_is_not_the_source_packets(self, begin: Begin) -> None:
        world = begin(SEEN, """
            def filterPacket(packet, method, mac, client_ip, relay_ip, port):
                packet.meta['x'] = 1
                packet.getOption('vendor_class_identifier').append(33)
                return True

            def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
                SEEN.append((packet.meta, source_packet.meta, source_packet.getOption(60), packet.isOption(60)))
                return True
        """)
        assert world.discover(A, options={60: b"a"}).kind == OFFER
        assert seen(world) == [({"x": 1}, {}, [97], False)]

    EVERY_THIRD = """
        def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
            if not definition.ip[3] % 3:
                packet.setOption('renewal_time_value', 60)
            return True
    """

    def test_example_10_every_third_address_renews_after_a_minute(self, begin: Begin) -> None:
        world = begin(FOLDER, GUESTS, self.EVERY_THIRD, homes=())
        assert world.discover(B, prl=bytes((1, 3))).number(58) == 60, "192.168.0.99"
        assert world.discover(A, prl=bytes((1, 3))).number(58) == 300, "192.168.0.100: half the lease, as ever"

    def test_example_11_a_refusal_made_by_the_hook_is_sent(self, begin: Begin) -> None:
        world = begin("""
            def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
                if method.startswith('REQUEST:'):
                    packet.transformToDHCPNakPacket()
                return True
        """)
        offer = world.discover(A)
        nak = world.select(A, offer)
        assert (nak.kind, nak.yiaddr, world.reason) == (NAK, "0.0.0.0", "NAK-SCRIPT")
        assert set(nak.options) <= {53, 54, 56, 61, 82}
        assert world.row(offer.yiaddr) is None, "nothing was granted"

    def test_example_12_what_was_not_asked_for_is_sent_only_by_force(self, begin: Begin) -> None:
        world = begin("""
            def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
                packet.setOption('tftp_server_name', 'boothost', force_selection=mac[5] == 2)
                return True
        """)
        assert 66 not in world.discover(A, prl=bytes((1, 3))).options
        assert world.discover(B, prl=bytes((1, 3))).options[66] == b"boothost"
        assert world.discover(C).options[66] == b"boothost", "a client without a list gets all there is"

    def test_example_13_a_renewal(self, begin: Begin) -> None:
        world = begin(SEEN, """
            def filterPacket(packet, method, mac, client_ip, relay_ip, port):
                SEEN.append((method, client_ip and str(client_ip)))
                return True
        """)
        address = world.lease(A).yiaddr
        ack = world.renew(A, address)
        assert (ack.kind, ack.yiaddr, ack.ciaddr, ack.to) == (ACK, address, address, address)
        assert seen(world)[-1] == ("REQUEST:RENEW", None)

    def test_example_15_inform(self, begin: Begin) -> None:
        world = begin(FOLDER, GUESTS, homes=())
        ack = world.inform(A, "192.168.0.100")
        assert (ack.kind, ack.yiaddr) == (ACK, "0.0.0.0")
        assert 51 not in ack.options
        assert world.inform(C, "192.168.0.55") is None
        assert world.reason == "SCRIPT-BLOCKED"
        assert world.one(world.packet(INFORM, B)) is None
        assert world.reason == "SCRIPT-BLOCKED"
        assert world.discover(B) is None

    @pytest.mark.parametrize("prl", [None, bytes((1, 3))], ids=["no-list", "a-list"])
    def test_example_16_rapid_commit(self, begin: Begin, prl: bytes | None) -> None:
        world = begin(FOLDER, GUESTS, homes=())
        ack = world.discover(A, prl=prl, options={80: b""})
        assert (ack.kind, ack.options[80]) == (ACK, b"")

    def test_example_16_unless_it_is_disabled(self, begin: Begin) -> None:
        world = begin(FOLDER, "ENABLE_RAPIDCOMMIT = False", GUESTS, homes=())
        offer = world.discover(A, options={80: b""})
        assert (offer.kind, 80 in offer.options) == (OFFER, False)

    @pytest.mark.parametrize("said", [False, None, 0, ""])
    def test_what_is_false_is_not_sent(self, begin: Begin, said: Any) -> None:
        world = begin(f"""
            def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
                return {said!r}
        """)
        assert world.discover(A) is None
        assert world.reason == "SCRIPT-DROPPED"

    def test_the_lease_is_as_long_as_the_answer_says(self, begin: Begin) -> None:
        """The world's witness compares each ACK with the row that was committed before it."""
        world = begin("""
            def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
                packet.setOption('ip_address_lease_time', 7200)
                return True
        """)
        ack = world.lease(A)
        assert (ack.number(51), ack.number(58), ack.number(59)) == (7200, 3600, 6300)

    def test_another_address_is_offered_if_it_is_free(self, begin: Begin) -> None:
        world = begin("""
            def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
                packet.setOption('yiaddr', '192.0.2.77')
                return True
        """)
        assert world.discover(A).yiaddr == "192.0.2.77"
        assert world.discover(B) is None, "it is on offer, and no address is given twice"
        assert world.reason == "ASSIGNMENT-CONFLICT"

    def test_fields_and_options_leave_as_the_hook_set_them(self, begin: Begin) -> None:
        world = begin("""
            def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
                packet.setOption('siaddr', '192.0.2.6')
                packet.setOption('file', 'pxe.0')
                packet.setOption('domain_name', 'from.script')
                packet.deleteOption('router')
                packet.setOption('server_identifier', '9.9.9.9')
                packet.setFlag(0x8000, True)
                return True
        """, homes=(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), options={3: b"\xc0\0\2\1"}),))
        offer = world.discover(A)
        assert (offer.siaddr, offer.file, offer.options[15]) == ("192.0.2.6", b"pxe.0", b"from.script")
        assert (3 in offer.options, offer.address(54), offer.flags, offer.to) == (
            False, SERVER, 0x8000, "255.255.255.255",
        )  # fmt: skip

    def test_it_may_say_how_it_leaves(self, begin: Begin) -> None:
        world = begin("""
            def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
                packet.setOption('domain_name', 'odd')
                if str(mac).endswith('1'):
                    packet.response_source_port, packet.word_align, packet.word_size = 1067, True, 8
                else:
                    packet.terminal_pad, packet.word_size = True, 32
                return True
        """, homes=(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), options={15: b"a", 12: b"x" * 60}),))
        offer, other = world.discover(A), world.discover(B)
        assert (offer.source_port, offer.options[15], other.source_port) == (1067, b"odd", 0)
        places, pads = layout(offer.payload)
        assert len(places) > 5
        assert {place % 8 for place in places} == {0}
        assert pads > 5
        assert layout(other.payload)[1] == 0
        assert len(other.payload) % 32 == 0

    def test_the_port_of_clients_may_be_another_one(self, begin: Begin) -> None:
        world = begin("DHCP_CLIENT_PORT = 1068\ndef filterPacket(*a): return True")
        assert (world.discover(A).port, world.discover(B, via="192.0.2.2").port) == (1068, 67)

    def test_what_comes_to_the_scripts_own_port_is_told_it_and_answered_from_there(self, begin: Begin) -> None:
        world = begin(SEEN, """
            ALLOW_LOCAL_DHCP = False

            def filterPacket(packet, method, mac, client_ip, relay_ip, port):
                SEEN.append((method, port))
                return True

            def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
                if port == 4011:
                    packet.setOption('bootfile_name', 'pxe.0', force_selection=True)
                return True
        """)
        assert world.discover(A) is None
        assert world.reason == "SCRIPT-RELAY"
        offer = world.discover(A, at=4011)
        assert (offer.source_port, offer.port, offer.to, offer.options[67]) == (4011, 68, "192.0.2.100", b"pxe.0")
        world.select(A, offer, at=4011)
        renewed = world.renew(A, "192.0.2.100", at=4011, port=4011)
        assert (renewed.kind, renewed.to, renewed.port, renewed.source_port) == (ACK, "192.0.2.100", 4011, 4011)
        assert seen(world) == [("DISCOVER", 4011), ("REQUEST:SELECTING", 4011), ("REQUEST:RENEW", 4011)]
        assert world.renew(A, "192.0.2.100") is None

    @pytest.mark.parametrize(("said", "broadcast", "where"), [
        ("packet.response_ip = '192.0.2.250'", False, ("192.0.2.250", 68, b"")),
        ("packet.response_ip = '192.0.2.250'", True, ("255.255.255.255", 68, b"")),
        ("packet.response_port = 1068", True, ("255.255.255.255", 1068, b"")),
        ("packet.response_mac = '02:00:00:00:00:99'", False, ("192.0.2.100", 68, bytes.fromhex("020000000099"))),
        ("packet.response_ip, packet.response_mac = '192.0.2.250', '02:00:00:00:00:99'", False,
         ("192.0.2.250", 68, bytes.fromhex("020000000099"))),
        ("packet.response_ip = None", False, ("192.0.2.100", 68, A.hw)),
    ])  # fmt: skip
    def test_where_an_answer_leaves_the_script_may_say(
        self, begin: Begin, said: str, broadcast: bool, where: tuple[str, int, bytes]
    ) -> None:
        world = begin(f"""
            def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
                {said}
                return True
        """)
        offer = world.discover(A, broadcast=broadcast)
        assert (offer.to, offer.port, offer.frame) == where
        ack = world.select(A, offer, broadcast=broadcast)
        assert ack is not None
        assert (ack.to, ack.port, ack.frame) == where

    def test_so_may_it_of_its_own_refusal_and_not_of_the_servers(self, begin: Begin) -> None:
        world = begin("""
            def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
                packet.response_port = 1068
                if method == "REQUEST:SELECTING":
                    packet.transformToDHCPNakPacket()
                return True
        """)
        refusal = world.select(A, world.discover(A))
        assert refusal is not None
        assert (refusal.kind, refusal.port) == (NAK, 1068)
        other = world.select(B, "198.51.100.7")
        assert other is not None
        assert (other.kind, other.port) == (NAK, 68)

    @pytest.mark.parametrize("said", ["response_port = 0", "response_port = 'x'", "response_ip = '0.0.0.0'",
                                      "response_source_port = 65536", "word_size = packet.word_align = True",
                                      "response_ip = 'x'", "response_mac = 'x'"])
    def test_what_is_no_place_is_told_and_no_answer_leaves(
        self, begin: Begin, said: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        world = begin(f"""
            def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
                packet.{said}
                return True
        """)
        assert world.discover(A) is None
        assert f"packet.{said.split(maxsplit=1)[0]} is" in caplog.text or "is no " in caplog.text

    def test_a_refusal_of_the_servers_own_is_no_question(self, begin: Begin) -> None:
        world = begin(SEEN, """
            def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
                SEEN.append(method)
                return True
        """)
        assert world.select(A, "198.51.100.7").kind == NAK
        assert seen(world) == []

    def test_old_signatures_are_served(self, begin: Begin) -> None:
        world = begin(SEEN, """
            def handleUnknownMAC(mac):
                if mac == '02:00:00:00:00:01':
                    return ('192.168.0.9', 'old', '255.255.255.0', None, None, None, None, 300, '192.168.0.0/24', 7)

            def loadDHCPPacket(packet, mac, client_ip, relay_ip, subnet, serial, pxe, vendor):
                SEEN.append((mac, client_ip, relay_ip, subnet, serial, pxe, vendor))
                return True
        """)
        offer = world.discover(A)
        assert (offer.yiaddr, offer.number(51)) == ("192.168.0.9", 300)
        assert seen(world) == [("02:00:00:00:00:01", "192.168.0.9", None, "192.168.0.0/24", 7, False, [None] * 4)]


class TestPolicy:
    def test_example_14_another_servers_offer_is_no_question(self, begin: Begin) -> None:
        world = begin(SEEN, """
            def filterPacket(packet, method, mac, client_ip, relay_ip, port):
                SEEN.append(method)
                return True
        """)
        observer = Observer(world.engine)
        assert world.one(world.packet(REQUEST, A, requested="192.0.2.100", server="192.0.2.250")) is None
        assert seen(world) == []
        (row,) = observer.rows(world.now)
        assert (row[2], row[6], row[8]) == (A.hw.hex(), "REQUEST:SELECTING", False)

    def test_example_17_relays_are_served_where_the_folder_says_so(self, begin: Begin) -> None:
        world = begin(FOLDER, "ALLOW_DHCP_RELAYS = True\nALLOWED_DHCP_RELAYS = ['192.168.0.1']", SEEN, GUESTS, """
            def filterPacket(packet, method, mac, client_ip, relay_ip, port):
                SEEN.append(str(relay_ip))
                return True
        """, homes=())
        offer = world.discover(A, via="192.168.0.1", agent=bytes((1, 1, 9)))
        assert (offer.kind, offer.to, offer.port, offer.options[82]) == (OFFER, "192.168.0.1", 67, bytes((1, 1, 9)))
        assert world.discover(B, via="192.168.0.2") is None
        assert world.reason == "SCRIPT-RELAY"
        assert seen(world) == ["192.168.0.1"]

    def test_example_17_and_not_where_it_does_not(self, begin: Begin) -> None:
        world = begin(FOLDER, GUESTS, homes=())
        assert world.discover(A, via="192.168.0.1") is None
        assert world.reason == "SCRIPT-RELAY"

    def test_beside_lessors_definitions_relays_are_served(self, begin: Begin) -> None:
        world = begin(GUESTS)
        assert world.discover(C, via="192.0.2.1").kind == OFFER

    def test_clients_of_this_link_may_be_left_to_relays(self, begin: Begin) -> None:
        world = begin(FOLDER, "ALLOW_LOCAL_DHCP = False\nALLOW_DHCP_RELAYS = True", GUESTS, homes=())
        assert world.discover(A) is None
        assert world.reason == "SCRIPT-RELAY"
        assert world.discover(A, via="192.168.0.1").kind == OFFER

    def test_renewals_are_refused_where_the_folder_says_so(self, begin: Begin) -> None:
        world = begin(FOLDER, "NAK_RENEWALS = True", GUESTS, homes=())
        address = world.lease(A).yiaddr
        assert world.renew(A, address).kind == NAK
        assert world.reason == "NAK-RENEWALS"
        assert world.rebind(A, address, source="0.0.0.0").kind == ACK

    def test_what_names_no_server_leaves_its_client_out(self, begin: Begin) -> None:
        world = begin(FOLDER, GUESTS, homes=())
        world.one(world.packet(RELEASE, A, ciaddr="192.168.0.100", unicast=True))
        assert world.reason == "SCRIPT-BLOCKED"
        world.one(world.packet(DECLINE, B, server=SERVER))
        assert world.reason == "SCRIPT-BLOCKED"


class TestDatabases:
    TWO = """
        from databases.generic import Database, Definition

        class Two(Database):
            def lookupMAC(self, mac):
                return [Definition(ip, 600, '192.168.0.0/24', 0) for ip in ('192.168.0.7', '192.168.0.8')]

        DATABASE_ENGINE = Two
    """

    def test_example_27_several_definitions_and_nobody_to_choose(
        self, begin: Begin, caplog: pytest.LogCaptureFixture
    ) -> None:
        world = begin(self.TWO)
        assert world.discover(A) is None
        assert world.reason == "SCRIPT-FAILED"
        assert "filterRetrievedDefinitions" in critical(caplog)[0]

    def test_example_27_and_with_somebody_who_does(self, begin: Begin) -> None:
        world = begin(self.TWO, """
            def filterRetrievedDefinitions(definitions, packet, method, mac, client_ip, relay_ip, port):
                return definitions[1]
        """)
        assert world.discover(A).yiaddr == "192.168.0.8"

    def test_an_ini_file(self, begin: Begin, tmp_path: Path) -> None:
        (tmp_path / "site").mkdir()
        (tmp_path / "site" / "dhcp.ini").write_text(textwrap.dedent("""
            [office|1]
            lease-time: 900
            gateway: 192.168.0.1
            subnet-mask: 255.255.255.0

            [02-00-00-00-00-01]
            ip: 192.168.0.20
            hostname: printer
            subnet: office
            serial: 1
            i:rack: 7
            I:shelf: none
        """))
        world = begin(FOLDER, "DATABASE_ENGINE = 'INI'\nINI_FILE = 'dhcp.ini'", SEEN, """
            def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
                SEEN.append(definition.extra)
                return True
        """, homes=())
        offer = world.discover(A, prl=bytes((3, 12)))
        assert (offer.yiaddr, offer.number(51), offer.address(3), offer.options[12]) == (
            "192.168.0.20", 900, "192.168.0.1", b"printer",
        )  # fmt: skip
        assert seen(world) == [{"maps.rack": 7, "maps.shelf": None}]

    def test_tables_of_its_own_in_sqlite(self, begin: Begin, tmp_path: Path) -> None:
        import sqlite3

        (tmp_path / "site").mkdir()
        with sqlite3.connect(tmp_path / "site" / "dhcp.sqlite3") as tables:
            for statement in _TABLES:
                tables.execute(statement)
        tables.close()
        world = begin(FOLDER, SEEN, """
            DATABASE_ENGINE = 'SQLite'
            SQLITE_FILE = 'dhcp.sqlite3'
            EXTRA_MAPS = ['rack']
            USE_CACHE = True

            def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
                SEEN.append(definition.extra)
                return True
        """, homes=())
        ack = world.lease(A)
        assert (ack.yiaddr, ack.number(51), ack.options[15]) == ("192.168.0.20", 900, b"a.b")
        assert seen(world) == [{"maps.rack": 7}] * 2
        assert world.discover(C) is None

    @pytest.mark.parametrize("on_disk", [True, False])
    def test_a_cache_in_a_file_serves_whom_it_knows_while_the_database_is_away(
        self, begin: Begin, tmp_path: Path, on_disk: bool
    ) -> None:
        import sqlite3

        (tmp_path / "site").mkdir()
        path = tmp_path / "site" / "dhcp.sqlite3"
        with sqlite3.connect(path) as tables:
            for statement in _TABLES:
                tables.execute(statement)
        tables.close()
        world = begin(FOLDER, f"""
            DATABASE_ENGINE = 'SQLite'
            SQLITE_FILE = 'dhcp.sqlite3'
            EXTRA_MAPS = ['rack']
            USE_CACHE = True
            CACHE_ON_DISK = {on_disk}
            PERSISTENT_CACHE = 'cache.sqlite3'
        """, homes=())
        assert world.lease(A).yiaddr == "192.168.0.20"
        path.unlink()
        site = site_of(world)
        pid = site.host.state["pid"]
        os.kill(pid, signal.SIGKILL)
        site.until(lambda: site.host.state["running"] and site.host.state["pid"] != pid)
        assert world.lease(A).yiaddr == "192.168.0.20"
        assert world.discover(C) is None

    @pytest.mark.pg
    def test_tables_of_its_own_in_postgresql(self, begin: Begin, pg_url: str) -> None:
        import psycopg

        parts = urlsplit(pg_url)
        name, host = parts.path.lstrip("/"), parse_qs(parts.query)["host"][0]
        with psycopg.connect(dbname=name, user=parts.username, host=host, autocommit=True) as tables:
            for statement in _TABLES:
                tables.execute(statement)
        world = begin(FOLDER, SEEN, f"""
            DATABASE_ENGINE = 'PostgreSQL'
            POSTGRESQL_DATABASE = {name!r}
            POSTGRESQL_USERNAME = {parts.username!r}
            POSTGRESQL_PASSWORD = 'none is asked for'
            POSTGRESQL_HOST = {host!r}
            EXTRA_MAPS = ['rack']
            CASE_INSENSITIVE_MACS = True

            def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
                SEEN.append(definition.extra)
                return True
        """, homes=())
        ack = world.lease(A)
        assert (ack.yiaddr, ack.number(51), ack.options[15]) == ("192.168.0.20", 900, b"a.b")
        assert seen(world) == [{"maps.rack": 7}] * 2
        assert world.discover(C) is None

    def test_tables_of_its_own_in_mysql_by_a_driver_that_lies_beside_the_script(
        self, begin: Begin, tmp_path: Path
    ) -> None:
        """No driver is among Lessor's own packages: one of the usual kind answers here from a file."""
        import sqlite3

        (tmp_path / "site").mkdir()
        with sqlite3.connect(tmp_path / "site" / "tables") as tables:
            for statement in _TABLES:
                tables.execute(statement)
        tables.close()
        (tmp_path / "site" / "MySQLdb.py").write_text(textwrap.dedent("""
            import sqlite3

            class Cursor:
                def __init__(self, cursor):
                    self.cursor = cursor
                    self.fetchall = cursor.fetchall

                def execute(self, statement, values):
                    self.cursor.execute(statement.replace('%s', '?'), values)

            class Connection:
                def __init__(self):
                    self.tables = sqlite3.connect('tables')

                def cursor(self):
                    return Cursor(self.tables.cursor())

            def connect(**said):
                assert said == {'database': 'dhcp', 'user': 'reader', 'password': 'secret', 'port': 3306}, said
                return Connection()
        """))
        world = begin(FOLDER, """
            DATABASE_ENGINE = 'MySQL'
            MYSQL_DATABASE, MYSQL_USERNAME, MYSQL_PASSWORD = 'dhcp', 'reader', 'secret'
            CASE_INSENSITIVE_MACS = True
        """, homes=())
        assert world.lease(A).yiaddr == "192.168.0.20"
        assert world.discover(C) is None


class TestNobodyElseWaits:
    """The transactions that the script is asked about are suspended; all others are decided meanwhile."""

    def slow(self, begin: Begin) -> World:
        home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), lifetime=3600)
        world = begin("""
            import time

            def handleUnknownMAC(packet, method, mac, client_ip, relay_ip, port):
                time.sleep(0.2)
        """, homes=(home,), assignments=[assignment(home, "192.0.2.10", hw=B.hw)])
        site = site_of(world)
        site.answer = lambda engine, now, run: site.host.ask(engine.take_questions())  # type: ignore[method-assign]
        return world

    def test_a_client_whom_the_hook_does_not_concern_is_served_at_once(self, begin: Begin) -> None:
        world = self.slow(begin)
        assert world.discover(A) is None
        assert world.engine.suspended == 1
        assert world.lease(B).yiaddr == "192.0.2.10"
        site = site_of(world)
        site.until(lambda: site.said)
        assert world.engine.timer() is None
        assert not world.engine.due
        world.engine.script_said(site.said.pop())
        assert world.engine.due
        (offer,) = world.later()
        assert (offer.kind, offer.hw) == (OFFER, A.hw)

    def test_one_batch_is_one_message(self, begin: Begin) -> None:
        world = self.slow(begin)
        site = site_of(world)
        sent: list[int] = []
        ask = site.host.ask
        site.host.ask = lambda questions: (sent.append(len(questions)), ask(questions))[1]  # type: ignore[method-assign]
        world.send(*(world.packet(DISCOVER, client(number)) for number in range(3, 8)))
        assert sent == [5]

    def test_definitions_that_change_meanwhile_count_when_it_has_answered(self, begin: Begin) -> None:
        world = self.slow(begin)
        assert world.discover(A) is None
        world.install(subnet(OFFICE, pool("192.0.2.200", "192.0.2.209"), lifetime=60, subnet_id=1))
        site = site_of(world)
        site.until(lambda: site.said)
        world.engine.script_said(site.said.pop())
        (offer,) = world.later()
        assert (offer.yiaddr, offer.number(51)) == ("192.0.2.200", 60)

    def test_without_a_script_no_packet_meets_it(self, tmp_path: Path) -> None:
        world = World(tmp_path, subnet(OFFICE, pool("192.0.2.100", "192.0.2.109")))
        names = {type(handler).__name__ for handler in world.engine.plan.handlers}
        world.close()
        assert not [name for name in names if name.startswith("Script")]
