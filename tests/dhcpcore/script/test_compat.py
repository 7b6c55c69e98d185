"""The types and functions that scripts see: staticDHCPd's acceptance examples 1, 18 to 21 and 29, and their twins."""

from __future__ import annotations

from typing import Any

import pytest

from dhcpcore.script.compat import conversion, rfc
from dhcpcore.script.compat.definition import Definition
from dhcpcore.script.compat.ipv4 import IPv4
from dhcpcore.script.compat.mac import MAC
from dhcpcore.script.compat.packet import FLAGBIT_BROADCAST, DHCPPacket
from dhcpcore.script.compat.words import WORDS
from tests.packets4 import DISCOVER, client, request, tlv

#: The fifteen conversions: the function, what it is given, and what it makes of that.
CONVERSIONS: tuple[tuple[str, tuple[Any, ...], Any], ...] = (
    ("listToIP", ([192, 168, 0, 1],), "192.168.0.1"),
    ("listToIPs", ([192, 168, 0, 1, 192, 168, 0, 2],), ["192.168.0.1", "192.168.0.2"]),
    ("listToInt", ([1, 2],), 258),
    ("listToInts", ([1, 2, 0, 3],), [258, 3]),
    ("listToLong", ([1, 2, 3, 4],), 16909060),
    ("listToLongs", ([1, 2, 3, 4, 0, 0, 0, 9],), [16909060, 9]),
    ("listToStr", ([104, 101, 108, 108, 111],), "hello"),
    ("ipToList", ("192.168.0.1",), [192, 168, 0, 1]),
    ("ipsToList", ("192.168.0.1, 192.168.0.2",), [192, 168, 0, 1, 192, 168, 0, 2]),
    ("intToList", (258,), [1, 2]),
    ("intsToList", ([258, 3],), [1, 2, 0, 3]),
    ("longToList", (16909060,), [1, 2, 3, 4]),
    ("longsToList", ([16909060, 9],), [1, 2, 3, 4, 0, 0, 0, 9]),
    ("strToList", ("hello",), [104, 101, 108, 108, 111]),
    ("strToPaddedList", ("hello", 7), [104, 101, 108, 108, 111, 0, 0]),
)


@pytest.mark.parametrize(("name", "given", "made"), CONVERSIONS, ids=[row[0] for row in CONVERSIONS])
def test_example_1_every_conversion(name: str, given: tuple[Any, ...], made: Any) -> None:
    assert getattr(conversion, name)(*given) == made
    assert name in conversion.NAMES


def test_numbers_keep_their_low_bits_and_lists_ignore_what_is_incomplete() -> None:
    assert conversion.intToList(0x10001) == [0, 1]
    assert conversion.longToList(0x1_0000_0002) == [0, 0, 0, 2]
    assert conversion.listToInts([0, 1, 2]) == [1]
    assert conversion.listToLongs([0, 0, 0, 1, 2]) == [1]
    assert conversion.strToPaddedList("hello", 2) == [104, 101]
    assert conversion.strToList("é") == [195, 169]
    assert conversion.strToList(conversion.listToStr([255, 65])) == [255, 65]


def test_example_18_a_hardware_address_is_equal_to_all_its_forms() -> None:
    mac = MAC("AABBCCDDEEFF")
    assert mac == "aa-bb-cc-dd-ee-ff"
    assert mac == 187723572702975
    assert mac == [0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF]
    assert mac == MAC("aabb.ccdd.eeff")
    assert {mac: 1}[MAC("aa:bb:cc:dd:ee:ff")] == 1
    assert (str(mac), int(mac), bytes(mac)[0], mac[5]) == ("aa:bb:cc:dd:ee:ff", 187723572702975, 0xAA, 0xFF)
    assert not MAC(0)


@pytest.mark.parametrize("other", [None, "", "zz", "aa:bb", [1, 2], 3.5, -1])
def test_example_18_and_to_nothing_else(other: Any) -> None:
    assert MAC("AABBCCDDEEFF") != other


@pytest.mark.parametrize("wrong", ["zz", "aabbccddee", 1 << 48, -1, [1, 2, 3], [256] * 6, None, True])
def test_what_is_no_hardware_address_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="hardware address"):
        MAC(wrong)


