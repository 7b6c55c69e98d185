"""DHCPv4 payloads written by hand from the RFCs, both ways: these octets mean that value, and that value these octets.

None was made by our encoder.  Where the RFC has an example of its own, the comment says so.
"""

import pytest

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.v4.options import DHCP4_OPTIONS

HOST = "04686f7374076578616d706c65036f726700"  # host.example.org
DOT = "03646f74076578616d706c65036f726700"  # dot.example.org, 17 octets

GOLDEN = [
    # RFC 2132
    ("subnet-mask", "255.255.255.0", "ffffff00"),
    ("time-offset", -18000, "ffffb9b0"),
    ("routers", ["192.0.2.1", "192.0.2.2"], "c0000201 c0000202"),
    ("host-name", "printer", "7072696e746572"),
    ("domain-name", "exämple.org", "6578c3a46d706c652e6f7267"),
    ("domain-name", {"hex": "ff6f7267"}, "ff6f7267"),
    ("ip-forwarding", True, "01"),
    ("ip-forwarding", False, "00"),
    ("policy-filter", ["192.0.2.0", "255.255.255.0"], "c0000200 ffffff00"),
    ("path-mtu-plateau-table", [68, 296, 576], "0044 0128 0240"),
    ("interface-mtu", 1500, "05dc"),
    ("static-routes", ["198.51.100.7", "192.0.2.1"], "c6336407 c0000201"),
    ("netbios-node-type", 8, "08"),
    ("vendor-encapsulated-options", {"option-1": "0102ff", "end": True}, "01 03 0102ff ff"),
    ("vendor-encapsulated-options", {"option-1": "0102ff"}, "01 03 0102ff"),
    ("vendor-encapsulated-options", {"hex": "0105ff"}, "01 05 ff"),
    ("dhcp-lease-time", 4294967295, "ffffffff"),
    ("dhcp-option-overload", 3, "03"),
    ("dhcp-message-type", 5, "05"),
    ("dhcp-parameter-request-list", [1, 3, 6, 119], "01030677"),
    ("dhcp-max-message-size", 576, "0240"),
    ("vendor-class-identifier", "PXEClient", "505845436c69656e74"),
    ("dhcp-client-identifier", "01:02:00:00:00:00:01", "01 020000000001"),
    # RFC 4361 6.1 and RFC 6842 3: type 255, IAID, DUID, returned as it came.
    ("dhcp-client-identifier", "ff:00:00:00:01:00:03:00:01:02:00:00:00:00:01", "ff 00000001 00030001 020000000001"),
    ("mobile-ip-home-agent", [], ""),
    # RFC 2242
    ("nwip-suboptions", {"exist-in-options-area": True, "nsq-broadcast": 1}, "02 00 05 01 01"),
    # RFC 3004: counted classes; and what clients send that never read it.
    ("user-class", ["accounting", "eng"], "0a 6163636f756e74696e67 03 656e67"),
    ("user-class", "iPXE", "69505845"),
    # RFC 2610
    ("slp-directory-agent", {"mandatory": True, "addresses": ["192.0.2.9"]}, "01 c0000209"),
    ("slp-service-scope", {"mandatory": False, "scopes": "a,b"}, "00 612c62"),
    ("slp-service-scope", {"mandatory": True, "scopes": ""}, "01"),
    ("rapid-commit", True, ""),
    # RFC 4702 2 and 3.1: absolute, partial (no root label), and E not set (plain text).
    ("fqdn", {"flags": 5, "rcode1": 255, "rcode2": 255, "name": "host.example.org."}, "05 ff ff" + HOST),
    ("fqdn", {"flags": 4, "rcode1": 0, "rcode2": 0, "name": "host"}, "04 00 00 04686f7374"),
    ("fqdn", {"flags": 4, "rcode1": 0, "rcode2": 0, "name": ""}, "04 00 00"),
    ("fqdn", {"flags": 1, "rcode1": 0, "rcode2": 0, "name": "host"}, "01 00 00 686f7374"),
    # RFC 3046 2.0, 3.1, 3.2; RFC 3527; RFC 5107; RFC 8357 5.1 (no octets); RFC 4243
    (
        "dhcp-agent-options",
        {"circuit-id": "eth-0-1-7", "remote-id": {"hex": "020000000001"}},
        "01 09 6574682d302d312d37 02 06 020000000001",
    ),
    (
        "dhcp-agent-options",
        {"link-selection": "192.0.2.0", "server-id-override": "192.0.2.1", "relay-source-port": True},
        "05 04 c0000200 0b 04 c0000201 13 00",
    ),
    (
        "dhcp-agent-options",
        {"vendor-specific": [{"enterprise": 9, "data": "0102"}, {"enterprise": 4491, "data": ""}]},
        "09 0c 00000009 02 0102 0000118b 00",
    ),
    ("dhcp-agent-options", {"option-250": "aa"}, "fa 01 aa"),
    ("dhcp-agent-options", {"hex": "010161010162"}, "01 01 61 01 01 62"),
    # RFC 4174
    (
        "isns",
        {"functions": 1, "access": 2, "administration": 3, "security": 4, "addresses": ["192.0.2.1"]},
        "0001 0002 0003 00000004 c0000201",
    ),
    ("bcms-controller-names", ["host.example.org"], HOST),
    # RFC 3118 2
    (
        "authenticate",
        {"protocol": 1, "algorithm": 1, "rdm": 0, "replay_detection": 2, "information": "00000001"},
        "01 01 00 0000000000000002 00000001",
    ),
    # RFC 4578
    ("client-system", [0, 7], "0000 0007"),
    ("client-ndi", {"type": 1, "major": 3, "minor": 16}, "01 03 10"),
    ("uuid-guid", {"type": 0, "id": "00112233445566778899aabbccddeeff"}, "00 00112233445566778899aabbccddeeff"),
    # RFC 4776 3.1: type 3 is the city.
    (
        "geoconf-civic",
        {"what": 1, "country": "DE", "elements": [{"type": 3, "value": "Berlin"}]},
        "01 4445 03 06 4265726c696e",
    ),
    ("pcode", "EST5EDT4,M3.2.0/02:00,M11.1.0/02:00", b"EST5EDT4,M3.2.0/02:00,M11.1.0/02:00".hex()),
    ("v6-only-preferred", 1800, "00000708"),
    ("v4-captive-portal", "https://p.example/", "68747470733a2f2f702e6578616d706c652f"),
    ("auto-config", 0, "00"),
    ("name-service-search", [6, 44], "0006 002c"),
    # RFC 3397 2, the example of the RFC: the second name ends in a pointer to "apple.com" at octet 4.
    (
        "domain-search",
        ["eng.apple.com", "marketing.apple.com"],
        "03 656e67 05 6170706c65 03 636f6d 00 09 6d61726b6574696e67 c004",
    ),
    # RFC 3361 3.1, the example of the RFC (27 octets), and 3.2.
    (
        "sip-servers",
        ["example.com", "example.net"],
        "00 07 6578616d706c65 03 636f6d 00 07 6578616d706c65 03 6e6574 00",
    ),
    ("sip-servers", ["192.0.2.1", "192.0.2.2"], "01 c0000201 c0000202"),
    # RFC 3442, the table of examples of the RFC, each with the router 192.0.2.1.
    ("classless-static-route", [["0.0.0.0/0", "192.0.2.1"]], "00 c0000201"),
    ("classless-static-route", [["10.0.0.0/8", "192.0.2.1"]], "08 0a c0000201"),
    ("classless-static-route", [["10.0.0.0/24", "192.0.2.1"]], "18 0a0000 c0000201"),
    ("classless-static-route", [["10.17.0.0/16", "192.0.2.1"]], "10 0a11 c0000201"),
    ("classless-static-route", [["10.27.129.0/24", "192.0.2.1"]], "18 0a1b81 c0000201"),
    ("classless-static-route", [["10.229.0.128/25", "192.0.2.1"]], "19 0ae50080 c0000201"),
    ("classless-static-route", [["10.198.122.47/32", "192.0.2.1"]], "20 0ac67a2f c0000201"),
    (
        "classless-static-route-ms",
        [["0.0.0.0/0", "192.0.2.1"], ["198.51.100.0/24", "192.0.2.254"]],
        "00 c0000201 18 c63364 c00002fe",
    ),
    # RFC 3495 5.1, 5.3, 5.5
    (
        "ccc",
        {
            "tsp-primary-server": "192.0.2.1",
            "as-backoff": {"nominal": 1, "maximum": 2, "retries": 3},
            "kerberos-realm": "host.example.org",
        },
        "01 04 c0000201 04 0c 00000001 00000002 00000003 06 12" + HOST,
    ),
    # RFC 6225 2.2: 38.5 is 0x04d000000 of 34 bits, -77.25 is 0x365800000, 15 m are 0xf00 of 30 bits.
    (
        "geoloc",
        {
            "latitude_uncertainty": 18, "latitude": 38.5, "longitude_uncertainty": 18, "longitude": -77.25,
            "altitude_type": 1, "altitude_uncertainty": 9, "altitude": 15.0,
            "version": 1, "resolution": 0, "datum": 1,
        },
        "484d000000 4b65800000 1240000f00 41",
    ),
    # RFC 3925 3 and 4: several enterprises in one option.
    ("vivco-suboptions", [{"enterprise": 4491, "data": "docsis3.0"}], "0000118b 09 646f63736973332e30"),
    (
        "vivso-suboptions",
        [{"enterprise": 4491, "options": {"option-1": "02"}}, {"enterprise": 9, "options": {"option-2": "c0000201"}}],
        "0000118b 03 01 01 02 00000009 06 02 04 c0000201",
    ),
    ("vivso-suboptions", [{"enterprise": 4491, "options": {"hex": "6162"}}], "0000118b 02 6162"),
    ("v4-lost", "host.example.org", HOST),
    # RFC 5678
    ("ipv4-addr-mos", {"information": ["192.0.2.1"], "event": ["192.0.2.3"]}, "01 04 c0000201 03 04 c0000203"),
    ("ipv4-fqdn-mos", {"information": ["host.example.org"]}, "01 12" + HOST),
    ("v4-sztp-redirect", ["https://a/", "b"], "000a 68747470733a2f2f612f 0001 62"),
    # RFC 6731 4.3
    (
        "rdnss-selection",
        {"preference": 1, "primary": "192.0.2.1", "secondary": "192.0.2.2", "domains": ["host.example.org"]},
        "01 c0000201 c0000202" + HOST,
    ),
    ("tftp-server-address", ["192.0.2.1"], "c0000201"),
    ("status-code", {"code": 1, "message": "no"}, "01 6e6f"),
    # RFC 7291 4: two servers, the first with two addresses.
    ("v4-pcp-server", [["192.0.2.1", "192.0.2.2"], ["192.0.2.3"]], "08 c0000201 c0000202 04 c0000203"),
    # RFC 7618: offset 6, four bits of port set, of which 3, left-aligned.
    ("v4-portparams", {"offset": 6, "psid": "3/4"}, "06 04 3000"),
    # RFC 9463 5 with the parameters of RFC 9460 2.2; and ADN-only mode.
    (
        "v4-dnr",
        [
            {
                "priority": 1, "name": "dot.example.org", "addresses": ["192.0.2.1"],
                "parameters": {"alpn": ["dot"], "port": 853},
            },
            {"priority": 2, "name": "dot.example.org"},
        ],
        "0027 0001 11" + DOT + "04 c0000201 0001 0004 03646f74 0003 0002 0355 0014 0002 11" + DOT,
    ),
    ("pxelinux-magic", "f100747e", "f100747e"),
    # RFC 5969 7.1.1
    (
        "option-6rd",
        {"ipv4_mask_length": 8, "prefix_length": 32, "prefix": "2001:db8::", "border_relays": ["192.0.2.1"]},
        "08 20 20010db8000000000000000000000000 c0000201",
    ),
    # RFC 6656
    (
        "subnet-alloc",
        {"flags": 0, "options": {"subnet-request": {"flags": 0, "length": 24}, "subnet-name": "lab"}},
        "00 01 02 0018 03 03 6c6162",
    ),
    # RFC 6607 3: 255 is the global table and has no information.
    ("vss", {"type": 255, "info": ""}, "ff"),
    ("vss", {"type": 0, "info": "vpn"}, "00 76706e"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "octets"), GOLDEN, ids=[row[0] for row in GOLDEN])
