"""Spaces of options: by name, by code, and with the administrator's own."""

import pytest

from dhcpcore.errors import InvalidValue
from dhcpcore.wire.definitions import TYPES
from dhcpcore.wire.v4.options import DHCP4_OPTIONS
from dhcpcore.wire.v6.options import DHCP6_OPTIONS


def own(**fields):
    return {"space": "dhcp4", "code": 224, "name": "x-own", "type": "string"} | fields


def test_an_option_is_found_by_name_by_code_and_by_digits():
    assert DHCP4_OPTIONS.find("routers") is DHCP4_OPTIONS.find(3) is DHCP4_OPTIONS.find("3") is DHCP4_OPTIONS.row(3)


def test_an_unknown_code_passes_through_as_octets():
    assert DHCP4_OPTIONS.row(224).name == "option-224"
    assert DHCP4_OPTIONS.decode(224, b"\1\2") == ("option-224", "0102")
    assert DHCP4_OPTIONS.decode(224, b"") == ("option-224", "")
    assert DHCP4_OPTIONS.encode("option-224", "01:02") == (224, b"\1\2")


def test_option_nnn_means_octets_even_where_the_table_knows_the_code():
    assert DHCP4_OPTIONS.encode("option-3", "0102") == (3, b"\1\2")
    with pytest.raises(InvalidValue):
        DHCP4_OPTIONS.encode("option-3", ["192.0.2.1"])


@pytest.mark.parametrize(
    ("name", "hint"),
    [("router", "did you mean routers"), ("domain-nameservers", "domain-name-servers"), ("Routers", "routers"),
     ("xyzzy", "option-NNN with hex"), ("option-0", "from 1 to 254"), ("option-255", "from 1 to 254"),
     ("option-256", "from 1 to 254"), ("option-", "option-NNN"), ("option-1a", "option-NNN"), ("-1", "option-NNN"),
     ("999999", "option-NNN"), ("", "option-NNN")],
)  # fmt: skip
def test_an_unknown_name_is_refused_with_the_nearest(name, hint):
    with pytest.raises(InvalidValue) as refusal:
        DHCP4_OPTIONS.encode(name, "00")
    assert hint in str(refusal.value)


def test_dhcpv6_has_codes_up_to_65535_and_dhcpv4_names_are_not_known_there():
    assert DHCP6_OPTIONS.encode("option-65535", "00") == (65535, b"\0")
    with pytest.raises(InvalidValue):
        DHCP6_OPTIONS.find("routers")


def test_a_row_cannot_be_changed():
    with pytest.raises(TypeError):
        DHCP4_OPTIONS.by_code[3] = DHCP4_OPTIONS.row(6)
    with pytest.raises(AttributeError):
        DHCP4_OPTIONS.row(3).code = 4


def test_an_option_that_may_repeat_takes_a_list_and_another_does_not():
    resolver = {"priority": 1, "name": "dot.example.org"}
    assert [code for code, _octets in DHCP6_OPTIONS.encode_each("v6-dnr", [resolver, resolver])] == [144, 144]
    assert len(DHCP6_OPTIONS.encode_each("v6-dnr", resolver)) == 1
    assert len(DHCP6_OPTIONS.encode_each("dns-servers", ["2001:db8::1", "2001:db8::2"])) == 1
    with pytest.raises(InvalidValue, match="item 2"):
        DHCP6_OPTIONS.encode_each("v6-dnr", [resolver, {}])


def test_only_what_an_administrator_gives_is_settable():
    computed = ("dhcp-message-type", "dhcp-lease-time", "dhcp-server-identifier", "dhcp-agent-options", "pad", "end",
                "dhcp-client-identifier", "dhcp-parameter-request-list")  # fmt: skip
    assert not any(DHCP4_OPTIONS.by_name[name].settable for name in computed)
    assert all(DHCP4_OPTIONS.by_name[name].settable for name in ("routers", "host-name", "vendor-class-identifier"))
    assert not any(DHCP6_OPTIONS.by_name[name].settable for name in ("ia-na", "clientid", "s46-br", "rsoo"))
    assert all(DHCP6_OPTIONS.by_name[name].settable for name in ("dns-servers", "vendor-opts", "s46-cont-mape"))


# The administrator's own options.

VALUES = {
    "binary": ("0102", "0102"),
    "boolean": (True, "01"),
    "empty": (True, ""),
    "fqdn": ("a.org", "0161036f726700"),
    "int8": (-1, "ff"),
    "int16": (-2, "fffe"),
    "int32": (-3, "fffffffd"),
    "internal": ("00", "00"),
    "ipv4-address": ("192.0.2.1", "c0000201"),
    "ipv4-prefix": ("10.0.0.0/8", "080a"),
    "ipv6-address": ("::1", "00" * 15 + "01"),
    "ipv6-prefix": ("2001:db8::/32", "2020010db8"),
    "psid": ("3/4", "043000"),
    "string": ("hi", "6869"),
    "uint8": (255, "ff"),
    "uint16": (258, "0102"),
    "uint32": (1, "00000001"),
}


