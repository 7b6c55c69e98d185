"""DNS names; scapy, which has its own reader of DNS, is the judge of compression."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dns import dns_get_str

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.names import (
    encode_compressed,
    encode_labels,
    format_labels,
    parse_labels,
    read_compressed,
    read_labels,
    read_partial_labels,
)

LABEL = st.binary(min_size=1, max_size=63)
NAME = st.lists(LABEL, max_size=6).map(tuple).filter(lambda labels: sum(len(label) + 1 for label in labels) < 255)


@given(NAME)
def test_wire_and_text_there_and_back(labels):
    wire = encode_labels(labels)
    assert len(wire) == 1 + sum(1 + len(label) for label in labels)
    assert read_labels(wire, 0, len(wire)) == (labels, len(wire))
    text = format_labels(labels)
    assert parse_labels(text)[0] == labels


@given(st.lists(NAME, min_size=1, max_size=5))
def test_compressed_lists_there_and_back(names):
    wire = encode_compressed(names)
    assert len(wire) <= sum(len(encode_labels(name)) for name in names)
    at = 0
    for name in names:
        labels, at = read_compressed(wire, 0, at, len(wire))
        assert labels == name
    assert at == len(wire)


@given(st.lists(st.lists(st.sampled_from([b"a", b"eng", b"org", b"example"]), min_size=1), min_size=1, max_size=6))
def test_the_judge_reads_our_compression(names):
    wire = left = encode_compressed([tuple(name) for name in names])
    for name in names:
        text, left, *_rest = dns_get_str(left, wire)
        assert text == b".".join(name) + b"."
    assert left == b""


def test_pointers_count_from_the_start_of_the_list():
    wire = b"\xff\xff" + encode_compressed([(b"a", b"org"), (b"b", b"org")])
    assert read_compressed(wire, 2, 9, len(wire)) == ((b"b", b"org"), 13)


def test_a_name_far_behind_is_not_pointed_at():
    far = [(b"x" * 60, b"%d" % number) for number in range(400)]
    wire = encode_compressed([*far, far[-1], far[0]])
    at = 0
    for name in [*far, far[-1], far[0]]:
        labels, at = read_compressed(wire, 0, at, len(wire))
        assert labels == name
    assert at == len(wire)


def test_partial_and_absolute_names():
    assert parse_labels("host") == ((b"host",), False)
    assert parse_labels("host.") == ((b"host",), True)
    assert parse_labels(".") == ((), True)
    assert read_partial_labels(b"\4host", 0, 5) == ((b"host",), 5, False)
    assert read_partial_labels(b"\4host\0x", 0, 7) == ((b"host",), 6, True)
    assert encode_labels((b"host",), terminated=False) == b"\4host"


def test_odd_octets_are_escaped_in_text():
    assert format_labels((b"a.b", b"c d\\", b"\xff")) == r"a\.b.c\032d\\.\255"
    assert parse_labels(r"a\.b.c\032d\\.\255") == ((b"a.b", b"c d\\", b"\xff"), False)


@pytest.mark.parametrize(
    "text", ["a..b", "..", ".a", "a b", "exämple", "a\\", r"\256", "a" * 64, ".".join(["a" * 63] * 4), "a\tb", "a\n"]
)
def test_wrong_names_are_refused(text):
    with pytest.raises(InvalidValue):
        parse_labels(text)


@pytest.mark.parametrize(
    "wire",
    [b"", b"\4hos", b"\4host", b"\x40" + b"a" * 64 + b"\0", b"\xc0\0", b"\x80", (b"\x3f" + b"a" * 63) * 4 + b"\0"],
)
def test_broken_names_are_malformed(wire):
    with pytest.raises(MalformedMessage):
        read_labels(wire, 0, len(wire))


@pytest.mark.parametrize(
    "wire",
    [
        b"\xc0\0",
        b"\1a\xc0\2",
        b"\1a\xc0\5\0\0",
        b"\xc0",
        b"\1a",
        b"\1a\xc0",
        (b"\x3f" + b"a" * 63) * 4 + b"\0",
        b"\x40a\0",
    ],
)
def test_pointers_that_lead_nowhere_or_round_are_malformed(wire):
    with pytest.raises(MalformedMessage):
        read_compressed(wire, 0, 0, len(wire))


def test_a_chain_of_pointers_ends():
    wire = b"\1a\0" + b"".join(b"\xc0" + bytes([0 if n == 0 else 3 + 2 * (n - 1)]) for n in range(100))
    assert read_compressed(wire, 0, len(wire) - 2, len(wire)) == ((b"a",), len(wire))


def test_a_name_pieced_together_too_long_is_malformed():
    # Each name is a label and a pointer to the one before: the fifth is over 255 octets.
    wire = b"\x3f" + b"a" * 63 + b"\0"
    starts = [0]
    for _number in range(4):
        starts.append(len(wire))
        wire += b"\x3f" + b"b" * 63 + (0xC000 | starts[-2]).to_bytes(2, "big")
    assert len(read_compressed(wire, 0, starts[2], len(wire))[0]) == 3
    with pytest.raises(MalformedMessage):
        read_compressed(wire, 0, starts[4], len(wire))


@given(st.binary(max_size=80))
def test_any_octets_are_names_or_malformed(wire):
    at = 0
    try:
        while at < len(wire):
            labels, stop = read_compressed(wire, 0, at, len(wire))
            assert stop > at
            assert parse_labels(format_labels(labels))[0] == labels
            at = stop
    except MalformedMessage:
        assert at < len(wire)
