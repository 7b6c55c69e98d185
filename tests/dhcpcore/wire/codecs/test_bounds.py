"""The last value that is right and the first that is wrong, for each bound of a codec, a name and an address."""

import pytest

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.addresses import parse_hardware
from dhcpcore.wire.codecs.addresses import PREFIX4, PREFIX6_SHORT, PortSet
from dhcpcore.wire.codecs.base import Counted, ListOf
from dhcpcore.wire.codecs.location import COORDINATES, COORDINATES_V0
from dhcpcore.wire.codecs.numbers import U8, U16, Integer
from dhcpcore.wire.codecs.text import BINARY, OPAQUE, TEXT, Ascii, Binary, FixedBinary, Text
from dhcpcore.wire.names import encode_compressed, encode_labels, parse_labels, read_compressed, read_labels
from dhcpcore.wire.v4.options import DHCP4_OPTIONS
from dhcpcore.wire.v6.options import DHCP6_OPTIONS

PLACE = {"latitude": 0, "longitude": 0}
LABEL = b"x" * 63
#: 3 * 64 + 62 + 1 octets with the root: the longest name there is, RFC 1035 2.3.4.
LONGEST = (LABEL, LABEL, LABEL, b"y" * 61)


def dotted(labels):
    return b".".join(labels).decode()


RIGHT = [
    (PortSet(), "65535/16", "10ffff"),
    (PortSet(), "0/0", "000000"),
    (U8, 255, "ff"),
    (U8, 0, "00"),
    (Integer(1, signed=True), -128, "80"),
    (Integer(1, signed=True), 127, "7f"),
    (Integer(2, least=68), 68, "0044"),
    (Integer(1, most=3), 3, "03"),
    (Counted(BINARY), "aa" * 255, "ff" + "aa" * 255),
    (Counted(BINARY, 2), "aa" * 256, "0100" + "aa" * 256),
    (Text(octets_max=3), "abc", "616263"),
    (Text(octets_min=3), "abc", "616263"),
    (Binary(2, 2), "0102", "0102"),
    (Ascii(2, "DE"), "DE", "4445"),
    (Ascii(2, "DE"), {"hex": "2d2d"}, "2d2d"),
    (FixedBinary(2), "0102", "0102"),
    (PREFIX4, "255.255.255.255/32", "20ffffffff"),
    (PREFIX6_SHORT, "::/0", "00"),
    (PREFIX6_SHORT, "8000::/1", "0180"),
    (PREFIX6_SHORT, "ff00::/8", "08ff"),
    (PREFIX6_SHORT, "ff80::/9", "09ff80"),
    (OPAQUE, "ä", "c3a4"),
    (OPAQUE, {"hex": "610a"}, "610a"),
    (OPAQUE, {"hex": "6100"}, "6100"),
    (TEXT, "a\n", "610a"),
]


@pytest.mark.parametrize(("codec", "value", "octets"), RIGHT)
def test_the_last_right_value(codec, value, octets):
    assert codec.encode(value).hex() == octets
    assert codec.decode(bytes.fromhex(octets)) == value


WRONG_VALUES = [
    (PortSet(), "65536/16"),
    (PortSet(), "0/17"),
    (PortSet(), "1/0"),
    (PortSet(), "3/0004"),
    (PortSet(), "٣/4"),
    (U8, 256),
    (U8, -1),
    (U8, 1.0),
    (Integer(1, signed=True), -129),
    (Integer(1, signed=True), 128),
    (Integer(2, least=68), 67),
    (Integer(1, most=3), 4),
    (Counted(BINARY), "aa" * 256),
    (Counted(BINARY, 2), "aa" * 65536),
    (Text(octets_max=3), "abcd"),
    (Text(octets_max=3), "abä"),
    (Text(octets_min=3), "ab"),
    (Text(octets_max=3), {"hex": "00000000"}),
    (Binary(2, 2), "01"),
    (Binary(2, 2), "010203"),
    (Binary(2, 2), {"text": "a"}),
    (Binary(2, 2), {"text": "ab", "hex": "00"}),
    (Ascii(2, "DE"), "D"),
    (Ascii(2, "DE"), "D-"),
    (Ascii(2, "DE"), "Dé"),
    (Ascii(2, "DE"), {"hex": "2d"}),
    (FixedBinary(2), "010203"),
    (PREFIX4, "192.0.2.0"),
    (ListOf(U8, count_min=2), [1]),
    (ListOf(U8, multiple=3), [1, 2]),
]


@pytest.mark.parametrize(("codec", "value"), WRONG_VALUES)
def test_the_first_wrong_value(codec, value):
    with pytest.raises(InvalidValue):
        codec.encode(value)


WRONG_OCTETS = [
    (PortSet(), "110000"),
    (U16, "01"),
    (U16, "010203"),
    (Counted(BINARY), "0201"),
    (Counted(BINARY), "00"),
    (Counted(BINARY, 2), "01"),
    (Counted(U8), "020101"),
    (Text(octets_max=3), "61626364"),
    (Text(octets_min=3), "6162"),
    (Binary(2, 2), "01"),
    (Binary(2, 2), "010203"),
    (Ascii(2, "DE"), "44"),
    (FixedBinary(2), "01"),
    (PREFIX4, "21ffffffff"),
    (PREFIX4, "20ffffff"),
    (PREFIX6_SHORT, "81" + "00" * 17),
    (PREFIX6_SHORT, "09ff"),
    (PREFIX6_SHORT, ""),
    (ListOf(U8, count_min=2), "01"),
    (ListOf(U8, multiple=3), "0101"),
]


