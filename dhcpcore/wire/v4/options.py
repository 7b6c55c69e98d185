"""The DHCPv4 options: one row each, names as Kea has them, codes as IANA assigned them.

``configuration`` rows are what an administrator gives to clients, ``client`` rows are what clients and relays say,
``protocol`` rows are what the server itself computes.  The RFC column names the section that the codec follows.
"""

from __future__ import annotations

from functools import partial

from dhcpcore.wire.codecs.addresses import ADDRESS4, ADDRESS6, PortSet
from dhcpcore.wire.codecs.base import Counted, ListOf, Record
from dhcpcore.wire.codecs.containers import OptionalTail, SubOptions, VendorOptions
from dhcpcore.wire.codecs.location import CIVIC_ADDRESS, COORDINATES, COORDINATES_V0
from dhcpcore.wire.codecs.names import COMPRESSED_NAMES, NAME, ClientFqdn
from dhcpcore.wire.codecs.numbers import BOOLEAN, MARKER, PRESENCE, U8, U16, U32, U64, Integer
from dhcpcore.wire.codecs.resolvers import ENCRYPTED_RESOLVERS4
from dhcpcore.wire.codecs.special import ADDRESS_LISTS4, CLASSLESS_ROUTES, SIP_SERVERS4, USER_CLASS4, Numbered
from dhcpcore.wire.codecs.text import BINARY, OPAQUE, TEXT, Binary, FixedBinary, Text
from dhcpcore.wire.options import family_of
from dhcpcore.wire.rows import OptionRow

_REPLIES = frozenset({"OFFER", "ACK"})
_QUESTIONS = frozenset({"DISCOVER", "REQUEST", "INFORM"})
_ALL_FROM_CLIENT = _QUESTIONS | {"DECLINE", "RELEASE"}
_ALL_FROM_SERVER = _REPLIES | {"NAK"}
_ALL = _ALL_FROM_CLIENT | _ALL_FROM_SERVER
_LEASEQUERY = frozenset({"LEASEQUERY", "BULKLEASEQUERY", "LEASEUNASSIGNED", "LEASEUNKNOWN", "LEASEACTIVE"})

configuration = partial(OptionRow, messages=_REPLIES)
client = partial(OptionRow, messages=_QUESTIONS, settable=False, requestable=False)
protocol = partial(OptionRow, messages=_REPLIES, settable=False, requestable=False)
inner = partial(OptionRow, requestable=False)

AGENT_SPACE = "dhcp-agent-options-space"
VENDOR_SPACE = "vendor-encapsulated-options-space"
PXE_SPACE = "pxe-space"
NWIP_SPACE = "nwip-options-space"
CCC_SPACE = "ccc-options-space"
MOS_ADDRESS_SPACE = "ipv4-addr-mos-space"
MOS_NAME_SPACE = "ipv4-fqdn-mos-space"
SUBNET_SPACE = "subnet-alloc-space"

_ADDRESSES = ListOf(ADDRESS4)
_ADDRESS_PAIRS = ListOf(ADDRESS4, multiple=2)
_NAMES = ListOf(NAME)
_PATH = Text(example="/srv/root")
_URL = Text(example="https://example.org/")
_DOMAIN = Text(example="example.org")
#: RFC 2132 9.14 and RFC 4361 6.1: a type and at least one octet.
_CLIENT_ID = Binary(2, separator=":", example="01:02:00:00:00:00:01")
#: RFC 791 3.1 and RFC 2132 4.7: every host takes datagrams of 576, no link has less than 68.
_MTU = Integer(2, least=68, example=1500)
_DATAGRAM = Integer(2, least=576, example=576)
_AUTHENTICATION = Record(
    (("protocol", U8), ("algorithm", U8), ("rdm", U8), ("replay_detection", U64), ("information", Binary(0)))
)
_VSS = Record((("type", U8), ("info", Text(octets_min=0, opaque=True, example="vpn"))))

