"""The DHCPv6 options: one row each, names as Kea has them, codes as IANA assigned them.

``configuration`` rows are what an administrator gives to clients, ``client`` rows are what clients and relays say,
``protocol`` rows are what servers compute, ``failover`` rows are RFC 8156's.  Whether a client asks for an option by
code (IANA's "Client ORO") is ``requestable``; whether it may stand several times is ``repeats``.
"""

from __future__ import annotations

from functools import partial

from dhcpcore.wire.codecs.addresses import ADDRESS4, ADDRESS6, PREFIX4, PREFIX6, PREFIX6_SHORT, PortSet
from dhcpcore.wire.codecs.base import Counted, ListOf, Record
from dhcpcore.wire.codecs.containers import OptionalTail, SubOptions, VendorOptions, with_options
from dhcpcore.wire.codecs.location import CIVIC_ADDRESS, COORDINATES
from dhcpcore.wire.codecs.names import NAME, ClientFqdn
from dhcpcore.wire.codecs.numbers import PRESENCE, U8, U16, U32, U64, Integer
from dhcpcore.wire.codecs.resolvers import ENCRYPTED_RESOLVER6
from dhcpcore.wire.codecs.text import BINARY, OPAQUE, Binary, FixedBinary, Text
from dhcpcore.wire.options import family_of
from dhcpcore.wire.rows import OptionRow

_ANSWERS = frozenset({"ADVERTISE", "REPLY"})
_QUESTIONS = frozenset(
    {"SOLICIT", "REQUEST", "CONFIRM", "RENEW", "REBIND", "RELEASE", "DECLINE", "INFORMATION-REQUEST"}
)
_ALL = _QUESTIONS | _ANSWERS | {"RECONFIGURE"}
_RELAYS = frozenset({"RELAY-FORW", "RELAY-REPL"})
_LEASEQUERY = frozenset({"LEASEQUERY", "LEASEQUERY-REPLY", "LEASEQUERY-DATA", "ACTIVELEASEQUERY"})
_FAILOVER = frozenset({"BNDUPD", "BNDREPLY", "CONNECT", "CONNECTREPLY", "CONTACT", "STATE", "DISCONNECT"})
_REGISTRATION = frozenset({"REPLY"})
_INSIDE: frozenset[str] = frozenset({"option"})

configuration = partial(OptionRow, messages=_ANSWERS)
client = partial(OptionRow, messages=_QUESTIONS, settable=False, requestable=False)
protocol = partial(OptionRow, messages=_ANSWERS, settable=False, requestable=False)
relay = partial(OptionRow, messages=_RELAYS, settable=False, requestable=False)
query = partial(OptionRow, messages=_LEASEQUERY, settable=False, requestable=False)
failover = partial(OptionRow, messages=_FAILOVER, settable=False, requestable=False)
#: Stands only inside another option, which the administrator gives.
part = partial(OptionRow, messages=_INSIDE, settable=False, requestable=False)
inner = partial(OptionRow, requestable=False)

TOP = "dhcp6"
NTP_SPACE = "ntp-server-space"
MOS_ADDRESS_SPACE = "ipv6-address-mos-space"
MOS_NAME_SPACE = "ipv6-fqdn-mos-space"

_ADDRESSES = ListOf(ADDRESS6)
_NAMES = ListOf(NAME)
_DUID = Binary(3, 130, separator=":", example="00:03:00:01:02:00:00:00:00:01")
_URL = Text(example="https://example.org/")
_VSS = Record((("type", U8), ("info", Text(octets_min=0, opaque=True, example="vpn"))))
_AUTHENTICATION = Record(
    (("protocol", U8), ("algorithm", U8), ("rdm", U8), ("replay_detection", U64), ("information", Binary(0)))
)
_ASSOCIATION = (("iaid", U32), ("t1", U32), ("t2", U32))
_DATA = Counted(Text(octets_min=0, opaque=True, example="class"), 2)
_MANAGER = Record((("transports", U16), ("name", NAME)))
_CONTENT = [{"option-65001": "0102ff"}]


