"""The option tables against IANA's and Kea's lists, and every row against itself."""

from pathlib import Path

import pytest

from dhcpcore.wire.codecs.addresses import Address4, Address6, PortSet
from dhcpcore.wire.codecs.base import Codec, Counted, ListOf, Record
from dhcpcore.wire.codecs.names import CompressedNames, Name
from dhcpcore.wire.codecs.numbers import Boolean, Integer, Presence
from dhcpcore.wire.codecs.text import Binary, Text
from dhcpcore.wire.options import OptionSpace
from dhcpcore.wire.rows import OptionRow
from dhcpcore.wire.v4.options import DHCP4_OPTIONS
from dhcpcore.wire.v6.options import DHCP6_OPTIONS

DATA = Path(__file__).parent / "data"
SPACES = {4: DHCP4_OPTIONS, 6: DHCP6_OPTIONS}
#: Rows that Kea's list does not have: those that IANA knows, and two well-known ones that it does not (249, 252).
EXTRA = {
    4: {109: "dhcp4o6-s46-saddr", 147: "v4-dots-ri", 148: "v4-dots-address", 150: "tftp-server-address",
        208: "pxelinux-magic", 249: "classless-static-route-ms", 252: "wpad-url"},
    6: {112: "mud-url-v6"},
}
#: IANA's registry of DHCPv6 options: codes whose column "Client ORO" is not No, and whose "Singleton Option" is No.
REQUESTABLE = (
    {17, 36, 67, 88, 90, 103, 104, 111, 113, 136, 137}
    | set(range(21, 25)) | set(range(27, 35)) | set(range(39, 43)) | set(range(49, 53)) | set(range(54, 61))
    | set(range(62, 66)) | set(range(69, 79)) | set(range(82, 87)) | set(range(94, 100)) | set(range(141, 149))
)  # fmt: skip
REPEATABLE = {3, 4, 5, 16, 17, 25, 26, 86, 89, 90, 94, 104, 113, 138, 139, 144, 145}
MARKERS = {4: {0, 255}, 6: set()}


def listed(family: int) -> list[list[str]]:
    lines = (DATA / f"dhcp{family}-options.tsv").read_text().splitlines()
    return [[*line.split("\t"), "", ""][:4] for line in lines if not line.startswith("#")]


#: Where the value's form is the RFC's own and says more than Kea's type, by family and name.
RICHER = {
    4: {
        "user-class": "a list of counted classes, or bare octets",
        "nwip-suboptions": "sub-options by name",
        "authenticate": "its fields",
        "geoconf-civic": "its fields",
        "classless-static-route": "pairs of prefix and router",
        "vivco-suboptions": "several enterprises",
        "vivso-suboptions": "several enterprises with their options",
        "v4-dnr": "its fields",
        "fqdn": "one codec that knows the flag E",
    },
    6: {
        "ia-na": "fields and options",
        "ia-ta": "fields and options",
        "iaaddr": "fields and options",
        "ia-pd": "fields and options",
        "iaprefix": "a prefix with its length, and options",
        "auth": "its fields",
        "user-class": "a list of counted classes",
        "vendor-class": "a list of counted classes",
        "vendor-opts": "the enterprise's options",
        "geoconf-civic": "its fields",
        "client-fqdn": "one codec that knows partial names",
        "rsoo": "options",
        "pd-exclude": "what is on the wire; the whole prefix is not known here",
        "client-linklayer-addr": "type and address",
        "v6-dnr": "its fields",
    },
}


def kea_type(codec: Codec) -> str:
    """The codec's name in Kea's list; its class for one that Kea does not have."""
    if isinstance(codec, ListOf):
        return kea_type(codec.item) + "[]"
    if isinstance(codec, Record):
        fields = [codec for _name, codec in codec.fields]
        array = isinstance(fields[-1], ListOf)
        names = [kea_type(field.item if isinstance(field, ListOf) else field) for field in fields]
        return f"record({', '.join(names)})" + ("[]" if array else "")
    if isinstance(codec, Integer):
        return f"{'' if codec.signed else 'u'}int{codec.octets * 8}"
    if isinstance(codec, Counted):
        return "tuple"
    return {
        Address4: "ipv4-address", Address6: "ipv6-address", Binary: "binary", Boolean: "boolean", Text: "string",
        CompressedNames: "fqdn[]", Name: "fqdn", PortSet: "psid", Presence: "empty",
    }.get(type(codec), type(codec).__name__)  # fmt: skip


def inner_spaces(space: OptionSpace) -> dict[str, tuple[OptionRow, ...]]:
    return {name: rows for name, rows in space._tables.items() if name != space.name}


ROWS = [
    pytest.param(space, row, id=f"{space.name}-{row.name}")
    for family, space in SPACES.items()
    for row in space.rows
    if row.code not in MARKERS[family]
]


@pytest.mark.parametrize("family", SPACES)
def test_codes_and_names_are_those_of_the_list(family):
    expected = {int(code): name for code, name, _kind, _inside in listed(family)} | EXTRA[family]
    assert {row.code: row.name for row in SPACES[family].rows} == expected


@pytest.mark.parametrize("family", SPACES)
def test_types_are_those_of_the_list_unless_said_otherwise(family):
    differing = set()
    for code, name, kind, _inside in listed(family):
        if kind and kea_type(SPACES[family].by_code[int(code)].codec) != kind:
            differing.add(name)
    assert differing == set(RICHER[family])


@pytest.mark.parametrize("family", SPACES)
def test_no_code_and_no_name_stands_twice(family):
    for rows in [SPACES[family].rows, *inner_spaces(SPACES[family]).values()]:
        assert len({row.code for row in rows}) == len({row.name for row in rows}) == len(rows)


def test_what_may_be_asked_for_and_what_may_repeat_is_as_iana_says():
    assert {row.code for row in DHCP6_OPTIONS.rows if row.requestable} == REQUESTABLE
    assert {row.code for row in DHCP6_OPTIONS.rows if row.repeats} == REPEATABLE


@pytest.mark.parametrize(("space", "row"), ROWS)
def test_a_row_s_example_survives_the_wire(space, row):
    example = row.describe()["example"]
    code, octets = space.encode(row.name, example)
    assert code == row.code
    assert row.encode(row.decode(octets)) == octets
    assert space.decode(code, octets)[0] == row.name


@pytest.mark.parametrize(("space", "row"), ROWS)
def test_every_row_takes_hex(space, row):
    assert space.encode(row.name, {"hex": "01:02:03"}) == (row.code, b"\1\2\3")


@pytest.mark.parametrize(("space", "row"), ROWS)
def test_every_row_says_where_it_comes_from(space, row):
    assert row.rfc
    assert row.doc.endswith(".") or row.doc.endswith("…")
    assert row.messages