@pytest.mark.parametrize(("codec", "octets"), WRONG_OCTETS)
def test_the_first_wrong_octets(codec, octets):
    with pytest.raises(MalformedMessage):
        codec.decode(bytes.fromhex(octets))


def test_a_payload_has_65535_octets_at_most():
    assert len(DHCP4_OPTIONS.encode("root-path", "x" * 65535)[1]) == 65535
    assert len(DHCP4_OPTIONS.encode("dhcp-parameter-request-list", [1] * 65535)[1]) == 65535
    assert len(DHCP6_OPTIONS.encode("option-65001", "00" * 65535)[1]) == 65535
    for name, value in (
        ("root-path", "x" * 65536), ("dhcp-parameter-request-list", [1] * 65536), ("option-224", "00" * 65536),
        ("routers", {"hex": "00" * 65536}),
    ):  # fmt: skip
        with pytest.raises(InvalidValue, match="65535"):
            DHCP4_OPTIONS.encode(name, value)


def test_a_list_says_which_item_is_one_too_many():
    with pytest.raises(InvalidValue, match="item 65536"):
        ListOf(U8).encode([1] * 70_000)


def test_an_option_inside_an_option_has_255_octets_at_most_in_dhcpv4():
    assert len(DHCP4_OPTIONS.encode("dhcp-agent-options", {"circuit-id": "x" * 255})[1]) == 257
    with pytest.raises(InvalidValue):
        DHCP4_OPTIONS.encode("dhcp-agent-options", {"circuit-id": "x" * 256})
    assert len(DHCP6_OPTIONS.encode("rsoo", [{"aftr-name": "a.org"}, {"option-65001": "00" * 256}])[1]) == 271


@pytest.mark.parametrize(
    ("field", "last", "first"),
    [("latitude", 90, 90.001), ("latitude", -90, -90.001), ("longitude", 180, 180.001), ("longitude", -180, -180.001),
     ("altitude", 2097151.99609375, 2097152.5), ("altitude", -2097152, -2097152.5), ("datum", 7, 8),
     ("resolution", 7, 8), ("version", 3, 4), ("altitude_type", 15, 16), ("latitude_uncertainty", 63, 64),
     ("datum", 0, -1)],
)  # fmt: skip
def test_the_bounds_of_a_place(field, last, first):
    assert COORDINATES.decode(COORDINATES.encode(PLACE | {field: last}))[field] == last
    with pytest.raises(InvalidValue, match=field):
        COORDINATES.encode(PLACE | {field: first})


def test_a_place_has_the_version_of_its_option_and_says_so_in_whole_numbers():
    assert COORDINATES.decode(COORDINATES.encode(PLACE))["version"] == 1
    assert COORDINATES_V0.decode(COORDINATES_V0.encode(PLACE))["version"] == 0
    for wrong in (True, "1", 1.5):
        with pytest.raises(InvalidValue):
            COORDINATES.encode(PLACE | {"datum": wrong})


def test_the_longest_name_and_one_octet_more():
    wire = encode_labels(LONGEST)
    assert len(wire) == 255
    assert parse_labels(dotted(LONGEST))[0] == LONGEST
    assert read_labels(wire, 0, 255) == (LONGEST, 255)
    assert read_compressed(wire, 0, 0, 255) == (LONGEST, 255)
    longer = (*LONGEST[:3], b"y" * 62)
    wire = encode_labels(longer)
    with pytest.raises(InvalidValue, match="255"):
        parse_labels(dotted(longer))
    with pytest.raises(MalformedMessage):
        read_labels(wire, 0, 256)
    with pytest.raises(MalformedMessage):
        read_compressed(wire, 0, 0, 256)


def test_the_longest_label_and_one_octet_more():
    assert parse_labels("x" * 63)[0] == (LABEL,)
    for wire in (b"\x40" + b"x" * 64 + b"\0", b"\x80\0", b"\xbf\0"):
        with pytest.raises(MalformedMessage, match="63"):
            read_labels(wire, 0, len(wire))
        with pytest.raises(MalformedMessage, match="63"):
            read_compressed(wire, 0, 0, len(wire))


def test_a_label_that_reaches_past_its_end_is_cut_off_even_where_the_buffer_goes_on():
    for read in (lambda: read_labels(b"\3abc\0", 0, 3), lambda: read_compressed(b"\3abc\0", 0, 0, 3)):
        with pytest.raises(MalformedMessage, match="a label is cut off"):
            read()


def test_the_last_place_that_a_pointer_can_name():
    # 64 octets a name and one less for the filler, so that "z" stands at 0x3fff; in the second list one further on.
    head = [(b"%03d" % number + b"x" * 59,) for number in range(255)]
    for filler, octets in (((b"f" * 61,), 2), ((b"f" * 62,), 3)):
        names = [*head, filler, (b"z",), (b"z",)]
        wire = encode_compressed(names)
        at = sum(len(name[0]) + 2 for name in [*head, filler])
        assert wire[at:].startswith(b"\1z\0")
        assert len(wire) - at - 3 == octets
        assert (at <= 0x3FFF) is (octets == 2)


def test_a_hardware_address_has_20_octets_at_most():
    assert len(parse_hardware("00" * 20)) == 20
    assert len(parse_hardware("00")) == 1
    with pytest.raises(InvalidValue):
        parse_hardware("00" * 21)