def _holds_options(space: str = TOP) -> SubOptions:
    return SubOptions(space, 2, example=_CONTENT)


_HEAD_ROWS: tuple[OptionRow, ...] = (
    protocol(1, "clientid", _DUID, "RFC 9915 21.2", "The client's DUID.", messages=_ALL | _LEASEQUERY),
    protocol(2, "serverid", _DUID, "RFC 9915 21.3", "The server's DUID.", messages=_ALL | _LEASEQUERY),
    protocol(
        3,
        "ia-na",
        with_options(*_ASSOCIATION),
        "RFC 9915 21.4",
        "Addresses for an interface.",
        messages=_QUESTIONS | _ANSWERS,
        encapsulates=TOP,
        repeats=True,
    ),
    protocol(
        4,
        "ia-ta",
        with_options(("iaid", U32)),
        "RFC 8415 21.5",
        "Temporary addresses; gone with RFC 9915.",
        messages=_QUESTIONS | _ANSWERS,
        encapsulates=TOP,
        repeats=True,
    ),
    protocol(
        5,
        "iaaddr",
        with_options(("address", ADDRESS6), ("preferred", U32), ("valid", U32)),
        "RFC 9915 21.6",
        "An address inside an identity association.",
        messages=_INSIDE,
        encapsulates=TOP,
        repeats=True,
    ),
    client(6, "oro", ListOf(U16, 0), "RFC 9915 21.7", "Codes that the client wants."),
    protocol(
        7,
        "preference",
        U8,
        "RFC 9915 21.8",
        "How willing the server is; comes from the subnet's preference.",
        messages=frozenset({"ADVERTISE"}),
    ),
    client(8, "elapsed-time", U16, "RFC 9915 21.9", "Hundredths of a second since the client began."),
    relay(9, "relay-msg", BINARY, "RFC 9915 21.10", "The message that is relayed."),
    protocol(11, "auth", _AUTHENTICATION, "RFC 9915 21.11", "Authentication of the message.", messages=_ALL),
    protocol(12, "unicast", ADDRESS6, "RFC 8415 21.12", "Clients may unicast to this address; gone with RFC 9915."),
    protocol(
        13,
        "status-code",
        Record((("code", U16), ("message", Text(octets_min=0)))),
        "RFC 9915 21.13",
        "How it went.",
        messages=_ANSWERS | _LEASEQUERY | _INSIDE | {"LEASEQUERY-DONE"},
    ),
    protocol(
        14,
        "rapid-commit",
        PRESENCE,
        "RFC 9915 21.14",
        "Two messages in place of four; comes from the subnet.",
        messages=frozenset({"SOLICIT", "REPLY"}),
    ),
    client(
        15,
        "user-class",
        ListOf(Counted(Text(octets_min=0, opaque=True, example="accounting"), 2)),
        "RFC 9915 21.15",
        "Classes that the client's user belongs to.",
    ),
    client(
        16,
        "vendor-class",
        Record((("enterprise", U32), ("data", ListOf(_DATA)))),
        "RFC 9915 21.16",
        "The client's vendor classes.",
        repeats=True,
    ),
    configuration(
        17,
        "vendor-opts",
        VendorOptions(2),
        "RFC 9915 21.17",
        "A vendor's options; definitions in the space vendor-NUMBER give them names.",
        messages=_ALL,
        repeats=True,
    ),
    relay(18, "interface-id", BINARY, "RFC 9915 21.18", "The relay's interface; returned to it as it came."),
    protocol(
        19, "reconf-msg", U8, "RFC 9915 21.19", "What the client shall send.", messages=frozenset({"RECONFIGURE"})
    ),
    protocol(
        20,
        "reconf-accept",
        PRESENCE,
        "RFC 9915 21.20",
        "Reconfigure messages are taken.",
        messages=_QUESTIONS | _ANSWERS,
    ),
    configuration(21, "sip-server-dns", _NAMES, "RFC 3319 3.1", "SIP proxies, by name."),
    configuration(22, "sip-server-addr", _ADDRESSES, "RFC 3319 3.2", "SIP proxies, by address."),
    configuration(23, "dns-servers", _ADDRESSES, "RFC 3646 3", "DNS servers, the preferred one first."),
    configuration(
        24, "domain-search", _NAMES, "RFC 3646 4", "Domains in which bare names are looked up.", example=["example.org"]
    ),
    protocol(
        25,
        "ia-pd",
        with_options(*_ASSOCIATION),
        "RFC 9915 21.21",
        "Prefixes for a router.",
        messages=_QUESTIONS | _ANSWERS,
        encapsulates=TOP,
        repeats=True,
    ),
    protocol(
        26,
        "iaprefix",
        with_options(("preferred", U32), ("valid", U32), ("prefix", PREFIX6)),
        "RFC 9915 21.22",
        "A prefix inside an identity association.",
        messages=_INSIDE,
        encapsulates=TOP,
        repeats=True,
    ),
    configuration(27, "nis-servers", _ADDRESSES, "RFC 3898", "NIS servers."),
    configuration(28, "nisp-servers", _ADDRESSES, "RFC 3898", "NIS+ servers."),
    configuration(29, "nis-domain-name", _NAMES, "RFC 3898", "NIS domain.", example=["example.org"]),
    configuration(30, "nisp-domain-name", _NAMES, "RFC 3898", "NIS+ domain.", example=["example.org"]),
    configuration(31, "sntp-servers", _ADDRESSES, "RFC 4075", "SNTP servers; ntp-server has replaced it."),
    configuration(
        32,
        "information-refresh-time",
        U32,
        "RFC 9915 21.23",
        "Seconds until a client without leases asks again; at least 600 to be heeded.",
        messages=frozenset({"REPLY"}),
    ),
    configuration(33, "bcmcs-server-dns", _NAMES, "RFC 4280", "Broadcast and multicast controllers, by name."),
    configuration(34, "bcmcs-server-addr", _ADDRESSES, "RFC 4280", "Broadcast and multicast controllers, by address."),
    configuration(
        36, "geoconf-civic", CIVIC_ADDRESS, "RFC 4776 3.2", "Civic address: what 0 server, 1 network, 2 client."
    ),
    relay(37, "remote-id", Record((("enterprise", U32), ("id", BINARY))), "RFC 4649 3", "The far end of the circuit."),
    relay(38, "subscriber-id", BINARY, "RFC 4580 2", "The provider's name for the subscriber."),
    protocol(
        39,
        "client-fqdn",
        ClientFqdn(wire_flag=0, result_codes=False),
        "RFC 4704 4",
        "The client's name and who updates DNS: flags S 1, O 2, N 4.",
        messages=_QUESTIONS | _ANSWERS,
        requestable=True,
    ),
    configuration(40, "pana-agent", _ADDRESSES, "RFC 5192", "PANA authentication agents."),
    configuration(
        41, "new-posix-timezone", Text(example="CET-1CEST,M3.5.0,M10.5.0/3"), "RFC 4833", "Time zone as POSIX has it."
    ),
    configuration(42, "new-tzdb-timezone", Text(example="Europe/Berlin"), "RFC 4833", "Time zone by name."),
    relay(43, "ero", ListOf(U16), "RFC 4994", "Options that the relay wants back."),
    query(
        44,
        "lq-query",
        with_options(("type", U8), ("link", ADDRESS6)),
        "RFC 5007 4.1.2.1",
        "What is asked.",
        encapsulates=TOP,
    ),
    query(
        45,
        "client-data",
        _holds_options(),
        "RFC 5007 4.1.2.2",
        "What is known of one client.",
        encapsulates=TOP,
    ),
    query(46, "clt-time", U32, "RFC 5007 4.1.2.3", "Seconds since the client was heard."),
    query(
        47,
        "lq-relay-data",
        Record((("peer", ADDRESS6), ("message", BINARY))),
        "RFC 5007 4.1.2.4",
        "The relay message that the client came in.",
    ),
    query(48, "lq-client-link", _ADDRESSES, "RFC 5007 4.1.2.5", "Links on which the client has bindings."),
    configuration(49, "mip6-hnidf", NAME, "RFC 6610", "Mobile IPv6: identifier of the home network."),
    configuration(
        50,
        "mip6-vdinf",
        _holds_options(),
        "RFC 6610",
        "Mobile IPv6: the visited network's agents.",
        encapsulates=TOP,
        example=[{"mip6-haa": "2001:db8::1"}],
    ),
    configuration(51, "v6-lost", NAME, "RFC 5223", "LoST server for emergency calls."),
    configuration(52, "capwap-ac-v6", _ADDRESSES, "RFC 5417", "CAPWAP access controllers."),
    relay(53, "relay-id", _DUID, "RFC 5460 5.4.1", "The relay's DUID.", messages=_RELAYS | _LEASEQUERY),
    configuration(
        54,
        "ipv6-address-mos",
        SubOptions(MOS_ADDRESS_SPACE, 2, example=[{"information": ["2001:db8::1"]}]),
        "RFC 5678",
        "IEEE 802.21 mobility servers, by address.",
        encapsulates=MOS_ADDRESS_SPACE,
    ),
    configuration(
        55,
        "ipv6-fqdn-mos",
        SubOptions(MOS_NAME_SPACE, 2, example=[{"information": ["mos.example.org"]}]),
        "RFC 5678",
        "IEEE 802.21 mobility servers, by name.",
        encapsulates=MOS_NAME_SPACE,
    ),
    configuration(
        56,
        "ntp-server",
        SubOptions(NTP_SPACE, 2, example=[{"address": "2001:db8::1"}]),
        "RFC 5908 4",
        "An NTP server: its address, its multicast address or its name.",
        encapsulates=NTP_SPACE,
    ),
    configuration(57, "v6-access-domain", NAME, "RFC 5986", "Domain of the access network."),
    configuration(58, "sip-ua-cs-list", _NAMES, "RFC 6011", "Domains where SIP agents find their settings."),
    configuration(
        59, "bootfile-url", Text(example="tftp://[2001:db8::1]/pxe.0"), "RFC 5970 3.1", "URL of the boot file."
    ),
    configuration(60, "bootfile-param", ListOf(Counted(OPAQUE, 2)), "RFC 5970 3.2", "Parameters for the boot file."),
    client(61, "client-arch-type", ListOf(U16), "RFC 5970 3.3", "Architectures of a booting client."),
    client(
        62,
        "nii",
        Record((("type", U8), ("major", U8), ("minor", U8))),
        "RFC 5970 3.4",
        "Network interface of a booting client: type (1 is UNDI) and version.",
        requestable=True,
    ),
    configuration(63, "geolocation", COORDINATES, "RFC 6225 2.1", "Coordinates with uncertainties."),
    configuration(64, "aftr-name", NAME, "RFC 6334", "Tunnel end of DS-Lite.", example="aftr.example.org"),
    configuration(65, "erp-local-domain-name", NAME, "RFC 6440", "Local domain for EAP re-authentication."),
    relay(66, "rsoo", _holds_options(), "RFC 6422", "Options that the relay adds to the answer.", encapsulates=TOP),
    part(
        67,
        "pd-exclude",
        Record((("length", Integer(1, least=1, most=128)), ("subnet_id", Binary(1, 16, example="0f")))),
        "RFC 6603 4.2",
        "The part of a delegated prefix that the router must not use: its length, its bits behind.",
        requestable=True,
    ),
    relay(68, "vss", _VSS, "RFC 6607", "The client's VPN.", messages=_RELAYS | _QUESTIONS | _ANSWERS),
    configuration(
        69,
        "mip6-idinf",
        _holds_options(),
        "RFC 6610",
        "Mobile IPv6: the identified home network's agents.",
        encapsulates=TOP,
        example=[{"mip6-haf": "ha.example.org"}],
    ),
    configuration(
        70,
        "mip6-udinf",
        _holds_options(),
        "RFC 6610",
        "Mobile IPv6: an unrestricted home network's agents.",
        encapsulates=TOP,
        example=[{"mip6-hnp": "2001:db8::/32"}],
    ),
    part(71, "mip6-hnp", PREFIX6, "RFC 6610", "Mobile IPv6: home network prefix.", requestable=True),
    part(72, "mip6-haa", ADDRESS6, "RFC 6610", "Mobile IPv6: home agent's address.", requestable=True),
    part(73, "mip6-haf", NAME, "RFC 6610", "Mobile IPv6: home agent's name.", requestable=True),
    configuration(
        74,
        "rdnss-selection",
        Record((("server", ADDRESS6), ("preference", U8), ("domains", ListOf(NAME, 0)))),
        "RFC 6731 4.2",
        "A DNS server for some domains only.",
    ),
)