_ROWS: tuple[OptionRow, ...] = (
    protocol(0, "pad", MARKER, "RFC 2132 3.1", "Fills up to a boundary."),
    configuration(
        1,
        "subnet-mask",
        ADDRESS4,
        "RFC 2132 3.3",
        "The subnet's mask.",
        example="255.255.255.0",
    ),
    configuration(2, "time-offset", Integer(4, signed=True, example=3600), "RFC 2132 3.4", "Seconds east of UTC."),
    configuration(3, "routers", _ADDRESSES, "RFC 2132 3.5", "Routers on the client's subnet, the preferred one first."),
    configuration(4, "time-servers", _ADDRESSES, "RFC 2132 3.6", "RFC 868 time servers."),
    configuration(5, "name-servers", _ADDRESSES, "RFC 2132 3.7", "IEN 116 name servers; not those of DNS."),
    configuration(6, "domain-name-servers", _ADDRESSES, "RFC 2132 3.8", "DNS servers, the preferred one first."),
    configuration(7, "log-servers", _ADDRESSES, "RFC 2132 3.9", "MIT-LCS UDP log servers."),
    configuration(8, "cookie-servers", _ADDRESSES, "RFC 2132 3.10", "RFC 865 quote of the day servers."),
    configuration(9, "lpr-servers", _ADDRESSES, "RFC 2132 3.11", "RFC 1179 line printer servers."),
    configuration(10, "impress-servers", _ADDRESSES, "RFC 2132 3.12", "Imagen Impress servers."),
    configuration(11, "resource-location-servers", _ADDRESSES, "RFC 2132 3.13", "RFC 887 resource location servers."),
    configuration(12, "host-name", Text(example="printer"), "RFC 2132 3.14", "The client's name, bare or with domain."),
    configuration(13, "boot-size", U16, "RFC 2132 3.15", "Size of the boot image in blocks of 512 octets."),
    configuration(14, "merit-dump", _PATH, "RFC 2132 3.16", "File to which the client's core shall be dumped."),
    configuration(15, "domain-name", _DOMAIN, "RFC 2132 3.17", "Domain in which the client resolves names."),
    configuration(16, "swap-server", ADDRESS4, "RFC 2132 3.18", "The client's swap server."),
    configuration(17, "root-path", _PATH, "RFC 2132 3.19", "Path of the client's root disk."),
    configuration(18, "extensions-path", _PATH, "RFC 2132 3.20", "A file with more options, to be fetched by TFTP."),
    configuration(19, "ip-forwarding", BOOLEAN, "RFC 2132 4.1", "Whether the client shall forward packets."),
    configuration(
        20, "non-local-source-routing", BOOLEAN, "RFC 2132 4.2", "Whether source-routed packets may leave the link."
    ),
    configuration(
        21,
        "policy-filter",
        _ADDRESS_PAIRS,
        "RFC 2132 4.3",
        "Allowed source routes: address, mask, …",
        example=["192.0.2.0", "255.255.255.0"],
    ),
    configuration(22, "max-dgram-reassembly", _DATAGRAM, "RFC 2132 4.4", "Largest datagram to be reassembled."),
    configuration(
        23, "default-ip-ttl", Integer(1, least=1, example=64), "RFC 2132 4.5", "Time to live of outgoing packets."
    ),
    configuration(24, "path-mtu-aging-timeout", U32, "RFC 2132 4.6", "Seconds after which path MTUs age."),
    configuration(25, "path-mtu-plateau-table", ListOf(_MTU), "RFC 2132 4.7", "MTU sizes to try, smallest first."),
    configuration(26, "interface-mtu", _MTU, "RFC 2132 5.1", "MTU of the client's interface."),
    configuration(27, "all-subnets-local", BOOLEAN, "RFC 2132 5.2", "Whether all subnets have the link's MTU."),
    configuration(
        28, "broadcast-address", ADDRESS4, "RFC 2132 5.3", "The subnet's broadcast address.", example="192.0.2.255"
    ),
    configuration(29, "perform-mask-discovery", BOOLEAN, "RFC 2132 5.4", "Whether to ask for the mask by ICMP."),
    configuration(30, "mask-supplier", BOOLEAN, "RFC 2132 5.5", "Whether to answer mask questions by ICMP."),
    configuration(31, "router-discovery", BOOLEAN, "RFC 2132 5.6", "Whether to solicit routers, RFC 1256."),
    configuration(
        32, "router-solicitation-address", ADDRESS4, "RFC 2132 5.7", "Where to solicit routers.", example="224.0.0.2"
    ),
    configuration(
        33,
        "static-routes",
        _ADDRESS_PAIRS,
        "RFC 2132 5.8",
        "Host or class-full routes: destination, router, …; clients that take classless-static-route ignore it.",
        example=["198.51.100.7", "192.0.2.1"],
    ),
    configuration(34, "trailer-encapsulation", BOOLEAN, "RFC 2132 6.1", "Whether to negotiate trailers for ARP."),
    configuration(35, "arp-cache-timeout", U32, "RFC 2132 6.2", "Seconds that ARP entries are kept."),
    configuration(36, "ieee802-3-encapsulation", BOOLEAN, "RFC 2132 6.3", "IEEE 802.3 in place of Ethernet II."),
    configuration(
        37, "default-tcp-ttl", Integer(1, least=1, example=64), "RFC 2132 7.1", "Time to live of TCP segments."
    ),
    configuration(38, "tcp-keepalive-interval", U32, "RFC 2132 7.2", "Seconds between TCP keepalives; 0 for none."),
    configuration(39, "tcp-keepalive-garbage", BOOLEAN, "RFC 2132 7.3", "Whether keepalives carry an octet."),
    configuration(40, "nis-domain", _DOMAIN, "RFC 2132 8.1", "NIS domain."),
    configuration(41, "nis-servers", _ADDRESSES, "RFC 2132 8.2", "NIS servers."),
    configuration(42, "ntp-servers", _ADDRESSES, "RFC 2132 8.3", "NTP servers, the preferred one first."),
    configuration(
        43,
        "vendor-encapsulated-options",
        SubOptions(VENDOR_SPACE, opaque=True, example={"option-1": "0102ff"}, vendors=(("pxe", PXE_SPACE),)),
        "RFC 2132 8.4",
        "What the vendor named in option 60 defines: options of their own, any octets, or `{pxe: …}` for boot clients.",
        encapsulates=VENDOR_SPACE,
    ),
    configuration(44, "netbios-name-servers", _ADDRESSES, "RFC 2132 8.5", "NetBIOS name (WINS) servers."),
    configuration(45, "netbios-dd-server", _ADDRESSES, "RFC 2132 8.6", "NetBIOS datagram distribution servers."),
    configuration(
        46,
        "netbios-node-type",
        Integer(1, least=1, most=8, example=8),
        "RFC 2132 8.7",
        "NetBIOS node type: 1 B, 2 P, 4 M, 8 H.",
    ),
    configuration(47, "netbios-scope", TEXT, "RFC 2132 8.8", "NetBIOS scope."),
    configuration(48, "font-servers", _ADDRESSES, "RFC 2132 8.9", "X window font servers."),
    configuration(49, "x-display-manager", _ADDRESSES, "RFC 2132 8.10", "Hosts with an X display manager."),
    client(
        50,
        "dhcp-requested-address",
        ADDRESS4,
        "RFC 2132 9.1",
        "The address that the client asks for.",
        messages=frozenset({"DISCOVER", "REQUEST", "DECLINE"}),
    ),
    protocol(
        51,
        "dhcp-lease-time",
        U32,
        "RFC 2132 9.2",
        "Seconds of the lease; comes from lifetime.",
        messages=_REPLIES | {"DISCOVER", "REQUEST"},
    ),
    protocol(
        52,
        "dhcp-option-overload",
        Integer(1, least=1, most=3),
        "RFC 2132 9.3",
        "Options continue in file (1), sname (2) or both (3); set when they do.",
        messages=_ALL,
    ),
    protocol(
        53,
        "dhcp-message-type",
        Integer(1, least=1),
        "RFC 2132 9.6",
        "What kind of message it is.",
        messages=_ALL | _LEASEQUERY,
    ),
    protocol(
        54,
        "dhcp-server-identifier",
        ADDRESS4,
        "RFC 2132 9.7",
        "The address that identifies the server.",
        messages=_ALL_FROM_SERVER | {"REQUEST", "DECLINE", "RELEASE"},
    ),
    client(55, "dhcp-parameter-request-list", ListOf(U8), "RFC 2132 9.8", "Codes that the client wants, in its order."),
    protocol(
        56,
        "dhcp-message",
        Text(example="no free address"),
        "RFC 2132 9.9",
        "Why the answer is no.",
        messages=frozenset({"NAK", "DECLINE", "RELEASE"}),
    ),
    client(57, "dhcp-max-message-size", _DATAGRAM, "RFC 2132 9.10", "Longest message that the client takes."),
    protocol(58, "dhcp-renewal-time", U32, "RFC 2132 9.11", "Seconds until the client renews; comes from lifetime."),
    protocol(59, "dhcp-rebinding-time", U32, "RFC 2132 9.12", "Seconds until it asks any server; from lifetime."),
    configuration(
        60,
        "vendor-class-identifier",
        Text(example="PXEClient"),
        "RFC 2132 9.13",
        "The client's vendor class; sent back only where a client (PXE) wants to see it.",
        messages=_ALL,
    ),
    client(
        61,
        "dhcp-client-identifier",
        _CLIENT_ID,
        "RFC 2132 9.14",
        "What the client is called on its subnet; returned in every answer, RFC 6842.",
        messages=_ALL,
    ),
    configuration(62, "nwip-domain-name", TEXT, "RFC 2242", "NetWare/IP domain."),
    configuration(
        63,
        "nwip-suboptions",
        SubOptions(NWIP_SPACE, example={"nsq-broadcast": 1}),
        "RFC 2242",
        "NetWare/IP settings.",
        encapsulates=NWIP_SPACE,
    ),
    configuration(64, "nisplus-domain-name", _DOMAIN, "RFC 2132 8.11", "NIS+ domain."),
    configuration(65, "nisplus-servers", _ADDRESSES, "RFC 2132 8.12", "NIS+ servers."),
    configuration(66, "tftp-server-name", Text(example="boot.example.org"), "RFC 2132 9.4", "TFTP server's name."),
    configuration(67, "boot-file-name", Text(example="boot/pxe.0"), "RFC 2132 9.5", "Name of the boot file."),
    configuration(
        68,
        "mobile-ip-home-agent",
        ListOf(ADDRESS4, count_min=0),
        "RFC 2132 8.13",
        "Mobile IP home agents; an empty list says that there are none.",
    ),
    configuration(69, "smtp-server", _ADDRESSES, "RFC 2132 8.14", "SMTP servers."),
    configuration(70, "pop-server", _ADDRESSES, "RFC 2132 8.15", "POP3 servers."),
    configuration(71, "nntp-server", _ADDRESSES, "RFC 2132 8.16", "NNTP servers."),
    configuration(72, "www-server", _ADDRESSES, "RFC 2132 8.17", "Web servers."),
    configuration(73, "finger-server", _ADDRESSES, "RFC 2132 8.18", "Finger servers."),
    configuration(74, "irc-server", _ADDRESSES, "RFC 2132 8.19", "IRC servers."),
    configuration(75, "streettalk-server", _ADDRESSES, "RFC 2132 8.20", "StreetTalk servers."),
    configuration(
        76, "streettalk-directory-assistance-server", _ADDRESSES, "RFC 2132 8.21", "StreetTalk STDA servers."
    ),
    client(77, "user-class", USER_CLASS4, "RFC 3004 4", "Classes that the client's user belongs to."),
    configuration(
        78,
        "slp-directory-agent",
        Record((("mandatory", BOOLEAN), ("addresses", _ADDRESSES))),
        "RFC 2610",
        "SLP directory agents; mandatory forbids others.",
    ),
    configuration(
        79,
        "slp-service-scope",
        Record((("mandatory", BOOLEAN), ("scopes", Text(octets_min=0, example="default")))),
        "RFC 2610",
        "SLP scopes, with commas between.",
    ),
    client(
        80,
        "rapid-commit",
        PRESENCE,
        "RFC 4039",
        "Two messages in place of four, where the subnet allows it.",
        messages=frozenset({"DISCOVER", "ACK"}),
    ),
    protocol(
        81,
        "fqdn",
        ClientFqdn(wire_flag=4, result_codes=True),
        "RFC 4702 2",
        "The client's name and who updates DNS: flags S 1, O 2, E 4, N 8.",
        messages=_QUESTIONS | _REPLIES,
    ),
    protocol(
        82,
        "dhcp-agent-options",
        SubOptions(AGENT_SPACE, example={"circuit-id": "eth-0-1-7", "remote-id": {"hex": "020000000001"}}),
        "RFC 3046 2",
        "What the relay added; returned to it as it came, as the last option.",
        messages=_ALL,
        encapsulates=AGENT_SPACE,
    ),
    configuration(
        83,
        "isns",
        Record(
            (
                ("functions", U16),
                ("access", U16),
                ("administration", U16),
                ("security", U32),
                ("addresses", _ADDRESSES),
            )
        ),
        "RFC 4174",
        "iSNS servers, the primary one first, and what to use them for.",
    ),
    configuration(85, "nds-servers", _ADDRESSES, "RFC 2241", "Novell directory servers."),
    configuration(86, "nds-tree-name", TEXT, "RFC 2241", "Novell directory tree."),
    configuration(87, "nds-context", TEXT, "RFC 2241", "Novell directory context."),
    configuration(88, "bcms-controller-names", _NAMES, "RFC 4280", "Broadcast and multicast controllers, by name."),
    configuration(
        89, "bcms-controller-address", _ADDRESSES, "RFC 4280", "Broadcast and multicast controllers, by address."
    ),
    protocol(90, "authenticate", _AUTHENTICATION, "RFC 3118 2", "Authentication of the message.", messages=_ALL),
    protocol(
        91,
        "client-last-transaction-time",
        U32,
        "RFC 4388 6.1",
        "Leasequery: seconds since the client was heard.",
        messages=_LEASEQUERY,
    ),
    protocol(
        92,
        "associated-ip",
        _ADDRESSES,
        "RFC 4388 6.1",
        "Leasequery: all addresses of the client.",
        messages=_LEASEQUERY,
    ),
    client(93, "client-system", ListOf(U16), "RFC 4578 2.1", "Architectures of a booting client."),
    client(
        94,
        "client-ndi",
        Record((("type", U8), ("major", U8), ("minor", U8))),
        "RFC 4578 2.2",
        "Network interface of a booting client: type (1 is UNDI) and version.",
    ),
    configuration(95, "ldap", Text(example="ldap://ldap.example.org/"), "RFC 3679", "LDAP servers, as URLs."),
    client(
        97,
        "uuid-guid",
        Record((("type", U8), ("id", Binary(example="00112233445566778899aabbccddeeff")))),
        "RFC 4578 2.3",
        "Machine identifier of a booting client.",
        messages=_QUESTIONS | _REPLIES,
    ),
    configuration(98, "uap-servers", _URL, "RFC 2485", "User authentication servers, URLs with spaces between."),
    configuration(
        99, "geoconf-civic", CIVIC_ADDRESS, "RFC 4776 3.1", "Civic address: what 0 server, 1 network, 2 client."
    ),
    configuration(100, "pcode", Text(example="CET-1CEST,M3.5.0,M10.5.0/3"), "RFC 4833", "Time zone as POSIX has it."),
    configuration(101, "tcode", Text(example="Europe/Berlin"), "RFC 4833", "Time zone by name."),
    configuration(
        108,
        "v6-only-preferred",
        Integer(4, example=1800),
        "RFC 8925 3.1",
        "Seconds for which a client that can do without IPv4 shall do so.",
    ),
    client(
        109,
        "dhcp4o6-s46-saddr",
        ADDRESS6,
        "RFC 8539",
        "The IPv6 address that a client's softwire starts from; returned.",
        messages=_QUESTIONS | _REPLIES,
    ),
    configuration(112, "netinfo-server-address", _ADDRESSES, "RFC 3679", "NetInfo parent servers."),
    configuration(113, "netinfo-server-tag", TEXT, "RFC 3679", "NetInfo parent tag."),
    configuration(114, "v4-captive-portal", _URL, "RFC 8910 2.1", "API of the captive portal, as a URI."),
    configuration(
        116,
        "auto-config",
        Integer(1, most=1),
        "RFC 2563",
        "Whether a client without a lease may choose a link-local address (1) or not (0).",
        messages=frozenset({"DISCOVER", "OFFER"}),
    ),
    configuration(
        117,
        "name-service-search",
        ListOf(U16),
        "RFC 2937",
        "Name services in order, by option code.",
        example=[6, 44],
    ),
    client(
        118,
        "subnet-selection",
        ADDRESS4,
        "RFC 3011",
        "Subnet in which an address is wanted; returned.",
        messages=_QUESTIONS | _REPLIES,
        example="192.0.2.0",
    ),
    configuration(119, "domain-search", COMPRESSED_NAMES, "RFC 3397 2", "Domains in which bare names are looked up."),
    configuration(120, "sip-servers", SIP_SERVERS4, "RFC 3361 3", "SIP proxies, all by address or all by name."),
    configuration(
        121,
        "classless-static-route",
        CLASSLESS_ROUTES,
        "RFC 3442",
        "Routes; a client that takes them ignores routers, so include 0.0.0.0/0.",
        example=[["0.0.0.0/0", "192.0.2.1"], ["198.51.100.0/24", "192.0.2.254"]],
    ),
    configuration(
        122,
        "ccc",
        SubOptions(CCC_SPACE, example={"tsp-primary-server": "192.0.2.1"}),
        "RFC 3495",
        "CableLabs client configuration.",
        encapsulates=CCC_SPACE,
    ),
    configuration(
        123, "geoconf", COORDINATES_V0, "RFC 6225 2.2", "Coordinates with resolutions, as RFC 3825 had them."
    ),
    configuration(
        124,
        "vivco-suboptions",
        ListOf(Record((("enterprise", U32), ("data", Counted(Text(octets_min=0, opaque=True, example="class")))))),
        "RFC 3925 3",
        "Vendor classes by enterprise number.",
        messages=_QUESTIONS | _REPLIES,
    ),
    configuration(
        125,
        "vivso-suboptions",
        ListOf(VendorOptions(1)),
        "RFC 3925 4",
        "Vendors' options by enterprise number; definitions in the space vendor-NUMBER give them names.",
        messages=_QUESTIONS | _REPLIES,
    ),
    configuration(136, "pana-agent", _ADDRESSES, "RFC 5192", "PANA authentication agents."),
    configuration(137, "v4-lost", NAME, "RFC 5223", "LoST server for emergency calls."),
    configuration(138, "capwap-ac-v4", _ADDRESSES, "RFC 5417", "CAPWAP access controllers."),
    configuration(
        139,
        "ipv4-addr-mos",
        SubOptions(MOS_ADDRESS_SPACE, example={"information": ["192.0.2.1"]}),
        "RFC 5678",
        "IEEE 802.21 mobility servers, by address.",
        encapsulates=MOS_ADDRESS_SPACE,
    ),
    configuration(
        140,
        "ipv4-fqdn-mos",
        SubOptions(MOS_NAME_SPACE, example={"information": ["mos.example.org"]}),
        "RFC 5678",
        "IEEE 802.21 mobility servers, by name.",
        encapsulates=MOS_NAME_SPACE,
    ),
    configuration(141, "sip-ua-cs-domains", _NAMES, "RFC 6011", "Domains where SIP agents find their settings."),
    configuration(142, "ipv4-addr-andsf", _ADDRESSES, "RFC 6153", "Network discovery and selection servers."),
    configuration(143, "v4-sztp-redirect", ListOf(Counted(_URL, 2)), "RFC 8572 8.1", "Bootstrap servers, as URIs."),
    configuration(144, "geoloc", COORDINATES, "RFC 6225 2.2", "Coordinates with uncertainties."),
    protocol(
        145,
        "forcerenew-nonce-capable",
        ListOf(U8),
        "RFC 6704",
        "Algorithms for authenticated FORCERENEW.",
        messages=frozenset({"DISCOVER", "REQUEST"}) | _REPLIES,
    ),
    configuration(
        146,
        "rdnss-selection",
        Record((("preference", U8), ("primary", ADDRESS4), ("secondary", ADDRESS4), ("domains", ListOf(NAME, 0)))),
        "RFC 6731 4.3",
        "DNS servers for some domains only.",
    ),
    configuration(147, "v4-dots-ri", NAME, "RFC 8973 5.2.1", "Name of the peer DOTS agent."),
    configuration(148, "v4-dots-address", _ADDRESSES, "RFC 8973 5.2.2", "Addresses of the peer DOTS agent."),
    configuration(150, "tftp-server-address", _ADDRESSES, "RFC 5859", "TFTP servers, by address."),
    protocol(
        151,
        "status-code",
        Record((("code", U8), ("message", Text(octets_min=0)))),
        "RFC 6926",
        "Leasequery: how it went.",
        messages=_LEASEQUERY,
    ),
    protocol(152, "base-time", U32, "RFC 6926", "Leasequery: the server's clock.", messages=_LEASEQUERY),
    protocol(153, "start-time-of-state", U32, "RFC 6926", "Leasequery: seconds in this state.", messages=_LEASEQUERY),
    protocol(154, "query-start-time", U32, "RFC 6926", "Leasequery: changes from this time.", messages=_LEASEQUERY),
    protocol(155, "query-end-time", U32, "RFC 6926", "Leasequery: changes until this time.", messages=_LEASEQUERY),
    protocol(156, "dhcp-state", U8, "RFC 6926", "Leasequery: the state of the address.", messages=_LEASEQUERY),
    protocol(157, "data-source", U8, "RFC 6926", "Leasequery: whether another server said so.", messages=_LEASEQUERY),
    configuration(
        158, "v4-pcp-server", ADDRESS_LISTS4, "RFC 7291 4", "Port control servers, each a list of addresses."
    ),
    configuration(
        159,
        "v4-portparams",
        Record((("offset", U8), ("psid", PortSet()))),
        "RFC 7618",
        "The client's share of the ports of a shared address.",
    ),
    client(161, "mud-url-v4", _URL, "RFC 8520", "Where the client's manufacturer describes what it needs."),
    configuration(162, "v4-dnr", ENCRYPTED_RESOLVERS4, "RFC 9463 5", "Encrypted DNS resolvers."),
    configuration(
        208,
        "pxelinux-magic",
        FixedBinary(4, example="f100747e"),
        "RFC 5071 3",
        "Announces 209 to 211.",
        example="f100747e",
    ),
    configuration(209, "config-file", _PATH, "RFC 5071 4", "PXELINUX: the configuration file."),
    configuration(210, "path-prefix", _PATH, "RFC 5071 5", "PXELINUX: what file names begin with."),
    configuration(211, "reboot-time", U32, "RFC 5071 6", "PXELINUX: seconds until a failed boot is tried again."),
    configuration(
        212,
        "option-6rd",
        Record(
            (
                ("ipv4_mask_length", Integer(1, most=32)),
                ("prefix_length", Integer(1, most=128)),
                ("prefix", ADDRESS6),
                ("border_relays", _ADDRESSES),
            )
        ),
        "RFC 5969 7.1.1",
        "IPv6 through IPv4: the domain's prefix and its border relays.",
    ),
    configuration(213, "v4-access-domain", NAME, "RFC 5986", "Domain of the access network."),
    protocol(
        220,
        "subnet-alloc",
        OptionalTail(Record((("flags", U8),)), "options", SubOptions(SUBNET_SPACE)),
        "RFC 6656",
        "Subnets asked for and given.",
        messages=_QUESTIONS | _REPLIES,
        encapsulates=SUBNET_SPACE,
    ),
    client(221, "vss", _VSS, "RFC 6607", "The VPN in which an address is wanted.", messages=_QUESTIONS | _REPLIES),
    configuration(
        249,
        "classless-static-route-ms",
        CLASSLESS_ROUTES,
        "MS-DHCPE 2.2.8",
        "As 121, for old Windows clients.",
        registered=False,
        example=[["0.0.0.0/0", "192.0.2.1"]],
    ),
    configuration(
        252,
        "wpad-url",
        Text(example="http://wpad.example.org/wpad.dat"),
        "draft-ietf-wrec-wpad-01 4.3.1",
        "Where the proxy settings are.",
        registered=False,
    ),
    protocol(255, "end", MARKER, "RFC 2132 3.2", "Ends the options."),
)

