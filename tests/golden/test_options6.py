"""DHCPv6 payloads written by hand from the RFCs, both ways; none was made by our encoder."""

import pytest

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.options import ENCAPSULATION_LEVELS_MAX
from dhcpcore.wire.v6.options import DHCP6_OPTIONS

ONE = "20010db8 00000000 00000000 00000001"  # 2001:db8::1
HOST = "04686f7374076578616d706c65036f726700"  # host.example.org
DOT = "03646f74076578616d706c65036f726700"  # dot.example.org, 17 octets
ADDRESS = {"address": "2001:db8::1", "preferred": 3000, "valid": 4000}
PREFIX = {"preferred": 3000, "valid": 4000, "prefix": "2001:db8:f::/56"}

GOLDEN = [
    # RFC 9915 21
    ("clientid", "00:03:00:01:02:00:00:00:00:01", "0003 0001 020000000001"),
    (
        "ia-na",
        {"iaid": 1, "t1": 1000, "t2": 2000, "options": [{"iaaddr": ADDRESS}]},
        f"00000001 000003e8 000007d0 0005 0018 {ONE} 00000bb8 00000fa0",
    ),
    ("ia-na", {"iaid": 1, "t1": 0, "t2": 0}, "00000001 00000000 00000000"),
    (
        "ia-na",
        {"iaid": 1, "t1": 0, "t2": 0, "options": [
            {"iaaddr": ADDRESS | {"options": [{"status-code": {"code": 2, "message": "no"}}]}}, {"iaaddr": ADDRESS},
        ]},
        f"00000001 {'00' * 8} 0005 0020 {ONE} 00000bb8 00000fa0 000d 0004 0002 6e6f 0005 0018 {ONE} 00000bb8 00000fa0",
    ),
    ("ia-ta", {"iaid": 2}, "00000002"),
    ("oro", [23, 24], "0017 0018"),
    ("oro", [], ""),
    ("preference", 255, "ff"),
    ("relay-msg", "0b000001", "0b000001"),
    ("status-code", {"code": 0, "message": ""}, "0000"),
    ("rapid-commit", True, ""),
    ("user-class", ["accounting", ""], "000a 6163636f756e74696e67 0000"),
    ("vendor-class", {"enterprise": 4491, "data": ["docsis3.0"]}, "0000118b 0009 646f63736973332e30"),
    ("vendor-opts", {"enterprise": 4491, "options": [{"option-1": "0007"}]}, "0000118b 0001 0002 0007"),
    ("vendor-opts", {"enterprise": 4491, "options": {"hex": "0001"}}, "0000118b 0001"),
    ("interface-id", "6c616e31", "6c616e31"),
    (
        "ia-pd",
        {"iaid": 1, "t1": 1000, "t2": 2000, "options": [{"iaprefix": PREFIX}]},
        "00000001 000003e8 000007d0 001a 0019 00000bb8 00000fa0 38 20010db8000f0000 0000000000000000",
    ),
    ("information-refresh-time", 86400, "00015180"),
    ("solmax-rt", 3600, "00000e10"),
    # RFC 3319, RFC 3646: names are never compressed.
    ("sip-server-dns", ["host.example.org"], HOST),
    ("dns-servers", ["2001:db8::1", "fe80::1"], f"{ONE} fe80000000000000 0000000000000001"),
    ("domain-search", ["host.example.org", "host.example.org"], HOST + HOST),
    ("geoconf-civic", {"what": 1, "country": "DE", "elements": []}, "01 4445"),
    # RFC 4649 3
    ("remote-id", {"enterprise": 9, "id": "0102"}, "00000009 0102"),
    # RFC 4704 4: partial and absolute.
    ("client-fqdn", {"flags": 1, "name": "host"}, "01 04686f7374"),
    ("client-fqdn", {"flags": 4, "name": "host.example.org."}, "04" + HOST),
    # RFC 5007 4.1.2.1
    (
        "lq-query",
        {"type": 1, "link": "::", "options": [{"iaaddr": ADDRESS}]},
        f"01 {'00' * 16} 0005 0018 {ONE} 00000bb8 00000fa0",
    ),
    # RFC 5678, RFC 5908 4: one option after the other, some of them twice.
    ("ipv6-address-mos", [{"command": ["2001:db8::1"]}], f"0002 0010 {ONE}"),
    ("ntp-server", [{"address": "2001:db8::1"}, {"name": "host.example.org"}], f"0001 0010 {ONE} 0003 0012 {HOST}"),
    # RFC 5970 3.1 and 3.2
    ("bootfile-url", "tftp://[2001:db8::1]/pxe", b"tftp://[2001:db8::1]/pxe".hex()),
    ("bootfile-param", ["a", "bc"], "0001 61 0002 6263"),
    ("nii", {"type": 1, "major": 3, "minor": 16}, "01 03 10"),
    ("aftr-name", "host.example.org", HOST),
    ("rsoo", [{"erp-local-domain-name": "host.example.org"}], "0041 0012" + HOST),
    # RFC 6603 4.2
    ("pd-exclude", {"length": 64, "subnet_id": "0f"}, "40 0f"),
    ("mip6-idinf", [{"mip6-haa": "2001:db8::1"}], f"0048 0010 {ONE}"),
    # RFC 6731 4.2
    ("rdnss-selection", {"server": "2001:db8::1", "preference": 1, "domains": ["host.example.org"]}, ONE + "01" + HOST),
    # RFC 6939 4
    ("client-linklayer-addr", {"type": 1, "address": "02:00:00:00:00:01"}, "0001 020000000001"),
    # RFC 7078 2
    (
        "addrsel",
        {"flags": 2, "options": [{"addrsel-table": {"label": 1, "precedence": 40, "prefix": "2001:db8::/32"}}]},
        "02 0055 0007 01 28 20 20010db8",
    ),
    ("dhcp4o6-server-addr", [], ""),
    # RFC 7598 4 and 5
    (
        "s46-cont-mape",
        [
            {"s46-rule": {
                "flags": 1, "ea_length": 16, "ipv4_prefix": "192.0.2.0/24", "ipv6_prefix": "2001:db8::/40",
                "options": [{"s46-portparams": {"offset": 4, "psid": "52/8"}}],
            }},
            {"s46-br": "2001:db8::1"},
        ],
        f"0059 0015 01 10 18 c0000200 28 20010db800 005d 0004 04 08 3400 005a 0010 {ONE}",
    ),
    ("s46-dmr", "2001:db8::/64", "40 20010db800000000"),
    ("s46-v4v6bind", {"ipv4_address": "192.0.2.1", "ipv6_prefix": "::/0"}, "c0000201 00"),
    # RFC 7600
    ("4rd", [{"4rd-non-map-rule": {"flags": 128, "traffic_class": 0, "mtu": 1500}}], "0063 0004 80 00 05dc"),
    # RFC 8115
    (
        "v6-prefix64",
        {"asm": "ff0e:db8::/96", "ssm": "ff3e:db8::/96", "unicast": "2001:db8::/96"},
        "60 ff0e0db8 00000000 00000000 60 ff3e0db8 00000000 00000000 60 20010db8 00000000 00000000",
    ),
    ("s46-priority", [96, 94], "0060 005e"),
    ("f-protocol-version", {"major": 1, "minor": 0}, "0001 0000"),
    ("relay-source-port", 0, "0000"),
    # RFC 8947
    (
        "lladdr",
        {"type": 1, "address": "02:00:00:00:00:01", "extra": 0, "valid": 3600},
        "0001 0006 020000000001 00000000 00000e10",
    ),
    ("slap-quad", [{"quadrant": 1, "preference": 10}], "01 0a"),
    # RFC 9463 4 with the parameters of RFC 9460 2.2; and ADN-only mode.
    (
        "v6-dnr",
        {
            "priority": 1, "name": "dot.example.org", "addresses": ["2001:db8::1"],
            "parameters": {"alpn": ["dot"], "port": 853},
        },
        f"0001 0011 {DOT} 0010 {ONE} 0001 0004 03646f74 0003 0002 0355",
    ),
    ("v6-dnr", {"priority": 1, "name": "dot.example.org"}, f"0001 0011 {DOT}"),
    ("forward-dist-manager", {"transports": 1, "name": "host.example.org"}, "0001" + HOST),
    ("addr-reg-enable", True, ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "octets"), GOLDEN, ids=[row[0] for row in GOLDEN])
