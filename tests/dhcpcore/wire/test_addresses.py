"""Text to octets and back; Python's own ipaddress module is the judge."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpcore.errors import InvalidValue
from dhcpcore.wire.addresses import (
    format_address,
    format_duid,
    format_hardware,
    format_hex,
    format_ipv4,
    format_ipv6,
    format_prefix,
    is_of_many_links,
    network_of,
    parse_address,
    parse_duid,
    parse_hardware,
    parse_hex,
    parse_ipv4,
    parse_ipv6,
    parse_prefix,
)


@given(st.binary(min_size=4, max_size=4))
def test_ipv4_there_and_back(address):
    text = format_ipv4(address)
    assert text == str(ipaddress.IPv4Address(address)) == format_address(address)
    assert parse_ipv4(text) == parse_address(text) == address


@given(
    st.binary(min_size=16, max_size=16)
    | st.lists(st.sampled_from([b"\0\0", b"\0\1", b"\xab\xcd"]), min_size=8, max_size=8).map(b"".join)
)
def test_ipv6_there_and_back(address):
    text = format_ipv6(address)
    judge = ipaddress.IPv6Address(address)
    assert text == format_address(address)
    assert ipaddress.IPv6Address(text) == judge
    # Later versions of the library write mapped addresses with dots.
    assert judge.ipv4_mapped or text == judge.compressed
    assert parse_ipv6(text) == parse_address(text) == parse_ipv6(judge.exploded.upper()) == address


@given(st.text(alphabet="0123456789abcdefABCDEF:.%gx -+_/", max_size=45))
def test_what_the_library_refuses_is_refused_and_what_it_reads_is_read_alike(text):
    try:
        expected = ipaddress.IPv6Address(text).packed if "%" not in text else None
    except ValueError:
        expected = None
    try:
        found = parse_ipv6(text)
    except InvalidValue:
        found = None
    assert found == expected


@pytest.mark.parametrize(
    "text",
    [
        "::",
        "::1",
        "1::",
        "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8",
        "::ffff:192.0.2.1",
        "64:ff9b::192.0.2.1",
        "1:2:3:4:5:6:1.2.3.4",
    ],
)
def test_ways_to_write_ipv6(text):
    assert parse_ipv6(text) == ipaddress.IPv6Address(text).packed


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "1.2.3.+4",
     "1.2.3.1_0", "1.2.3.٤", "0x1.2.3.4", "1..3.4", "1.2.3.", "192.0.2.1/24", "::1"],
)  # fmt: skip
def test_wrong_ipv4_is_refused(text):
    with pytest.raises(InvalidValue):
        parse_ipv4(text)


@pytest.mark.parametrize(
    "text",
    ["", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::",
     "::1%eth0", ":1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:", "::1.2.3", "1.2.3.4", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4",
     "::/0", "+1::"],
)  # fmt: skip
def test_wrong_ipv6_is_refused(text):
    with pytest.raises(InvalidValue):
        parse_ipv6(text)


def test_a_wrong_address_is_quoted_short():
    with pytest.raises(InvalidValue) as refusal:
        parse_address("9" * 100_000)
    assert len(str(refusal.value)) < 200


@given(st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16), st.integers(0, 128))
def test_prefix_there_and_back(address, plen):
    plen = min(plen, 8 * len(address))
    network = network_of(address, plen)
    text = format_prefix(network, plen)
    assert ipaddress.ip_network((address, plen), strict=False).network_address.packed == network
    assert parse_prefix(text) == (network, plen)


@pytest.mark.parametrize(
    ("text", "hint"),
    [("192.0.2.1/24", "write 192.0.2.0/24"), ("2001:db8::1/64", "write 2001:db8::/64"),
     ("192.0.2.0/33", "from 0 to 32"), ("2001:db8::/129", "from 0 to 128"), ("192.0.2.0", "a length from 0 to 32"),
     ("192.0.2.0/", "a length"),
     ("192.0.2.0/+8", "a length"), ("192.0.2.0/08", "a length"), ("192.0.2.0/255.255.255.0", "a length"),
     ("x/8", "an address"), ("/8", "an address")],
)  # fmt: skip
def test_a_wrong_prefix_is_refused_and_the_remedy_named(text, hint):
    with pytest.raises(InvalidValue) as refusal:
        parse_prefix(text)
    assert hint in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    ["02:00:00:00:00:ff", "02-00-00-00-00-FF", "0200.0000.00ff", "0200000000ff", "0x0200000000FF", "2:0:0:0:0:ff"],
)
def test_ways_to_write_a_hardware_address(text):
    assert parse_hardware(text) == b"\2\0\0\0\0\xff"
    assert format_hardware(parse_hardware(text)) == "02:00:00:00:00:ff"


@pytest.mark.parametrize(
    "text", ["", "02:00-00", "02::00", "020", "0200.00", "zz", "02:000:00", "00" * 21, "eth0", "0x"]
)
def test_a_wrong_hardware_address_is_refused(text):
    with pytest.raises(InvalidValue):
        parse_hardware(text)


@given(st.binary(max_size=40), st.sampled_from(["", ":", "-"]))
def test_hex_there_and_back(octets, separator):
    assert parse_hex(format_hex(octets, separator)) == octets


def test_hex_with_spaces_and_in_dotted_fours_is_read():
    assert parse_hex("01 02 ff") == parse_hex("0x0102FF") == parse_hex(" 1:2:ff ") == b"\1\2\xff"
    assert parse_hex("0102.ff00") == b"\1\2\xff\0"
    assert parse_hex("") == b""


@pytest.mark.parametrize("text", ["1", "0x1", "01:02-03", "01:", ":01", "01  02", "0x01:02", "\uff101", "01\n02"])
def test_wrong_hex_is_refused(text):
    with pytest.raises(InvalidValue):
        parse_hex(text)


def test_duids_have_their_length():
    text = "00:03:00:01:02:00:00:00:00:01"
    assert format_duid(parse_duid(text)) == text
    assert len(parse_duid("00" * 130)) == 130
    for wrong in ("00:03", "00" * 131, "", "duid"):
        with pytest.raises(InvalidValue):
            parse_duid(wrong)


EDGES6 = ("::", "::1", "fe80::1", "febf::1", "fec0::1", "ff02::1", "2001:db8::1")


@given(st.binary(min_size=16, max_size=16) | st.sampled_from(EDGES6).map(parse_ipv6))
def test_an_address_of_many_links_is_what_the_judge_has_no_other_word_for(address):
    judge = ipaddress.IPv6Address(address)
    alone = judge.is_link_local or judge.is_multicast or address[:15] == bytes(15)
    assert is_of_many_links(address) is not alone
    assert not is_of_many_links(address[:4])
