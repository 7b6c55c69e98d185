"""What we write, another program reads: scapy's decoders, which share no code with ours, and the other way round."""

import struct

import pytest
from scapy.layers import dhcp6
from scapy.layers.dhcp import DHCP, DHCPOptions

from dhcpcore.wire.v4.options import DHCP4_OPTIONS
from dhcpcore.wire.v4.tlv import encode_options, scan
from dhcpcore.wire.v6.options import DHCP6_OPTIONS
from tests.golden.test_every_option4 import ROWS
from tests.golden.test_options4 import GOLDEN

SAMPLE4 = [
    ("subnet-mask", "255.255.255.0", ("subnet_mask", "255.255.255.0")),
    ("routers", ["192.0.2.1", "192.0.2.2"], ("router", "192.0.2.1", "192.0.2.2")),
    ("domain-name-servers", ["192.0.2.53"], ("name_server", "192.0.2.53")),
    ("host-name", "printer", ("hostname", b"printer")),
    ("domain-name", "example.org", ("domain", b"example.org")),
    ("interface-mtu", 1500, ("interface-mtu", 1500)),
    ("path-mtu-plateau-table", [68, 296], ("path-mtu-plateau-table", 68, 296)),
    ("static-routes", ["198.51.100.7", "192.0.2.1"], ("static-routes", "198.51.100.7", "192.0.2.1")),
    ("netbios-node-type", 8, ("NetBIOS_node_type", 8)),
    ("ntp-servers", ["192.0.2.1"], ("NTP_server", "192.0.2.1")),
    ("dhcp-lease-time", 3600, ("lease_time", 3600)),
    ("dhcp-message-type", 5, ("message-type", 5)),
    ("dhcp-parameter-request-list", [1, 3, 6], ("param_req_list", [1, 3, 6])),
    ("dhcp-max-message-size", 1500, ("max_dhcp_size", 1500)),
    ("vendor-class-identifier", "PXEClient", ("vendor_class_id", b"PXEClient")),
    ("dhcp-client-identifier", "01:02:00:00:00:00:01", ("client_id", b"\1\2\0\0\0\0\1")),
    ("v6-only-preferred", 1800, ("ipv6-only-preferred", 1800)),
    (
        "classless-static-route",
        [["0.0.0.0/0", "192.0.2.1"], ["10.17.0.0/16", "192.0.2.2"], ["10.229.0.128/25", "192.0.2.3"]],
        ("classless_static_routes", ["0.0.0.0/0:192.0.2.1", "10.17.0.0/16:192.0.2.2", "10.229.0.128/25:192.0.2.3"]),
    ),
]


@pytest.mark.parametrize(("name", "value", "expected"), SAMPLE4, ids=[row[0] for row in SAMPLE4])
def test_dhcpv4_options_are_read_alike(name, value, expected):
    code, payload = DHCP4_OPTIONS.encode(name, value)
    octets = encode_options([(code, payload)]) + b"\xff"
    assert DHCP(octets).options == [expected, "end"]
    written = bytes(DHCP(options=[expected, "end"]))
    assert DHCP4_OPTIONS.decode(code, scan(written, 0, len(written))[code]) == (name, value)


SAMPLE6 = [
    ("oro", [23, 24], "DHCP6OptOptReq", {"reqopts": [23, 24]}),
    ("preference", 7, "DHCP6OptPref", {"prefval": 7}),
    ("dns-servers", ["2001:db8::1", "2001:db8::2"], "DHCP6OptDNSServers",
     {"dnsservers": ["2001:db8::1", "2001:db8::2"]}),
    ("domain-search", ["a.example.org", "b.org"], "DHCP6OptDNSDomains", {"dnsdomains": ["a.example.org.", "b.org."]}),
    ("sip-server-dns", ["a.org"], "DHCP6OptSIPDomains", {"sipdomains": ["a.org."]}),
    ("status-code", {"code": 2, "message": "no"}, "DHCP6OptStatusCode", {"statuscode": 2, "statusmsg": b"no"}),
    ("client-fqdn", {"flags": 1, "name": "host.example.org."}, "DHCP6OptClientFQDN",
     {"flags": 1, "fqdn": b"host.example.org."}),
    ("bootfile-url", "tftp://x", "DHCP6OptBootFileUrl", {"optdata": b"tftp://x"}),
    ("remote-id", {"enterprise": 9, "id": "0102"}, "DHCP6OptRemoteID", {"enterprisenum": 9, "remoteid": b"\1\2"}),
    ("interface-id", "6c616e31", "DHCP6OptIfaceId", {"ifaceid": b"lan1"}),
]  # fmt: skip