_AGENT_ROWS: tuple[OptionRow, ...] = (
    inner(
        1,
        "circuit-id",
        OPAQUE,
        "RFC 3046 3.1",
        "Port or circuit by which the client is connected.",
        example="eth-0-1-7",
    ),
    inner(2, "remote-id", OPAQUE, "RFC 3046 3.2", "The far end of the circuit."),
    inner(4, "docsis-device-class", U32, "RFC 3256", "DOCSIS device class."),
    inner(
        5,
        "link-selection",
        ADDRESS4,
        "RFC 3527",
        "Subnet of the client, where giaddr is not in it.",
        example="192.0.2.0",
    ),
    inner(6, "subscriber-id", OPAQUE, "RFC 3993", "The provider's name for the subscriber."),
    inner(7, "radius", BINARY, "RFC 4014", "RADIUS attributes."),
    inner(8, "authentication", BINARY, "RFC 4030", "Authentication of the relay."),
    inner(
        9,
        "vendor-specific",
        ListOf(Record((("enterprise", U32), ("data", Counted(Binary(0)))))),
        "RFC 4243",
        "Vendors' information by enterprise number.",
    ),
    inner(10, "relay-flags", U8, "RFC 5010", "Whether the client's message was unicast (128)."),
    inner(11, "server-id-override", ADDRESS4, "RFC 5107", "What the client shall take for the server's address."),
    inner(12, "relay-id", Binary(separator=":", example="00:02:00:00:09:bf:01"), "RFC 6925", "The relay's DUID."),
    inner(13, "access-technology", Record((("reserved", U8), ("type", U8))), "RFC 7839", "Kind of access network."),
    inner(14, "network-name", OPAQUE, "RFC 7839", "Name (SSID) of the access network."),
    inner(15, "access-point-name", OPAQUE, "RFC 7839", "Name of the access point."),
    inner(16, "access-point-bssid", FixedBinary(6, ":", "02:00:00:00:00:01"), "RFC 7839", "Its BSSID."),
    inner(17, "operator-id", U32, "RFC 7839", "The operator's enterprise number."),
    inner(18, "operator-realm", OPAQUE, "RFC 7839", "The operator's realm."),
    inner(19, "relay-source-port", PRESENCE, "RFC 8357", "The answer goes to the port that the relay used."),
    inner(151, "virtual-subnet", _VSS, "RFC 6607", "The client's VPN."),
    inner(152, "virtual-subnet-control", PRESENCE, "RFC 6607", "Taken away by a server that understood 151."),
)

