"""Every row of the DHCPv4 tables has a golden payload: octets written by hand from the layout that its source gives.

None was made by our encoder.  What has an example of its own in an RFC, or more than one form, is in
``test_options4``; here is the rest, each row with its source.  The last test counts: no row is without.
"""
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.options import OptionSpace
from dhcpcore.wire.v4.options import DHCP4_OPTIONS
from tests.golden.test_options4 import GOLDEN as EXAMPLES

ONE = ["192.0.2.1"]
TWO = ["192.0.2.1", "198.51.100.254"]
TWO_HEX = "c0000201 c63364fe"
NAMES_HEX = "03 6e7331 07 6578616d706c65 03 6f7267 00"  # ns1.example.org

#: Name, value, octets, and the section that lays them out.
ROWS: list[tuple[str, Any, str, str]] = [
    ("time-servers", TWO, TWO_HEX, "RFC 2132 3.6: addresses, a multiple of 4 octets"),
    ("name-servers", TWO, TWO_HEX, "RFC 2132 3.7: addresses"),
    ("domain-name-servers", TWO, TWO_HEX, "RFC 2132 3.8: addresses"),
    ("log-servers", ONE, "c0000201", "RFC 2132 3.9: addresses"),
    ("cookie-servers", ONE, "c0000201", "RFC 2132 3.10: addresses"),
    ("lpr-servers", TWO, TWO_HEX, "RFC 2132 3.11: addresses"),
    ("impress-servers", ONE, "c0000201", "RFC 2132 3.12: addresses"),
    ("resource-location-servers", ONE, "c0000201", "RFC 2132 3.13: addresses"),
    ("boot-size", 513, "0201", "RFC 2132 3.15: unsigned 16-bit, blocks of 512 octets"),
    ("merit-dump", "/core", "2f636f7265", "RFC 2132 3.16: a path, NVT ASCII"),
    ("swap-server", "192.0.2.1", "c0000201", "RFC 2132 3.18: one address"),
    ("root-path", "/nfs", "2f6e6673", "RFC 2132 3.19: a path, NVT ASCII"),
    ("extensions-path", "/ext", "2f657874", "RFC 2132 3.20: a path, NVT ASCII"),
    ("non-local-source-routing", True, "01", "RFC 2132 4.2: 0 disables, 1 enables"),
    ("max-dgram-reassembly", 576, "0240", "RFC 2132 4.4: 16-bit, the least is 576"),
    ("default-ip-ttl", 255, "ff", "RFC 2132 4.5: one octet, 1 to 255"),
    ("path-mtu-aging-timeout", 600, "00000258", "RFC 2132 4.6: 32-bit seconds"),
    ("all-subnets-local", False, "00", "RFC 2132 5.2: 0 means some may have smaller MTUs"),
    ("broadcast-address", "192.0.2.255", "c00002ff", "RFC 2132 5.3: one address"),
    ("perform-mask-discovery", True, "01", "RFC 2132 5.4: 1 means perform"),
    ("mask-supplier", False, "00", "RFC 2132 5.5: 0 means do not respond"),
    ("router-discovery", True, "01", "RFC 2132 5.6: 1 means perform, RFC 1256"),
    ("router-solicitation-address", "224.0.0.2", "e0000002", "RFC 2132 5.7: one address"),
    ("trailer-encapsulation", False, "00", "RFC 2132 6.1: 0 means do not attempt"),
    ("arp-cache-timeout", 60, "0000003c", "RFC 2132 6.2: 32-bit seconds"),
    ("ieee802-3-encapsulation", True, "01", "RFC 2132 6.3: 1 is IEEE 802.3"),
    ("default-tcp-ttl", 1, "01", "RFC 2132 7.1: one octet, the least is 1"),
    ("tcp-keepalive-interval", 0, "00000000", "RFC 2132 7.2: 32-bit seconds, 0 for none"),
    ("tcp-keepalive-garbage", True, "01", "RFC 2132 7.3: 1 sends a garbage octet"),
    ("nis-domain", "nis", "6e6973", "RFC 2132 8.1: NVT ASCII"),
    ("nis-servers", TWO, TWO_HEX, "RFC 2132 8.2: addresses"),
    ("ntp-servers", TWO, TWO_HEX, "RFC 2132 8.3: addresses"),
    ("netbios-name-servers", ONE, "c0000201", "RFC 2132 8.5: addresses"),
    ("netbios-dd-server", ONE, "c0000201", "RFC 2132 8.6: addresses"),
    ("netbios-scope", "SCOPE", "53434f5045", "RFC 2132 8.8: the scope as it is in RFC 1001"),
    ("font-servers", ONE, "c0000201", "RFC 2132 8.9: addresses"),
    ("x-display-manager", ONE, "c0000201", "RFC 2132 8.10: addresses"),
    ("dhcp-requested-address", "192.0.2.1", "c0000201", "RFC 2132 9.1: one address"),
    ("dhcp-server-identifier", "192.0.2.1", "c0000201", "RFC 2132 9.7: one address"),
    ("dhcp-message", "no", "6e6f", "RFC 2132 9.9: NVT ASCII"),
    ("dhcp-renewal-time", 1800, "00000708", "RFC 2132 9.11: 32-bit seconds"),
    ("dhcp-rebinding-time", 3150, "00000c4e", "RFC 2132 9.12: 32-bit seconds"),
    ("nwip-domain-name", "NWIP", "4e574950", "RFC 2242 2: NVT ASCII"),
    (
        "nwip-suboptions",
        {"does-not-exist": True, "exist-in-sname-file": True, "exist-but-too-big": True},
        "01 00 03 00 04 00",
        "RFC 2242 3: sub-options 1 to 4 have no octets",
    ),
    (
        "nwip-suboptions",
        {"preferred-dss": ONE, "nearest-nwip-server": ONE, "autoretries": 5, "autoretry-secs": 10, "nwip-1-1": 1,
         "primary-dss": "192.0.2.1"},
        "06 04 c0000201 07 04 c0000201 08 01 05 09 01 0a 0a 01 01 0b 04 c0000201",
        "RFC 2242 3: sub-options 5 to 11",
    ),
    ("nisplus-domain-name", "nis", "6e6973", "RFC 2132 8.11: NVT ASCII"),
    ("nisplus-servers", ONE, "c0000201", "RFC 2132 8.12: addresses"),
    ("tftp-server-name", "tftp", "74667470", "RFC 2132 9.4: NVT ASCII"),
    ("boot-file-name", "pxe.0", "7078652e30", "RFC 2132 9.5: NVT ASCII"),
    ("smtp-server", ONE, "c0000201", "RFC 2132 8.14: addresses"),
    ("pop-server", ONE, "c0000201", "RFC 2132 8.15: addresses"),
    ("nntp-server", ONE, "c0000201", "RFC 2132 8.16: addresses"),
    ("www-server", ONE, "c0000201", "RFC 2132 8.17: addresses"),
    ("finger-server", ONE, "c0000201", "RFC 2132 8.18: addresses"),
    ("irc-server", ONE, "c0000201", "RFC 2132 8.19: addresses"),
    ("streettalk-server", ONE, "c0000201", "RFC 2132 8.20: addresses"),
    ("streettalk-directory-assistance-server", ONE, "c0000201", "RFC 2132 8.21: addresses"),
    (
        "dhcp-agent-options",
        {"docsis-device-class": 1, "subscriber-id": "sub1", "radius": "0106616c696365",
         "authentication": "0100000000000000000100000000"},
        "04 04 00000001 06 04 73756231 07 07 01 06 616c696365 08 0e 01 00 0000000000000001 00000000",
        ("RFC 3256 2: 32 bits; RFC 3993 2: a string; RFC 4014 3: RADIUS attributes (1 is User-Name, RFC 2865 5.1); "
         "RFC 4030 4: algorithm, RDM, 8 octets of replay detection, 4 of relay identifier"),
    ),
    (
        "dhcp-agent-options",
        {"relay-flags": 128, "relay-id": "00:02:00:00:00:09:01"},
        "0a 01 80 0c 07 0002 00000009 01",
        "RFC 5010 3: bit 0 is unicast; RFC 6925 5: a DUID, here DUID-EN of RFC 9915 11.3",
    ),
    (
        "dhcp-agent-options",
        {"access-technology": {"reserved": 0, "type": 4}, "network-name": "cafe", "access-point-name": "ap-1",
         "access-point-bssid": "02:00:00:00:00:01", "operator-id": 9, "operator-realm": "example.org"},
        "0d 02 00 04 0e 04 63616665 0f 04 61702d31 10 06 020000000001 11 04 00000009 12 0b 6578616d706c652e6f7267",
        "RFC 7839 4: codes 13 to 18",
    ),
    (
        "dhcp-agent-options",
        {"virtual-subnet": {"type": 0, "info": "vpn"}, "virtual-subnet-control": True},
        "97 04 00 76706e 98 00",
        "RFC 6607 3.2, 3.3, 3.5: code 151, type 0 is an NVT ASCII name; code 152 has no octets",
    ),
    ("nds-servers", TWO, TWO_HEX, "RFC 2241 2: addresses"),
    ("nds-tree-name", "TREE", "54524545", "RFC 2241 3: UTF-8, no NUL"),
    ("nds-context", "O=x", "4f3d78", "RFC 2241 4: UTF-8, no NUL"),
    ("bcms-controller-address", TWO, TWO_HEX, "RFC 4280 4: addresses"),
    ("client-last-transaction-time", 7, "00000007", "RFC 4388 6.1: code 91, 32-bit seconds"),
    ("associated-ip", TWO, TWO_HEX, "RFC 4388 6.1: code 92, addresses"),
    ("ldap", "ldap://a", "6c6461703a2f2f61", "RFC 3679: in use for URLs of LDAP servers"),
    ("uap-servers", "http://a", "687474703a2f2f61", "RFC 2485: URLs with spaces between"),
    ("tcode", "Europe/Zurich", "4575726f70652f5a7572696368", "RFC 4833: a name of the TZ database"),
    (
        "dhcp4o6-s46-saddr",
        "2001:db8::1",
        "20010db8000000000000000000000001",
        "RFC 8539: one IPv6 address, 16 octets",
    ),
    ("netinfo-server-address", ONE, "c0000201", "RFC 3679: addresses of parent servers"),
    ("netinfo-server-tag", "local", "6c6f63616c", "RFC 3679: a name"),
    ("subnet-selection", "192.0.2.0", "c0000200", "RFC 3011 2: one address"),
    (
        "ccc",
        {"tsp-secondary-server": "192.0.2.2", "provisioning-server": {"type": 1, "server": "c0000203"},
         "ap-backoff": {"nominal": 1, "maximum": 2, "retries": 3}, "ticket-granting": True,
         "provisioning-timer": 10, "ticket-control": 3, "kdc-addresses": ONE},
        "02 04 c0000202 03 05 01 c0000203 05 0c 00000001 00000002 00000003 07 01 01 08 01 0a 09 02 0003 0a 04 c0000201",
        "RFC 3495 5.1, 5.2, 5.4, 5.6, 5.7; RFC 3594 3: 16 bits; RFC 3634 2: addresses",
    ),
    (
        "geoconf",
        {"latitude_uncertainty": 34, "latitude": 38.5, "longitude_uncertainty": 34, "longitude": -77.25,
         "altitude_type": 1, "altitude_uncertainty": 30, "altitude": 15.0, "version": 0, "resolution": 0, "datum": 1},
        "884d000000 8b65800000 1780000f00 01",
        "RFC 3825 2: resolutions of 34 and 30 bits, what RFC 6225 made the version is 0",
    ),
    ("pana-agent", TWO, TWO_HEX, "RFC 5192 4: addresses"),
    ("capwap-ac-v4", TWO, TWO_HEX, "RFC 5417 2: addresses"),
    ("ipv4-addr-mos", {"command": ONE}, "02 04 c0000201", "RFC 5678 2: sub-option 2 is the command service"),
    (
        "ipv4-fqdn-mos",
        {"command": ["ns1.example.org"], "event": ["ns1.example.org"]},
        "02 11" + NAMES_HEX + "03 11" + NAMES_HEX,
        "RFC 5678 3: sub-options 2 and 3, names as RFC 1035 3.1 has them",
    ),
    ("sip-ua-cs-domains", ["ns1.example.org"], NAMES_HEX, "RFC 6011: names as RFC 1035 3.1 has them"),
    ("ipv4-addr-andsf", TWO, TWO_HEX, "RFC 6153 2: addresses"),
    ("forcerenew-nonce-capable", [1], "01", "RFC 6704 3.1.1: algorithms, 1 is HMAC-MD5"),
    ("v4-dots-ri", "ns1.example.org", NAMES_HEX, "RFC 8973 5.2.1: one name as RFC 1035 3.1 has it"),
    ("v4-dots-address", TWO, TWO_HEX, "RFC 8973 5.2.2: addresses"),
    ("base-time", 1, "00000001", "RFC 6926 6.2.3: 32-bit seconds since 1970"),
    ("start-time-of-state", 60, "0000003c", "RFC 6926 6.2.4: 32-bit seconds in the past"),
    ("query-start-time", 2, "00000002", "RFC 6926 6.2.5: 32-bit seconds since 1970"),
    ("query-end-time", 3, "00000003", "RFC 6926 6.2.6: 32-bit seconds since 1970"),
    ("dhcp-state", 2, "02", "RFC 6926 6.2.7: one octet, 2 is ACTIVE"),
    ("data-source", 1, "01", "RFC 6926 6.2.8: bit 0 says remote"),
    ("mud-url-v4", "https://a/b", "68747470733a2f2f612f62", "RFC 8520 10: a URI"),
    ("config-file", "a.cfg", "612e636667", "RFC 5071 4.2: a file name"),
    ("path-prefix", "/t/", "2f742f", "RFC 5071 5.2: a path"),
    ("reboot-time", 900, "00000384", "RFC 5071 6.2: 32-bit seconds"),
    ("v4-access-domain", "ns1.example.org", NAMES_HEX, "RFC 5986 3.2: one name as RFC 1035 3.1 has it"),
    (
        "subnet-alloc",
        {"flags": 0, "options": {
            "subnet-information": {"flags": 1, "subnets": [
                {"prefix": "192.0.2.0", "length": 24, "flags": 0, "statistics": ""}]},
            "suggested-lease-time": 3600}},
        "00 02 08 01 c0000200 18 00 00 04 04 00000e10",
        "RFC 6656 3: flags, then prefix, length, flags and the length of the statistics; seconds",
    ),
    ("wpad-url", "http://a/p", "687474703a2f2f612f70", "draft-ietf-wrec-wpad-01: a URL"),
]  # fmt: skip