def test_value_and_octets(name, value, octets):
    payload = bytes.fromhex(octets)
    code, encoded = DHCP6_OPTIONS.encode(name, value)
    assert encoded.hex() == payload.hex()
    assert DHCP6_OPTIONS.decode(code, payload) == (name, value)


def test_what_a_newer_server_says_is_hex():
    assert DHCP6_OPTIONS.decode(65001, b"\1\2") == ("option-65001", "0102")


BROKEN = [
    ("clientid", "0003"),
    ("clientid", "00" * 131),
    ("ia-na", "00000001 000003e8"),
    ("ia-na", "00000001 000003e8 000007d0 0005"),
    ("ia-na", f"00000001 000003e8 000007d0 0005 0017 {ONE} 00000bb8 00000f"),
    ("ia-na", f"00000001 000003e8 000007d0 0005 0019 {ONE} 00000bb8 00000fa0"),
    ("iaprefix", "00000bb8 00000fa0 81" + "00" * 16),  # A prefix length of 129.
    ("iaprefix", "00000bb8 00000fa0 38" + "00" * 15),
    ("oro", "0017 00"),
    ("status-code", "00"),
    ("dns-servers", ""),
    ("dns-servers", ONE[:-2]),
    ("domain-search", HOST + "c000"),  # No compression, RFC 9915 10.
    ("domain-search", "0468"),
    ("client-fqdn", ""),
    ("user-class", "0002 61"),
    ("s46-dmr", "40 20010db8"),
    ("s46-dmr", "81" + "00" * 17),
    ("v6-dnr", "0001 0011" + DOT + "0010"),
    ("rapid-commit", "00"),
    ("preference", "0102"),  # A scalar longer than its type.
    ("ntp-server", "0001 0004 c0000201"),
]