def read6(name, value, kind):
    code, payload = DHCP6_OPTIONS.encode(name, value)
    return getattr(dhcp6, kind)(struct.pack("!HH", code, len(payload)) + payload)


@pytest.mark.parametrize(("name", "value", "kind", "fields"), SAMPLE6, ids=[row[0] for row in SAMPLE6])
def test_dhcpv6_options_are_read_alike(name, value, kind, fields):
    read = read6(name, value, kind)
    assert {field: getattr(read, field) for field in fields} == fields
    written = bytes(getattr(dhcp6, kind)(**fields))
    assert DHCP6_OPTIONS.decode(read.optcode, written[4:]) == (name, value)


def test_identity_associations_are_read_alike():
    address = {"address": "2001:db8::1", "preferred": 3, "valid": 4}
    read = read6("ia-na", {"iaid": 1, "t1": 5, "t2": 6, "options": [{"iaaddr": address}]}, "DHCP6OptIA_NA")
    assert (read.iaid, read.T1, read.T2) == (1, 5, 6)
    assert [(one.addr, one.preflft, one.validlft) for one in read.ianaopts] == [("2001:db8::1", 3, 4)]
    prefix = {"prefix": "2001:db8:f::/56", "preferred": 3, "valid": 4}
    read = read6("ia-pd", {"iaid": 1, "t1": 5, "t2": 6, "options": [{"iaprefix": prefix}]}, "DHCP6OptIA_PD")
    assert [(one.prefix, one.plen, one.validlft) for one in read.iapdopt] == [("2001:db8:f::", 56, 4)]


def test_vendors_and_users_classes_are_read_alike():
    read = read6("user-class", ["a", "bc"], "DHCP6OptUserClass")
    assert [one.data for one in read.userclassdata] == [b"a", b"bc"]
    read = read6("vendor-class", {"enterprise": 9, "data": ["x"]}, "DHCP6OptVendorClass")
    assert (read.enterprisenum, [one.data for one in read.vcdata]) == (9, [b"x"])
    read = read6("vendor-opts", {"enterprise": 9, "options": [{"option-1": "0102"}]}, "DHCP6OptVendorSpecificInfo")
    assert [(one.optcode, one.optdata) for one in read.vso] == [(1, b"\1\2")]


def test_ntp_servers_are_read_alike():
    read = read6("ntp-server", [{"address": "2001:db8::1"}, {"name": "n.org"}], "DHCP6OptNTPServer")
    assert read.ntpserver[0].addr == "2001:db8::1"
    assert read.ntpserver[1].fqdn == b"n.org."


def typed_by_scapy():
    """Golden rows whose option scapy reads as more than octets."""
    for name, value, octets, *_source in [*GOLDEN, *ROWS]:
        code = DHCP4_OPTIONS.find(name).code
        if not isinstance(DHCPOptions.get(code, ""), str) and code not in READ_OTHERWISE:
            yield pytest.param(code, value, bytes.fromhex(octets), id=f"{name}-{octets[:12]}")


#: What scapy reads in a form of its own; most are in ``SAMPLE4``.
READ_OTHERWISE = {
    2: "no sign", 52: "a number where it has a name", 53: "a name for the number", 55: "a list in a list", 61: "octets",
    68: "no empty list", 98: "octets", 121: "its own text for routes", 145: "one number",
}  # fmt: skip


def as_scapy(value):
    """One of our values as scapy shows it."""
    if isinstance(value, dict) and set(value) == {"hex"}:
        return bytes.fromhex(value["hex"])
    return int(value) if isinstance(value, bool) else value


@pytest.mark.parametrize(("code", "value", "payload"), list(typed_by_scapy()))
def test_golden_octets_mean_the_same_to_scapy(code, value, payload):
    read = DHCP(bytes((code, len(payload))) + payload + b"\xff").options[0]
    expected = [as_scapy(one) for one in value] if isinstance(value, list) else [as_scapy(value)]
    found = [one.decode() if isinstance(one, bytes) and isinstance(said, str) else one
             for one, said in zip(read[1:], expected, strict=True)]  # fmt: skip
    assert found == expected


def test_scapy_reads_most_of_our_options():
    assert len({one.values[0] for one in typed_by_scapy()}) >= 75