#: What the tables have no value for: fill and end of the options, RFC 2132 3.1 and 3.2.
VALUELESS = {"pad", "end"}


@pytest.mark.parametrize(("name", "value", "octets", "source"), ROWS, ids=[row[0] for row in ROWS])
def test_value_and_octets(name: str, value: Any, octets: str, source: str) -> None:
    payload = bytes.fromhex(octets)
    code, encoded = DHCP4_OPTIONS.encode(name, value)
    assert encoded.hex() == payload.hex(), source
    assert DHCP4_OPTIONS.decode(code, payload) == (name, value), source


#: Intel's Preboot Execution Environment 2.1, table 2-1: written by name, read back by code.
PXE = [
    ({"mtftp-ip": "224.1.1.1", "mtftp-client-port": 1758, "mtftp-server-port": 1759, "mtftp-timeout": 2,
      "mtftp-delay": 1}, "01 04 e0010101 02 02 06de 03 02 06df 04 01 02 05 01 01"),
    ({"discovery-control": 8, "end": True}, "06 01 08 ff"),
    ({"discovery-mcast-address": "224.0.1.2", "boot-servers": [{"type": 1, "addresses": TWO}]},
     "07 04 e0000102 08 0b 0001 02 c0000201 c63364fe"),
    ({"boot-menu": [{"type": 0, "description": "Disk"}, {"type": 1, "description": "X"}],
      "menu-prompt": {"timeout": 10, "prompt": "F8"}}, "09 0b 0000 04 4469736b 0001 01 58 0a 03 0a 4638"),
    ({"boot-item": {"type": 1, "layer": 0}}, "47 04 0001 0000"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "octets"), PXE)
