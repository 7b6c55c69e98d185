import pytest

from app.services import option_preview
from dhcpcore.errors import InvalidDocument
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.validate import validate
from tests.app.people import appliance
from tests.app.site import DOCUMENT, define


@pytest.fixture
def site(sqlite_database):
    definitions = [
        {"space": "dhcp4", "code": 224, "name": "x-places", "type": "record", "array": True,
         "fields": [{"name": "level", "type": "uint8"}, {"name": "at", "type": "ipv4-address"}]},
        {"space": "vendor-encapsulated-options-space", "code": 1, "name": "x-mode", "type": "uint16"},
        {"space": "dhcp6", "code": 4001, "name": "x-six", "type": "string"}]
    Definitions(sqlite_database).apply(validate({**DOCUMENT, "option_definitions": definitions}), actor="test")
    return appliance(sqlite_database)


def one(site, name, value, family=4):
    (made,) = option_preview.preview(site, {name: value}, family)
    return made


# The octets are written by hand: code, length, payload.
@pytest.mark.parametrize(("name", "value", "family", "wire", "reads_back"), [
    ("routers", ["192.0.2.1", "192.0.2.2"], 4, "0308c0000201c0000202", ["192.0.2.1", "192.0.2.2"]),
    ("3", ["192.0.2.1"], 4, "0304c0000201", ["192.0.2.1"]),
    ("option-231", {"hex": "00ff"}, 4, "e70200ff", "00ff"),
    ("x-places", {"level": 1, "at": ["192.0.2.1"]}, 4, "e00501c0000201", {"level": 1, "at": ["192.0.2.1"]}),
    ("vendor-encapsulated-options", {"x-mode": 5}, 4, "2b0401020005", {"x-mode": 5}),
    ("classless-static-route", [{"destination": "10.0.0.0/8", "router": "192.0.2.1"}], 4, "7906080ac0000201",
     [["10.0.0.0/8", "192.0.2.1"]]),
    ("x-six", "a", 6, "0fa1000161", "a"),
])
def test_an_option_on_the_wire_and_read_back(site, name, value, family, wire, reads_back):
    made = one(site, name, value, family)
    assert (made.wire, made.value, made.fault, made.unreadable) == (wire, reads_back, None, None)
    assert made.octets == len(made.payload) // 2


def test_a_long_option_is_in_parts(site):
    made = one(site, "option-231", {"hex": "01" * 256})
    assert made.wire == "e7ff" + "01" * 255 + "e70101"


@pytest.mark.parametrize(("name", "value", "said"), [
    ("router", ["192.0.2.1"], "did you mean routers"),
    ("routers", "192.0.2.1", "a list such as"),
    ("dhcp-lease-time", 5, "not for the administrator"),
    ("x-places", {"level": 1}, "at missing"),
    ("option-999", {"hex": "00"}, "999 is not the code of an option"),
])
def test_what_is_wrong_is_told_with_what_is_right(site, name, value, said):
    made = one(site, name, value)
    assert said in made.fault
    assert (made.wire, made.code) == ("", None)


def test_hex_that_is_no_value_of_the_option_is_sent_and_told(site):
    made = one(site, "routers", {"hex": "c00002"})
    assert (made.wire, made.value) == ("0303c00002", {"hex": "c00002"})
    assert made.unreadable


def test_one_wrong_option_hides_no_other(site):
    made = option_preview.preview_text(site, "router: [192.0.2.1]\ndomain-name: example.org\n")
    assert [bool(each.fault) for each in made] == [True, False]
    assert option_preview.preview_text(site, " \n") == ()


@pytest.mark.parametrize(("text", "said"), [("[1, 2]", "no mapping"), ("a: [", "options"), ("x: 1\nx: 2", "options")])
def test_a_text_that_is_no_mapping_is_told(site, text, said):
    with pytest.raises(InvalidDocument) as refusal:
        option_preview.preview_text(site, text)
    assert said in str(refusal.value)


def test_limits(site):
    with pytest.raises(InvalidDocument, match="at most 300"):
        option_preview.preview(site, {f"option-{n}": "00" for n in range(301)})
    with pytest.raises(InvalidDocument, match="right are 4 and 6"):
        option_preview.preview(site, {}, 5)


@pytest.mark.parametrize(("name", "text", "payload"), [
    ("routers", "[192.0.2.1]", "c0000201"), ("interface-mtu", "1500", "05dc"), ("domain-name", "17", "3137"),
    ("dhcp-client-identifier", "0102", None), ("option-231", "0102", "0102"), ("option-231", "{hex: 00ff}", "00ff"),
    ("ip-forwarding", "true", "01"), ("domain-name", "a: [", "613a205b"), ("routers", "192.0.2.1", None),
])
def test_a_value_typed_alone(site, name, text, payload):
    made = option_preview.typed(site, name, text)
    assert made.payload == (payload or "")
    assert bool(made.fault) == (payload is None)


def test_without_definitions_the_tables_are_there(sqlite_database):
    define(sqlite_database)
    assert one(appliance(sqlite_database), "domain-name", "a").payload == "61"
