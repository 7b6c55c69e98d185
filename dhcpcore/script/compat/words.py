"""The words that scripts know options and header fields by, their numbers, and the form of their values."""

from __future__ import annotations

from typing import NamedTuple


class Word(NamedTuple):
    """One option: its number, its word, and its form, one of those that ``values`` reads and writes."""

    code: int
    name: str
    form: str


class Field(NamedTuple):
    """One field of the header: where it begins, how many octets it has, and its form."""

    name: str
    offset: int
    octets: int
    form: str


FIELDS = {
    field.name: field
    for field in (
        Field("op", 0, 1, "byte"),
        Field("htype", 1, 1, "byte"),
        Field("hlen", 2, 1, "byte"),
        Field("hops", 3, 1, "byte"),
        Field("xid", 4, 4, "long"),
        Field("secs", 8, 2, "int"),
        Field("flags", 10, 2, "int"),
        Field("ciaddr", 12, 4, "ip"),
        Field("yiaddr", 16, 4, "ip"),
        Field("siaddr", 20, 4, "ip"),
        Field("giaddr", 24, 4, "ip"),
        Field("chaddr", 28, 6, "mac"),
        Field("sname", 44, 64, "text"),
        Field("file", 108, 128, "text"),
    )
}

_ROWS = """
1 subnet_mask ip
2 time_offset long
3 router ips
4 time_server ips
5 name_server ips
6 domain_name_servers ips
7 log_server ips
8 cookie_server ips
9 lpr_server ips
10 impress_server ips
11 resource_location_server ips
12 hostname text
13 bootfile int
14 merit_dump_file text
15 domain_name text
16 swap_server ip
17 root_path text
18 extensions_path text
19 ip_forwarding bool
20 nonlocal_source_routing bool
21 policy_filter ips
22 maximum_datagram_reassembly_size int
23 default_ip_time-to-live byte
24 path_mtu_aging_timeout long
25 path_mtu_table ints
26 interface_mtu int
27 all_subnets_are_local bool
28 broadcast_address ip
29 perform_mask_discovery bool
30 mask_supplier bool
31 perform_router_discovery bool
32 router_solicitation_address ip
33 static_routes ips
34 trailer_encapsulation bool
35 arp_cache_timeout long
36 ethernet_encapsulation bool
37 tcp_default_ttl byte
38 tcp_keepalive_interval long
39 tcp_keepalive_garbage bool
40 nis_domain text
41 nis_servers ips
42 ntp_servers ips
43 vendor_specific_information bytes
44 nbns ips
45 nbdd ips
46 nb_node_type byte
47 nb_scope text
48 x_window_system_font_server ips
49 x_window_system_display_manager ips
50 requested_ip_address ip
51 ip_address_lease_time long
52 overload byte
53 dhcp_message_type byte
54 server_identifier ip
55 parameter_request_list bytes
56 message text
57 maximum_dhcp_message_size int
58 renewal_time_value long
59 rebinding_time_value long
60 vendor_class_identifier text
61 client_identifier bytes
62 netware_ip_domain_name text
63 netware_ip_sub_options bytes
64 nis+_domain text
65 nis+_servers ips
66 tftp_server_name text
67 bootfile_name text
68 mobile_ip_home_agent ips
69 smtp_servers ips
70 pop_servers ips
71 nntp_servers ips
72 default_www_server ips
73 default_finger_server ips
74 default_irc_server ips
75 streettalk_server ips
76 streettalk_directory_assistance_server ips
77 user_class text
78 directory_agent bytes
79 service_scope bytes
80 rapid_commit none
81 client_fqdn bytes
82 relay_agent agent
83 internet_storage_name_service bytes
85 nds_server ips
86 nds_tree_name text
87 nds_context text
88 bcmcs_domain_list bytes
89 bcmcs_ipv4_list ips
90 authentication bytes
91 client_last_transaction_time long
92 associated_ip ips
93 client_system ints
94 client_ndi bytes
95 ldap text
97 uuid_guid bytes
98 open_group_user_auth text
99 geoconf_civic bytes
100 pcode text
101 tcode text
112 netinfo_address ips
113 netinfo_tag text
114 url text
116 auto_config byte
117 name_service_search ints
118 subnet_selection ip
119 domain_search bytes
120 sip_servers bytes
121 classless_static_route bytes
122 cablelabs_client_configuration bytes
123 geoconf bytes
124 vendor_class enterprises
125 vendor_specific vendors
128 pxe_128 bytes
129 pxe_129 bytes
130 pxe_130 bytes
131 pxe_131 bytes
132 pxe_132 bytes
133 pxe_133 bytes
134 pxe_134 bytes
135 pxe_135 bytes
136 pana_agent ips
137 v4_lost bytes
138 capwap_ac_v4 ips
139 ipv4_mos bytes
140 fqdn_mos bytes
175 ipxe_test bytes
208 pxelinux_magic bytes
209 configuration_file text
210 path_prefix text
211 reboot_time long
"""

WORDS = tuple(
    Word(int(code), name, form) for code, name, form in (row.split() for row in _ROWS.strip().splitlines())
)
BY_NAME = {word.name: word for word in WORDS}
BY_CODE = {word.code: word for word in WORDS}


def word_of(option: int | str) -> Word:
    """The option of that word or number; a number that has no word is octets.  ``LookupError`` where there is none."""
    if isinstance(option, str):
        if option in BY_NAME:
            return BY_NAME[option]
        if not option.isdigit():
            raise LookupError(f"There is no option {option!r}.")
    code = int(option)
    if not 0 < code < 255:
        raise LookupError(f"{code} is no option: they are numbered from 1 to 254.")
    return BY_CODE.get(code) or Word(code, str(code), "bytes")