_SECOND_ROWS: tuple[OptionRow, ...] = (
    client(75, "krb-principal-name", BINARY, "RFC 6784", "The client's Kerberos principal.", requestable=True),
    configuration(76, "krb-realm-name", Text(example="EXAMPLE.ORG"), "RFC 6784", "Kerberos realm."),
    configuration(77, "krb-default-realm-name", Text(example="EXAMPLE.ORG"), "RFC 6784", "Kerberos default realm."),
    configuration(
        78,
        "krb-kdc",
        Record(
            (
                ("priority", U16),
                ("weight", U16),
                ("transport", U8),
                ("port", Integer(2, example=88)),
                ("address", ADDRESS6),
                ("realm", Text(octets_min=0, example="EXAMPLE.ORG")),
            )
        ),
        "RFC 6784",
        "A Kerberos key distribution centre.",
    ),
    relay(
        79,
        "client-linklayer-addr",
        Record((("type", U16), ("address", Binary(separator=":", example="02:00:00:00:00:01")))),
        "RFC 6939 4",
        "The client's hardware address, as the relay saw it.",
    ),
    relay(80, "link-address", ADDRESS6, "RFC 6977", "The link whose clients shall be reconfigured."),
    relay(81, "radius", BINARY, "RFC 7037", "RADIUS attributes."),
    configuration(
        82,
        "solmax-rt",
        Integer(4, least=60, most=86_400, example=3600),
        "RFC 9915 21.24",
        "Longest time in seconds between Solicit messages.",
    ),
    configuration(
        83,
        "inf-max-rt",
        Integer(4, least=60, most=86_400, example=3600),
        "RFC 9915 21.25",
        "Longest time in seconds between Information-request messages.",
    ),
    configuration(
        84,
        "addrsel",
        OptionalTail(Record((("flags", U8),)), "options", _holds_options()),
        "RFC 7078 2",
        "Address selection policy: flags A 2, P 1, and its table.",
        encapsulates=TOP,
        example={"flags": 2, "options": [{"addrsel-table": {"label": 1, "precedence": 40, "prefix": "2001:db8::/32"}}]},
    ),
    part(
        85,
        "addrsel-table",
        Record((("label", U8), ("precedence", U8), ("prefix", PREFIX6_SHORT))),
        "RFC 7078 2",
        "One line of the address selection policy.",
        requestable=True,
    ),
    configuration(86, "v6-pcp-server", _ADDRESSES, "RFC 7291 3", "Addresses of one port control server.", repeats=True),
    protocol(
        87,
        "dhcpv4-message",
        BINARY,
        "RFC 7341",
        "A DHCPv4 message.",
        messages=frozenset({"DHCPV4-QUERY", "DHCPV4-RESPONSE"}),
    ),
    configuration(
        88,
        "dhcp4o6-server-addr",
        ListOf(ADDRESS6, 0),
        "RFC 7341",
        "Servers for DHCPv4 over DHCPv6; an empty list means the multicast address.",
    ),
    part(
        89,
        "s46-rule",
        with_options(
            ("flags", U8), ("ea_length", Integer(1, most=48)), ("ipv4_prefix", PREFIX4), ("ipv6_prefix", PREFIX6_SHORT)
        ),
        "RFC 7598 4.1",
        "A mapping rule of a softwire; flag 1 says that it forwards.",
        encapsulates=TOP,
        example={"flags": 1, "ea_length": 16, "ipv4_prefix": "192.0.2.0/24", "ipv6_prefix": "2001:db8::/40"},
        repeats=True,
    ),
    part(90, "s46-br", ADDRESS6, "RFC 7598 4.2", "A softwire's border relay.", requestable=True, repeats=True),
    part(91, "s46-dmr", PREFIX6_SHORT, "RFC 7598 4.3", "A softwire's default mapping rule."),
    part(
        92,
        "s46-v4v6bind",
        with_options(("ipv4_address", ADDRESS4), ("ipv6_prefix", PREFIX6_SHORT)),
        "RFC 7598 4.4",
        "Which addresses of a softwire belong together.",
        encapsulates=TOP,
        example={"ipv4_address": "192.0.2.1", "ipv6_prefix": "2001:db8::/64"},
    ),
    part(
        93,
        "s46-portparams",
        Record((("offset", Integer(1, most=15)), ("psid", PortSet()))),
        "RFC 7598 4.5",
        "A softwire's share of the ports.",
    ),
    configuration(
        94,
        "s46-cont-mape",
        _holds_options(),
        "RFC 7598 5.1",
        "Softwire of the kind MAP-E.",
        encapsulates=TOP,
        example=[{"s46-br": "2001:db8::1"}],
        repeats=True,
    ),
    configuration(
        95,
        "s46-cont-mapt",
        _holds_options(),
        "RFC 7598 5.2",
        "Softwire of the kind MAP-T.",
        encapsulates=TOP,
        example=[{"s46-dmr": "2001:db8::/64"}],
    ),
    configuration(
        96,
        "s46-cont-lw",
        _holds_options(),
        "RFC 7598 5.3",
        "Softwire of the kind Lightweight 4over6.",
        encapsulates=TOP,
        example=[{"s46-br": "2001:db8::1"}],
    ),
    configuration(
        97,
        "4rd",
        _holds_options(),
        "RFC 7600",
        "Softwire of the kind 4rd.",
        encapsulates=TOP,
        example=[{"4rd-non-map-rule": {"flags": 0, "traffic_class": 0, "mtu": 1500}}],
    ),
    part(
        98,
        "4rd-map-rule",
        Record(
            (
                ("ipv4_length", Integer(1, most=32)),
                ("ipv6_length", Integer(1, most=128)),
                ("ea_length", U8),
                ("flags", U8),
                ("ipv4_prefix", ADDRESS4),
                ("ipv6_prefix", ADDRESS6),
            )
        ),
        "RFC 7600",
        "A mapping rule of 4rd.",
        requestable=True,
    ),
    part(
        99,
        "4rd-non-map-rule",
        Record((("flags", U8), ("traffic_class", U8), ("mtu", U16))),
        "RFC 7600",
        "What holds for 4rd besides its mapping rules.",
        requestable=True,
    ),
    query(100, "lq-base-time", U32, "RFC 7653", "The server's clock."),
    query(101, "lq-start-time", U32, "RFC 7653", "Changes from this time."),
    query(102, "lq-end-time", U32, "RFC 7653", "Changes until this time."),
    configuration(103, "v6-captive-portal", _URL, "RFC 8910 2.2", "API of the captive portal, as a URI."),
    configuration(
        104,
        "mpl-parameters",
        OptionalTail(
            Record(
                (
                    ("flags", U8),
                    ("unit", U8),
                    ("seed_lifetime", U16),
                    ("data_k", U8),
                    ("data_imin", U16),
                    ("data_imax", U8),
                    ("data_expirations", U16),
                    ("control_k", U8),
                    ("control_imin", U16),
                    ("control_imax", U8),
                    ("control_expirations", U16),
                )
            ),
            "domain",
            ADDRESS6,
        ),
        "RFC 7774",
        "Parameters of a multicast domain in low-power networks.",
        repeats=True,
    ),
    relay(105, "ani-att", Record((("reserved", U8), ("type", U8))), "RFC 7839", "Kind of access network."),
    relay(106, "ani-network-name", OPAQUE, "RFC 7839", "Name (SSID) of the access network."),
    relay(107, "ani-ap-name", OPAQUE, "RFC 7839", "Name of the access point."),
    relay(108, "ani-ap-bssid", FixedBinary(6, ":", "02:00:00:00:00:01"), "RFC 7839", "BSSID of the access point."),
    relay(109, "ani-operator-id", U32, "RFC 7839", "The operator's enterprise number."),
    relay(110, "ani-operator-realm", OPAQUE, "RFC 7839", "The operator's realm."),
    configuration(
        111, "s46-priority", ListOf(U16), "RFC 8026", "Softwire kinds in order, by option code.", example=[96, 94]
    ),
    client(112, "mud-url-v6", _URL, "RFC 8520", "Where the client's manufacturer describes what it needs."),
    configuration(
        113,
        "v6-prefix64",
        Record((("asm", PREFIX6_SHORT), ("ssm", PREFIX6_SHORT), ("unicast", PREFIX6_SHORT))),
        "RFC 8115",
        "Prefixes for IPv4 multicast in IPv6.",
        repeats=True,
    ),
    failover(114, "f-binding-status", U8, "RFC 8156", "State of a binding."),
    failover(115, "f-connect-flags", U16, "RFC 8156", "Whether bindings are taken over at once."),
    failover(
        116,
        "f-dns-removal-info",
        _holds_options(),
        "RFC 8156",
        "How to take the names out of DNS.",
        encapsulates=TOP,
        example=[{"f-dns-host-name": "host.example.org"}],
    ),
    failover(117, "f-dns-host-name", NAME, "RFC 8156", "Name in DNS."),
    failover(118, "f-dns-zone-name", NAME, "RFC 8156", "Zone in DNS."),
    failover(119, "f-dns-flags", U16, "RFC 8156", "What there is in DNS."),
    failover(120, "f-expiration-time", U32, "RFC 8156", "When the binding ends."),
    failover(121, "f-max-unacked-bndupd", U32, "RFC 8156", "Updates that may wait for an answer."),
    failover(122, "f-mclt", U32, "RFC 8156", "Maximum client lead time in seconds."),
    failover(123, "f-partner-lifetime", U32, "RFC 8156", "Until when the partner may extend."),
    failover(124, "f-partner-lifetime-sent", U32, "RFC 8156", "What was sent as 123."),
    failover(125, "f-partner-down-time", U32, "RFC 8156", "When the partner went down."),
    failover(126, "f-partner-raw-clt-time", U32, "RFC 8156", "When the partner last heard the client."),
    failover(127, "f-protocol-version", Record((("major", U16), ("minor", U16))), "RFC 8156", "Version."),
    failover(128, "f-keepalive-time", U32, "RFC 8156", "Seconds of silence that are borne."),
    failover(
        129,
        "f-reconfigure-data",
        Record((("time", U32), ("key", BINARY))),
        "RFC 8156",
        "Key for Reconfigure messages.",
    ),
    failover(130, "f-relationship-name", Text(example="pair"), "RFC 8156", "What the pair is called."),
    failover(131, "f-server-flags", U8, "RFC 8156", "State of the sender."),
    failover(132, "f-server-state", U8, "RFC 8156", "State of the pair as the sender sees it."),
    failover(133, "f-start-time-of-state", U32, "RFC 8156", "Since when it is so."),
    failover(134, "f-state-expiration-time", U32, "RFC 8156", "When the state of the binding ends."),
    relay(135, "relay-source-port", U16, "RFC 8357", "The answer goes to this port of the relay; 0 for its own."),
    configuration(136, "v6-sztp-redirect", ListOf(Counted(_URL, 2)), "RFC 8572 8.2", "Bootstrap servers, as URIs."),
    configuration(
        137, "s46-bind-ipv6-prefix", PREFIX6_SHORT, "RFC 8539", "Prefix from which the softwire's address comes."
    ),
    protocol(
        138,
        "ia-ll",
        with_options(*_ASSOCIATION),
        "RFC 8947",
        "Hardware addresses for a client.",
        messages=_QUESTIONS | _ANSWERS,
        encapsulates=TOP,
        repeats=True,
    ),
    protocol(
        139,
        "lladdr",
        with_options(
            ("type", U16),
            ("address", Counted(Binary(separator=":", example="02:00:00:00:00:01"), 2)),
            ("extra", U32),
            ("valid", U32),
        ),
        "RFC 8947",
        "A block of hardware addresses.",
        messages=_INSIDE,
        encapsulates=TOP,
        repeats=True,
    ),
    client(
        140,
        "slap-quad",
        ListOf(Record((("quadrant", Integer(1, most=3)), ("preference", U8)))),
        "RFC 8948",
        "Kinds of hardware address that the client wants.",
    ),
    configuration(141, "v6-dots-ri", NAME, "RFC 8973", "DOTS agent, by name."),
    configuration(142, "v6-dots-address", _ADDRESSES, "RFC 8973", "DOTS agent, by address."),
    configuration(143, "ipv6-address-andsf", _ADDRESSES, "RFC 6153", "Network discovery and selection servers."),
    configuration(144, "v6-dnr", ENCRYPTED_RESOLVER6, "RFC 9463 4", "An encrypted DNS resolver.", repeats=True),
    configuration(
        145, "registered-domain", NAME, "RFC 9527", "Domain that is registered for the home network.", repeats=True
    ),
    configuration(146, "forward-dist-manager", _MANAGER, "RFC 9527", "Where the home network's zone is sent."),
    configuration(147, "reverse-dist-manager", _MANAGER, "RFC 9527", "Where its reverse zone is sent."),
    protocol(
        148,
        "addr-reg-enable",
        PRESENCE,
        "RFC 9686",
        "Addresses may be registered.",
        messages=_REGISTRATION,
        requestable=True,
    ),
)

_NTP_ROWS: tuple[OptionRow, ...] = (
    inner(1, "address", ADDRESS6, "RFC 5908 4.1", "Unicast address of the server.", repeats=True),
    inner(
        2, "multicast", ADDRESS6, "RFC 5908 4.2", "Multicast address of the service.", repeats=True, example="ff05::101"
    ),
    inner(3, "name", NAME, "RFC 5908 4.3", "Name of the server.", repeats=True),
)


def _mobility(item: ListOf) -> tuple[OptionRow, ...]:
    return (
        inner(1, "information", item, "RFC 5678", "Information service."),
        inner(2, "command", item, "RFC 5678", "Command service."),
        inner(3, "event", item, "RFC 5678", "Event service."),
    )


DHCP6_OPTIONS = family_of(
    TOP,
    2,
    {
        TOP: _HEAD_ROWS + _SECOND_ROWS,
        NTP_SPACE: _NTP_ROWS,
        MOS_ADDRESS_SPACE: _mobility(_ADDRESSES),
        MOS_NAME_SPACE: _mobility(_NAMES),
    },
)
