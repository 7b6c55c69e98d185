"""The tests' own decoder is itself tested: against bytes written by hand and against its own encoder."""

import pytest

from tests.interop import packets
from tests.interop.packets import ACK, DISCOVER, Message, NotDhcp

HARDWARE = bytes.fromhex("020000000001")
FIXED = (
    "01010600 0000002a 0003 8000 00000000 00000000 00000000 c0000202" + "020000000001" + "00" * 10 + "00" * 192
).replace(" ", "")


def by_hand(options: str, sname: bytes = b"", file: bytes = b"") -> bytes:
    head = bytearray.fromhex(FIXED)
    head[44 : 44 + len(sname)] = sname
    head[108 : 108 + len(file)] = file
    return bytes(head) + packets.MAGIC + bytes.fromhex(options)


def test_a_message_written_by_hand_is_read():
    message = packets.decode(by_hand("350101 3d0701020000000001 00 ff"))
    assert (message.op, message.xid, message.secs, message.flags) == (1, 42, 3, 0x8000)
    assert (message.kind, message.name, message.chaddr) == (DISCOVER, "DISCOVER", HARDWARE)
    assert packets.text(message.giaddr) == "192.0.2.2"
    assert message.client == b"id:\x01" + HARDWARE


def test_without_an_identifier_the_hardware_address_is_the_client():
    assert packets.decode(by_hand("350101ff")).client == b"hw:\x01" + HARDWARE


def test_a_repeated_option_is_one_value():
    assert packets.decode(by_hand("0604c0000235 0604c0000236 ff")).addresses(6) == ("192.0.2.53", "192.0.2.54")


def test_overloaded_fields_are_read_file_first():
    message = packets.decode(by_hand("340103 0c0161 ff", sname=b"\x0c\x01c\xff", file=b"\x0c\x01b\xff"))
    assert message.options[12] == b"abc"


def test_fields_that_are_not_overloaded_are_not_read():
    assert 12 not in packets.decode(by_hand("350101ff", sname=b"\x0c\x01c\xff", file=b"\x0c\x01b\xff")).options


@pytest.mark.parametrize("data", [b"", b"\x01" * 239, by_hand("ff")[:236] + b"\1\2\3\4\xff", by_hand("3505")])
def test_what_is_not_dhcp_is_refused(data):
    with pytest.raises(NotDhcp):
        packets.decode(data)


def test_what_is_encoded_is_decoded_and_long_enough_for_any_relay():
    options = {53: b"\3", 51: b"\0\0\x0e\x10"}
    message = Message(xid=7, chaddr=HARDWARE, ciaddr=packets.packed("192.0.2.7"), options=options)
    data = packets.encode(message)
    assert len(data) == packets.SMALLEST_MESSAGE
    assert packets.decode(data) == message
    assert message.seconds(51) == 3600
    assert message.seconds(58) is None


def test_a_frame_is_dissected_with_right_checksums():
    payload = packets.encode(Message(op=2, chaddr=HARDWARE, options={53: bytes([ACK])}))
    source, target = packets.packed("192.0.2.1"), packets.packed("192.0.2.9")
    raw = packets.frame(payload, b"\2" * 6, HARDWARE, source, target, ports=(67, 68))
    (packet,) = packets.dissect(raw, 12.5)
    assert (packet.seen_at, packet.ether_target, packet.target, packet.target_port) == (12.5, HARDWARE, target, 68)
    assert packet.message.kind == ACK
    assert packets.checksum(raw[14:34]) == 0
    assert packets.checksum(source + target + b"\0\x11" + raw[38:40] + raw[34:]) == 0


def test_a_tagged_frame_is_dissected():
    raw = packets.frame(packets.encode(Message()), HARDWARE, b"\xff" * 6, packets.NOWHERE, b"\xff" * 4)
    assert len(packets.dissect(raw[:12] + b"\x81\x00\x00\x14" + raw[12:], 0)) == 1


@pytest.mark.parametrize("count", [1, 2, 5, 64])
def test_messages_that_were_sent_in_one_piece_are_told_apart(count):
    payload = b"".join(packets.encode(Message(op=2, xid=number, chaddr=HARDWARE)) for number in range(count))
    raw = packets.frame(payload, b"\2" * 6, HARDWARE, packets.packed("192.0.2.1"), packets.packed("192.0.2.9"))
    assert [packet.message.xid for packet in packets.dissect(raw, 0)] == list(range(count))


@pytest.mark.parametrize("option", [packets.MAGIC, b"\0" * 20 + packets.MAGIC, packets.MAGIC * 60])
def test_one_message_is_not_cut(option):
    payload = packets.encode(Message(op=2, xid=7, chaddr=HARDWARE, options={43: option}))
    raw = packets.frame(payload, b"\2" * 6, HARDWARE, packets.packed("192.0.2.1"), packets.packed("192.0.2.9"))
    (packet,) = packets.dissect(raw, 0)
    assert packet.message.options == {43: option}


@pytest.mark.parametrize("ports", [(1000, 2000), (53, 53)])
def test_other_ports_are_not_dhcp(ports):
    raw = packets.frame(packets.encode(Message()), HARDWARE, b"\xff" * 6, packets.NOWHERE, b"\xff" * 4, ports=ports)
    assert packets.dissect(raw, 0) == []


@pytest.mark.parametrize("raw", [b"", b"\0" * 14, b"\0" * 12 + b"\x08\x06" + b"\0" * 28])
def test_other_frames_are_not_dhcp(raw):
    assert packets.dissect(raw, 0) == []