#: Intel's Preboot Execution Environment 2.1, table 2-1; what option 43 holds for clients of the class PXEClient.
_PXE_ROWS: tuple[OptionRow, ...] = (
    inner(1, "mtftp-ip", ADDRESS4, "PXE 2.1", "Multicast address of the boot file."),
    inner(2, "mtftp-client-port", U16, "PXE 2.1", "Port on which clients listen for it."),
    inner(3, "mtftp-server-port", U16, "PXE 2.1", "Port of the MTFTP server."),
    inner(4, "mtftp-timeout", U8, "PXE 2.1", "Seconds to listen before a transfer is asked for."),
    inner(5, "mtftp-delay", U8, "PXE 2.1", "Seconds to wait before a transfer is begun anew."),
    inner(
        6,
        "discovery-control",
        Integer(1, most=15, example=8),
        "PXE 2.1",
        "Sum of: 1 no broadcast, 2 no multicast, 4 only servers of boot-servers, 8 load the boot file and ask nobody.",
    ),
    inner(7, "discovery-mcast-address", ADDRESS4, "PXE 2.1", "Where boot servers are asked for by multicast."),
    inner(
        8,
        "boot-servers",
        ListOf(Record((("type", U16), ("addresses", Numbered(ADDRESS4))))),
        "PXE 2.1",
        "Boot servers by type.",
    ),
    inner(
        9,
        "boot-menu",
        ListOf(Record((("type", U16), ("description", Counted(Text(example="Install")))))),
        "PXE 2.1",
        "What the user may choose from; type 0 boots from disk.",
    ),
    inner(
        10,
        "menu-prompt",
        Record((("timeout", U8), ("prompt", Text(example="Press F8")))),
        "PXE 2.1",
        "Seconds until the first item is taken (255: never), and what is shown.",
    ),
    inner(71, "boot-item", Record((("type", U16), ("layer", U16))), "PXE 2.1", "Which item the client chose."),
)