def test_value_and_octets(name, value, octets):
    payload = bytes.fromhex(octets)
    code, encoded = DHCP4_OPTIONS.encode(name, value)
    assert encoded.hex() == payload.hex()
    assert DHCP4_OPTIONS.decode(code, payload) == (name, value)


#: What need not be written, and other ways to write the same.
SHORT = [
    ("v4-dnr", [{"name": "dot.example.org"}], "0014 0001 11" + DOT),
    ("fqdn", {"name": "host.example.org."}, "04 00 00" + HOST),
    ("geoloc", {"latitude": 0, "longitude": 0}, "00" * 15 + "40"),
    ("dhcp-agent-options", {1: "x", "2": "y", "option-5": "c0000200"}, "01 01 78 02 01 79 05 04 c0000200"),
    ("dhcp-agent-options", "010178", "01 01 78"),
    ("vendor-encapsulated-options", {"text": "{}"}, None),
    ("dhcp-client-identifier", {"text": "ab"}, "6162"),
    ("dhcp-client-identifier", "0102-0304", None),
    ("classless-static-route", [{"destination": "10.0.0.0/8", "router": "192.0.2.1"}], "08 0a c0000201"),
    ("slp-directory-agent", [True, ["192.0.2.9"]], "01 c0000209"),
    ("domain-search", ["host.example.org."], HOST),
]