@pytest.mark.parametrize(("name", "octets"), BROKEN)
def test_broken_octets_are_malformed(name, octets):
    with pytest.raises(MalformedMessage):
        DHCP6_OPTIONS.by_name[name].decode(bytes.fromhex(octets))


REFUSED = [
    ("dns-servers", ["192.0.2.1"], "2001:db8::1"),
    ("dns-servers", ["2001:db8::1%eth0"], "2001:db8::1"),
    ("iaprefix", PREFIX | {"prefix": "2001:db8:f::1/56"}, "write 2001:db8:f::/56"),
    ("iaprefix", PREFIX | {"prefix": "192.0.2.0/24"}, "a prefix such as 2001:db8::/32"),
    ("ia-na", {"iaid": 1, "t1": 0, "t2": 0, "options": [{"iaaddr": ADDRESS, "oro": []}]}, "one option"),
    ("ia-na", {"iaid": 1, "t1": 0, "t2": 0, "options": [{"iaadr": ADDRESS}]}, "did you mean iaaddr"),
    ("ia-na", {"iaid": 1, "t1": 0}, "t2 missing"),
    ("solmax-rt", 59, "from 60 to 86400"),
    ("clientid", "0003", "3 to 130"),
    ("option-65536", "00", "from 1 to 65535"),
    ("slap-quad", [{"quadrant": 4, "preference": 1}], "from 0 to 3"),
    ("vendor-opts", {"enterprise": 1, "options": [{"option-1": "0"}]}, "odd number"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "hint"), REFUSED)
def test_a_wrong_value_is_refused_and_the_message_says_what_is_right(name, value, hint):
    with pytest.raises(InvalidValue) as refusal:
        DHCP6_OPTIONS.encode(name, value)
    assert hint in str(refusal.value)


def test_nesting_ends_at_a_depth_and_deeper_options_stay_hex():
    inside = b""
    for _level in range(2000):
        inside = b"\0\x42" + len(inside).to_bytes(2, "big") + inside
    value = DHCP6_OPTIONS.by_name["rsoo"].decode(inside)
    depth = 0
    while isinstance(value, list):
        (value,) = value[0].values()
        depth += 1
    assert depth == ENCAPSULATION_LEVELS_MAX
    assert isinstance(value, str)
    assert DHCP6_OPTIONS.by_name["rsoo"].encode(DHCP6_OPTIONS.by_name["rsoo"].decode(inside)) == inside