_NWIP_ROWS: tuple[OptionRow, ...] = (
    inner(1, "does-not-exist", PRESENCE, "RFC 2242", "There is no information."),
    inner(2, "exist-in-options-area", PRESENCE, "RFC 2242", "All of it is here."),
    inner(3, "exist-in-sname-file", PRESENCE, "RFC 2242", "It is in sname and file."),
    inner(4, "exist-but-too-big", PRESENCE, "RFC 2242", "It did not fit."),
    inner(5, "nsq-broadcast", Integer(1, most=1), "RFC 2242", "Whether to look for the nearest server by broadcast."),
    inner(6, "preferred-dss", _ADDRESSES, "RFC 2242", "Domain SAP/RIP servers."),
    inner(7, "nearest-nwip-server", _ADDRESSES, "RFC 2242", "Nearest servers."),
    inner(8, "autoretries", U8, "RFC 2242", "How often to try a server."),
    inner(9, "autoretry-secs", U8, "RFC 2242", "Seconds between tries."),
    inner(10, "nwip-1-1", Integer(1, most=1), "RFC 2242", "Whether to support version 1.1."),
    inner(11, "primary-dss", ADDRESS4, "RFC 2242", "Primary domain SAP/RIP server."),
)

_BACKOFF = Record((("nominal", U32), ("maximum", U32), ("retries", U32)))
_PROVISIONING = Record((("type", U8), ("server", Binary(example="03666f6f00"))))