@pytest.mark.parametrize(("name", "value", "octets"), SHORT)
def test_other_ways_to_write(name, value, octets):
    if octets is None:
        with pytest.raises(InvalidValue):
            DHCP4_OPTIONS.encode(name, value)
    else:
        assert DHCP4_OPTIONS.encode(name, value)[1] == bytes.fromhex(octets)


#: Octets that are forgiven: they decode to a value that is written in another way.
FORGIVEN = [
    ("host-name", "7072696e74657200", "printer"),  # RFC 2132 2: NULs at the end are dropped.
    ("host-name", "00", {"hex": "00"}),
    ("classless-static-route", "19 0ae500ff c0000201", [["10.229.0.128/25", "192.0.2.1"]]),  # Bits behind the length.
    ("domain-search", HOST + HOST, ["host.example.org", "host.example.org"]),  # Not compressed.
    ("dhcp-max-message-size", "0040", 64),  # Below what may be sent, RFC 2132 9.10; the server reads it as 576.
]


@pytest.mark.parametrize(("name", "octets", "value"), FORGIVEN)
def test_octets_that_are_forgiven(name, octets, value):
    assert DHCP4_OPTIONS.by_name[name].decode(bytes.fromhex(octets)) == value


BROKEN = [
    ("subnet-mask", "ffffff"),
    ("subnet-mask", "ffffff0000"),
    ("routers", ""),
    ("routers", "c00002"),
    ("static-routes", "c0000201"),
    ("host-name", ""),
    ("ip-forwarding", "02"),
    ("interface-mtu", "05"),
    ("dhcp-parameter-request-list", ""),
    ("dhcp-client-identifier", "01"),
    ("rapid-commit", "00"),
    ("fqdn", "0400"),
    ("fqdn", "040000 05686f7374"),  # The label is cut off.
    ("fqdn", "040000 c004"),  # No compression here, RFC 4702 3.1.
    ("fqdn", "040000 0161 00 0162"),  # Octets behind the name.
    ("dhcp-agent-options", "01"),
    ("dhcp-agent-options", "0105 61"),
    ("dhcp-agent-options", "0503 c00002"),
    ("domain-search", ""),
    ("domain-search", "0361 62"),
    ("domain-search", "c000"),  # A pointer to itself.
    ("domain-search", "0161 c000 0162 c003"),  # A pointer forward, to its own name.
    ("domain-search", "4161"),  # The label type 01 of RFC 6891 5 is no label.
    ("sip-servers", ""),
    ("sip-servers", "02 c0000201"),
    ("sip-servers", "01"),
    ("classless-static-route", "21 0a000000 c0000201"),
    ("classless-static-route", "08 0a c00002"),
    ("classless-static-route", ""),
    ("geoloc", "00" * 15),
    ("geoloc", "00ffffffff" + "00" * 11),  # A latitude of 127.99 degrees.
    ("v4-pcp-server", "05 c0000201 00"),
    ("v4-portparams", "06 11 0000"),  # A port set of 17 bits.
    ("v4-dnr", "0014 0001 11" + DOT[:-2]),
    ("v4-dnr", "0020 0001 11" + DOT + "04 c0000201 0003 0002 0355 0001 0000"),  # Parameters out of order.
    ("vivso-suboptions", "0000118b 05 010102"),
    ("pad", ""),
]


