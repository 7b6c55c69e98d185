"""The options field: joined and split as RFC 3396 says, limits and all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpcore.errors import MalformedMessage
from dhcpcore.wire.v4.tlv import encode_options, scan, scan_suboptions, split_long

# RFC 3397 2: the domain search list of its example, in three parts, as it stands in the RFC.
APPLE = bytes.fromhex(
    "77 09 03656e67 05 6170706c 77 09 65 03636f6d 00 09 6d61 77 09 726b6574696e67 c004"
)  # fmt: skip


def read(octets: bytes) -> dict[int, bytes]:
    return scan(octets, 0, len(octets))


def test_parts_of_one_code_are_joined_in_order():
    assert read(APPLE) == {119: bytes.fromhex("03656e67 056170706c65 03636f6d 00 096d61726b6574696e67 c004")}


def test_parts_are_joined_across_other_options():
    assert read(b"\x35\1\1\x0c\2ab\x32\0\x0c\1c\xff") == {53: b"\1", 12: b"abc", 50: b""}


def test_the_order_of_first_appearance_is_kept():
    assert list(read(b"\x0c\1a\x35\1\1\x0c\1b")) == [12, 53]


def test_parts_in_file_and_sname_come_after_those_of_the_options_field():
    buffer = b"\x0c\1a\xff" + b"\0\x0c\1b\xff" + b"\x0c\1c\xff"
    options = scan(buffer, 0, 4)
    assert scan(buffer, 4, 9, options) is options
    scan(buffer, 9, 13, options)
    assert options == {12: b"abc"}


def test_pad_is_skipped_and_end_ends():
    assert read(b"\0\0\x35\1\1\0\xff\x0c") == {53: b"\1"}


def test_a_missing_end_is_forgiven():
    assert read(b"\x35\1\1") == {53: b"\1"}


def test_nothing_outside_the_bounds_is_read():
    assert scan(b"\x35\1\1\x0c\1a\x32\1b", 3, 6) == {12: b"a"}


@pytest.mark.parametrize(
    ("octets", "offset"),
    [(b"\x35", 1), (b"\x35\1\1\x0c", 4), (b"\x35\2\1", 2), (b"\0\x35\xff" + b"\0" * 254, 3), (b"\x35\1\1\x0c\1", 5)],
)
def test_a_cut_off_option_is_malformed_and_its_place_is_told(octets, offset):
    with pytest.raises(MalformedMessage) as malformed:
        read(octets)
    assert malformed.value.offset == offset


def test_an_option_that_reaches_past_the_end_but_not_past_the_buffer_is_malformed():
    with pytest.raises(MalformedMessage):
        scan(b"\x35\2\1\1", 0, 3)


def test_inside_an_option_no_code_pads_or_ends():
    assert scan_suboptions(b"\0\1a\xff\1b\1\1c\1\1d") == {0: b"a", 255: b"b", 1: b"cd"}
    with pytest.raises(MalformedMessage):
        scan_suboptions(b"\1\2c")
    with pytest.raises(MalformedMessage):
        scan_suboptions(b"\1")


@pytest.mark.parametrize(("size", "parts"), [(0, [0]), (1, [1]), (255, [255]), (256, [255, 1]), (510, [255, 255])])
def test_a_long_payload_is_split_and_a_short_one_is_not(size, parts):
    data = bytes(number % 251 for number in range(size))
    split = split_long(12, data)
    assert [len(part) for _code, part in split] == parts
    assert {code for code, _part in split} == {12}
    assert b"".join(part for _code, part in split) == data


def test_options_are_written_as_code_length_and_payload_without_an_end():
    assert encode_options([(53, b"\2"), (80, b""), (12, b"ab")]) == b"\x35\1\2\x50\0\x0c\2ab"


def test_a_long_option_is_written_in_parts_that_follow_each_other():
    assert encode_options([(43, b"x" * 300), (1, b"")]) == b"\x2b\xff" + b"x" * 255 + b"\x2b\x2d" + b"x" * 45 + b"\1\0"


@given(st.dictionaries(st.integers(1, 254), st.binary(max_size=700), max_size=8))
def test_what_is_written_is_read(options):
    octets = encode_options(options.items())
    assert read(octets + b"\xff") == options
    assert read(octets) == options


@given(st.binary(max_size=400))
def test_any_octets_are_options_or_malformed(octets):
    try:
        options = read(octets)
    except MalformedMessage:
        return
    assert sum(map(len, options.values())) <= len(octets)
    assert not {0, 255} & set(options)