_CCC_ROWS: tuple[OptionRow, ...] = (
    inner(1, "tsp-primary-server", ADDRESS4, "RFC 3495", "The telephony provider's first DHCP server."),
    inner(2, "tsp-secondary-server", ADDRESS4, "RFC 3495", "Its second."),
    inner(3, "provisioning-server", _PROVISIONING, "RFC 3495", "A name in wire form (0) or an address (1)."),
    inner(4, "as-backoff", _BACKOFF, "RFC 3495", "Kerberos AS-REQ time-outs and retries."),
    inner(5, "ap-backoff", _BACKOFF, "RFC 3495", "Kerberos AP-REQ time-outs and retries."),
    inner(6, "kerberos-realm", NAME, "RFC 3495", "Kerberos realm."),
    inner(7, "ticket-granting", BOOLEAN, "RFC 3495", "Whether to use a ticket granting ticket."),
    inner(8, "provisioning-timer", U8, "RFC 3495", "Minutes that provisioning may take."),
    inner(9, "ticket-control", U16, "RFC 3594", "Which tickets to invalidate."),
    inner(10, "kdc-addresses", _ADDRESSES, "RFC 3634", "Key distribution centres."),
)


def _mobility(item: ListOf) -> tuple[OptionRow, ...]:
    return (
        inner(1, "information", item, "RFC 5678", "Information service."),
        inner(2, "command", item, "RFC 5678", "Command service."),
        inner(3, "event", item, "RFC 5678", "Event service."),
    )