@pytest.mark.parametrize(("name", "octets"), BROKEN)
def test_broken_octets_are_malformed(name, octets):
    with pytest.raises(MalformedMessage):
        DHCP4_OPTIONS.by_name[name].decode(bytes.fromhex(octets))


REFUSED = [
    ("subnet-mask", "255.255.255", "192.0.2.1"),
    ("subnet-mask", "255.255.255.00", "192.0.2.1"),
    ("routers", "192.0.2.1", "a list such as ['192.0.2.1']"),
    ("routers", [], "at least 1"),
    ("routers", ["192.0.2.1", "2001:db8::1"], "item 2"),
    ("static-routes", ["198.51.100.7"], "a multiple of 2"),
    ("host-name", 17, "numbers need quotes"),
    ("host-name", "", "1 to"),
    ("host-name", "a\0b", "without NUL"),
    ("host-name", "\ud800", "whole characters"),
    ("ip-forwarding", 1, "true or false"),
    ("interface-mtu", True, "a whole number"),
    ("interface-mtu", 67, "from 68 to 65535"),
    ("interface-mtu", 65536, "from 68 to 65535"),
    ("time-offset", 1 << 31, "-2147483648 to 2147483647"),
    ("netbios-node-type", 9, "from 1 to 8"),
    ("rapid-commit", False, "leave the option out"),
    ("dhcp-client-identifier", "01", "octets"),
    ("dhcp-client-identifier", 102, "hex in quotes"),
    ("dhcp-client-identifier", "0x010", "odd number"),
    ("fqdn", {"flags": 4}, "name is needed"),
    ("fqdn", {"flags": 256, "name": "a"}, "flags"),
    ("fqdn", {"flags": 4, "name": "a..b"}, "empty label"),
    ("dhcp-agent-options", {"circuit": "x"}, "did you mean circuit-id"),
    ("dhcp-agent-options", {"circuit-id": "x" * 256}, "too long"),
    ("dhcp-agent-options", {"circuit-id": "x", "1": "y"}, "twice"),
    ("dhcp-agent-options", [{"circuit-id": "x"}], "a mapping"),
    ("dhcp-agent-options", {None: "x"}, "the name or the code"),
    ("dhcp-agent-options", {True: "x"}, "the name or the code"),
    ("dhcp-agent-options", {1.0: "x"}, "the name or the code"),
    ("dhcp-agent-options", {256: "x"}, "from 1 to"),
    ("domain-search", [], "a list of names"),
    ("domain-search", ["exämple.org"], "xn--"),
    ("domain-search", ["a" * 64], "63"),
    ("domain-search", [".".join(["a" * 60] * 5)], "255"),
    ("sip-servers", ["192.0.2.1", "example.org"], "addresses only"),
    ("classless-static-route", [["10.0.0.1/8", "192.0.2.1"]], "write 10.0.0.0/8"),
    ("classless-static-route", [["10.0.0.0", "192.0.2.1"]], "destination"),
    ("classless-static-route", [["2001:db8::/32", "192.0.2.1"]], "destination"),
    ("classless-static-route", [["10.0.0.0/8"]], "destination, router"),
    ("classless-static-route", {"10.0.0.0/8": "192.0.2.1"}, "a list"),
    ("geoloc", {"latitude": 91, "longitude": 0}, "from -90 to 90"),
    ("geoloc", {"latitude": float("nan"), "longitude": 0}, "latitude"),
    ("geoloc", {"latitude": 1}, "needed"),
    ("vivso-suboptions", [{"enterprise": 1}], "enterprise and options"),
    ("vivso-suboptions", [{"enterprise": -1, "options": {}}], "enterprise"),
    ("v4-portparams", {"offset": 6, "psid": "16/4"}, "must fit"),
    ("v4-portparams", {"offset": 6, "psid": "3"}, "'3/4'"),
    ("slp-directory-agent", {"mandatory": True}, "addresses missing"),
    ("v4-dnr", [{"name": "a", "parameters": {"port": 853}}], "addresses"),
    ("v4-dnr", [{"name": "a", "addresses": ["192.0.2.1"], "parameters": {"doh": 1}}], "a service parameter"),
    ("end", True, "leave it out"),
    ("host-name", {"hex": "0g"}, "hex"),
    ("host-name", {"hex": 10}, "hex in quotes"),
    ("root-path", "x" * 65536, "65535"),
    ("routers", ["192.0.2.1"] * 16384, "65535"),
]


@pytest.mark.parametrize(("name", "value", "hint"), REFUSED)
def test_a_wrong_value_is_refused_and_the_message_says_what_is_right(name, value, hint):
    with pytest.raises(InvalidValue) as refusal:
        DHCP4_OPTIONS.encode(name, value)
    assert hint in str(refusal.value)
    assert len(str(refusal.value)) < 400