def test_pxe_in_option_43(value: Any, octets: str) -> None:
    payload = bytes.fromhex(octets)
    assert DHCP4_OPTIONS.encode("vendor-encapsulated-options", {"pxe": value}) == (43, payload)
    space = OptionSpace("pxe-space", DHCP4_OPTIONS.inner("pxe-space"))
    at = 0
    for name, inner in value.items():
        if name == "end":
            assert payload[at:] == b"\xff"
            break
        code, size = payload[at], payload[at + 1]
        assert space.decode(code, payload[at + 2 : at + 2 + size]) == (name, inner)
        at += 2 + size


def test_without_the_vendors_name_option_43_is_nobodys() -> None:
    assert DHCP4_OPTIONS.decode(43, bytes.fromhex("060108")) == (
        "vendor-encapsulated-options", {"option-6": "08"},
    )  # fmt: skip
    for value, said in (
        ({"discovery-control": 8}, "not an option of vendor-encapsulated-options-space"),
        ({"pxe": {"discovery-control": 16}}, "from 0 to 15"),
        ({"pxe": {"boot-servers": [{"type": 1, "addresses": []}]}}, "at least 1"),
        ({"pxe": {"boot-servers": [{"type": 1, "addresses": ["192.0.2.1"] * 256}]}}, "at most 255"),
        ({"pxe": {"discovery": 8}}, "did you mean discovery-control"),
        ({"pxe": {}, "option-1": "00"}, "not an option"),
    ):
        with pytest.raises(InvalidValue, match=said):
            DHCP4_OPTIONS.encode("vendor-encapsulated-options", value)
    with pytest.raises(MalformedMessage):
        OptionSpace("pxe-space", DHCP4_OPTIONS.inner("pxe-space")).decode(8, bytes.fromhex("0001 02 c0000201"))