def test_example_19_an_address_is_equal_to_all_its_forms() -> None:
    assert IPv4("192.168.0.9").isSubnetMember(*IPv4.parseSubnet("192.168.0.0/24"))
    assert IPv4("192.168.0.9").isSubnetMember("192.168.0.0", "255.255.255.0")
    assert not IPv4("192.168.1.9").isSubnetMember(*IPv4.parseSubnet("192.168.0.0/24"))
    assert IPv4.parseSubnet("10.0.0.0/8") == ("10.0.0.0", 8)
    assert IPv4.parseSubnet("10.0.0.0/255.0.0.0") == ("10.0.0.0", "255.0.0.0")
    assert IPv4("1.2.3.4") in ["1.2.3.4", "5.6.7.8"]
    assert IPv4("1.2.3.4")[3] == 4
    assert IPv4(" 1 . 2 . 3 . 4 ") == IPv4(16909060) == IPv4([1, 2, 3, 4, 5]) == IPv4(b"\1\2\3\4")
    assert hash(IPv4("1.2.3.4")) == hash((1, 2, 3, 4))
    assert min(IPv4("10.0.0.10"), IPv4("10.0.0.9")) == "10.0.0.9"
    assert IPv4("1.2.3.4") != "1.2.3.5"
    assert IPv4("1.2.3.4") not in {None, "", "zz"}
    assert not IPv4(0)


@pytest.mark.parametrize("wrong", ["1.2.3", "1.2.3.256", "a.b.c.d", -1, 1 << 32, [1, 2, 3], None, True])
def test_what_is_no_address_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"address|32 bits"):
        IPv4(wrong)


def packet(**options: bytes) -> DHCPPacket:
    """A DISCOVER with these options, named ``o82`` and so on."""
    said = {int(name[1:]): octets for name, octets in options.items()}
    return DHCPPacket(request(DISCOVER, client(1), 0x1234, options=said), {53: b"\1", **said})


def test_example_20_what_is_wrong_raises_and_what_is_absent_is_told() -> None:
    made = packet()
    with pytest.raises(ValueError, match="octets"):
        made.setOption("router", [192])
    with pytest.raises(LookupError, match="nope"):
        made.setOption("nope", 1)
    with pytest.raises(TypeError):
        made.setOption("hostname", 5)
    assert made.deleteOption("router") is False
    made.setOption("router", "192.0.2.1")
    assert made.deleteOption("router") is True
    assert made.deleteOption("yiaddr") is True


def test_example_21_reading_option_82_twice_gives_the_same() -> None:
    made = packet(o82=bytes((1, 2, 65, 66, 2, 1, 9)))
    assert made.getOption("relay_agent", convert=True) == {1: [65, 66], 2: [9]}
    assert made.getOption("relay_agent", convert=True) == {1: [65, 66], 2: [9]}
    assert made.getOption(82) == [1, 2, 65, 66, 2, 1, 9]


#: A word, values that all mean the same, its octets, and what reading it gives.
VALUES: tuple[tuple[str, tuple[Any, ...], list[int], Any], ...] = (
    ("subnet_mask", ("255.255.255.0", IPv4("255.255.255.0"), 0xFFFFFF00, [255, 255, 255, 0]), [255, 255, 255, 0],
     "255.255.255.0"),
    ("router", ("1.2.3.4,5.6.7.8", ["1.2.3.4", IPv4("5.6.7.8")], [1, 2, 3, 4, 5, 6, 7, 8]), [1, 2, 3, 4, 5, 6, 7, 8],
     ["1.2.3.4", "5.6.7.8"]),
    ("default_ip_time-to-live", (64, [64]), [64], 64),
    ("ip_forwarding", (True, 1, [1]), [1], True),
    ("interface_mtu", (1500, [5, 220]), [5, 220], 1500),
    ("path_mtu_table", ([256, 512], [1, 0, 2, 0]), [1, 0, 2, 0], [256, 512]),
    ("renewal_time_value", (60, [0, 0, 0, 60]), [0, 0, 0, 60], 60),
    ("hostname", ("ab", b"ab", [97, 98]), [97, 98], "ab"),
    ("client_identifier", ([1, 2], b"\1\2"), [1, 2], [1, 2]),
    ("rapid_commit", ([], b""), [], []),
    ("domain_search", (rfc.rfc3397_119("a.b"),), [1, 97, 1, 98, 0], [1, 97, 1, 98, 0]),
)  # fmt: skip


