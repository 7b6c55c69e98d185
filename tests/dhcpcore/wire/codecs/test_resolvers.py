"""Service parameters: the test vectors of RFC 9460 Appendix D, as far as they are parameters, and what is refused."""

import pytest

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.codecs.resolvers import ServiceParameters

CODEC = ServiceParameters()
V6A, V6B = "20010db8000000000000000000000001", "20010db8000000000000000000530001"

VECTORS = [
    ({"port": 53}, "0003 0002 0035"),
    ({"key667": b"hello".hex()}, "029b 0005 68656c6c6f"),
    ({"key667": "68656c6c6fd2716f6f"}, "029b 0009 68656c6c6fd2716f6f"),
    ({"ipv6hint": ["2001:db8::1", "2001:db8::53:1"]}, f"0006 0020 {V6A} {V6B}"),
    (
        {"key0": "00010004", "alpn": ["h2", "h3-19"], "ipv4hint": ["192.0.2.1"]},
        "0000 0004 0001 0004 0001 0009 02 6832 05 68332d3139 0004 0004 c0000201",
    ),
    ({"alpn": ["f\\oo,bar", "h2"]}, "0001 000c 08 665c6f6f2c626172 02 6832"),
    # RFC 9460 7.1.1 and RFC 9461 5.
    ({"alpn": ["h2"], "no-default-alpn": True}, "0001 0003 02 6832 0002 0000"),
    ({"ech": "0102", "dohpath": "/q{?dns}"}, "0005 0002 0102 0007 0008 2f717b3f646e737d"),
    ({"key8": ""}, "0008 0000"),
    ({"key65535": "00"}, "ffff 0001 00"),
    ({}, ""),
]


@pytest.mark.parametrize(("value", "octets"), VECTORS)
def test_vectors(value, octets):
    assert CODEC.encode(value) == bytes.fromhex(octets)
    assert CODEC.decode(bytes.fromhex(octets)) == value


def test_parameters_are_written_in_the_order_of_their_keys():
    assert CODEC.encode({"port": 53, "alpn": ["h2"]}) == CODEC.encode({"alpn": ["h2"], "port": 53})


@pytest.mark.parametrize(
    "value",
    [[], None, {"doh": 1}, {"key65536": "00"}, {"key": "00"}, {1: "00"}, {"port": "53"}, {"port": 53, "key3": "0035"},
     {"alpn": []}, {"alpn": ["x" * 256]}, {"key9": "00" * 65536}, {"no-default-alpn": False}],
)  # fmt: skip
def test_wrong_parameters_are_refused(value):
    with pytest.raises(InvalidValue):
        CODEC.encode(value)


@pytest.mark.parametrize(
    "octets",
    ["00", "0003 0002", "0003 0002 00", "0003 0003 000000", "0003 0002 0035 0003 0002 0035",
     "0003 0002 0035 0001 0003 026832",
     "0002 0001 00", "0001 0002 0568"],
)  # fmt: skip
def test_broken_parameters_are_malformed(octets):
    with pytest.raises(MalformedMessage):
        CODEC.decode(bytes.fromhex(octets))