def test_every_type_is_tried_below():
    assert set(VALUES) == set(TYPES)


@pytest.mark.parametrize("kind", VALUES)
def test_a_type_encodes_as_it_should(kind):
    value, octets = VALUES[kind]
    space = DHCP4_OPTIONS.with_definitions([own(type=kind)])
    assert space.encode("x-own", value) == (224, bytes.fromhex(octets))
    assert space.decode(224, bytes.fromhex(octets)) == ("x-own", value)
    assert space.find("x-own").settable


def test_the_built_in_space_stays_as_it_was():
    larger = DHCP4_OPTIONS.with_definitions([own()])
    assert "x-own" in larger.by_name
    assert "x-own" not in DHCP4_OPTIONS.by_name
    assert larger.by_name["routers"] is DHCP4_OPTIONS.by_name["routers"]
    assert "x-own" in larger.with_definitions([own(code=225, name="x-two")]).by_name


def test_a_tuple_counts_as_the_family_does():
    four = DHCP4_OPTIONS.with_definitions([own(type="tuple", array=True)])
    six = DHCP6_OPTIONS.with_definitions([own(space="dhcp6", type="tuple", array=True)])
    assert four.encode("x-own", ["a", "bc"])[1] == b"\1a\2bc"
    assert six.encode("x-own", ["a", "bc"])[1] == b"\0\1a\0\2bc"


def test_an_array_repeats_its_type_and_a_record_s_array_its_last_field():
    numbers = DHCP4_OPTIONS.with_definitions([own(type="uint16", array=True)])
    assert numbers.encode("x-own", [1, 2])[1] == b"\0\1\0\2"
    record = DHCP4_OPTIONS.with_definitions(
        [
            own(
                type="record",
                fields=[{"name": "level", "type": "uint8"}, {"name": "at", "type": "ipv4-address"}],
                array=True,
            )
        ]
    )
    assert record.encode("x-own", {"level": 7, "at": ["192.0.2.1", "192.0.2.2"]})[1].hex() == "07c0000201c0000202"
    assert record.decode(224, b"\7\xc0\0\2\1") == ("x-own", {"level": 7, "at": ["192.0.2.1"]})


def test_a_record_without_names_numbers_its_fields():
    space = DHCP4_OPTIONS.with_definitions([own(type="record", fields=["uint8", "string"])])
    assert space.encode("x-own", [7, "a"]) == space.encode("x-own", {"field1": 7, "field2": "a"}) == (224, b"\7a")


def test_an_option_may_encapsulate_a_space_of_its_own():
    definitions = [
        own(type="empty", encapsulates="mine"),
        {"space": "mine", "code": 1, "name": "level", "type": "uint8"},
        {"space": "mine", "code": 2, "name": "more", "type": "uint16", "encapsulates": "mine"},
    ]
    space = DHCP4_OPTIONS.with_definitions(definitions)
    value = {"level": 7, "more": {"value": 258, "options": {"level": 9}}}
    assert space.encode("x-own", value)[1].hex() == "01010702050102010109"
    assert space.decode(224, bytes.fromhex("01010702050102010109")) == ("x-own", value)
    assert space.row(224).encapsulates == "mine"


def test_a_space_belongs_to_the_family_whose_option_leads_to_it():
    definitions = [
        own(type="empty", encapsulates="mine"),
        {"space": "mine", "code": 1, "name": "deeper", "type": "empty", "encapsulates": "deep"},
        {"space": "deep", "code": 1, "name": "level", "type": "uint8"},
        {"space": "dhcp6", "code": 65001, "name": "x-six", "type": "empty", "encapsulates": "theirs"},
        {"space": "theirs", "code": 1, "name": "level", "type": "uint8"},
    ]
    assert {"mine", "deep"} < DHCP4_OPTIONS.spaces_of(definitions)
    assert "theirs" not in DHCP4_OPTIONS.spaces_of(definitions)
    assert not {"mine", "deep"} & DHCP6_OPTIONS.spaces_of(definitions)
    four, six = (space.with_definitions(definitions) for space in (DHCP4_OPTIONS, DHCP6_OPTIONS))
    assert four.encode("x-own", {"deeper": {"level": 7}})[1].hex() == "0103010107"
    assert six.encode("x-six", [{"level": 7}])[1].hex() == "0001000107"


def test_vendors_options_get_names_in_both_families():
    definitions = [{"space": "vendor-4491", "code": 2, "name": "tftp", "type": "ipv4-address", "array": True}]
    four = DHCP4_OPTIONS.with_definitions(definitions)
    six = DHCP6_OPTIONS.with_definitions(definitions)
    value = {"enterprise": 4491, "options": {"tftp": ["192.0.2.1"]}}
    assert four.encode("vivso-suboptions", [value])[1].hex() == "0000118b060204c0000201"
    assert six.encode("vendor-opts", value)[1].hex() == "0000118b00020004c0000201"
    only6 = [{**definitions[0], "family": 6}]
    with pytest.raises(InvalidValue):
        DHCP4_OPTIONS.with_definitions(only6).encode("vivso-suboptions", [value])
    assert DHCP6_OPTIONS.with_definitions(only6).encode("vendor-opts", value)