@pytest.mark.parametrize(("word", "values", "octets", "read"), VALUES, ids=[row[0] for row in VALUES])
def test_every_form_of_a_value_is_taken(word: str, values: tuple[Any, ...], octets: list[int], read: Any) -> None:
    for value in values:
        made = packet()
        made.setOption(word, value)
        assert made.getOption(word) == octets
        assert made.getOption(word, convert=True) == read


@pytest.mark.parametrize(
    ("word", "wrong"),
    [("subnet_mask", "1.2.3"), ("router", "nobody"), ("interface_mtu", 70000), ("renewal_time_value", -1),
     ("rapid_commit", [1]), ("hostname", ""), ("renewal_time_value", [1, 2])],
)  # fmt: skip
def test_a_value_that_an_option_cannot_have_is_refused(word: str, wrong: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        packet().setOption(word, wrong)


def test_without_validation_octets_are_taken_as_they_are() -> None:
    made = packet()
    made.setOption("router", [192], validate=False)
    assert made.getOption("router") == [192]


def test_fields_of_the_header_go_by_their_names() -> None:
    made = packet()
    made.setOption("siaddr", "192.0.2.6")
    made.setOption("file", "boot/pxe.0")
    assert (made.getOption("siaddr", convert=True), made.getOption("file", convert=True)) == ("192.0.2.6", "boot/pxe.0")
    assert made.extractIPOrNone("siaddr") == "192.0.2.6"
    assert made.extractIPOrNone("yiaddr") is None
    assert made.isOption("yiaddr")
    assert made.getHardwareAddress() == client(1).hw
    made.setHardwareAddress("02:00:00:00:00:09")
    assert made.getHardwareAddress() == "02:00:00:00:00:09"
    made.setFlag(FLAGBIT_BROADCAST, True)
    assert made.getFlag(FLAGBIT_BROADCAST)
    with pytest.raises(ValueError, match="room"):
        made.setOption("sname", "x" * 65)


def test_what_the_client_asked_for_may_be_sent_and_little_else() -> None:
    made = packet(o55=bytes((1, 3, 42)))
    assert made.isRequestedOption("ntp_servers")
    assert not made.isRequestedOption("domain_name")
    assert made.isSelectedOption("domain_name")
    assert not made.isSelectedOption("tftp_server_name")
    made.setSelectedOptions(added=["tftp_server_name"], removed=[42])
    assert made.isSelectedOption(66)
    assert "ntp_servers" not in made.getSelectedOptions(translate=True)
    assert packet().getSelectedOptions() is None


def test_an_unknown_number_is_octets() -> None:
    made = packet(o224=b"\1\2")
    assert made.getOption(224) == [1, 2]
    made.setOption(225, [7])
    assert made.getOption(225, convert=True) == [7]


@pytest.mark.parametrize("kind", ["Offer", "Ack", "Nak"])
def test_a_transformed_packet_is_an_answer(kind: str) -> None:
    made = packet(o55=bytes((1,)), o60=b"MSFT", o61=b"\1", o51=b"\0\0\0\1")
    made.setOption("yiaddr", "192.0.2.9")
    getattr(made, f"transformToDHCP{kind}Packet")()
    assert getattr(made, f"isDHCP{kind}Packet")()
    assert not made.isDHCPDiscoverPacket()
    assert not any(made.isOption(code) for code in (55, 60, 61))
    assert (made.extractIPOrNone("yiaddr") is None) == (kind == "Nak")
    assert made.isOption(51) == (kind != "Nak")
    assert made.encodePacket()[0] == 2


def test_a_copy_shares_nothing() -> None:
    made = packet(o12=b"ab")
    other = made.copy()
    other.getOption("hostname").append(99)
    other.meta["x"] = 1
    assert made.getOption("hostname") == [97, 98]
    assert made.meta == {}
    assert tlv(12, b"abc") in other.encodePacket()


def test_every_word_has_one_number() -> None:
    assert len({word.code for word in WORDS}) == len({word.name for word in WORDS}) == len(WORDS)


def test_example_29_servers_are_three_and_gateways_as_many_as_there_are() -> None:
    made = Definition("192.0.2.9", 60, "office", 0, domain_name_servers="1.1.1.1, 2.2.2.2,3.3.3.3,4.4.4.4",
                      gateways="1.1.1.1, 2.2.2.2,3.3.3.3,4.4.4.4", ntp_servers=[1, 1, 1, 1, 2, 2, 2, 2])  # fmt: skip
    assert made.domain_name_servers == ["1.1.1.1", "2.2.2.2", "3.3.3.3"]
    assert len(made.gateways) == 4
    assert made.ntp_servers == ["1.1.1.1", "2.2.2.2"]
    assert (made.hostname, made.subnet_mask, made.extra) == (None, None, None)
    with pytest.raises(ValueError, match="address"):
        Definition("", 60, "office", 0)


#: What is made, and its octets.
RFCS: tuple[tuple[Any, list[int]], ...] = (
    (rfc.rfc1035_plus("example.org,uguu.ca."), [7, *b"example", 3, *b"org", 0, 4, *b"uguu", 2, *b"ca", 0]),
    (rfc.rfc2610_78(True, "192.168.1.1,192.168.1.2"), [1, 192, 168, 1, 1, 192, 168, 1, 2]),
    (rfc.rfc2610_78("192.168.1.1"), [0, 192, 168, 1, 1]),
    (rfc.rfc2610_79(True, "ab"), [1, 97, 98]),
    (rfc.rfc3361_120("192.168.1.1"), [1, 192, 168, 1, 1]),
    (rfc.rfc3361_120("example.org,uguu.ca"), [0, 7, *b"example", 3, *b"org", 0, 4, *b"uguu", 2, *b"ca", 0]),
    (rfc.rfc3442_121([(("169.254.0.0", 16), "0.0.0.0"), (("0.0.0.0", 0), "192.168.1.1")]),
     [16, 169, 254, 0, 0, 0, 0, 0, 192, 168, 1, 1]),
    (rfc.rfc3925_124({1: [*b"hello"]}), [0, 0, 0, 1, 5, *b"hello"]),
    (rfc.rfc3925_124([(1, [*b"hello"])]), [0, 0, 0, 1, 5, *b"hello"]),
    (rfc.rfc3925_125({1: {45: [*b"hello"]}}), [0, 0, 0, 1, 7, 45, 5, *b"hello"]),
    (rfc.rfc4174_83(1, 2, 3, 4, "192.168.1.1"), [0, 1, 0, 2, 0, 3, 0, 0, 0, 4, 192, 168, 1, 1]),
    (rfc.rfc5678_139([(1, "127.0.0.1,192.168.1.1"), (2, "10.0.0.1")]),
     [1, 8, 127, 0, 0, 1, 192, 168, 1, 1, 2, 4, 10, 0, 0, 1]),
    (rfc.rfc5678_139((1, "10.0.0.1"), (2, "10.0.0.2")), [1, 4, 10, 0, 0, 1, 2, 4, 10, 0, 0, 2]),
    (rfc.rfc5678_140((1, "a.b"), (3, "c")), [1, 5, 1, 97, 1, 98, 0, 3, 3, 1, 99, 0]),
)  # fmt: skip


@pytest.mark.parametrize(("made", "octets"), RFCS, ids=[f"{n}-{type(row[0]).__name__}" for n, row in enumerate(RFCS)])
def test_the_octets_of_what_an_rfc_describes(made: Any, octets: list[int]) -> None:
    assert made.getValue() == octets
    assert made == octets
    assert made


def test_what_an_rfc_describes_is_taken_to_pieces() -> None:
    octets = [1, 3, 1, 2, 3, 2, 2, 9, 9]
    assert rfc.rfc3046_decode(octets) == {1: [1, 2, 3], 2: [9, 9]}
    assert octets == [1, 3, 1, 2, 3, 2, 2, 9, 9]
    assert rfc.rfc3925_decode([0, 0, 0, 1, 2, 65, 66]) == {1: [65, 66]}
    assert rfc.rfc3925_125_decode([0, 0, 0, 1, 4, 45, 2, 65, 66]) == {1: {45: [65, 66]}}


@pytest.mark.parametrize("servers", ["192.168.1.1,example.org", "", " , "])
def test_a_mixture_of_sip_servers_is_refused(servers: str) -> None:
    with pytest.raises(ValueError, match="SIP"):
        rfc.rfc3361_120(servers)


def test_a_prefix_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="33"):
        rfc.rfc3442_121([(("10.0.0.0", 33), "192.168.1.1")])