_SUBNET_BLOCK = Record((("prefix", ADDRESS4), ("length", U8), ("flags", U8), ("statistics", Counted(Binary(0)))))

_SUBNET_ROWS: tuple[OptionRow, ...] = (
    inner(1, "subnet-request", Record((("flags", U8), ("length", U8))), "RFC 6656", "A subnet is wanted."),
    inner(
        2,
        "subnet-information",
        Record((("flags", U8), ("subnets", ListOf(_SUBNET_BLOCK)))),
        "RFC 6656",
        "Subnets that are given.",
    ),
    inner(3, "subnet-name", TEXT, "RFC 6656", "What the subnet is called."),
    inner(4, "suggested-lease-time", U32, "RFC 6656", "Seconds that are wanted."),
)

DHCP4_OPTIONS = family_of(
    "dhcp4",
    1,
    {
        "dhcp4": _ROWS,
        AGENT_SPACE: _AGENT_ROWS,
        VENDOR_SPACE: (),
        PXE_SPACE: _PXE_ROWS,
        NWIP_SPACE: _NWIP_ROWS,
        CCC_SPACE: _CCC_ROWS,
        MOS_ADDRESS_SPACE: _mobility(_ADDRESSES),
        MOS_NAME_SPACE: _mobility(_NAMES),
        SUBNET_SPACE: _SUBNET_ROWS,
    },
)