def test_option_43_gets_names_from_its_space():
    space = DHCP4_OPTIONS.with_definitions(
        [{"space": "vendor-encapsulated-options-space", "code": 6, "name": "discovery", "type": "uint8"}]
    )
    assert space.encode("vendor-encapsulated-options", {"discovery": 8, "end": True})[1] == b"\6\1\x08\xff"
    assert space.decode(43, b"\6\1\x08\xff")[1] == {"discovery": 8, "end": True}


def test_definitions_of_the_other_family_are_passed_over():
    assert DHCP4_OPTIONS.with_definitions([own(space="dhcp6", code=65001)]).rows == DHCP4_OPTIONS.rows
    assert "dhcp6" not in DHCP4_OPTIONS.spaces_of([own(space="dhcp6")])
    assert "nowhere" not in DHCP4_OPTIONS.spaces_of([own(space="nowhere")])


WRONG = [
    ({"code": 3}, "code: 3 is routers in dhcp4 already"),
    ({"name": "routers"}, "name: routers is code 3"),
    ({"code": 0}, "from 1 to 254"),
    ({"code": 255}, "from 1 to 254"),
    ({"code": "224"}, "from 1 to 254"),
    ({"code": True}, "from 1 to 254"),
    ({"name": "option-7"}, "x-colour"),
    ({"name": "7"}, "x-colour"),
    ({"name": "hex"}, "x-colour"),
    ({"name": "a b"}, "x-colour"),
    ({"name": None}, "x-colour"),
    ({"type": "colour"}, "uint8"),
    ({"type": ["uint8"]}, "uint8"),
    ({"type": "string", "array": True}, "no end of its own"),
    ({"type": "empty", "array": True}, "no end of its own"),
    ({"array": "yes"}, "true or false"),
    ({"fields": ["uint8", "uint8"]}, "only the type record"),
    ({"type": "record"}, "at least two"),
    ({"type": "record", "fields": ["uint8"]}, "at least two"),
    ({"type": "record", "fields": ["string", "uint8"]}, "item 1: string cannot stand here"),
    ({"type": "record", "fields": ["uint8", "string"], "array": True}, "item 2"),
    ({"type": "record", "fields": ["uint8", "empty"]}, "item 2"),
    ({"type": "record", "fields": ["uint8", "colour"]}, "item 2: type"),
    ({"type": "record", "fields": ["uint8", None]}, "item 2"),
    ({"type": "record", "fields": [{"name": "a", "type": "uint8"}] * 2}, "a is there twice"),
    ({"type": "uint8", "encapsulates": "nowhere"}, "no option is defined in the space 'nowhere'"),
    ({"type": "uint8", "array": True, "encapsulates": "dhcp-agent-options-space"}, "have no end"),
    ({"type": "string", "encapsulates": "dhcp-agent-options-space"}, "have no end"),
    ({"encapsulates": 7}, "the name of a space"),
    ({"doc": 7}, "doc"),
    ({"colour": "red"}, "colour unknown"),
]


@pytest.mark.parametrize(("fields", "hint"), WRONG, ids=[str(fields) for fields, _hint in WRONG])
def test_a_wrong_definition_is_refused_and_the_others_stand(fields, hint):
    good = own(code=230, name="x-good", type="uint8")
    space, faults = DHCP4_OPTIONS.extended([good, own(**fields)])
    assert [index for index, _message in faults] == [1]
    assert hint in faults[0][1]
    assert space.rows == (*DHCP4_OPTIONS.rows, space.by_name["x-good"])
    with pytest.raises(InvalidValue) as refusal:
        DHCP4_OPTIONS.with_definitions([good, own(**fields)])
    assert "option_definitions[1]: " in str(refusal.value)


def test_a_definition_may_say_what_it_is_for():
    assert DHCP4_OPTIONS.with_definitions([own(doc="Colour of the door.")]).find("x-own").doc == "Colour of the door."
    assert DHCP4_OPTIONS.with_definitions([own()]).find("x-own").doc == "Defined in this site's document."


def test_a_definition_without_its_parts_is_refused():
    _space, faults = DHCP4_OPTIONS.extended([{"space": "dhcp4"}])
    assert faults == [(0, "code, name, type missing: a definition has space, code, name, type")]


def test_two_definitions_of_one_code_or_name_are_refused():
    _space, faults = DHCP4_OPTIONS.extended([own(), own(name="x-two"), own(code=225)])
    assert [index for index, _message in faults] == [1, 2]