BROKEN = [
    ("v4-dots-ri", "03 6e7331"), ("v4-dots-address", "c00002"), ("v4-dots-address", ""),
    ("dhcp4o6-s46-saddr", "c0000201"), ("default-ip-ttl", ""), ("netbios-name-servers", "c000020100"),
    ("forcerenew-nonce-capable", ""), ("nwip-suboptions", "01 01 00"), ("ccc", "07 01 02"), ("dhcp-state", "0202"),
    ("dhcp-agent-options", "0d 01 04"), ("subnet-alloc", "00 02 07 01 c0000200 18 00"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "octets"), BROKEN)
def test_broken_octets_are_malformed(name: str, octets: str) -> None:
    with pytest.raises(MalformedMessage):
        DHCP4_OPTIONS.by_name[name].decode(bytes.fromhex(octets))


REFUSED = [
    ("v4-dots-ri", ["ns1.example.org"], "a name"), ("v4-dots-address", "192.0.2.1", "a list such as"),
    ("dhcp4o6-s46-saddr", "192.0.2.1", "2001:db8::1"), ("default-ip-ttl", 0, "from 1 to 255"),
    ("max-dgram-reassembly", 575, "from 576 to 65535"), ("boot-size", 65536, "from 0 to 65535"),
    ("swap-server", ["192.0.2.1"], "192.0.2.1"), ("arp-cache-timeout", "1h", "a whole number"),
    ("nwip-suboptions", {"nwip-1-1": 2}, "from 0 to 1"), ("ccc", {"kdc-address": []}, "did you mean kdc-addresses"),
    ("option-6rd", {"ipv4_mask_length": 33}, "missing"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "hint"), REFUSED)
