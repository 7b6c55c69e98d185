import pytest

from app.services.identities import Sought, client_text, hardware_of6, hardware_text, relay_words, sought
from dhcpcore.errors import InvalidValue
from tests.packets6 import RELAYED_SOLICIT, SOLICIT, message, option, relayed

MAC = bytes.fromhex("020000000001")


@pytest.mark.parametrize("typed", ["02:00:00:00:00:01", "02-00-00-00-00-01", "0200.0000.0001", "0x020000000001",
                                   " 02 00 00 00 00 01 ", "2:0:0:0:0:1"])
def test_a_hardware_address_is_found_under_each_key_it_may_have(typed):
    found = sought(typed).identities
    for key in (b"\x00\x01" + MAC, b"\x01" + MAC, b"\x01\x01" + MAC, b"\x01" + MAC):
        assert key in found


@pytest.mark.parametrize(("typed", "address"), [("192.0.2.1", b"\xc0\0\2\1"), ("2001:db8::1", b"\x20\x01\x0d\xb8"
                                                                              + bytes(11) + b"\1")])
def test_an_address_is_an_address(typed, address):
    assert sought(typed) == Sought(address=address)


@pytest.mark.parametrize("typed", ["printer", "printer-1.example.org", "beef", "192.0.2", "büro", "<script>"])
def test_anything_else_is_part_of_a_host_name(typed):
    assert sought(typed) == Sought(text=typed)


def test_nothing_is_refused_in_words():
    with pytest.raises(InvalidValue, match="Nothing was asked for"):
        sought("  ")


def test_keys_in_words():
    assert hardware_text(b"\x01" + MAC) == "02:00:00:00:00:01"
    assert hardware_text(b"\x20" + MAC) == "type 32 02:00:00:00:00:01"
    assert hardware_text(b"") == ""
    assert client_text(b"\x00\x01" + MAC) == "hardware 02:00:00:00:00:01"
    assert client_text(b"\x01\xff\x00") == "client-id ff:00"
    assert client_text(b"\x02\0\0\0\1\0\3") == "iaid 00000001 duid 00:03"
    assert client_text(b"\x03\0\0\0\1\0\3") == "temporary iaid 00000001 duid 00:03"
    assert client_text(b"\x09\x01") == "unknown 0901"
    assert client_text(b"") == "unknown "


@pytest.mark.parametrize(("agent", "said"), [
    ("01:06:65:74:68:2f:31:37:02:02:00:ff:09:01:07",
     (("Circuit", "eth/17"), ("Remote end", "00:ff"), ("Relay's sub-option 9", "07"))),
    ("06:01:41", (("Subscriber", "A"),)),
    ("01:02:e9:41", (("Circuit", "e9:41"),)),
    ("01:09:41", (("Relay's words", "01:09:41"),))])
def test_what_a_relay_told_is_read_as_text_where_it_is_one(agent, said):
    assert relay_words(agent) == said


def test_what_a_relay_of_dhcpv6_told_is_read_by_the_names_of_its_options():
    agent = (option(18, b"eth/17") + option(37, b"\0\0\0\x09\xff")).hex()
    assert relay_words(agent, True) == (("Relay's interface-id", "eth/17"), ("Relay's remote-id", "00:00:00:09:ff"))
    assert relay_words("0012", True) == (("Relay's words", "0012"),)


@pytest.mark.parametrize(("datagram", "hw"), [
    (RELAYED_SOLICIT, "013431c43cb2f1"),
    (message(SOLICIT, option(1, bytes.fromhex("00010001deadbeef") + MAC)), "01020000000001"),
    (relayed(message(SOLICIT, option(1, b"\0\2abc")), option(79, b"\0\1" + MAC)), "01020000000001"),
    (message(SOLICIT, option(1, b"\0\4" + bytes(16))), ""), (message(SOLICIT), ""), (b"\1", "")],
    ids=["DUID-LL", "DUID-LLT", "as its relay saw it", "DUID-UUID", "no DUID", "unreadable"])
def test_the_hardware_address_of_a_dhcpv6_message(datagram, hw):
    assert hardware_of6(datagram).hex() == hw