def test_a_wrong_value_is_refused_and_the_message_says_what_is_right(name: str, value: Any, hint: str) -> None:
    with pytest.raises(InvalidValue, match=hint):
        DHCP4_OPTIONS.encode(name, value)


def inside(value: Any) -> Iterator[str]:
    """Every key of a value, at whatever depth."""
    if isinstance(value, Mapping):
        yield from map(str, value)
        for part in value.values():
            yield from inside(part)
    elif isinstance(value, list):
        for part in value:
            yield from inside(part)


def test_every_row_has_a_golden_payload() -> None:
    written = {name for name, *_rest in ROWS} | {name for name, *_rest in EXAMPLES} | VALUELESS
    assert [row.name for row in DHCP4_OPTIONS.rows if row.name not in written] == []


@pytest.mark.parametrize("space", [name for name in DHCP4_OPTIONS.inner_names() if DHCP4_OPTIONS.inner(name)])
def test_every_row_inside_an_option_has_one_too(space: str) -> None:
    holders = {row.name for row in DHCP4_OPTIONS.rows if row.encapsulates == space}
    values = [value for name, value, *_rest in [*ROWS, *EXAMPLES] if name in holders]
    values += [value for value, _octets in PXE] if space == "pxe-space" else []
    seen = {key for value in values for key in inside(value)}
    assert [row.name for row in DHCP4_OPTIONS.inner(space) if row.name not in seen] == []


def test_every_source_is_named() -> None:
    assert [name for name, _value, _octets, source in ROWS if not source.startswith(("RFC ", "draft-"))] == []
